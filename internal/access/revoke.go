package access

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// lookEvery is how often the keys that hold something open are looked up. A
// revocation here or on another node is heard of at once; one that another
// process makes in the same SQLite file is only found by looking.
const lookEvery = 2 * time.Second

// uses is what is open by key: a stream of events, a request that waits, a
// viewer of a link.
type uses struct {
	mu   sync.Mutex
	open map[string]map[*use]struct{} // by the key's id
	look chan struct{}                // look now: something may have been missed
}

type use struct{ end context.CancelCauseFunc }

// WithKey gives what is done with the key a context of its own, which ends with
// domain.ErrKeyRevoked as its cause when the key is revoked. An empty id is
// nobody's key and never revoked. done is to be called when it is over.
func (s *Service) WithKey(ctx context.Context, key string) (_ context.Context, done func()) {
	ctx, end := context.WithCancelCause(ctx)
	if key == "" {
		return ctx, func() { end(nil) }
	}
	u := &use{end}
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	if s.uses.open[key] == nil {
		s.uses.open[key] = map[*use]struct{}{}
	}
	s.uses.open[key][u] = struct{}{}
	return ctx, func() {
		s.uses.mu.Lock()
		delete(s.uses.open[key], u)
		if len(s.uses.open[key]) == 0 {
			delete(s.uses.open, key)
		}
		s.uses.mu.Unlock()
		end(nil)
	}
}

// Notify ends what keys hold that a commit has revoked. It doesn't block.
func (s *Service) Notify(c domain.Commit) { s.end(c.Keys) }

// Signal ends what keys hold that another server has revoked. It doesn't block.
func (s *Service) Signal(sig domain.Signal) {
	s.end(sig.Elsewhere.Keys)
	if sig.Missed {
		select {
		case s.uses.look <- struct{}{}:
		default:
		}
	}
}

func (s *Service) end(keys []string) {
	if len(keys) == 0 {
		return
	}
	s.uses.mu.Lock()
	defer s.uses.mu.Unlock()
	for _, key := range keys {
		for u := range s.uses.open[key] {
			u.end(domain.ErrKeyRevoked)
		}
	}
}

// Run looks for revoked keys among those that hold something open, until ctx
// ends. While the database is away nothing is known to be revoked.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.uses.look:
		case <-ctx.Done():
			return nil
		}
		s.uses.mu.Lock()
		keys := slices.Collect(maps.Keys(s.uses.open))
		s.uses.mu.Unlock()
		if len(keys) == 0 {
			continue
		}
		if revoked, err := s.RevokedKeys(ctx, keys); err == nil {
			s.end(revoked)
		}
	}
}
