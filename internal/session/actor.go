package session

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// actor runs one session from its start to its end. Only it starts and ends its
// browser and runs its steps; requests may ask for its end, and cancel what waits.
type actor struct {
	service *Service
	ref     ref
	opt     domain.SessionOptions
	left    bool   // the server ends, and leaves the browser to the next; only run and what it calls know it
	last    string // the step that was started last; as left

	slotless bool // its slot is given back; the service's mu is held

	woken   chan struct{} // there may be a step
	touched chan struct{} // somebody uses the session
	changed chan struct{} // another server has changed it, or taken it over
	closeCh chan struct{} // closed when it is to end
	back    chan struct{} // of one that is taken up: closed when that it goes on is recorded, or it doesn't; nil: it starts one
	gaveUp  atomic.Bool   // a change could not be recorded
	taken   atomic.Bool   // the session was another server's, or nobody's: the actor has no more say, whoever has it since

	tookUp  sync.Once
	mu      sync.Mutex
	trace   domain.Trace       // the session's, once it was read
	reason  domain.CloseReason // why closeCh was closed
	page    *browser.Page
	by      Browser  // the page's
	clients int      // programs that use it by its protocol
	step    *current // the one that runs
}

// current is the step that runs, and how it is stopped.
type current struct {
	*domain.Step
	ctx    context.Context //nolint:containedctx // of this one run
	cancel context.CancelCauseFunc
}

var (
	errStepCanceled = errors.New("the step was canceled")
	errEnding       = errors.New("the session ends")
	errLeaving      = errors.New("the server ends and leaves the browser to the next")
	// errNotMine is a session that another server has taken over, because this
	// one was out of reach.
	errNotMine = errors.New("another server has taken the session over")
	errLooked  = errors.New("nothing is to be changed")
)

func newActor(s *Service, r ref) *actor {
	return &actor{
		service: s, ref: r, woken: make(chan struct{}, 1), touched: make(chan struct{}, 1), changed: make(chan struct{}, 1), closeCh: make(chan struct{}),
	}
}

// trySend wakes who waits for the channel, of one place, or will.
func trySend(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

func (a *actor) wake()  { trySend(a.woken) }
func (a *actor) touch() { trySend(a.touched) }

// log is for what concerns the session.
func (a *actor) log() *slog.Logger {
	log := a.service.Log.With("session", a.ref.id)
	if t := a.traceOf(); t != "" {
		log = log.With("trace", t.ID())
	}
	return log
}

func (a *actor) traceOf() domain.Trace {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.trace
}

// sees remembers what trace the session is in.
func (a *actor) sees(s *domain.Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trace = s.Trace
}

// close makes the actor end the session; the first reason counts.
func (a *actor) close(reason domain.CloseReason) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reason == "" {
		a.reason = reason
		close(a.closeCh)
	}
}

func (a *actor) closeReason() domain.CloseReason {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reason
}

// state says whether the session has a browser that can be used, and whether it ends.
func (a *actor) state() (has, ends bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.by != nil, a.reason != ""
}

// currentPage is the session's current tab.
func (a *actor) currentPage() (*browser.Page, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.page == nil {
		return nil, false
	}
	return a.page.Tabs().Current(), true
}

// use makes the session's browser one that others can use; nil: it isn't.
func (a *actor) use(b Browser) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.by, a.page = b, nil
	if b != nil {
		a.page = b.Page()
	} else {
		a.goesOn()
	}
}

// goesOn says of a session that is taken up that it is told that it goes on, or won't.
func (a *actor) goesOn() {
	if a.back != nil {
		a.tookUp.Do(func() { close(a.back) })
	}
}

func (a *actor) cancelStep(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.step != nil && a.step.ID == id {
		a.step.cancel(errStepCanceled)
	}
}

// next starts the session's next step, unless the server stops. It can be stopped
// from now on: who finds it RUNNING, in the moment after the commit, finds it here too.
func (a *actor) next(ctx context.Context, d decider, c *domain.SessionChange) (*current, error) {
	if ctx.Err() != nil {
		return nil, nil
	}
	st, err := d.next(c)
	if st == nil || err != nil {
		return nil, err
	}
	r := &current{Step: st}
	r.ctx, r.cancel = context.WithCancelCause(domain.WithTrace(context.Background(), d.place(st.Trace, st.ID)))
	a.last = st.ID
	a.mu.Lock()
	defer a.mu.Unlock()
	a.step = r
	return r, nil
}

