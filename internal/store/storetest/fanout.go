package storetest

import (
	"fmt"
	"slices"

	"github.com/browserhook/browserhook/internal/domain"
)

var fanoutTests = []test{
	{"who gets what", func(w *world) {
		mine, other := w.newSession(0), w.newSession(0)
		exact := w.newEndpoint("step_completed")
		steps := w.newEndpoint("step_*")
		browsers := w.newEndpoint("browser_*")
		all := w.newEndpoint("*")
		several := w.newEndpoint("browser_ready", "step_failed", "step_*")
		none := w.newEndpoint("browser_closed")
		inline := w.endpoint("*")
		inline.SessionID = mine.ID
		w.ok(w.store.CreateEndpoint(w.ctx, inline, nil))
		disabled := w.endpoint("*")
		disabled.Status = domain.EndpointDisabled
		w.ok(w.store.CreateEndpoint(w.ctx, disabled, nil))
		deleted := w.newEndpoint("*")
		w.ok(w.store.DeleteEndpoint(w.ctx, w.project, deleted.ID, start))
		names := map[string]string{
			exact.ID: "exact", steps.ID: "steps", browsers.ID: "browsers", all.ID: "all", several.ID: "several",
			none.ID: "none", inline.ID: "inline", disabled.ID: "disabled", deleted.ID: "deleted",
		}
		for _, c := range []struct {
			session domain.Session
			event   domain.EventType
			want    []string
		}{
			{mine, domain.EventStepCompleted, []string{"all", "exact", "inline", "several", "steps"}},
			{other, domain.EventStepCompleted, []string{"all", "exact", "several", "steps"}},
			{mine, domain.EventBrowserReady, []string{"all", "browsers", "inline", "several"}},
			{other, domain.EventStepFailed, []string{"all", "several", "steps"}},
			{mine, domain.EventBrowserCrashed, []string{"all", "browsers", "inline"}},
		} {
			w.say(c.session, c.event)
			events := w.events(domain.EventQuery{Limit: 1000})
			event := events[len(events)-1]
			var got []string
			for _, d := range w.deliveries(domain.DeliveryFilter{EventType: c.event, SessionID: c.session.ID}) {
				got = append(got, names[d.EndpointID])
				w.equal("delivery", d, domain.Delivery{
					ID: d.ID, ProjectID: w.project, EventID: event.ID, EventType: c.event, SessionID: c.session.ID,
					EndpointID: d.EndpointID, Status: domain.DeliveryPending, NextAt: start, CreatedAt: start,
				})
			}
			slices.Sort(got)
			w.equal(fmt.Sprintf("%s of %s", c.event, c.session.ID), got, c.want)
			commits := w.committed(len(events))
			var told []string
			for _, e := range commits[len(commits)-1].Due {
				told = append(told, names[e.ID])
			}
			slices.Sort(told)
			w.equal("endpoints that are told of", told, c.want)
		}
		w.ok(w.store.Finish(w.ctx, nil, []domain.Draft{domain.DraftEndpoint(&exact, domain.EventEndpointDisabled, "gone", start)}))
		got := w.deliveries(domain.DeliveryFilter{EventType: domain.EventEndpointDisabled})
		w.equal("operators' news", ids(got, func(d domain.Delivery) string { return names[d.EndpointID] }), []string{"all"})
	}},
	{"a subscription counts from its change on", func(w *world) {
		s := w.newSession(0)
		count := func(want int) {
			w.Helper()
			w.equal("deliveries", len(w.deliveries(domain.DeliveryFilter{})), want)
		}
		w.say(s, domain.EventStepStarted)
		count(0)
		e := w.newEndpoint("step_*")
		w.say(s, domain.EventStepStarted)
		count(1)
		change := func(fn func(*domain.Endpoint)) {
			w.Helper()
			w.ok(w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
				fn(c.Endpoint)
				return nil
			}))
		}
		change(func(e *domain.Endpoint) { e.Events = domain.Subscription{"browser_*"} })
		w.say(s, domain.EventStepStarted)
		count(1)
		change(func(e *domain.Endpoint) { e.Events = domain.Subscription{"*"} })
		w.say(s, domain.EventStepStarted)
		count(2)
		change(func(e *domain.Endpoint) { e.Status = domain.EndpointDisabled })
		w.say(s, domain.EventStepStarted)
		count(2)
		change(func(e *domain.Endpoint) { e.Status = domain.EndpointEnabled })
		w.say(s, domain.EventStepStarted)
		count(3)
		w.ok(w.store.DeleteEndpoint(w.ctx, w.project, e.ID, start))
		w.say(s, domain.EventStepStarted)
		count(3)
	}},
	{"a refused change of an endpoint isn't heeded", func(w *world) {
		s := w.newSession(0)
		e := w.newEndpoint("*")
		w.say(s, domain.EventStepStarted)
		err := w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
			c.Endpoint.Events = domain.Subscription{"browser_*"}
			c.Endpoint.Metadata["team"] = "b"
			// The first of the events is looked at with the change, the second fails.
			c.Drafts = append(c.Drafts, domain.DraftEndpoint(c.Endpoint, domain.EventWebhookTest, "", start), domain.Draft{ProjectID: "proj_none"})
			return nil
		})
		if err == nil {
			w.Fatal("news for no project was accepted")
		}
		w.say(s, domain.EventStepStarted)
		w.equal("deliveries", len(w.deliveries(domain.DeliveryFilter{})), 2)
		w.equal("claimed endpoint", *w.claim(e.ID, start, 1).Jobs[0].Endpoint, e)
		// Nor is one that was refused before anything else had heard of it.
		n := w.draftSession(0)
		own := w.endpoint("*")
		own.SessionID = s.ID
		n.Endpoint, n.Steps = &own, []domain.Step{step(&n.Session, 0), step(&n.Session, 0)}
		if err := w.store.CreateSession(w.ctx, n); err == nil {
			w.Fatal("two steps have one index")
		}
		w.say(s, domain.EventStepStarted)
		w.equal("deliveries", len(w.deliveries(domain.DeliveryFilter{})), 3)
	}},
	{"an inline endpoint hears its session to the end", func(w *world) {
		n := w.draftSession(0)
		e := w.endpoint("*")
		e.SessionID = n.Session.ID
		n.Endpoint = &e
		w.ok(w.store.CreateSession(w.ctx, n))
		w.say(n.Session, domain.EventBrowserReady)
		end := func(c *domain.SessionChange) error {
			c.Session.Status = domain.SessionClosed
			return draftEvents(start, domain.EventBrowserClosed)(c)
		}
		w.ok(w.store.ChangeSession(w.ctx, w.project, n.Session.ID, end))
		w.ok(w.store.ChangeSession(w.ctx, w.project, n.Session.ID, end)) // and past it
		w.reopen()
		w.ok(w.store.ChangeSession(w.ctx, w.project, n.Session.ID, end))
		w.equal("deliveries", len(w.deliveries(domain.DeliveryFilter{EndpointID: e.ID})), 4)
	}},
	{"many endpoints", func(w *world) {
		s := w.newSession(0)
		want := map[string]bool{}
		for range 21 { // more than one statement takes, and a rest
			want[w.newEndpoint("*").ID] = true
		}
		w.say(s, domain.EventBrowserReady)
		got := map[string]bool{}
		for _, d := range w.deliveries(domain.DeliveryFilter{}) {
			got[d.EndpointID] = true
		}
		w.equal("endpoints with a delivery", got, want)
	}},
}
