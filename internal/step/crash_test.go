package step_test

import (
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestAPageThatCrashes ends the step that is on it, and those after it until one
// gives the page another document.
func TestAPageThatCrashes(t *testing.T) {
	site := pages(t, map[string]string{"/": `<button disabled>no</button><button id=b onclick="clicks = 1">Go</button><a id=d download=a.txt href="data:text/plain,tea">File</a>`})
	b := start(t)
	for _, s := range []step.Spec{
		{Action: "click", Target: "text=no"}, {Action: "evaluate", Expression: "new Promise(() => {})"}, {Action: "evaluate", Expression: "while (true);"},
		{Action: "waitFor", URL: "http://never.example/"}, {Action: "extract", Target: "#none"},
	} {
		b.do(step.Spec{Action: "goto", URL: site.URL})
		b.do(step.Spec{Action: "click", Target: "#d"})
		crashed := b.page.Crashed()
		sent := make(chan time.Time, 1)
		time.AfterFunc(100*time.Millisecond, func() {
			sent <- time.Now()
			if _, err := b.page.Send("Page.crash", nil); err != nil {
				t.Error(err)
			}
		})
		if _, f := b.run(s); f == nil || f.Code != step.CodeCrashed {
			t.Errorf("%s: %+v", s.Action, f)
		}
		if took := time.Since(<-sent); took > 5*time.Second {
			t.Errorf("%s: told after %s", s.Action, took)
		}
		<-crashed
		if _, f := b.run(step.Spec{Action: "click", Target: "#b"}); f == nil || f.Code != step.CodeCrashed {
			t.Errorf("a step on it: %+v", f)
		}
	}
	for _, s := range []step.Spec{
		{Action: "dialog", Do: "list"}, {Action: "download"}, {Action: "tab"}, {Action: "tab", Do: "open"},
		{Action: "tab", Do: "switch", Index: ptr(0)}, {Action: "tab", Do: "close", Index: ptr(1)},
	} {
		b.do(s)
	}
	b.do(step.Spec{Action: "reload"})
	b.do(step.Spec{Action: "click", Target: "#b"})
	if got := b.value("[clicks, innerWidth]"); got != "[1,1280]" {
		t.Errorf("the page has %s", got)
	}
}