// change commits a decision. A store that fails is asked again until it takes
// it: the browser's state and the store's must not part. One that is away is
// waited for as long as the server runs, and while it stops.
func (a *actor) change(fn func(d decider, c *domain.SessionChange) error) error {
	ctx := a.service.working // what has happened is recorded even when the server stops
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, patience) {
		d := a.service.decider()
		err := a.service.Store.ChangeSession(ctx, a.ref.project, a.ref.id, func(c *domain.SessionChange) error {
			a.sees(c.Session)
			if !c.Mine {
				a.taken.Store(true)
			}
			if a.taken.Load() {
				return errNotMine
			}
			return fn(d, c)
		})
		if err == nil || refused(err) || errors.Is(err, errLooked) {
			return err
		}
		why, ok := errors.AsType[*domain.Error](err)
		away := ok && why.Code == domain.CodeUnavailable
		if wait == patience && !away || ctx.Err() != nil {
			a.gaveUp.Store(true)
			return err
		}
		a.log().Error("record a session's change; trying again", "err", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// patience is the longest time between two tries to record a change.
const patience = 5 * time.Second

// watch looks at the session whenever another server has changed it, until
// stop is closed.
func (a *actor) watch(stop <-chan struct{}) {
	for {
		select {
		case <-a.changed:
			a.look()
		case <-stop:
			return
		}
	}
}

// look finds out what another server has done to the session.
func (a *actor) look() {
	var status domain.SessionStatus
	err := a.change(func(_ decider, c *domain.SessionChange) error {
		status = c.Session.Status
		return errLooked
	})
	switch {
	case errors.Is(err, errNotMine):
		a.close(domain.ClosedNodeLost)
	case status == domain.SessionClosing || status.Ended():
		a.close(domain.ClosedRequested)
	default:
		a.wake()
	}
}

// run is the session's life from STARTING on.
func (a *actor) run(ctx context.Context) {
	over := make(chan struct{})
	defer close(over)
	a.service.wg.Go(func() { a.watch(over) })
	var opt domain.SessionOptions
	closed := false
	err := a.change(func(d decider, c *domain.SessionChange) error {
		opt = c.Session.Options
		switch c.Session.Status {
		case domain.SessionStarting: // since it was claimed, or by a server before
			return errLooked
		case domain.SessionClosing: // since then: nobody but this actor ends it
			closed = true
			return d.closed(c)
		default:
			return c.Session.Transition(domain.SessionStarting)
		}
	})
	if err == nil && closed {
		return
	}
	if !errors.Is(err, errLooked) {
		// It was closed while it waited, or can't be recorded: nothing was started.
		if _, closed := errors.AsType[*domain.TransitionError](err); !closed {
			a.log().Error("start session", "err", err)
		}
		return
	}
	if opt.Browser == "" && len(a.service.Browsers) > 0 {
		opt.Browser = a.service.Browsers[0]
	}
	a.opt = opt
	b, err := a.launch(ctx, opt)
	if err != nil {
		a.unstarted(ctx, err, a.log())
		return
	}
	a.has(ctx, b, func(d decider, c *domain.SessionChange) error {
		c.Session.Options.Browser = opt.Browser
		return d.ready(c)
	}, lived{}, over)
}

// lived is what of a session's times was over before this server had its browser.
type lived struct{ life, idle time.Duration }

// has is the session's life with its browser, which begins with a decision.
func (a *actor) has(ctx context.Context, b Browser, begin func(decider, *domain.SessionChange) error, before lived, over <-chan struct{}) {
	a.service.wg.Go(func() {
		select {
		case <-b.Asked(): // a program closes it
			a.close(domain.ClosedRequested)
		case <-over:
		}
	})
	recorded := a.record(b)
	a.live(ctx, b, begin, before)
	recorded()
	a.use(nil)
	if a.left {
		b.Leave()
		return
	}
	closing, cancel := context.WithTimeout(a.service.working, closeWithin)
	defer cancel()
	log := a.log()
	if err := b.Close(closing); err != nil {
		log.Error("close browser", "err", err)
	}
	a.end(log, b.Usage(closing))
}

// launch starts the browser; a session that is closed meanwhile stops it.
func (a *actor) launch(ctx context.Context, opt domain.SessionOptions) (Browser, error) {
	opt, err := a.service.openOptions(a.ref.project, a.ref.id, opt)
	if err != nil {
		a.log().Error("start browser", "err", err)
		return nil, &domain.Failure{Code: CodeSecrets, Message: "The session's secrets were encrypted with a master key that this server doesn't have."}
	}
	ctx, cancel := context.WithCancel(domain.WithTrace(ctx, a.service.decider().place(a.traceOf(), a.ref.id)))
	defer cancel()
	a.service.wg.Go(func() {
		select {
		case <-a.closeCh:
			cancel()
		case <-ctx.Done():
		}
	})
	return a.service.Launch(ctx, a.ref.id, opt)
}

// unstarted records why a session has no browser: it was closed meanwhile, or none
// can be started. One whose server stops is started anew by the next.
func (a *actor) unstarted(ctx context.Context, err error, log *slog.Logger) {
	a.keepLog()
	why, ok := errors.AsType[*domain.Failure](err)
	if !ok {
		why = &domain.Failure{Code: browser.CodeStartFailed, Message: "The browser could not be started."}
	}
	closed := false
	recorded := a.change(func(d decider, c *domain.SessionChange) error {
		if closed = c.Session.Status == domain.SessionClosing; closed {
			return d.closed(c)
		}
		if ctx.Err() != nil {
			return errLooked
		}
		return d.failed(c, why)
	})
	switch {
	case errors.Is(recorded, errLooked):
	case recorded != nil:
		log.Error("record a browser that was not started", "why", err, "err", recorded)
	case !ok && !closed:
		log.Error("start browser", "err", err)
	}
}

// end records that nothing of the session's browser is left, and what it has had of the
// network.
func (a *actor) end(log *slog.Logger, usage domain.Usage) {
	a.keepLog()
	whole := a.keepRecording()
	reason := a.closeReason()
	if err := a.change(func(d decider, c *domain.SessionChange) error {
		c.Session.Usage = usage
		if err := d.closing(c, reason); err != nil {
			return err
		}
		d.recorded(c, whole)
		return d.closed(c)
	}); err != nil {
		log.Error("record the end of a session", "err", err)
	}
}

// live is the time from READY until something ends the session. When it
// returns, the session's row says CLOSING, or a.reason why it will.
func (a *actor) live(ctx context.Context, b Browser, begin func(decider, *domain.SessionChange) error, before lived) {
	a.use(b)
	var step *current
	if err := a.change(func(d decider, c *domain.SessionChange) (err error) {
		if err := begin(d, c); err != nil {
			return err
		}
		if before.life < a.opt.Timeout {
			step, err = a.next(ctx, d, c)
		}
		return err
	}); err != nil {
		if _, closed := errors.AsType[*domain.TransitionError](err); closed {
			a.close(domain.ClosedRequested) // while it started
		}
		a.unrecorded(ctx, err)
		return
	}
	a.goesOn()
	if before.life >= a.opt.Timeout {
		a.close(domain.ClosedTimeout)
		return
	}
	life := time.NewTimer(a.opt.Timeout - before.life)
	defer life.Stop()
	idle := newIdle(a.opt.IdleTimeout, before.idle)
	defer idle.stop()
	for {
		if step != nil {
			idle.pause()
			next, ok := a.runStep(ctx, b, step, life.C)
			if !ok {
				return
			}
			step = next
			a.rest(idle)
			continue
		}
		select {
		case <-a.woken:
			err := a.change(func(d decider, c *domain.SessionChange) (err error) {
				step, err = a.next(ctx, d, c)
				return err
			})
			if err != nil {
				a.unrecorded(ctx, err)
				return
			}
		case <-a.touched:
			a.rest(idle)
		case <-a.closeCh:
			return
		case <-b.Done():
			a.lost(b, b.Exit())
			return
		case <-life.C:
			a.close(domain.ClosedTimeout)
			return
		case <-idle.c():
			a.close(domain.ClosedIdle)
			return
		case <-ctx.Done():
			a.shutdown()
			return
		}
	}
}

// shutdown ends the session with the server, or leaves its browser to the next.
func (a *actor) shutdown() {
	if a.left = a.service.isLeaving() && a.closeReason() == ""; !a.left {
		a.close(domain.ClosedShutdown)
	}
}

// unrecorded ends a session of which a change could not be recorded: nothing may
// follow it. Is the server to leave it to the next, then that finds it as it was.
func (a *actor) unrecorded(ctx context.Context, err error) {
	if ctx.Err() != nil && !errors.Is(err, errNotMine) {
		a.shutdown()
		return
	}
	a.close(domain.ClosedNodeLost)
}

func (a *actor) lost(b Browser, why *domain.Failure) {
	why.StepID = a.last
	if p := b.Page(); p != nil {
		// What it printed last may be what a page wrote to its console.
		why.Message = p.Secrets.Hide(why.Message)
		for i, line := range why.Lines {
			why.Lines[i] = p.Secrets.Hide(line)
		}
	}
	if err := a.change(func(d decider, c *domain.SessionChange) error {
		return d.lost(c, domain.ClosedCrashed, why)
	}); err != nil {
		a.log().Error("record a lost browser", "err", err)
	}
	a.close(domain.ClosedCrashed)
}
