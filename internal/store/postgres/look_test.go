package postgres

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestLook sees what there is and changes nothing.
func TestLook(t *testing.T) {
	none, old, newer := empty(t), restored(t, filepath.Join(kept, "00001.sql")), restored(t, filepath.Join(kept, "00001.sql"))
	execAll(t, newer, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	for _, tt := range []struct{ url, tables, err string }{
		{none, "the first start makes its tables", ""},
		{old, "brings its tables up to date (from version 1", ""},
		{newer, "", "the database is of a newer browserhook"},
		{"postgres://x:geheim@[::1/x", "", "the database URL is wrong"},
		{"postgres://x@/x?host=" + t.TempDir(), "", "the database can't be reached"},
	} {
		seen, err := Look(t.Context(), tt.url)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("%v, want %q", err, tt.err)
			}
			continue
		}
		if err != nil || seen.Version < oldest || seen.Ahead.Abs() > time.Minute || !strings.Contains(seen.Tables.String(), tt.tables) {
			t.Errorf("%+v, %v, want %q", seen, err, tt.tables)
		}
	}
	conn, err := pgx.Connect(t.Context(), none)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var tables int
	if err := conn.QueryRow(t.Context(), `SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("looking has made %d tables, %v", tables, err)
	}
}
