package sqlite_test

import (
	"log/slog"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/store/sqlite/sqlitetest"
	"github.com/browserhook/browserhook/internal/store/storetest"
)

var _ storetest.Store = (*sqlite.Store)(nil)

func fresh(t testing.TB) storetest.Open {
	path := sqlitetest.File(t)
	return func(notify func(domain.Commit)) (storetest.Store, error) {
		return sqlite.Open(t.Context(), path, killedBox, notify, slog.New(slog.NewTextHandler(t.Output(), nil)))
	}
}

func TestStore(t *testing.T) { storetest.Run(t, fresh) }

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, fresh) }
