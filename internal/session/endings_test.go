package session_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
)

// TestEndings is each way in which a session with two steps ends: its state and
// reason, the states of the steps, the events in order, and when its browser was
// closed and its end recorded.
func TestEndings(t *testing.T) {
	full := func(c *session.Config) { c.MaxSessions = 0 }
	starts := func(c *session.Config) { // until it is not to start any more
		c.Launch = func(ctx context.Context, _ string, _ domain.SessionOptions) (session.Browser, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}
	missing := func(c *session.Config) {
		c.Launch = func(context.Context, string, domain.SessionOptions) (session.Browser, error) {
			return nil, &domain.Failure{Code: browser.CodeNotFound, Message: "There is no Chromium."}
		}
	}
	const begun = "browser_ready, step_started 0, "
	both := happens("finish both")
	const done = begun + "step_completed 0, step_started 1, step_completed 1, "
	for _, tt := range []struct {
		name   string
		change func(*session.Config) // nil: none
		happen []func(p *play)       // each when the one before has had its effect
		state  string                // of the session, with its reason, and of the steps
		news   string
		when   string // from its beginning, of the browser and of the session
	}{
		{"closed while it waits", full, []func(*play){(*play).close}, "CLOSED requested, CANCELED, CANCELED", "step_canceled 0, step_canceled 1, browser_closed", "never, 0s"},
		{"closed while it starts", starts, []func(*play){(*play).close}, "CLOSED requested, CANCELED, CANCELED", "step_canceled 0, step_canceled 1, browser_closed", "never, 0s"},
		{"the server stops while it starts", starts, []func(*play){happens("stop")}, "STARTING, PENDING, PENDING", "", "never, never"},
		{"it can't be started", missing, nil, "FAILED, CANCELED, CANCELED", "step_canceled 0, step_canceled 1, browser_failed", "never, 0s"},
		{"closed while a step runs", nil, []func(*play){(*play).close}, "CLOSED requested, CANCELED, CANCELED", begun + "step_canceled 0, step_canceled 1, browser_closed", "0s, 0s"},
		{"closed while nothing runs", nil, []func(*play){both, (*play).close}, "CLOSED requested, COMPLETED, COMPLETED", done + "browser_closed", "0s, 0s"},
		{"its life is over while a step runs", nil, []func(*play){happens("timeout")}, "CLOSED timeout, CANCELED, CANCELED", begun + "step_canceled 0, step_canceled 1, browser_closed", "1h0m0s, 1h0m0s"},
		{"its life is over while somebody looks", nil, []func(*play){both, (*play).look}, "CLOSED timeout, COMPLETED, COMPLETED", done + "browser_closed", "1h0m0s, 1h0m0s"},
		{"nobody uses it", nil, []func(*play){both, func(*play) { time.Sleep(idleFor) }}, "CLOSED idle, COMPLETED, COMPLETED", done + "browser_closed", "5m0s, 5m0s"},
		{"a program closes its browser while a step runs", nil, []func(*play){(*play).ask}, "CLOSED requested, CANCELED, CANCELED", begun + "step_canceled 0, step_canceled 1, browser_closed", "0s, 0s"},
		{"a program closes its browser while nothing runs", nil, []func(*play){both, (*play).ask}, "CLOSED requested, COMPLETED, COMPLETED", done + "browser_closed", "0s, 0s"},
		{"a program uses it", nil, []func(*play){both, (*play).connect}, "CLOSED timeout, COMPLETED, COMPLETED", done + "browser_closed", "1h0m0s, 1h0m0s"},
		{"programs have used it", nil, []func(*play){both, (*play).connectTwice}, "CLOSED idle, COMPLETED, COMPLETED", done + "browser_closed", "17m0s, 17m0s"},
		{"it crashes while a step runs", nil, []func(*play){happens("crash")}, "CLOSED crashed, INTERRUPTED, CANCELED", begun + "step_failed 0, browser_crashed, step_canceled 1, browser_closed", "0s, 0s"},
		{"it crashes while nothing runs", nil, []func(*play){both, happens("crash")}, "CLOSED crashed, COMPLETED, COMPLETED", done + "browser_crashed, browser_closed", "0s, 0s"},
		{"the server stops while a step runs that ends soon", nil, []func(*play){happens("stop"), happens("finish")}, "CLOSED shutdown, COMPLETED, CANCELED", begun + "step_completed 0, step_canceled 1, browser_closed", "0s, 0s"},
		{"the server stops while a step runs that doesn't end", nil, []func(*play){happens("stop")}, "CLOSED shutdown, CANCELED, CANCELED", begun + "step_canceled 0, step_canceled 1, browser_closed", "8s, 8s"},
		{"the server stops while nothing runs", nil, []func(*play){both, happens("stop")}, "CLOSED shutdown, COMPLETED, COMPLETED", done + "browser_closed", "0s, 0s"},
		{"it crashes, and its step says so first", nil, []func(*play){happens("gone")}, "CLOSED crashed, INTERRUPTED, CANCELED", begun + "step_failed 0, browser_crashed, step_canceled 1, browser_closed", "0s, 0s"},
		{"another server takes it over", nil, []func(*play){happens("taken over")}, "READY, RUNNING, PENDING", strings.TrimSuffix(begun, ", "), "0s, never"},
		{"a step ends while the store is away", nil, []func(*play){happens("away"), happens("finish"), func(*play) { time.Sleep(time.Minute) }, (*play).close},
			"CLOSED requested, COMPLETED, CANCELED", begun + "step_completed 0, step_started 1, step_canceled 1, browser_closed", "1m0s, 1m0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var change []func(*session.Config)
				if tt.change != nil {
					change = append(change, tt.change)
				}
				p := open(t, 0, nil, change...)
				for _, happen := range tt.happen {
					settle()
					happen(p)
				}
				p.out()
				if diff := cmp.Diff(tt.state, p.store.states()); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(tt.news, strings.Join(p.store.news, ", ")); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(tt.when, p.when(p.browser.end)+", "+p.when(p.store.sess.EndedAt)); diff != "" {
					t.Error(diff)
				}
				if p.browser.started != p.browser.closed {
					t.Errorf("the browser was started %d times and closed %d times", p.browser.started, p.browser.closed)
				}
			})
		})
	}
}

