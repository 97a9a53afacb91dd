package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// Queue is where the engine takes deliveries from and puts outcomes to.
type Queue interface {
	ReleaseClaims(ctx context.Context) error
	DueEndpoints(ctx context.Context) ([]domain.Due, error)
	Claim(ctx context.Context, endpoint string, now time.Time, room domain.Room) (domain.Claim, error)
	Finish(ctx context.Context, outcomes []domain.Outcome, news []domain.Draft) error
}

// Sender sends one request; *egress.Client is one.
type Sender interface {
	Post(ctx context.Context, u *url.URL, header http.Header, body []byte) (egress.Answer, error)
}

const (
	maxInFlight = 512                   // requests at once, to all endpoints
	maxDoubted  = 384                   // of them, to those that did not answer when last tried
	maxHeld     = 65_536                // deliveries in memory, being sent or about to be
	maxBytes    = 64 << 20              // of their bodies
	maxShare    = 16                    // one endpoint's may be no more than this part of what is free,
	minQueue    = 64                    // but so many,
	minBytes    = 64 << 10              // of so many bytes,
	maxQueue    = 512                   // and no more than these if it has an order, in which they are searched, or a rate
	maxClaims   = 64                    // at once: each may bring one body that is longer than expected
	maxLanes    = 10_000                // endpoints remembered while they have nothing to do
	finishSize  = 1024                  // outcomes recorded together,
	finishTime  = 10 * time.Millisecond // those that come within this of the first: each commit costs as much as many of them
	finishAgain = 50 * time.Millisecond // until they are offered again to a store that failed, and twice that, and so on
	lastTries   = 2 * time.Second       // a store that fails is offered more after the stop

	// When so many are held no lane takes in more, so that a claim always gets
	// what it asks for: small ones cost as much as large ones.
	fullAt = maxHeld - maxLimit*claimFactor
)

// Engine sends what is due. Each endpoint has a lane: a short queue in memory,
// filled with new deliveries as they are committed, and from the store when
// there are more than fit. A fixed number of requests is under way at once;
// when one ends, the project with the fewest gets the next, and in it one lane
// after the other, each as many at once as its endpoint copes with.
type Engine struct {
	queue     Queue
	sender    Sender
	log       *slog.Logger
	userAgent string
	outcomes  chan result
	// Grace is how long requests under way may go on, asked when the engine is
	// stopped; nil is the constant.
	Grace func() time.Duration

	mu       sync.Mutex
	lanes    map[string]*lane
	shares   map[shareKey]*share
	ready    []*share // that have a lane that can send
	hungry   []*lane  // that wait for room to claim
	inFlight int
	doubted  int // of them
	nodes    int // servers that share the rates
	claims   int // under way
	held     int // in lanes, being sent, or asked of the store
	bytes    int // of their bodies, as far as they are known
	running  bool
	caughtUp bool            // what the store had due at the start is known
	again    bool            // and is to be asked for once more
	ctx      context.Context //nolint:containedctx // of Run, for the claims
	sending  context.Context //nolint:containedctx // outlives ctx by the grace period
	wg       sync.WaitGroup
}

// share is the part of the engine's work that belongs to one project, apart
// for endpoints that answer and for those that did not when last tried.
type share struct {
	key     shareKey
	running int
	ready   []*lane // that can send, in turn
}

type shareKey struct {
	project string
	doubted bool
}

type result struct {
	outcome domain.Outcome
	news    *domain.Draft
	urgent  bool // others of its session may wait for it
}

// Grace is how long requests under way may go on when the engine is stopped and
// nobody says otherwise.
const Grace = 5 * time.Second

// NewEngine makes an engine; Run starts it.
func NewEngine(queue Queue, sender Sender, version string, log *slog.Logger) *Engine {
	return &Engine{
		queue: queue, sender: sender, log: log, userAgent: "browserhook/" + version,
		outcomes: make(chan result, finishSize), lanes: map[string]*lane{}, shares: map[shareKey]*share{}, nodes: 1,
	}
}

