package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/test/harness"
)

// TestTwoNodes runs two servers over one PostgreSQL database: what one is asked
// about the other's session it does, both send what is to be sent, and when one
// is killed the other ends its sessions and sends what it had left.
func TestTwoNodes(t *testing.T) {
	dir := harness.Beside(t)
	_, url := harness.Postgres(t)
	key := seal.NewKey()
	start := func(name string) *harness.Server {
		return harness.Start(t, dir+"/"+name, "--database-url="+url, "--master-key="+key, "--max-sessions=2", "--pool-size=0")
	}
	servers := []*harness.Server{start("a"), start("b")}
	a, b := servers[0].Client(), servers[1].Client()
	ctx := t.Context()
	do := func(c *harness.Client, method, path string, body any) harness.Object {
		t.Helper()
		got, err := c.Do(ctx, method, path, body)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		return got
	}
	receiver := harness.NewReceiver(t)
	do(b, http.MethodPost, "/v1/webhook-endpoints", harness.Object{"url": receiver.URL, "events": []string{"*"}, "ordered": true})

	// Steps, a cancel and the end, all asked of the node that doesn't run it.
	id := openAt(t, servers[0], harness.Object{}).String("sessionId")
	done := do(b.With("Prefer", "wait=30"), http.MethodPost, "/v1/sessions/"+id+"/steps",
		harness.Object{"steps": []harness.Object{{"action": "evaluate", "expression": "6*7"}}}).List("data")
	if len(done) != 1 || done[0].String("status") != "COMPLETED" || done[0]["result"] != 42.0 {
		t.Fatalf("a step asked of the other node: %v", done)
	}
	slow := do(b, http.MethodPost, "/v1/sessions/"+id+"/steps", harness.Object{"steps": []harness.Object{
		{"action": "waitFor", "target": "#never", "timeout": "60s"},
	}}).List("data")[0].String("stepId")
	if err := harness.Until(ctx, func() (bool, error) {
		st, err := b.Do(ctx, http.MethodGet, "/v1/sessions/"+id+"/steps/"+slow, nil)
		return st.String("status") == "RUNNING", err
	}); err != nil {
		t.Fatal(err)
	}
	if got := do(b, http.MethodPost, "/v1/sessions/"+id+"/steps/"+slow+"/cancel", nil); got.String("status") != "CANCELED" {
		t.Errorf("canceled by the other node: %v", got)
	}
	do(b, http.MethodDelete, "/v1/sessions/"+id, nil)
	if got, err := a.WaitSession(ctx, id, "CLOSED"); err != nil || got.String("closeReason") != "requested" {
		t.Fatalf("closed by the other node: %v, %v", got, err)
	}

	// One is killed with a session of its own and something to send.
	lost := openAt(t, servers[0], harness.Object{}).String("sessionId")
	running := do(a, http.MethodPost, "/v1/sessions/"+lost+"/steps", harness.Object{"steps": []harness.Object{
		{"action": "waitFor", "target": "#never", "timeout": "60s"}, {"action": "evaluate", "expression": "1"},
	}}).List("data")
	if err := harness.Until(ctx, func() (bool, error) {
		st, err := b.Do(ctx, http.MethodGet, "/v1/sessions/"+lost+"/steps/"+running[0].String("stepId"), nil)
		return st.String("status") == "RUNNING", err
	}); err != nil {
		t.Fatal(err)
	}
	servers[0].Kill()
	killed := time.Now()
	if got, err := b.WaitSession(ctx, lost, "CLOSED"); err != nil || got.String("closeReason") != "node_lost" {
		t.Fatalf("the session of a node that was killed: %v, %v", got, err)
	}
	t.Logf("taken over %s after the kill", time.Since(killed).Round(time.Millisecond))
	for i, want := range []string{"INTERRUPTED", "CANCELED"} {
		if got := do(b, http.MethodGet, "/v1/sessions/"+lost+"/steps/"+running[i].String("stepId"), nil); got.String("status") != want {
			t.Errorf("step %d of it: %v", i, got)
		}
	}
	events := map[string]bool{}
	for _, e := range do(b, http.MethodGet, "/v1/events?limit=1000", nil).List("data") {
		events[e.String("id")] = true
	}
	got := receiver.Wait(t, "all events", func(all []harness.Delivery) bool {
		seen := map[string]bool{}
		for _, d := range all {
			seen[d.ID()] = true
		}
		for id := range events {
			if !seen[id] {
				return false
			}
		}
		return true
	})
	last := map[string]float64{}
	for _, d := range got {
		session, sequence := d.Event.String("sessionId"), d.Event["sequence"].(float64)
		if sequence < last[session] && !(sequence == last[session]) {
			t.Errorf("%s: sequence %v after %v", session, sequence, last[session])
		}
		last[session] = max(last[session], sequence)
	}
	// The one that was killed starts again and goes on.
	servers[0] = start("a")
	id = do(servers[0].Client(), http.MethodPost, "/v1/sessions", harness.Object{}).String("sessionId")
	if _, err := b.WaitSession(ctx, id, "READY"); err != nil {
		t.Fatal(err)
	}
	for i, s := range servers {
		if err := s.Stop(); err != nil {
			t.Errorf("stop %d: %v", i, fmt.Errorf("%w\n%s", err, s.Output()))
		}
	}
	harness.WaitForNothingLeft(t, dir)
}

