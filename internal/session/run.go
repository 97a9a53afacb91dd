package session

import (
	"context"
	"errors"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// runWithRetries runs a step, again and again if it is to be.
func (a *actor) runWithRetries(ctx context.Context, b Browser, spec *step.Spec, saved *saver) (o outcome) {
	for ; ; spec.Retries-- {
		if o.why = spec.Load(ctx, step.Sources{Artifact: saved.fetch, Storage: saved.storage, Dial: b.Dial}); o.why == nil {
			o.result, o.why = a.service.RunStep(ctx, b.Page(), spec, saved.save)
		}
		if o.why == nil || spec.Retries == 0 || !step.Retryable(o.why) || ctx.Err() != nil {
			return o
		}
		saved.drop()
		o.tries = append(o.tries, *o.why)
	}
}

// runStep runs one step, records what became of it and starts the next in the
// same transaction. It returns false when the session ends.
func (a *actor) runStep(ctx context.Context, b Browser, st *current, life <-chan time.Time) (next *current, ok bool) {
	defer st.cancel(nil)
	saved := &saver{actor: a, step: st.Step}
	finished := make(chan outcome, 1)
	go func() {
		if p := b.Page(); p != nil {
			defer p.Tabs().AttributeTo(st.ID)()
		}
		spec, why := a.service.readStep(st.Step)
		if why != nil {
			finished <- outcome{why: why}
			return
		}
		finished <- a.runWithRetries(st.ctx, b, spec, saved)
	}()
	var o outcome
	drained, closing := a.service.hurry, a.closeCh
wait:
	for {
		select {
		case o = <-finished:
			break wait
		case <-closing:
			closing = nil
			st.cancel(errEnding)
		case <-life:
			a.close(domain.ClosedTimeout)
		case <-drained: // the step might finish when the stop began, for a while
			drained = nil
			if a.shutdown(); a.leaving {
				st.cancel(errLeaving)
			}
		case <-b.Done():
			st.cancel(errEnding)
			a.waitFinished(finished)
			saved.drop()
			a.lost(b, b.Exit())
			return nil, false
		case <-a.service.working.Done():
			return nil, false // it hangs: the next start finds it interrupted
		}
	}
	if why := a.lossBehind(b, o.why); why != nil {
		saved.drop()
		a.lost(b, why)
		return nil, false
	}
	o.interrupted = o.why != nil && errors.Is(context.Cause(st.ctx), errLeaving)
	o.canceled = o.why != nil && context.Cause(st.ctx) != nil && !o.interrupted
	saved.retain(o.why, o.canceled || o.interrupted)
	end := a.closeReason() != "" || ctx.Err() != nil
	err := a.change(func(dec decider, c *domain.SessionChange) (err error) {
		next = nil
		if err := dec.finished(c, st.ID, o); err != nil {
			return err
		}
		c.Artifacts = saved.artifacts
		if used := b.Used(); used != (domain.Usage{}) { // for who can't ask, or not any more
			c.Session.Usage = used
		}
		if !end {
			next, err = a.next(ctx, dec, c)
		}
		return err
	})
	if err != nil {
		a.log().Error("record a step", "step", st.ID, "err", err)
		a.unrecorded(ctx, err)
	}
	if end && ctx.Err() != nil {
		a.shutdown()
	}
	return next, !end && err == nil
}

// waitFinished waits for a step that has been canceled, unless it hangs.
func (a *actor) waitFinished(finished <-chan outcome) {
	select {
	case <-finished:
	case <-a.service.working.Done():
	}
}

// lossBehind says how the browser was lost if that is why a step failed: the
// step's own failure by it may come first.
func (a *actor) lossBehind(b Browser, why *domain.Failure) *domain.Failure {
	if why == nil {
		return nil
	}
	switch {
	case why.Code == step.CodeBrowserGone, wireEnded(b):
		<-b.Done() // so does what is left of it
	case why.Code == step.CodeCrashed:
		select {
		case <-b.Done():
		case <-time.After(crashGrace):
		}
	}
	select {
	case <-b.Done():
		return b.Exit()
	default:
		return nil
	}
}

// wireEnded says whether nothing can be asked of the browser any more.
func wireEnded(b Browser) bool {
	p := b.Page()
	if p == nil {
		return false
	}
	select {
	case <-p.Conn.Done():
		return true
	default:
		return false
	}
}

// crashGrace is how long after a page's renderer the browser may be found dead
// too, when all of it was killed at once.
const crashGrace = 200 * time.Millisecond
