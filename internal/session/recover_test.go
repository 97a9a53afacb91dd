package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// restart is a play in which another server takes up the session that one has left:
// by what happened to that, with how long its browser was alone, and what attaching to
// it says.
func (p *play) restart(away time.Duration, attach error) {
	p.calls.Wait()
	time.Sleep(away)
	p.store.set(func(m *memory) { m.awayTill, m.fullTill = time.Time{}, time.Time{} })
	p.browser.away = away
	cfg := p.service.Config
	cfg.Attach = func(context.Context, string, domain.SessionOptions) (session.Browser, error) {
		p.point()
		if attach != nil {
			return nil, attach
		}
		return p.browser, nil
	}
	p.service = session.New(cfg)
	p.store.notify = p.service.Notify
	ctx, end := context.WithCancel(context.Background())
	p.end = end
	go func() { p.over <- p.service.Run(ctx) }()
}

// leave stops the server and leaves the browser to the next.
func (p *play) leave() { p.leaveAnd(func() {}) }

func (p *play) leaveAnd(then func()) {
	p.service.Leave()
	p.end()
	settle()
	then()
	if err := <-p.over; err != nil {
		p.t.Error(err)
	}
}

// injects has something happen so many points from now.
func (p *play) injects(points int, what func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.inject = p.seen+points, what
}

// killed is that the server is gone from one moment to the next: nothing that it does
// has an effect any more.
func (p *play) killed() {
	p.store.set(func(m *memory) { m.awayTill = time.Now().Add(2 * life) })
	p.service.Stop()
	p.end()
	if err := <-p.over; err != nil {
		p.t.Error(err)
	}
	// What it closed then was not the browser.
	p.browser = &stage{play: p, done: make(chan struct{}), asked: make(chan struct{}), started: 1}
}

