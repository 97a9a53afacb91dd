package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/live"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/telemetry"
)

// openTelemetry begins to count, and has the log say of what belongs to a trace to
// which.
func (a *App) openTelemetry(ctx context.Context) (err error) {
	a.log = telemetry.Logger(a.log)
	node := ""
	if a.settings.DatabaseURL != "" {
		if node, err = a.data.node(); err != nil {
			return err
		}
	}
	a.telemetry, err = telemetry.New(ctx, telemetry.Config{Version: Version, Node: node, Env: os.Getenv, Log: a.log})
	if err != nil {
		return advice.Add(err, "Mend the variable, or unset it: docs/operations.md has those that count.")
	}
	return nil
}

// tellWithin is how long the last spans and metrics may take to be sent.
const tellWithin = time.Second

// closeTelemetry sends what wasn't sent yet.
func (a *App) closeTelemetry() {
	ctx, cancel := context.WithTimeout(context.Background(), tellWithin)
	defer cancel()
	if err := a.telemetry.Shutdown(ctx); err != nil {
		a.log.Warn("send the last of metrics and traces", "err", err)
	}
}

// observed is the store of sessions, with telemetry told of what becomes of them.
type observed struct {
	session.Store
	telemetry *telemetry.Telemetry
}

// CreateSession implements [session.Store].
func (s observed) CreateSession(ctx context.Context, n *domain.NewSession) error {
	err := s.Store.CreateSession(ctx, n)
	if err == nil {
		s.telemetry.Created()
	}
	return err
}

// ChangeSession implements [session.Store].
func (s observed) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	decide, done := s.telemetry.Change(fn)
	err := s.Store.ChangeSession(ctx, project, id, decide)
	if err == nil {
		done()
	}
	return err
}

// askWithin bounds the questions to the database for one reading of the metrics.
const askWithin = 2 * time.Second

// state is what the server is asked for when metrics are read.
func (a *App) state(ctx context.Context, page *live.Handler) (s telemetry.State) {
	s.Ready, s.Limit = a.ready() == nil, a.settings.MaxSessions
	s.Starting, s.Active, s.Ending = a.sessions.States()
	pool, engine, viewers := a.launcher.Pool(), a.engine.Load(), page.Load()
	s.Pool = telemetry.Pool(pool)
	s.Browsers, s.BrowserMemory = a.launcher.Memory()
	s.Engine = telemetry.Engine{Deliveries: engine.Deliveries, Bytes: engine.Bytes, InFlight: engine.InFlight, Circuits: engine.Open}
	s.Viewers, s.FramesSent, s.FramesSkipped = viewers.Viewers, viewers.Sent, viewers.Skipped
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	waiting, since, err := a.store.Waiting(ctx)
	due, failed := a.store.OldestDue(ctx)
	if err = errors.Join(err, failed); err != nil {
		a.log.Debug("read the queues for metrics", "err", err)
		return s
	}
	if due.IsZero() || !engine.Oldest.IsZero() && engine.Oldest.Before(due) {
		due = engine.Oldest
	}
	s.Queue = telemetry.Queue{Known: true, Sessions: waiting, SessionsAge: age(since), DueAge: age(due)}
	return s
}

// age is how long ago it was, or 0 if it wasn't yet, or never.
func age(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return max(0, time.Since(t))
}

// metricsServer serves metrics without a key, at an address of their own.
type metricsServer struct {
	listener net.Listener
	http.Server
}

// listenForMetrics takes the address; empty: there is no such server.
func listenForMetrics(ctx context.Context, address string, t *telemetry.Telemetry) (*metricsServer, error) {
	if address == "" {
		return nil, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, listenError(address, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", t.Handler())
	return &metricsServer{l, http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: stall, MaxHeaderBytes: 16 << 10}}, nil
}

func (m *metricsServer) url() string { return "http://" + m.listener.Addr().String() + "/metrics" }

// Run serves until ctx ends.
func (m *metricsServer) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, m.close)()
	if err := m.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
		return err
	}
	return nil
}

// close gives the address back.
func (m *metricsServer) close() {
	if m != nil {
		_ = m.Close()
		_ = m.listener.Close()
	}
}
