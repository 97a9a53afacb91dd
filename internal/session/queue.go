package session

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	// pollEvery is how often the queue is looked at when nobody has told of it: what
	// another server tells may be lost.
	pollEvery = 15 * time.Second
	// pollAgain is when it is looked at again after it could not be.
	pollAgain = time.Second
	// yield is how long a server that is nearly full leaves a session to those that
	// have more room; one with half its room free waits half as long.
	yield = 20 * time.Millisecond
)

// startQueued starts sessions from the queue, whenever there is a slot for one, until ctx ends.
func (s *Service) startQueued(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		again, told := s.startNext(ctx)
		if again == 0 {
			continue
		}
		s.mu.Lock()
		s.freeSlot()
		s.mu.Unlock()
		wait(ctx, again, told)
	}
}

// wait waits until told is closed, but not longer than so long.
func wait(ctx context.Context, most time.Duration, told <-chan struct{}) {
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-told:
	case <-late.C:
	case <-ctx.Done():
	}
}

// startNext makes the actor of the session whose turn it is, which gives the slot back
// at its end. When there is none it says after which time to look again, or before that
// when told is closed.
func (s *Service) startNext(ctx context.Context) (again time.Duration, told <-chan struct{}) {
	r, again, told := s.claimNext(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claiming = false
	if again > 0 {
		s.checkDrained()
		return again, told
	}
	s.restarts = slices.DeleteFunc(s.restarts, func(l ref) bool { return l == r })
	if _, runs := s.actors[r.id]; runs {
		// It waited again while this server was taken for dead. The actor that it has had
		// here since before goes on with it, or finds out, ends, and has it looked at again.
		s.freeSlot()
		return 0, nil
	}
	a := newActor(s, r)
	s.spawn(a, func() { a.run(ctx) })
	return 0, nil
}

// claimNext is the session whose turn it is: one that was being started before, or the next
// of the queue.
func (s *Service) claimNext(ctx context.Context) (r ref, again time.Duration, told <-chan struct{}) {
	s.mu.Lock()
	left := slices.Clone(s.restarts)
	s.mu.Unlock()
	if len(left) > 0 {
		return left[0], 0, nil
	}
	if s.Others != nil && s.Others() {
		// The slot that it is for doesn't count.
		wait(ctx, yield*time.Duration(len(s.slots)-1)/time.Duration(cap(s.slots)), nil)
	}
	s.mu.Lock()
	s.claiming = !s.draining
	draining := s.draining
	s.mu.Unlock()
	if draining {
		return r, s.pollAfter(), s.queued
	}
	claimed, err := s.Store.ClaimSession(ctx)
	switch {
	case errors.Is(err, domain.ErrNotFound), err != nil && ctx.Err() != nil:
		return r, s.pollAfter(), s.queued
	case err != nil:
		// It may have been claimed all the same: then it is this server's.
		trySend(s.missed)
		s.Log.Warn("look for sessions to start; trying again", "err", err)
		return r, pollAgain, nil
	}
	return ref{claimed.ProjectID, claimed.ID}, 0, nil
}

// pollAfter is when the queue is looked at again if nobody tells of it before.
func (s *Service) pollAfter() time.Duration {
	if s.Others == nil { // all that happens is told of here
		return math.MaxInt64
	}
	return pollEvery
}

// restart has a session be started that is STARTING already.
func (s *Service) restart(r ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, runs := s.actors[r.id]; !runs && !slices.Contains(s.restarts, r) {
		s.restarts = append(s.restarts, r)
	}
}

// queueRoom is how many sessions may wait, of which there is room here for some.
func (s *Service) queueRoom() int {
	if s.MaxQueued == 0 {
		return 0
	}
	return s.MaxQueued + max(0, cap(s.slots)-len(s.slots))
}

// drain has the server start no more sessions. mu is held.
func (s *Service) drain() {
	if !s.draining {
		s.draining = true
		s.Log.Info("draining: no more sessions are started here; it ends with the last")
		trySend(s.queued)
	}
}

// checkDrained closes drained when the server drains and has no more sessions. mu is held.
func (s *Service) checkDrained() {
	if !s.draining || s.claiming || len(s.actors)+len(s.restarts) > 0 {
		return
	}
	select {
	case <-s.drained:
	default:
		close(s.drained)
	}
}

// Drain has the server start no more sessions, until it is started anew.
func (s *Service) Drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drain()
}

// Drained is closed when the server drains and its last session has ended.
func (s *Service) Drained() <-chan struct{} { return s.drained }

// States are how many of the sessions that run here get a browser, have one, and end.
func (s *Service) States() (starting, ready, closing int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	starting = len(s.restarts)
	for _, a := range s.actors {
		switch has, ends := a.state(); {
		case ends:
			closing++
		case has:
			ready++
		default:
			starting++
		}
	}
	return starting, ready, closing
}

// Load is how many sessions have a browser here or get one, and for how many more there
// is room.
func (s *Service) Load() (sessions, room int, draining bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions = len(s.restarts)
	for _, a := range s.actors {
		if !a.slotless {
			sessions++
		}
	}
	if !s.draining {
		room = max(0, s.MaxSessions-sessions)
	}
	return sessions, room, s.draining
}
