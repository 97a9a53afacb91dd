package webhook

import (
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// lane is what the engine knows of one endpoint, and decides for it. It knows
// no engine: what happens is told to it, and [lane.next] says what is to be
// done then. The engine's lock guards it.
type lane struct {
	endpoint string           // its id
	settings *domain.Endpoint // as they were when something of it was last queued; nil: nothing was
	queue    queue
	account  account
	window   window
	rate     rateLimit
	circuit  circuit
	health   health
	backlog  backlog
	claim    claimState
	gone     bool                // the endpoint is no more
	sending  map[string]struct{} // deliveries, until their outcomes are recorded

	// Outcomes that are not recorded yet:
	unrecorded int // of what was in flight
	requeued   int // that give something back to the store, in flight or not
}

func newLane(endpoint string, b *budget) lane {
	return lane{endpoint: endpoint, account: account{budget: b}, window: newWindow(), sending: map[string]struct{}{}}
}

// effects are what a lane has the engine do.
type effects struct {
	send   bool            // it has something to send, and may: give it its turn
	claim  domain.Capacity // ask the store for so much; zero: nothing
	wait   bool            // there is no room to claim: ask again when there is
	wake   time.Time       // ask again then; zero: nothing is expected
	forget bool            // the endpoint is no more, and nothing of it is left here
}

// next says what is to be done, after anything has happened.
func (l *lane) next(now time.Time) (t effects) {
	l.backlog.advance(now)
	if l.wants(now) {
		room := l.capacity()
		switch {
		case room.Deliveries < 1:
		case l.account.budget.claimable():
			l.account.budget.beginClaim(room)
			l.claim.on(claimBegins)
			l.backlog.claim()
			t.claim = room
		case l.claim == claimIdle:
			l.claim.on(claimDenied)
			t.wait = true
		}
	}
	t.send, t.wake, t.forget = l.sendable(now), l.wake(now), l.gone && l.empty()
	return t
}

// sendable says whether something can be sent now.
func (l *lane) sendable(now time.Time) bool {
	return !l.window.full() && !l.rate.limited(now) && l.queue.ready()
}

// wake is when time alone changes what is to be done; zero: it doesn't.
func (l *lane) wake(now time.Time) (at time.Time) {
	if !l.gone {
		at = l.backlog.next
	}
	sooner := func(t time.Time) {
		if t.After(now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if l.backlog.due != dueNone {
		sooner(l.circuit.openUntil)
	}
	if len(l.queue.jobs) > 0 {
		sooner(l.rate.until)
	}
	return at
}

// wants says whether to claim, if there is room.
func (l *lane) wants(now time.Time) bool {
	switch {
	case l.backlog.due == dueNone || l.claim.active() || l.gone:
		return false
	case l.queue.ordered && l.requeued > 0:
		return false // what comes back would be missed
	}
	switch l.circuit.state(now) {
	case circuitOpen:
		return false
	case circuitHalfOpen:
		return l.window.inFlight == 0 // or what is in flight will show whether it answers
	default:
		return true
	}
}

// capacity is how much to claim: nothing while enough is queued, and a single
// delivery to see whether an endpoint answers again.
func (l *lane) capacity() domain.Capacity {
	a := &l.account
	quota := a.budget.quota(l.window.limit, l.capped(l.settings))
	n := min(l.window.limit*claimFactor, quota.Deliveries-a.reserved, (quota.Bytes-a.bytes())/max(1, a.average))
	if len(l.queue.jobs) == 0 {
		n = max(n, 1)
	}
	if !l.circuit.openUntil.IsZero() {
		n = 1
	}
	if len(l.queue.jobs) > n/4 {
		return domain.Capacity{}
	}
	return domain.Capacity{Deliveries: n, Bytes: max(n*a.average, minBytes)}
}

func (l *lane) capped(e *domain.Endpoint) bool {
	return e != nil && (e.Ordered || e.RateLimit > 0)
}

// configure takes over the settings of the endpoint.
func (l *lane) configure(e *domain.Endpoint) {
	if l.settings == e {
		return
	}
	l.settings = e
	l.queue.order(e.Ordered)
	l.window.bound(e.Concurrency)
	l.rate.set(e.RateLimit)
}

// reserve keeps room for a delivery that is being committed, if it can be
// queued then: not before older ones of this server's own that wait in the
// store, nor when it would wait here for long. A lane that has refused one
// refuses those that follow, until it has claimed that one.
func (l *lane) reserve(e *domain.Endpoint, size int) bool {
	if !l.accepts(e, size) {
		l.refuse()
		return false
	}
	l.account.reserve(size)
	return true
}

// refuse notes that a delivery which is being committed won't be handed off.
func (l *lane) refuse() { l.backlog.refused = true }

func (l *lane) accepts(e *domain.Endpoint, size int) bool {
	a, b := &l.account, &l.backlog
	if e.Ordered && (b.due != dueNone || b.blocked || !b.next.IsZero() || l.claim.active() || l.requeued > 0) {
		return false // an earlier one may be in the store
	}
	if e.Status != domain.EndpointEnabled || b.due == dueOwn || b.refused || a.revoked || !l.circuit.openUntil.IsZero() || a.budget.full() {
		return false
	}
	quota := a.budget.quota(l.window.limit, l.capped(e))
	return len(l.queue.jobs)+a.reserved < quota.Deliveries && (a.bytes() == 0 || a.bytes()+size <= quota.Bytes)
}

// handOff queues a delivery for which room was reserved, and says whether it
// did; if not, it goes back to the store.
func (l *lane) handOff(job *domain.Job) bool {
	if !l.account.handOff(len(job.Body)) {
		l.requeued++
		return false
	}
	l.push(*job)
	return true
}

// abandon frees the room of one that won't come.
func (l *lane) abandon() { l.account.abandon() }

func (l *lane) push(jobs ...domain.Job) {
	if len(jobs) == 0 {
		return
	}
	l.configure(jobs[len(jobs)-1].Endpoint)
	for i := range jobs {
		l.account.queue(len(jobs[i].Body))
	}
	l.queue.push(jobs...)
}

// send takes out what is to be sent next, if something can be.
func (l *lane) send(now time.Time) (domain.Job, bool) {
	if !l.sendable(now) || !l.rate.take(now) {
		return domain.Job{}, false
	}
	job := l.queue.pop()
	l.account.send(len(job.Body))
	l.window.inFlight++
	l.sending[job.Delivery.ID] = struct{}{}
	return job, true
}

// ended is told what became of an attempt, and adapts: how many requests at
// once the endpoint gets, and whether it is left alone for a while. What is
// then not to be sent is returned.
func (l *lane) ended(job *domain.Job, status domain.DeliveryStatus, r response, now time.Time) (back []domain.Job) {
	l.account.sent(len(job.Body))
	l.window.inFlight--
	l.queue.done(job.Delivery.SessionID)
	l.unrecorded++
	switch r {
	case responseNone:
	case responseFast, responseSlow:
		if l.circuit.succeed() {
			l.backlog.note(dueSome)
		}
		if r == responseFast {
			l.window.grow()
		}
	case responseMissing:
		l.window.shrink()
		if l.circuit.fail(now) {
			l.backlog.note(dueSome)
			back = l.evict()
		}
	}
	if status == domain.DeliveryPending {
		l.requeued++
		if l.queue.ordered {
			l.account.revoke()
			back = append(back, l.back(l.queue.evictSession(job.Delivery.SessionID))...)
			l.backlog.note(dueSome)
		}
	}
	return back
}

// recorded is told that an outcome is: of what was in flight, or of what went
// back as it was.
func (l *lane) recorded(d *domain.Delivery, attempted bool) {
	delete(l.sending, d.ID)
	if attempted {
		l.unrecorded--
		if l.queue.ordered && (l.backlog.blocked || l.claim.active()) && !l.queue.hasSession(d.SessionID) {
			l.backlog.note(dueSome) // what follows it in its session
		}
	}
	if d.Status == domain.DeliveryPending {
		l.requeued--
		l.backlog.expect(d.NextAt)
	}
}

// claimed is told what a claim that began at some time has brought. What is
// not to be sent is returned.
func (l *lane) claimed(room domain.Capacity, c domain.Claim, err error, began, now time.Time) (back []domain.Job) {
	l.account.budget.endClaim(room)
	outdated := l.claim == claimOutdated || l.circuit.state(now) == circuitOpen
	l.claim.on(claimEnds)
	if outdated {
		l.requeued += len(c.Jobs)
		l.backlog.unclaim() // what the claim said of later counts no more
		return c.Jobs
	}
	l.account.budget.deliveries += len(c.Jobs)
	l.push(c.Jobs...)
	// A claim doesn't tell of what follows in a session that has one in flight.
	l.backlog.blocked = l.queue.ordered && len(l.queue.jobs)+l.window.inFlight+l.unrecorded > 0
	switch {
	case err != nil:
		l.backlog.expect(began.Add(claimAgain))
	case c.Next.IsZero():
	case c.Next.After(began):
		l.backlog.expect(c.Next)
	default:
		l.backlog.unclaim()
	}
	return nil
}

// notified is told that something may be due in the store. Of another server's
// this one takes some when it has nothing else for the endpoint.
func (l *lane) notified(elsewhere bool) {
	if elsewhere {
		l.backlog.note(dueSome)
		return
	}
	l.backlog.note(dueOwn)
	l.backlog.refused = false
}

// invalidate is told that what is known of the endpoint, or of whose its deliveries
// are, is out of date. What is queued is returned; what is in flight goes on.
func (l *lane) invalidate() []domain.Job {
	l.claim.on(claimInvalidated)
	return l.evict()
}

// evict empties the queue, for the store to give it out again.
func (l *lane) evict() []domain.Job {
	l.account.revoke()
	return l.back(l.queue.evict())
}

// back counts what goes back to the store from the queue.
func (l *lane) back(jobs []domain.Job) []domain.Job {
	for i := range jobs {
		l.account.evict(len(jobs[i].Body))
	}
	l.requeued += len(jobs)
	return jobs
}

// empty says that nothing of the endpoint is in memory, in flight, or on its
// way to or from the store. Each is asked for by itself: an outcome that is
// recorded before its worker has the lock is counted below zero until then.
func (l *lane) empty() bool {
	return len(l.queue.jobs) == 0 && len(l.sending) == 0 && l.account.reserved == 0 &&
		l.window.inFlight == 0 && l.unrecorded == 0 && l.requeued == 0 && !l.claim.active()
}

// idle says that the lane knows nothing that must be kept.
func (l *lane) idle() bool {
	return l.empty() && l.backlog.empty() && l.circuit.openUntil.IsZero()
}
