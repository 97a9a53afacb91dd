package fault

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/test/harness"
)

// counting counts the bytes of the connections that a listener takes.
type counting struct {
	net.Listener
	got, sent atomic.Int64
}

func (l *counting) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	return &counted{nc, l}, err
}

type counted struct {
	net.Conn
	l *counting
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.l.got.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.l.sent.Add(int64(n))
	return n, err
}

// TestConnectionsGoOn: a page's WebSocket, and an upload and a download that are under
// way, go on while the server is killed and comes back. What passed before, meanwhile
// and after is counted as the site outside counts it.
func TestConnectionsGoOn(t *testing.T) {
	const size = 8 << 20
	dir := harness.Isolate(t)
	back := make(chan struct{})
	uploading := make(chan struct{})
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ws":
			ws, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer ws.CloseNow()
			for {
				kind, text, err := ws.Read(r.Context())
				if err != nil || ws.Write(r.Context(), kind, text) != nil {
					return
				}
			}
		case "/upload":
			n, _ := io.CopyN(io.Discard, r.Body, size/8)
			close(uploading)
			<-back
			more, _ := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, n+more)
		case "/download":
			w.Header().Set("Content-Length", fmt.Sprint(size))
			_, _ = w.Write(make([]byte, size/8))
			_ = http.NewResponseController(w).Flush()
			<-back
			_, _ = w.Write(make([]byte, size-size/8))
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>site</title>`)
		}
	}))
	l := &counting{Listener: web.Listener}
	web.Listener = l
	web.Start()
	defer web.Close()
	args := []string{"--listen=" + freePort(t), "--keeper-grace=20s"}
	server := harness.Start(t, filepath.Join(dir, "data"), args...)
	c := server.Client()
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", harness.Object{"url": web.URL})
	if err != nil {
		t.Fatal(err)
	}
	id := made.String("sessionId")
	path := "/v1/sessions/" + id
	done(t, c, path, harness.Object{"action": "evaluate", "timeout": "20s", "expression": fmt.Sprintf(`
		heard = []; ws = new WebSocket(location.href.replace("http", "ws") + "ws"); ws.onmessage = (e) => heard.push(e.data); ws.onclose = () => heard.push("closed");
		up = fetch("/upload", { method: "POST", body: new Blob([new Uint8Array(%d)]) }).then((r) => r.text(), String);
		came = 0; down = fetch("/download").then(async (r) => { for (const reader = r.body.getReader(); ;) { const { done, value } = await reader.read(); if (done) return came; came += value.length } }).catch(String);
		fetch("http://10.0.0.1/", { mode: "no-cors" }).then(() => new Promise((r) => { ws.onopen = r; if (ws.readyState === 1) r() })).then(() => ws.send("one"))
			.then(() => new Promise((r) => { const look = () => heard.length && came ? r(heard) : setTimeout(look, 10); look() }))`, size)})
	<-uploading
	server.Kill()
	harness.Start(t, filepath.Join(dir, "data"), args...)
	close(back)
	got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, path+"/steps", harness.Object{"steps": []harness.Object{{"action": "evaluate", "timeout": "20s",
		"expression": `ws.send("two"), Promise.all([up, down, new Promise((r) => { const look = () => heard.length > 1 ? r(heard.join()) : setTimeout(look, 10); look() })]).then((all) => all.join(" "))`}}})
	if err != nil {
		t.Fatal(err)
	}
	if st := got.List("data")[0]; st["result"] != fmt.Sprintf("%d %d one,two", size, size) {
		t.Errorf("after the restart: %v %v", st["result"], st["error"])
	}
	now, err := c.Do(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if usage, _ := now["usage"].(map[string]any); usage["sentBytes"].(float64) < size {
		t.Errorf("so far %v", usage)
	}
	if _, err := c.Do(t.Context(), http.MethodDelete, path, nil); err != nil {
		t.Fatal(err)
	}
	ended, err := c.WaitSession(t.Context(), id, "CLOSED")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`map[receivedBytes:%g refused:1 sentBytes:%g]`, float64(l.sent.Load()), float64(l.got.Load()))
	if got := fmt.Sprint(ended["usage"]); got != want || l.got.Load() < size || l.sent.Load() < size {
		t.Errorf("the session counted %s, and the site %s", got, want)
	}
	if strings.Contains(fmt.Sprint(ended), "10.0.0.1") {
		t.Errorf("%v", ended)
	}
}
