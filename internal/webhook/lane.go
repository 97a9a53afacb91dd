package webhook

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/weburl"
)

const (
	firstLimit  = 4                // requests at once to an endpoint of which nothing is known,
	maxLimit    = 32               // growing by one with each that it answers
	quickly     = time.Second      // in less than this
	claimFactor = 16               // deliveries claimed for each request at once
	queueFactor = 128              // that may wait here for each
	rateBurst   = 10               // of a limited rate, a tenth of a second's worth may go at once
	tripAfter   = 8                // requests in a row without a usable answer open the circuit
	firstOpen   = time.Second      // for so long at first,
	maxOpen     = 60 * time.Second // and at most
)

// lane is what the engine knows of one endpoint. The engine's lock guards it,
// but for prepared.
type lane struct {
	engine   *Engine
	share    *share
	endpoint string
	prepared atomic.Pointer[prepared]

	queue    []domain.Job
	sending  map[string]struct{} // deliveries, until their outcomes are recorded
	bytes    int                 // of the bodies in the queue, and of what is reserved
	promised int                 // of them, of what is reserved
	body     int                 // how long one is, about; 0 while nothing is known
	reserved int                 // that are being committed
	refused  bool                // one that was being committed, and is not yet known to be due
	outdated bool                // what is reserved can't be queued when it comes
	over     bool                // the endpoint is no more
	running  int
	limit    int  // of running
	listed   bool // in its share's turn
	hungry   bool // waits for room to claim
	claiming bool
	stale    bool      // the endpoint has changed since the claim began
	more     bool      // the store may have something due that isn't here
	ours     bool      // and some of it may be this server's own
	behind   bool      // and, of an ordered endpoint, something that waits for what is being sent
	next     time.Time // when the store has something due; zero: nothing known
	timer    *time.Timer

	// As the endpoint was when something of it was last queued.
	as      *domain.Endpoint
	most    int // requests at once
	ordered bool
	limiter *rate.Limiter       // nil: no limit
	wait    time.Time           // until the limit allows the next
	busy    map[string]struct{} // sessions that have one under way, when ordered

	unsettled int // outcomes that put something back and are not yet recorded
	recording int // outcomes of what was sent that are not, when ordered

	tried    bool      // there was an attempt
	failing  bool      // and the last one failed
	failures int       // without a usable answer, in a row
	opened   int       // circuits in a row
	until    time.Time // the circuit is open; zero: closed
}

// prepared is what sending takes that depends on the endpoint alone.
type prepared struct {
	endpoint *domain.Endpoint
	target   *url.URL
	signer   signer
	headers  http.Header
	err      error
}

func (l *lane) prepare(e *domain.Endpoint) *prepared {
	p := l.prepared.Load()
	if p == nil || p.endpoint != e {
		p = &prepared{endpoint: e, headers: make(http.Header, len(e.Headers))}
		for _, h := range e.Headers {
			p.headers.Add(h.Name, h.Value)
		}
		if p.target, p.err = weburl.Parse(e.URL); p.err == nil {
			p.signer, p.err = newSigner(e.Secrets)
		}
		l.prepared.Store(p)
	}
	return p
}

// adopt takes over the settings of the endpoint.
func (l *lane) adopt(e *domain.Endpoint) {
	if l.as == e {
		return
	}
	l.as, l.ordered, l.most = e, e.Ordered, maxLimit
	if e.Concurrency > 0 {
		l.most = e.Concurrency
	}
	l.limit = min(l.limit, l.most)
	l.limitRate()
}

// limitRate gives the lane its share of the rate that the endpoint may have.
func (l *lane) limitRate() {
	if l.as == nil || l.as.RateLimit == 0 {
		l.limiter, l.wait = nil, time.Time{}
		return
	}
	perSecond := rate.Limit(float64(l.as.RateLimit) / float64(l.engine.nodes))
	if l.limiter == nil {
		l.limiter = rate.NewLimiter(perSecond, max(1, l.as.RateLimit/rateBurst))
		return
	}
	l.limiter.SetLimit(perSecond)
	l.limiter.SetBurst(max(1, l.as.RateLimit/rateBurst))
}

