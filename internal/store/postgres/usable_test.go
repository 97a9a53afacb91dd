package postgres

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/store/pgtest"
)

// cannotOpen opens a store that can't be opened, and reads what it says.
func cannotOpen(t *testing.T, url, what, do string) {
	t.Helper()
	s, err := upgradeOpen(t, url)(nil)
	if err == nil {
		s.Close()
		t.Fatal("it was opened")
	}
	e, ok := errors.AsType[*advice.Error](err)
	if !ok {
		t.Fatalf("it doesn't say what to do: %v", err)
	}
	if said := err.Error(); !strings.Contains(said, what) || strings.Contains(said, "\n") || !strings.Contains(e.Do, do) {
		t.Errorf("it says %q and %q, want %q and %q", said, e.Do, what, do)
	}
}

func execAll(t *testing.T, url string, queries ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, q := range queries {
		if _, err := conn.Exec(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func empty(t *testing.T) string {
	t.Helper()
	url, err := server.NewDatabase(t.Context(), "template0")
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	url := restored(t, filepath.Join(kept, "00001.sql"))
	execAll(t, url, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	cannotOpen(t, url, "its tables have the version 99999", "Start that newer program")
}

func TestOpenSaysWhatToDo(t *testing.T) {
	t.Run("no such user", func(t *testing.T) {
		cannotOpen(t, strings.Replace(server.URL("postgres"), "browserhook@", "stranger@", 1), `role "stranger" does not exist`, "the user and the password")
	})
	t.Run("no such database", func(t *testing.T) {
		cannotOpen(t, server.URL("nowhere"), `database "nowhere" does not exist`, "createdb")
	})
	t.Run("no server", func(t *testing.T) {
		cannotOpen(t, "postgres://x@/x?host="+t.TempDir(), "no such file or directory", "runs")
	})
	t.Run("read-only", func(t *testing.T) {
		url := empty(t)
		cannotOpen(t, url+"&default_transaction_read_only=on", "can only be read", "primary")
	})
	t.Run("may not make tables", func(t *testing.T) {
		url := empty(t)
		execAll(t, url, `CREATE ROLE visitor LOGIN`, `REVOKE CREATE ON SCHEMA public FROM PUBLIC`)
		cannotOpen(t, strings.Replace(url, "browserhook@", "visitor@", 1), "permission denied for schema public", "GRANT CREATE")
	})
	t.Run("tables of another program", func(t *testing.T) {
		url := empty(t)
		execAll(t, url, `CREATE TABLE projects (name text)`)
		cannotOpen(t, url, `relation "projects" already exists`, "a database of its own")
	})
	t.Run("too old", func(t *testing.T) {
		before := oldest
		defer func() { oldest = before }()
		oldest = 99
		cannotOpen(t, empty(t), "it must be 99 or newer", "Upgrade")
	})
	t.Run("another master key", func(t *testing.T) {
		s, err := fresh(t)(nil) // of a key of its own
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		cannotOpen(t, s.(*Store).URL, "another master key", "master.key")
	})
	t.Run("wrong password", func(t *testing.T) {
		hba := filepath.Join(t.TempDir(), "hba.conf")
		if err := os.WriteFile(hba, []byte("local all guarded scram-sha-256\nlocal all all trust\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		for dir := filepath.Dir(hba); dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		guarded, err := pgtest.Start("fsync=off", "hba_file="+hba)
		if err != nil {
			t.Fatal(err)
		}
		defer guarded.Close()
		execAll(t, guarded.URL("postgres"), `CREATE ROLE guarded LOGIN PASSWORD 'right'`)
		cannotOpen(t, strings.Replace(guarded.URL("postgres"), "browserhook@", "guarded:wrong@", 1), "password authentication failed", "the user and the password")
	})
}
