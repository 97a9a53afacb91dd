// Package load is what the benchmarks of deliveries share: the stores, a node
// that sends from one, events at full speed or at a fixed rate, a receiver that
// counts, and the bare loop of requests that everything is compared with.
package load

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/pgtest"
	"github.com/browserhook/browserhook/internal/store/postgres"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/telemetry"
	"github.com/browserhook/browserhook/internal/webhook"
)

// Store is what a benchmark needs of one.
type Store interface {
	webhook.Queue
	webhook.Endpoints
	CreateProject(ctx context.Context, p domain.Project, by string, idem *domain.Idempotency) error
	ProjectByName(ctx context.Context, name string) (domain.Project, error)
	CreateSession(ctx context.Context, n *domain.NewSession) error
	ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error
	OfferTo(t domain.Taker)
	Observe(fn func(write bool, took time.Duration))
	Close() error
}

// Place is where the data of one run is.
type Place struct {
	Data string // the server's folder
	URL  string // of its database; empty: a file in the folder
}

// Args has `browserhook serve` use the place's database.
func (p Place) Args() []string {
	if p.URL == "" {
		return nil
	}
	return []string{"--database-url=" + p.URL}
}

// Hears is what a store tells.
type Hears struct {
	Notify func(domain.Commit)
	Signal func(domain.Signal)
}

// Nothing is for whoever does not listen.
var Nothing = Hears{func(domain.Commit) {}, func(domain.Signal) {}}

// Kind is a kind of store.
type Kind struct {
	Name   string
	Shared bool // by more than one process
	fresh  func(context.Context) (url string, err error)
	open   func(context.Context, Place, *seal.Box, Hears, *slog.Logger) (Store, error)

	Telemetry *telemetry.Telemetry // watches nodes; nil: nothing does
}

// Kinds are all stores, each measured by the same programs.
var Kinds = []Kind{
	{Name: "SQLite", fresh: func(context.Context) (string, error) { return "", nil }, open: openSQLite},
	{Name: "PostgreSQL", Shared: true, fresh: freshPostgres, open: openPostgres},
}

func openSQLite(ctx context.Context, p Place, box *seal.Box, hears Hears, log *slog.Logger) (Store, error) {
	return sqlite.Open(ctx, filepath.Join(p.Data, "browserhook.db"), box, hears.Notify, log)
}

// server is started for whoever needs it first, with PostgreSQL's own settings:
// what is committed is on disk.
var server struct {
	sync.Mutex
	*pgtest.Server
}

// Postgres is the server of this run.
func Postgres() (*pgtest.Server, error) {
	server.Lock()
	defer server.Unlock()
	var err error
	if server.Server == nil {
		server.Server, err = pgtest.Start()
	}
	return server.Server, err
}

// Close ends it, if it was started.
func Close() error {
	server.Lock()
	defer server.Unlock()
	if server.Server == nil {
		return nil
	}
	return server.Close()
}

func freshPostgres(ctx context.Context) (string, error) {
	s, err := Postgres()
	if err != nil {
		return "", err
	}
	return s.NewDatabase(ctx, "template1")
}

func openPostgres(ctx context.Context, p Place, box *seal.Box, hears Hears, log *slog.Logger) (Store, error) {
	return postgres.Open(ctx, postgres.Config{URL: p.URL, Node: fmt.Sprintf("bench-%d", os.Getpid()), Box: box, Notify: hears.Notify, Signal: hears.Signal, Log: log})
}

// Fresh makes a place with an empty database, until remove is called.
func (k Kind) Fresh(ctx context.Context) (p Place, remove func(), err error) {
	if p.Data, err = os.MkdirTemp("", "bench-"); err != nil {
		return p, nil, err
	}
	remove = func() { os.RemoveAll(p.Data) }
	if p.URL, err = k.fresh(ctx); err != nil {
		remove()
	}
	return p, remove, err
}

// Open opens the store at the place.
func (k Kind) Open(ctx context.Context, p Place, hears Hears) (Store, error) {
	box, err := seal.Load(filepath.Join(p.Data, "master.key"))
	if err != nil {
		return nil, err
	}
	return k.open(ctx, p, box, hears, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
}
