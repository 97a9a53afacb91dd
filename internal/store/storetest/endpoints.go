package storetest

import (
	"errors"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var endpointTests = []test{
	{"created as given", func(w *world) {
		e := w.newEndpoint("step_*", "browser_ready")
		got, err := w.store.Endpoint(w.ctx, w.project, e.ID)
		w.ok(err)
		w.equal("endpoint", got, e)
	}},
	{"change", func(w *world) {
		e := w.newEndpoint("*")
		stop := errors.New("stop")
		err := w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
			c.Endpoint.URL = "https://other.example.com"
			return stop
		})
		if !errors.Is(err, stop) {
			w.Errorf("got %v, want fn's own error", err)
		}
		got, err := w.store.Endpoint(w.ctx, w.project, e.ID)
		w.ok(err)
		w.equal("unchanged", got, e)
		e.URL, e.Events, e.Description = "https://other.example.com", domain.Subscription{"step_failed"}, "new"
		e.Metadata, e.Secrets = map[string]string{"a": "b"}, []domain.Secret{{Value: "whsec_YQ=="}}
		e.Status, e.DisabledReason, e.UpdatedAt = domain.EndpointDisabled, "requested", start.Add(time.Hour)
		w.ok(w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
			*c.Endpoint = e
			return nil
		}))
		got, err = w.store.Endpoint(w.ctx, w.project, e.ID)
		w.ok(err)
		w.equal("changed", got, e)
	}},
	{"delete", func(w *world) {
		s := w.newSession(0)
		e, other := w.newEndpoint("*"), w.newEndpoint("*")
		for range 3 {
			w.say(s, domain.EventStepStarted)
		}
		jobs := w.claim(e.ID, start, 2).Jobs
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(jobs[0].Delivery, domain.DeliveryDelivered, start)}, nil))
		w.ok(w.store.DeleteEndpoint(w.ctx, w.project, e.ID, start.Add(time.Minute)))

		_, err := w.store.Endpoint(w.ctx, w.project, e.ID)
		w.missing("deleted endpoint", err)
		w.missing("delete twice", w.store.DeleteEndpoint(w.ctx, w.project, e.ID, start))
		all, _, err := w.store.Endpoints(w.ctx, w.project, domain.EndpointFilter{})
		w.ok(err)
		w.equal("endpoints", all, []domain.Endpoint{other})
		w.equal("claim", w.claim(e.ID, start.Add(time.Hour), 10), domain.Claim{})
		status := map[domain.DeliveryStatus]int{}
		for _, d := range w.deliveries(domain.DeliveryFilter{EndpointID: e.ID}) {
			status[d.Status]++
			if d.Status == domain.DeliveryCanceled {
				w.equal("ended", d.EndedAt, start.Add(time.Minute))
			}
			_, err := w.store.RetryDelivery(w.ctx, w.project, d.ID, start, nil)
			w.refused("retry", err, domain.CodeConflict)
		}
		w.equal("deliveries", status, map[domain.DeliveryStatus]int{domain.DeliveryDelivered: 1, domain.DeliveryCanceled: 2})
		w.equal("the other's", len(w.deliveries(domain.DeliveryFilter{EndpointID: other.ID, Status: domain.DeliveryPending})), 3)

		// What was on its way when the endpoint went keeps its attempt.
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(jobs[1].Delivery, domain.DeliveryPending, start)}, nil))
		d, err := w.store.Delivery(w.ctx, w.project, jobs[1].Delivery.ID)
		w.ok(err)
		w.equal("status", d.Status, domain.DeliveryCanceled)
		w.equal("attempts", d.Attempts, 1)
		attempts, err := w.store.Attempts(w.ctx, w.project, d.ID)
		w.ok(err)
		w.equal("attempt rows", len(attempts), 1)
	}},
	{"delete with a long backlog", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		const backlog = 4500
		many := make([]domain.EventType, backlog)
		for i := range many {
			many[i] = domain.EventStepStarted
		}
		w.say(s, many...)
		w.ok(w.store.DeleteEndpoint(w.ctx, w.project, e.ID, start.Add(time.Minute)))
		w.equal("canceled", len(w.deliveries(domain.DeliveryFilter{Status: domain.DeliveryCanceled})), backlog)
		due, err := w.store.DueEndpoints(w.ctx)
		w.ok(err)
		w.empty("due", due)
	}},
	{"disabled waits, enabled is due", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		w.say(s, domain.EventStepStarted)
		set := func(status domain.EndpointStatus) {
			w.Helper()
			w.ok(w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
				c.Endpoint.Status = status
				c.Drafts = append(c.Drafts, domain.DraftEndpoint(c.Endpoint, domain.EventEndpointDisabled, "", start))
				return nil
			}))
		}
		set(domain.EndpointDisabled)
		w.equal("claim", w.claim(e.ID, start.Add(time.Hour), 10), domain.Claim{})
		held := w.deliveries(domain.DeliveryFilter{EndpointID: e.ID})
		w.equal("held", held[0].Status, domain.DeliveryPending)
		_, err := w.store.RetryDelivery(w.ctx, w.project, held[0].ID, start, nil)
		w.refused("retry", err, domain.CodeConflict)
		_, err = w.store.SendTest(w.ctx, w.project, e.ID, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", start), nil)
		w.refused("test", err, domain.CodeConflict)
		set(domain.EndpointEnabled)
		commits := w.committed(3)
		w.equal("told of", commits[len(commits)-1].Due, []domain.EndpointRef{e.Ref()})
		w.equal("jobs", len(w.claim(e.ID, start.Add(time.Hour), 10).Jobs), 1) // of what it hears of itself, nothing
	}},
	{"test event", func(w *world) {
		e, other := w.newEndpoint("step_failed"), w.newEndpoint("*")
		id, err := w.store.SendTest(w.ctx, w.project, e.ID, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", start), nil)
		w.ok(err)
		got := w.deliveries(domain.DeliveryFilter{})
		w.equal("deliveries", len(got), 1)
		w.equal("delivery", got[0].ID, id)
		w.equal("endpoint", got[0].EndpointID, e.ID)
		events := w.events(domain.EventQuery{})
		w.equal("event", got[0].EventID, events[0].ID)
		w.equal("sequence", events[0].Sequence, int64(1))
		w.equal("the other's", len(w.claim(other.ID, start, 1).Jobs), 0)
		jobs := w.claim(e.ID, start, 1).Jobs
		w.equal("job", jobs[0].Body, events[0].Body)
		_, err = w.store.SendTest(w.ctx, w.project, "we_none", domain.DraftEndpoint(&e, domain.EventWebhookTest, "", start), nil)
		w.missing("endpoint", err)
	}},
}
