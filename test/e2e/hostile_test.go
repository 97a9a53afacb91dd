package e2e

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/test/harness"
)

var hostile = flag.Bool("hostile", false, "TestHostilePages shows every page, and another session's steps take less than twice their time beside each")

// hostilePages are what a session may meet, and what it is then like.
var hostilePages = []struct {
	name, page string
	ends       string // the code that the session may end with; empty: it answers
	must       bool   // and does end with, however long that takes
}{
	{"a memory bomb", `<script>setTimeout(` + bomb + `)</script>`, "out_of_memory", true},
	{"a memory bomb of nodes", `<script>setTimeout(() => { for (;;) document.body.appendChild(document.createElement("p")).textContent = "x".repeat(1000) })</script><body>`, "out_of_memory", true},
	{"a memory bomb in frames", `<script>for (let i = 2; i < 8; i++) document.write("<iframe src=http://127.0.0." + i + ":" + location.port + "/bomb></iframe>")</script>`, "out_of_memory", false},
	{"a fork bomb of workers", `<script>const url = URL.createObjectURL(new Blob(["for (;;);"])); setInterval(() => { for (let i = 0; i < 20; i++) new Worker(url) })</script>`, "out_of_memory", false},
	{"a fork bomb of frames", `<body><script>let i = 2; setInterval(() => { const f = document.createElement("iframe"); f.src = "http://127.0.0." + (i++ % 250 + 2) + ":" + location.port + "/empty"; document.body.append(f) })</script>`, "out_of_memory", false},
	{"dialogs in a loop", `<script>setTimeout(() => { for (;;) alert("again") })</script>`, "", false},
	{"dialogs from a timer", `<script>setInterval(() => confirm("again"))</script>`, "", false},
	{"print in a loop", `<script>setTimeout(() => { for (;;) print() })</script>`, "", false},
	{"endless redirects", `<meta http-equiv=refresh content="0;url=/round">`, "", false},
	{"a page that goes on and on", `<script>setTimeout(() => location.href = "/hostile/" + Math.random())</script>`, "", false},
	{"a million nodes", `<body><script>document.body.innerHTML = "<p>node</p>".repeat(1e6)</script>`, "out_of_memory", false},
	{"popups", `<script>setInterval(() => open("/empty"))</script>`, "out_of_memory", false},
	{"a page that won't be left", `<script>onbeforeunload = (e) => { e.preventDefault(); return "stay" }</script>`, "", false},
	{"a download of 10 GB", `<script>setTimeout(() => location.href = "/endless")</script>`, "out_of_disk", false},
	{"storage without end", `<script>(async () => { const cache = await caches.open("all"); for (let i = 0;; i++) { const some = new Uint8Array(1 << 20);
		for (let at = 0; at < some.length; at += 65536) crypto.getRandomValues(some.subarray(at, at + 65536)); await cache.put("/" + i, new Response(some)) } })()</script>`, "out_of_disk", true},
	{"a blocked main thread", `<script>setTimeout(() => { for (;;); })</script>`, "", false},
	{"a hundred thousand frames", `<body><script>let n = 0; const more = () => { for (let i = 0; i < 100 && n < 1e5; i++, n++) document.body.append(document.createElement("iframe")); setTimeout(more) }; more()</script>`, "out_of_memory", false},
	{"dialogs in frames and workers", `<body><script>for (let i = 0; i < 20; i++) { const f = document.createElement("iframe"); f.srcdoc = "<script>setInterval(() => { alert(1); confirm(2); prompt(3) })</" + "script>"; document.body.append(f) }
		new Worker(URL.createObjectURL(new Blob(["for (;;) try { alert(1) } catch {}"])))</script>`, "", false},
	{"a history without end", `<script>let n = 0; setInterval(() => { for (let i = 0; i < 100; i++) history.pushState({ a: "x".repeat(10000) }, "", "?" + n++) })</script>`, "out_of_memory", false},
	{"a console of megabytes", `<script>setInterval(() => { for (let i = 0; i < 20; i++) console.log("x".repeat(1 << 20), { a: "y".repeat(1 << 20) }) })</script>`, "out_of_memory", false},
	{"a line of the console of 200 MB", `<script>const all = "x".repeat(2e8); setInterval(() => console.error(all), 500)</script>`, "out_of_memory", false},
	{"errors without end", `<script>setInterval(() => { for (let i = 0; i < 100; i++) { setTimeout(() => { throw new Error("x".repeat(1e5)) }); Promise.reject(new Error("y".repeat(1e5))) } })</script>`, "out_of_memory", false},
	{"a title of 50 MB", `<script>let n = 0; setInterval(() => { document.title = n++ + "x".repeat(5e7) }, 100)</script>`, "out_of_memory", false},
	{"an address of megabytes", `<script>let n = 0; setInterval(() => { try { history.replaceState(null, "", "#" + n++ + "x".repeat(2e6)) } catch {} })</script>`, "out_of_memory", false},
	{"a dialog of 100 MB", `<script>setTimeout(() => { for (;;) alert("x".repeat(1e8)) })</script>`, "out_of_memory", false},
	{"a text of 200 MB", `<body><script>document.body.append("x".repeat(2e8))</script>`, "out_of_memory", false},
	{"huge canvases", `<body><script>setInterval(() => { const c = Object.assign(document.createElement("canvas"), { width: 16384, height: 16384 }); const x = c.getContext("2d"); x.fillRect(0, 0, 16384, 16384); document.body.append(c) }, 100)</script>`, "out_of_memory", false},
	{"memory of WebAssembly", `<script>const all = []; setInterval(() => { const m = new WebAssembly.Memory({ initial: 256 }); new Uint8Array(m.buffer).fill(7); all.push(m) })</script>`, "out_of_memory", true},
	{"databases without end", `<script>const o = indexedDB.open("all", 1); o.onupgradeneeded = () => o.result.createObjectStore("all", { autoIncrement: true }); o.onsuccess = () => { const more = () => { const some = new Uint8Array(4 << 20);
		for (let at = 0; at < some.length; at += 65536) crypto.getRandomValues(some.subarray(at, at + 65536)); o.result.transaction("all", "readwrite").objectStore("all").add(some).onsuccess = () => setTimeout(more) }; more() }</script>`, "out_of_disk", true},
	{"files of its own without end", `<script>(async () => { const dir = await navigator.storage.getDirectory(); for (let i = 0;; i++) { const w = await (await dir.getFileHandle("f" + i, { create: true })).createWritable(); await w.write(new Uint8Array(8 << 20).fill(i)); await w.close() } })()</script>`, "out_of_disk", true},
	{"blobs without end", `<script>const all = []; setInterval(() => all.push(new Blob([new Uint8Array(16 << 20).fill(all.length)])), 20)</script>`, "out_of_memory", false},
	{"thousands of downloads", `<body><script>let n = 0; setInterval(() => { for (let i = 0; i < 10; i++) { const a = document.createElement("a"); a.href = URL.createObjectURL(new Blob(["x"])); a.download = n++ + ".txt"; a.click() } }, 50)</script>`, "out_of_disk", false},
	{"what asks for leave", `<script>setInterval(() => { Notification.requestPermission(); navigator.geolocation.getCurrentPosition(() => 0, () => 0); navigator.mediaDevices?.getUserMedia({ audio: true, video: true }).catch(() => 0); navigator.clipboard?.readText().catch(() => 0); navigator.requestMIDIAccess?.({ sysex: true }).catch(() => 0); navigator.storage.persist() })</script>`, "", false},
	{"the whole screen and the mouse", `<body><script>setInterval(() => { document.documentElement.requestFullscreen().catch(() => 0); document.body.requestPointerLock()?.catch?.(() => 0); navigator.wakeLock?.request().catch(() => 0); moveTo(0, 0); resizeTo(1e6, 1e6); focus(); blur() })</script>`, "", false},
	{"messages without end", `<script>const c = new BroadcastChannel("x"), d = new BroadcastChannel("x"), some = "x".repeat(1e6); d.onmessage = () => 0; setInterval(() => { for (let i = 0; i < 50; i++) { postMessage(some, "*"); c.postMessage(some) } })</script>`, "out_of_memory", false},
	{"pictures that are drawn without end", `<canvas></canvas><script>const g = document.querySelector("canvas").getContext("webgl2"); if (g) { const make = (k, s) => { const x = g.createShader(k); g.shaderSource(x, "#version 300 es\nprecision highp float;" + s); g.compileShader(x); return x }; const p = g.createProgram();
		g.attachShader(p, make(g.VERTEX_SHADER, "void main() { vec2 v = vec2(float(gl_VertexID % 2) * 4. - 1., float(gl_VertexID / 2) * 4. - 1.); gl_Position = vec4(v, 0, 1); }")); g.attachShader(p, make(g.FRAGMENT_SHADER, "out vec4 o; void main() { float a = 0.; for (int i = 0; i < 2000000000; i++) a += sin(float(i) + gl_FragCoord.x); o = vec4(a); }"));
		g.linkProgram(p); g.useProgram(p); setInterval(() => { g.drawArrays(g.TRIANGLES, 0, 3); g.finish() }) }</script>`, "out_of_memory", false},
	{"a bomb of cookies", `<script>for (let i = 0; i < 180; i++) document.cookie = "c" + i + "=" + "x".repeat(4000) + "; path=/; max-age=9999"; setInterval(() => fetch("/empty").catch(() => 0))</script>`, "", false},
	{"a request that stops everything", `<script>setTimeout(() => { for (;;) { const x = new XMLHttpRequest(); x.open("GET", "/never", false); try { x.send() } catch {} } })</script>`, "", false},
	{"a document without end", `<script>const more = () => { for (let i = 0; i < 100; i++) document.write("<div>".repeat(100) + "x".repeat(1e4)); setTimeout(more) }; more()</script>`, "out_of_memory", false},
	{"reloads", `<script>setTimeout(() => location.reload())</script>`, "", false},
	{"sheets of paper without end", `<body style="height: 1e9px; background: repeating-linear-gradient(red, blue 9px)"><script>setInterval(() => print())</script>`, "", false},
	{"what is drawn anew each time", `<body><style>@keyframes a { to { filter: blur(99px) hue-rotate(1turn); transform: rotate(1turn) } } i { position: fixed; inset: 0; background: conic-gradient(red, blue); mix-blend-mode: difference; backdrop-filter: blur(50px); animation: a 1s infinite }</style><script>for (let i = 0; i < 300; i++) document.body.append(document.createElement("i"))</script>`, "out_of_memory", false},
}

