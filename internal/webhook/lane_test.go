package webhook

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/browserhook/browserhook/internal/domain"
)

func endpointOf(settings domain.EndpointSettings) *domain.Endpoint {
	return &domain.Endpoint{ID: "we_1", ProjectID: "proj_1", Status: domain.EndpointEnabled, EndpointSettings: settings}
}

func jobsOf(e *domain.Endpoint, n int) (jobs []domain.Job) {
	for i := range n {
		j := jobOf(i, fmt.Sprint("browser_", i%3))
		j.Endpoint, j.Body = e, make([]byte, 1000)
		jobs = append(jobs, j)
	}
	return jobs
}

// TestLaneEffects: after what has happened, what the engine is asked for.
func TestLaneEffects(t *testing.T) {
	plain, ordered, limited := endpointOf(domain.EndpointSettings{}), endpointOf(domain.EndpointSettings{Ordered: true}), endpointOf(domain.EndpointSettings{RateLimit: 1})
	soon := now.Add(time.Second)
	// first is what a lane claims of which nothing is known.
	first := domain.Capacity{Deliveries: firstLimit * claimFactor, Bytes: minBytes}
	one := domain.Capacity{Deliveries: 1, Bytes: minBytes}
	claims := func(l *lane, c domain.Claim, err error) []domain.Job {
		return l.claimed(l.next(now).claim, c, err, now, now)
	}
	sends := func(l *lane, n int) {
		for range n {
			if _, ok := l.send(now); !ok {
				t.Helper()
				t.Fatal("nothing to send")
			}
		}
	}
	trips := func(l *lane, e *domain.Endpoint) (back []domain.Job) {
		l.push(jobsOf(e, 3*tripAfter)...)
		l.account.budget.deliveries += 3 * tripAfter
		for range tripAfter {
			job, ok := l.send(now)
			if !ok {
				t.Helper()
				t.Fatal("nothing to send")
			}
			back = append(back, l.ended(&job, domain.DeliveryPending, responseMissing, now)...)
		}
		return back
	}
	for _, c := range []struct {
		name string
		do   func(*lane)
		at   time.Time
		want effects
	}{
		{"nothing", func(*lane) {}, now, effects{}},
		{"something is due", func(l *lane) { l.notified(false) }, now, effects{claim: first}},
		{"another server's is", func(l *lane) { l.notified(true) }, now, effects{claim: first}},
		{"something will be due", func(l *lane) { l.backlog.expect(soon) }, now, effects{wake: soon}},
		{"its time has come", func(l *lane) { l.backlog.expect(soon) }, soon, effects{claim: first}},
		{"the memory is full", func(l *lane) { l.account.budget.bytes = maxBytes; l.notified(false) }, now, effects{wait: true}},
		{"and it waits already", func(l *lane) { l.account.budget.bytes = maxBytes; l.notified(false); l.next(now) }, now, effects{}},
		{"and there is room again", func(l *lane) {
			l.account.budget.bytes = maxBytes
			l.notified(false)
			l.next(now)
			l.account.budget.bytes = 0
			l.claim.on(claimRetried)
		}, now, effects{claim: first}},
		{"a claim is in progress", func(l *lane) { l.notified(false); l.next(now); l.notified(false) }, now, effects{}},
		{"a claim brought something", func(l *lane) { l.notified(false); claims(l, domain.Claim{Jobs: jobsOf(plain, 1)}, nil) }, now, effects{send: true}},
		{"and says when there is more", func(l *lane) { l.notified(false); claims(l, domain.Claim{Jobs: jobsOf(plain, 1), Next: soon}, nil) }, now, effects{send: true, wake: soon}},
		{"a claim failed", func(l *lane) { l.notified(false); claims(l, domain.Claim{}, errors.New("away")) }, now, effects{wake: now.Add(claimAgain)}},
		{"a claim left something, and enough is queued", func(l *lane) {
			l.notified(false)
			claims(l, domain.Claim{Jobs: jobsOf(plain, firstLimit*claimFactor), Next: now}, nil)
		}, now, effects{send: true}},
		{"a claim of an endpoint that changed meanwhile", func(l *lane) {
			l.notified(false)
			room := l.next(now).claim
			l.invalidate()
			if back := l.claimed(room, domain.Claim{Jobs: jobsOf(plain, 2)}, nil, now, now); len(back) != 2 {
				t.Errorf("%d go back", len(back))
			}
		}, now, effects{claim: first}},
		{"the same of an ordered one, which waits until they are back", func(l *lane) {
			l.configure(ordered)
			l.notified(false)
			room := l.next(now).claim
			l.invalidate()
			l.claimed(room, domain.Claim{Jobs: jobsOf(ordered, 2)}, nil, now, now)
		}, now, effects{}},
		{"all that it may send at once is in flight", func(l *lane) { l.push(jobsOf(plain, firstLimit+1)...); sends(l, firstLimit) }, now, effects{}},
		{"each session has one in flight", func(l *lane) { l.push(jobsOf(ordered, 6)...); sends(l, 3) }, now, effects{}},
		{"the rate is used up", func(l *lane) { l.push(jobsOf(limited, 2)...); sends(l, 1); l.send(now) }, now, effects{wake: soon}},
		{"and allows the next", func(l *lane) { l.push(jobsOf(limited, 2)...); sends(l, 1); l.send(now) }, soon, effects{send: true}},
		{"the circuit is open", func(l *lane) { trips(l, plain) }, now, effects{wake: now.Add(firstOpen)}},
		{"the circuit is half-open", func(l *lane) { trips(l, plain) }, now.Add(firstOpen), effects{claim: one}},
		{"the endpoint is gone", func(l *lane) { l.gone = true }, now, effects{forget: true}},
		{"it is gone, and something will be due", func(l *lane) { l.backlog.expect(soon); l.gone = true }, now, effects{forget: true}},
		{"it is gone, and one is in flight", func(l *lane) { l.push(jobsOf(plain, 1)...); sends(l, 1); l.gone = true; l.notified(false) }, now, effects{}},
		{"it is gone, and one is being committed", func(l *lane) { l.reserve(plain, 1); l.gone = true }, now, effects{}},
		{"it is gone, and a claim is in progress", func(l *lane) { l.notified(false); l.next(now); l.gone = true }, now, effects{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b budget
			l := newLane("we_1", &b)
			if c.do(&l); l.account.average > 0 {
				l.account.average = 0 // how much is claimed doesn't depend on it here
			}
			if got := l.next(c.at); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// TestLaneAccepts: which new deliveries are taken as they are committed.
func TestLaneAccepts(t *testing.T) {
	plain, ordered := endpointOf(domain.EndpointSettings{}), endpointOf(domain.EndpointSettings{Ordered: true})
	paused := endpointOf(domain.EndpointSettings{})
	paused.Status = domain.EndpointPaused
	for _, c := range []struct {
		name           string
		do             func(*lane)
		plain, ordered bool
	}{
		{"a new lane", func(*lane) {}, true, true},
		{"an older one is due, of another server", func(l *lane) { l.notified(true) }, true, false},
		{"of this one", func(l *lane) { l.notified(false) }, false, false},
		{"one will be due", func(l *lane) { l.backlog.expect(now.Add(time.Hour)) }, true, false},
		{"a claim is in progress", func(l *lane) { l.notified(false); l.next(now) }, true, false},
		{"one goes back", func(l *lane) { l.requeued++ }, true, false},
		{"one was refused", func(l *lane) { l.refuse() }, false, false},
		{"and is due now, and claimed", func(l *lane) {
			l.refuse()
			l.notified(false)
			l.claimed(l.next(now).claim, domain.Claim{}, nil, now, now)
		}, true, true},
		{"what is reserved was revoked", func(l *lane) { l.reserve(plain, 1); l.invalidate() }, false, false},
		{"the circuit is open", func(l *lane) {
			for range tripAfter {
				l.circuit.fail(now)
			}
		}, false, false},
		{"the memory is full", func(l *lane) { l.account.budget.deliveries = fullAt }, false, false},
		{"the lane has its share of bytes", func(l *lane) { l.reserve(plain, maxBytes/quotaPart) }, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b budget
			l := newLane("we_1", &b)
			c.do(&l)
			if l.accepts(plain, 1) != c.plain || l.accepts(ordered, 1) != c.ordered || l.accepts(paused, 1) {
				t.Errorf("plain %v, ordered %v, paused %v", l.accepts(plain, 1), l.accepts(ordered, 1), l.accepts(paused, 1))
			}
		})
	}
}

// TestLaneLosesNothing has a lane of its own live through anything, with a
// store and an engine that are a few lines each: every delivery is in one place,
// those of an ordered session are sent in order, what the lane counts is what
// there is, and in the end all has been sent.
func TestLaneLosesNothing(t *testing.T) {
	for name, settings := range map[string]domain.EndpointSettings{
		"plain": {}, "ordered": {Ordered: true}, "limited": {RateLimit: 20}, "one at a time": {Concurrency: 1},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				w := newWorld(r, settings)
				for range rapid.IntRange(1, 120).Draw(r, "steps") {
					w.step(rapid.IntRange(0, 9).Draw(r, "what"))
					w.check()
				}
				w.finish()
			})
		})
	}
}

