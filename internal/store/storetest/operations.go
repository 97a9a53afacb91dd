package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var operationTests = []test{
	{"settings, headers and health are kept", func(w *world) {
		e := w.endpoint("*")
		e.Filter = domain.Filter{Metadata: map[string][]string{"env": {"prod", "staging"}}}
		e.Ordered, e.RateLimit, e.Concurrency = true, 7, 3
		e.Headers = []domain.Header{{Name: "X-A", Value: "1"}, {Name: "Authorization", Value: "Bearer x", Secret: true}}
		e.Secrets = append(e.Secrets, domain.Secret{Value: domain.PrivateKeyPrefix + "AAAA"})
		e.FailingSince, e.FailingTold = start.Add(time.Second), start.Add(time.Minute)
		w.ok(w.store.CreateEndpoint(w.ctx, e, nil))
		got, err := w.store.Endpoint(w.ctx, w.project, e.ID)
		w.ok(err)
		w.equal("created", got, e)
		w.newEndpoint("*")
		signing, err := w.store.SigningEndpoints(w.ctx)
		w.ok(err)
		w.equal("with a key pair", signing, []domain.Endpoint{e})
		w.ok(w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
			c.Endpoint.Headers, c.Endpoint.Secrets = nil, c.Endpoint.Secrets[:1]
			c.Endpoint.FailingSince, c.Endpoint.FailingTold = time.Time{}, time.Time{}
			return nil
		}))
		e.Headers, e.Secrets, e.FailingSince, e.FailingTold = nil, e.Secrets[:1], time.Time{}, time.Time{}
		got, err = w.store.Endpoint(w.ctx, w.project, e.ID)
		w.ok(err)
		w.equal("changed", got, e)
		signing, err = w.store.SigningEndpoints(w.ctx)
		w.ok(err)
		w.empty("with a key pair", signing)
	}},
	{"a filter picks by the session's metadata", func(w *world) {
		s := w.newSession(0) // order 17
		yes, no := w.endpoint("*"), w.endpoint("*")
		yes.Filter.Metadata = map[string][]string{"order": {"16", "17"}}
		no.Filter.Metadata = map[string][]string{"order": {"16"}, "name": {"Zoë"}}
		w.ok(w.store.CreateEndpoint(w.ctx, yes, nil))
		w.ok(w.store.CreateEndpoint(w.ctx, no, nil))
		w.say(s, domain.EventStepStarted)
		w.equal("told", ids(w.deliveries(domain.DeliveryFilter{}), func(d domain.Delivery) string { return d.EndpointID }), []string{yes.ID})
	}},
	{"paused waits, resumed is due", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		set := func(status domain.EndpointStatus) {
			w.Helper()
			w.ok(w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
				c.Endpoint.Status = status
				return nil
			}))
		}
		set(domain.EndpointPaused)
		w.say(s, domain.EventStepStarted)
		w.equal("claim", w.claim(e.ID, start, 10), domain.Claim{})
		set(domain.EndpointEnabled)
		w.equal("jobs", len(w.claim(e.ID, start, 10).Jobs), 1)
	}},
	{"signs of health", func(w *world) {
		s := w.newSession(0)
		e, witness := w.newEndpoint("step_*"), w.newEndpoint("endpoint_failing", "endpoint_disabled")
		show := func(health domain.Health, at time.Time) domain.Endpoint {
			w.Helper()
			w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(start, domain.EventStepStarted)))
			o := outcome(w.claim(e.ID, start, 1).Jobs[0].Delivery, domain.DeliveryFailed, at)
			o.Health = health
			w.ok(w.store.Finish(w.ctx, []domain.Outcome{o}, nil))
			got, err := w.store.Endpoint(w.ctx, w.project, e.ID)
			w.ok(err)
			return got
		}
		since := start.Add(time.Minute)
		w.equal("since", show(domain.HealthBad, since).FailingSince, since)
		w.equal("still since", show(domain.HealthBad, since.Add(time.Minute)).FailingSince, since)
		w.equal("not told yet", len(w.claim(witness.ID, start.Add(time.Hour), 10).Jobs), 0)
		told := since.Add(domain.FailingAfter)
		w.equal("told", show(domain.HealthBad, told).FailingTold, told)
		w.equal("once", show(domain.HealthBad, told.Add(time.Minute)).FailingTold, told)
		w.equal("the witness hears", len(w.claim(witness.ID, told.Add(time.Hour), 10).Jobs), 1)
		w.equal("healthy", show(domain.HealthGood, told.Add(time.Hour)).FailingSince, time.Time{})
		show(domain.HealthBad, since)
		disabled := show(domain.HealthBad, since.Add(domain.DisabledAfter))
		w.equal("status", disabled.Status, domain.EndpointDisabled)
		w.equal("reason", disabled.DisabledReason, "failing")
	}},
	{"what is stale is skipped if the endpoint asks for it", func(w *world) {
		s := w.newSession(0)
		plain, e := w.newEndpoint("*"), w.endpoint("*")
		e.SkipStale, e.RetrySchedule = true, []time.Duration{time.Second, 7 * 24 * time.Hour}
		w.ok(w.store.CreateEndpoint(w.ctx, e, nil))
		w.say(s, domain.EventBrowserReady, domain.EventStepStarted)
		expired := func(endpoint string, at time.Time) []bool {
			w.Helper()
			var all []bool
			for _, j := range w.claim(endpoint, at, 10).Jobs {
				all = append(all, j.Expired)
				w.finish(j.Delivery, domain.DeliveryPending, start)
			}
			return all
		}
		w.equal("in time", expired(e.ID, start), []bool{false, false})
		w.equal("in time, to the other", expired(plain.ID, start), []bool{false, false})
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			c.Session.Status, c.Session.EndedAt = domain.SessionClosed, start.Add(time.Second)
			return nil
		}))
		w.equal("late, to who hasn't asked", expired(plain.ID, start.Add(time.Minute)), []bool{false, false})
		c := w.claim(e.ID, start.Add(time.Minute), 10)
		w.equal("late", []bool{c.Jobs[0].Expired, c.Jobs[1].Expired}, []bool{true, false})
		w.equal("schedule", c.Jobs[0].Endpoint.RetrySchedule, e.RetrySchedule)
		d := c.Jobs[0].Delivery
		d.Status, d.EndedAt, d.Reason = domain.DeliveryCanceled, start.Add(time.Minute), domain.ReasonExpired
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{{Delivery: d}}, nil))
		got, err := w.store.Delivery(w.ctx, w.project, d.ID)
		w.ok(err)
		w.equal("delivery", got, d)
	}},
	{"cancel", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		w.say(s, domain.EventStepStarted, domain.EventStepCompleted)
		jobs := w.claim(e.ID, start, 1).Jobs
		waiting := w.deliveries(domain.DeliveryFilter{Status: domain.DeliveryPending})[0]
		at := start.Add(time.Second)
		got, err := w.store.CancelDelivery(w.ctx, w.project, waiting.ID, at)
		w.ok(err)
		waiting.Status, waiting.Reason, waiting.EndedAt = domain.DeliveryCanceled, domain.ReasonRequested, at
		w.equal("answer", got, waiting)
		got, err = w.store.Delivery(w.ctx, w.project, waiting.ID)
		w.ok(err)
		w.equal("row", got, waiting)
		w.told("the endpoint's change", func(c domain.Commit) bool {
			return slices.Contains(c.Changed, e.Ref()) && slices.Contains(c.Due, e.Ref())
		})
		_, err = w.store.CancelDelivery(w.ctx, w.project, waiting.ID, at)
		w.refused("twice", err, domain.CodeConflict)
		_, err = w.store.CancelDelivery(w.ctx, w.project, "dlv_none", at)
		w.missing("delivery", err)

		// What is on its way keeps its attempt and isn't tried again.
		_, err = w.store.CancelDelivery(w.ctx, w.project, jobs[0].Delivery.ID, at)
		w.ok(err)
		_, err = w.store.RetryDelivery(w.ctx, w.project, jobs[0].Delivery.ID, at, nil)
		w.refused("retry while it is on its way", err, domain.CodeConflict)
		w.finish(jobs[0].Delivery, domain.DeliveryPending, at)
		got, err = w.store.Delivery(w.ctx, w.project, jobs[0].Delivery.ID)
		w.ok(err)
		w.equal("status", got.Status, domain.DeliveryCanceled)
		w.equal("attempts", got.Attempts, 1)
		w.equal("claim", len(w.claim(e.ID, start.Add(time.Hour), 10).Jobs), 0)
		_, err = w.store.RetryDelivery(w.ctx, w.project, got.ID, at, nil)
		w.ok(err)
		w.equal("retried", len(w.claim(e.ID, at, 10).Jobs), 1)
	}},
	{"many at once", func(w *world) {
		s := w.newSession(0)
		e, other := w.newEndpoint("*"), w.newEndpoint("*")
		many := make([]domain.EventType, 1200) // more than one change takes
		for i := range many {
			many[i] = domain.EventStepStarted
		}
		w.say(s, many...)
		only := domain.DeliveryFilter{EndpointID: e.ID, Status: domain.DeliveryPending}
		held := w.claim(e.ID, start, 1).Jobs[0].Delivery
		n, err := w.store.CancelDeliveries(w.ctx, w.project, only, start.Add(time.Second))
		w.ok(err)
		w.equal("canceled", n, 1199)
		w.finish(held, domain.DeliveryDelivered, start)
		w.equal("none left", len(w.deliveries(only)), 0)
		w.equal("the other's", len(w.deliveries(domain.DeliveryFilter{EndpointID: other.ID, Status: domain.DeliveryPending})), 1200)
		n, err = w.store.RetryDeliveries(w.ctx, w.project, domain.DeliveryFilter{EndpointID: e.ID, Status: domain.DeliveryCanceled}, start, nil)
		w.ok(err)
		w.equal("retried", n, 1199)
		w.equal("due", len(w.claim(e.ID, start, 5000).Jobs), 1199)
		n, err = w.store.RetryDeliveries(w.ctx, w.project, only, start, nil)
		w.ok(err)
		w.equal("while they are sent", n, 0)
	}},
	{"by event", func(w *world) {
		s := w.newSession(0)
		a, b := w.newEndpoint("*"), w.newEndpoint("*")
		w.say(s, domain.EventStepStarted, domain.EventStepCompleted)
		ev := w.events(domain.EventQuery{})[0]
		got := map[string]bool{}
		for _, d := range w.deliveries(domain.DeliveryFilter{EventID: ev.ID}) {
			w.equal("event", d.EventID, ev.ID)
			got[d.EndpointID] = true
		}
		w.equal("endpoints", got, map[string]bool{a.ID: true, b.ID: true})
	}},
	{"recover", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("step_*")
		now := time.Now().UTC().Truncate(time.Millisecond)
		say := func(at time.Time, types ...domain.EventType) {
			w.Helper()
			w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(at, types...)))
		}
		set := func(status domain.EndpointStatus) {
			w.Helper()
			w.ok(w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
				c.Endpoint.Status = status
				return nil
			}))
		}
		say(now.Add(-time.Second), domain.EventStepStarted) // delivered
		say(now, domain.EventStepCompleted)                 // given up
		jobs := w.claim(e.ID, now, 10).Jobs
		w.finish(jobs[0].Delivery, domain.DeliveryDelivered, now)
		w.finish(jobs[1].Delivery, domain.DeliveryFailed, now)
		set(domain.EndpointDisabled)
		for range 600 { // passes it by
			say(now, domain.EventStepFailed)
		}
		say(now, domain.EventBrowserClosed) // it doesn't want
		_, err := w.store.Recover(w.ctx, w.project, e.ID, now.Add(-time.Minute), now.Add(time.Minute), now, nil)
		w.refused("of a disabled endpoint", err, domain.CodeConflict)
		set(domain.EndpointEnabled)
		say(now, domain.EventStepCanceled) // is due anyway
		later := now.Add(time.Second)
		n, err := w.store.Recover(w.ctx, w.project, e.ID, now, now.Add(time.Minute), later, nil)
		w.ok(err)
		w.equal("recovered", n, 601)
		n, err = w.store.Recover(w.ctx, w.project, e.ID, now, now.Add(time.Minute), later, nil)
		w.ok(err)
		w.equal("again", n, 0)
		w.equal("due", len(w.claim(e.ID, later, 5000).Jobs), 602)
		_, err = w.store.Recover(w.ctx, w.project, "we_none", now, later, later, nil)
		w.missing("endpoint", err)
	}},
	{"recover concerns its endpoint alone", func(w *world) {
		s := w.newSession(0)
		now := time.Now().UTC().Truncate(time.Millisecond)
		e, other := w.newEndpoint("browser_*"), w.newEndpoint("*")
		test := func(e domain.Endpoint) domain.Delivery {
			w.Helper()
			id, err := w.store.SendTest(w.ctx, w.project, e.ID, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", now), nil)
			w.ok(err)
			for _, j := range w.claim(e.ID, now, 10).Jobs {
				w.finish(j.Delivery, domain.DeliveryFailed, now)
			}
			d, err := w.store.Delivery(w.ctx, w.project, id)
			w.ok(err)
			w.equal("status", d.Status, domain.DeliveryFailed)
			return d
		}
		recovered := func(e domain.Endpoint) (got []string) {
			w.Helper()
			n, err := w.store.Recover(w.ctx, w.project, e.ID, now.Add(-time.Minute), now.Add(time.Minute), now, nil)
			w.ok(err)
			jobs := w.claim(e.ID, now, 10).Jobs
			w.equal("recovered", n, len(jobs))
			for _, j := range jobs {
				got = append(got, j.Delivery.EventID)
				w.finish(j.Delivery, domain.DeliveryDelivered, now)
			}
			slices.Sort(got)
			return got
		}
		ours, theirs := test(e), test(other)
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(now, domain.EventBrowserReady, domain.EventStepStarted)))
		all := w.events(domain.EventQuery{SessionID: s.ID})
		for _, one := range []domain.Endpoint{e, other} {
			for _, j := range w.claim(one.ID, now, 10).Jobs {
				w.finish(j.Delivery, domain.DeliveryFailed, now)
			}
		}
		w.equal("of one", recovered(e), []string{ours.EventID, all[0].ID})
		w.equal("of the other", recovered(other), []string{theirs.EventID, all[0].ID, all[1].ID})
	}},
	{"recover of a paused endpoint waits until it is resumed", func(w *world) {
		s := w.newSession(0)
		now := time.Now().UTC().Truncate(time.Millisecond)
		e := w.newEndpoint("*")
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(now, domain.EventStepStarted)))
		w.finish(w.claim(e.ID, now, 1).Jobs[0].Delivery, domain.DeliveryFailed, now)
		set := func(status domain.EndpointStatus) {
			w.Helper()
			w.ok(w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
				c.Endpoint.Status = status
				return nil
			}))
		}
		set(domain.EndpointPaused)
		n, err := w.store.Recover(w.ctx, w.project, e.ID, now.Add(-time.Minute), now.Add(time.Minute), now, nil)
		w.ok(err)
		w.equal("recovered", n, 1)
		w.equal("while it is paused", len(w.claim(e.ID, now, 10).Jobs), 0)
		set(domain.EndpointEnabled)
		w.equal("afterwards", len(w.claim(e.ID, now, 10).Jobs), 1)
	}},
	{"prune", func(w *world) {
		open, ended, other := w.newSession(0), w.newSession(0), w.newSession(0)
		e := w.newEndpoint("step_*")
		now := time.Now().UTC().Truncate(time.Millisecond)
		say := func(s domain.Session, types ...domain.EventType) {
			w.Helper()
			w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(now, types...)))
		}
		for range 3 {
			say(ended, domain.EventStepStarted)
		}
		say(open, domain.EventBrowserReady)
		say(other, domain.EventStepFailed)
		for _, j := range w.claim(e.ID, now, 3).Jobs {
			w.finish(j.Delivery, domain.DeliveryDelivered, now)
		}
		for _, s := range []domain.Session{ended, other} {
			w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
				c.Session.Status, c.Session.EndedAt = domain.SessionClosed, now
				return draftEvents(now, domain.EventBrowserClosed)(c)
			}))
		}
		n, err := w.store.Prune(w.ctx, now.Add(-time.Hour))
		w.ok(err)
		w.equal("nothing is so old", n, 0)
		n, err = w.store.Prune(w.ctx, now.Add(time.Hour))
		w.ok(err)
		w.equal("pruned", n, 5)
		var left []string
		for _, ev := range w.events(domain.EventQuery{}) {
			left = append(left, fmt.Sprint(ev.Type))
		}
		w.equal("left", left, []string{"browser_ready", "step_failed"})
		w.equal("deliveries", len(w.deliveries(domain.DeliveryFilter{})), 1)
		w.equal("still due", len(w.claim(e.ID, now, 10).Jobs), 1)
		say(open, domain.EventStepStarted)
		last := w.events(domain.EventQuery{SessionID: open.ID})
		w.equal("goes on with", last[len(last)-1].Sequence, int64(2))
	}},
}
