package session

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

var at = decider{publicURL: "https://x.test", now: time.Unix(1000, 0)}

// change is a session in a state with steps in theirs: two requests, of which
// the first has the steps 0 to 2.
func change(s domain.SessionStatus, steps ...domain.StepStatus) *domain.SessionChange {
	c := &domain.SessionChange{Session: &domain.Session{ID: "browser_1", Status: s, StepCount: 3}}
	for i, status := range steps {
		st := &domain.Step{ID: string(rune('a' + i)), Index: i, Status: status, OnError: domain.OnErrorStop}
		if i > 2 {
			st.Batch = 3
		}
		if status == domain.StepRunning {
			st.StartedAt = time.Unix(990, 0)
		}
		c.Open = append(c.Open, st)
	}
	return c
}

// after says what a decision left: the session's state, the steps', the events.
func after(c *domain.SessionChange) []string {
	all := []string{string(c.Session.Status)}
	for _, st := range c.Open {
		all = append(all, string(st.Status))
	}
	for _, n := range c.Drafts {
		all = append(all, string(n.Data.EventType))
	}
	return all
}

const (
	queued, starting, ready, closing, closed, failed = domain.SessionQueued, domain.SessionStarting, domain.SessionReady,
		domain.SessionClosing, domain.SessionClosed, domain.SessionFailed
	pending, running = domain.StepPending, domain.StepRunning
)

func TestDecisions(t *testing.T) {
	why := &domain.Failure{Code: "x", Message: "It broke."}
	for _, tt := range []struct {
		name   string
		change *domain.SessionChange
		decide func(*domain.SessionChange) error
		want   []string
	}{
		{"ready", change(starting, pending), at.ready, []string{"READY", "PENDING", "browser_ready"}},
		{"can't be started", change(starting, pending), func(c *domain.SessionChange) error { return at.failed(c, why) },
			[]string{"FAILED", "CANCELED", "step_canceled", "browser_failed"}},
		{"closing", change(ready, running), func(c *domain.SessionChange) error { return at.closing(c, domain.ClosedIdle) }, []string{"CLOSING", "RUNNING"}},
		{"closing twice", change(closing), func(c *domain.SessionChange) error { return at.closing(c, domain.ClosedIdle) }, []string{"CLOSING"}},
		{"closing the closed", change(closed), func(c *domain.SessionChange) error { return at.closing(c, domain.ClosedIdle) }, []string{"CLOSED"}},
		{"closed", change(closing, pending, pending), at.closed, []string{"CLOSED", "CANCELED", "CANCELED", "step_canceled", "step_canceled", "browser_closed"}},
		{"crashed", change(ready, running, pending), func(c *domain.SessionChange) error { return at.lost(c, domain.ClosedCrashed, why) },
			[]string{"CLOSING", "INTERRUPTED", "PENDING", "step_failed", "browser_crashed"}},
		{"lost with a server", change(ready, running, pending), func(c *domain.SessionChange) error {
			if err := at.lost(c, domain.ClosedNodeLost, nil); err != nil {
				return err
			}
			return at.closed(c)
		}, []string{"CLOSED", "INTERRUPTED", "CANCELED", "step_failed", "step_canceled", "browser_closed"}},
		{"a step is done", change(ready, running, pending), func(c *domain.SessionChange) error { return at.finished(c, "a", outcome{result: []byte(`1`)}) },
			[]string{"READY", "COMPLETED", "PENDING", "step_completed"}},
		{"a step fails and stops its request", change(ready, running, pending, pending, pending),
			func(c *domain.SessionChange) error { return at.finished(c, "a", outcome{why: why}) },
			[]string{"READY", "FAILED", "CANCELED", "CANCELED", "PENDING", "step_failed", "step_canceled", "step_canceled"}},
		{"a step is canceled", change(ready, running, pending), func(c *domain.SessionChange) error { return at.finished(c, "a", outcome{why: why, canceled: true}) },
			[]string{"READY", "CANCELED", "PENDING", "step_canceled"}},
		{"a step that was decided otherwise", change(ready, pending), func(c *domain.SessionChange) error { return at.finished(c, "a", outcome{}) },
			[]string{"READY", "PENDING"}},
		{"the next step", change(ready, pending, pending), func(c *domain.SessionChange) error { _, err := at.next(c); return err },
			[]string{"READY", "RUNNING", "PENDING", "step_started"}},
		{"one at a time", change(ready, running, pending), func(c *domain.SessionChange) error { _, err := at.next(c); return err },
			[]string{"READY", "RUNNING", "PENDING"}},
		{"none before READY", change(starting, pending), func(c *domain.SessionChange) error { _, err := at.next(c); return err }, []string{"STARTING", "PENDING"}},
		{"none after", change(closing, pending), func(c *domain.SessionChange) error { _, err := at.next(c); return err }, []string{"CLOSING", "PENDING"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.decide(tt.change); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, after(tt.change)); diff != "" {
				t.Error(diff)
			}
			for _, st := range tt.change.Open {
				if st.Status.Ended() == st.FinishedAt.IsZero() {
					t.Errorf("step %s is %s, finished %s", st.ID, st.Status, st.FinishedAt)
				}
			}
		})
	}
}

func TestOnErrorContinue(t *testing.T) {
	c := change(ready, running, pending)
	c.Open[0].OnError = domain.OnErrorContinue
	if err := at.finished(c, "a", outcome{why: &domain.Failure{}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"READY", "FAILED", "PENDING", "step_failed"}, after(c)); diff != "" {
		t.Error(diff)
	}
}

func TestForbiddenDecisions(t *testing.T) {
	for name, err := range map[string]error{
		"ready from the queue": at.ready(change(queued)),
		"fail what has ended":  at.failed(change(closed), nil),
		"close the living":     at.closed(change(ready)),
		"add to the closed":    at.add(change(failed), make([]domain.Step, 1)),
		"add to the closing":   at.add(change(closing), make([]domain.Step, 1)),
		"add too many":         at.add(change(ready), make([]domain.Step, MaxOpenSteps+1)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAddNumbersSteps(t *testing.T) {
	c := change(ready, running)
	if err := at.add(c, make([]domain.Step, 2)); err != nil {
		t.Fatal(err)
	}
	if c.Session.StepCount != 5 || c.NewSteps[0].Index != 3 || c.NewSteps[1].Index != 4 || c.NewSteps[1].Batch != 3 {
		t.Errorf("%+v, %+v", c.Session, c.NewSteps[1])
	}
}
