package storetest

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

// Breaker makes what a store asks of its database fail.
type Breaker interface {
	// Arm has the nth question from now on fail.
	Arm(n int)
	// Disarm ends that, and says whether it has come to it.
	Disarm() bool
}

// RunFaults tries each operation with a failure at every question that it asks
// of the database in turn. It is made as a whole and says so, or not at all,
// and can then be made again. refusal is the code of an operation that failed,
// or empty for any error.
func RunFaults(t *testing.T, fresh func(testing.TB) (Open, Breaker), refusal domain.Code) {
	for _, op := range faulty {
		t.Run(op.name, func(t *testing.T) {
			open, breaker := fresh(t)
			w := newWorld(t, open)
			room := &reservations{}
			w.store.(interface{ OfferTo(t domain.Taker) }).OfferTo(room)
			failed := 0
			for n := 1; ; n++ {
				if n > 200 {
					t.Fatal("it has no end")
				}
				do := op.prepare(w)
				before := w.everything()
				breaker.Arm(n)
				err := do()
				hit := breaker.Disarm()
				after := w.everything()
				room.balanced(t)
				switch {
				case err != nil:
					failed++
					if d := cmp.Diff(before, after); d != "" && !op.inParts {
						t.Fatalf("it failed at question %d with %v, and has changed (-before +after):\n%s", n, err, d)
					}
					if refusal != "" {
						w.refused("failed", err, refusal)
					}
					if err := do(); err != nil {
						t.Fatalf("repeated after a failure at question %d: %v", n, err)
					}
					after = w.everything()
					room.balanced(t)
				case !hit:
					if failed == 0 {
						t.Error("nothing ever failed: this shows nothing")
					}
					t.Logf("%d failures in %d runs", failed, n)
					return
				}
				for range 10_000 {
					if !op.alone || !cmp.Equal(before, after) {
						break
					}
					// One server at a time does it, and the transaction of a connection
					// that broke has not ended yet.
					w.ok(do())
					after = w.everything()
				}
				if cmp.Equal(before, after) {
					t.Fatalf("failure at question %d: it was made, and nothing has changed", n)
				}
				w.gapless()
				if op.check != nil {
					op.check(w, n)
				}
			}
		})
	}
}

// operation is something that a store is asked to do: prepare makes what it
// works on, and returns it. It can be done again when it has failed.
type operation struct {
	name    string
	inParts bool // each of which is whole
	alone   bool // nothing is done while another server does it
	prepare func(w *world) func() error
	check   func(w *world, done int)
}

