package storetest

import (
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const trace = domain.Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

var traceTests = []test{
	{"a trace goes from what is made to what is sent, over a restart", func(w *world) {
		later, ordered := w.newEndpoint("*"), w.endpoint("*")
		ordered.Ordered = true
		w.ok(w.store.CreateEndpoint(w.ctx, ordered, nil))
		n := w.draftSession(2)
		n.Session.Trace, n.Steps[0].Trace = trace, trace.Of("first")
		w.ok(w.store.CreateSession(w.ctx, n))
		w.ok(w.store.ChangeSession(w.ctx, w.project, n.Session.ID, func(c *domain.SessionChange) error {
			w.equal("the session's", c.Session.Trace, trace)
			w.equal("the step's", []domain.Trace{c.Open[0].Trace, c.Open[1].Trace}, []domain.Trace{trace.Of("first"), ""})
			added := step(c.Session, 2)
			added.Trace = trace.Of("added")
			c.NewSteps, c.Session.StepCount = append(c.NewSteps, &added), 3
			draft := domain.DraftSession(c.Session, domain.EventBrowserReady, "", start)
			draft.Trace = trace.Of("news")
			c.Drafts = append(c.Drafts, draft, domain.DraftSession(c.Session, domain.EventBrowserRecovered, "", start))
			return nil
		}))
		w.reopen()
		w.ok(w.store.ReleaseClaims(w.ctx))
		s, err := w.store.Session(w.ctx, w.project, n.Session.ID)
		w.ok(err)
		w.equal("the session's after a restart", s.Trace, trace)
		steps, err := w.store.Steps(w.ctx, w.project, s.ID, -1, 10)
		w.ok(err)
		w.equal("the last step's", steps[2].Trace, trace.Of("added"))
		for _, e := range []domain.Endpoint{later, ordered} {
			jobs := w.claim(e.ID, start.Add(time.Hour), 10).Jobs
			var got []domain.Trace
			for _, j := range jobs {
				got = append(got, j.Trace)
			}
			w.equal("those of the deliveries", got, []domain.Trace{trace.Of("news"), ""})
		}
	}},
	{"what is due longest", func(w *world) {
		s := w.newSession(0)
		oldest := func(want time.Time) {
			w.Helper()
			at, err := w.store.OldestDue(w.ctx)
			w.ok(err)
			if !at.Equal(want) {
				w.Errorf("it is due since %s, want %s", at, want)
			}
		}
		oldest(time.Time{})
		first, second := w.newEndpoint("browser_ready"), w.newEndpoint("browser_closed")
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(start.Add(time.Minute), domain.EventBrowserReady)))
		oldest(start.Add(time.Minute))
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, draftEvents(start, domain.EventBrowserClosed)))
		oldest(start)
		w.ok(w.store.ChangeEndpoint(w.ctx, w.project, second.ID, func(c *domain.EndpointChange) error {
			c.Endpoint.Status = domain.EndpointPaused
			return nil
		}))
		oldest(start.Add(time.Minute))
		w.finish(w.claim(first.ID, start.Add(time.Hour), 1).Jobs[0].Delivery, domain.DeliveryDelivered, start.Add(time.Hour))
		oldest(time.Time{})
	}},
	{"how many sessions wait, and since when", func(w *world) {
		waiting := func(n int, want time.Time) {
			w.Helper()
			got, since, err := w.store.Waiting(w.ctx)
			w.ok(err)
			if got != n || !since.Equal(want) {
				w.Errorf("%d wait, since %s; want %d, since %s", got, since, n, want)
			}
		}
		waiting(0, time.Time{})
		w.newSession(0)
		later := w.draftSession(0)
		later.Session.CreatedAt = start.Add(time.Hour)
		w.ok(w.store.CreateSession(w.ctx, later))
		w.in(w.newProject("other")).newSession(0)
		waiting(3, start)
		w.claims(2)
		if n, _, err := w.store.Waiting(w.ctx); n != 1 || err != nil {
			w.Errorf("%d wait, %v", n, err)
		}
	}},
}
