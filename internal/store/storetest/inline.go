package storetest

import (
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// newInline makes a session with an endpoint of its own.
func (w *world) newInline(events ...string) (domain.Session, domain.Endpoint) {
	w.Helper()
	n := w.draftSession(0)
	e := w.endpoint(events...)
	e.SessionID, n.Endpoint = n.Session.ID, &e
	w.ok(w.store.CreateSession(w.ctx, n))
	return n.Session, e
}

// close ends a session, with events of it.
func (w *world) close(s domain.Session) {
	w.Helper()
	w.ok(w.store.ChangeSession(w.ctx, s.ProjectID, s.ID, func(c *domain.SessionChange) error {
		c.Session.Status, c.Session.EndedAt = domain.SessionClosed, start.Add(time.Hour)
		return draftEvents(start, domain.EventBrowserClosed)(c)
	}))
}

// lives says whether the endpoint is there, and sees that all ways to look for
// it say the same.
func (w *world) lives(e domain.Endpoint) bool {
	w.Helper()
	_, err := w.store.Endpoint(w.ctx, w.project, e.ID)
	all, _, bad := w.store.Endpoints(w.ctx, w.project, domain.EndpointFilter{})
	w.ok(bad)
	listed := slices.ContainsFunc(all, func(l domain.Endpoint) bool { return l.ID == e.ID })
	if listed != (err == nil) {
		w.Errorf("listed: %v, read: %v", listed, err)
	}
	if err != nil {
		w.missing("ended endpoint", err)
		w.told("its end", func(c domain.Commit) bool {
			return slices.Contains(c.Gone, e.Ref()) && slices.Contains(c.Changed, e.Ref())
		})
	}
	return err == nil
}

// ends finishes what the claim holds as the engine does for an inline endpoint.
func (w *world) ends(to domain.DeliveryStatus, jobs ...domain.Job) {
	w.Helper()
	var all []domain.Outcome
	for _, j := range jobs {
		o := outcome(j.Delivery, to, start.Add(2*time.Hour))
		o.Inline = true
		all = append(all, o)
	}
	w.ok(w.store.Finish(w.ctx, all, nil))
}

var inlineTests = []test{
	{"ends although its session was asked for more after its end", func(w *world) {
		s, e := w.newInline("*")
		w.say(s, domain.EventStepStarted)
		w.close(s)
		err := w.store.ChangeSession(w.ctx, s.ProjectID, s.ID, func(c *domain.SessionChange) error {
			return domain.Refuse(domain.CodeConflict, "the session has ended")
		})
		w.refused("steps", err, domain.CodeConflict)
		jobs := w.claim(e.ID, start.Add(3*time.Hour), 10).Jobs
		w.equal("jobs", len(jobs), 2)
		w.ends(domain.DeliveryDelivered, jobs...)
		w.equal("after the last", w.lives(e), false)
	}},
	{"ends with its session when nothing is due", func(w *world) {
		s, e := w.newInline("step_*")
		_, quiet := w.newInline("*")
		other := w.newEndpoint("step_*")
		w.say(s, domain.EventStepStarted)
		w.ends(domain.DeliveryDelivered, w.claim(e.ID, start, 10).Jobs...)
		w.equal("while its session is open", w.lives(e), true)
		w.close(s)
		w.equal("after its session", w.lives(e), false)
		w.equal("another session's", w.lives(quiet), true)
		w.equal("one of all sessions", w.lives(other), true)
		sent := w.deliveries(domain.DeliveryFilter{EndpointID: e.ID})
		w.equal("what it was sent can be looked at", ids(sent, func(d domain.Delivery) string { return string(d.Status) }), []string{"DELIVERED"})
		_, err := w.store.RetryDelivery(w.ctx, w.project, sent[0].ID, start, nil)
		w.refused("a retry", err, domain.CodeConflict)
		w.reopen()
		w.equal("after a restart", w.lives(quiet), true)
	}},
	{"lives as long as something is due to it", func(w *world) {
		for _, last := range []domain.DeliveryStatus{domain.DeliveryDelivered, domain.DeliveryFailed, domain.DeliveryCanceled} {
			s, e := w.newInline("*")
			w.say(s, domain.EventStepStarted)
			held := w.claim(e.ID, start, 1).Jobs
			w.close(s)
			w.equal("one is sent, one waits", w.lives(e), true)
			w.ends(domain.DeliveryPending, held...)
			w.equal("both wait", w.lives(e), true)
			w.reopen()
			w.ok(w.store.ReleaseClaims(w.ctx))
			jobs := w.claim(e.ID, start.Add(3*time.Hour), 10).Jobs
			w.equal("jobs", len(jobs), 2)
			w.ends(domain.DeliveryDelivered, jobs[0])
			w.equal("one is left", w.lives(e), true)
			w.ends(last, jobs[1])
			w.equal("the last is "+string(last), w.lives(e), false)
		}
	}},
	{"ends with what is canceled", func(w *world) {
		s, e := w.newInline("*")
		many, f := w.newInline("*")
		w.say(s, domain.EventStepStarted)
		w.say(many, domain.EventStepStarted, domain.EventStepCompleted)
		w.close(s)
		w.close(many)
		for i, d := range w.deliveries(domain.DeliveryFilter{EndpointID: e.ID}) {
			w.equal("before", w.lives(e), true)
			_, err := w.store.CancelDelivery(w.ctx, w.project, d.ID, start.Add(time.Duration(i)))
			w.ok(err)
		}
		w.equal("one after the other", w.lives(e), false)
		_, err := w.store.CancelDeliveries(w.ctx, w.project, domain.DeliveryFilter{EndpointID: f.ID, Status: domain.DeliveryPending}, start)
		w.ok(err)
		w.equal("all at once", w.lives(f), false)
	}},
	{"a paused one waits, a disabled one ends", func(w *world) {
		set := func(e domain.Endpoint, status domain.EndpointStatus) {
			w.Helper()
			w.ok(w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
				c.Endpoint.Status = status
				return nil
			}))
		}
		s, paused := w.newInline("*")
		w.say(s, domain.EventStepStarted)
		set(paused, domain.EndpointPaused)
		w.close(s)
		w.equal("paused", w.lives(paused), true)
		set(paused, domain.EndpointEnabled)
		w.ends(domain.DeliveryDelivered, w.claim(paused.ID, start.Add(time.Hour), 10).Jobs...)
		w.equal("resumed and sent", w.lives(paused), false)

		s, early := w.newInline("*")
		w.say(s, domain.EventStepStarted)
		set(early, domain.EndpointDisabled)
		w.equal("disabled", w.lives(early), true)
		w.close(s)
		w.equal("disabled before its session ended", w.lives(early), false)

		s, late := w.newInline("*")
		w.close(s)
		set(late, domain.EndpointDisabled)
		w.equal("disabled after", w.lives(late), false)

		s, gone := w.newInline("*")
		w.say(s, domain.EventStepStarted)
		w.close(s)
		o := outcome(w.claim(gone.ID, start, 1).Jobs[0].Delivery, domain.DeliveryFailed, start)
		o.Inline, o.Health = true, domain.HealthGone
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{o}, nil))
		w.equal("gone", w.lives(gone), false)
		for _, e := range []domain.Endpoint{early, late, gone} {
			for _, d := range w.deliveries(domain.DeliveryFilter{EndpointID: e.ID, Status: domain.DeliveryCanceled}) {
				w.equal("reason", d.Reason, domain.ReasonEndpointDeleted)
			}
			w.empty("still due", w.deliveries(domain.DeliveryFilter{EndpointID: e.ID, Status: domain.DeliveryPending}))
		}
		due, err := w.store.DueEndpoints(w.ctx)
		w.ok(err)
		w.empty("due", due)
	}},
	{"the last of many at once ends it", func(w *world) {
		const sessions, each = 20, 4
		var all []domain.Endpoint
		var work []func()
		for range sessions {
			s, e := w.newInline("step_*")
			all = append(all, e)
			types := slices.Repeat([]domain.EventType{domain.EventStepStarted}, each)
			w.say(s, types...)
			for _, j := range w.claim(e.ID, start, each).Jobs {
				work = append(work, func() { w.ends(domain.DeliveryDelivered, j) })
			}
			work = append(work, func() { w.close(s) })
		}
		w.equal("work", len(work), sessions*(each+1))
		var wg sync.WaitGroup
		for _, do := range work {
			wg.Go(do)
		}
		wg.Wait()
		for _, e := range all {
			if w.lives(e) {
				w.Errorf("%s lives on", e.ID)
			}
		}
	}},
}
