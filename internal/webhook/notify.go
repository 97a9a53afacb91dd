package webhook

import (
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Notify hears of each commit of this server. It doesn't block.
func (e *Engine) Notify(c domain.Commit) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := time.Now(); e.running() {
		e.committed(c, false, now)
		e.advance(now)
	}
}

// Signal hears of those of the other servers. It doesn't block.
func (e *Engine) Signal(s domain.Signal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.running() {
		return
	}
	now := time.Now()
	e.committed(s.Elsewhere, true, now)
	if s.Missed {
		e.look()
	}
	if s.Lost {
		e.lost()
		return
	}
	e.advance(now)
}

// lost releases all that is queued: it may be another server's by now, and only
// what is still this one's is changed by that. What is in flight goes on. Nobody
// claims because of it, neither the lanes nor who waited for the memory: this
// server may have no place among the others until it has joined anew. They go on
// when the releases are recorded, which shows that the database answers.
func (e *Engine) lost() {
	var jobs []domain.Job
	for _, s := range e.lanes {
		jobs = append(jobs, s.invalidate()...)
		e.scheduler.set(&s.turn, s.circuit.suspect(), false)
	}
	e.releaseSoon(jobs)
}

func (e *Engine) committed(c domain.Commit, elsewhere bool, now time.Time) {
	for _, ref := range c.Gone { // first: what is gone claims no more
		if s, ok := e.lanes[ref.ID]; ok {
			s.gone = true
		}
	}
	for _, ref := range c.Changed {
		e.invalidate(ref.ID, now)
	}
	for _, ref := range c.Due {
		if slices.Contains(c.Gone, ref) {
			continue // the last of its deliveries was canceled: nobody will be sent anything
		}
		s := e.lane(ref.ProjectID, ref.ID)
		s.notified(elsewhere)
		e.follow(s, now)
	}
	for _, ref := range c.Gone {
		if s, ok := e.lanes[ref.ID]; ok {
			e.follow(s, now) // which forgets it, when nothing of it is left
		}
	}
}

// invalidate releases what is queued for an endpoint that has changed, or may be
// another server's: it is claimed anew.
func (e *Engine) invalidate(endpoint string, now time.Time) {
	if s, ok := e.lanes[endpoint]; ok {
		e.releaseSoon(s.invalidate())
		e.follow(s, now)
	}
}

// expect has the lanes claim what the store has due.
func (e *Engine) expect(due []domain.Due) {
	now := time.Now()
	for _, d := range due {
		s := e.lane(d.ProjectID, d.EndpointID)
		s.backlog.expect(d.At)
		e.follow(s, now)
	}
	e.advance(now)
}

// look asks the store again for all that is due: another server's work may be
// this one's now, or events of it was lost.
func (e *Engine) look() {
	if e.phase == phaseStarting {
		e.missed = true // the start may have asked already; or it will
		return
	}
	ctx := e.ctx
	e.wg.Go(func() {
		for {
			due, err := e.queue.DueEndpoints(ctx)
			if err == nil {
				e.mu.Lock()
				e.expect(due)
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