// bomb is a function that takes all memory.
const bomb = `async () => { for (globalThis.all = [];;) { all.push(new Uint8Array(8 << 20).fill(all.length)); await new Promise((r) => setTimeout(r)) } }`

// TestHostilePages shows them to a session: it answers, or ends by its limits, in time
// and in any case when it is told to. Another one beside it takes no longer for its
// steps than it may, and loses no event. A few of the pages, each commit others, or with
// -hostile all.
func TestHostilePages(t *testing.T) {
	dir := harness.Beside(t)
	site := hostileSite(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--browser-memory=700MiB", "--browser-disk=128MiB", "--browser-processes=600", "--pool-size=0")
	pages := slices.Clone(hostilePages)
	if !*hostile {
		browsertest.Sample().Shuffle(len(pages), func(i, j int) { pages[i], pages[j] = pages[j], pages[i] })
		pages = pages[:3]
	}
	n := &neighbour{T: t, c: server.Client(), site: site}
	n.id = n.made(obj{})
	for range 10 {
		n.round()
	}
	for _, p := range pages {
		t.Run(p.name, func(t *testing.T) {
			parent := n.T
			n.T = t
			defer func() { n.T = parent }()
			usual := n.median(8)
			over := make(chan struct{})
			go func() {
				defer close(over)
				meet(t, server.Client(), site+"/hostile/"+strings.ReplaceAll(p.name, " ", "-"), p.ends, p.must)
			}()
			var took []time.Duration
			for there := true; there; {
				select {
				case <-over:
					there = false
				default:
					took = append(took, n.round())
				}
			}
			slices.Sort(took)
			beside := took[len(took)/2]
			t.Logf("a round of steps takes %s, and %s beside it (of %d)", usual, beside, len(took))
			if *hostile && beside > 2*usual {
				t.Errorf("a round of steps takes %s, and %s beside it", usual, beside)
			}
		})
	}
	n.complete()
	if _, err := n.c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+n.id, nil); err != nil {
		t.Error(err)
	}
	harness.WaitForNothingLeft(t, dir)
}