// world is a lane's surroundings.
type world struct {
	*rapid.T
	lane
	b         budget
	endpoint  *domain.Endpoint
	now       time.Time
	jobs      []domain.Job
	place     map[string]string // where each delivery is
	taken     map[string]bool   // that the receiver has
	reserved  int
	inFlight  []domain.Job
	outcomes  []domain.Delivery // to be recorded
	released  []domain.Delivery // the same, of what was not sent
	claiming  domain.Capacity
	waiting   bool
	delivered int
}

func newWorld(r *rapid.T, settings domain.EndpointSettings) *world {
	w := &world{T: r, endpoint: endpointOf(settings), now: now, place: map[string]string{}, taken: map[string]bool{}}
	w.lane = newLane("we_1", &w.b)
	w.follow()
	return w
}

func (w *world) move(j *domain.Job, from, to string) {
	if at := w.place[j.Delivery.ID]; at != from {
		w.Fatalf("%s is %q, not %q, on its way to %q", j.Delivery.ID, at, from, to)
	}
	w.place[j.Delivery.ID] = to
}

func (w *world) back(jobs []domain.Job, from string) {
	for i := range jobs {
		w.move(&jobs[i], from, "released")
		w.released = append(w.released, release(jobs[i].Delivery).Delivery)
	}
}

