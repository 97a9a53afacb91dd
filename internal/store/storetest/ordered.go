package storetest

import (
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

func (w *world) newOrdered(events ...string) domain.Endpoint {
	w.Helper()
	e := w.endpoint(events...)
	e.Ordered = true
	w.ok(w.store.CreateEndpoint(w.ctx, e, nil))
	return e
}

// finish records that a delivery was tried.
func (w *world) finish(d domain.Delivery, to domain.DeliveryStatus, at time.Time) {
	w.Helper()
	w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(d, to, at)}, nil))
}

var orderedTests = []test{
	{"what is tried again is still the first", func(w *world) {
		s := w.newSession(0)
		e := w.newOrdered("step_*")
		w.say(s, domain.EventStepStarted, domain.EventStepCompleted, domain.EventStepFailed)
		w.finish(w.claim(e.ID, start, 1).Jobs[0].Delivery, domain.DeliveryPending, start)
		var turn []domain.EventType
		for _, j := range w.claim(e.ID, start.Add(5*time.Second), 10).Jobs {
			turn = append(turn, j.Delivery.EventType)
		}
		w.equal("turn", turn, []domain.EventType{domain.EventStepStarted, domain.EventStepCompleted, domain.EventStepFailed})
	}},
	{"a session's events are claimed in turn", func(w *world) {
		a, b := w.newSession(0), w.newSession(0)
		e := w.newOrdered("step_*")
		w.say(a, domain.EventStepStarted, domain.EventStepCompleted)
		w.say(b, domain.EventStepStarted)
		w.say(a, domain.EventStepFailed)
		types := func(jobs []domain.Job, session string) (out []domain.EventType) {
			for _, j := range jobs {
				if j.Delivery.SessionID == session {
					out = append(out, j.Delivery.EventType)
				}
			}
			return out
		}
		c := w.claim(e.ID, start, 10)
		w.equal("of a", types(c.Jobs, a.ID), []domain.EventType{domain.EventStepStarted, domain.EventStepCompleted, domain.EventStepFailed})
		w.equal("of b", types(c.Jobs, b.ID), []domain.EventType{domain.EventStepStarted})
		w.equal("ordered", c.Jobs[0].Endpoint.Ordered, true)
		w.equal("next", c.Next, time.Time{})

		// The first of a fails, the others of it are given back: they wait for
		// it, and b's next doesn't.
		var outcomes []domain.Outcome
		for _, j := range c.Jobs {
			switch {
			case j.Delivery.SessionID == b.ID:
				outcomes = append(outcomes, outcome(j.Delivery, domain.DeliveryDelivered, start))
			case j.Delivery.EventType == domain.EventStepStarted:
				outcomes = append(outcomes, outcome(j.Delivery, domain.DeliveryPending, start))
			default:
				j.Delivery.Status = domain.DeliveryPending
				outcomes = append(outcomes, domain.Outcome{Delivery: j.Delivery})
			}
		}
		w.ok(w.store.Finish(w.ctx, outcomes, nil))
		w.say(b, domain.EventStepFailed)
		c = w.claim(e.ID, start.Add(time.Second), 10)
		w.equal("while a's first waits", len(c.Jobs), 1)
		w.equal("b's next", c.Jobs[0].Delivery.SessionID, b.ID)
		w.equal("next", c.Next, start.Add(5*time.Second))
		due, err := w.store.DueEndpoints(w.ctx)
		w.ok(err)
		w.equal("due", due, []domain.Due{{ProjectID: w.project, EndpointID: e.ID, At: start.Add(5 * time.Second)}})

		// Given up, it lets the others go.
		c = w.claim(e.ID, start.Add(5*time.Second), 1)
		w.equal("a's first", types(c.Jobs, a.ID), []domain.EventType{domain.EventStepStarted})
		w.equal("nothing of a while it is sent", len(w.claim(e.ID, start.Add(time.Hour), 10).Jobs), 0)
		w.finish(c.Jobs[0].Delivery, domain.DeliveryFailed, start.Add(6*time.Second))
		c = w.claim(e.ID, start.Add(time.Hour), 10)
		w.equal("the rest", types(c.Jobs, a.ID), []domain.EventType{domain.EventStepCompleted, domain.EventStepFailed})
	}},
	{"a limit cuts a session's run", func(w *world) {
		s := w.newSession(0)
		e := w.newOrdered("*")
		for range 5 {
			w.say(s, domain.EventStepStarted)
		}
		first := w.claim(e.ID, start, 2)
		w.equal("jobs", len(first.Jobs), 2)
		w.equal("none beside them", len(w.claim(e.ID, start, 10).Jobs), 0)
		for _, j := range first.Jobs {
			w.finish(j.Delivery, domain.DeliveryDelivered, start)
		}
		rest := w.claim(e.ID, start, 10)
		w.equal("the rest", len(rest.Jobs), 3)
	}},
	{"each session has its turn", func(w *world) {
		e := w.newOrdered("*")
		sessions := make([]domain.Session, 5)
		for i := range sessions {
			sessions[i] = w.newSession(0)
			w.say(sessions[i], domain.EventStepStarted)
		}
		// The first always have something: that must not keep the others waiting.
		seen := map[string]int{}
		for range 6 {
			c := w.claim(e.ID, start, 2)
			w.equal("jobs", len(c.Jobs), 2)
			for _, j := range c.Jobs {
				seen[j.Delivery.SessionID]++
				w.finish(j.Delivery, domain.DeliveryDelivered, start)
			}
			w.say(sessions[0], domain.EventStepStarted)
			w.say(sessions[1], domain.EventStepStarted)
		}
		for _, s := range sessions {
			if seen[s.ID] == 0 {
				w.Errorf("a session never had its turn: %v", seen)
			}
		}
		// Those that are left are all found, wherever the last claim has ended.
		left := w.claim(e.ID, start, 100)
		w.equal("all", len(left.Jobs)+12, 5+12)
		w.equal("next", left.Next, time.Time{})
	}},
	{"each session has its turn when there is room for one body", func(w *world) {
		e := w.newOrdered("*")
		sessions := []domain.Session{w.newSession(0), w.newSession(0), w.newSession(0)}
		turns := map[string]int{}
		for range 9 {
			for _, s := range sessions {
				w.say(s, domain.EventStepStarted, domain.EventStepCompleted)
			}
			c, err := w.store.Claim(w.ctx, e.ID, start, domain.Capacity{Deliveries: 100})
			w.ok(err)
			w.equal("jobs", len(c.Jobs), 1)
			turns[c.Jobs[0].Delivery.SessionID]++
			w.finish(c.Jobs[0].Delivery, domain.DeliveryDelivered, start)
		}
		for _, s := range sessions {
			w.equal("turns of 9", turns[s.ID], 3)
		}
	}},
	{"new sessions don't put off the turn of the others", func(w *world) {
		e := w.newOrdered("*")
		old := []domain.Session{w.newSession(0), w.newSession(0), w.newSession(0)}
		turns := map[string]int{}
		for range 12 {
			for _, s := range append(old, w.newSession(0), w.newSession(0)) {
				w.say(s, domain.EventStepStarted)
			}
			for _, j := range w.claim(e.ID, start, 2).Jobs {
				turns[j.Delivery.SessionID]++
				w.finish(j.Delivery, domain.DeliveryDelivered, start)
			}
		}
		for _, s := range old {
			if turns[s.ID] < 2 {
				w.Errorf("of 12 claims an old session had %d: %v", turns[s.ID], turns)
			}
		}
	}},
	{"one that waits for its next try is not sent with those before it", func(w *world) {
		s := w.newSession(0)
		e := w.newOrdered("*")
		w.say(s, domain.EventStepStarted, domain.EventStepCompleted, domain.EventStepFailed)
		jobs := w.claim(e.ID, start, 2).Jobs
		w.finish(jobs[0].Delivery, domain.DeliveryFailed, start)
		w.finish(jobs[1].Delivery, domain.DeliveryPending, start)
		_, err := w.store.RetryDelivery(w.ctx, w.project, jobs[0].Delivery.ID, start, nil)
		w.ok(err)
		c := w.claim(e.ID, start, 10)
		w.equal("jobs", ids(c.Jobs, func(j domain.Job) string { return j.Delivery.ID }), []string{jobs[0].Delivery.ID})
		w.finish(c.Jobs[0].Delivery, domain.DeliveryDelivered, start)
		c = w.claim(e.ID, start, 10)
		w.equal("jobs", len(c.Jobs), 0)
		w.equal("next", c.Next, start.Add(5*time.Second))
		w.equal("the rest", len(w.claim(e.ID, c.Next, 10).Jobs), 2)
	}},
	{"in turn after a restart", func(w *world) {
		s := w.newSession(0)
		e := w.newOrdered("*")
		w.say(s, domain.EventStepStarted, domain.EventStepCompleted)
		first := w.claim(e.ID, start, 10)
		w.finish(first.Jobs[0].Delivery, domain.DeliveryDelivered, start)
		w.reopen()
		w.ok(w.store.ReleaseClaims(w.ctx))
		c := w.claim(e.ID, start, 10)
		w.equal("jobs", len(c.Jobs), 1)
		w.equal("the second", c.Jobs[0].Delivery.EventType, domain.EventStepCompleted)
	}},
	{"news without a session is in turn too", func(w *world) {
		e := w.newOrdered("webhook_test")
		for range 2 {
			_, err := w.store.SendTest(w.ctx, w.project, e.ID, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", start), nil)
			w.ok(err)
		}
		w.equal("jobs", len(w.claim(e.ID, start, 1).Jobs), 1)
		w.equal("while the first is sent", len(w.claim(e.ID, start, 1).Jobs), 0)
	}},
}