var faulty = []operation{
	{name: "CreateSession", prepare: func(w *world) func() error {
		n := w.draftSession(2)
		e := w.endpoint("*")
		e.SessionID = n.Session.ID
		n.Endpoint = &e
		n.Idempotency = &domain.Idempotency{Key: n.Session.ID, Fingerprint: "f", Refs: []string{n.Session.ID}}
		n.MaxQueued = 400
		return func() error { return w.store.CreateSession(w.ctx, n) }
	}, check: func(w *world, done int) {
		all, _, err := w.store.Sessions(w.ctx, w.project, domain.SessionFilter{Limit: 1000})
		w.ok(err)
		w.equal("sessions", len(all), done)
	}},
	{name: "ClaimSession", prepare: func(w *world) func() error {
		w.newSession(0)
		return func() error {
			_, err := w.store.ClaimSession(w.ctx)
			return err
		}
	}},
	{name: "AddStats", prepare: func(w *world) func() error {
		e := w.newEndpoint("*")
		spans := []domain.EndpointSpan{w.span(e, 0, domain.DeliveryDelivered), w.span(e, 1, domain.DeliveryFailed)}
		return func() error { return w.store.AddStats(w.ctx, spans) }
	}},
	{name: "LimitProject", prepare: func(w *world) func() error {
		p, err := w.store.Project(w.ctx, w.project)
		w.ok(err)
		return func() error { return w.store.LimitProject(w.ctx, w.project, p.Sessions+1) }
	}},
	{name: "SetConnectToken", prepare: func(w *world) func() error {
		s, token := w.newSession(0), domain.NewToken()
		return func() error {
			return w.store.SetConnectToken(w.ctx, w.project, s.ID, token, &domain.Idempotency{Key: s.ID, Fingerprint: "f", Refs: []string{s.ID}})
		}
	}},
	{name: "AddViewer", prepare: func(w *world) func() error {
		s := w.newSession(0)
		links, err := w.store.Streams(w.ctx, w.project, s.ID)
		w.ok(err)
		v := domain.Viewer{ID: domain.NewID(domain.PrefixViewer), ProjectID: w.project, SessionID: s.ID, StreamID: links[0].ID, JoinedAt: start}
		return func() error { return w.store.AddViewer(w.ctx, v, "") }
	}},
	{name: "ViewerLeft", prepare: func(w *world) func() error {
		s := w.newSession(0)
		links, err := w.store.Streams(w.ctx, w.project, s.ID)
		w.ok(err)
		v := domain.Viewer{ID: domain.NewID(domain.PrefixViewer), ProjectID: w.project, SessionID: s.ID, StreamID: links[0].ID, JoinedAt: start}
		w.ok(w.store.AddViewer(w.ctx, v, ""))
		v.LeftAt = start.Add(time.Minute)
		return func() error { return w.store.ViewerLeft(w.ctx, v) }
	}},
	{name: "ChangeSession", prepare: func(w *world) func() error {
		if len(w.endpoints()) == 0 {
			e := w.endpoint("*")
			e.Description = taken
			w.ok(w.store.CreateEndpoint(w.ctx, e, nil))
			w.newOrdered("*")
		}
		s := w.newSession(2)
		w.say(s, domain.EventStepStarted) // so that something is remembered
		return func() error {
			return w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
				first := c.Open[0]
				if len(c.Open) != 2 || first.Status != domain.StepPending {
					return errors.New("a change that failed is remembered")
				}
				first.Status = domain.StepRunning
				st := step(c.Session, c.Session.StepCount)
				c.Session.StepCount++
				c.NewSteps = append(c.NewSteps, &st)
				c.Drafts = append(c.Drafts, domain.DraftStep(c.Session, first, domain.EventStepStarted, "", start),
					domain.DraftSession(c.Session, domain.EventBrowserReady, "", start))
				return nil
			})
		}
	}, check: func(w *world, done int) {
		w.equal("events", len(w.events(domain.EventQuery{Limit: 10_000})), 3*done)
		w.equal("deliveries", len(w.deliveries(domain.DeliveryFilter{})), 6*done)
	}},
	{name: "Claim", prepare: func(w *world) func() error { return w.claiming(w.newOrdered("*"), 2) }},
	{name: "Claim of an endpoint with limits", prepare: func(w *world) func() error {
		e := w.endpoint("*")
		e.RateLimit, e.Concurrency = 1000, 100
		w.ok(w.store.CreateEndpoint(w.ctx, e, nil))
		return w.claiming(e, 2)
	}},
	{name: "Finish", prepare: func(w *world) func() error {
		e := w.newEndpoint("*")
		w.say(w.newSession(0), domain.EventStepStarted, domain.EventStepCompleted)
		jobs := w.claim(e.ID, start, 10).Jobs
		if len(jobs) != 2 {
			w.Fatalf("claimed %d", len(jobs))
		}
		good, bad := outcome(jobs[0].Delivery, domain.DeliveryDelivered, start), outcome(jobs[1].Delivery, domain.DeliveryFailed, start)
		bad.Health = domain.HealthBad
		drafts := []domain.Draft{domain.DraftDelivery(&bad.Delivery, start)}
		return func() error { return w.store.Finish(w.ctx, []domain.Outcome{good, bad}, drafts) }
	}, check: func(w *world, done int) {
		tried := 0
		for _, d := range w.deliveries(domain.DeliveryFilter{}) {
			attempts, err := w.store.Attempts(w.ctx, w.project, d.ID)
			w.ok(err)
			w.equal("attempts", len(attempts), d.Attempts)
			tried += d.Attempts
		}
		w.equal("attempts", tried, 2*done)
	}},
	{name: "CreateEndpoint", prepare: func(w *world) func() error {
		e := w.endpoint("*")
		idem := &domain.Idempotency{Key: e.ID, Fingerprint: "f", Refs: []string{e.ID}}
		return func() error { return w.store.CreateEndpoint(w.ctx, e, idem) }
	}, check: func(w *world, done int) { w.equal("endpoints", len(w.endpoints()), done) }},
	{name: "ChangeEndpoint", prepare: func(w *world) func() error {
		e := w.newEndpoint("*")
		return func() error {
			return w.store.ChangeEndpoint(w.ctx, w.project, e.ID, func(c *domain.EndpointChange) error {
				c.Endpoint.Status, c.Endpoint.DisabledReason = domain.EndpointDisabled, "gone"
				c.Drafts = append(c.Drafts, domain.DraftEndpoint(c.Endpoint, domain.EventEndpointDisabled, "gone", start))
				return nil
			})
		}
	}, check: func(w *world, done int) {
		w.equal("events", len(w.events(domain.EventQuery{Limit: 10_000})), done)
	}},
	{name: "SendTest", prepare: func(w *world) func() error {
		e := w.newEndpoint("step_*")
		return func() error {
			_, err := w.store.SendTest(w.ctx, w.project, e.ID, domain.DraftEndpoint(&e, domain.EventWebhookTest, "", start), nil)
			return err
		}
	}, check: func(w *world, done int) {
		w.equal("deliveries", len(w.deliveries(domain.DeliveryFilter{})), done)
	}},
	{name: "RetryDelivery", prepare: func(w *world) func() error {
		d := w.givenUp()
		return func() error {
			_, err := w.store.RetryDelivery(w.ctx, w.project, d.ID, start.Add(time.Minute), nil)
			return err
		}
	}},
	{name: "CancelDelivery", prepare: func(w *world) func() error {
		w.newEndpoint("*")
		w.say(w.newSession(0), domain.EventStepStarted)
		d := w.deliveries(domain.DeliveryFilter{})[0]
		return func() error {
			_, err := w.store.CancelDelivery(w.ctx, w.project, d.ID, start)
			return err
		}
	}},
	{name: "Recover", prepare: func(w *world) func() error {
		d := w.givenUp()
		return func() error {
			n, err := w.store.Recover(w.ctx, w.project, d.EndpointID, start.Add(-time.Hour), start.Add(time.Hour), start.Add(time.Minute), nil)
			if err == nil {
				w.equal("recovered", n, 1)
			}
			return err
		}
	}},
	{name: "ForgetSession", prepare: func(w *world) func() error {
		s, _ := w.fullSession(domain.SessionClosed)
		return func() error { return w.store.ForgetSession(w.ctx, w.project, s.ID, start) }
	}, check: func(w *world, _ int) {
		w.empty("events", w.events(domain.EventQuery{}))
		w.empty("deliveries", w.deliveries(domain.DeliveryFilter{}))
	}},
	{name: "PruneSessions", inParts: true, alone: true, prepare: func(w *world) func() error {
		w.tidySession()
		w.say(w.newSession(0), domain.EventStepStarted)
		_, err := w.store.Prune(w.ctx, inAnHour())
		w.ok(err)
		return func() error {
			_, err := w.store.PruneSessions(w.ctx, inAnHour(), start)
			return err
		}
	}},
	{name: "PruneArtifacts", inParts: true, alone: true, prepare: func(w *world) func() error {
		_, inline := w.fullSession(domain.SessionClosed)
		w.sendAll(inline)
		w.pruned(inAnHour())
		w.deleted = 0
		return func() error {
			n, err := w.store.PruneArtifacts(w.ctx, inAnHour(), start)
			w.deleted += n
			return err
		}
	}, check: func(w *world, _ int) {
		w.equal("artifacts", w.deleted, 1)
	}},
	{name: "Prune", inParts: true, alone: true, prepare: func(w *world) func() error {
		w.givenUp()
		w.say(w.newSession(0), domain.EventStepStarted) // the last event stays
		return func() error {
			_, err := w.store.Prune(w.ctx, time.Now().Add(time.Hour))
			return err
		}
	}},
}

