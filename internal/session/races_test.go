package session_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/step"
)

// play is one session with a step that runs and one that waits, over a store and
// a browser that stop at each of their points. It runs in a bubble of synctest.
type play struct {
	t       *testing.T
	began   time.Time
	store   *memory
	service *session.Service
	browser *stage
	end     context.CancelFunc // of the server: a stop
	over    chan error         // what Run returned

	mu       sync.Mutex
	seen     int // points that were passed
	at       int // where inject is called
	inject   func()
	happened []string
	early    []domain.CloseReason // of what ends it and happened before it could end of itself
	late     []domain.CloseReason // of what ends it and happened after that
	finish   chan *domain.Failure // ends the running step
	runs     map[string]int       // of each step
	running  int
	calls    sync.WaitGroup // of the API
}

// stage is a browser without a page.
type stage struct {
	play            *play
	once            sync.Once
	done            chan struct{}
	asked           chan struct{}
	started, closed int
	left            int // to another server
	away            time.Duration
	end             time.Time // when it was closed
}

func (b *stage) Page() *browser.Page             { return nil }
func (b *stage) Done() <-chan struct{}           { return b.done }
func (b *stage) CloseRequested() <-chan struct{} { return b.asked }
func (b *stage) Connect(_ context.Context, _ string, left func()) (net.Conn, error) {
	ours, theirs := net.Pipe()
	theirs.Close()
	return &counted{Conn: ours, left: sync.OnceFunc(left)}, nil
}

// counted is a connection that tells of its end.
type counted struct {
	net.Conn
	left func()
}

func (c *counted) Close() error {
	defer c.left()
	return c.Conn.Close()
}

func (b *stage) Exit() *domain.Failure {
	return &domain.Failure{Code: browser.CodeCrashed, Message: "Chromium was ended by signal 9 (killed)."}
}

func (b *stage) Close(context.Context) error {
	if sess, _ := b.play.store.Session(context.Background(), "", ""); sess.Status.Ended() {
		b.play.t.Errorf("the session is %s before its browser is closed", sess.Status)
	}
	b.play.mu.Lock()
	b.closed++
	b.end = time.Now()
	b.play.mu.Unlock()
	b.crash()
	b.play.point()
	return nil
}

func (b *stage) Leave() {
	b.play.mu.Lock()
	defer b.play.mu.Unlock()
	b.left++
	b.end = time.Now()
}

func (b *stage) Away() time.Duration                { return b.away }
func (b *stage) Usage(context.Context) domain.Usage { return domain.Usage{} }
func (b *stage) Used() domain.Usage                 { return domain.Usage{} }

func (b *stage) crash() { b.once.Do(func() { close(b.done) }) }

const (
	life       = time.Hour
	idleFor    = 5 * time.Minute
	stopWithin = 10 * time.Second
)

// open starts a server and makes the session. at is the point where inject comes;
// 0 is none.
func open(t *testing.T, at int, inject func(*play), change ...func(*session.Config)) *play {
	t.Helper()
	p := &play{t: t, began: time.Now(), at: at, finish: make(chan *domain.Failure), runs: map[string]int{}, over: make(chan error, 1)}
	p.inject = func() { inject(p) }
	p.browser = &stage{play: p, done: make(chan struct{}), asked: make(chan struct{})}
	p.store = &memory{point: p.point}
	cfg := session.Config{
		Store: p.store, PublicURL: func() string { return "" }, MaxSessions: 1, Log: slog.New(slog.DiscardHandler), Blobs: &blobs{},
		StopWithin: stopWithin, RunStep: p.runStep,
		Launch: func(ctx context.Context, _ string, _ domain.SessionOptions) (session.Browser, error) {
			p.point()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			p.browser.started++
			return p.browser, nil
		},
	}
	for _, fn := range change {
		fn(&cfg)
	}
	p.service = session.New(cfg)
	p.store.notify = p.service.Notify
	ctx, end := context.WithCancel(context.Background())
	p.end = end
	go func() { p.over <- p.service.Run(ctx) }()
	if _, _, _, err := p.service.Create(t.Context(), "proj", session.CreateRequest{
		Options: domain.SessionOptions{Timeout: life, IdleTimeout: idleFor}, Steps: []step.Spec{{Action: "reload"}, {Action: "reload"}},
	}); err != nil {
		t.Fatal(err)
	}
	return p
}

// point is where something else may come in between.
func (p *play) point() {
	p.mu.Lock()
	p.seen++
	now := p.seen == p.at
	p.mu.Unlock()
	if now {
		p.inject()
		settle()
	}
}

// settle returns when everybody waits for something.
func settle() { time.Sleep(time.Nanosecond) } // in a bubble, time goes on only then

