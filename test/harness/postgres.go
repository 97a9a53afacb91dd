package harness

import (
	"testing"

	"github.com/browserhook/browserhook/internal/store/pgtest"
)

// Postgres starts a PostgreSQL server that ends with the test, and makes an empty
// database there, which the URL names.
func Postgres(tb testing.TB) (server *pgtest.Server, url string) {
	tb.Helper()
	server, err := pgtest.Start("fsync=off")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Error(err)
		}
	})
	if url, err = server.NewDatabase(tb.Context(), "template1"); err != nil {
		tb.Fatal(err)
	}
	return server, url
}