// Run sends until ctx ends. Then it claims nothing more, gives what is under
// way its grace to be answered, and returns when all of it is recorded.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.insist(ctx, func() error { return e.queue.ReleaseClaims(ctx) }); err != nil {
		return err
	}
	sending, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		e.finish(context.WithoutCancel(ctx))
	}()
	e.mu.Lock()
	e.ctx, e.sending, e.running = ctx, sending, true
	e.mu.Unlock()
	// Asked after the start, so that nothing falls in between.
	var due []domain.Due
	err := e.insist(ctx, func() (err error) {
		due, err = e.queue.DueEndpoints(ctx)
		return err
	})
	if err == nil {
		e.mu.Lock()
		for _, d := range due {
			e.lane(d.ProjectID, d.EndpointID).expect(d.At)
		}
		e.caughtUp = true
		if e.again {
			e.look()
		}
		e.mu.Unlock()
		<-ctx.Done()
	}
	e.mu.Lock()
	e.running, e.caughtUp = false, false
	var back []domain.Job
	for _, l := range e.lanes {
		back = append(back, l.stop()...)
	}
	e.mu.Unlock()
	within := Grace
	if e.Grace != nil {
		within = e.Grace()
	}
	grace := time.AfterFunc(within, giveUp)
	e.giveBack(back)
	e.wg.Wait()
	grace.Stop()
	close(e.outcomes)
	<-finished
	return err
}

// insist asks the store again while that is away, until ctx ends.
func (e *Engine) insist(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if refused, ok := errors.AsType[*domain.Error](err); !ok || refused.Code != domain.CodeUnavailable {
			return err
		}
		e.log.Warn("start to deliver; trying again", "err", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil
		}
	}
}

// Reserve keeps room for a delivery that is being committed. A lane that has
// refused one refuses those that follow, until it has claimed that one.
func (e *Engine) Reserve(endpoint *domain.Endpoint, size int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.running {
		return false
	}
	l := e.lane(endpoint.ProjectID, endpoint.ID)
	if !l.accepts(endpoint, size) {
		l.refused = true
		return false
	}
	e.wg.Add(1) // Run doesn't return before it is known what became of it
	e.held++
	l.reserved++
	l.promise(size)
	return true
}

// Take queues deliveries that have just been committed, and for which there is
// room. Those that came to a bad time are given back.
func (e *Engine) Take(jobs []domain.Job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var back []domain.Job
	for i := range jobs {
		l := e.lane(jobs[i].Delivery.ProjectID, jobs[i].Delivery.EndpointID)
		l.promise(-len(jobs[i].Body))
		if e.running && !l.outdated {
			l.push(jobs[i])
		} else {
			l.givenBack(1)
			back = append(back, jobs[i])
		}
		l.settle()
		l.leave()
	}
	e.returnSoon(back)
	e.wg.Add(-len(jobs))
	e.dispatch()
}

// Release frees the room that was kept for what is not committed after all.
func (e *Engine) Release(endpoints []domain.EndpointRef) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ref := range endpoints {
		l := e.lane(ref.ProjectID, ref.ID)
		e.held--
		l.promise(-l.promised / l.reserved)
		l.settle()
		l.leave()
	}
	e.wg.Add(-len(endpoints))
	e.feed()
}

// lane is the endpoint's, made if need be.
func (e *Engine) lane(projectID, endpoint string) *lane {
	l, ok := e.lanes[endpoint]
	if ok {
		return l
	}
	if len(e.lanes) >= maxLanes {
		for id, l := range e.lanes {
			if l.idle() {
				delete(e.lanes, id)
			}
		}
	}
	l = &lane{
		engine: e, endpoint: endpoint, share: e.share(shareKey{projectID, true}), limit: firstLimit, most: maxLimit,
		busy: map[string]struct{}{}, sending: map[string]struct{}{},
	}
	e.lanes[endpoint] = l
	return l
}