func (p *play) runStep(ctx context.Context, _ *browser.Page, _ *step.Spec, _ step.Save) ([]byte, *domain.Failure) {
	p.mu.Lock()
	p.running++
	if p.running > 1 {
		p.t.Error("two steps run at once")
	}
	p.mu.Unlock()
	p.point()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running--
	}()
	select {
	case why := <-p.finish:
		return []byte("1"), why
	case <-ctx.Done():
		return nil, &domain.Failure{Code: step.CodeCanceled, Message: "The step was canceled."}
	case <-p.browser.done:
		return nil, &domain.Failure{Code: step.CodeBrowserGone, Message: "The browser is gone."}
	}
}

// events are what can happen to a session.
var events = map[string]func(p *play){
	"finish":           func(p *play) { p.endStep(nil) },
	"finish both":      func(p *play) { p.endBoth() },
	"cancel":           func(p *play) { p.cancel(0) },
	"cancel the other": func(p *play) { p.cancel(1) },
	"add":              func(p *play) { p.add() },
	"touch":            func(p *play) { p.service.Touch(p.store.id()) },
	"away":             func(p *play) { p.store.set(func(m *memory) { m.awayTill = time.Now().Add(30 * time.Second) }) },
	"missed": func(p *play) { // that another server added a step
		p.store.set((*memory).add)
		p.service.Signal(domain.Signal{Missed: true})
	},
	"idle":    func(*play) { time.Sleep(idleFor) },
	"timeout": func(*play) { time.Sleep(life) },
	"close":   func(p *play) { p.close() },
	"crash": func(p *play) {
		p.ends(domain.ClosedCrashed, time.Now())
		p.browser.crash()
	},
	"gone": func(p *play) { // the step sees it first
		p.ends(domain.ClosedCrashed, time.Now())
		p.endStep(&domain.Failure{Code: step.CodeBrowserGone, Message: "The browser is gone."})
		settle()
		p.browser.crash()
	},
	"stop": func(p *play) {
		p.ends(domain.ClosedShutdown, time.Now())
		p.service.Stop()
		p.end()
	},
	"taken over": func(p *play) {
		p.store.set(func(m *memory) { m.theirs = true })
		p.service.Signal(domain.Signal{Elsewhere: domain.Commit{Sessions: []string{p.store.id()}}})
	},
}

func (p *play) do(name string) {
	p.mu.Lock()
	p.happened = append(p.happened, name)
	p.mu.Unlock()
	events[name](p)
}

// ends is that something happens at a time that ends the session.
func (p *play) ends(reason domain.CloseReason, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.Sub(p.began) < idleFor {
		p.early = append(p.early, reason)
	} else {
		p.late = append(p.late, reason)
	}
}

func (p *play) did(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.happened, name)
}

// endStep ends the step that runs, if one does.
func (p *play) endStep(why *domain.Failure) {
	select {
	case p.finish <- why:
	default:
	}
}

// endBoth ends it and the next.
func (p *play) endBoth() {
	p.endStep(nil)
	settle()
	p.endStep(nil)
}

// patient is how long a caller waits for an answer.
const patient = 20 * time.Second

// cancel cancels a step beside whatever else goes on.
func (p *play) cancel(i int) {
	p.calls.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		defer cancel()
		began := time.Now()
		st, err := p.service.CancelStep(ctx, "proj", p.store.id(), p.store.step(i))
		refused, ok := errors.AsType[*domain.Error](err)
		switch {
		case ok && refused.Code == domain.CodeConflict: // it had ended
		case p.did("away"), p.did("taken over"), p.did("idle"), p.did("timeout"): // and who is away can't answer
		case err != nil || !st.Status.Ended():
			p.t.Errorf("a canceled step is %s: %v", st.Status, err)
		case time.Since(began) > time.Second:
			p.t.Errorf("a cancel took %s", time.Since(began))
		}
	})
}

// close closes the session beside whatever else goes on.
func (p *play) close() {
	p.calls.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		defer cancel()
		slow := func() bool { return p.did("away") || p.did("idle") || p.did("timeout") }
		began := time.Now()
		s, err := p.service.Close(ctx, "proj", p.store.id())
		if err != nil && !slow() || err == nil && s.Status != domain.SessionClosing && !s.Status.Ended() {
			p.t.Errorf("a closed session is %s: %v", s.Status, err)
		}
		if err == nil {
			p.ends(domain.ClosedRequested, began)
		}
		time.Sleep(time.Second)
		if sess, _ := p.store.Session(ctx, "", ""); !sess.Status.Ended() && !slow() && !p.did("taken over") && !p.did("stop") {
			p.t.Errorf("a session that was closed a second ago is %s", sess.Status)
		}
	})
}

