// Package e2e drives the real program from outside, as its users do.
package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

var sessions = flag.Int("sessions", 10, "how many sessions TestLeavesNothing runs one after another")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(harness.Main(m))
}

func shop(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>shop</title><h1 id=title>Tea</h1>
			<input id=q><button onclick="document.querySelector('h1').textContent='Bought '+q.value">Buy</button>`)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

type obj = harness.Object

// TestDeliveriesVerify has real deliveries verified by the npm libraries
// standardwebhooks and svix, which also refuse each of them broken in any way.
func TestDeliveriesVerify(t *testing.T) {
	dir := harness.Isolate(t)
	site := shop(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	receiver := harness.NewReceiver(t)
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{
		"url": site, "metadata": obj{"order": "7"}, "webhook": obj{"url": receiver.URL},
		"steps": []obj{
			{"action": "fill", "target": "#q", "value": "tea"}, {"action": "click", "target": "text=Buy"},
			{"action": "extract", "fields": obj{"title": "h1"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := made.String("sessionId")
	receiver.Wait(t, "the extract", func(d []harness.Delivery) bool { return len(harness.OfType(d, "step_completed")) == 4 })
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
		t.Fatal(err)
	}
	all := receiver.Wait(t, "browser_closed", func(d []harness.Delivery) bool { return len(harness.OfType(d, "browser_closed")) == 1 && len(d) == 10 })

	ready := string(harness.OfType(all, "browser_ready")[0].Body)
	want := fmt.Sprintf(`{"sessionId":%q,"type":"browser","data":{"eventType":"browser_ready","status":"READY","streamingUrl":%q},"id":"evt_`,
		id, made.String("streamingUrl"))
	if !strings.HasPrefix(ready, want) {
		t.Errorf("browser_ready is %s", ready)
	}
	for _, d := range harness.OfType(all, "step_completed") {
		if action := d.Event["data"].(map[string]any)["action"]; action == "extract" && !strings.Contains(string(d.Body), `"result":{"title":"Bought tea"},"durationMs":`) {
			t.Errorf("the extract is %s", d.Body)
		}
	}

	secret := obj(made["webhook"].(map[string]any)).String("secret")
	type capture struct {
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
		Secret  string            `json:"secret"`
	}
	var captures []capture
	for _, d := range all {
		h := map[string]string{}
		for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
			h[name] = d.Header.Get(name)
		}
		captures = append(captures, capture{h, string(d.Body), secret})
	}
	raw, err := json.Marshal(captures)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "verify.mjs")
	cmd.Dir = filepath.Join("..", "clients")
	cmd.Stdin = bytes.NewReader(raw)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != fmt.Sprintf("ok %d", len(all)) {
		t.Errorf("the libraries say: %s (%v)", out, err)
	}
}

// TestLeavesNothing runs sessions one after another and eight at once, and
// then looks for anything that stayed.
func TestLeavesNothing(t *testing.T) {
	dir := harness.Isolate(t)
	site := shop(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--max-sessions=8", "--pool-size=0")
	settled := func(s *harness.Server, most int) (n int) {
		t.Helper()
		harness.WaitForNothingLeft(t, dir)
		http.DefaultClient.CloseIdleConnections()
		if err := harness.Until(t.Context(), func() (bool, error) {
			n = s.Descriptors(t)
			return n <= most, nil
		}); err != nil {
			t.Errorf("%d file descriptors before, %d after", most, n)
		}
		return n
	}
	visit(t, server, site) // what the first one opens stays open for the next ones
	before := settled(server, 1<<30)
	for range *sessions {
		visit(t, server, site)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { visit(t, server, site) })
	}
	wg.Wait()
	settled(server, before)
	many, err := server.Goroutines()
	if err != nil {
		t.Fatal(err)
	}
	few := harness.Start(t, filepath.Join(dir, "other"), "--pool-size=0")
	visit(t, few, site)
	settled(few, 1<<30)
	one, err := few.Goroutines()
	if err != nil {
		t.Fatal(err)
	}
	// A read connection of the store's has a goroutine, and not all are
	// opened at once; a session that stayed would have several.
	if one < 5 || many > one+4 {
		t.Errorf("%d goroutines after one session, %d after %d\n%s", one, many, *sessions+9, server.Output())
	}
}

// visit has a session do something, and closes it.
func visit(t *testing.T, server *harness.Server, site string) {
	c := server.Client()
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"url": site})
	if err != nil {
		t.Error(err)
		return
	}
	path := "/v1/sessions/" + made.String("sessionId")
	got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, path+"/steps",
		obj{"steps": []obj{{"action": "click", "target": "text=Buy"}, {"action": "screenshot"}}})
	if err != nil {
		t.Error(err)
		return
	}
	for _, s := range got.List("data") {
		if s.String("status") != "COMPLETED" {
			t.Errorf("step %v", s)
		}
	}
	if _, err := c.Do(t.Context(), http.MethodDelete, path, nil); err != nil {
		t.Error(err)
		return
	}
	if _, err := c.WaitSession(t.Context(), made.String("sessionId"), "CLOSED"); err != nil {
		t.Error(err)
	}
}

// TestQueueAndReplay holds max-sessions, and a repeated call to its first
// answer.
func TestQueueAndReplay(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--max-sessions=1")
	c := server.Client()
	create := c.With("Idempotency-Key", "first")
	first, err := create.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := create.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil || again.String("sessionId") != first.String("sessionId") {
		t.Errorf("the same call made %v, then %v (%v)", first, again, err)
	}
	if _, err := create.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"locale": "de-DE"}); err == nil || !strings.Contains(err.Error(), "idempotency_conflict") {
		t.Errorf("another call under the same key: %v", err)
	}
	if _, err := c.WaitSession(t.Context(), first.String("sessionId"), "READY"); err != nil {
		t.Fatal(err)
	}
	second, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.WaitSession(t.Context(), second.String("sessionId"), "QUEUED"); err != nil {
		t.Errorf("%v: %v", got, err)
	}
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+first.String("sessionId"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitSession(t.Context(), second.String("sessionId"), "READY"); err != nil {
		t.Error(err)
	}
	if err := server.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	harness.WaitForNothingLeft(t, dir)
	if left, err := filepath.Glob(filepath.Join(dir, "browserhook-[0-9]*")); err != nil || len(left) > 0 {
		t.Errorf("a server that ended in order left %v (%v)", left, err)
	}
}