// throttled takes a token of the endpoint's rate, or says when there is one.
func (l *lane) throttled(now time.Time) bool {
	if l.limiter == nil {
		return false
	}
	r := l.limiter.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait <= 0 {
		return false
	}
	r.CancelAt(now)
	l.wait = now.Add(wait)
	l.arm()
	return true
}

// idle lanes can be forgotten.
func (l *lane) idle() bool {
	return len(l.queue) == 0 && l.reserved == 0 && !l.refused && l.running == 0 && l.unsettled+l.recording == 0 &&
		!l.claiming && !l.more && !l.behind && l.next.IsZero() && l.until.IsZero()
}

// leave forgets the lane of an endpoint that is no more, when nothing of it is
// under way.
func (l *lane) leave() {
	if !l.over || len(l.queue)+len(l.sending)+l.reserved+l.unsettled+l.recording > 0 || l.claiming {
		return
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	l.more, l.behind, l.next = false, false, time.Time{} // for whoever still has it
	l.unlist()
	if l.engine.lanes[l.endpoint] == l {
		delete(l.engine.lanes, l.endpoint)
	}
}

// accepts says whether a new delivery can be queued: not before older ones of
// this server's own that wait in the store, nor when it would wait here for long.
func (l *lane) accepts(e *domain.Endpoint, size int) bool {
	if e.Ordered && (l.more || l.claiming || l.behind || l.unsettled > 0 || !l.next.IsZero() || !l.engine.caughtUp) {
		return false // an earlier one may be in the store
	}
	deliveries, bytes := l.room(e)
	older := l.more && l.ours
	return e.Status == domain.EndpointEnabled && !older && !l.refused && !l.outdated && l.until.IsZero() &&
		!l.engine.full() && len(l.queue)+l.reserved < deliveries && (l.bytes == 0 || l.bytes+size <= bytes)
}

// room is how many deliveries, and of how many bytes, may wait here: as many as
// fit to what the endpoint copes with, and a part of what is free now, so that
// something is, even when many lanes are full of what goes slowly.
func (l *lane) room(e *domain.Endpoint) (deliveries, bytes int) {
	deliveries = min((fullAt-l.engine.held)/maxShare, l.limit*queueFactor)
	if e != nil && (e.Ordered || e.RateLimit > 0) {
		deliveries = min(deliveries, maxQueue)
	}
	return max(minQueue, deliveries), max(minBytes, (maxBytes-l.engine.bytes)/maxShare)
}

// settle counts one of the reserved deliveries that has come, or will not.
func (l *lane) settle() {
	if l.reserved--; l.reserved == 0 {
		l.promise(-l.promised)
	}
	l.outdated = l.outdated && l.reserved > 0
}

// promise counts the bytes of what is reserved, more or fewer.
func (l *lane) promise(n int) {
	l.promised += n
	l.bytes += n
	l.engine.bytes += n
}

func (l *lane) push(jobs ...domain.Job) {
	if len(jobs) > 0 {
		l.adopt(jobs[len(jobs)-1].Endpoint)
	}
	for i := range jobs {
		n := len(jobs[i].Body)
		l.bytes += n
		l.engine.bytes += n
		l.body += (n - l.body) / 4
	}
	l.queue = append(l.queue, jobs...)
	l.list()
}

// first is the place in the queue of the job that can be sent next; -1 when
// each waits for one of its session.
func (l *lane) first() int {
	if !l.ordered {
		return min(len(l.queue), 1) - 1
	}
	return slices.IndexFunc(l.queue, func(j domain.Job) bool {
		_, busy := l.busy[j.Delivery.SessionID]
		return !busy
	})
}

func (l *lane) pop() domain.Job {
	at := l.first()
	job := l.queue[at]
	l.bytes -= len(job.Body) // it counts for the engine until it has been sent
	if l.ordered {
		l.busy[job.Delivery.SessionID] = struct{}{}
		l.queue = slices.Delete(l.queue, at, at+1)
		return job
	}
	l.queue[0] = domain.Job{} // its body isn't kept
	l.queue = l.queue[1:]
	return job
}

// queues says whether something of the session is queued.
func (l *lane) queues(session string) bool {
	return slices.ContainsFunc(l.queue, func(j domain.Job) bool { return j.Delivery.SessionID == session })
}

// drop takes what is queued of a session out of the queue.
func (l *lane) drop(session string) (back []domain.Job) {
	l.outdated = l.reserved > 0
	l.queue = slices.DeleteFunc(l.queue, func(j domain.Job) bool {
		if j.Delivery.SessionID == session {
			back = append(back, j)
			return true
		}
		return false
	})
	l.unqueued(back)
	if l.first() < 0 {
		l.unlist()
	}
	return back
}

// unqueued gives back what was in the queue.
func (l *lane) unqueued(jobs []domain.Job) {
	for i := range jobs {
		l.bytes -= len(jobs[i].Body)
		l.engine.bytes -= len(jobs[i].Body)
	}
	l.givenBack(len(jobs))
}

func (l *lane) givenBack(n int) {
	l.engine.held -= n
	l.unsettled += n
}

// list gives the lane its turn if it can send.
func (l *lane) list() {
	if l.listed || l.running >= l.limit || l.first() < 0 {
		return
	}
	if !l.wait.IsZero() {
		if l.wait.After(time.Now()) {
			l.arm()
			return
		}
		l.wait = time.Time{}
	}
	l.listed = true
	if len(l.share.ready) == 0 {
		l.engine.ready = append(l.engine.ready, l.share)
	}
	l.share.ready = append(l.share.ready, l)
}

// unlist takes it away again.
func (l *lane) unlist() {
	if !l.listed {
		return
	}
	l.listed = false
	l.share.ready = slices.DeleteFunc(l.share.ready, func(other *lane) bool { return other == l })
	if len(l.share.ready) == 0 {
		l.engine.ready = slices.DeleteFunc(l.engine.ready, func(other *share) bool { return other == l.share })
	}
}

// ran counts requests under way, more or fewer.
func (l *lane) ran(n int) {
	l.running += n
	l.share.running += n
	if l.share.key.doubted {
		l.engine.doubted += n
	}
}

// doubt moves the lane between the endpoints that answer and the others.
func (l *lane) doubt(doubted bool) {
	if l.share.key.doubted == doubted {
		return
	}
	l.unlist()
	running := l.running
	l.ran(-running)
	l.share = l.engine.share(shareKey{l.share.key.project, doubted})
	l.ran(running)
	l.list()
}

// drain empties the queue, for the store to give it out again.
func (l *lane) drain() []domain.Job {
	l.outdated = l.reserved > 0
	back := l.queue
	l.queue = nil
	l.unqueued(back)
	l.unlist()
	return back
}

func (l *lane) stop() []domain.Job {
	if l.timer != nil {
		l.timer.Stop()
	}
	return l.drain()
}

// expect has the lane look into the store at the given time.
func (l *lane) expect(at time.Time) {
	if l.next.IsZero() || at.Before(l.next) {
		l.next = at
	}
	l.look()
}

// look claims what is due, and sets the timer for what is due later.
func (l *lane) look() {
	if !l.next.IsZero() && !l.next.After(time.Now()) {
		l.next = time.Time{}
		l.more, l.ours = true, true
	}
	l.list()
	l.claim()
	l.arm()
}

func (l *lane) arm() {
	at := l.next
	if l.more && l.until.After(time.Now()) && (at.IsZero() || l.until.Before(at)) {
		at = l.until
	}
	if !l.wait.IsZero() && len(l.queue) > 0 && (at.IsZero() || l.wait.Before(at)) {
		at = l.wait
	}
	if at.IsZero() || !l.engine.running {
		return
	}
	if l.timer != nil {
		l.timer.Reset(time.Until(at))
		return
	}
	l.timer = time.AfterFunc(time.Until(at), func() {
		l.engine.mu.Lock()
		defer l.engine.mu.Unlock()
		if l.engine.running {
			l.look()
			l.engine.dispatch()
		}
	})
}

// claim asks the store for more, if there may be more and there is room.
func (l *lane) claim() {
	e := l.engine
	deliveries, bytes := l.room(l.as)
	size := min(l.limit*claimFactor, deliveries-l.reserved, (bytes-l.bytes)/max(1, l.body))
	if len(l.queue) == 0 {
		size = max(size, 1)
	}
	if !l.until.IsZero() {
		size = 1 // to see whether it answers again
		if l.until.After(time.Now()) || l.running > 0 {
			return // not yet, or what is under way will show it
		}
	}
	if l.ordered && l.unsettled > 0 {
		return // what comes back would be missed
	}
	if l.over || !l.more || l.claiming || len(l.queue) > size/4 || size < 1 || !e.running {
		return
	}
	if e.full() || e.claims >= maxClaims {
		if !l.hungry {
			l.hungry = true
			e.hungry = append(e.hungry, l)
		}
		return
	}
	room := domain.Room{Deliveries: size, Bytes: max(size*l.body, minBytes)}
	e.held, e.bytes = e.held+room.Deliveries, e.bytes+room.Bytes
	e.claims++
	ours := l.ours
	l.claiming, l.more, l.ours = true, false, false
	e.wg.Go(func() { l.fetch(room, ours) })
}

// fetch claims what there is room for, of which some may be this server's own.
func (l *lane) fetch(room domain.Room, ours bool) {
	e := l.engine
	now := time.Now()
	c, err := e.queue.Claim(e.ctx, l.endpoint, now, room)
	if err != nil && e.ctx.Err() == nil {
		e.log.Error("claim deliveries; trying again", "err", err, "endpoint", l.endpoint)
	}
	e.mu.Lock()
	l.claiming = false
	e.claims--
	e.held, e.bytes = e.held-room.Deliveries+len(c.Jobs), e.bytes-room.Bytes
	if !e.running || l.stale || l.until.After(time.Now()) {
		// What the claim said of later counts no more, or the circuit has opened
		// meanwhile.
		l.stale, l.more, l.ours = false, true, l.ours || ours
		l.givenBack(len(c.Jobs))
		e.feed()
		l.claim()
		l.arm()
		l.leave()
		e.mu.Unlock()
		e.giveBack(c.Jobs)
		return
	}
	l.push(c.Jobs...)
	e.feed()
	// A claim doesn't tell of what follows in a session that has one under way.
	l.behind = l.ordered && len(l.queue)+l.running+l.recording > 0
	switch {
	case err != nil:
		l.expect(now.Add(time.Second))
	case c.Next.IsZero():
	case c.Next.After(now):
		l.expect(c.Next)
	default: // there is more, of whoever this was
		l.more, l.ours = true, l.ours || ours
	}
	l.claim()
	l.leave()
	e.dispatch()
	e.mu.Unlock()
}

// news says what an attempt changes about the endpoint's health: that it failed
// for the first time, or that it works again. failing is what the store knew
// before the first.
func (l *lane) news(o *domain.Outcome, failing bool) string {
	if o.Attempt.ID == "" {
		return "" // it wasn't made
	}
	before := l.failing
	if !l.tried {
		before = failing
	}
	l.tried, l.failing = true, o.Delivery.Status != domain.DeliveryDelivered
	switch {
	case l.failing && !before:
		return "an endpoint fails"
	case before && !l.failing:
		return "an endpoint works again"
	}
	return ""
}

// verdict is what an attempt says about its endpoint.
type verdict struct {
	known  bool // false: the attempt was given up
	usable bool // it answered, whatever it was
	quick  bool // and soon
}

// judge tells an endpoint that is in trouble from one that doesn't want this
// delivery.
func judge(answer egress.Answer, err error, took time.Duration) verdict {
	v := verdict{known: true, usable: err == nil, quick: err == nil && took < quickly}
	if e, ok := errors.AsType[*egress.Error](err); ok {
		switch answer.StatusCode {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		default:
			v.usable = e.Class == egress.ClassStatus || e.Class == egress.ClassRedirect
		}
	}
	return v
}

// learn adapts to what an attempt has shown: how many requests at once the
// endpoint copes with, and whether to leave it alone for a while. What is then
// not to be sent is returned.
func (l *lane) learn(v verdict, now time.Time) (back []domain.Job) {
	switch {
	case !v.known:
	case v.usable:
		if !l.until.IsZero() {
			l.until, l.opened = time.Time{}, 0
			l.more = true
		}
		l.failures = 0
		l.doubt(false)
		if v.quick {
			l.limit = min(l.limit+1, l.most)
		}
	default:
		l.limit = max(l.limit/2, 1)
		l.doubt(true)
		l.failures++
		if l.failures < tripAfter || l.until.After(now) {
			return nil
		}
		wait := min(firstOpen<<min(l.opened, 10), maxOpen)
		l.opened++
		l.until = now.Add(wait)
		l.more = true
		back = l.drain()
		l.arm()
	}
	return back
}
