package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/test/harness"
)

// two are two servers over one database.
type two struct{ a, b *harness.Server }

func startTwo(t *testing.T, dir string, args ...string) two {
	t.Helper()
	_, url := harness.Postgres(t)
	args = append(args, "--pool-size=0", "--database-url="+url, "--master-key="+seal.NewKey())
	return two{harness.Start(t, filepath.Join(dir, "a"), args...), harness.Start(t, filepath.Join(dir, "b"), args...)}
}

// through is a link or an address as another server has it.
func through(s *harness.Server, link string) string {
	_, rest, _ := strings.Cut(link, "://")
	_, path, _ := strings.Cut(rest, "/")
	base := s.URL
	if strings.HasPrefix(link, "ws") {
		base = "ws" + strings.TrimPrefix(base, "http")
	}
	return base + "/" + path
}

// TestThroughTheOtherNode: what only the server that has the browser can do is done
// through one that hasn't: the live page, the dashboard, a program's connection, steps, a picture.
// A server that is full leaves sessions to the other, and one that drains ends with
// its last.
func TestThroughTheOtherNode(t *testing.T) {
	dir := harness.Beside(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>shown</title><body style="margin:0;background:#00f"><textarea id=text style="position:fixed;inset:0;width:100%;height:40%"></textarea>`)
	}))
	t.Cleanup(page.Close)
	nodes := startTwo(t, dir, "--max-sessions=2", "--max-queued=2")
	a, b := nodes.a.Client(), nodes.b.Client()
	ctx := t.Context()
	run := func(c *harness.Client, id string, steps ...obj) []obj {
		t.Helper()
		got, err := c.With("Prefer", "wait=60").Do(ctx, http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": steps})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range got.List("data") {
			if s.String("status") != "COMPLETED" {
				t.Fatalf("%v: %v %v", s["step"], s["status"], s["error"])
			}
		}
		return got.List("data")
	}
	shown := openAt(t, nodes.a, obj{"url": page.URL, "viewport": obj{"width": 800, "height": 600}})
	id := shown.String("sessionId")
	if got := run(b, id, obj{"action": "evaluate", "expression": "document.title"}); got[0]["result"] != "shown" {
		t.Errorf("a step: %v", got)
	}

	// A picture is in the folder of the server that took it.
	made := run(b, id, obj{"action": "screenshot"})[0]["result"].(map[string]any)
	key := http.Header{"Authorization": {"Bearer " + harness.Key}}
	if status, body := ask(t, http.MethodGet, fmt.Sprint(nodes.b.URL, "/v1/sessions/", id, "/artifacts/", made["artifactId"]), "", key); status != http.StatusOK || !strings.HasPrefix(body, "\x89PNG") {
		t.Errorf("a picture through the other server: %d, %d bytes", status, len(body))
	}

	// So is what the page said, while the session runs.
	run(b, id, obj{"action": "evaluate", "expression": "console.log('said there')"})
	if err := harness.Until(ctx, func() (bool, error) {
		log, err := b.Do(ctx, http.MethodGet, "/v1/sessions/"+id+"/logs?kinds=console", nil)
		return strings.Contains(fmt.Sprint(log), "said there"), err
	}); err != nil {
		t.Errorf("the log through the other server: %v", err)
	}

	// The live page, by the other server's address, looked at by a session there.
	viewer := openAt(t, nodes.b, obj{"viewport": obj{"width": 1440, "height": 900}}).String("sessionId")
	link, err := b.Do(ctx, http.MethodPost, "/v1/sessions/"+id+"/streams", obj{"mode": "control"})
	if err != nil {
		t.Fatal(err)
	}
	pixel := obj{"action": "evaluate", "timeout": "20s", "expression": `new Promise(done => { const look = () => {
		const c = document.querySelector('canvas'), p = c.getContext('2d').getImageData(c.width / 2, c.height * 0.8, 1, 1).data;
		p[2] > 200 && p[0] < 60 ? done([...p]) : requestAnimationFrame(look) }; look() })`}
	run(b, viewer, obj{"action": "goto", "url": through(nodes.b, link.String("streamingUrl"))}, pixel,
		obj{"action": "assert", "target": "#status", "text": "Live"},
		obj{"action": "click", "target": "#control"}, obj{"action": "assert", "target": "#driver", "text": "You have control"},
		obj{"action": "click", "target": "#screen", "position": obj{"x": 300, "y": 100}},
		obj{"action": "type", "value": "Hi"}, obj{"action": "click", "target": "#control"})
	run(b, id, obj{"action": "assert", "target": "#text", "value": "Hi"})

	// The dashboard of the other server: the wall's picture, the live view, a step, and both
	// servers.
	run(b, viewer, obj{"action": "goto", "url": nodes.b.URL + "/sign-in"}, obj{"action": "fill", "target": "label=\"API key\"", "value": harness.Key}, obj{"action": "press", "key": "Enter"},
		obj{"action": "waitFor", "expression": "document.querySelector('#" + id + " img')?.naturalWidth > 0", "timeout": "20s"},
		obj{"action": "click", "target": "#" + id + " a"},
		obj{"action": "waitFor", "expression": "document.querySelector('#live')?.contentDocument?.querySelector('body[data-drawn][data-phase=live]') != null", "timeout": "20s"},
		obj{"action": "fill", "target": "#run-action", "value": "evaluate"}, obj{"action": "fill", "target": "label=expression", "value": "document.title + ' there'"}, obj{"action": "press", "key": "Control+Enter"},
		obj{"action": "waitFor", "target": "#step-result >> text=shown there"},
		obj{"action": "goto", "url": nodes.b.URL + "/nodes"}, obj{"action": "assert", "target": "tbody tr", "count": 2})

	// A program, by WebSocket and by what comes before it.
	cmd := exec.CommandContext(ctx, "node", "connect.mjs", "playwright", through(nodes.b, shown.String("connectUrl")), page.URL, page.URL, "pages: a page")
	cmd.Dir, cmd.Stderr = filepath.Join("..", "clients"), os.Stderr
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), `"outcomes":{`) {
		t.Errorf("Playwright through the other server: %s, %v", out, err)
	}
	address := "http" + strings.TrimPrefix(through(nodes.b, shown.String("connectUrl")), "ws")
	for _, path := range []string{"/json/version", "/json/list"} {
		if status, body := get(t, strings.Replace(address, "?", path+"?", 1)); status != http.StatusOK || !strings.Contains(body, "webSocketDebuggerUrl") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}

	// Both are full: what comes waits, and goes to whichever has room.
	more := openAt(t, nodes.a, obj{}).String("sessionId")
	if fills, err := b.Do(ctx, http.MethodPost, "/v1/sessions", obj{}); err != nil {
		t.Fatal(err)
	} else if _, err := b.WaitSession(ctx, fills.String("sessionId"), "READY"); err != nil {
		t.Fatal(err)
	}
	// How much room each has the others know by its last beat.
	if err := harness.Until(ctx, func() (bool, error) {
		free := 0.0
		all, err := a.Do(ctx, http.MethodGet, "/v1/nodes", nil)
		for _, n := range all.List("data") {
			free += n["freeSlots"].(float64)
		}
		return free == 0, err
	}); err != nil {
		t.Fatal(err)
	}
	waits, err := a.Do(ctx, http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	last := waits.String("sessionId")
	if got, err := b.WaitSession(ctx, last, "QUEUED"); err != nil || got["queuePosition"] != 1.0 {
		t.Fatalf("%v, %v", got, err)
	}
	second, err := b.Do(ctx, http.MethodPost, "/v1/sessions", obj{})
	if err != nil || second["queuePosition"] != 2.0 {
		t.Fatal(second, err)
	}
	if _, err := a.Do(ctx, http.MethodPost, "/v1/sessions", obj{}); err == nil || !strings.Contains(err.Error(), "429") || !strings.Contains(err.Error(), "queue_full") {
		t.Errorf("one more than may wait: %v", err)
	}
	if _, err := b.Do(ctx, http.MethodDelete, "/v1/sessions/"+second.String("sessionId"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Do(ctx, http.MethodDelete, "/v1/sessions/"+viewer, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := a.WaitSession(ctx, last, "READY"); err != nil || !owns(t, nodes.b, last) {
		t.Fatalf("a full server's queue: %v", err)
	}

	// One drains, asked through the other.
	all, err := b.Do(ctx, http.MethodGet, "/v1/nodes", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all.List("data") {
		if n.String("url") != nodes.a.URL {
			continue
		}
		if got, err := b.Do(ctx, http.MethodPost, "/v1/nodes/"+n.String("nodeId")+"/drain", nil); err != nil || got.String("state") != "DRAINING" {
			t.Fatalf("%v, %v", got, err)
		}
	}
	if err := harness.Until(ctx, func() (bool, error) {
		status, body := get(t, nodes.a.URL+"/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "draining"), nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Do(ctx, http.MethodDelete, "/v1/sessions/"+more, nil); err != nil {
		t.Fatal(err)
	}
	after, err := a.Do(ctx, http.MethodPost, "/v1/sessions", obj{}) // it has room, and starts nothing
	if err != nil {
		t.Fatal(err)
	}
	if got := run(b, id, obj{"action": "evaluate", "expression": "text.value"}); got[0]["result"] != "Hi" {
		t.Errorf("a session of the server that drains: %v", got)
	}
	if got, err := b.WaitSession(ctx, after.String("sessionId"), "QUEUED", "READY"); err != nil || got.String("status") != "QUEUED" {
		t.Errorf("what comes to it: %v, %v", got, err)
	}
	if _, err := b.Do(ctx, http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
		t.Fatal(err)
	}
	if err := nodes.a.Ends(); err != nil {
		t.Errorf("the server that was drained: %v", err)
	}
	if _, err := b.Do(ctx, http.MethodDelete, "/v1/sessions/"+last, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.WaitSession(ctx, after.String("sessionId"), "READY"); err != nil {
		t.Errorf("what came to it: %v", err)
	}
	if err := nodes.b.Stop(); err != nil {
		t.Error(err)
	}
	harness.WaitForNothingLeft(t, dir)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	return ask(t, http.MethodGet, url, "", nil)
}
