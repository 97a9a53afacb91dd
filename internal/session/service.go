// Package session is a session's life: it is admitted, started, given steps
// that run one at a time, and closed, and every change of it is one
// transaction with its events. After a crash of the server it goes on from what
// the store holds.
package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// Service runs all sessions. It answers reads as the store does.
type Service struct {
	Config
	Reader
	slots    chan struct{} // holds one for each browser, but for those overbooked
	logs     chan struct{} // holds one for each log that is being kept
	videos   chan struct{} // holds one while a video is being made
	segments segments

	mu         sync.Mutex
	stopping   bool
	leaving    bool              // a stop leaves browsers to the next start
	draining   bool              // it starts no more sessions
	drained    chan struct{}     // closed when it drains and has no more
	claiming   bool              // a session is being claimed, or has been and has no actor yet
	overbooked int               // sessions more than may run: each has the next slot that is freed
	restarts   []ref             // that an earlier server was starting, and that wait for a slot
	queued     chan struct{}     // a session may be started that couldn't
	missed     chan struct{}     // sessions of another server may be this one's now
	actors     map[string]*actor // of sessions that have or get a browser
	waiters    map[string]chan struct{}
	adopted    chan struct{} // closed when Run has adopted what there was
	wg         sync.WaitGroup

	hurry   chan struct{}   // closed when steps that run are not waited for any more
	working context.Context //nolint:containedctx // until everything is given up that a stop can't finish
	giveUp  context.CancelFunc
}

type ref struct{ project, id string }

// New makes a service; Run starts it.
func New(cfg Config) *Service {
	if cfg.RunStep == nil {
		cfg.RunStep = func(ctx context.Context, page *browser.Page, spec *step.Spec, save step.Save) ([]byte, *domain.Failure) {
			if cfg.NoBundles {
				return step.Run(ctx, page, spec, save)
			}
			return step.Run(ctx, page, spec, save, step.WithBundle)
		}
	}
	if cfg.StopWithin == 0 {
		cfg.StopWithin = DefaultStop
	}
	working, giveUp := context.WithCancel(context.Background())
	return &Service{
		segments: segments{folder: cfg.Recordings, blobs: cfg.Blobs, store: cfg.Store, log: cfg.Log},
		working:  working, giveUp: giveUp,
		Config: cfg, Reader: cfg.Store, slots: make(chan struct{}, cfg.MaxSessions), logs: make(chan struct{}, logsAtOnce), videos: make(chan struct{}, 1), queued: make(chan struct{}, 1), missed: make(chan struct{}, 1),
		actors: map[string]*actor{}, waiters: map[string]chan struct{}{}, adopted: make(chan struct{}), hurry: make(chan struct{}), drained: make(chan struct{}),
	}
}

func (s *Service) decider() decider {
	return decider{publicURL: s.PublicURL(), now: time.Now(), traced: s.Traced}
}

// Run adopts what the store holds and runs sessions until ctx ends. Then it lets running
// steps finish for a while, closes every session that has a browser, or leaves that to
// the next start, and returns when all of that is stored, or when StopWithin is over.
// Sessions that wait stay QUEUED for the next start.
func (s *Service) Run(ctx context.Context) error {
	if err := s.adopt(ctx); err != nil && ctx.Err() == nil {
		if refused, ok := errors.AsType[*domain.Error](err); !ok || refused.Code != domain.CodeUnavailable {
			return fmt.Errorf("adopt sessions: %w", err)
		}
		trySend(s.missed) // a store that is away is asked again
	}
	close(s.adopted)
	s.wg.Go(func() { s.keepAdopting(ctx) })
	s.wg.Go(func() { s.sweepLogs(ctx) })
	s.wg.Go(func() { s.sweepRecordings(ctx) })
	s.startQueued(ctx)
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	defer time.AfterFunc(s.StopWithin*4/5, func() { close(s.hurry) }).Stop()
	defer time.AfterFunc(s.StopWithin, s.giveUp).Stop()
	s.wg.Wait()
	return nil
}

// knows says whether the session waits or runs here already.
func (s *Service) knows(r ref) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, runs := s.actors[r.id]
	return runs || slices.Contains(s.restarts, r)
}

