package sqlite_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/store/storetest"
)

var keep = flag.String("keep", "", "make a database of this program with one of everything, and keep it under this name for TestUpgrade")

const kept = "testdata/kept"

func upgradeOpen(t *testing.T, path string) storetest.Open {
	box, err := seal.New(storetest.TestKey)
	if err != nil {
		t.Fatal(err)
	}
	return func(notify func(domain.Commit)) (storetest.Store, error) {
		return sqlite.Open(t.Context(), path, box, notify, slog.New(slog.NewTextHandler(t.Output(), nil)))
	}
}

// TestUpgrade opens databases of earlier versions with data in them, each named
// after the last migration that it knows.
func TestUpgrade(t *testing.T) {
	if *keep != "" {
		keepDatabase(t, filepath.Join(kept, *keep+".db"))
	}
	files, err := filepath.Glob(filepath.Join(kept, "*.db"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no databases are kept: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file[:len(file)-len(".db")])
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "browserhook.db")
			if err := os.WriteFile(path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			storetest.Upgrade(t, upgradeOpen(t, path), filepath.Join(kept, name+".json"), name == *keep, domain.SessionStarting)
		})
	}
}

func keepDatabase(t *testing.T, file string) {
	if err := os.MkdirAll(kept, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "browserhook.db")
	if err := storetest.Fill(t, upgradeOpen(t, path)).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "VACUUM"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil { // and the write-ahead log is gone
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o644); err != nil {
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
	if got := hex.EncodeToString(sum[:]); got != "7182b6f02102e9e5cd92f73140dbfbd41151009dd03b363706ca8b1310507419" {
		t.Errorf("00001_first.sql has changed: add a migration instead (its hash is %s)", got)
	}
}

// TestNewerDatabaseIsRefused: it is not touched either.
func TestNewerDatabaseIsRefused(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(kept, "00001.db"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "browserhook.db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = upgradeOpen(t, path)(nil)
	if e, ok := errors.AsType[*advice.Error](err); !ok || !strings.Contains(err.Error(), "99999") || strings.Contains(err.Error(), "\n") || e.Do == "" {
		t.Errorf("it is refused with %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed (%v)", err)
	}
}

// TestUpgradeEndsWhatHadPiledUp: endpoints of sessions that have ended, and to
// which nothing is due, are no more after the upgrade, and the secrets of none
// that was deleted are there.
func TestUpgradeEndsWhatHadPiledUp(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(kept, "00001.db"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "browserhook.db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const over = `session_id IN (SELECT id FROM sessions WHERE status = 'CLOSED')`
	const waits = `session_id IN (SELECT id FROM sessions WHERE status = 'FAILED')`
	count := func(where string) (n int) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM endpoints WHERE `+where).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, query := range []string{
		`UPDATE deliveries SET status = 'DELIVERED', ended_at = 1 WHERE endpoint IN (SELECT num FROM endpoints WHERE ` + over + `)`,
		`UPDATE endpoints SET deleted_at = 1 WHERE id = (SELECT MIN(id) FROM endpoints WHERE session_id = '')`,
	} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	all, ended, waiting := count(`deleted_at = 0`), count(over), count(waits)
	if ended == 0 || waiting == 0 {
		t.Fatalf("%d and %d endpoints to look at", ended, waiting)
	}
	store, err := upgradeOpen(t, path)(func(domain.Commit) {})
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
	raw, err := os.ReadFile(filepath.Join(kept, "00001.db"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "browserhook.db")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := upgradeOpen(t, path)(func(domain.Commit) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(database.DialectSQLite3, db, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.Upgrade(t, upgradeOpen(t, path), filepath.Join(kept, "00001.json"), false, domain.SessionStarting)
}
