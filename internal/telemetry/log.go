package telemetry

import (
	"context"
	"log/slog"

	"github.com/browserhook/browserhook/internal/domain"
)

// Logger has the lines of a log that are written in a trace say which.
func Logger(log *slog.Logger) *slog.Logger { return slog.New(traced{log.Handler()}) }

type traced struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if t := domain.TraceOf(ctx); t != "" {
		r = r.Clone()
		r.AddAttrs(slog.String("trace", t.ID()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

// WithGroup implements [slog.Handler].
func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }
