package session_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/step"
	"github.com/browserhook/browserhook/internal/store/pgtest"
	"github.com/browserhook/browserhook/internal/store/postgres"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/store/sqlite/sqlitetest"
)

// database is what the rig needs of a store beside what the service does.
type database interface {
	session.Store
	CreateProject(ctx context.Context, p domain.Project, by string, idem *domain.Idempotency) error
	Artifacts(ctx context.Context, project, session string) ([]domain.Artifact, error)
	Close() error
}

// opener opens one more node over the same database.
type opener func(notify func(domain.Commit), signal func(domain.Signal)) (database, error)

func overSQLite(t *testing.T) opener {
	path := sqlitetest.File(t)
	return func(notify func(domain.Commit), _ func(domain.Signal)) (database, error) {
		return sqlite.Open(t.Context(), path, box(t), notify, slog.New(slog.DiscardHandler))
	}
}

func overPostgreSQL(t *testing.T) opener {
	server, err := pgtest.Start("fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	url, err := server.NewDatabase(t.Context(), "template1")
	if err != nil {
		t.Fatal(err)
	}
	sealed := box(t)
	var opened atomic.Int64
	return func(notify func(domain.Commit), signal func(domain.Signal)) (database, error) {
		return postgres.Open(context.Background(), postgres.Config{
			URL: url, Node: fmt.Sprint("node", opened.Add(1)), Box: sealed, Notify: notify, Signal: signal, Log: slog.New(slog.DiscardHandler),
		})
	}
}

func box(t *testing.T) *seal.Box {
	t.Helper()
	b, err := seal.New(seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// node is a service with its store, and browsers that are none.
type node struct {
	*session.Service
	store database
}

type runStep func(ctx context.Context, page *browser.Page, spec *step.Spec, save step.Save) ([]byte, *domain.Failure)

// start runs a node until the test ends. over may wrap its store.
func start(t *testing.T, open opener, run runStep, over func(*node) session.Store, change ...func(*session.Config)) *node {
	t.Helper()
	n := &node{}
	var composed atomic.Bool
	store, err := open(func(c domain.Commit) {
		if composed.Load() {
			n.Notify(c)
		}
	}, func(s domain.Signal) {
		if composed.Load() {
			n.Signal(s)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	n.store = store
	cfg := session.Config{
		Store: store, PublicURL: func() string { return "https://x.test" }, MaxSessions: 100, Log: slog.New(slog.DiscardHandler), RunStep: run, Blobs: &blobs{},
		Launch: func(context.Context, string, domain.SessionOptions) (session.Browser, error) {
			return &fake{done: make(chan struct{})}, nil
		},
	}
	if over != nil {
		cfg.Store = over(n)
	}
	if p, ok := store.(*postgres.Store); ok {
		cfg.StopElsewhere = p.StopStep
	}
	for _, fn := range change {
		fn(&cfg)
	}
	n.Service = session.New(cfg)
	composed.Store(true)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	t.Cleanup(func() {
		n.Stop()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// startsNone leaves all sessions to other nodes.
func startsNone(c *session.Config) { c.MaxSessions = 0 }

// newProject makes a project.
func (n *node) newProject(t *testing.T) string {
	t.Helper()
	p := domain.Project{ID: domain.NewID(domain.PrefixProject), Name: t.Name(), CreatedAt: time.Now()}
	if err := n.store.CreateProject(t.Context(), p, "", nil); err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// newSession makes a session with n steps.
func (n *node) newSession(t *testing.T, project string, steps int) (id string, ids []string) {
	t.Helper()
	specs := make([]step.Spec, steps)
	for i := range specs {
		specs[i] = step.Spec{Action: "reload"}
	}
	made, all, _, err := n.Create(t.Context(), project, session.CreateRequest{
		Options: domain.SessionOptions{Viewport: browser.Viewport, Timeout: time.Hour}, Steps: specs, OnError: domain.OnErrorContinue,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range all {
		ids = append(ids, st.ID)
	}
	return made.ID, ids
}

// fake is a browser that does nothing. why is how it ended, if it did.
type fake struct {
	done chan struct{}
	why  *domain.Failure
}

func (f *fake) Page() *browser.Page                { return nil }
func (f *fake) Done() <-chan struct{}              { return f.done }
func (f *fake) Exit() *domain.Failure              { return f.why }
func (f *fake) CloseRequested() <-chan struct{}    { return nil }
func (f *fake) Close(context.Context) error        { return nil }
func (f *fake) Leave()                             {}
func (f *fake) Usage(context.Context) domain.Usage { return domain.Usage{} }
func (f *fake) Used() domain.Usage                 { return domain.Usage{SentBytes: 7} }
func (f *fake) Away() time.Duration                { return 0 }
func (f *fake) Connect(context.Context, string, func()) (net.Conn, error) {
	return nil, errors.New("it is no browser")
}

func (f *fake) Dial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("it is no browser")
}