// claiming says n events to the endpoint, and returns a claim of them.
func (w *world) claiming(e domain.Endpoint, n int) func() error {
	w.Helper()
	s := w.newSession(0)
	for range n {
		w.say(s, domain.EventStepStarted)
	}
	return func() error {
		c, err := w.store.Claim(w.ctx, e.ID, start, capacityFor(10))
		for range 10_000 {
			if err != nil || len(c.Jobs) > 0 || c.Next.IsZero() || c.Next.After(start) {
				break
			}
			// A claim whose connection broke has not ended yet.
			c, err = w.store.Claim(w.ctx, e.ID, start, capacityFor(10))
		}
		if err == nil && len(c.Jobs) != n {
			w.Errorf("claimed %d of %d", len(c.Jobs), n)
		}
		return err
	}
}

// givenUp is a delivery that has failed, of a session that has ended, to an
// endpoint of its own.
func (w *world) givenUp() domain.Delivery {
	w.Helper()
	s := w.newSession(0)
	e := w.endpoint("*")
	e.SessionID = s.ID
	w.ok(w.store.CreateEndpoint(w.ctx, e, nil))
	w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
		c.Session.Status, c.Session.EndedAt = domain.SessionClosed, start
		return draftEvents(start, domain.EventBrowserClosed)(c)
	}))
	w.finish(w.claim(e.ID, start, 1).Jobs[0].Delivery, domain.DeliveryFailed, start)
	d := w.deliveries(domain.DeliveryFilter{EndpointID: e.ID})
	return d[0]
}