// meet has a session meet a page.
func meet(t *testing.T, c *harness.Client, url, ends string, must bool) {
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Error(err)
		return
	}
	id := made.String("sessionId")
	if _, err := c.With("Prefer", "wait=20").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "goto", "url": url, "timeout": "5s"}}}); err != nil {
		t.Error(err)
	}
	// It is asked for as long as a page of it may take to show what it is.
	asked := 3 * time.Second
	if *hostile {
		asked = 8 * time.Second
	}
	if must {
		asked = 5 * time.Minute
	}
	for end := time.Now().Add(asked); time.Now().Before(end); {
		began := time.Now()
		got, err := c.With("Prefer", "wait=20").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps",
			obj{"steps": []obj{{"action": "evaluate", "expression": "1 + 1", "timeout": "1s"}, {"action": "screenshot", "timeout": "2s"}}, "onError": "continue"})
		if status, ok := err.(*harness.StatusError); ok && status.Status == http.StatusConflict {
			break // it has ended
		}
		if err != nil {
			t.Error(err)
			break
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("steps of a second or two took %s: %v", took, got)
		}
	}
	now, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id, nil)
	if err != nil {
		t.Error(err)
		return
	}
	why, _ := now["error"].(map[string]any)
	if must && why == nil {
		t.Errorf("the session goes on, and is to end with %s", ends)
	}
	if why != nil && (ends == "" || why["code"] != ends) {
		t.Errorf("the session ended: %v", why)
	} else if why != nil {
		t.Logf("the session ended: %v", why["message"])
	}
	began := time.Now()
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
		if status, ok := err.(*harness.StatusError); !ok || status.Status != http.StatusConflict {
			t.Error(err)
		}
	}
	if _, err := c.WaitSession(t.Context(), id, "CLOSED"); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("its end took %s", took)
	}
}

