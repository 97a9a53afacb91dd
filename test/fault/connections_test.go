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

// countedSite is a site that one session's page talks to, and what it counts of that.
type countedSite struct {
	*counting
	url       string
	size      int           // of what is uploaded, and of what is downloaded
	uploading chan struct{} // closed when the upload has begun
}

// siteOf serves a page, a WebSocket, an upload and a download, the last two of which stand
// still until back is closed.
func siteOf(t *testing.T, size int, back <-chan struct{}) *countedSite {
	s := &countedSite{size: size, uploading: make(chan struct{})}
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
			n, _ := io.CopyN(io.Discard, r.Body, int64(size/8))
			close(s.uploading)
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
	s.counting = &counting{Listener: web.Listener}
	web.Listener = s.counting
	web.Start()
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

// TestConnectionsGoOn: WebSockets, uploads and downloads of the pages of three sessions,
// all under way, go on while the server is killed and comes back. What passed before,
// meanwhile and after, and what was refused, is counted for each session as the site that
// it talked to counts it, outside.
func TestConnectionsGoOn(t *testing.T) {
	dir := harness.Isolate(t)
	back := make(chan struct{})
	var sites []*countedSite
	for _, size := range []int{8 << 20, 3 << 20, 1 << 20} {
		sites = append(sites, siteOf(t, size, back))
	}
	args := []string{"--listen=" + harness.FreeAddress(t), "--keeper-grace=20s", "--max-sessions=3"}
	server := harness.Start(t, filepath.Join(dir, "data"), args...)
	c := server.Client()
	var paths []string
	for i, site := range sites {
		made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", harness.Object{"url": site.url})
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, "/v1/sessions/"+made.String("sessionId"))
		done(t, c, paths[i], harness.Object{"action": "evaluate", "timeout": "20s", "expression": fmt.Sprintf(`
			heard = []; ws = new WebSocket(location.href.replace("http", "ws") + "ws"); ws.onmessage = (e) => heard.push(e.data); ws.onclose = () => heard.push("closed");
			up = fetch("/upload", { method: "POST", body: new Blob([new Uint8Array(%d)]) }).then((r) => r.text(), String);
			came = 0; down = fetch("/download").then(async (r) => { for (const reader = r.body.getReader(); ;) { const { done, value } = await reader.read(); if (done) return came; came += value.length } }).catch(String);
			Promise.all(Array.from({ length: %d }, () => fetch("http://10.0.0.1/", { mode: "no-cors" }))).then(() => new Promise((r) => { ws.onopen = r; if (ws.readyState === 1) r() })).then(() => ws.send("one"))
				.then(() => new Promise((r) => { const look = () => heard.length && came ? r(heard) : setTimeout(look, 10); look() }))`, site.size, i+1)})
		<-site.uploading
	}
	server.Kill()
	harness.Start(t, filepath.Join(dir, "data"), args...)
	close(back)
	for i, site := range sites {
		got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, paths[i]+"/steps", harness.Object{"steps": []harness.Object{{"action": "evaluate", "timeout": "20s",
			"expression": `ws.send("two"), Promise.all([up, down, new Promise((r) => { const look = () => heard.length > 1 ? r(heard.join()) : setTimeout(look, 10); look() })]).then((all) => all.join(" "))`}}})
		if err != nil {
			t.Fatal(err)
		}
		if st := got.List("data")[0]; st["result"] != fmt.Sprintf("%d %d one,two", site.size, site.size) {
			t.Errorf("session %d, after the restart: %v %v", i, st["result"], st["error"])
		}
		now, err := c.Do(t.Context(), http.MethodGet, paths[i], nil)
		if err != nil {
			t.Fatal(err)
		}
		if usage, _ := now["usage"].(map[string]any); usage["sentBytes"].(float64) < float64(site.size) {
			t.Errorf("session %d, so far: %v", i, usage)
		}
	}
	for i, site := range sites {
		if _, err := c.Do(t.Context(), http.MethodDelete, paths[i], nil); err != nil {
			t.Fatal(err)
		}
		ended, err := c.WaitSession(t.Context(), strings.TrimPrefix(paths[i], "/v1/sessions/"), "CLOSED")
		if err != nil {
			t.Fatal(err)
		}
		got, sent := site.got.Load(), site.sent.Load()
		want := fmt.Sprintf(`map[receivedBytes:%g refused:%d sentBytes:%g]`, float64(sent), i+1, float64(got))
		if usage := fmt.Sprint(ended["usage"]); usage != want || got < int64(site.size) || sent < int64(site.size) {
			t.Errorf("session %d counted %s, and its site %s", i, usage, want)
		}
		if strings.Contains(fmt.Sprint(ended), "10.0.0.1") {
			t.Errorf("%v", ended)
		}
	}
}