// follow is the engine.
func (w *world) follow() {
	t := w.next(w.now)
	if t.claim.Deliveries > 0 {
		if w.claiming.Deliveries > 0 {
			w.Fatal("two claims at once")
		}
		w.claiming = t.claim
	}
	w.waiting = w.waiting || t.wait
	if t.send != w.sendable(w.now) || !t.wake.IsZero() && !t.wake.After(w.now) {
		w.Fatalf("%+v at %s", t, w.now)
	}
}

// add makes a delivery; it is in the store.
func (w *world) add() *domain.Job {
	j := jobOf(len(w.jobs), fmt.Sprint("browser_", len(w.jobs)%3))
	j.Endpoint, j.Body, j.Delivery.NextAt, j.Delivery.Status = w.endpoint, make([]byte, 100), w.now, domain.DeliverySending // as it is when it is given out
	w.jobs = append(w.jobs, j)
	w.place[j.Delivery.ID] = "stored"
	return &w.jobs[len(w.jobs)-1]
}

func (w *world) step(what int) {
	switch what {
	case 0, 1: // a commit, which takes a while
		if w.reserve(w.endpoint, 100) {
			w.reserved++
			break
		}
		w.add()
		w.notified(false)
	case 2: // it is done
		if w.reserved > 0 {
			w.reserved--
			j := w.add()
			w.move(j, "stored", "queued")
			if !w.handOff(j) {
				w.back([]domain.Job{*j}, "queued")
			}
		}
	case 3: // or has failed
		if w.reserved > 0 {
			w.reserved--
			w.abandon()
		}
	case 4, 5: // the lane's turn
		if j, ok := w.send(w.now); ok {
			w.move(&j, "queued", "in flight")
			for i := range w.jobs {
				before := &w.jobs[i].Delivery
				if before.ID == j.Delivery.ID {
					break
				}
				if w.endpoint.Ordered && before.SessionID == j.Delivery.SessionID && !w.taken[before.ID] {
					w.Fatalf("%s is sent before %s, which is %s", j.Delivery.ID, before.ID, w.place[before.ID])
				}
			}
			w.inFlight = append(w.inFlight, j)
			if w.endpoint.Concurrency > 0 && len(w.inFlight) > w.endpoint.Concurrency {
				w.Fatalf("%d at once", len(w.inFlight))
			}
		}
	case 6: // an answer
		if len(w.inFlight) > 0 {
			w.answer(rapid.SampledFrom([]response{responseFast, responseSlow, responseMissing, responseMissing}).Draw(w.T, "response"), rapid.Bool().Draw(w.T, "recorded first"))
		}
	case 7: // the store
		w.record()
		w.bring()
	case 8: // time
		w.now = w.now.Add(time.Duration(rapid.IntRange(1, 5000).Draw(w.T, "ms")) * time.Millisecond)
	case 9:
		w.back(w.invalidate(), "queued")
	}
	w.follow()
}

