package storetest

import (
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// span is what one attempt of 40 ms came to, for the endpoint, in the nth span after the
// start.
func (w *world) span(e domain.Endpoint, n int, to domain.DeliveryStatus) domain.EndpointSpan {
	s := domain.EndpointSpan{Endpoint: e.Ref()}
	s.From = start.Truncate(domain.StatsSpan).Add(time.Duration(n) * domain.StatsSpan)
	s.Note(&domain.Outcome{Delivery: domain.Delivery{Status: to}, Attempt: domain.Attempt{ID: "att_a", Duration: 40 * time.Millisecond}})
	return s
}

func (w *world) stats(e domain.Endpoint, from time.Time) []domain.EndpointStats {
	w.Helper()
	all, err := w.store.EndpointStats(w.ctx, e.ProjectID, []string{e.ID}, from)
	w.ok(err)
	var out []domain.EndpointStats
	for _, s := range all {
		w.equal("endpoint", s.Endpoint, e.Ref())
		out = append(out, s.EndpointStats)
	}
	return out
}

var statsTests = []test{
	{"are added up by spans", func(w *world) {
		a, b := w.newEndpoint("*"), w.newEndpoint("*")
		w.empty("at first", w.stats(a, time.Time{}))
		one, two := w.span(a, 0, domain.DeliveryDelivered), w.span(a, 1, domain.DeliveryFailed)
		w.ok(w.store.AddStats(w.ctx, []domain.EndpointSpan{two, one, w.span(b, 0, domain.DeliveryDelivered)}))
		more := w.span(a, 1, domain.DeliveryDelivered)
		more.Waiting = 7
		w.ok(w.store.AddStats(w.ctx, []domain.EndpointSpan{more}))
		w.reopen()
		two.Add(&more.EndpointStats)
		w.equal("of a", w.stats(a, time.Time{}), []domain.EndpointStats{one.EndpointStats, two.EndpointStats})
		w.equal("from the second on", w.stats(a, two.From), []domain.EndpointStats{two.EndpointStats})
		w.equal("of b", len(w.stats(b, time.Time{})), 1)
		both, err := w.store.EndpointStats(w.ctx, w.project, []string{b.ID, a.ID}, time.Time{})
		w.ok(err)
		w.equal("of both", len(both), 3)
		none, err := w.store.EndpointStats(w.ctx, w.newProject("other"), []string{a.ID}, time.Time{})
		w.ok(err)
		w.empty("of another project's", none)
	}},
	{"take the rows of old spans", func(w *world) {
		e := w.newEndpoint("*")
		const kept = int(domain.StatsKept / domain.StatsSpan)
		var spans []domain.EndpointSpan
		for n := range 3 {
			spans = append(spans, w.span(e, n, domain.DeliveryDelivered), w.span(e, n+kept, domain.DeliveryFailed))
		}
		w.ok(w.store.AddStats(w.ctx, spans))
		w.ok(w.store.AddStats(w.ctx, []domain.EndpointSpan{w.span(e, 0, domain.DeliveryDelivered)})) // too late
		got := w.stats(e, time.Time{})
		w.equal("spans", len(got), 3)
		for n, s := range got {
			w.equal("span", s, w.span(e, n+kept, domain.DeliveryFailed).EndpointStats)
		}
	}},
	{"pass over what is no more, and what is a session's own", func(w *world) {
		n := w.draftSession(0)
		own := w.endpoint("*")
		own.SessionID, n.Endpoint = n.Session.ID, &own
		w.ok(w.store.CreateSession(w.ctx, n))
		gone := w.newEndpoint("*")
		w.ok(w.store.DeleteEndpoint(w.ctx, w.project, gone.ID, start))
		w.ok(w.store.AddStats(w.ctx, []domain.EndpointSpan{w.span(own, 0, domain.DeliveryDelivered), w.span(gone, 0, domain.DeliveryDelivered)}))
		w.empty("of a session's own", w.stats(own, time.Time{}))
		w.empty("of one that was deleted", w.stats(gone, time.Time{}))
		left, err := w.store.BacklogsOf(w.ctx, w.project, []string{gone.ID})
		w.ok(err)
		w.empty("backlog of one that was deleted", left)
	}},
	{"backlogs", func(w *world) {
		a, b, idle := w.newEndpoint("*"), w.newEndpoint("step_*"), w.newEndpoint("browser_failed")
		s := w.newSession(0)
		w.say(s, domain.EventStepStarted, domain.EventStepCompleted)
		w.say(s, domain.EventBrowserReady)
		check := func(what string, e domain.Endpoint, waiting int, since time.Time) {
			w.Helper()
			got, err := w.store.BacklogsOf(w.ctx, w.project, []string{e.ID, "we_none"})
			w.ok(err)
			w.equal(what, got, []domain.Backlog{{Endpoint: e.Ref(), Waiting: waiting, DueSince: since}})
		}
		check("of all", a, 3, start)
		check("of nothing", idle, 0, time.Time{})
		jobs := w.claim(b.ID, start, 1).Jobs
		check("what is being sent waits too", b, 2, start)
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(jobs[0].Delivery, domain.DeliveryDelivered, start)}, nil))
		check("what has ended doesn't", b, 1, start)
		all, err := w.store.Backlogs(w.ctx)
		w.ok(err)
		got := map[string]int{}
		for _, x := range all {
			got[x.Endpoint.ID] = x.Waiting
		}
		w.equal("of each", got, map[string]int{a.ID: 3, b.ID: 1})
	}},
}