// neighbour is a session that minds its own business.
type neighbour struct {
	*testing.T
	c        *harness.Client
	id, site string
	steps    int
}

func (n *neighbour) made(options obj) string {
	n.Helper()
	got, err := n.c.Do(n.Context(), http.MethodPost, "/v1/sessions", options)
	if err != nil {
		n.Fatal(err)
	}
	return got.String("sessionId")
}

// round is some steps, and the time that they took.
func (n *neighbour) round() time.Duration {
	n.Helper()
	steps := []obj{
		{"action": "goto", "url": n.site + "/shop"}, {"action": "fill", "target": "#q", "value": "tea"},
		{"action": "click", "target": "text=Buy"}, {"action": "extract", "fields": obj{"title": "h1"}},
	}
	got, err := n.c.With("Prefer", "wait=60").Do(n.Context(), http.MethodPost, "/v1/sessions/"+n.id+"/steps", obj{"steps": steps})
	if err != nil {
		n.Fatal(err)
	}
	var took time.Duration
	for _, st := range got.List("data") {
		if st.String("status") != "COMPLETED" {
			n.Fatalf("the other session's step is %v", st)
		}
		ms, _ := st["durationMs"].(float64)
		took += time.Duration(ms) * time.Millisecond
	}
	n.steps += len(steps)
	return took
}

// median is that of so many rounds.
func (n *neighbour) median(rounds int) time.Duration {
	n.Helper()
	var all []time.Duration
	for range rounds {
		all = append(all, n.round())
	}
	slices.Sort(all)
	return all[rounds/2]
}

// complete fails the test unless there is news of every step, without a gap.
func (n *neighbour) complete() {
	n.Helper()
	done := 0
	for i, e := range eventsOf(n.T, n.c, n.id) {
		if e["sequence"] != float64(i+1) {
			n.Fatalf("event %d has the number %v", i+1, e["sequence"])
		}
		if strings.Contains(fmt.Sprint(e["data"]), "step_completed") {
			done++
		}
	}
	if done != n.steps {
		n.Errorf("%d steps were completed, and %d events say so", n.steps, done)
	}
}

// hostileSite has the pages, at every address of loopback.
func hostileSite(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	html := func(w http.ResponseWriter, text string) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,">`, text)
	}
	mux.HandleFunc("GET /hostile/{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, p := range hostilePages {
			if strings.ReplaceAll(p.name, " ", "-") == r.PathValue("name") {
				html(w, p.page)
				return
			}
		}
		html(w, `<script>setTimeout(() => location.href = "/hostile/" + Math.random())</script>`)
	})
	mux.HandleFunc("GET /bomb", func(w http.ResponseWriter, _ *http.Request) { html(w, `<script>(`+bomb+`)()</script>`) })
	mux.HandleFunc("GET /empty", func(w http.ResponseWriter, _ *http.Request) { html(w, "empty") })
	mux.HandleFunc("GET /shop", func(w http.ResponseWriter, _ *http.Request) {
		html(w, `<h1>Tea</h1><input id=q><button onclick="document.querySelector('h1').textContent='Bought '+q.value">Buy</button>`)
	})
	mux.Handle("GET /round", http.RedirectHandler("/round?again", http.StatusFound))
	mux.HandleFunc("GET /never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("GET /endless", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="large.bin"`)
		_, _ = io.Copy(w, io.LimitReader(zero{}, 10<<30))
	})
	server := httptest.NewUnstartedServer(mux)
	server.Listener.Close()
	var err error
	if server.Listener, err = net.Listen("tcp4", "0.0.0.0:0"); err != nil {
		t.Fatal(err)
	}
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	return "http://127.0.0.1:" + port
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { return len(p), nil }