func (e *Engine) share(key shareKey) *share {
	s, ok := e.shares[key]
	if !ok {
		s = &share{key: key}
		e.shares[key] = s
	}
	return s
}

// dispatch starts requests while there is room for them.
func (e *Engine) dispatch() {
	for e.inFlight < maxInFlight {
		l, job := e.pick()
		if l == nil {
			return
		}
		e.inFlight++
		e.wg.Go(func() { e.work(l, job) })
	}
}

// pick takes the job that is to be sent next: of the share with the fewest
// under way, from the lane whose turn it is.
func (e *Engine) pick() (*lane, domain.Job) {
	for {
		at := -1
		for i, s := range e.ready {
			if s.key.doubted && e.doubted >= maxDoubted {
				continue
			}
			if at < 0 || s.running < e.ready[at].running {
				at = i
			}
		}
		if at < 0 {
			return nil, domain.Job{}
		}
		s := e.ready[at]
		l := s.ready[0]
		s.ready = s.ready[1:]
		l.listed = false
		if len(s.ready) == 0 {
			last := len(e.ready) - 1
			e.ready[at] = e.ready[last]
			e.ready = e.ready[:last]
		}
		if l.running >= l.limit {
			continue // it copes with less than when it was listed
		}
		if l.throttled(time.Now()) {
			continue
		}
		job := l.pop()
		l.sending[job.Delivery.ID] = struct{}{}
		l.ran(1)
		l.list()
		l.claim()
		return l, job
	}
}

// work sends a job, and then whatever is next, until nothing is.
func (e *Engine) work(l *lane, job domain.Job) {
	for l != nil {
		r, verdict := e.try(e.sending, l, job)
		was := job.Endpoint
		e.outcomes <- r // blocks when the store is behind, which bounds everything
		e.mu.Lock()
		e.held--
		e.bytes -= len(job.Body)
		l.ran(-1)
		delete(l.busy, job.Delivery.SessionID)
		if l.ordered {
			l.recording++
		}
		news := l.news(&r.outcome, !was.FailingSince.IsZero())
		back := l.learn(verdict, time.Now())
		if r.outcome.Delivery.Status == domain.DeliveryPending {
			l.unsettled++
			if l.ordered {
				back = append(back, l.drop(job.Delivery.SessionID)...)
				l.more = true
			}
		}
		l.list()
		e.feed() // before this one takes what it has left
		l.claim()
		l.leave()
		if l, job = e.pick(); l == nil {
			e.inFlight--
		}
		e.mu.Unlock()
		if news != "" {
			e.log.Info(news, "project", was.ProjectID, "endpoint", was.ID, "delivery", r.outcome.Delivery.ID,
				"status", r.outcome.Attempt.StatusCode, "err", r.outcome.Attempt.Error)
		}
		if len(back) > 0 {
			e.wg.Go(func() { e.giveBack(back) })
		}
	}
}

// full says that there is no room for more.
func (e *Engine) full() bool { return e.held >= fullAt || e.bytes >= maxBytes }

// feed lets lanes claim that have waited for room.
func (e *Engine) feed() {
	for len(e.hungry) > 0 && !e.full() && e.claims < maxClaims {
		l := e.hungry[0]
		e.hungry = e.hungry[1:]
		l.hungry = false
		l.claim()
	}
}

func (e *Engine) giveBack(jobs []domain.Job) {
	for i := range jobs {
		e.outcomes <- result{outcome: giveBack(jobs[i].Delivery), urgent: jobs[i].Endpoint.Ordered}
	}
}

