package session

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// run is the session's life from STARTING on.
func (a *actor) run(ctx context.Context) {
	over := make(chan struct{})
	defer close(over)
	a.service.wg.Go(func() { a.watch(over) })
	var opt domain.SessionOptions
	closed := false
	err := a.change(func(d decider, c *domain.SessionChange) error {
		opt = c.Session.Options
		switch c.Session.Status {
		case domain.SessionStarting: // since it was claimed, or by a server before
			return errUnchanged
		case domain.SessionClosing: // since then: nobody but this actor ends it
			closed = true
			return d.closed(c)
		default:
			return c.Session.Transition(domain.SessionStarting)
		}
	})
	if err == nil && closed {
		return
	}
	if !errors.Is(err, errUnchanged) {
		// It was closed while it waited, or can't be recorded: nothing was started.
		if _, closed := errors.AsType[*domain.TransitionError](err); !closed {
			a.log().Error("start session", "err", err)
		}
		return
	}
	if opt.Browser == "" && len(a.service.Browsers) > 0 {
		opt.Browser = a.service.Browsers[0]
	}
	a.opt = opt
	b, err := a.launch(ctx, opt)
	if err != nil {
		a.startFailed(ctx, err, a.log())
		return
	}
	a.withBrowser(ctx, b, func(d decider, c *domain.SessionChange) error {
		c.Session.Options.Browser = opt.Browser
		return d.ready(c)
	}, elapsed{}, over)
}

// elapsed is what of a session's times was over before this server had its browser.
type elapsed struct{ life, idle time.Duration }

// withBrowser is the session's life from the start of its browser to the browser's end. It
// begins with a decision: that the session is READY, or goes on.
func (a *actor) withBrowser(ctx context.Context, b Browser, begin func(decider, *domain.SessionChange) error, before elapsed, over <-chan struct{}) {
	a.service.wg.Go(func() {
		select {
		case <-b.CloseRequested(): // a program closes it
			a.close(domain.ClosedRequested)
		case <-over:
		}
	})
	recorded := a.record(b)
	a.serve(ctx, b, begin, before)
	recorded()
	a.setBrowser(nil)
	if a.leaving {
		b.Leave()
		return
	}
	closing, cancel := context.WithTimeout(a.service.working, closeWithin)
	defer cancel()
	log := a.log()
	if err := b.Close(closing); err != nil {
		log.Error("close browser", "err", err)
	}
	a.end(log, b.Usage(closing))
}

// launch starts the browser; a session that is closed meanwhile stops it.
func (a *actor) launch(ctx context.Context, opt domain.SessionOptions) (Browser, error) {
	opt, err := a.service.openOptions(a.ref.project, a.ref.id, opt)
	if err != nil {
		a.log().Error("start browser", "err", err)
		return nil, &domain.Failure{Code: CodeSecrets, Message: "The session's secrets were encrypted with a master key that this server doesn't have."}
	}
	ctx, cancel := context.WithCancel(domain.WithTrace(ctx, a.service.decider().place(a.traceOf(), a.ref.id)))
	defer cancel()
	a.service.wg.Go(func() {
		select {
		case <-a.closeCh:
			cancel()
		case <-ctx.Done():
		}
	})
	return a.service.Launch(ctx, a.ref.id, opt)
}

// startFailed records why a session has no browser: it was closed meanwhile, or none
// can be started. One whose server stops is started anew by the next.
func (a *actor) startFailed(ctx context.Context, err error, log *slog.Logger) {
	a.keepLog()
	why, ok := errors.AsType[*domain.Failure](err)
	if !ok {
		why = &domain.Failure{Code: browser.CodeStartFailed, Message: "The browser could not be started."}
	}
	closed := false
	recorded := a.change(func(d decider, c *domain.SessionChange) error {
		if closed = c.Session.Status == domain.SessionClosing; closed {
			return d.closed(c)
		}
		if ctx.Err() != nil {
			return errUnchanged
		}
		return d.failed(c, why)
	})
	switch {
	case errors.Is(recorded, errUnchanged):
	case recorded != nil:
		log.Error("record a browser that was not started", "why", err, "err", recorded)
	case !ok && !closed:
		log.Error("start browser", "err", err)
	}
}