// answer is that of a receiver. Its outcome may be recorded before the worker has
// the lane again.
func (w *world) answer(r response, recordedFirst bool) {
	j := w.inFlight[0]
	w.inFlight = w.inFlight[1:]
	d := j.Delivery
	w.taken[d.ID] = r != responseMissing
	if d.Status = domain.DeliveryDelivered; r == responseMissing {
		d.Status, d.NextAt = domain.DeliveryPending, w.now.Add(time.Second)
	}
	w.move(&j, "in flight", "answered")
	w.outcomes = append(w.outcomes, d)
	if recordedFirst {
		w.record()
		if w.empty() {
			w.Fatal("the lane could be forgotten while a worker has it")
		}
	}
	w.back(w.ended(&j, d.Status, r, w.now), "queued")
	w.follow()
}

// record is the outcome writer and its store.
func (w *world) record() {
	store := func(d *domain.Delivery, from string, inFlight bool) {
		for i := range w.jobs {
			if j := &w.jobs[i]; j.Delivery.ID == d.ID {
				j.Delivery.NextAt = d.NextAt
				if d.Status == domain.DeliveryDelivered {
					w.move(j, from, "delivered")
					w.delivered++
				} else {
					w.move(j, from, "stored")
				}
			}
		}
		w.recorded(d, inFlight)
		w.follow()
	}
	outcomes, released := w.outcomes, w.released
	w.outcomes, w.released = nil, nil
	for i := range outcomes {
		store(&outcomes[i], "answered", true)
	}
	for i := range released {
		store(&released[i], "released", false)
	}
}

// bring is the end of a claim.
func (w *world) bring() {
	room := w.claiming
	if room.Deliveries == 0 {
		return
	}
	w.claiming = domain.Capacity{}
	var c domain.Claim
	blocked := map[string]bool{}
	for i := range w.jobs {
		j := &w.jobs[i]
		d := &j.Delivery
		at := w.place[d.ID]
		if at == "delivered" || w.endpoint.Ordered && blocked[d.SessionID] {
			continue
		}
		due := at == "stored" && !d.NextAt.After(w.now)
		blocked[d.SessionID] = blocked[d.SessionID] || !due
		switch {
		case due && len(c.Jobs) < room.Deliveries:
			w.move(j, "stored", "queued")
			c.Jobs = append(c.Jobs, *j)
		case at == "stored" && (c.Next.IsZero() || d.NextAt.Before(c.Next)):
			c.Next = d.NextAt
		}
	}
	w.back(w.claimed(room, c, nil, w.now, w.now), "queued")
	w.follow()
}

func (w *world) check() {
	in := map[string]int{}
	for _, at := range w.place {
		in[at]++
	}
	if len(w.queue.jobs) != in["queued"] || w.window.inFlight != in["in flight"] || w.unrecorded != in["answered"] ||
		w.requeued < in["released"] || w.account.reserved != w.reserved {
		w.Fatalf("%+v, and there is %v", w.lane, in)
	}
	held := in["queued"] + in["in flight"] + w.reserved
	if got := w.b; got.deliveries != held+w.claiming.Deliveries || got.bytes != 100*held+w.claiming.Bytes {
		w.Fatalf("%+v, and there is %v, and %d are reserved", got, in, w.reserved)
	}
}

// finish has everything answer until nothing is left, as it must.
func (w *world) finish() {
	for range 10_000 {
		w.check()
		if w.delivered == len(w.jobs) && w.reserved == 0 && w.claiming.Deliveries == 0 && len(w.outcomes)+len(w.released) == 0 {
			if !w.empty() || w.b != (budget{}) {
				w.Fatalf("%+v is left, and %+v", w.lane, w.b)
			}
			return
		}
		for w.reserved > 0 {
			w.step(2)
		}
		for range maxLimit {
			w.step(4)
		}
		for len(w.inFlight) > 0 {
			w.answer(responseFast, false)
		}
		w.step(7)
		w.now = w.now.Add(100 * time.Millisecond)
		w.follow()
	}
	w.Fatalf("%d of %d delivered: %+v, %v", w.delivered, len(w.jobs), w.lane, w.place)
}
