package session_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/step"
)

// untilCanceled is a step that never ends by itself.
func untilCanceled(ctx context.Context, _ *browser.Page, _ *step.Spec, _ step.Save) ([]byte, *domain.Failure) {
	<-ctx.Done()
	return nil, &domain.Failure{Code: step.CodeCanceled, Message: "The step was canceled."}
}

// afterCommit calls started with each step that a change made RUNNING, after
// the commit and before whoever made the change hears of it.
type afterCommit struct {
	session.Store
	started func(id string)
}

func (s *afterCommit) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	var started []string
	err := s.Store.ChangeSession(ctx, project, id, func(c *domain.SessionChange) error {
		before := map[string]domain.StepStatus{}
		for _, st := range c.Open {
			before[st.ID] = st.Status
		}
		err := fn(c)
		started = nil
		for _, st := range c.Open {
			if st.Status == domain.StepRunning && before[st.ID] == domain.StepPending {
				started = append(started, st.ID)
			}
		}
		return err
	})
	if err == nil {
		for _, id := range started {
			s.started(id)
		}
	}
	return err
}

// TestACancelBetweenTheCommitAndTheRunIsHeard stops each step in the moment in
// which it is known to run and doesn't yet.
func TestACancelBetweenTheCommitAndTheRunIsHeard(t *testing.T) {
	n := start(t, overSQLite(t), untilCanceled, func(n *node) session.Store {
		return &afterCommit{Store: n.store, started: func(id string) { n.Signal(domain.Signal{Stops: []string{id}}) }}
	})
	project := n.newProject(t)
	id, steps := n.newSession(t, project, 3)
	canceled(t, n, project, id, steps)
}

func canceled(t *testing.T, n *node, project, id string, steps []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	all, err := n.WaitSteps(ctx, project, id, steps)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range all {
		if st.Status != domain.StepCanceled {
			t.Errorf("step %d is %s", st.Index, st.Status)
		}
	}
}

// TestNoCancelIsLost cancels 1,000 steps at random moments: while they wait,
// in the moment in which they begin, while they run, from the node that runs
// them and from another.
func TestNoCancelIsLost(t *testing.T) {
	const sessions, each = 20, 50
	hammer := func(t *testing.T, runs, asks *node) {
		project := runs.newProject(t)
		var wg sync.WaitGroup
		for range sessions {
			wg.Go(func() {
				id, steps := runs.newSession(t, project, each)
				for i, one := range steps {
					who := runs
					if i%2 == 1 {
						who = asks
					}
					if i%3 > 0 { // wait until it is, or nearly is, its turn
						_, _ = runs.WaitSteps(t.Context(), project, id, steps[:i])
					}
					if wait := time.Duration(rand.Int64N(int64(time.Millisecond))); i%5 > 0 {
						<-time.After(wait)
					}
					ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
					st, err := who.CancelStep(ctx, project, id, one)
					cancel()
					if err != nil || st.Status != domain.StepCanceled {
						t.Errorf("step %d is %s: %v", i, st.Status, err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	t.Run("SQLite", func(t *testing.T) {
		n := start(t, overSQLite(t), untilCanceled, nil)
		hammer(t, n, n)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		open := overPostgreSQL(t)
		a, b := start(t, open, untilCanceled, nil), start(t, open, untilCanceled, nil, startsNone)
		hammer(t, a, b)
	})
}

// TestCancelAndCloseTogether: whichever comes first, the step ends CANCELED
// and the session CLOSED, and nobody waits for ever.
func TestCancelAndCloseTogether(t *testing.T) {
	n := start(t, overSQLite(t), untilCanceled, nil)
	project := n.newProject(t)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			id, steps := n.newSession(t, project, 2)
			var both sync.WaitGroup
			both.Go(func() {
				_, err := n.CancelStep(t.Context(), project, id, steps[0])
				// It may have ended with the session, before.
				if refused, ok := errors.AsType[*domain.Error](err); err != nil && (!ok || refused.Code != domain.CodeConflict) {
					t.Error(err)
				}
			})
			both.Go(func() {
				if _, err := n.Close(t.Context(), project, id); err != nil {
					t.Error(err)
				}
			})
			both.Wait()
			canceled(t, n, project, id, steps)
		})
	}
	wg.Wait()
}

// TestAStepWhoseBrowserIsLostIsInterrupted: also when the step says so before
// the browser does.
func TestAStepWhoseBrowserIsLostIsInterrupted(t *testing.T) {
	var b *fake
	gone := func(context.Context, *browser.Page, *step.Spec, step.Save) ([]byte, *domain.Failure) {
		time.AfterFunc(20*time.Millisecond, func() { close(b.done) })
		return nil, &domain.Failure{Code: step.CodeBrowserGone, Message: "The browser is gone."}
	}
	b = &fake{done: make(chan struct{}), why: &domain.Failure{Code: browser.CodeCrashed, Message: "Chromium was ended by signal 9."}}
	n := start(t, overSQLite(t), gone, nil)
	n.Launch = func(context.Context, string, domain.SessionOptions) (session.Browser, error) { return b, nil }
	project := n.newProject(t)
	id, steps := n.newSession(t, project, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	all, err := n.WaitSteps(ctx, project, id, steps)
	if err != nil {
		t.Fatal(err)
	}
	if all[0].Status != domain.StepInterrupted || all[1].Status != domain.StepCanceled {
		t.Errorf("steps are %s and %s", all[0].Status, all[1].Status)
	}
	s, err := n.store.Session(t.Context(), project, id)
	if err != nil || s.CloseReason != domain.ClosedCrashed || s.Error == nil || s.Error.Code != browser.CodeCrashed {
		t.Errorf("session %+v, %v", s, err)
	}
}

// TestACancelAtTheEndOfAStep comes before it or after it, and either way the
// step has ended when that is answered.
func TestACancelAtTheEndOfAStep(t *testing.T) {
	n := start(t, overSQLite(t), func(ctx context.Context, _ *browser.Page, _ *step.Spec, _ step.Save) ([]byte, *domain.Failure) {
		select {
		case <-time.After(time.Duration(rand.Int64N(int64(2 * time.Millisecond)))):
			return []byte("1"), nil
		case <-ctx.Done():
			return nil, &domain.Failure{Code: step.CodeCanceled, Message: "The step was canceled."}
		}
	}, nil)
	project := n.newProject(t)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			id, steps := n.newSession(t, project, 30)
			for i, one := range steps {
				_, _ = n.WaitSteps(t.Context(), project, id, steps[:i])
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				st, err := n.CancelStep(ctx, project, id, one)
				cancel()
				refused, late := errors.AsType[*domain.Error](err)
				switch {
				case late && refused.Code == domain.CodeConflict:
				case err != nil || st.Status != domain.StepCanceled && st.Status != domain.StepCompleted:
					t.Errorf("step %d is %s: %v", i, st.Status, err)
				case (st.Status == domain.StepCompleted) != (string(st.Result) == "1"):
					t.Errorf("step %d is %s with %s", i, st.Status, st.Result)
				}
			}
		})
	}
	wg.Wait()
}