func (w *world) endpoints() []domain.Endpoint {
	w.Helper()
	all, _, err := w.store.Endpoints(w.ctx, w.project, domain.EndpointFilter{Limit: 10_000})
	w.ok(err)
	return all
}

// everything is all that can be read, in the order in which it was made.
func (w *world) everything() map[string]any {
	w.Helper()
	sessions, _, err := w.store.Sessions(w.ctx, w.project, domain.SessionFilter{Limit: 10_000})
	w.ok(err)
	all := map[string]any{}
	put := func(id string, v any) {
		raw, err := json.Marshal(v)
		w.ok(err)
		all[id] = string(raw)
	}
	for _, s := range sessions {
		steps, err := w.store.Steps(w.ctx, w.project, s.ID, -1, 100)
		w.ok(err)
		viewers, err := w.store.Viewers(w.ctx, w.project, s.ID, "", 100)
		w.ok(err)
		put(s.ID, []any{s, steps, viewers})
	}
	project, err := w.store.Project(w.ctx, w.project)
	w.ok(err)
	put(project.ID, project)
	for _, e := range w.endpoints() {
		put(e.ID, []any{e, w.stats(e, time.Time{})})
	}
	for _, e := range w.events(domain.EventQuery{Limit: 10_000}) {
		put(e.ID, string(e.Body))
	}
	for _, d := range w.deliveries(domain.DeliveryFilter{}) {
		attempts, err := w.store.Attempts(w.ctx, w.project, d.ID)
		w.ok(err)
		put(d.ID, []any{d, attempts})
	}
	return all
}

// gapless says that every session's events are numbered without gaps.
func (w *world) gapless() {
	w.Helper()
	last := map[string]int64{}
	for _, e := range w.events(domain.EventQuery{Limit: 10_000}) {
		if e.Sequence != last[e.SessionID]+1 {
			w.Fatalf("session %q: number %d after %d", e.SessionID, e.Sequence, last[e.SessionID])
		}
		last[e.SessionID]++
	}
}

// taken describes an endpoint whose new deliveries are to be handed over.
const taken = "taken"

// reservations takes the deliveries to some endpoints, and counts.
type reservations struct {
	mu                         sync.Mutex
	reserved, taken, abandoned int
	moved                      chan struct{} // closed by the next change of these
}

// move changes what is counted.
func (r *reservations) move(n *int, by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*n += by
	if r.moved != nil {
		close(r.moved)
		r.moved = nil
	}
}

// Reserve implements [domain.Taker].
func (r *reservations) Reserve(e *domain.Endpoint, _ int) bool {
	if e.Description != taken {
		return false
	}
	r.move(&r.reserved, 1)
	return true
}

// Take implements [domain.Taker].
func (r *reservations) Take(jobs []domain.Job) { r.move(&r.taken, len(jobs)) }

// Abandon implements [domain.Taker].
func (r *reservations) Abandon(endpoints []domain.EndpointRef) { r.move(&r.abandoned, len(endpoints)) }

// balanced waits for what was reserved to be taken or abandoned: a change has
// returned by then, since nobody is to wait for a taker.
func (r *reservations) balanced(t testing.TB) {
	t.Helper()
	for late := time.After(10 * time.Second); ; {
		r.mu.Lock()
		reserved, taken, abandoned := r.reserved, r.taken, r.abandoned
		if r.moved == nil {
			r.moved = make(chan struct{})
		}
		moved := r.moved
		r.mu.Unlock()
		if reserved == taken+abandoned {
			return
		}
		select {
		case <-moved:
		case <-late:
			t.Fatalf("%d were reserved, %d taken and %d abandoned", reserved, taken, abandoned)
		}
	}
}
