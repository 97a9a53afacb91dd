// Package load is what the benchmarks of deliveries share: the stores, a node
// that sends from one, events at full speed or at a fixed rate, a receiver that
// counts, and the bare loop of requests that everything is compared with.
package load

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/webhook"
)

// Store is what a benchmark needs of one.
type Store interface {
	webhook.Queue
	webhook.Endpoints
	CreateProject(ctx context.Context, p domain.Project) error
	ProjectByName(ctx context.Context, name string) (domain.Project, error)
	CreateSession(ctx context.Context, n *domain.NewSession) error
	ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error
	OfferTo(take func([]domain.Job) (refused []domain.Job))
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

// Kind is a kind of store.
type Kind struct {
	Name   string
	Shared bool // by more than one process
	fresh  func(context.Context) (url string, remove func(), err error)
	open   func(context.Context, Place, *seal.Box, func(domain.Commit), *slog.Logger) (Store, error)
}

// Kinds are all stores, each measured by the same programs.
var Kinds = []Kind{
	{"SQLite", false, nil, openSQLite},
}

func openSQLite(ctx context.Context, p Place, box *seal.Box, notify func(domain.Commit), log *slog.Logger) (Store, error) {
	return sqlite.Open(ctx, filepath.Join(p.Data, "browserhook.db"), box, notify, log)
}

// Fresh makes a place with an empty database, until remove is called.
func (k Kind) Fresh(ctx context.Context) (p Place, remove func(), err error) {
	if p.Data, err = os.MkdirTemp("", "bench-"); err != nil {
		return p, nil, err
	}
	removeData := func() { os.RemoveAll(p.Data) }
	if k.fresh == nil {
		return p, removeData, nil
	}
	url, removeDatabase, err := k.fresh(ctx)
	if err != nil {
		removeData()
		return p, nil, err
	}
	p.URL = url
	return p, func() { removeDatabase(); removeData() }, nil
}

// Open opens the store at the place.
func (k Kind) Open(ctx context.Context, p Place, notify func(domain.Commit)) (Store, error) {
	box, err := seal.Load(filepath.Join(p.Data, "master.key"))
	if err != nil {
		return nil, err
	}
	return k.open(ctx, p, box, notify, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
}
