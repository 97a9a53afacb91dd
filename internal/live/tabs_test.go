package live_test

import (
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestTheCurrentTabIsShown: a viewer sees the tab where steps run, and is told
// its address, also when it is another one.
func TestTheCurrentTabIsShown(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	run := func(s step.Spec) {
		t.Helper()
		if _, f := step.Run(t.Context(), b.Page(), &s, nil); f != nil {
			t.Fatalf("%s: %+v", s.Action, f)
		}
	}
	run(step.Spec{Action: "goto", URL: "data:text/html,first"})
	h := &fakeSessions{mode: domain.StreamControl, current: func(string) *browser.Page { return b.Page() }}
	conn := look(t, h.open(t), "a")
	at := func(url string) {
		t.Helper()
		for {
			s, err := state(t, conn)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(s.URL, url) {
				return
			}
		}
	}
	at("data:text/html,first")
	run(step.Spec{Action: "tab", Do: "open", URL: "data:text/html,second"})
	at("data:text/html,second")
	run(step.Spec{Action: "tab", Do: "close"})
	at("data:text/html,first")
	run(step.Spec{Action: "tab", Do: "close"}) // the last: there is another
	at("about:blank")
}
