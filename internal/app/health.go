package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cgroup"
	"github.com/browserhook/browserhook/internal/domain"
)

const (
	// lookEvery is how often what the server stands on is looked at. Whoever asks
	// is told what was seen last, so that asking costs nothing.
	lookEvery  = time.Second
	lookWithin = 2 * time.Second // at each thing
)

// health is whether the server can do its work, seen by itself.
type health struct {
	store, artifacts, browsers look
	log                        *slog.Logger

	last  atomic.Pointer[error] // of nil when all is well
	since time.Time             // not
}

func newHealth(ping func(context.Context) error, artifacts string, browsers func() error, log *slog.Logger) *health {
	return &health{log: log, store: look{at: ping}, browsers: look{at: func(context.Context) error { return browsers() }}, artifacts: look{at: func(context.Context) error {
		if artifacts == "" { // they are in a bucket, where each question costs
			return nil
		}
		info, err := os.Stat(artifacts)
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is no folder", artifacts)
		}
		return err
	}}}
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
	for {
		err := h.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		h.saw(err)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// saw takes what was seen, at once: between two troubles all is never well.
func (h *health) saw(err error) {
	before := h.Ready()
	h.last.Store(&err)
	switch {
	case err != nil && before == nil:
		h.since = time.Now()
		h.log.Error("not ready: /readyz answers 503", "err", err)
	case err != nil && err.Error() != before.Error():
		h.log.Error("still not ready", "err", err, "since", h.since)
	case err == nil && before != nil:
		h.log.Info("ready again", "after", time.Since(h.since).Round(time.Millisecond))
	}
}

// look sees whether all is there.
func (h *health) look(ctx context.Context) error {
	if err := h.store.take(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return errors.Join(domain.Refuse(domain.CodeUnavailable, "the store does not answer"), err)
		}
		return err
	}
	if err := h.artifacts.take(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return errors.Join(domain.Refuse(domain.CodeUnavailable, "the folder of artifacts does not answer"), err)
		}
		return errors.Join(domain.Refuse(domain.CodeUnavailable, "the folder of artifacts is gone"), err)
	}
	if err := h.browsers.take(ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return errors.Join(domain.Refuse(domain.CodeUnavailable, "the folder for browsers does not answer"), err)
		}
		return err
	}
	return nil
}

// look is a look at one thing, over and over. Nothing ends one that hangs, as on
// a network's file system that is away: nobody waits for it, and no second one is
// begun beside it.
type look struct {
	at       func(context.Context) error
	underWay chan error
}

// take is what is seen now; [context.DeadlineExceeded] when nothing is in time.
func (l *look) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	select {
	case <-l.underWay: //nolint:errcheck // it has ended since; what it saw is old
		l.underWay = nil
	default:
	}
	if l.underWay == nil {
		seen := make(chan error, 1)
		l.underWay = seen
		go func() { seen <- l.at(ctx) }()
	}
	select {
	case err := <-l.underWay:
		l.underWay = nil
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// weaker says how browsers are closed in less here than elsewhere.
func weaker(l *browser.Launcher) (all []string) {
	if l.Path == "" {
		return nil
	}
	if !l.Sandbox {
		all = append(all, "Browsers have no sandbox of their own: this machine gives them no user namespace.")
	}
	if l.NoNamespace != nil {
		all = append(all, "Browsers have no network namespace of their own: they are closed in by their proxy alone.")
	}
	if l.Cgroups().Missing(cgroup.Memory) != nil {
		all = append(all, "Browsers have no control groups: their keepers watch what memory they take.")
	}
	return all
}
