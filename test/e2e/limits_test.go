package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// eater is what a page runs to take all the memory that there is.
const eater = `(async () => { for (globalThis.all = [];;) { all.push(new Uint8Array(8 << 20).fill(all.length)); await new Promise((r) => setTimeout(r)) } })()`

// TestASessionOutOfMemory ends: what ran is interrupted, its events say what it took and
// might take and which step that was, and the session beside it hears nothing of it.
func TestASessionOutOfMemory(t *testing.T) {
	dir := harness.Beside(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--browser-memory=384MiB", "--pool-size=0")
	c := server.Client()
	made := func(steps ...obj) string {
		got, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"steps": steps})
		if err != nil {
			t.Fatal(err)
		}
		return got.String("sessionId")
	}
	other := made()
	id := made(obj{"action": "goto", "url": "about:blank"}, obj{"action": "evaluate", "expression": eater, "timeout": "60s"}, obj{"action": "screenshot"})
	closed, err := c.WaitSession(t.Context(), id, "CLOSED")
	if err != nil {
		t.Fatal(err)
	}
	data := func(e obj) obj { return obj(e["data"].(map[string]any)) }
	var order []string
	var eats string
	var crashed obj
	for _, e := range eventsOf(t, c, id) {
		d := data(e)
		order = append(order, d.String("eventType"))
		why, _ := d["error"].(map[string]any)
		switch d.String("eventType") {
		case "step_failed":
			if eats = d.String("stepId"); d.String("status") != "INTERRUPTED" || why["code"] != "interrupted" {
				t.Errorf("the step is %v", d)
			}
		case "browser_crashed":
			crashed = why
		case "browser_closed":
			if d.String("reason") != "crashed" {
				t.Errorf("it was closed: %v", d)
			}
		}
	}
	if got, want := strings.Join(order, " "), "browser_ready step_started step_completed step_started step_failed browser_crashed step_canceled browser_closed"; got != want {
		t.Errorf("the events are\n%s, want\n%s", got, want)
	}
	used, _ := crashed["used"].(float64)
	limit, _ := crashed["limit"].(float64)
	if crashed.String("code") != "out_of_memory" || limit != 384<<20 || used < limit*9/10 || crashed.String("stepId") != eats || eats == "" {
		t.Errorf("it crashed: %v; the step is %s", crashed, eats)
	}
	if shown, _ := closed["error"].(map[string]any); fmt.Sprint(shown) != fmt.Sprint(map[string]any(crashed)) {
		t.Errorf("the session shows %v", shown)
	}
	got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+other+"/steps", obj{"steps": []obj{{"action": "evaluate", "expression": "1 + 1"}}})
	if err != nil || got.List("data")[0].String("status") != "COMPLETED" {
		t.Errorf("the other session: %v, %v", got, err)
	}
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+other, nil); err != nil {
		t.Error(err)
	}
	harness.WaitForNothingLeft(t, dir)
}

// eventsOf are all that there are of a session.
func eventsOf(t *testing.T, c *harness.Client, id string) (all []obj) {
	t.Helper()
	for after := "beginning"; ; {
		page, err := c.Do(t.Context(), http.MethodGet, "/v1/events?limit=1000&sessionId="+id+"&after="+after, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.List("data")...)
		if after = page.String("nextCursor"); len(page.List("data")) == 0 {
			return all
		}
	}
}
