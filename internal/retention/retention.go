// Package retention deletes what is old, and what somebody wants forgotten:
// first the rows, then the files that they named, so that no row ever names a
// file that isn't there. Which files are to go is committed with the rows; so
// those that a server leaves when it dies in between are removed by its next
// start.
package retention

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/browserhook/browserhook/internal/domain"
)

// Store is whose rows are deleted.
type Store interface {
	Prune(ctx context.Context, before time.Time) (int, error)
	PruneSessions(ctx context.Context, before, now time.Time) (int, error)
	PruneArtifacts(ctx context.Context, before, now time.Time) (int, error)
	ForgetIdempotency(ctx context.Context, before time.Time) error
	ForgetSession(ctx context.Context, project, id string, now time.Time) error
	RemovedFiles(ctx context.Context, after int64, limit int) ([]domain.RemovedFiles, error)
	ForgetRemovedFiles(ctx context.Context, upto int64, before time.Time) error
}

// Files is where the bytes of artifacts are.
type Files interface {
	// Remove removes the file with the key or, when the key ends with a slash,
	// all whose keys begin with it. That there is none is fine.
	Remove(ctx context.Context, key string) error
}

// Config says how long what is kept.
type Config struct {
	Store     Store
	Files     Files
	Keep      time.Duration // sessions that have ended, events and deliveries; 0: for ever
	Artifacts time.Duration // 0: for ever
	Shared    bool          // the artifacts of all servers are in one place: one removes them for all
	Log       *slog.Logger
}

const (
	every           = time.Hour
	idempotencyKept = 24 * time.Hour
	filesAtOnce     = 500 // whose notes are read
	removedAtOnce   = 8
	// settled is how long a removal may take to be committed: by then one with
	// a smaller number can be seen, if there is one.
	settled = time.Minute
	// hopeless is when a file that can't be removed is left for good, so that the
	// notes of those behind it don't pile up for ever.
	hopeless = 90 * 24 * time.Hour
	// noted is how long it is known which files were removed. Each server goes through
	// them for its own; one that is down for longer keeps those.
	noted = 90 * 24 * time.Hour
	// notedShared is that for what is in one place. What other servers have beside it, the
	// logs of sessions that ran there, they look through when they start.
	notedShared = 3 * every
)

// Service deletes.
type Service struct {
	Config

	mu   sync.Mutex // one at a time removes files
	upto int64      // all before are removed
}

// New makes a service; Run starts it.
func New(cfg Config) *Service { return &Service{Config: cfg} }

// Run deletes what is old at once and then every hour, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		s.pass(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// pass deletes all that is old now. What fails is tried again with the next.
func (s *Service) pass(ctx context.Context) {
	now := time.Now()
	part := func(what string, kept time.Duration, run func() (int, error)) {
		if kept == 0 || ctx.Err() != nil {
			return
		}
		n, err := run()
		switch {
		case err != nil && ctx.Err() == nil:
			s.Log.Error("delete old "+what+"; trying again in an hour", "err", err)
		case n > 0:
			s.Log.Info("deleted old "+what, "count", n, "kept", kept)
		}
	}
	part("idempotency keys", idempotencyKept, func() (int, error) {
		return 0, s.Store.ForgetIdempotency(ctx, now.Add(-idempotencyKept))
	})
	part("events", s.Keep, func() (int, error) { return s.Store.Prune(ctx, now.Add(-s.Keep)) })
	part("artifacts", s.Artifacts, func() (int, error) { return s.Store.PruneArtifacts(ctx, now.Add(-s.Artifacts), now) })
	part("sessions", s.Keep, func() (int, error) { return s.Store.PruneSessions(ctx, now.Add(-s.Keep), now) })
	if err := s.removeFiles(ctx); err != nil && ctx.Err() == nil {
		s.Log.Error("remove files of deleted artifacts; trying again in an hour", "err", err)
	}
}

// Forget deletes a session that has ended, with all that belongs to it. When it
// returns, nothing of it is left, but for files of another server's own, which
// that one removes.
func (s *Service) Forget(ctx context.Context, project, id string) error {
	now := time.Now()
	if err := s.Store.ForgetSession(ctx, project, id, now); err != nil {
		return fmt.Errorf("forget session: %w", err)
	}
	// The rows are gone, whatever becomes of the caller and the files.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeWithin)
	defer cancel()
	files := domain.RemovedFiles{ProjectID: project, SessionID: id}
	if err := s.Files.Remove(ctx, files.Key()); err != nil {
		s.Log.Error("remove files of a forgotten session; trying again within the hour", "session", id, "err", err)
	}
	return nil
}

// removeWithin bounds how long files of one session or artifact are tried to be removed.
const removeWithin = time.Minute

// remove removes some files, a few at once, and says of each why it can't be removed.
func (s *Service) remove(ctx context.Context, some []domain.RemovedFiles) (failed []error) {
	failed = make([]error, len(some))
	var all errgroup.Group
	all.SetLimit(removedAtOnce)
	for i, f := range some {
		all.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, removeWithin)
			defer cancel()
			failed[i] = s.Files.Remove(ctx, f.Key())
			return nil
		})
	}
	_ = all.Wait()
	return failed
}

// removeFiles removes what is noted. One that can't be removed holds up no other,
// but all behind it stay noted and are looked for again with each pass, until it
// can or is hopeless.
func (s *Service) removeFiles(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	failures := 0
	var first error
	for after := s.upto; ; {
		some, err := s.Store.RemovedFiles(ctx, after, filesAtOnce)
		if err != nil {
			return errors.Join(first, err)
		}
		failed := s.remove(ctx, some)
		for i, f := range some {
			after = f.Num
			if failed[i] != nil {
				failures++
				first = cmp.Or(first, failed[i])
			}
			if age := now.Sub(f.RemovedAt); failures == 0 && age > settled || age > hopeless {
				s.upto = f.Num
			}
		}
		if len(some) < filesAtOnce {
			break
		}
	}
	if first != nil {
		first = fmt.Errorf("%d can't be removed, of which the first: %w", failures, first)
	}
	kept := noted
	if s.Shared {
		kept = notedShared
	}
	return errors.Join(first, s.Store.ForgetRemovedFiles(ctx, s.upto, now.Add(-kept)))
}
