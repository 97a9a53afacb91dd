package session_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/step"
)

func TestMain(m *testing.M) {
	browsertest.Main()
	os.Exit(m.Run())
}

// withChromium has a node launch real browsers, and tells each.
func withChromium(t *testing.T, n *node) <-chan *browser.Browser {
	t.Helper()
	l := browsertest.Launcher(t, step.Script, nil)
	launched := make(chan *browser.Browser, 10)
	n.Launch = func(ctx context.Context, id string, opt domain.SessionOptions) (session.Browser, error) {
		b, err := l.Launch(ctx, id, opt)
		if err != nil {
			return nil, err
		}
		launched <- b
		return b, nil
	}
	return launched
}

// open makes a session with steps, which go on after errors.
func (n *node) open(t *testing.T, project string, specs ...step.Spec) (id string, steps []string) {
	t.Helper()
	made, all, _, err := n.Create(t.Context(), project, session.CreateRequest{
		Options: domain.SessionOptions{Viewport: browser.Viewport, Timeout: time.Hour}, Steps: specs, OnError: domain.OnErrorContinue,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range all {
		steps = append(steps, st.ID)
	}
	return made.ID, steps
}

// ended waits for steps and returns them whole.
func (n *node) ended(t *testing.T, project, id string, steps ...string) (all []domain.Step) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if _, err := n.WaitSteps(ctx, project, id, steps); err != nil {
		t.Fatal(err)
	}
	for _, one := range steps {
		st, err := n.store.Step(t.Context(), project, id, one)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, st)
	}
	return all
}

// blank is a site of empty pages that says when one was asked for.
func blank(t *testing.T) (site *httptest.Server, asked <-chan string) {
	t.Helper()
	ch := make(chan string, 100)
	site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ch <- r.URL.Path
		w.Header().Set("Content-Type", "text/html")
	}))
	t.Cleanup(site.Close)
	return site, ch
}

// TestTheEndsOfBrowsersAndPages: one whose renderer alone dies goes on, and one
// that is killed in the midst of a step interrupts that, and runs no other.
func TestTheEndsOfBrowsersAndPages(t *testing.T) {
	site, asked := blank(t)
	n := start(t, overSQLite(t), nil, nil)
	launched := withChromium(t, n)
	project := n.newProject(t)
	reaches := func(path string) step.Spec { // a step that has begun when the path is asked for
		return step.Spec{Action: "evaluate", Expression: `fetch('` + path + `'), new Promise(() => {})`}
	}
	begun := func(path string) {
		for got := range asked {
			if got == path {
				return
			}
		}
	}

	id, steps := n.open(t, project, step.Spec{Action: "goto", URL: site.URL}, reaches("/crashes"), step.Spec{Action: "screenshot"}, step.Spec{Action: "goto", URL: site.URL})
	b := <-launched
	begun("/crashes")
	if _, err := b.Page().Send("Page.crash", nil); err != nil {
		t.Fatal(err)
	}
	all := n.ended(t, project, id, steps...)
	for i, want := range []string{"", step.CodeCrashed, step.CodeCrashed, ""} {
		st, code := all[i], ""
		if st.Error != nil {
			code = st.Error.Code
		}
		if code != want || want == "" && st.Status != domain.StepCompleted || want != "" && st.Status != domain.StepFailed {
			t.Errorf("step %d is %s, %+v", i, st.Status, st.Error)
		}
	}

	more, err := n.AddSteps(t.Context(), project, id, []step.Spec{reaches("/killed"), {Action: "goto", URL: site.URL + "/void"}, {Action: "reload"}}, domain.OnErrorContinue, nil)
	if err != nil {
		t.Fatal(err)
	}
	begun("/killed")
	if err := syscall.Kill(b.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	all = n.ended(t, project, id, more[0].ID, more[1].ID, more[2].ID)
	if all[0].Status != domain.StepInterrupted || all[0].Error == nil || all[1].Status != domain.StepCanceled || all[2].Status != domain.StepCanceled {
		t.Errorf("steps are %s, %s and %s", all[0].Status, all[1].Status, all[2].Status)
	}
	s, err := n.store.Session(t.Context(), project, id)
	if err != nil || s.CloseReason != domain.ClosedCrashed || s.Error == nil || s.Error.Code != browser.CodeCrashed {
		t.Errorf("the session: %+v, %v", s, err)
	}
}