// owns says whether a server without a pool has the session's browser: its folder is
// in the server's.
func owns(t *testing.T, s *harness.Server, id string) bool {
	t.Helper()
	run, err := os.ReadFile(filepath.Join(s.Data, "run"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(filepath.Join(string(run), id))
	return err == nil
}

// openAt makes a session that is READY at the server, whichever node was first before.
func openAt(t *testing.T, s *harness.Server, body obj) obj {
	t.Helper()
	for range 10 {
		made, err := s.Client().Do(t.Context(), http.MethodPost, "/v1/sessions", body)
		if err != nil {
			t.Fatal(err)
		}
		id := made.String("sessionId")
		if _, err := s.Client().WaitSession(t.Context(), id, "READY"); err != nil {
			t.Fatal(err)
		}
		if owns(t, s, id) {
			return made
		}
		if _, err := s.Client().Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("another server is always first")
	return nil
}

// TestASessionWaitsForItsNode: while one server is away, another starts what waited
// there, and leaves it the session whose browser is there still.
func TestASessionWaitsForItsNode(t *testing.T) {
	dir := harness.Beside(t)
	_, url := harness.Postgres(t)
	key := seal.NewKey()
	start := func(name string) *harness.Server {
		return harness.Start(t, dir+"/"+name, "--database-url="+url, "--master-key="+key, "--max-sessions=1", "--pool-size=0", "--keeper-grace=2m", "--keep-sessions=always")
	}
	a := start("a")
	var b *harness.Server
	ctx := t.Context()
	open := func() string {
		made, err := a.Client().Do(ctx, http.MethodPost, "/v1/sessions", harness.Object{})
		if err != nil {
			t.Fatal(err)
		}
		return made.String("sessionId")
	}
	evaluate := func(s *harness.Server, id, expression string) any {
		got, err := s.Client().With("Prefer", "wait=30").Do(ctx, http.MethodPost, "/v1/sessions/"+id+"/steps",
			harness.Object{"steps": []harness.Object{{"action": "evaluate", "expression": expression}}})
		if err != nil {
			t.Fatal(err)
		}
		return got.List("data")[0]["result"]
	}
	stays := openAt(t, a, harness.Object{}).String("sessionId")
	evaluate(a, stays, "window.kept = 42")
	b = start("b")
	filler := openAt(t, b, harness.Object{}).String("sessionId")
	goes := open()
	if got, err := b.Client().WaitSession(ctx, goes, "QUEUED"); err != nil || got["queuePosition"] != 1.0 {
		t.Fatal(got, err)
	}
	a.Kill()
	if _, err := b.Client().Do(ctx, http.MethodDelete, "/v1/sessions/"+filler, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Client().WaitSession(ctx, goes, "READY"); err != nil {
		t.Fatal(err)
	}
	if err := harness.Until(ctx, func() (bool, error) {
		nodes, err := b.Client().Do(ctx, http.MethodGet, "/v1/nodes", nil)
		return len(nodes.List("data")) == 1, err
	}); err != nil {
		t.Fatalf("the server that was killed is still there: %v", err)
	}
	a = start("a")
	if got := evaluate(b, stays, "window.kept"); got != 42.0 {
		t.Errorf("its page has %v", got)
	}
	for _, id := range []string{stays, goes} {
		if _, err := a.Client().Do(ctx, http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Client().WaitSession(ctx, id, "CLOSED"); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []*harness.Server{a, b} {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}
	harness.WaitForNothingLeft(t, dir)
}

// TestTwoNodesWithDifferentBrowsers: a session is started by the server that has the
// browser that it asks for, whichever server was asked, and refused when none has it.
func TestTwoNodesWithDifferentBrowsers(t *testing.T) {
	dir := harness.Beside(t)
	_, url := harness.Postgres(t)
	key := seal.NewKey()
	start := func(name, program string) *harness.Server {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err) // make test installs both
		}
		return harness.Start(t, filepath.Join(dir, name), "--chromium="+path, "--database-url="+url, "--master-key="+key, "--max-sessions=2", "--pool-size=0")
	}
	servers := map[string]*harness.Server{"shell": start("a", "chromium-headless-shell"), "chromium": start("b", "chromium")}
	ctx := t.Context()
	open := func(s *harness.Server, body obj) string {
		made, err := s.Client().Do(ctx, http.MethodPost, "/v1/sessions", body)
		if err != nil {
			t.Fatal(err)
		}
		return made.String("sessionId")
	}
	for asked, other := range map[string]string{"shell": "chromium", "chromium": "shell"} {
		c := servers[other].Client()
		id := open(servers[other], obj{"browser": asked})
		got, err := c.WaitSession(ctx, id, "READY")
		if err != nil || got.String("browser") != asked || !owns(t, servers[asked], id) {
			t.Errorf("%s, asked for where there is only %s: %v, %v", asked, other, got, err)
		}
		done, err := c.With("Prefer", "wait=60").Do(ctx, http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "evaluate", "expression": "6*7"}}})
		if err != nil || done.List("data")[0]["result"] != 42.0 {
			t.Errorf("a step in it: %v, %v", done, err)
		}
	}
	// One that asks for none has what it got.
	id := open(servers["shell"], obj{})
	got, err := servers["chromium"].Client().WaitSession(ctx, id, "READY")
	if err != nil || servers[got.String("browser")] == nil || !owns(t, servers[got.String("browser")], id) {
		t.Errorf("one that asks for none: %v, %v", got, err)
	}
	if err := servers["chromium"].Stop(); err != nil {
		t.Error(err)
	}
	status, body := ask(t, http.MethodPost, servers["shell"].URL+"/v1/sessions", `{"browser":"chromium"}`, http.Header{"Authorization": {"Bearer " + harness.Key}})
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "is not installed on any server that starts sessions; there is shell") {
		t.Errorf("one that no server has any more: %d %s", status, body)
	}
	if err := servers["shell"].Stop(); err != nil {
		t.Error(err)
	}
	harness.WaitForNothingLeft(t, dir)
}
