package postgres

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/storetest"
)

var keep = flag.String("keep", "", "make a database of this program with one of everything, and keep it under this name for TestUpgrade")

const kept = "testdata/kept"

// upgradeOpen opens a database as the node that was in the kept ones.
func upgradeOpen(t *testing.T, url string) storetest.Open {
	box, err := seal.New(storetest.TestKey)
	if err != nil {
		t.Fatal(err)
	}
	return func(notify func(domain.Commit)) (storetest.Store, error) {
		return Open(t.Context(), Config{URL: url, Node: "kept", Box: box, Notify: notify, Log: slog.New(slog.DiscardHandler)})
	}
}

// TestUpgrade opens databases of earlier versions with data in them, each named
// after the last migration that it knows. They were copied from under a server
// that was sending.
func TestUpgrade(t *testing.T) {
	if *keep != "" {
		keepDatabase(t, filepath.Join(kept, *keep+".sql"))
	}
	files, err := filepath.Glob(filepath.Join(kept, "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no databases are kept: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file[:len(file)-len(".sql")])
		t.Run(name, func(t *testing.T) {
			storetest.Upgrade(t, upgradeOpen(t, restored(t, file)), filepath.Join(kept, name+".json"), name == *keep, domain.SessionQueued)
		})
	}
}

// restored is the URL of a new database with what a dump says.
func restored(t *testing.T, file string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	url, err := server.NewDatabase(t.Context(), "template0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.PgConn().Exec(t.Context(), string(raw)).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return url
}

// commands of psql's, which other clients don't know, and comments.
var psql = regexp.MustCompile(`(?m)^(\\.*|--.*|)\n`)

func keepDatabase(t *testing.T, file string) {
	if err := os.MkdirAll(kept, 0o755); err != nil {
		t.Fatal(err)
	}
	url, err := server.NewDatabase(t.Context(), "template0")
	if err != nil {
		t.Fatal(err)
	}
	store := storetest.Fill(t, upgradeOpen(t, url))
	dump := exec.CommandContext(t.Context(), "pg_dump", "--inserts", "--no-owner", "--no-privileges", url)
	var complaints bytes.Buffer
	dump.Stderr = &complaints
	raw, err := dump.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, &complaints)
	}
	if err := os.WriteFile(file, psql.ReplaceAll(raw, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFirstMigrationIsFrozen holds what databases out there were made with:
// whoever needs other tables adds a migration.
func TestFirstMigrationIsFrozen(t *testing.T) {
	raw, err := os.ReadFile("migrations/00001_first.sql")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	if got := hex.EncodeToString(sum[:]); got != "e07147db476697886931e3dfebaeea594a3d33b1146ed40c57732aff39f8b313" {
		t.Errorf("00001_first.sql has changed: add a migration instead (its hash is %s)", got)
	}
}

// TestUpgradeEndsWhatHadPiledUp: endpoints of sessions that have ended, and to
// which nothing is due, are no more after the upgrade, and the secrets of none
// that was deleted are there.
func TestUpgradeEndsWhatHadPiledUp(t *testing.T) {
	url := restored(t, filepath.Join(kept, "00001.sql"))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	const over = `session_id IN (SELECT id FROM public.sessions WHERE status = 'CLOSED')`
	const waits = `session_id IN (SELECT id FROM public.sessions WHERE status = 'FAILED')`
	count := func(where string) (n int) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), `SELECT COUNT(*) FROM public.endpoints WHERE `+where).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, query := range []string{
		`UPDATE public.deliveries SET status = 'DELIVERED', ended_at = 1, node = 0 WHERE endpoint IN (SELECT num FROM public.endpoints WHERE ` + over + `)`,
		`UPDATE public.endpoints SET deleted_at = 1 WHERE id = (SELECT MIN(id) FROM public.endpoints WHERE session_id = '')`,
	} {
		if _, err := conn.Exec(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	all, ended, waiting := count(`deleted_at = 0`), count(over), count(waits)
	if ended == 0 || waiting == 0 {
		t.Fatalf("%d and %d endpoints to look at", ended, waiting)
	}
	store, err := upgradeOpen(t, url)(func(domain.Commit) {})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if n := count(over + ` AND deleted_at > 1700000000000000`); n != ended {
		t.Errorf("%d of %d ended", n, ended)
	}
	if n := count(waits + ` AND deleted_at = 0`); n != waiting {
		t.Errorf("%d of %d to which something is due live", n, waiting)
	}
	if n := count(`deleted_at = 0`); n != all-ended {
		t.Errorf("%d live", n)
	}
	if n := count(`deleted_at > 0 AND length(sealed) > 0`); n != 0 {
		t.Errorf("the secrets of %d are kept", n)
	}
}

// TestMigrationsGoBack takes a kept database up, back to what it was, and up
// again: nothing that it had is lost on the way.
func TestMigrationsGoBack(t *testing.T) {
	url := restored(t, filepath.Join(kept, "00001.sql"))
	store, err := upgradeOpen(t, url)(func(domain.Commit) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	p, err := goose.NewProvider(database.DialectPostgres, db, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.Upgrade(t, upgradeOpen(t, url), filepath.Join(kept, "00001.json"), false, domain.SessionQueued)
}

// TestUpgradeReadsOnlyTheFirstEvents: what a migration asks of the log, while
// nobody can use the projects, doesn't take as long as the log is.
func TestUpgradeReadsOnlyTheFirstEvents(t *testing.T) {
	raw, err := os.ReadFile("migrations/00005_events.sql")
	if err != nil {
		t.Fatal(err)
	}
	up, down, ok := bytes.Cut(raw, []byte("-- +goose Down"))
	if !ok {
		t.Fatal("it can't be undone")
	}
	c := newCluster(t)
	n := c.start("a")
	c.project(n)
	c.ok(n.CreateProject(t.Context(), domain.Project{ID: "proj_2", Name: "empty"}, "", nil))
	tx := c.outsider()
	do := func(query string) {
		t.Helper()
		_, err := tx.Conn().PgConn().Exec(t.Context(), query).ReadAll()
		c.ok(err)
	}
	do(string(down))
	do(`INSERT INTO events SELECT num, g, 0, g, 'evt_' || g, 'x', '', g FROM projects, generate_series(5, 20000) g WHERE id = 'proj_1'`)
	do(`ANALYZE events`)
	read := func() (rows int) {
		t.Helper()
		c.ok(tx.QueryRow(t.Context(), `SELECT COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relname = 'events'`).Scan(&rows))
		return rows
	}
	before := read()
	do(string(up))
	if rows := read() - before; rows > 10 {
		t.Errorf("it reads %d events", rows)
	}
	var pruned []string
	c.ok(tx.QueryRow(t.Context(), `SELECT array_agg(pruned || pruned_id ORDER BY id) FROM projects`).Scan(&pruned))
	if !slices.Equal(pruned, []string{"4evt_5", "0"}) {
		t.Errorf("the projects are pruned up to %q", pruned)
	}
}

// TestGoesOnWithTheTablesOfTheNextRelease: a server that runs goes on, with all that it
// has, when a newer one has added to its tables what a migration may add. Its program is
// refused from then on, and what it had is as it was.
func TestGoesOnWithTheTablesOfTheNextRelease(t *testing.T) {
	const newest = "0.1.0"
	url := restored(t, filepath.Join(kept, newest+".sql"))
	open := upgradeOpen(t, url)
	storetest.Upgrade(t, func(notify func(domain.Commit)) (storetest.Store, error) {
		s, err := open(notify)
		if err != nil {
			return nil, err
		}
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		defer conn.Close(t.Context())
		_, err = conn.PgConn().Exec(t.Context(), `
			DO $$ DECLARE t name; BEGIN
				FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version' LOOP
					EXECUTE format('ALTER TABLE public.%I ADD COLUMN later TEXT NOT NULL DEFAULT ''x''', t);
					EXECUTE format('CREATE INDEX ON public.%I (later)', t);
				END LOOP;
			END $$;
			INSERT INTO public.goose_db_version (version_id, is_applied) VALUES (99999, true)`).ReadAll()
		return s, err
	}, filepath.Join(kept, newest+".json"), false, domain.SessionQueued)
	if s, err := open(func(domain.Commit) {}); err == nil || !strings.Contains(err.Error(), "newer browserhook") {
		t.Errorf("an old program starts: %v, %v", s, err)
	}
}

// TestUpgradeMakesAgainTheIndexesThatBrokeOff: one whose building ended halfway is there
// by its name, is kept up to date and is never asked.
func TestUpgradeMakesAgainTheIndexesThatBrokeOff(t *testing.T) {
	const before = "00015"
	url := restored(t, filepath.Join(kept, before+".sql"))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	broken := 0
	for _, file := range files {
		if filepath.Base(file)[:len(before)] <= before {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range building.FindAllStringSubmatch(string(raw), -1) {
			broken++
			if _, err := conn.Exec(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY `+m[1]+` ON public.`+m[2]+` ((1))`); err == nil {
				t.Fatalf("%s has been made", m[1])
			}
		}
	}
	invalid := func() (n int) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), `SELECT COUNT(*) FROM pg_index WHERE NOT indisvalid`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := invalid(); n != broken || n == 0 {
		t.Fatalf("%d of %d indexes have broken off", n, broken)
	}
	s, err := upgradeOpen(t, url)(func(domain.Commit) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := invalid(); n > 0 {
		t.Errorf("%d indexes are as they were", n)
	}
}

// building is how an index of a table is made while servers run.
var building = regexp.MustCompile(`CREATE INDEX CONCURRENTLY (?:IF NOT EXISTS )?(\w+) ON (\w+)`)

// TestMigrationsOnlyAdd: what a release has made of the tables the one before it can go on
// with: there are more, and more columns, which have a value if nobody gives them one.
func TestMigrationsOnlyAdd(t *testing.T) {
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	for _, file := range files {
		// The last that takes anything away; no two releases have it between them.
		if filepath.Base(file) <= "00011_waiting.sql" {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up, _, ok := strings.Cut(string(raw), "-- +goose Down")
		if !ok {
			t.Errorf("%s can't be undone", file)
		}
		for _, problem := range takesAway(up) {
			t.Errorf("%s: %s: servers of the release before can't go on", file, problem)
		}
	}
	for _, sql := range []string{
		"ALTER TABLE a DROP COLUMN b;", "ALTER TABLE a ADD COLUMN b TEXT NOT NULL;", "ALTER TABLE a ADD COLUMN b TEXT, ALTER COLUMN c SET NOT NULL;",
		"ALTER TABLE a RENAME b TO c;", "ALTER TABLE a ADD CHECK (b > 0);", "ALTER TABLE a ADD COLUMN b TEXT UNIQUE;", "DROP TABLE a;", "DROP INDEX a;",
		"CREATE UNIQUE INDEX a ON b (c);", "CREATE TRIGGER a BEFORE INSERT ON b;",
	} {
		if len(takesAway(sql)) == 0 {
			t.Errorf("%s: not found", sql)
		}
	}
}

var (
	comments = regexp.MustCompile(`(?m)--.*$`)
	adds     = regexp.MustCompile(`(?i)^(CREATE (TABLE|INDEX)|UPDATE|INSERT) `)
	index    = regexp.MustCompile(`(?i)^DROP INDEX (?:CONCURRENTLY )?(?:IF EXISTS )?(\w+)$`)
	columns  = regexp.MustCompile(`(?i)^ALTER TABLE \w+ (ADD COLUMN .*)$`)
	column   = regexp.MustCompile(`(?i)(?:^|, *)ADD COLUMN `)
	bound    = regexp.MustCompile(`(?i)\b(UNIQUE|CHECK|REFERENCES|PRIMARY|ALTER|DROP)\b`)
	needed   = regexp.MustCompile(`(?i)\bNOT NULL\b`)
	filled   = regexp.MustCompile(`(?i)\bDEFAULT\b`)
)

// takesAway lists the statements that do more than add. One that drops an index is fine
// if the index is made again.
func takesAway(sql string) (problems []string) {
	sql = comments.ReplaceAllString(sql, "")
	for statement := range strings.SplitSeq(sql, ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		if statement == "" || adds.MatchString(statement) {
			continue
		}
		if m := index.FindStringSubmatch(statement); m != nil && regexp.MustCompile(`(?i)CREATE INDEX (CONCURRENTLY )?(IF NOT EXISTS )?`+m[1]+` `).MatchString(sql) {
			continue
		}
		m := columns.FindStringSubmatch(statement)
		ok := m != nil
		if ok {
			for _, one := range column.Split(m[1], -1)[1:] {
				ok = ok && !bound.MatchString(one) && (!needed.MatchString(one) || filled.MatchString(one))
			}
		}
		if !ok {
			problems = append(problems, statement)
		}
	}
	return problems
}
