package session_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/step"
)

const (
	made  = domain.Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	added = domain.Trace("00-11111111111111111111111111111111-2222222222222222-01")
)

// drafts are the places of all events that go into a store, by what they tell.
type drafts struct {
	session.Store
	mu    sync.Mutex
	under map[string][]domain.Trace
}

// ChangeSession keeps what is decided, before anybody hears that it is committed.
func (d *drafts) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	return d.Store.ChangeSession(ctx, project, id, func(c *domain.SessionChange) error {
		err := fn(c)
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, n := range c.Drafts {
			if err == nil {
				what := string(n.Data.EventType) + " " + n.Data.Action
				d.under[what] = append(d.under[what], n.Trace)
			}
		}
		return err
	})
}

// TestWhatBelongsUnderWhat: a session belongs under the request that made it, a step under
// its session, or under the request that added it, and what either does under its own
// span, if there are spans; else under what the caller said.
func TestWhatBelongsUnderWhat(t *testing.T) {
	for name, traced := range map[string]bool{"with spans": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			ran := map[string]domain.Trace{}
			seen := &drafts{under: map[string][]domain.Trace{}}
			n := start(t, overSQLite(t), func(ctx context.Context, _ *browser.Page, spec *step.Spec, _ step.Save) ([]byte, *domain.Failure) {
				mu.Lock()
				defer mu.Unlock()
				ran[spec.Action] = domain.TraceOf(ctx)
				return nil, nil
			}, func(n *node) session.Store { seen.Store = n.store; return seen }, func(c *session.Config) {
				c.Traced = traced
			})
			of := func(under domain.Trace, id string) domain.Trace {
				if traced {
					return under.Of(id)
				}
				return under
			}
			project := n.newProject(t)
			ctx := domain.WithTrace(t.Context(), made)
			s, first, _, err := n.Create(ctx, project, session.CreateRequest{Options: session.DefaultOptions(), Steps: []step.Spec{{Action: "reload"}}})
			if err != nil {
				t.Fatal(err)
			}
			later, err := n.AddSteps(domain.WithTrace(t.Context(), added), project, s.ID, []step.Spec{{Action: "back"}}, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			last, err := n.AddSteps(t.Context(), project, s.ID, []step.Spec{{Action: "forward"}}, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			n.ended(t, project, s.ID, first[0].ID, later[0].ID, last[0].ID)
			own := of(made, s.ID)
			want := map[string]domain.Trace{"reload": of(own, first[0].ID), "back": of(added, later[0].ID), "forward": of(own, last[0].ID)}
			mu.Lock()
			if d := cmp.Diff(want, ran); d != "" {
				t.Errorf("the steps ran under (-want +got):\n%s", d)
			}
			mu.Unlock()
			seen.mu.Lock()
			defer seen.mu.Unlock()
			if d := cmp.Diff(map[string][]domain.Trace{
				"browser_ready ":       {own},
				"step_started reload":  {want["reload"]},
				"step_started back":    {want["back"]},
				"step_started forward": {want["forward"]}, "step_completed reload": {want["reload"]},
				"step_completed back": {want["back"]}, "step_completed forward": {want["forward"]},
			}, seen.under); d != "" {
				t.Errorf("the events are under (-want +got):\n%s", d)
			}
		})
	}
}

// TestLinesOfASessionSayItsTrace beside its id.
func TestLinesOfASessionSayItsTrace(t *testing.T) {
	lines := make(writer, 100)
	n := start(t, overSQLite(t), nil, nil, func(c *session.Config) {
		c.Log = slog.New(slog.NewTextHandler(lines, nil))
		c.Launch = func(context.Context, string, domain.SessionOptions) (session.Browser, error) {
			return nil, errors.New("no browser")
		}
	})
	project := n.newProject(t)
	s, _, _, err := n.Create(domain.WithTrace(t.Context(), made), project, session.CreateRequest{Options: session.DefaultOptions()})
	if err != nil {
		t.Fatal(err)
	}
	line := <-lines
	for !strings.Contains(line, "start browser") {
		line = <-lines
	}
	if !strings.Contains(line, "session="+s.ID+" trace="+made.ID()) {
		t.Errorf("the log says %s", line)
	}
}

// writer gets the lines of a log.
type writer chan string

func (w writer) Write(b []byte) (int, error) { w <- string(b); return len(b), nil }
