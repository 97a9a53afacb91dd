package webhook

import (
	"context"
	"sync"
)

// Recent is a [Memory] of the last ids, in this process alone.
type Recent struct {
	mu    sync.Mutex
	known map[string]struct{}
	ring  []string
	next  int
}

// NewRecent remembers the last n ids.
func NewRecent(n int) *Recent {
	return &Recent{known: map[string]struct{}{}, ring: make([]string, max(n, 1))}
}

// Has says whether the id is among the last.
func (r *Recent) Has(_ context.Context, id string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.known[id]
	return ok, nil
}

// Add remembers the id and, when there are too many, forgets the oldest.
func (r *Recent) Add(_ context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.known[id]; ok {
		return nil
	}
	delete(r.known, r.ring[r.next])
	r.known[id] = struct{}{}
	r.ring[r.next] = id
	r.next = (r.next + 1) % len(r.ring)
	return nil
}
