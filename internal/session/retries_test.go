package session_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/step"
)

// TestRetries: a step that fails is tried again, and says why each try failed,
// whether it works in the end or not; what can't work isn't tried again, and
// neither is what is canceled.
func TestRetries(t *testing.T) {
	var tried atomic.Int64
	n := start(t, overSQLite(t), func(ctx context.Context, _ *browser.Page, spec *step.Spec, _ step.Save) ([]byte, *domain.Failure) {
		code, times, _ := strings.Cut(spec.Target, " ")
		switch now := tried.Add(1); {
		case code == "waits":
			<-ctx.Done()
			return nil, &domain.Failure{Code: step.CodeCanceled, Message: "The step was canceled."}
		case now > int64(len(times)):
			return []byte("1"), nil
		default:
			return nil, &domain.Failure{Code: code, Message: "No.", Seen: times[:now]}
		}
	}, nil)
	project := n.newProject(t)
	for _, tt := range []struct {
		target  string // a code, and an n for each try that fails
		retries int
		status  domain.StepStatus
		tries   int
		runs    int64
	}{
		{"target_not_found ", 3, domain.StepCompleted, 0, 1},
		{"target_not_found nn", 3, domain.StepCompleted, 2, 3},
		{"target_not_found nnn", 2, domain.StepFailed, 2, 3},
		{"target_not_found n", 0, domain.StepFailed, 0, 1},
		{"target_invalid nnn", 2, domain.StepFailed, 0, 1},
		{"page_crashed nnn", 2, domain.StepFailed, 0, 1},
	} {
		tried.Store(0)
		id, steps := n.open(t, project, step.Spec{Action: "click", Target: tt.target, Retries: tt.retries})
		st := n.ended(t, project, id, steps...)[0]
		if st.Status != tt.status || len(st.Tries) != tt.tries || tried.Load() != tt.runs || (st.Error != nil) != (st.Status == domain.StepFailed) {
			t.Errorf("%s: %s after %d tries, %+v, %+v", tt.target, st.Status, tried.Load(), st.Error, st.Tries)
		}
		for i, why := range st.Tries {
			if why.Code != "target_not_found" || len(why.Seen) != i+1 {
				t.Errorf("%s: try %d is %+v", tt.target, i, why)
			}
		}
	}
	tried.Store(0)
	id, steps := n.open(t, project, step.Spec{Action: "click", Target: "waits", Retries: 5})
	if st, err := n.CancelStep(t.Context(), project, id, steps[0]); err != nil || st.Status != domain.StepCanceled || tried.Load() > 1 {
		t.Errorf("canceled: %s after %d tries, %v", st.Status, tried.Load(), err)
	}
}

// TestAnOptionalStep fails, and those after it run all the same.
func TestAnOptionalStep(t *testing.T) {
	n := start(t, overSQLite(t), func(_ context.Context, _ *browser.Page, spec *step.Spec, _ step.Save) ([]byte, *domain.Failure) {
		if spec.Target == "#none" {
			return nil, &domain.Failure{Code: "target_not_found", Message: "No."}
		}
		return nil, nil
	}, nil)
	project := n.newProject(t)
	made, all, _, err := n.Create(t.Context(), project, session.CreateRequest{
		Options: domain.SessionOptions{Viewport: browser.Viewport, Timeout: time.Hour}, OnError: domain.OnErrorStop, Steps: []step.Spec{
			{Action: "click", Target: "#none", Optional: true}, {Action: "click", Target: "#b"}, {Action: "click", Target: "#none"}, {Action: "click", Target: "#b", Optional: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, st := range n.ended(t, project, made.ID, all[0].ID, all[1].ID, all[2].ID, all[3].ID) {
		want := []domain.StepStatus{domain.StepFailed, domain.StepCompleted, domain.StepFailed, domain.StepCanceled}[i]
		if st.Status != want {
			t.Errorf("step %d is %s, want %s", i, st.Status, want)
		}
	}
}

// TestAFirstAddressThatCannotBeOpened stops what follows it, as any step that
// fails does; or not, if what follows is to go on.
func TestAFirstAddressThatCannotBeOpened(t *testing.T) {
	n := start(t, overSQLite(t), func(_ context.Context, _ *browser.Page, spec *step.Spec, _ step.Save) ([]byte, *domain.Failure) {
		if spec.Action == "goto" {
			return nil, &domain.Failure{Code: step.CodeNavigation, Message: "No."}
		}
		return nil, nil
	}, nil)
	project := n.newProject(t)
	for onError, want := range map[domain.OnError]domain.StepStatus{domain.OnErrorStop: domain.StepCanceled, domain.OnErrorContinue: domain.StepCompleted} {
		made, all, _, err := n.Create(t.Context(), project, session.CreateRequest{
			Options: domain.SessionOptions{URL: "http://nowhere.example/", Viewport: browser.Viewport, Timeout: time.Hour},
			OnError: onError, Steps: []step.Spec{{Action: "reload"}, {Action: "reload"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range n.ended(t, project, made.ID, all[0].ID, all[1].ID) {
			if st.Status != want {
				t.Errorf("with %s, step %d is %s, want %s", onError, st.Index, st.Status, want)
			}
		}
	}
}