// finish records outcomes, many in one transaction, unless something may wait
// for one of them. What the store doesn't take is offered again until it does:
// an attempt that was made is never forgotten while the server lives.
func (e *Engine) finish(ctx context.Context) {
	batch := make([]domain.Outcome, 0, finishSize)
	enough := time.NewTimer(finishTime)
	defer enough.Stop()
	var stopped time.Time // since when the store fails after the stop
	for first := range e.outcomes {
		batch = batch[:0]
		var news []domain.Draft
		urgent := false
		add := func(r result) {
			batch, urgent = append(batch, r.outcome), urgent || r.urgent
			if r.news != nil {
				news = append(news, *r.news)
			}
		}
		add(first)
		enough.Reset(finishTime)
	fill:
		for len(batch) < finishSize {
			if urgent && len(e.outcomes) == 0 {
				break
			}
			select {
			case r, ok := <-e.outcomes:
				if !ok {
					break fill
				}
				add(r)
			case <-enough.C:
				break fill
			}
		}
		for wait := finishAgain; ; wait = min(2*wait, 5*time.Second) {
			err := e.queue.Finish(ctx, batch, news)
			if err == nil {
				stopped = time.Time{}
				break
			}
			e.log.Error("record webhook attempts; trying again", "err", err, "attempts", len(batch))
			if e.isStopped() {
				if stopped.IsZero() {
					stopped, wait = time.Now(), finishAgain
				}
				if time.Since(stopped) > lastTries {
					break // they will be sent again after the next start
				}
			}
			<-time.After(wait)
		}
		e.recorded(batch)
	}
}

// recorded has the lanes expect what is to be sent again.
func (e *Engine) recorded(batch []domain.Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.running {
		return
	}
	for i := range batch {
		d := &batch[i].Delivery
		untried := d.Status == domain.DeliveryPending && batch[i].Attempt.ID == ""
		if l, ok := e.lanes[d.EndpointID]; ok {
			delete(l.sending, d.ID)
			l.leave()
		}
		if l, ok := e.lanes[d.EndpointID]; ok && l.ordered && !untried {
			l.recording--
			if (l.behind || l.claiming) && !l.queues(d.SessionID) {
				l.more = true
				l.claim() // what follows it in its session
			}
			l.leave()
		}
		if d.Status == domain.DeliveryPending {
			l := e.lane(d.ProjectID, d.EndpointID)
			l.unsettled--
			l.expect(d.NextAt)
			l.leave()
		}
	}
}

func (e *Engine) isStopped() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.running
}

// try sends one delivery once.
func (e *Engine) try(ctx context.Context, l *lane, job domain.Job) (result, verdict) {
	started := time.Now()
	d := job.Delivery
	inline := job.Endpoint.SessionID != ""
	if job.Expired {
		r := result{outcome: expire(d, started), urgent: job.Endpoint.Ordered}
		r.outcome.Inline = inline
		return r, verdict{}
	}
	p := l.prepare(job.Endpoint)
	var answer egress.Answer
	err := p.err
	if err == nil {
		header := make(http.Header, 5+len(p.headers))
		header["Content-Type"], header["User-Agent"] = []string{"application/json"}, []string{e.userAgent}
		for name, value := range p.headers {
			header[name] = value
		}
		header["Webhook-Id"], header["Webhook-Timestamp"] = []string{d.EventID}, []string{strconv.FormatInt(started.Unix(), 10)}
		header["Webhook-Signature"] = []string{p.signer.sign(d.EventID, started, job.Body)}
		answer, err = e.sender.Post(ctx, p.target, header, job.Body)
	}
	if ctx.Err() != nil && err != nil {
		return result{outcome: giveBack(d), urgent: job.Endpoint.Ordered}, verdict{}
	}
	now := time.Now()
	r := result{outcome: decide(d, scheduleOf(&job.Endpoint.EndpointSettings), answer, err, started, now, random()), urgent: job.Endpoint.Ordered}
	r.outcome.Inline = inline
	if !job.Endpoint.Heeds(r.outcome.Health, started) {
		r.outcome.Health = domain.HealthUnknown
	}
	if done := &r.outcome.Delivery; done.Status == domain.DeliveryFailed && d.EventType.Kind() != "webhook" {
		news := domain.DeliveryNews(done, now)
		r.news = &news
	}
	return r, judge(answer, err, now.Sub(started))
}
