package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/test/harness"
)

// loggedSite has a page that says and asks for a bit of everything; {other} is the same
// server under another name.
func loggedSite(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply := func(kind, text string) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, strings.ReplaceAll(text, "{other}", elsewhere("http://"+r.Host)))
		}
		switch r.URL.Path {
		case "/":
			reply("text/html", `<!doctype html><link rel=icon href="data:,"><title>log</title><img src="/cached.svg"><iframe src="{other}/frame"></iframe><script>
				console.warn("from the page", 7, {a: 1});
				const socket = new WebSocket("ws://" + location.host + "/socket"), shared = new SharedWorker("/shared.js"), worker = new Worker("/worker.js");
				const all = [fetch("/redirect"), fetch("/missing"), fetch("http://localhost:1/").catch(() => {}), fetch("data:text/plain,hi"),
					new Promise((done) => { socket.onopen = () => socket.close(); socket.onclose = done }),
					new Promise((done) => { shared.port.onmessage = done }), new Promise((done) => { worker.onmessage = done }),
					navigator.serviceWorker.register("/service.js").then(() => navigator.serviceWorker.ready)];
				setTimeout(() => { throw new Error("not caught") });
				Promise.all(all).then(() => fetch("/cached.svg")).then(() => { document.title = "done" });
			</script><a target=_blank href="/popup">popup</a>`)
		case "/frame":
			reply("text/html", `<script>console.log("from a frame of another site"); fetch("/by-frame")</script>`)
		case "/popup":
			reply("text/html", `<link rel=icon href="data:,"><script>console.log("from a popup"); fetch("/by-popup").then((r) => r.text()).then(() => { document.title = "popup" })</script>`)
		case "/worker.js":
			reply("text/javascript", `console.log("from a worker"); fetch("/by-worker").then(() => postMessage("x"))`)
		case "/shared.js":
			reply("text/javascript", `onconnect = (e) => { console.log("from a shared worker"); fetch("/by-shared").then(() => e.ports[0].postMessage("x")) }`)
		case "/service.js":
			reply("text/javascript", `oninstall = (e) => { console.log("from a service worker"); e.waitUntil(fetch("/by-service")) }`)
		case "/cached.svg":
			w.Header().Set("Cache-Control", "max-age=3600")
			reply("image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>`)
		case "/redirect":
			http.Redirect(w, r, "/by-redirect", http.StatusFound)
		case "/missing":
			http.NotFound(w, r)
		case "/socket":
			if conn, err := websocket.Accept(w, r, nil); err == nil {
				_, _, _ = conn.Read(r.Context())
				_ = conn.CloseNow()
			}
		default:
			reply("text/plain", "ok")
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestLogsHaveEverything that pages, frames, popups and workers say and ask for, while
// the session runs and after its end; forgetting the session deletes it.
func TestLogsHaveEverything(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	site := loggedSite(t)
	id := must(t, c, http.MethodPost, "/v1/sessions", obj{}).String("sessionId")
	login := strings.Replace(site.URL, "http://", "http://someone:hunter22@", 1) + "/by-login"
	steps := run(t, c, id, obj{"action": "goto", "url": login}, obj{"action": "goto", "url": site.URL + "/?token=hunter23"}, obj{"action": "waitFor", "expression": "document.title == 'done'"},
		obj{"action": "click", "target": "text=popup", "popup": true}, obj{"action": "waitFor", "expression": "document.title == 'popup'"},
		obj{"action": "evaluate", "expression": "console.log('the last ' + 'word')"})
	for _, st := range steps {
		if st.String("status") != "COMPLETED" {
			log, err := c.All(t.Context(), "/v1/sessions/"+id+"/logs")
			t.Fatalf("%v; the log: %v, %v", st, log, err)
		}
	}
	read := func() (said, asked []string) {
		t.Helper()
		log, err := c.All(t.Context(), "/v1/sessions/"+id+"/logs?kinds=console,error,request,refused")
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range log {
			if e["number"] != float64(i+1) || e.String("at") == "" {
				t.Errorf("entry %d: %v", i, e)
			}
			if step := e.String("stepId"); step != "" && !strings.HasPrefix(step, "step_") || step == "" && (strings.Contains(e.String("text"), "the page") || strings.Contains(e.String("url"), "/by-login")) {
				t.Errorf("while a step ran: %v", e)
			}
			switch e.String("kind") {
			case "request":
				if _, over := e["durationMs"]; !over {
					return nil, nil
				}
				asked = append(asked, fmt.Sprint(e.String("method"), " ", strings.Replace(e.String("url"), site.URL, "", 1), " ", e["status"], " ", e["resourceType"], " ", e["cache"], " ", e["failure"], " ", strings.Replace(e.String("redirectUrl"), site.URL, "", 1)))
			default:
				said = append(said, fmt.Sprint(e.String("kind"), " ", e.String("type"), " ", e.String("text")))
			}
		}
		return said, asked
	}
	says := []string{
		"console warning from the page 7 Object", "console log from a frame of another site", "console log from a popup", "console log from a worker",
		"console log from a shared worker", "console log from a service worker", "console log the last word", "error  Error: not caught\n",
	}
	asks := []string{
		"GET /by-login 200 Document <nil> <nil> ", "GET /?token=hunter23 200 Document <nil> <nil> ", "GET /cached.svg 200 Image <nil> <nil> ", "GET /cached.svg 200 Fetch disk <nil> ",
		"GET /redirect 302 Fetch <nil> <nil> /by-redirect", "GET /by-redirect 200 Fetch <nil> <nil> ", "GET /missing 404 Fetch <nil> <nil> ",
		"GET http://localhost:1/ <nil> Fetch <nil> net::ERR_UNSAFE_PORT ", "GET data:text/plain,hi 200 Other <nil> <nil> ",
		"GET " + strings.Replace(site.URL, "http", "ws", 1) + "/socket 101 WebSocket <nil> <nil> ",
		"GET " + elsewhere(site.URL) + "/frame 200 Document <nil> <nil> ", "GET " + elsewhere(site.URL) + "/by-frame 200 Fetch <nil> <nil> ",
		"GET /popup 200 Document <nil> <nil> ", "GET /by-popup 200 Fetch <nil> <nil> ",
		"GET /by-worker 200 Fetch <nil> <nil> ", "GET /by-shared 200 Fetch <nil> <nil> ", "GET /by-service 200 Fetch <nil> <nil> ",
	}
	var said, asked, missing []string
	if err := harness.Until(t.Context(), func() (bool, error) { // frames and workers take their own time
		said, asked = read()
		missing = slices.DeleteFunc(slices.Concat(says, asks), func(want string) bool {
			return slices.Contains(asked, want) || slices.ContainsFunc(said, func(s string) bool { return s == want || strings.HasSuffix(want, "\n") && strings.HasPrefix(s, want) })
		})
		return len(missing) == 0, nil
	}); err != nil {
		t.Fatalf("%v: %q are missing:\n%s\n%s", err, missing, strings.Join(said, "\n"), strings.Join(asked, "\n"))
	}
	must(t, c, http.MethodDelete, "/v1/sessions/"+id, nil)
	if _, err := c.WaitSession(t.Context(), id, "CLOSED"); err != nil {
		t.Fatal(err)
	}
	if again, asksAgain := read(); !slices.Equal(again, said) || len(asksAgain) < len(asked) {
		t.Errorf("after its end: %q and %d requests", again, len(asksAgain))
	}
	for where, n := range map[string]int{"logs/*/*": 0, "artifacts/*/*/log": 1} {
		if left, _ := filepath.Glob(filepath.Join(server.Data, where)); len(left) != n {
			t.Errorf("%s: %q", where, left)
		}
	}
	must(t, c, http.MethodDelete, "/v1/sessions/"+id+"/data", nil)
	if left, _ := filepath.Glob(filepath.Join(server.Data, "artifacts/*/*/*")); len(left) > 0 {
		t.Errorf("left is %q", left)
	}
}

// TestTheArchiveIsAsPlaywrights of the same page, and one by its schema.
func TestTheArchiveIsAsPlaywrights(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	site := loggedSite(t)
	made := must(t, c, http.MethodPost, "/v1/sessions", obj{})
	id := made.String("sessionId")
	if _, err := c.WaitSession(t.Context(), id, "READY"); err != nil {
		t.Fatal(err)
	}
	theirs, ours := filepath.Join(dir, "theirs.har"), filepath.Join(dir, "ours.har")
	node := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "node", append([]string{"har.mjs"}, args...)...)
		cmd.Dir = "../clients"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	node("record", made.String("connectUrl"), site.URL+"/?a=1&b=x%20y", theirs)
	for _, ask := range [][2]string{{"?format=har", ""}, {"", "application/har+json"}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v1/sessions/"+id+"/logs"+ask[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+harness.Key)
		req.Header.Set("Accept", ask[1])
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.Header.Get("Content-Type") != "application/har+json" {
			t.Fatalf("%v: %s, %.200s, %v", ask, res.Header.Get("Content-Type"), raw, err)
		}
		if err := os.WriteFile(ours, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		node("compare", theirs, ours)
	}
}
