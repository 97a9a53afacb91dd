package session

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// startRecovery makes the actor of a session that another server had, or an earlier
// start of this one. It waits for no slot: its browser runs already.
func (s *Service) startRecovery(ctx context.Context, r ref) {
	s.startActor(ctx, r, func(a *actor) {
		a.resumed = make(chan struct{})
		s.spawn(a, func() { a.recover(ctx) })
	})
}

// startEnd makes the actor of a session that another server was ending.
func (s *Service) startEnd(ctx context.Context, r ref) {
	s.startActor(ctx, r, func(a *actor) { s.spawn(a, a.endLeft) })
}

// startActor makes an actor, unless the session has one. mu is held while it is started.
func (s *Service) startActor(ctx context.Context, r ref, start func(*actor)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, runs := s.actors[r.id]; runs || ctx.Err() != nil { // one that has left is for the next start
		return
	}
	select {
	case s.slots <- struct{}{}:
	default: // fewer than there were may run now
		s.overbooked++
	}
	start(newActor(s, r))
}

// endLeft ends a session that another server has left CLOSING.
func (a *actor) endLeft() {
	a.service.discard(a.ref)
	a.keepLog()
	if a.service.Recordings != nil {
		_ = a.change(func(_ decider, c *domain.SessionChange) error {
			a.opt = c.Session.Options
			return errUnchanged
		})
	}
	whole := a.keepRecording()
	err := a.change(func(d decider, c *domain.SessionChange) error {
		d.recorded(c, whole)
		return d.closed(c)
	})
	if _, ended := errors.AsType[*domain.TransitionError](err); err != nil && !ended {
		a.log().Error("record the end of a session", "err", err)
	}
}

// recover is the session's life from where another server has left it.
func (a *actor) recover(ctx context.Context) {
	over := make(chan struct{})
	defer close(over)
	defer a.setBrowser(nil)
	a.service.wg.Go(func() { a.watch(over) })
	var sess domain.Session
	if err := a.change(func(_ decider, c *domain.SessionChange) error {
		sess = *c.Session
		return errUnchanged
	}); !errors.Is(err, errUnchanged) {
		a.log().Error("adopt a session", "err", err)
		return
	}
	a.opt = sess.Options
	log := a.log()
	b, err := a.attach()
	if err != nil {
		a.nodeLost(log, err)
		return
	}
	log.Info("a session goes on", "away", b.Away())
	a.withBrowser(ctx, b, decider.recovered, elapsed{life: time.Since(sess.ReadyAt), idle: b.Away()}, over)
}

// attach takes over the browser. Whatever ends the session meanwhile waits for that:
// it ends with its browser.
func (a *actor) attach() (Browser, error) {
	if a.service.Attach == nil {
		return nil, errNoBrowser
	}
	opt, err := a.service.openOptions(a.ref.project, a.ref.id, a.opt)
	if err != nil {
		a.service.discard(a.ref)
		return nil, err
	}
	return a.service.Attach(a.service.working, a.ref.id, opt)
}

// discard ends a browser that no session goes on with.
func (s *Service) discard(r ref) {
	if s.Discard != nil {
		s.Discard(r.id)
	}
}

var errNoBrowser = errors.New("there is no browser to attach to")

// nodeLost ends a session whose browser is gone with the server that had it.
func (a *actor) nodeLost(log *slog.Logger, why error) {
	if a.service.working.Err() != nil {
		return // the next start tries again
	}
	a.keepLog()
	whole := a.keepRecording()
	err := a.change(func(d decider, c *domain.SessionChange) error {
		if err := d.lost(c, domain.ClosedNodeLost, nil); err != nil {
			return err
		}
		d.recorded(c, whole)
		return d.closed(c)
	})
	if _, ended := errors.AsType[*domain.TransitionError](err); err != nil && !ended {
		log.Error("record the end of a session", "err", err)
		return
	}
	log.Info("a session was lost with another server", "why", why)
}

// waitAdopted waits until the sessions that an earlier server has left are adopted.
func (s *Service) waitAdopted(ctx context.Context) error {
	select {
	case <-s.adopted:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// waitResumed waits, of an adopted session, until it is recorded that it goes on, or it
// doesn't.
func (a *actor) waitResumed(ctx context.Context) error {
	if a.resumed == nil {
		return nil
	}
	select {
	case <-a.resumed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
