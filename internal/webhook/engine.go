package webhook

import (
	"context"
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
	Claim(ctx context.Context, endpoint string, now time.Time, limit int) (domain.Claim, error)
	Finish(ctx context.Context, outcomes []domain.Outcome, news []domain.Draft) error
}

// Sender sends one request; *egress.Client is one.
type Sender interface {
	Post(ctx context.Context, u *url.URL, header http.Header, body []byte) (egress.Answer, error)
}

const (
	minClaim    = 64  // deliveries of one endpoint at a time,
	maxClaim    = 512 // growing while it takes them quickly
	quickly     = 500 * time.Millisecond
	perEndpoint = 32  // requests to one endpoint at once
	inFlight    = 512 // requests at once, to all endpoints
	finishSize  = 512 // outcomes recorded together
)

// Engine sends what is due. Each endpoint that has something due has a lane, a
// goroutine of its own, so that one that hangs holds up nobody else.
type Engine struct {
	queue     Queue
	sender    Sender
	log       *slog.Logger
	userAgent string

	slots    chan struct{} // inFlight
	outcomes chan result

	mu      sync.Mutex
	lanes   map[string]*lane
	stopped bool
	ctx     context.Context //nolint:containedctx // of Run, for the lanes that Wake starts
	sending context.Context //nolint:containedctx // outlives ctx by the grace period
	wg      sync.WaitGroup
}

type result struct {
	outcome domain.Outcome
	news    *domain.Draft
}

// Grace is how long requests under way may go on when the engine is stopped.
const Grace = 5 * time.Second

// NewEngine makes an engine; Run starts it.
func NewEngine(queue Queue, sender Sender, version string, log *slog.Logger) *Engine {
	return &Engine{
		queue: queue, sender: sender, log: log, userAgent: "browserhook/" + version,
		slots: make(chan struct{}, inFlight), outcomes: make(chan result, inFlight),
		lanes: map[string]*lane{},
	}
}

// Run sends until ctx ends. Then it claims nothing more, gives what is under
// way Grace to be answered, and returns when all of it is recorded.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.queue.ReleaseClaims(ctx); err != nil {
		return err
	}
	due, err := e.queue.DueEndpoints(ctx)
	if err != nil {
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
	e.ctx, e.sending = ctx, sending
	woken := make([]string, 0, len(e.lanes))
	for id := range e.lanes { // woken before Run
		woken = append(woken, id)
	}
	clear(e.lanes)
	e.mu.Unlock()
	for _, d := range due {
		e.open(d.EndpointID, d.At)
	}
	e.Wake(woken...)

	<-ctx.Done()
	e.mu.Lock()
	e.stopped = true
	e.mu.Unlock()
	grace := time.AfterFunc(Grace, giveUp)
	e.wg.Wait()
	grace.Stop()
	close(e.outcomes)
	<-finished
	return nil
}

// Wake tells that the endpoints may have deliveries due now. It doesn't block.
func (e *Engine) Wake(endpoints ...string) {
	for _, id := range endpoints {
		e.open(id, time.Time{})
	}
}

func (e *Engine) open(id string, due time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped {
		return
	}
	l, ok := e.lanes[id]
	if !ok {
		l = &lane{engine: e, endpoint: id, due: due, woken: make(chan struct{}, 1), slots: make(chan struct{}, perEndpoint), size: minClaim}
		e.lanes[id] = l
		if e.ctx != nil {
			e.wg.Add(1)
			go l.run(e.ctx, e.sending)
		}
		return
	}
	if due.IsZero() {
		select {
		case l.woken <- struct{}{}:
		default: // it has been told
		}
	}
}

// finish records outcomes, all that wait in one transaction. What the store
// doesn't take is offered again until it does: an attempt that was made is
// never forgotten while the server lives.
func (e *Engine) finish(ctx context.Context) {
	batch := make([]domain.Outcome, 0, finishSize)
	for first := range e.outcomes {
		batch = append(batch[:0], first.outcome)
		var news []domain.Draft
		add := func(r result) {
			if r.news != nil {
				news = append(news, *r.news)
			}
		}
		add(first)
	fill:
		for len(batch) < finishSize {
			select {
			case r, ok := <-e.outcomes:
				if !ok {
					break fill
				}
				batch = append(batch, r.outcome)
				add(r)
			default:
				break fill
			}
		}
		for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
			err := e.queue.Finish(ctx, batch, news)
			if err == nil {
				break
			}
			e.log.Error("record webhook attempts; trying again", "err", err, "attempts", len(batch))
			if e.isStopped() && wait > time.Second {
				return // they will be sent again after the next start
			}
			<-time.After(wait)
		}
		// A lane that has nothing else to do must learn of the next try.
		for i := range batch {
			if batch[i].Delivery.Status == domain.DeliveryPending {
				e.Wake(batch[i].Delivery.EndpointID)
			}
		}
	}
}

