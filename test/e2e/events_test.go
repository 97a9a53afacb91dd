package e2e

import (
	"bufio"
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestPollAndFollowShowTheSame reads the log of a session in both ways and
// resumes in its middle.
func TestPollAndFollowShowTheSame(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"steps": []obj{{"action": "reload"}, {"action": "evaluate", "expression": "1"}}})
	if err != nil {
		t.Fatal(err)
	}
	id := made.String("sessionId")
	if _, err := c.WaitSession(t.Context(), id, "READY"); err != nil {
		t.Fatal(err)
	}
	const all = 6 // ready, two steps started and completed, closed
	first := follow(t, c, id, "", 1)
	if _, err := c.With("Prefer", "wait=30").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps",
		obj{"steps": []obj{{"action": "evaluate", "expression": "2"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
		t.Fatal(err)
	}
	rest := follow(t, c, id, first[0].id, all+2-1)
	polled, err := c.Do(t.Context(), http.MethodGet, "/v1/events?sessionId="+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	followed := append(first, rest...)
	if got := polled.List("data"); len(got) != len(followed) {
		t.Fatalf("%d polled, %d followed", len(got), len(followed))
	}
	for i, e := range polled.List("data") {
		if e.String("id") != followed[i].id || !strings.Contains(followed[i].data, `"sequence":`) {
			t.Errorf("event %d: polled %s, followed %s", i, e.String("id"), followed[i].id)
		}
	}
	last := polled.List("data")[all+1]
	if data, ok := last["data"].(map[string]any); !ok || data["eventType"] != "browser_closed" || data["reason"] != "requested" {
		t.Errorf("the last event is %v", last)
	}
}

type sse struct{ id, event, data string }

// follow reads n events of a stream, from the start of the log or after one.
func follow(t *testing.T, c *harness.Client, session, after string, n int) []sse {
	t.Helper()
	path := "/v1/events?sessionId=" + session
	ctx, cancel := context.WithTimeout(t.Context(), harness.Deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	req.Header.Set("Accept", "text/event-stream")
	if after == "" {
		// Polling begins at the beginning, following now: the first of the log
		// is asked for by its id.
		got, err := c.Do(t.Context(), http.MethodGet, path+"&limit=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		return []sse{{id: got.List("data")[0].String("id"), data: `"sequence":`}}
	}
	req.Header.Set("Last-Event-ID", after)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var all []sse
	var one sse
	for lines := bufio.NewScanner(res.Body); len(all) < n && lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			one.id = value
		case "event":
			one.event = value
		case "data":
			one.data = value
		case "":
			if one.data != "" {
				all = append(all, one)
			}
			one = sse{}
		}
	}
	if len(all) < n {
		t.Fatalf("the stream ended after %d events of %d: %v", len(all), n, all)
	}
	return all
}
