package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// pagesForPrograms are a site's pages by their paths; {other} is the other site.
var pagesForPrograms = map[string]string{
	"/page": `<!doctype html><link rel=icon href="data:,"><title>page</title><input id=name><button id=go onclick="out.textContent='Hello '+document.querySelector('#name').value">Go</button>
		<output id=out></output><select id=choice><option value=a>A<option value=b>B</select><input type=checkbox id=box><input type=file id=file><a id=load href="/file" download>load</a>`,
	"/frames": `<!doctype html><link rel=icon href="data:,"><title>frames</title><iframe id=same name=near src="/page"></iframe><iframe id=other name=far src="{other}/page"></iframe>`,
	"/nested": `<!doctype html><link rel=icon href="data:,"><title>nested</title><iframe src="{other}/frames"></iframe>`,
	"/empty":  `<!doctype html><link rel=icon href="data:,"><title>empty</title>`,
	"/worker": `<!doctype html><link rel=icon href="data:,"><title>worker</title><script>made = new Worker("/worker.js")</script>`,
	"/shared": `<!doctype html><link rel=icon href="data:,"><title>shared</title><script>
		made = new SharedWorker("/shared.js"); answered = new Promise((r) => made.port.onmessage = (e) => r(e.data)); made.port.postMessage("x")</script>`,
	"/service": `<!doctype html><link rel=icon href="data:,"><title>service</title><script>
		ready = navigator.serviceWorker.register("/service.js").then(() => navigator.serviceWorker.ready).then(() => new Promise((r) =>
			navigator.serviceWorker.controller ? r() : navigator.serviceWorker.addEventListener("controllerchange", r)))</script>`,
	"/scripts": `<!doctype html><link rel=icon href="data:,"><title>scripts</title><link rel=stylesheet href="/style.css"><script src="/script.js"></script><p class=used>text</p>`,
	"/tall":    `<!doctype html><link rel=icon href="data:,"><title>tall</title><body style="margin:0"><div style="height:3000px;background:linear-gradient(red,blue)"></div><p id=end>end</p>`,
	"/mouse": `<!doctype html><link rel=icon href="data:,"><title>mouse</title><body style="margin:0"><div id=pad style="width:300px;height:200px;background:#ddd"></div><script>
		log = []; for (const t of ["mousedown", "mouseup", "click", "dblclick", "contextmenu", "auxclick", "wheel", "touchstart"])
			pad.addEventListener(t, (e) => log.push([t, e.button ?? 0, e.clientX ?? 0, e.clientY ?? 0, e.shiftKey, e.isTrusted].join(" ")))</script>`,
	"/drag": `<!doctype html><link rel=icon href="data:,"><title>drag</title><div id=from draggable=true>from</div><div id=to style="height:60px;background:#ddd">to</div><script>
		from.ondragstart = (e) => e.dataTransfer.setData("text/plain", "carried"); to.ondragover = (e) => e.preventDefault();
		to.ondrop = (e) => { e.preventDefault(); to.textContent = e.dataTransfer.getData("text/plain") }</script>`,
	"/stays": `<!doctype html><link rel=icon href="data:,"><title>stays</title><input id=name><script>onbeforeunload = (e) => { e.preventDefault(); return "stay" }</script>`,
	"/touch": `<!doctype html><link rel=icon href="data:,"><title>touch</title><meta name=viewport content="width=device-width"><body><button id=go>Go</button>`,
}

// assetsForPrograms are what those load.
var assetsForPrograms = map[string][2]string{
	"/worker.js": {"text/javascript", `self.answer = 42; onmessage = async (e) => postMessage(await (await fetch(e.data)).text()); setInterval(() => {}, 1000)`},
	"/shared.js": {"text/javascript", `onconnect = (e) => e.ports[0].onmessage = (m) => e.ports[0].postMessage("shared " + m.data)`},
	"/service.js": {"text/javascript", `oninstall = () => skipWaiting(); onactivate = (e) => e.waitUntil(clients.claim());
		onfetch = (e) => { if (e.request.url.endsWith("/made-up")) e.respondWith(new Response("by the service worker")) }`},
	"/script.js": {"text/javascript", `function used() { return 1 } function unused() { return 2 } used();`},
	"/style.css": {"text/css", `.used { color: rgb(1, 2, 3) } .unused { color: red }`},
	"/api":       {"application/json", `{"made":"here"}`},
}

// forPrograms is a site with pages of each kind, and another site: the same server
// under another name.
func forPrograms(t *testing.T) (site, other string) {
	t.Helper()
	mux := http.NewServeMux()
	for path, text := range pagesForPrograms {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, strings.ReplaceAll(text, "{other}", elsewhere("http://"+r.Host)))
		})
	}
	for path, asset := range assetsForPrograms {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", asset[0])
			fmt.Fprint(w, asset[1])
		})
	}
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		headers := map[string]string{}
		for name := range r.Header {
			headers[name] = r.Header.Get(name)
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_ = json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "path": r.URL.RequestURI(), "headers": headers, "body": string(body)})
	})
	mux.Handle("GET /redirect", http.RedirectHandler("/page", http.StatusFound))
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="file.txt"`)
		fmt.Fprint(w, "a file")
	})
	mux.HandleFunc("GET /endless", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="endless.txt"`)
		fmt.Fprint(w, strings.Repeat("x", 64<<10))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("GET /cookie", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "kept", Value: "yes", Path: "/", HttpOnly: true})
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<title>cookie</title>`)
	})
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		if name, password, ok := r.BasicAuth(); !ok || name != "me" || password != "mine" {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<title>inside</title>`)
	})
	mux.HandleFunc("GET /strict", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>strict</title>`)
	})
	mux.HandleFunc("GET /told", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: told\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /socket", func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		for {
			kind, said, err := ws.Read(r.Context())
			if err != nil {
				return
			}
			if ws.Write(r.Context(), kind, append([]byte("heard "), said...)) != nil {
				return
			}
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL, elsewhere(s.URL)
}

// elsewhere is the same server as another site.
func elsewhere(address string) string { return strings.Replace(address, "127.0.0.1", "localhost", 1) }
