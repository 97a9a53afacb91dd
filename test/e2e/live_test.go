package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/test/harness"
)

// TestLivePage opens the live page of one session in the browser of another
// and works with it there.
func TestLivePage(t *testing.T) {
	dir := harness.Isolate(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>shown</title><style>body{margin:0;background:#00f}</style>
			<textarea id=text style="position:fixed;inset:0;width:100%;height:50%"></textarea>
			<button style="position:fixed;left:0;bottom:0;width:100%;height:40%" onclick="document.title='clicked'">Go</button>`)
	}))
	t.Cleanup(page.Close)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	open := func(body obj) obj {
		s, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", body)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	run := func(id string, steps ...obj) []obj {
		t.Helper()
		got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": steps})
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
	shown := open(obj{"url": page.URL + "/?order=16", "viewport": obj{"width": 800, "height": 600}, "record": "all"})
	id := shown.String("sessionId")
	viewer := open(obj{"viewport": obj{"width": 1440, "height": 900}}).String("sessionId")
	run(id, obj{"action": "waitFor", "target": "button"})

	// pixel reads the middle of the lower half of the picture on the canvas.
	pixel := func(want string) obj {
		return obj{"action": "evaluate", "timeout": "20s", "expression": `new Promise(done => { const look = () => {
			const c = document.querySelector('canvas'), p = c.getContext('2d').getImageData(c.width / 2, c.height * 0.55, 1, 1).data;
			(` + want + `) ? done([...p]) : requestAnimationFrame(look) }; look() })`}
	}
	run(viewer, obj{"action": "goto", "url": shown.String("streamingUrl")}, pixel("p[2] > 200 && p[0] < 60"),
		obj{"action": "assert", "target": "#status", "text": "Live"}, obj{"action": "assert", "target": "#steps li", "count": 2},
		obj{"action": "assert", "target": "#path", "text": "/?…"})
	run(id, obj{"action": "evaluate", "expression": "document.body.style.background = '#f00'; 1"})
	run(viewer, pixel("p[0] > 200 && p[2] < 60"))

	// Through a link for looking, neither the page nor a hand on the socket
	// reaches the session.
	run(viewer, obj{"action": "click", "target": "canvas"})
	refusedByHand(t, shown.String("streamingUrl"))
	if got := run(id, obj{"action": "evaluate", "expression": "document.title + text.value"}); got[0]["result"] != "shown" {
		t.Errorf("a view-only link changed the page: %v", got[0]["result"])
	}

	link, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/streams", obj{"mode": "control", "expiresIn": "10m"})
	if err != nil {
		t.Fatal(err)
	}
	run(viewer, obj{"action": "goto", "url": link.String("streamingUrl")}, pixel("p[0] > 200"))
	atPoint := func(y float64) obj {
		return obj{"action": "click", "target": "#screen", "position": obj{"x": 200, "y": y}}
	}
	title := func(want string) obj { return obj{"action": "assert", "title": want} }
	run(viewer, atPoint(500)) // takes control, and is no click
	run(viewer, obj{"action": "assert", "target": "#driver", "text": "You have control"})
	run(viewer, atPoint(100), obj{"action": "type", "value": "Hi you"}, obj{"action": "evaluate", "expression": `(() => { const d = new DataTransfer();
		d.setData('text', ' ☕ pasted'); field.dispatchEvent(new ClipboardEvent('paste', {clipboardData: d, bubbles: true, cancelable: true})) })()`})
	waits, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "assert", "target": "#text", "value": "Hi you ☕ pasted"}, title("shown")}})
	if err != nil {
		t.Fatal(err)
	}
	run(viewer, obj{"action": "assert", "target": "#steps li[data-status=PENDING]", "count": 2}, obj{"action": "click", "target": "#control"}, obj{"action": "waitFor", "target": "#driver", "state": "hidden"})
	run(id, title("shown")) // after those
	for _, st := range waits.List("data") {
		done, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id+"/steps/"+st.String("stepId"), nil)
		if err != nil || done.String("status") != "COMPLETED" {
			t.Errorf("after control was given back: %v, %v", done, err)
		}
	}
	run(viewer, obj{"action": "click", "target": "#control"}, obj{"action": "assert", "target": "#driver", "text": "You have control"}, atPoint(500), obj{"action": "click", "target": "#control"})
	run(id, title("clicked"))
	var all []obj
	if err := harness.Until(t.Context(), func() (bool, error) { // that one has left is recorded a little later
		viewers, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id+"/viewers", nil)
		all = viewers.List("data")
		return err == nil && len(all) > 0 && all[0].String("leftAt") != "", err
	}); err != nil {
		t.Fatal(err)
	}
	if len(all) != 3 || all[2].String("mode") != "control" || all[2].String("address") != "127.0.0.1" || all[2]["leftAt"] != nil {
		t.Errorf("viewers: %v", all)
	}

	// A revoked link lets nobody stay.
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id+"/streams/"+link.String("streamId"), nil); err != nil {
		t.Fatal(err)
	}
	run(viewer, obj{"action": "assert", "target": "#message", "text": "This link was revoked"})
	run(viewer, obj{"action": "reload"}, obj{"action": "assert", "text": "This link is over"})
	run(viewer, obj{"action": "goto", "url": shown.String("streamingUrl")})
	run(id, obj{"action": "evaluate", "expression": "document.body.style.background = '#0f0'; 1"})
	run(viewer, pixel("p[1] > 200 && p[0] < 60"))
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
		t.Fatal(err)
	}
	run(viewer, obj{"action": "assert", "target": "#message", "text": "The session was closed"})
	replayed(t, c, id, viewer, run, pixel)
	// Who comes later by such a link is told that, and nothing else.
	run(viewer, obj{"action": "goto", "url": shown.String("streamingUrl")}, obj{"action": "assert", "target": "#message", "text": "The session was closed"},
		obj{"action": "assert", "target": "#signin", "text": "Sign in to see what happened."}, obj{"action": "assert", "target": "#signin a", "attribute": "href", "value": "/"},
		obj{"action": "assert", "target": "#steps li", "count": 0}, obj{"action": "waitFor", "target": "canvas", "state": "hidden"})
}

// replayed sees a session again that was red for long and then green, and has ended.
func replayed(t *testing.T, c *harness.Client, id, viewer string, run func(string, ...obj) []obj, pixel func(string) obj) {
	t.Helper()
	link, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/streams", obj{"replay": true})
	if err != nil {
		t.Fatal(err)
	}
	red, green := pixel("p[0] > 200 && p[1] < 60"), pixel("p[1] > 200 && p[0] < 60")
	last := obj{"action": "click", "target": "#steps li >> nth=-1"} // which made it green
	key := func(name string) obj { return obj{"action": "press", "key": name} }
	run(viewer, obj{"action": "goto", "url": link.String("streamingUrl")}, obj{"action": "assert", "target": "#status", "text": "Closed"}, green,
		last, red, key("End"), green, last, red, key("Space"), green,
		key("Home"), obj{"action": "assert", "target": "#clock", "text": "0:00 /"},
		obj{"action": "click", "target": "role=button[name=Events]"}, obj{"action": "assert", "target": "#moments", "text": "recording ready"},
		obj{"action": "click", "target": "#moments >> text=takeover started >> nth=0"}, red)
	got, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id+"/recording", nil)
	if err != nil || len(got.List("segments")) == 0 {
		t.Fatalf("the recording: %v, %v", got, err)
	}
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id+"/streams/"+link.String("streamId"), nil); err != nil {
		t.Fatal(err)
	}
	run(viewer, obj{"action": "goto", "url": "about:blank"}, obj{"action": "back"}, obj{"action": "assert", "text": "This link is over"})
}

func refusedByHand(t *testing.T, streamingURL string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), harness.Deadline)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, strings.Replace(strings.Replace(streamingURL, "http", "ws", 1), "/streams?", "/streams/ws?", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	ws.SetReadLimit(10 << 20)
	for _, kind := range []string{"down", "up"} {
		if err := ws.Write(ctx, websocket.MessageText, []byte(`{"type":"mouse","kind":"`+kind+`","button":"left","x":0.5,"y":0.9}`)); err != nil {
			break // it has been sent away
		}
	}
	for {
		if _, _, err = ws.Read(ctx); err != nil {
			break
		}
	}
	if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("input on a view-only link ended with %v", err)
	}
}
