package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	// lookEvery is how often what the server stands on is looked at. Whoever asks
	// is told what was seen last, so that asking costs nothing.
	lookEvery  = time.Second
	lookWithin = 2 * time.Second
)

// health is whether the server can do its work, seen by itself.
type health struct {
	ping      func(context.Context) error // of the store
	artifacts string                      // folder
	log       *slog.Logger

	last atomic.Pointer[error]
}

// Ready is why requests can't be answered now; nil when they can. Of a
// [domain.Error] the message is for everybody.
func (h *health) Ready() error {
	if err := h.last.Load(); err != nil {
		return *err
	}
	return nil
}

// Run looks until ctx ends, and logs what changes.
func (h *health) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	since := time.Now()
	for {
		err := h.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		before := h.Ready()
		if h.last.Store(nil); err != nil {
			h.last.Store(&err)
		}
		switch {
		case err != nil && before == nil:
			since = time.Now()
			h.log.Error("not ready: requests are answered 503", "err", err)
		case err != nil && err.Error() != before.Error():
			h.log.Error("still not ready", "err", err, "since", since)
		case err == nil && before != nil:
			h.log.Info("ready again", "after", time.Since(since).Round(time.Millisecond))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// look sees whether all is there.
func (h *health) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	if err := h.ping(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return errors.Join(domain.Refuse(domain.CodeUnavailable, "the store does not answer"), err)
		}
		return err
	}
	info, err := os.Stat(h.artifacts)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", h.artifacts)
	}
	if err != nil {
		return errors.Join(domain.Refuse(domain.CodeUnavailable, "the folder of artifacts is gone"), err)
	}
	return nil
}
