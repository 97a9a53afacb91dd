package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/config"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/event"
	"github.com/browserhook/browserhook/internal/live"
	"github.com/browserhook/browserhook/internal/retention"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/store/postgres"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/webhook"
)

// store is what the services together need of a database.
type store interface {
	keyStore
	session.Store
	event.Store
	live.Store
	webhook.Queue
	webhook.Endpoints
	webhook.DeliveryStore
	webhook.History
	webhook.SigningStore
	webhook.StatsStore
	retention.Store
	// LastEvents are those of a session that came before a sequence (0: all), the last first.
	LastEvents(ctx context.Context, project, session string, before int64, limit int) ([]domain.Event, error)
	OfferTo(t domain.Taker)
	Reseal(ctx context.Context) (int, error)
	Ping(ctx context.Context) error
	// Observe has a function told how long each transaction and each read takes.
	Observe(fn func(write bool, took time.Duration))
	// OldestDue is since when the delivery is due that nobody sends yet and that is due
	// longest, and Waiting how many sessions wait and since when the first does.
	OldestDue(ctx context.Context) (time.Time, error)
	Waiting(ctx context.Context) (sessions int, since time.Time, err error)
}

var (
	_ store = (*sqlite.Store)(nil)
	_ store = (*postgres.Store)(nil)
)

// openStore opens the database that the settings name: PostgreSQL, or the file
// in the data folder. outlived is how long browsers outlive the server.
func openStore(ctx context.Context, settings config.Server, data *dataFolder, box *seal.Box, outlived time.Duration, notify func(domain.Commit), signal func(domain.Signal), log *slog.Logger) (store, error) {
	// A store that could not be opened is no store: not one that is nil inside.
	if settings.DatabaseURL == "" {
		s, err := sqlite.Open(ctx, data.Database, box, notify, log)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	node, err := data.node()
	if err != nil {
		return nil, err
	}
	s, err := postgres.Open(ctx, postgres.Config{URL: settings.DatabaseURL, Node: node, Keep: outlived, Box: box, Notify: notify, Signal: signal, Log: log})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// hurry tells a store that can be away that the server ends, so that nobody
// waits for it without end.
func hurry(s store) {
	if p, ok := s.(*postgres.Store); ok {
		p.Hurry()
	}
}

// stopElsewhere is how a step is stopped that another server runs; nil for a
// store that only one server uses.
func stopElsewhere(s store) func(context.Context, string) error {
	if p, ok := s.(*postgres.Store); ok {
		return p.StopStep
	}
	return nil
}

// others says whether other servers start sessions of the store too; nil for a store
// that only one server uses.
func others(s store) func() bool {
	if p, ok := s.(*postgres.Store); ok {
		return p.Others
	}
	return nil
}

// nodes are all servers of the store; nil for a store that only one server uses.
func nodes(s store) func(context.Context) ([]domain.Node, error) {
	if p, ok := s.(*postgres.Store); ok {
		return p.Nodes
	}
	return nil
}

// openKeyStore opens the database of a server's data folder, or the one that
// the URL names, to look at keys. It doesn't make a new file.
func openKeyStore(ctx context.Context, data, url string) (keyStore, error) {
	if url != "" {
		s, err := postgres.Open(ctx, postgres.Config{URL: url, Notify: func(domain.Commit) {}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	file := databasePath(data)
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return nil, advice.Add(fmt.Errorf("there is no database in %s", data), "Name the server's data folder with --data.")
	}
	s, err := sqlite.Open(ctx, file, nil, func(domain.Commit) {}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return s, nil
}

// replays is what there is to see again of sessions.
type replays struct {
	*session.Service

	store store
}

func (r replays) LastEvents(ctx context.Context, project, id string, before int64, limit int) ([]domain.Event, error) {
	return r.store.LastEvents(ctx, project, id, before, limit)
}

// filesShown is how many files of a session are shown beside its recording.
const filesShown = 1000

func (r replays) Files(ctx context.Context, project, id string) ([]domain.Artifact, error) {
	all, err := r.store.ArtifactsPage(ctx, project, id, "", filesShown)
	return slices.DeleteFunc(all, func(a domain.Artifact) bool { return !shown(a) }), err
}

// shown says whether a link may show an artifact: a recording has its own way.
func shown(a domain.Artifact) bool { return a.Kind != domain.KindRecording && !session.HoldsSecrets(a) }

func (r replays) OpenFile(ctx context.Context, project, id, file string) (domain.Artifact, io.ReadSeekCloser, error) {
	a, err := r.store.Artifact(ctx, project, id, file)
	if err == nil && !shown(a) {
		err = domain.ErrNotFound
	}
	if err != nil {
		return a, nil, err
	}
	content, err := r.OpenArtifact(ctx, a)
	return a, content, err
}
