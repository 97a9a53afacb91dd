package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/pgtest"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/storetest"
)

var server *pgtest.Server

func TestMain(m *testing.M) {
	var err error
	if server, err = pgtest.Start("fsync=off", "max_connections=400"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := migrateTemplate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// migrateTemplate brings the database up to date of which all others are copies.
func migrateTemplate() error {
	s, err := Open(context.Background(), Config{URL: server.URL("template1"), Notify: func(domain.Commit) {}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return s.Close()
}

// fresh makes an empty database. Each store that is opened over it is a node.
func fresh(t testing.TB) storetest.Open {
	url, err := server.NewDatabase(context.Background(), "template1")
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.New(seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	var opened atomic.Int64
	return func(notify func(domain.Commit)) (storetest.Store, error) {
		return Open(context.Background(), Config{
			URL: url, Node: fmt.Sprint("node", opened.Add(1)), Box: box, Notify: notify, Log: slog.New(slog.DiscardHandler),
		})
	}
}

func TestStore(t *testing.T) { storetest.Run(t, fresh) }

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, fresh) }
