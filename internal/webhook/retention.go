package webhook

import (
	"context"
	"log/slog"
	"time"
)

// Pruner deletes what is older than a time; a store is one.
type Pruner interface {
	Prune(ctx context.Context, before time.Time) (int, error)
}

// Retention deletes old events with their deliveries.
type Retention struct {
	Store Pruner
	Keep  time.Duration
	Log   *slog.Logger
}

const pruneEvery = time.Hour

// Run deletes at once and then every hour, until ctx ends.
func (r *Retention) Run(ctx context.Context) error {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		n, err := r.Store.Prune(ctx, time.Now().Add(-r.Keep))
		switch {
		case err != nil && ctx.Err() == nil:
			r.Log.Error("delete old events; trying again in an hour", "err", err)
		case n > 0:
			r.Log.Info("deleted old events", "events", n, "kept", r.Keep)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
