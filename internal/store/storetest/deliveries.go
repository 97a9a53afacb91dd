package storetest

import (
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var deliveryTests = []test{
	{"claim takes the longest due first", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		for _, seconds := range []int{5, 1, 3, 1, 60} {
			w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(start.Add(time.Duration(seconds)*time.Second), domain.EventStepStarted)))
		}
		sequences := func(c domain.Claim) []int64 {
			var out []int64
			for _, j := range c.Jobs {
				ev, err := w.store.Event(w.ctx, w.project, j.Delivery.EventID)
				w.ok(err)
				w.equal("body", j.Body, ev.Body)
				w.equal("status", j.Delivery.Status, domain.DeliverySending)
				row, err := w.store.Delivery(w.ctx, w.project, j.Delivery.ID)
				w.ok(err)
				w.equal("row", row, j.Delivery)
				out = append(out, ev.Sequence)
			}
			return out
		}
		at := start.Add(10 * time.Second)
		c := w.claim(e.ID, start, 10)
		w.equal("nothing due yet", c, domain.Claim{Next: start.Add(time.Second)})
		c = w.claim(e.ID, at, 3)
		w.equal("first three", sequences(c), []int64{2, 4, 3})
		w.equal("endpoint", *c.Jobs[0].Endpoint, e)
		w.equal("next", c.Next, start.Add(5*time.Second))
		c = w.claim(e.ID, at, 3)
		w.equal("the rest that is due", sequences(c), []int64{1})
		w.equal("next", c.Next, start.Add(time.Minute))
		c = w.claim(e.ID, at.Add(time.Hour), 3)
		w.equal("the last", sequences(c), []int64{5})
		w.equal("next", c.Next, time.Time{})
		w.equal("nobody's", w.claim("we_none", at, 3), domain.Claim{})
	}},
	{"claims no more bytes than there is room for, but one", func(w *world) {
		e, ordered := w.newEndpoint("step_*"), w.newOrdered("step_*")
		w.say(w.newSession(0), domain.EventStepStarted, domain.EventStepCompleted, domain.EventStepFailed)
		w.say(w.newSession(0), domain.EventStepStarted, domain.EventStepCompleted)
		var bodies [][]byte
		for _, ev := range w.events(domain.EventQuery{}) {
			if strings.HasPrefix(string(ev.Type), "step_") {
				bodies = append(bodies, ev.Body)
			}
		}
		claim := func(e domain.Endpoint, bytes int) (got [][]byte, more bool) {
			c, err := w.store.Claim(w.ctx, e.ID, start, domain.Capacity{Deliveries: 10, Bytes: bytes})
			w.ok(err)
			for _, j := range c.Jobs {
				got = append(got, j.Body)
			}
			return got, !c.Next.IsZero() && !c.Next.After(start)
		}
		check := func(what string, e domain.Endpoint, bytes int, want [][]byte, wantMore bool) {
			w.Helper()
			got, more := claim(e, bytes)
			w.equal(what, got, want)
			w.equal(what+": there is more", more, wantMore)
		}
		check("two fit", e, len(bodies[0])+len(bodies[1]), bodies[:2], true)
		check("nearly two", e, len(bodies[2])+len(bodies[3])-1, bodies[2:3], true)
		check("the first in any case", e, 0, bodies[3:4], true)
		check("the last", e, 0, bodies[4:], false)
		check("in order, the first", ordered, len(bodies[0]), bodies[:1], true)
		check("the other session's, then", ordered, len(bodies[3])+len(bodies[4]), bodies[3:], false)
	}},
	{"finish", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		w.say(s, domain.EventStepStarted, domain.EventStepStarted, domain.EventStepStarted)
		jobs := w.claim(e.ID, start, 10).Jobs
		at := start.Add(time.Second)
		outcomes := []domain.Outcome{
			outcome(jobs[0].Delivery, domain.DeliveryDelivered, at),
			outcome(jobs[1].Delivery, domain.DeliveryPending, at),
			outcome(jobs[2].Delivery, domain.DeliveryFailed, at),
		}
		outcomes[1].Attempt.Response, outcomes[1].Attempt.StatusCode = nil, 0
		w.ok(w.store.Finish(w.ctx, outcomes, nil))
		w.reopen()
		for _, o := range outcomes {
			d, err := w.store.Delivery(w.ctx, w.project, o.Delivery.ID)
			w.ok(err)
			w.equal("delivery", d, o.Delivery)
			attempts, err := w.store.Attempts(w.ctx, w.project, d.ID)
			w.ok(err)
			w.equal("attempts", attempts, []domain.Attempt{o.Attempt})
		}
		c := w.claim(e.ID, at, 10)
		w.equal("not due again yet", len(c.Jobs), 0)
		w.equal("next", c.Next, at.Add(5*time.Second))
		c = w.claim(e.ID, c.Next, 10)
		w.equal("due again", c.Jobs[0].Delivery.ID, jobs[1].Delivery.ID)
		w.equal("tries", c.Jobs[0].Delivery.Tries, 1)
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(c.Jobs[0].Delivery, domain.DeliveryDelivered, at)}, nil))
		attempts, err := w.store.Attempts(w.ctx, w.project, jobs[1].Delivery.ID)
		w.ok(err)
		w.equal("numbers", []int{attempts[0].Number, attempts[1].Number}, []int{1, 2})
		page, err := w.store.AttemptsPage(w.ctx, w.project, jobs[1].Delivery.ID, 0, 1)
		w.ok(err)
		w.equal("first page", page, attempts[:1])
		page, err = w.store.AttemptsPage(w.ctx, w.project, jobs[1].Delivery.ID, 1, 5)
		w.ok(err)
		w.equal("second page", page, attempts[1:])
	}},
	{"give back untried", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		w.say(s, domain.EventStepStarted)
		d := w.claim(e.ID, start, 10).Jobs[0].Delivery
		d.Status = domain.DeliveryPending
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{{Delivery: d}}, nil))
		got, err := w.store.Delivery(w.ctx, w.project, d.ID)
		w.ok(err)
		w.equal("delivery", got, d)
		attempts, err := w.store.Attempts(w.ctx, w.project, d.ID)
		w.ok(err)
		w.empty("attempts", attempts)
		w.equal("due at once", len(w.claim(e.ID, start, 10).Jobs), 1)
	}},
	{"finish disables", func(w *world) {
		s := w.newSession(0)
		e, witness := w.newEndpoint("step_*"), w.newEndpoint("endpoint_disabled")
		w.say(s, domain.EventStepStarted, domain.EventStepStarted)
		var outcomes []domain.Outcome // told twice, it is disabled once
		for _, j := range w.claim(e.ID, start, 2).Jobs {
			o := outcome(j.Delivery, domain.DeliveryFailed, start.Add(time.Second))
			o.Health = domain.HealthGone
			outcomes = append(outcomes, o)
		}
		w.ok(w.store.Finish(w.ctx, outcomes, nil))
		got, err := w.store.Endpoint(w.ctx, w.project, e.ID)
		w.ok(err)
		w.equal("status", got.Status, domain.EndpointDisabled)
		w.equal("reason", got.DisabledReason, "gone")
		w.equal("updated", got.UpdatedAt, start.Add(time.Second))
		w.equal("claim", w.claim(e.ID, start, 1), domain.Claim{})
		w.equal("told", len(w.claim(witness.ID, start.Add(time.Minute), 10).Jobs), 1)
	}},
	{"finish is all or nothing", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("step_*")
		w.say(s, domain.EventStepStarted)
		o := outcome(w.claim(e.ID, start, 1).Jobs[0].Delivery, domain.DeliveryFailed, start)
		o.Health = domain.HealthGone
		if err := w.store.Finish(w.ctx, []domain.Outcome{o}, []domain.Draft{{ProjectID: "proj_none"}}); err == nil {
			w.Fatal("news for no project was accepted")
		}
		d, err := w.store.Delivery(w.ctx, w.project, o.Delivery.ID)
		w.ok(err)
		w.equal("status", d.Status, domain.DeliverySending)
		w.say(s, domain.EventStepStarted)
		w.equal("enabled still", len(w.claim(e.ID, start, 1).Jobs), 1)
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{o}, nil))
	}},
	{"retry", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		for _, ended := range []domain.DeliveryStatus{domain.DeliveryDelivered, domain.DeliveryFailed} {
			w.say(s, domain.EventStepStarted)
			d := w.claim(e.ID, start, 10).Jobs[0].Delivery
			_, err := w.store.RetryDelivery(w.ctx, w.project, d.ID, start, nil)
			w.refused("retry while sending", err, domain.CodeConflict)
			w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(d, ended, start)}, nil))
			at := start.Add(time.Hour)
			got, err := w.store.RetryDelivery(w.ctx, w.project, d.ID, at, nil)
			w.ok(err)
			d.Status, d.Attempts, d.Tries, d.NextAt = domain.DeliveryPending, 1, 0, at
			w.equal("retried", got, d)
			row, err := w.store.Delivery(w.ctx, w.project, d.ID)
			w.ok(err)
			w.equal("row", row, d)
			w.equal("due", len(w.claim(e.ID, at, 10).Jobs), 1)
		}
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(start.Add(time.Hour), domain.EventStepStarted)))
		d := w.deliveries(domain.DeliveryFilter{Status: domain.DeliveryPending})[0]
		got, err := w.store.RetryDelivery(w.ctx, w.project, d.ID, start, nil)
		w.ok(err)
		w.equal("pending, but sooner", got.NextAt, start)
		w.equal("due", len(w.claim(e.ID, start, 10).Jobs), 1)
		_, err = w.store.RetryDelivery(w.ctx, w.project, "dlv_none", start, nil)
		w.missing("delivery", err)
	}},
	{"release at the start", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		w.say(s, domain.EventStepStarted, domain.EventStepStarted, domain.EventStepStarted)
		jobs := w.claim(e.ID, start, 2).Jobs
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(jobs[0].Delivery, domain.DeliveryDelivered, start)}, nil))
		w.reopen()
		w.ok(w.store.ReleaseClaims(w.ctx))
		w.equal("due", len(w.claim(e.ID, start, 10).Jobs), 2)
	}},
	{"who is due when", func(w *world) {
		s := w.newSession(0)
		due := func() map[string]time.Time {
			all, err := w.store.DueEndpoints(w.ctx)
			w.ok(err)
			got := map[string]time.Time{}
			for _, d := range all {
				w.equal("project", d.ProjectID, w.project)
				got[d.EndpointID] = d.At
			}
			w.equal("each once", len(got), len(all))
			return got
		}
		w.equal("none", due(), map[string]time.Time{})
		a, b := w.newEndpoint("step_*"), w.newEndpoint("browser_*")
		w.newEndpoint("*") // has something at both times
		quiet := w.newEndpoint("browser_closed")
		w.say(s, domain.EventBrowserReady)
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(start.Add(time.Hour), domain.EventStepStarted)))
		got := due()
		w.equal("number", len(got), 3)
		w.equal("a", got[a.ID], start.Add(time.Hour))
		w.equal("b", got[b.ID], start)
		if _, ok := got[quiet.ID]; ok {
			w.Error("an endpoint with nothing to send is due")
		}
		jobs := w.claim(b.ID, start, 10).Jobs
		if _, ok := due()[b.ID]; ok {
			w.Error("an endpoint whose only delivery is being sent is due")
		}
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(jobs[0].Delivery, domain.DeliveryPending, start)}, nil))
		w.equal("after a failure", due()[b.ID], start.Add(5*time.Second))
	}},
	{"a delivery is claimed by one only", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		const events, claimers = 200, 8
		many := make([]domain.EventType, events)
		for i := range many {
			many[i] = domain.EventStepStarted
		}
		w.say(s, many...)
		var mu sync.Mutex
		claimed := map[string]int{}
		var wg sync.WaitGroup
		for range claimers {
			wg.Go(func() {
				for {
					c, err := w.store.Claim(w.ctx, e.ID, start, capacityFor(7))
					if err != nil {
						w.Errorf("claim: %v", err)
						return
					}
					if len(c.Jobs) == 0 {
						return
					}
					mu.Lock()
					for _, j := range c.Jobs {
						claimed[j.Delivery.ID]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		w.equal("claimed", len(claimed), events)
		for id, n := range claimed {
			w.equal("claims of "+id, n, 1)
		}
	}},
}
