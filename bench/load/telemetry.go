package load

import (
	"context"
	"log/slog"
	"os"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/telemetry"
)

// Watched makes what nodes are to be watched by: nothing, metrics, or metrics and the
// spans of all events and attempts, which are sent to the URL by OTLP. end sends the
// rest.
func Watched(ctx context.Context, metrics, traces bool, url string) (t *telemetry.Telemetry, end func() error, err error) {
	if !metrics {
		return nil, func() error { return nil }, nil
	}
	if traces {
		const name = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" // the exporter reads it itself
		if err := os.Setenv(name, url); err != nil {
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

// someTrace is what all events belong under of a node whose spans are kept.
const someTrace = domain.Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

// watchedStore has telemetry told of changes, as a server does.
type watchedStore struct {
	Store
	telemetry *telemetry.Telemetry
}

// ChangeSession implements [Store].
func (s watchedStore) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	decide, done := s.telemetry.Change(func(c *domain.SessionChange) error {
		err := fn(c)
		if s.telemetry.Traced() {
			for i := range c.Drafts {
				c.Drafts[i].Trace = someTrace
			}
		}
		return err
	})
	err := s.Store.ChangeSession(ctx, project, id, decide)
	if err == nil {
		done()
	}
	return err
}