func (p *play) ask() { close(p.browser.asked) }

func (p *play) connect() {
	if _, ok, err := p.service.Connect(p.t.Context(), p.store.id(), ""); err != nil || !ok {
		p.t.Errorf("connected %v, %v", ok, err)
	}
}

// connectTwice has two programs use it, for ten minutes and two more.
func (p *play) connectTwice() {
	var both []net.Conn
	for range 2 {
		conn, ok, err := p.service.Connect(p.t.Context(), p.store.id(), "")
		if err != nil || !ok {
			p.t.Fatalf("connected %v, %v", ok, err)
		}
		both = append(both, conn)
	}
	for i, wait := range []time.Duration{10 * time.Minute, 2 * time.Minute} {
		time.Sleep(wait)
		both[i].Close()
		both[i].Close() // which changes nothing
	}
}

func happens(name string) func(*play) { return func(p *play) { p.do(name) } }

// when is a time of the play.
func (p *play) when(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Sub(p.began).Round(time.Millisecond).String()
}

// TestClosedBeforeItsTurn: one that was claimed, closed in the moment before its
// start.
func TestClosedBeforeItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const claimed = 3 // the point after the two of a claim
		p := open(t, claimed, func(p *play) { p.close() })
		p.out()
		if got := p.store.states(); got != "CLOSED requested, CANCELED, CANCELED" {
			t.Error(got)
		}
	})
}

// TestStepsThatAnotherServerAdds are run.
func TestStepsThatAnotherServerAdds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t, 0, nil)
		settle()
		p.do("finish both")
		settle()
		p.store.set((*memory).add)
		p.service.Signal(domain.Signal{Elsewhere: domain.Commit{Sessions: []string{p.store.id()}}})
		settle()
		if n := p.store.count()["step_started 2"]; n != 1 {
			t.Errorf("it was started %d times", n)
		}
		p.out()
	})
}

// TestClosedInTheMomentBeforeAStop: a session that is closed while it starts, by
// somebody who has not yet told the one who starts it when the server stops.
func TestClosedInTheMomentBeforeAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const closed = 6 // the point when it is: two of the claim, and twice two of a change
		p := open(t, closed, happens("stop"), func(c *session.Config) {
			c.Launch = func(ctx context.Context, _ string, _ domain.SessionOptions) (session.Browser, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		})
		settle()
		p.close()
		p.out()
		if got := p.store.states(); got != "CLOSED requested, CANCELED, CANCELED" || !p.did("stop") {
			t.Error(got)
		}
	})
}

// TestAStartThatIsNotRecorded: the log says why there was no browser, for the store
// does not.
func TestAStartThatIsNotRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		const starting = 4 // the point when it is: two of the claim, and the second of a change
		p := open(t, starting, func(p *play) { p.store.set(func(m *memory) { m.awayTill = time.Now().Add(life) }) }, func(c *session.Config) {
			c.Log = slog.New(slog.NewTextHandler(&said, nil))
			c.Launch = func(context.Context, string, domain.SessionOptions) (session.Browser, error) {
				return nil, errors.New("no room on the disk")
			}
		})
		settle()
		p.service.Stop()
		p.end()
		if err := <-p.over; err != nil {
			t.Error(err)
		}
		if !strings.Contains(said.String(), "no room on the disk") {
			t.Error(said.String())
		}
	})
}

// TestWaitClosed waits while a session is being closed, and for no other.
func TestWaitClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t, 0, nil)
		settle()
		wait := func(ctx context.Context) time.Duration {
			began := time.Now()
			if err := p.service.WaitClosed(ctx, p.store.sess.ProjectID, p.store.id()); err != nil {
				t.Error(err)
			}
			return time.Since(began)
		}
		if got := wait(t.Context()); got != 0 {
			t.Errorf("while it is open for %v", got)
		}
		p.store.set(func(m *memory) { m.sess.Status = domain.SessionClosing })
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := wait(short); got != time.Second {
			t.Errorf("in vain for %v", got)
		}
		time.AfterFunc(time.Minute, func() {
			p.store.set(func(m *memory) { m.sess.Status = domain.SessionClosed })
			p.service.Notify(domain.Commit{Sessions: []string{p.store.id()}})
		})
		if got := wait(t.Context()); got != time.Minute {
			t.Errorf("for its end for %v", got)
		}
		p.store.set(func(m *memory) { m.sess.Status = domain.SessionReady })
		p.close()
		p.out()
	})
}