// end records that nothing of the session's browser is left, and what it has had of the
// network.
func (a *actor) end(log *slog.Logger, usage domain.Usage) {
	a.keepLog()
	whole := a.keepRecording()
	reason := a.closeReason()
	if err := a.change(func(d decider, c *domain.SessionChange) error {
		c.Session.Usage = usage
		if err := d.closing(c, reason); err != nil {
			return err
		}
		d.recorded(c, whole)
		return d.closed(c)
	}); err != nil {
		log.Error("record the end of a session", "err", err)
	}
}

// serve is the time from READY until something ends the session. When it
// returns, the session's row says CLOSING, or a.reason why it will.
func (a *actor) serve(ctx context.Context, b Browser, begin func(decider, *domain.SessionChange) error, before elapsed) {
	a.setBrowser(b)
	var step *current
	if err := a.change(func(d decider, c *domain.SessionChange) (err error) {
		if err := begin(d, c); err != nil {
			return err
		}
		if before.life < a.opt.Timeout {
			step, err = a.next(ctx, d, c)
		}
		return err
	}); err != nil {
		if _, closed := errors.AsType[*domain.TransitionError](err); closed {
			a.close(domain.ClosedRequested) // while it started
		}
		a.unrecorded(ctx, err)
		return
	}
	a.markResumed()
	if before.life >= a.opt.Timeout {
		a.close(domain.ClosedTimeout)
		return
	}
	life := time.NewTimer(a.opt.Timeout - before.life)
	defer life.Stop()
	idle := newIdle(a.opt.IdleTimeout, before.idle)
	defer idle.stop()
	for {
		if step != nil {
			idle.pause()
			next, ok := a.runStep(ctx, b, step, life.C)
			if !ok {
				return
			}
			step = next
			a.restartIdle(idle)
			continue
		}
		select {
		case <-a.woken:
			err := a.change(func(d decider, c *domain.SessionChange) (err error) {
				step, err = a.next(ctx, d, c)
				return err
			})
			if err != nil {
				a.unrecorded(ctx, err)
				return
			}
		case <-a.touched:
			a.restartIdle(idle)
		case <-a.closeCh:
			return
		case <-b.Done():
			a.lost(b, b.Exit())
			return
		case <-life.C:
			a.close(domain.ClosedTimeout)
			return
		case <-idle.c():
			a.close(domain.ClosedIdle)
			return
		case <-ctx.Done():
			a.shutdown()
			return
		}
	}
}

// shutdown ends the session with the server, or leaves its browser to the next.
func (a *actor) shutdown() {
	if a.leaving = a.service.isLeaving() && a.closeReason() == ""; !a.leaving {
		a.close(domain.ClosedShutdown)
	}
}

// unrecorded ends a session of which a change could not be recorded: nothing may
// follow it. Is the server to leave it to the next, then that finds it as it was.
func (a *actor) unrecorded(ctx context.Context, err error) {
	if ctx.Err() != nil && !errors.Is(err, errNotOwner) {
		a.shutdown()
		return
	}
	a.close(domain.ClosedNodeLost)
}

func (a *actor) lost(b Browser, why *domain.Failure) {
	why.StepID = a.last
	if p := b.Page(); p != nil {
		// What it printed last may be what a page wrote to its console.
		why.Message = p.Secrets.Hide(why.Message)
		for i, line := range why.Lines {
			why.Lines[i] = p.Secrets.Hide(line)
		}
	}
	if err := a.change(func(d decider, c *domain.SessionChange) error {
		return d.lost(c, domain.ClosedCrashed, why)
	}); err != nil {
		a.log().Error("record a lost browser", "err", err)
	}
	a.close(domain.ClosedCrashed)
}
