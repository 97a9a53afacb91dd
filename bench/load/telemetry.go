package load

import (
	"context"
	"log/slog"
	"net/http"
	"os"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/telemetry"
)

// Watched makes what nodes are to be watched by, with variables of the environment that
// say what is told to whom. end sends the rest.
func Watched(ctx context.Context, env map[string]string) (t *telemetry.Telemetry, end func() error, err error) {
	for name, value := range env { // exporters read them themselves
		if err := os.Setenv(name, value); err != nil {
			return nil, nil, err
		}
		defer os.Unsetenv(name)
	}
	t, err = telemetry.New(ctx, telemetry.Config{Version: "bench", Env: os.Getenv, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, err
	}
	return t, func() error { return t.Shutdown(context.WithoutCancel(ctx)) }, nil
}

// watchedStore has telemetry told of changes, as a server does, each in a request of its
// own: that is what steps come by.
type watchedStore struct {
	Store
	telemetry *telemetry.Telemetry
}

// ChangeSession implements [Store].
func (s watchedStore) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	r, answered := s.telemetry.Request(request.WithContext(ctx), request.Pattern)
	trace := domain.TraceOf(r.Context())
	decide, done := s.telemetry.Change(func(c *domain.SessionChange) error {
		err := fn(c)
		for i := range c.Drafts {
			c.Drafts[i].Trace = trace
		}
		return err
	})
	err := s.Store.ChangeSession(ctx, project, id, decide)
	if err == nil {
		done()
		answered(http.StatusAccepted)
	}
	return err
}

// request is one that adds a step, of a caller without a trace.
var request = &http.Request{Method: http.MethodPost, Pattern: "POST /v1/sessions/{sessionId}/steps", Header: http.Header{}}
