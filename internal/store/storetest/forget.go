package storetest

import (
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// fullSession is a session with one of everything, which has ended, and the id
// of its own endpoint.
func (w *world) fullSession(status domain.SessionStatus) (domain.Session, string) {
	w.Helper()
	n := w.draftSession(3)
	inline := w.endpoint("browser_*", "step_completed")
	inline.SessionID = n.Session.ID
	inline.Metadata = map[string]string{private: inline.ID}
	n.Endpoint = &inline
	n.Idempotency = fixtureKey(n.Session.ID, n.Session.ID)
	w.ok(w.store.CreateSession(w.ctx, n))
	w.newLink(n.Session, domain.StreamControl, time.Time{})
	w.ok(w.store.ChangeSession(w.ctx, w.project, n.Session.ID, func(c *domain.SessionChange) error {
		become(c, status)
		return nil
	}))
	s, err := w.store.Session(w.ctx, w.project, n.Session.ID)
	w.ok(err)
	return s, inline.ID
}

// private is metadata of a session's own endpoint.
const private = "private"

func (w *world) forget(s domain.Session) {
	w.Helper()
	w.ok(w.store.ForgetSession(w.ctx, s.ProjectID, s.ID, start))
}

// gone tests that nothing is left of a session and its endpoint.
func (w *world) gone(s domain.Session, inline string) {
	w.Helper()
	_, err := w.store.Session(w.ctx, s.ProjectID, s.ID)
	w.missing("session", err)
	steps, err := w.store.Steps(w.ctx, s.ProjectID, s.ID, -1, 100)
	w.ok(err)
	w.empty("steps", steps)
	artifacts, err := w.store.Artifacts(w.ctx, s.ProjectID, s.ID)
	w.ok(err)
	w.empty("artifacts", artifacts)
	streams, err := w.store.Streams(w.ctx, s.ProjectID, s.ID)
	w.ok(err)
	w.empty("links", streams)
	_, err = w.store.StreamByToken(w.ctx, s.StreamToken)
	w.missing("link by token", err)
	w.empty("events of the session", w.events(domain.EventQuery{SessionID: s.ID}))
	for _, e := range w.events(domain.EventQuery{Limit: 1000}) {
		if e.SessionID == s.ID || body(e).SessionID == s.ID {
			w.Errorf("the log has %s of the session", e.Type)
		}
		if p := body(e); p.Data.EndpointID == inline || p.Metadata[private] == inline {
			w.Errorf("the log has %s of its endpoint: %s", e.Type, e.Body)
		}
	}
	for _, d := range w.deliveries(domain.DeliveryFilter{}) {
		if d.SessionID == s.ID || d.EndpointID == inline {
			w.Errorf("there is a delivery: %+v", d)
		}
	}
	_, err = w.store.Endpoint(w.ctx, s.ProjectID, inline)
	w.missing("its endpoint", err)
	due, err := w.store.DueEndpoints(w.ctx)
	w.ok(err)
	if slices.ContainsFunc(due, func(d domain.Due) bool { return d.EndpointID == inline }) {
		w.Error("something is due to its endpoint")
	}
}

var forgetTests = []test{
	{"all of a session that has ended", func(w *world) {
		e := w.newEndpoint("*")
		other, _ := w.fullSession(domain.SessionClosed)
		s, inline := w.fullSession(domain.SessionClosed)
		ep, err := w.store.Endpoint(w.ctx, w.project, inline)
		w.ok(err)
		_, err = w.store.SendTest(w.ctx, w.project, inline, domain.DraftEndpoint(&ep, domain.EventWebhookTest, "", start), nil)
		w.ok(err)
		kept := w.endpoint("none")
		kept.Metadata = map[string]string{"endpointId": inline} // is not about it for that
		w.ok(w.store.Finish(w.ctx, nil, []domain.Draft{
			domain.DraftEndpoint(&ep, domain.EventEndpointFailing, "failing", start), domain.DraftEndpoint(&ep, domain.EventEndpointDisabled, "failing", start),
			domain.DraftDelivery(&domain.Delivery{ProjectID: w.project, EndpointID: inline}, start),
			domain.DraftEndpoint(&kept, domain.EventEndpointFailing, "failing", start),
		}))
		// Some is sent, some has failed often, some waits.
		at := start.Add(time.Minute)
		var sent []domain.Delivery
		for i := range 9 {
			for _, j := range w.claim(e.ID, at, 2).Jobs {
				to := []domain.DeliveryStatus{domain.DeliveryDelivered, domain.DeliveryPending, domain.DeliveryFailed}[i%3]
				w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(j.Delivery, to, at)}, nil))
				sent = append(sent, j.Delivery)
			}
			at = at.Add(6 * time.Second)
		}
		before := w.deliveries(domain.DeliveryFilter{SessionID: other.ID})
		events := w.events(domain.EventQuery{SessionID: other.ID})
		w.forget(s)
		w.gone(s, inline)
		for _, d := range sent {
			if d.SessionID != s.ID {
				continue
			}
			_, err := w.store.Delivery(w.ctx, w.project, d.ID)
			w.missing("delivery", err)
			attempts, err := w.store.Attempts(w.ctx, w.project, d.ID)
			w.ok(err)
			w.empty("attempts", attempts)
		}
		files, err := w.store.RemovedFiles(w.ctx, 0, 10)
		w.ok(err)
		w.equal("files to remove", files, []domain.RemovedFiles{{Num: files[0].Num, ProjectID: w.project, SessionID: s.ID, RemovedAt: files[0].RemovedAt}})
		w.equal("news about another endpoint", ids(w.events(domain.EventQuery{Types: []domain.EventType{domain.EventEndpointFailing}}),
			func(e domain.Event) string { return body(e).Data.EndpointID }), []string{kept.ID})
		w.equal("what its key was used for", w.replays(s.ID), []string{s.ID})
		w.equal("deliveries of another session", w.deliveries(domain.DeliveryFilter{SessionID: other.ID}), before)
		w.equal("events of another session", w.events(domain.EventQuery{SessionID: other.ID}), events)
		w.missing("forget it again", w.store.ForgetSession(w.ctx, w.project, s.ID, start))
		w.reopen()
		w.gone(s, inline)
	}},
	{"not one that is open, or another project's", func(w *world) {
		for _, status := range []domain.SessionStatus{domain.SessionQueued, domain.SessionStarting, domain.SessionReady, domain.SessionClosing} {
			s, _ := w.fullSession(status)
			w.refused(string(status), w.store.ForgetSession(w.ctx, w.project, s.ID, start), domain.CodeConflict)
			got, err := w.store.Session(w.ctx, w.project, s.ID)
			w.ok(err)
			w.equal("session", got, s)
		}
		s, _ := w.fullSession(domain.SessionFailed)
		w.missing("another project's", w.store.ForgetSession(w.ctx, w.newProject("other"), s.ID, start))
		w.missing("one of a project that there is not", w.store.ForgetSession(w.ctx, "proj_none", s.ID, start))
		w.missing("one that there is not", w.store.ForgetSession(w.ctx, w.project, "browser_none", start))
		got, err := w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("session", got, s)
	}},
	{"what is being sent meanwhile comes back to nothing", func(w *world) {
		plain, ordered := w.newEndpoint("*"), w.endpoint("*")
		ordered.Ordered = true
		w.ok(w.store.CreateEndpoint(w.ctx, ordered, nil))
		s, inline := w.fullSession(domain.SessionClosed)
		// One has failed before, so that its next attempt has a row of its own.
		first := w.claim(plain.ID, start, 1).Jobs[0].Delivery
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(first, domain.DeliveryPending, start)}, nil))
		late := start.Add(time.Minute)
		var flying []domain.Delivery
		for _, id := range []string{plain.ID, ordered.ID, inline} {
			jobs := w.claim(id, late, 100).Jobs
			if len(jobs) < 3 {
				w.Fatalf("%d are sent to %s", len(jobs), id)
			}
			for _, j := range jobs {
				flying = append(flying, j.Delivery)
			}
		}
		w.forget(s)
		w.told("the endpoints that had something of it", func(c domain.Commit) bool {
			return slices.Contains(c.Changed, plain.Ref()) && slices.Contains(c.Changed, ordered.Ref())
		})
		to := []domain.DeliveryStatus{domain.DeliveryDelivered, domain.DeliveryPending, domain.DeliveryFailed}
		for i, d := range flying {
			o := outcome(d, to[i%len(to)], late)
			var drafts []domain.Draft
			if o.Delivery.Status == domain.DeliveryFailed {
				o.Health = domain.HealthBad
				drafts = append(drafts, domain.DraftDelivery(&o.Delivery, late))
			}
			if i%4 == 3 { // it was only waiting in memory
				d.Status = domain.DeliveryPending
				o, drafts = domain.Outcome{Delivery: d}, nil
			}
			w.ok(w.store.Finish(w.ctx, []domain.Outcome{o}, drafts))
		}
		w.gone(s, inline)
		w.empty("events", w.events(domain.EventQuery{}))
		for _, d := range flying {
			attempts, err := w.store.Attempts(w.ctx, w.project, d.ID)
			w.ok(err)
			w.empty("attempts", attempts)
		}
		next := w.newSession(0)
		w.say(next, domain.EventStepStarted)
		for _, id := range []string{plain.ID, ordered.ID} {
			jobs := w.claim(id, late, 100).Jobs
			if len(jobs) != 1 || jobs[0].Delivery.SessionID != next.ID {
				w.Errorf("sent to %s afterwards: %+v", id, jobs)
			}
		}
	}},
	{"cursors that stood in it", func(w *world) {
		before := w.newSession(0)
		w.say(before, domain.EventStepStarted)
		s, _ := w.fullSession(domain.SessionClosed)
		page, err := w.store.Events(w.ctx, w.project, domain.EventQuery{Limit: 3})
		w.ok(err)
		after := w.newSession(0)
		w.say(after, domain.EventStepStarted, domain.EventStepCompleted)
		end, err := w.store.EventsEnd(w.ctx, w.project)
		w.ok(err)
		w.forget(s)
		rest, err := w.store.Events(w.ctx, w.project, domain.EventQuery{After: page.Next})
		w.ok(err)
		w.equal("what follows", ids(rest.Events, func(e domain.Event) string { return e.SessionID + string(e.Type) }),
			[]string{after.ID + string(domain.EventStepStarted), after.ID + string(domain.EventStepCompleted)})
		none, err := w.store.Events(w.ctx, w.project, domain.EventQuery{After: end})
		w.ok(err)
		w.empty("after the end", none.Events)
	}},
	{"the last events of the log", func(w *world) {
		e := w.newEndpoint("*")
		s, _ := w.fullSession(domain.SessionClosed)
		end, err := w.store.EventsEnd(w.ctx, w.project)
		w.ok(err)
		first := w.claim(e.ID, start, 1).Jobs[0].Delivery
		w.forget(s)
		w.reopen()
		next := w.newSession(0)
		w.say(next, domain.EventStepStarted)
		page, err := w.store.Events(w.ctx, w.project, domain.EventQuery{After: end})
		w.ok(err)
		w.equal("what follows", len(page.Events), 1)
		// No place is given twice: an outcome that comes late is nobody else's.
		w.ok(w.store.Finish(w.ctx, []domain.Outcome{outcome(first, domain.DeliveryDelivered, start)}, nil))
		w.equal("due", len(w.claim(e.ID, start.Add(time.Hour), 10).Jobs), 1)
	}},
	{"one with much in it", func(w *world) {
		e := w.newEndpoint("step_*")
		n := w.draftSession(1203)
		w.ok(w.store.CreateSession(w.ctx, n))
		for range 12 {
			w.say(n.Session, slices.Repeat([]domain.EventType{domain.EventStepStarted}, 101)...)
		}
		w.ok(w.store.ChangeSession(w.ctx, w.project, n.Session.ID, func(c *domain.SessionChange) error {
			c.Session.Status, c.Session.EndedAt = domain.SessionClosed, start
			return nil
		}))
		w.forget(n.Session)
		w.gone(n.Session, "none")
		w.empty("due", w.claim(e.ID, start.Add(time.Hour), 10).Jobs)
	}},
	{"one whose end is only being committed", func(w *world) {
		e := w.newEndpoint("*")
		for range 20 {
			s := w.newSession(0)
			done := make(chan error, 1)
			go func() {
				done <- w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
					become(c, domain.SessionClosed)
					return nil
				})
			}()
			for {
				err := w.store.ForgetSession(w.ctx, w.project, s.ID, start)
				if err == nil {
					break
				}
				w.refused("while it is open", err, domain.CodeConflict)
			}
			w.ok(<-done)
			w.gone(s, "none")
			w.empty("due", w.claim(e.ID, start.Add(time.Hour), 10).Jobs)
		}
	}},
}
