package step_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// nowhere refuses connections.
const nowhere = "http://127.0.0.1:1/"

// notLoaded fails the test unless the step failed because there is no page.
func notLoaded(t *testing.T, what string, f *domain.Failure) {
	t.Helper()
	if f == nil || f.Code != step.CodeNavigation || !strings.Contains(f.Seen+f.Message, "could not be loaded") && !strings.Contains(f.Seen, "error page instead of") {
		t.Errorf("%s: %+v", what, f)
	}
}

// TestBackToAPageThatCannotBeLoaded: what stands there then has an address of
// its own, which isn't that of the history, and is no page.
func TestBackToAPageThatCannotBeLoaded(t *testing.T) {
	var down atomic.Bool
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() && r.URL.Path == "/first" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(`<link rel=icon href="data:,"><h1>` + r.URL.Path + `</h1>`))
	}))
	t.Cleanup(site.Close)
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL + "/first"})
	b.do(step.Spec{Action: "goto", URL: site.URL + "/second"})
	down.Store(true)
	for _, until := range []string{"load", "commit", "domcontentloaded"} {
		_, f := b.run(step.Spec{Action: "back", Timeout: "20s", WaitUntil: until})
		notLoaded(t, "back "+until, f)
		b.do(step.Spec{Action: "forward", WaitUntil: until})
	}
	b.do(step.Spec{Action: "assert", Text: ptr("/second")})
	down.Store(false)
	b.do(step.Spec{Action: "back"})
	b.do(step.Spec{Action: "assert", Text: ptr("/first")})
}

// TestAnErrorPageIsNoPage: whatever led to it fails, and nothing of it is
// found, read or judged.
func TestAnErrorPageIsNoPage(t *testing.T) {
	var down atomic.Bool
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() && r.URL.Path == "/" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/":
			_, _ = w.Write([]byte(`<title>up</title><link rel=icon href="data:,"><h1>Up</h1><a href="` + nowhere + `">Away</a>`))
		case "/leaves":
			_, _ = w.Write([]byte(`<script>location = "` + nowhere + `"</script>`))
		case "/frame":
			_, _ = w.Write([]byte(`<p>outer</p><iframe src="` + nowhere + `"></iframe>`))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(site.Close)
	b := borrow(t)
	quick := func(s step.Spec) *domain.Failure {
		s.Timeout = "30s"
		_, f := b.run(s)
		return f
	}
	b.do(step.Spec{Action: "goto", URL: site.URL})
	notLoaded(t, "a click", quick(step.Spec{Action: "click", Target: "a"}))
	b.do(step.Spec{Action: "goto", URL: site.URL})
	b.do(step.Spec{Action: "evaluate", Expression: "document.querySelector('a').focus(); 1"})
	notLoaded(t, "a key", quick(step.Spec{Action: "press", Key: "Enter"}))
	b.do(step.Spec{Action: "goto", URL: site.URL})
	down.Store(true)
	notLoaded(t, "reload", quick(step.Spec{Action: "reload"}))
	notLoaded(t, "reload, on commit", quick(step.Spec{Action: "reload", WaitUntil: "commit"}))

	for _, s := range []step.Spec{
		{Action: "extract", Target: "h1"}, {Action: "extract", Fields: map[string]step.Field{"h": {Target: "h1"}}},
		{Action: "click", Target: "button"}, {Action: "waitFor", Target: "body"}, {Action: "waitFor", Target: "#gone", State: "detached"},
	} {
		s.Timeout = "300ms"
		if _, f := b.run(s); f == nil || !strings.Contains(f.Seen, "error page instead of "+site.URL) {
			t.Errorf("%s on an error page: %+v", s.Action, f)
		}
	}
	for _, s := range []step.Spec{
		{Action: "assert", Target: "h1", State: "visible"}, {Action: "assert", Target: "#x", Count: ptr(0)}, {Action: "assert", Text: ptr("ERR")},
	} {
		s.Timeout = "300ms"
		if _, f := b.run(s); f == nil || f.Code != step.CodeAssertion {
			t.Errorf("assert on an error page: %+v", f)
		}
	}

	down.Store(false)
	b.do(step.Spec{Action: "reload"}) // it is up again
	if got := b.do(step.Spec{Action: "extract", Target: "h1"}); got != `"Up"` {
		t.Errorf("extracted %s", got)
	}
	// An answer is a page, whatever its status, and so is one with a frame that
	// isn't there.
	b.do(step.Spec{Action: "goto", URL: site.URL + "/none"})
	b.do(step.Spec{Action: "goto", URL: site.URL + "/frame"})
	if got := b.do(step.Spec{Action: "extract", Target: "p"}); got != `"outer"` {
		t.Errorf("extracted %s", got)
	}
	notLoaded(t, "a page that leaves", func() *domain.Failure {
		if f := quick(step.Spec{Action: "goto", URL: site.URL + "/leaves"}); f != nil {
			return f // it had left before it was loaded
		}
		return quick(step.Spec{Action: "waitFor", Target: "h1"})
	}())
}