// add adds a step beside whatever else goes on.
func (p *play) add() {
	p.calls.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		defer cancel()
		_, err := p.service.AddSteps(ctx, "proj", p.store.id(), []step.Spec{{Action: "reload"}}, "", nil)
		refused, ok := errors.AsType[*domain.Error](err)
		switch {
		case ok && refused.Code == domain.CodeEnded:
		case p.did("away"), p.did("stop"), p.did("idle"), p.did("timeout"):
		case err != nil:
			p.t.Error(err)
		}
	})
}

// look uses the session for the whole of its life.
func (p *play) look() {
	for range 2 * life / idleFor {
		time.Sleep(idleFor / 2)
		p.service.Touch(p.store.id())
	}
}

// out lets the session live to its end, and the server stop.
func (p *play) out() {
	time.Sleep(2 * life)
	p.calls.Wait()
	p.service.Stop()
	p.end()
	if err := <-p.over; err != nil {
		p.t.Error(err)
	}
}

// check is what must be true however it went.
func (p *play) check() {
	p.t.Helper()
	sess, steps, news := p.store.sess, p.store.steps, p.store.count()
	said := strings.Join(p.store.news, ", ")
	if p.running != 0 {
		p.t.Error("a step runs for ever")
	}
	if p.browser.started != p.browser.closed || p.browser.started > 1 {
		p.t.Errorf("the browser was started %d times and closed %d times: %s", p.browser.started, p.browser.closed, said)
	}
	for name, n := range news {
		if n > 1 {
			p.t.Errorf("%s came %d times: %s", name, n, said)
		}
	}
	for i, st := range steps {
		index := fmt.Sprint(" ", i)
		if ends := news["step_completed"+index] + news["step_failed"+index] + news["step_canceled"+index]; (ends == 1) != st.Status.Ended() || ends > 1 {
			p.t.Errorf("step %d is %s: %s", i, st.Status, said)
		}
		if st.Status == domain.StepCompleted && !p.did("finish") && !p.did("finish both") || st.Status == domain.StepInterrupted && !p.did("crash") && !p.did("gone") || st.Status == domain.StepFailed ||
			st.Status == domain.StepCompleted && string(st.Result) != "1" {
			p.t.Errorf("step %d is %s with %s", i, st.Status, st.Result)
		}
	}
	if p.did("taken over") {
		return // the rest is for the other server
	}
	// What a stop leaves for the next start: what has no browser yet, also when it is
	// closed after its actor has left, and what the store or a step was too slow for.
	if p.did("stop") && !sess.Status.Ended() && (news["browser_ready"] == 0 || p.did("away") || p.did("idle") || p.did("timeout")) {
		return
	}
	if sess.Status != domain.SessionClosed || p.store.news[len(p.store.news)-1] != "browser_closed" {
		p.t.Fatalf("the session is %s: %s", sess.Status, said)
	}
	for i, st := range steps {
		if !st.Status.Ended() {
			p.t.Errorf("step %d is %s", i, st.Status)
		}
	}
	may := p.early
	if len(may) == 0 {
		may = append(p.late, domain.ClosedTimeout, domain.ClosedIdle)
	}
	if !slices.Contains(may, sess.CloseReason) {
		p.t.Errorf("the session was closed as %s, and not one of %s", sess.CloseReason, may)
	}
	if sess.CloseReason == domain.ClosedTimeout && sess.EndedAt.Sub(sess.ReadyAt) < life {
		p.t.Errorf("its life of %s was over after %s", life, sess.EndedAt.Sub(sess.ReadyAt))
	}
	for i, st := range steps {
		came := sess.EndedAt.Sub(st.CreatedAt) // one that came as it ended has no part in it
		if sess.CloseReason == domain.ClosedIdle && came >= idleFor && sess.EndedAt.Sub(st.FinishedAt) < idleFor {
			p.t.Errorf("it was idle, and step %d had ended %s ago", i, sess.EndedAt.Sub(st.FinishedAt))
		}
	}
	if (sess.CloseReason == domain.ClosedCrashed) != (news["browser_crashed"] == 1) {
		p.t.Errorf("closed as %s: %s", sess.CloseReason, said)
	}
}

// TestEveryInterleaving has something happen to a session whose first step runs,
// and a second thing at each point of that: before a change is made, after it is
// made and before it is known, while the browser starts, while it ends, while a
// step begins.
func TestEveryInterleaving(t *testing.T) {
	names := slices.Sorted(maps.Keys(events))
	for _, first := range names {
		for _, second := range names {
			t.Run(first+", "+second, func(t *testing.T) {
				last := 1
				for at := 1; at <= last; at++ {
					synctest.Test(t, func(t *testing.T) {
						defer func() {
							if t.Failed() {
								t.Logf("at point %d of at least %d", at, last)
							}
						}()
						p := open(t, at, func(p *play) { p.do(second) })
						settle()
						p.do(first)
						p.out()
						p.check()
						last = max(last, p.seen)
					})
					if t.Failed() {
						return
					}
				}
			})
		}
	}
}

func (b *stage) Dial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("it is no browser")
}
