package webhook

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Queue is where the engine takes deliveries from and puts outcomes to.
type Queue interface {
	ReleaseClaims(ctx context.Context) error
	DueEndpoints(ctx context.Context) ([]domain.Due, error)
	Claim(ctx context.Context, endpoint string, now time.Time, room domain.Capacity) (domain.Claim, error)
	Finish(ctx context.Context, outcomes []domain.Outcome, drafts []domain.Draft) error
}

const (
	maxLanes   = 10_000      // endpoints remembered while they have nothing to do
	claimAgain = time.Second // after a claim that failed
)

// Engine sends what is due. Each endpoint has a [lane]: a short queue in
// memory, filled with new deliveries as they are committed, and from the store
// when there are more than fit. The [scheduler] says which lane sends next, the
// [budget] what all of them may keep, and the [outcomeWriter] brings outcomes to the
// store. The engine carries out what they decide, each thing under its lock and
// what takes time outside: claims, attempts, releases.
type Engine struct {
	queue    Queue
	log      *slog.Logger
	attempts attempts
	outcomes outcomeWriter
	// Grace is how long attempts may go on, asked when the engine is stopped;
	// nil is the constant.
	Grace func() time.Duration
	// Recorded, if not nil, is told the outcomes of each transaction when they are on
	// disk; they are the engine's again when it returns. It doesn't block.
	Recorded func([]domain.Outcome)
	// Span, if not nil, is told each attempt of a delivery that is in a trace whose spans
	// are kept. It doesn't block.
	Span func(domain.Span)

	mu        sync.Mutex
	phase     phase
	missed    bool // events may have been, during the start
	lanes     map[string]*scheduled
	budget    budget
	scheduler scheduler
	waiting   []*scheduled    // that wait for memory to claim
	ctx       context.Context //nolint:containedctx // of Run, for the claims
	sending   context.Context //nolint:containedctx // outlives ctx by the grace period
	// Attempts, claims, releases, alarms, looks into the store, and
	// reservations: Run returns after all of them.
	wg sync.WaitGroup
}

// phase is where the engine is in its life.
type phase int

const (
	phaseNew      phase = iota
	phaseStarting       // it sends, but doesn't know yet what the store has due
	phaseRunning
	phaseStopped
)

// scheduled is a lane in the engine, with its turn to send and its alarm.
type scheduled struct {
	lane
	turn      turn
	alarm     alarm
	templates templateCache // needs no lock
}

// Grace is how long attempts may go on when the engine is stopped and nobody
// says otherwise.
const Grace = 5 * time.Second

// NewEngine makes an engine; Run starts it.
func NewEngine(queue Queue, sender Sender, version string, log *slog.Logger) *Engine {
	e := &Engine{
		queue: queue, log: log, attempts: attempts{sender: sender, userAgent: "browserhook/" + version},
		lanes: map[string]*scheduled{}, scheduler: newScheduler(),
	}
	e.outcomes = outcomeWriter{queue: queue, log: log, results: make(chan result, recordSize), stopped: e.stopped, recorded: e.recorded}
	return e
}

// Run sends until ctx ends. Then it claims nothing more, gives attempts their
// grace to be answered, and returns when all of them are recorded.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.insist(ctx, func() error { return e.queue.ReleaseClaims(ctx) }); err != nil {
		return err
	}
	e.attempts.span = e.Span
	sending, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	var recording sync.WaitGroup
	recording.Go(func() { e.outcomes.run(context.WithoutCancel(ctx)) })
	e.mu.Lock()
	e.ctx, e.sending, e.phase = ctx, sending, phaseStarting
	e.mu.Unlock()
	// Asked after the start, so that nothing falls in between.
	var due []domain.Due
	err := e.insist(ctx, func() (err error) {
		due, err = e.queue.DueEndpoints(ctx)
		return err
	})
	if err == nil {
		e.mu.Lock()
		e.phase = phaseRunning
		e.expect(due)
		if e.missed {
			e.look()
		}
		e.mu.Unlock()
		<-ctx.Done()
	}
	back := e.stop()
	within := Grace
	if e.Grace != nil {
		within = e.Grace()
	}
	grace := time.AfterFunc(within, giveUp)
	e.release(back)
	e.wg.Wait()
	grace.Stop()
	close(e.outcomes.results)
	recording.Wait()
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

// stop empties all lanes and returns what was in them.
func (e *Engine) stop() (back []domain.Job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.phase = phaseStopped
	for _, s := range e.lanes {
		back = append(back, s.invalidate()...)
		e.scheduler.remove(&s.turn)
		s.alarm.stop()
	}
	return back
}

func (e *Engine) running() bool { return e.phase == phaseStarting || e.phase == phaseRunning }

func (e *Engine) stopped() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.running()
}

// Reserve keeps room for a delivery that is being committed.
func (e *Engine) Reserve(endpoint *domain.Endpoint, size int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.running() {
		return false
	}
	s := e.lane(endpoint.ProjectID, endpoint.ID)
	if endpoint.Ordered && e.phase == phaseStarting {
		s.refuse() // an earlier one may be in the store
		return false
	}
	if !s.reserve(endpoint, size) {
		return false
	}
	e.wg.Add(1) // until it is known what became of it
	return true
}

// Take queues deliveries that have just been committed, and for which there is
// room. Those that came to a bad time are released.
func (e *Engine) Take(jobs []domain.Job) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	var back []domain.Job
	for i := range jobs {
		s := e.lane(jobs[i].Delivery.ProjectID, jobs[i].Delivery.EndpointID)
		if !s.handOff(&jobs[i]) {
			back = append(back, jobs[i])
		}
		e.follow(s, now)
	}
	e.releaseSoon(back)
	e.wg.Add(-len(jobs))
	e.advance(now)
}

