package e2e

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// ended waits until the session has as many steps that have ended, and
// returns all of it.
func ended(t *testing.T, c *harness.Client, id string, n int) []obj {
	t.Helper()
	for {
		got, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id+"/steps", nil)
		if err != nil {
			t.Fatal(err)
		}
		all, open := got.List("data"), 0
		for _, s := range all {
			if s.String("finishedAt") == "" {
				open++
			}
		}
		if len(all) == n && open == 0 {
			return all
		}
	}
}

// TestAFirstURLThatFailsStopsItsSteps: without a page there is nothing to
// extract, and the browser's error page isn't one. Who asked to go on after
// errors goes on.
func TestAFirstURLThatFailsStopsItsSteps(t *testing.T) {
	server := harness.Start(t, filepath.Join(harness.Beside(t), "data"))
	c := server.Client()
	for _, tt := range []struct {
		onError string
		want    []string
	}{
		{"", []string{"FAILED", "CANCELED", "CANCELED"}},
		{"stop", []string{"FAILED", "CANCELED", "CANCELED"}},
		{"continue", []string{"FAILED", "FAILED", "COMPLETED"}},
	} {
		body := obj{"url": "http://127.0.0.1:1/", "steps": []obj{
			{"action": "extract", "target": "h1", "timeout": "500ms"}, {"action": "evaluate", "expression": "1"},
		}}
		if tt.onError != "" {
			body["onError"] = tt.onError
		}
		made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", body)
		if err != nil {
			t.Fatal(err)
		}
		if got := made.List("steps"); len(got) != 2 || got[0]["index"] != 1.0 {
			t.Errorf("the answer has the steps %v", got)
		}
		id := made.String("sessionId")
		for i, s := range ended(t, c, id, 3) {
			if s.String("status") != tt.want[i] {
				t.Errorf("onError %q: step %d is %v %v", tt.onError, i, s["status"], s["error"])
			}
		}
		// A later request is another one.
		later, err := c.With("Prefer", "wait=30").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps",
			obj{"steps": []obj{{"action": "goto", "url": "data:text/html,<h1>ok</h1>"}, {"action": "extract", "target": "h1"}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := later.List("data"); got[1]["result"] != "ok" {
			t.Errorf("later steps: %v", got)
		}
		if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
			t.Fatal(err)
		}
	}
}
