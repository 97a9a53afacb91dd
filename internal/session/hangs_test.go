package session_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestABrowserThatHangsEndsItsSession, in the midst of a step, and holds up no other
// session meanwhile.
func TestABrowserThatHangsEndsItsSession(t *testing.T) {
	t.Parallel()
	site, asked := blank(t)
	n := start(t, overSQLite(t), nil, nil)
	launched := withChromium(t, n)
	project := n.newProject(t)
	id, steps := n.open(t, project, step.Spec{Action: "goto", URL: site.URL + "/hangs"}, step.Spec{Action: "waitFor", Target: "#never", Timeout: "5m"})
	hangs := <-launched
	for <-asked != "/hangs" {
	}
	n.ended(t, project, id, steps[0])
	if err := syscall.Kill(hangs.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	others, more := n.open(t, project, step.Spec{Action: "goto", URL: site.URL}, step.Spec{Action: "screenshot"}, step.Spec{Action: "evaluate", Expression: "1"})
	for _, st := range n.ended(t, project, others, more...) {
		if st.Status != domain.StepCompleted {
			t.Errorf("another session's %s is %s, %+v", st.Action, st.Status, st.Error)
		}
	}
	all := n.ended(t, project, id, steps[1])
	if all[0].Status != domain.StepInterrupted {
		t.Errorf("the step is %s, %+v", all[0].Status, all[0].Error)
	}
	s, err := n.store.Session(t.Context(), project, id)
	if err != nil || s.CloseReason != domain.ClosedCrashed || s.Error == nil || s.Error.Code != browser.CodeCrashed || !strings.Contains(s.Error.Message, "Chromium hung") {
		t.Errorf("the session: %+v, %+v, %v", s, s.Error, err)
	}
}