// adopt decides about every session that an earlier server, or another one
// that is dead, left open.
func (s *Service) adopt(ctx context.Context) error {
	open, err := s.Store.OpenSessions(ctx)
	if err != nil {
		return err
	}
	defer trySend(s.queued)
	for _, o := range open {
		r := ref{o.ProjectID, o.ID}
		if s.knows(r) {
			continue
		}
		switch o.Status {
		case domain.SessionStarting:
			s.restart(r)
		case domain.SessionReady:
			s.startRecovery(ctx, r)
		default:
			s.startEnd(ctx, r)
		}
	}
	return nil
}

// keepAdopting adopts sessions that become this server's while it runs.
func (s *Service) keepAdopting(ctx context.Context) {
	for {
		select {
		case <-s.missed:
		case <-ctx.Done():
			return
		}
		for {
			err := s.adopt(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			s.Log.Warn("adopt another server's sessions; trying again", "err", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	}
}

// spawn starts an actor, which has a slot or is overbooked. mu is held.
func (s *Service) spawn(a *actor, run func()) {
	s.actors[a.ref.id] = a
	s.wg.Go(func() {
		run()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.actors, a.ref.id)
		s.freeSlotOf(a)
		s.checkDrained()
		if a.gaveUp.Load() || a.disowned.Load() { // nobody else would end the session, or go on with it
			trySend(s.missed)
		}
	})
}

// freeSlot gives a slot back, to an overbooked session if there is one. mu is held.
func (s *Service) freeSlot() {
	if s.overbooked > 0 {
		s.overbooked--
		return
	}
	<-s.slots
}

// freeSlotOf gives an actor's slot back, if it still has it. mu is held.
func (s *Service) freeSlotOf(a *actor) {
	if !a.slotless {
		a.slotless = true
		s.freeSlot()
	}
}

func (s *Service) actor(id string) *actor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.actors[id]
}

// Here says whether the session has a browser here, or gets one.
func (s *Service) Here(id string) bool { return s.actor(id) != nil }

// Page is the page of a session that has one; ok is false for any other.
func (s *Service) Page(id string) (page *browser.Page, ok bool) {
	a := s.actor(id)
	if a == nil {
		return nil, false
	}
	return a.currentPage()
}

// Touch says that somebody uses the session: its idle time begins anew.
func (s *Service) Touch(id string) {
	if a := s.actor(id); a != nil {
		a.touch()
	}
}

// Notify wakes whoever waits for steps of sessions that have changed. It
// doesn't block.
func (s *Service) Notify(c domain.Commit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake(c.Sessions)
	if c.Queue {
		trySend(s.queued)
	}
}

// Signal wakes whoever waits for steps of sessions that another server has changed, has
// the actors that run here look at theirs, and stops steps. It doesn't block.
func (s *Service) Signal(sig domain.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions := sig.Elsewhere.Sessions
	if sig.Missed {
		sessions = slices.AppendSeq(slices.Collect(maps.Keys(s.waiters)), maps.Keys(s.actors))
		trySend(s.missed)
	}
	if sig.Elsewhere.Queue || sig.Missed {
		trySend(s.queued)
	}
	if sig.Drain {
		s.drain()
	}
	s.wake(sessions)
	for _, id := range sessions {
		if a, ok := s.actors[id]; ok {
			trySend(a.changed)
		}
	}
	for _, id := range sig.Stops {
		for _, a := range s.actors {
			a.cancelStep(id)
		}
	}
}

func (s *Service) wake(sessions []string) {
	for _, id := range sessions {
		if ch, ok := s.waiters[id]; ok {
			close(ch)
			delete(s.waiters, id)
		}
	}
}

// Changed is closed at the next change of the session.
func (s *Service) Changed(id string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, ok := s.waiters[id]
	if !ok {
		ch = make(chan struct{})
		s.waiters[id] = ch
	}
	return ch
}

func (s *Service) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

func (s *Service) isLeaving() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaving
}

// Leave is Stop of a server whose browsers are left to the next start.
func (s *Service) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping, s.leaving = true, true
}

// Stop refuses new sessions and steps from now on; it is for the moment before
// Run's context ends.
func (s *Service) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
}

var errStopping = domain.Refuse(domain.CodeUnavailable, "the server is stopping")