// TestRecoveries is each way in which a session with two steps, each of a request of
// its own, goes on after its server has gone.
func TestRecoveries(t *testing.T) {
	const begun, again = "browser_ready, step_started 0, ", "browser_recovered, "
	none := errors.New("there is none")
	finish := happens("finish")
	stay := func(p *play) { p.restart(20*time.Second, nil) }
	for _, tt := range []struct {
		name   string
		happen []func(p *play) // each when the one before has had its effect
		state  string
		news   string
		ended  string // from its beginning
	}{
		{"killed while a step runs", []func(*play){(*play).killed, stay, finish, (*play).close}, "CLOSED requested, INTERRUPTED, COMPLETED",
			begun + again + "step_failed 0, step_started 1, step_completed 1, browser_closed", "30s"},
		{"killed while nothing runs", []func(*play){happens("finish both"), (*play).killed, stay, (*play).close}, "CLOSED requested, COMPLETED, COMPLETED",
			begun + "step_completed 0, step_started 1, step_completed 1, " + again + "browser_closed", "30s"},
		{"left while a step runs that ends soon", []func(*play){func(p *play) { p.leaveAnd(func() { p.endStep(nil) }) }, stay, finish, (*play).close}, "CLOSED requested, COMPLETED, COMPLETED",
			begun + "step_completed 0, " + again + "step_started 1, step_completed 1, browser_closed", "20s"},
		{"left while a step runs that doesn't end", []func(*play){(*play).leave, stay, finish, (*play).close}, "CLOSED requested, INTERRUPTED, COMPLETED",
			begun + "step_failed 0, " + again + "step_started 1, step_completed 1, browser_closed", "28s"},
		{"left twice", []func(*play){(*play).leave, stay, (*play).leave, stay, (*play).close}, "CLOSED requested, INTERRUPTED, INTERRUPTED",
			begun + "step_failed 0, " + again + "step_started 1, step_failed 1, " + again + "browser_closed", "56s"},
		{"its browser is gone", []func(*play){(*play).leave, func(p *play) { p.restart(time.Minute, none) }}, "CLOSED node_lost, INTERRUPTED, CANCELED",
			begun + "step_failed 0, step_canceled 1, browser_closed", "1m8s"},
		{"its browser is gone, and its step ran", []func(*play){(*play).killed, func(p *play) { p.restart(time.Minute, none) }}, "CLOSED node_lost, INTERRUPTED, CANCELED",
			begun + "step_failed 0, step_canceled 1, browser_closed", "1m10s"},
		{"its life goes on", []func(*play){happens("finish both"), (*play).leave, stay, (*play).look}, "CLOSED timeout, COMPLETED, COMPLETED",
			begun + "step_completed 0, step_started 1, step_completed 1, " + again + "browser_closed", "1h0m0s"},
		{"its life is over meanwhile", []func(*play){happens("finish both"), func(p *play) {
			for range 58 {
				time.Sleep(time.Minute)
				p.service.Touch(p.store.id())
			}
		}, (*play).leave, func(p *play) { p.restart(3*time.Minute, nil) }}, "CLOSED timeout, COMPLETED, COMPLETED",
			begun + "step_completed 0, step_started 1, step_completed 1, " + again + "browser_closed", "1h1m0s"},
		{"its life is over meanwhile, and a step waits", []func(*play){(*play).leave, func(p *play) { p.restart(61*time.Minute, nil) }}, "CLOSED timeout, INTERRUPTED, CANCELED",
			begun + "step_failed 0, " + again + "step_canceled 1, browser_closed", "1h1m8s"},
		{"nobody could use it meanwhile", []func(*play){happens("finish both"), (*play).leave, func(p *play) { p.restart(6*time.Minute, nil) }}, "CLOSED idle, COMPLETED, COMPLETED",
			begun + "step_completed 0, step_started 1, step_completed 1, " + again + "browser_closed", "6m0s"},
		{"nobody uses it", []func(*play){happens("finish both"), (*play).leave, stay}, "CLOSED idle, COMPLETED, COMPLETED",
			begun + "step_completed 0, step_started 1, step_completed 1, " + again + "browser_closed", "5m0s"},
		{"it crashes then", []func(*play){happens("finish both"), (*play).leave, stay, happens("crash")}, "CLOSED crashed, COMPLETED, COMPLETED",
			begun + "step_completed 0, step_started 1, step_completed 1, " + again + "browser_crashed, browser_closed", "20s"},
		{"another server has taken it over", []func(*play){(*play).leave, func(p *play) { p.store.set(func(m *memory) { m.theirs = true }) }, stay}, "READY, INTERRUPTED, PENDING",
			begun + "step_failed 0", "never"},
		{"it is closed while it is attached to", []func(*play){(*play).leave, func(p *play) {
			p.injects(3, p.close) // when it has been looked at
			stay(p)
		}}, "CLOSED requested, INTERRUPTED, CANCELED", begun + "step_failed 0, step_canceled 1, browser_closed", "28s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := open(t, 0, nil)
				p.apart()
				for _, happen := range tt.happen {
					settle()
					happen(p)
				}
				p.out()
				if diff := cmp.Diff(tt.state, p.store.states()); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(strings.TrimSuffix(tt.news, ", "), strings.Join(p.store.news, ", ")); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(tt.ended, p.when(p.store.sess.EndedAt)); diff != "" {
					t.Error(diff)
				}
				if closed := p.store.sess.Status.Ended() && p.store.sess.CloseReason != domain.ClosedNodeLost; p.browser.started != 1 || (p.browser.closed == 1) != closed {
					t.Errorf("the browser was started %d times and closed %d times", p.browser.started, p.browser.closed)
				}
				if p.running != 0 {
					t.Error("a step runs for ever")
				}
			})
		})
	}
}

// apart has the steps be of requests of their own.
func (p *play) apart() {
	p.store.set(func(m *memory) {
		for i := range m.steps {
			m.steps[i].Batch = i
		}
	})
}

// TestWhatFollowsAStepThatWasCutOff: steps of the same request are not run, if that is
// to stop at a failure.
func TestWhatFollowsAStepThatWasCutOff(t *testing.T) {
	for _, goes := range []func(*play){(*play).killed, (*play).leave} {
		synctest.Test(t, func(t *testing.T) {
			p := open(t, 0, nil)
			settle()
			goes(p)
			p.restart(time.Second, nil)
			settle()
			if got := p.store.states(); got != "READY, INTERRUPTED, CANCELED" {
				t.Error(got)
			}
			p.out()
		})
	}
}
