package webhook

import (
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Notify hears of each commit of this server. It doesn't block.
func (e *Engine) Notify(c domain.Commit) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running {
		e.committed(c, false)
	}
}

// Signal hears of those of the other servers. It doesn't block.
func (e *Engine) Signal(s domain.Signal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.running {
		return
	}
	e.committed(s.Elsewhere, true)
	if s.Lost {
		e.forget()
	}
	if s.Missed {
		e.look()
	}
}

func (e *Engine) committed(c domain.Commit, elsewhere bool) {
	e.changed(c.Changed)
	e.wake(c.Due, elsewhere)
	e.leave(c.Gone)
}

// wake has the endpoints looked at, which may have deliveries due now. Those of
// another server are its to send: this one helps when it has nothing else for
// the endpoint.
func (e *Engine) wake(due []domain.EndpointRef, elsewhere bool) {
	for _, ref := range due {
		l := e.lane(ref.ProjectID, ref.ID)
		l.more = true
		if !elsewhere {
			l.ours, l.refused = true, false
		}
		l.claim()
	}
}

// changed has what waits in memory looked at anew for endpoints that have been
// changed, disabled or deleted.
func (e *Engine) changed(endpoints []domain.EndpointRef) {
	var back []domain.Job
	for _, ref := range endpoints {
		if l, ok := e.lanes[ref.ID]; ok {
			l.stale = l.claiming
			back = append(back, l.drain()...)
		}
	}
	e.returnSoon(back)
}

// leave forgets endpoints that are no more, each as soon as nothing of it is
// under way.
func (e *Engine) leave(endpoints []domain.EndpointRef) {
	for _, ref := range endpoints {
		if l, ok := e.lanes[ref.ID]; ok {
			l.over = true
			l.leave()
		}
	}
}

// forget sends nothing more of what waits in memory: it may be another server's
// by now. It is given back, which changes only what is still this one's. What
// is under way goes on.
func (e *Engine) forget() {
	var back []domain.Job
	for _, l := range e.lanes {
		l.stale = l.claiming
		back = append(back, l.drain()...)
	}
	e.returnSoon(back)
}

// returnSoon gives back what is not to be sent now, and uses the room.
func (e *Engine) returnSoon(back []domain.Job) {
	if len(back) > 0 {
		e.wg.Go(func() { e.giveBack(back) })
	}
	e.feed()
}

// look asks the store again for all that is due: another server's work may be
// this one's now, or news of it was lost.
func (e *Engine) look() {
	if !e.caughtUp {
		e.again = true // the start may have asked already; or it will
		return
	}
	ctx := e.ctx
	e.wg.Go(func() {
		for {
			due, err := e.queue.DueEndpoints(ctx)
			if err == nil {
				e.mu.Lock()
				for _, d := range due {
					e.lane(d.ProjectID, d.EndpointID).expect(d.At)
				}
				e.mu.Unlock()
				return
			}
			if ctx.Err() != nil {
				return
			}
			e.log.Warn("look for what is due; trying again", "err", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	})
}