// Abandon frees the room that was kept for what is not committed after all.
func (e *Engine) Abandon(endpoints []domain.EndpointRef) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for _, ref := range endpoints {
		s := e.lane(ref.ProjectID, ref.ID)
		s.abandon()
		e.follow(s, now)
	}
	e.wg.Add(-len(endpoints))
	e.advance(now)
}

// lane is the endpoint's, made if need be.
func (e *Engine) lane(projectID, endpoint string) *scheduled {
	s, ok := e.lanes[endpoint]
	if ok {
		return s
	}
	if len(e.lanes) >= maxLanes {
		for _, s := range e.lanes {
			if s.idle() {
				e.forget(s)
			}
		}
	}
	s = &scheduled{lane: newLane(endpoint, &e.budget)}
	s.turn.of = s
	e.scheduler.join(&s.turn, projectID)
	s.alarm = alarm{group: &e.wg, ring: func() { e.ring(s) }}
	e.lanes[endpoint] = s
	return s
}

func (e *Engine) forget(s *scheduled) {
	e.scheduler.remove(&s.turn)
	s.alarm.stop()
	if e.lanes[s.endpoint] == s {
		delete(e.lanes, s.endpoint)
	}
}

// follow does what a lane wants. It is called after anything has happened to
// one.
func (e *Engine) follow(s *scheduled, now time.Time) {
	if !e.running() {
		return
	}
	t := s.next(now)
	e.scheduler.set(&s.turn, s.circuit.suspect(), t.send)
	s.alarm.set(t.wake)
	if t.wait {
		e.waiting = append(e.waiting, s)
	}
	if room := t.claim; room.Deliveries > 0 {
		e.wg.Go(func() { e.claim(s, room) })
	}
	if t.forget {
		e.forget(s)
	}
}

// advance uses what has become free. It is called after lanes were followed.
func (e *Engine) advance(now time.Time) {
	e.admit(now)
	for s, job := e.pick(now); s != nil; s, job = e.pick(now) {
		e.start(s, job)
	}
}

// start is apart so that a job is copied to the heap only when there is one.
func (e *Engine) start(s *scheduled, job domain.Job) {
	e.wg.Go(func() { e.work(s, job) })
}

// admit lets lanes claim that have waited for memory.
func (e *Engine) admit(now time.Time) {
	for len(e.waiting) > 0 && e.budget.claimable() {
		s := e.waiting[0]
		e.waiting = e.waiting[1:]
		s.claim.on(claimRetried)
		e.follow(s, now)
	}
}

// pick takes the job that is to be sent next.
func (e *Engine) pick(now time.Time) (*scheduled, domain.Job) {
	for t := e.scheduler.next(); t != nil; t = e.scheduler.next() {
		job, ok := t.of.send(now)
		if ok {
			e.scheduler.sends(t)
		}
		e.follow(t.of, now)
		if ok {
			return t.of, job
		}
	}
	return nil, domain.Job{}
}

// work sends a job, and then whatever is next, until nothing is.
func (e *Engine) work(s *scheduled, job domain.Job) {
	for s != nil {
		r, response := e.attempts.make(e.sending, &s.templates, &job)
		e.outcomes.put(r)
		endpoint, trace := job.Endpoint, job.Trace
		e.mu.Lock()
		now := time.Now()
		said := s.health.observe(&r.outcome, storedHealth(endpoint))
		e.releaseSoon(s.ended(&job, r.outcome.Delivery.Status, response, now))
		e.scheduler.sent(&s.turn)
		e.admit(now) // before this one takes what it has left
		e.follow(s, now)
		s, job = e.pick(now)
		e.mu.Unlock()
		if said != "" {
			e.log.InfoContext(domain.WithTrace(context.Background(), trace), said, "project", endpoint.ProjectID, "endpoint", endpoint.ID, "delivery", r.outcome.Delivery.ID,
				"session", r.outcome.Delivery.SessionID, "status", r.outcome.Attempt.StatusCode, "err", r.outcome.Attempt.Error)
		}
	}
}

// claim asks the store for what there is room for.
func (e *Engine) claim(s *scheduled, room domain.Capacity) {
	began := time.Now()
	c, err := e.queue.Claim(e.ctx, s.endpoint, began, room)
	if err != nil && e.ctx.Err() == nil {
		e.log.Error("claim deliveries; trying again", "err", err, "endpoint", s.endpoint)
	}
	e.mu.Lock()
	now := time.Now()
	back := s.claimed(room, c, err, began, now)
	e.admit(now)
	e.follow(s, now)
	e.advance(now)
	e.mu.Unlock()
	e.release(back)
}

// ring follows a lane whose alarm has rung.
func (e *Engine) ring(s *scheduled) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	s.alarm.rang()
	e.follow(s, now)
	e.advance(now)
}

// release gives deliveries back that were not sent: they are due as before.
func (e *Engine) release(jobs []domain.Job) {
	for i := range jobs {
		e.outcomes.put(result{outcome: release(jobs[i].Delivery), flush: jobs[i].Endpoint.Ordered})
	}
}

func (e *Engine) releaseSoon(jobs []domain.Job) {
	if len(jobs) > 0 {
		e.wg.Go(func() { e.release(jobs) })
	}
}

// recorded has the lanes go on with what has been recorded.
func (e *Engine) recorded(outcomes []domain.Outcome) {
	if e.Recorded != nil {
		e.Recorded(outcomes)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.running() {
		return
	}
	now := time.Now()
	for i := range outcomes {
		o := &outcomes[i]
		if s, ok := e.lanes[o.Delivery.EndpointID]; ok {
			s.recorded(&o.Delivery, !o.Released())
			e.follow(s, now)
		}
	}
	e.advance(now)
}
