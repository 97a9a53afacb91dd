package storetest

import (
	"context"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// pruned deletes what is older, as a server does, and counts the sessions. The
// last event of a log is one of a session that is open.
func (w *world) pruned(before time.Time) int {
	w.Helper()
	w.say(w.newSession(0), domain.EventStepStarted)
	_, err := w.store.Prune(w.ctx, before)
	w.ok(err)
	n, err := w.store.PruneSessions(w.ctx, before, before)
	w.ok(err)
	return n
}

// sendAll sends all that is due to an endpoint.
func (w *world) sendAll(endpoint string) {
	w.Helper()
	at := start.Add(time.Hour)
	for {
		jobs := w.claim(endpoint, at, 100).Jobs
		if len(jobs) == 0 {
			return
		}
		var all []domain.Outcome
		for _, j := range jobs {
			all = append(all, outcome(j.Delivery, domain.DeliveryDelivered, at))
		}
		w.ok(w.store.Finish(w.ctx, all, nil))
	}
}

// tidySession is one that has ended, with all of it sent and without artifacts.
func (w *world) tidySession() (domain.Session, string) {
	w.Helper()
	n := w.draftSession(2)
	inline := w.endpoint("*")
	inline.SessionID = n.Session.ID
	n.Endpoint = &inline
	w.ok(w.store.CreateSession(w.ctx, n))
	w.ok(w.store.ChangeSession(w.ctx, w.project, n.Session.ID, func(c *domain.SessionChange) error {
		become(c, domain.SessionFailed)
		c.Artifacts = nil
		return nil
	}))
	w.sendAll(inline.ID)
	return n.Session, inline.ID
}

// What is made now is old an hour from now.
func inAnHour() time.Time { return time.Now().Add(time.Hour) }

var retentionTests = []test{
	{"sessions that ended before", func(w *world) {
		old, inline := w.tidySession()
		open := w.newSession(1)
		w.say(open, domain.EventBrowserReady)
		w.equal("sessions deleted too early", w.pruned(start), 0)
		_, err := w.store.Session(w.ctx, w.project, old.ID)
		w.ok(err)
		w.equal("sessions deleted", w.pruned(inAnHour()), 1)
		w.gone(old, inline)
		_, err = w.store.Session(w.ctx, w.project, open.ID)
		w.ok(err)
		w.equal("steps of an open one", len(must1(w.store.Steps(w.ctx, w.project, open.ID, -1, 10))), 1)
		w.equal("events of an open one", len(w.events(domain.EventQuery{SessionID: open.ID})), 1)
		files, err := w.store.RemovedFiles(w.ctx, 0, 10)
		w.ok(err)
		w.equal("files to remove", files, []domain.RemovedFiles{{Num: files[0].Num, ProjectID: w.project, SessionID: old.ID, RemovedAt: files[0].RemovedAt}})
		w.equal("sessions deleted again", w.pruned(inAnHour()), 0)
	}},
	{"not while something is still to be sent", func(w *world) {
		e := w.newEndpoint("*")
		s, inline := w.tidySession()
		w.equal("sessions deleted", w.pruned(inAnHour()), 0)
		got, err := w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("its end", got.Status, domain.SessionFailed)
		w.equal("its steps", len(must1(w.store.Steps(w.ctx, w.project, s.ID, -1, 10))), 6)
		if _, err := w.store.Endpoint(w.ctx, w.project, inline); err != nil {
			w.Errorf("its endpoint: %v", err)
		}
		w.sendAll(e.ID)
		w.equal("sessions deleted afterwards", w.pruned(inAnHour()), 1)
		w.gone(s, inline)
	}},
	{"not while a test of its own endpoint is still to be sent", func(w *world) {
		s, inline := w.newInline("*")
		w.say(s, domain.EventStepStarted)
		w.close(s)
		test, err := w.store.SendTest(w.ctx, w.project, inline.ID, domain.DraftEndpoint(&inline, domain.EventWebhookTest, "", start), nil)
		w.ok(err)
		for _, j := range w.claim(inline.ID, start.Add(2*time.Hour), 10).Jobs {
			to := domain.DeliveryDelivered
			if j.Delivery.ID == test {
				to = domain.DeliveryPending
			}
			w.ends(to, j)
		}
		w.equal("sessions deleted", w.pruned(inAnHour()), 0)
		left := w.deliveries(domain.DeliveryFilter{EndpointID: inline.ID})
		w.equal("deliveries left", ids(left, func(d domain.Delivery) string { return d.ID }), []string{test})
		w.equal("its endpoint lives", w.lives(inline), true)
		_, err = w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
		jobs := w.claim(inline.ID, start.Add(4*time.Hour), 10).Jobs
		w.equal("tests to send", len(jobs), 1)
		w.ends(domain.DeliveryDelivered, jobs...)
		w.equal("sessions deleted afterwards", w.pruned(inAnHour()), 1)
		w.gone(s, inline.ID)
	}},
	{"the row of a session is kept for its artifacts", func(w *world) {
		s, inline := w.fullSession(domain.SessionClosed)
		w.sendAll(inline)
		w.equal("sessions pruned", w.pruned(inAnHour()), 1)
		got, err := w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("its metadata", got.Metadata, s.Metadata)
		artifacts := must1(w.store.Artifacts(w.ctx, w.project, s.ID))
		w.equal("artifacts", len(artifacts), 1)
		w.empty("steps", must1(w.store.Steps(w.ctx, w.project, s.ID, -1, 10)))
		w.empty("events", w.events(domain.EventQuery{SessionID: s.ID}))
		w.empty("links", must1(w.store.Streams(w.ctx, w.project, s.ID)))
		w.equal("sessions pruned again", w.pruned(inAnHour()), 0)
		log := domain.LogKey(w.project, s.ID)
		w.equal("files to remove", ids(must1(w.store.RemovedFiles(w.ctx, 0, 10)), domain.RemovedFiles.Key), []string{log})
		w.equal("artifacts deleted too early", must1(w.store.PruneArtifacts(w.ctx, start, start)), 0)
		w.equal("artifacts deleted", must1(w.store.PruneArtifacts(w.ctx, inAnHour(), start)), 1)
		w.gone(s, inline)
		files := must1(w.store.RemovedFiles(w.ctx, 0, 10))
		w.equal("files to remove", ids(files, domain.RemovedFiles.Key), []string{log, artifacts[0].Key(), w.project + "/" + s.ID + "/"})
		w.equal("further files", len(must1(w.store.RemovedFiles(w.ctx, files[0].Num, 10))), 2)
		w.ok(w.store.ForgetRemovedFiles(w.ctx, files[0].Num, inAnHour().Add(24*time.Hour)))
		w.equal("files that are left", must1(w.store.RemovedFiles(w.ctx, 0, 10)), files[1:])
	}},
	{"artifacts of an open session too", func(w *world) {
		s, _ := w.fullSession(domain.SessionReady)
		w.equal("artifacts deleted", must1(w.store.PruneArtifacts(w.ctx, inAnHour(), start)), 1)
		w.empty("artifacts", must1(w.store.Artifacts(w.ctx, w.project, s.ID)))
		_, err := w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
	}},
	{"endpoints that were deleted before", func(w *world) {
		e, used := w.newEndpoint("step_*"), w.newEndpoint("*")
		s := w.newSession(0)
		w.say(s, domain.EventBrowserReady)
		for _, id := range []string{e.ID, used.ID} {
			w.ok(w.store.DeleteEndpoint(w.ctx, w.project, id, start))
		}
		w.pruned(inAnHour())
		w.equal("deliveries that are still told of", len(w.deliveries(domain.DeliveryFilter{EndpointID: used.ID})), 1)
		// Its id is free again only when nothing of it is left.
		w.ok(w.store.CreateEndpoint(w.ctx, e, nil))
		if err := w.store.CreateEndpoint(w.ctx, used, nil); err == nil {
			w.Error("the row of an endpoint is gone while there are deliveries to it")
		}
	}},
	{"many, some at a time", func(w *world) {
		const many = 130
		var all []domain.Session
		for i := range many {
			n := w.draftSession(7)
			w.ok(w.store.CreateSession(w.ctx, n))
			w.ok(w.store.ChangeSession(w.ctx, w.project, n.Session.ID, func(c *domain.SessionChange) error {
				c.Session.Status, c.Session.EndedAt = domain.SessionClosed, start.Add(time.Duration(i%3)*time.Second)
				c.Drafts = append(c.Drafts, domain.DraftSession(c.Session, domain.EventBrowserClosed, "", start))
				return nil
			}))
			all = append(all, n.Session)
		}
		// Others are not held up for longer than one part takes.
		stop := make(chan struct{})
		busy := make(chan error, 1)
		other := w.newSession(0)
		go func() {
			for {
				select {
				case <-stop:
					busy <- nil
					return
				default:
				}
				ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
				err := w.store.ChangeSession(ctx, w.project, other.ID, draftEvents(start, domain.EventStepStarted))
				cancel()
				if err != nil {
					busy <- err
					return
				}
			}
		}()
		w.equal("sessions deleted", w.pruned(inAnHour()), many)
		close(stop)
		w.ok(<-busy)
		w.gone(all[0], "none")
		w.gone(all[many-1], "none")
		left, _, err := w.store.Sessions(w.ctx, w.project, domain.SessionFilter{Status: domain.SessionClosed})
		w.ok(err)
		w.empty("sessions left", left)
	}},
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