func (e *Engine) isStopped() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stopped
}

// lane sends the deliveries of one endpoint.
type lane struct {
	engine   *Engine
	endpoint string
	due      time.Time     // not before this, unless woken
	woken    chan struct{} // something may be due now
	slots    chan struct{} // perEndpoint
	size     int           // of the next claim
}

// run claims and sends until nothing is left to wait for.
func (l *lane) run(ctx, sending context.Context) {
	defer l.engine.wg.Done()
	for l.wait(ctx) {
		claim, err := l.engine.queue.Claim(ctx, l.endpoint, time.Now(), l.size)
		if err != nil {
			if ctx.Err() == nil {
				l.engine.log.Error("claim deliveries; trying again", "err", err, "endpoint", l.endpoint)
			}
			l.due = time.Now().Add(time.Second)
			continue
		}
		began := time.Now()
		l.send(ctx, sending, &claim)
		l.resize(len(claim.Jobs), time.Since(began))
		if l.due = claim.Next; l.due.IsZero() && l.leave() {
			return
		}
	}
}

// resize claims more at a time from an endpoint that takes them quickly, so
// that one commit serves many, and little from one that would only hold them.
func (l *lane) resize(claimed int, took time.Duration) {
	switch {
	case took > quickly:
		l.size = minClaim
	case claimed == l.size:
		l.size = min(2*l.size, maxClaim)
	}
}

// wait returns true when it is time to claim, false when the engine stops.
func (l *lane) wait(ctx context.Context) bool {
	left := time.Until(l.due)
	if left <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.woken:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// leave takes the lane out of the engine unless it was woken meanwhile.
func (l *lane) leave() bool {
	l.engine.mu.Lock()
	defer l.engine.mu.Unlock()
	select {
	case <-l.woken:
		return false
	default:
		delete(l.engine.lanes, l.endpoint)
		return true
	}
}

// send starts a request for each job as slots get free, and gives back what it
// can't start any more.
func (l *lane) send(ctx, sending context.Context, c *domain.Claim) {
	if len(c.Jobs) == 0 {
		return
	}
	target, err := url.Parse(c.Endpoint.URL)
	for i := range c.Jobs {
		job := c.Jobs[i]
		if !l.slot(ctx) {
			l.engine.outcomes <- result{outcome: giveBack(job.Delivery)}
			continue
		}
		l.engine.wg.Go(func() {
			defer func() { <-l.engine.slots; <-l.slots }()
			if err != nil {
				target = &url.URL{} // refused as no http address, and recorded
			}
			l.engine.outcomes <- l.engine.try(sending, &c.Endpoint, target, job)
		})
	}
}

func (l *lane) slot(ctx context.Context) bool {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	select {
	case l.engine.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		<-l.slots
		return false
	}
}

// try sends one delivery once.
func (e *Engine) try(ctx context.Context, ep *domain.Endpoint, target *url.URL, job domain.Job) result {
	started := time.Now()
	d := job.Delivery
	signature, err := Sign(ep.LiveSecrets(started), d.EventID, started, job.Body)
	var answer egress.Answer
	if err == nil {
		answer, err = e.sender.Post(ctx, target, http.Header{
			"Content-Type": {"application/json"}, "User-Agent": {e.userAgent},
			"Webhook-Id": {d.EventID}, "Webhook-Timestamp": {strconv.FormatInt(started.Unix(), 10)},
			"Webhook-Signature": {signature},
		}, job.Body)
	}
	if ctx.Err() != nil && err != nil {
		return result{outcome: giveBack(d)}
	}
	now := time.Now()
	r := result{outcome: decide(d, answer, err, started, now, random())}
	if r.outcome.Disable != "" {
		gone := *ep
		gone.Status = domain.EndpointDisabled
		news := domain.WebhookNews(&gone, domain.EventEndpointDisabled, r.outcome.Disable, now)
		r.news = &news
	}
	return r
}
