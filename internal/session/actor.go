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
	leaving bool   // the server ends, and leaves the browser to the next; only the actor's own goroutine uses it
	last    string // the step that was started last; as leaving

	slotless bool // its slot is given back; the service's mu is held

	woken    chan struct{} // there may be a step
	touched  chan struct{} // somebody uses the session
	changed  chan struct{} // another server has changed it, or taken it over
	closeCh  chan struct{} // closed when it is to end
	resumed  chan struct{} // of one that is adopted: closed when it is recorded that it goes on, or it doesn't; nil: it starts a browser
	gaveUp   atomic.Bool   // a change could not be recorded
	disowned atomic.Bool   // the session was another server's, or nobody's: the actor has no more say, whoever has it since

	resumedOnce sync.Once
	mu          sync.Mutex
	trace       domain.Trace       // the session's, once it was read
	reason      domain.CloseReason // why closeCh was closed
	page        *browser.Page
	browser     Browser  // the page's
	clients     int      // programs that use it by its protocol
	step        *current // the one that runs
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
	// errNotOwner is a session that another server has taken over, because this
	// one was out of reach.
	errNotOwner  = errors.New("another server has taken the session over")
	errUnchanged = errors.New("nothing is to be changed")
)

func newActor(s *Service, r ref) *actor {
	return &actor{
		service: s, ref: r, woken: make(chan struct{}, 1), touched: make(chan struct{}, 1), changed: make(chan struct{}, 1), closeCh: make(chan struct{}),
	}
}

// trySend wakes whoever waits for the channel, or will: its buffer holds one wake-up, and
// more than one says nothing more.
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

// noteTrace remembers what trace the session is in.
func (a *actor) noteTrace(s *domain.Session) {
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
	return a.browser != nil, a.reason != ""
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

// setBrowser makes the session's browser one that others can use; nil: it isn't.
func (a *actor) setBrowser(b Browser) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.browser, a.page = b, nil
	if b != nil {
		a.page = b.Page()
	} else {
		a.markResumed()
	}
}

// markResumed says of an adopted session that it is recorded that it goes on, or that it won't.
func (a *actor) markResumed() {
	if a.resumed != nil {
		a.resumedOnce.Do(func() { close(a.resumed) })
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
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, maxRetryWait) {
		d := a.service.decider()
		err := a.service.Store.ChangeSession(ctx, a.ref.project, a.ref.id, func(c *domain.SessionChange) error {
			a.noteTrace(c.Session)
			if !c.Owned {
				a.disowned.Store(true)
			}
			if a.disowned.Load() {
				return errNotOwner
			}
			return fn(d, c)
		})
		if err == nil || refused(err) || errors.Is(err, errUnchanged) {
			return err
		}
		why, ok := errors.AsType[*domain.Error](err)
		away := ok && why.Code == domain.CodeUnavailable
		if wait == maxRetryWait && !away || ctx.Err() != nil {
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

// maxRetryWait is the longest time between two tries to record a change.
const maxRetryWait = 5 * time.Second

// watch looks at the session whenever another server has changed it, until
// stop is closed.
func (a *actor) watch(stop <-chan struct{}) {
	for {
		select {
		case <-a.changed:
			a.inspect()
		case <-stop:
			return
		}
	}
}

// inspect finds out what another server has done to the session.
func (a *actor) inspect() {
	var status domain.SessionStatus
	err := a.change(func(_ decider, c *domain.SessionChange) error {
		status = c.Session.Status
		return errUnchanged
	})
	switch {
	case errors.Is(err, errNotOwner):
		a.close(domain.ClosedNodeLost)
	case status == domain.SessionClosing || status.Ended():
		a.close(domain.ClosedRequested)
	default:
		a.wake()
	}
}
