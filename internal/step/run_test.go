package step_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

func TestMain(m *testing.M) {
	browsertest.Main()
	code := m.Run()
	if err := shared.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// shared are the browsers that tests have one after the other.
var shared = &browsertest.Pool{Script: step.Script()}

// pages serves what the tests look at: each path has a body.
func pages(t *testing.T, bodies map[string]string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if strings.HasSuffix(r.URL.Path, ".js") {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, body)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>`, r.URL.Path, `</title>`, body)
	}))
	t.Cleanup(s.Close)
	return s
}

// busyPages are pages that do nothing else while they ask for /busy by a request that they
// wait for: each that does is told with what has it answered.
func busyPages(t *testing.T, bodies map[string]string) (site *httptest.Server, busy <-chan func()) {
	t.Helper()
	asked := make(chan func(), 10)
	site = pages(t, bodies)
	page := site.Config.Handler
	site.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/busy" {
			page.ServeHTTP(w, r)
			return
		}
		over := make(chan struct{})
		asked <- sync.OnceFunc(func() { close(over) })
		select {
		case <-over:
		case <-r.Context().Done():
		}
	})
	return site, asked
}

// getsBusy is an expression that has a page of busyPages be busy in a moment.
const getsBusy = `setTimeout(() => { const r = new XMLHttpRequest(); r.open('GET', '/busy', false); r.send() })`

type bench struct {
	t     *testing.T
	page  *browser.Page
	saved []byte
}

// borrow is start for what asks nothing of the browser itself: the test has a new
// tab of one that others have had.
func borrow(t *testing.T) *bench {
	t.Helper()
	t.Parallel()
	return &bench{t: t, page: shared.Page(t)}
}

// start has a browser of its own.
func start(t *testing.T) *bench {
	t.Helper()
	return startWith(t, nil)
}

func startWith(t *testing.T, change func(*browser.Config)) *bench {
	t.Helper()
	t.Parallel() // most of a test's time is waited for
	l := browsertest.Launcher(t, step.Script(), change)
	return &bench{t: t, page: browsertest.Launch(t, l, domain.SessionOptions{}).Page()}
}

func (b *bench) run(s step.Spec) (string, *domain.Failure) {
	b.t.Helper()
	return b.runIn(b.t.Context(), s)
}

func (b *bench) runIn(ctx context.Context, s step.Spec) (string, *domain.Failure) {
	b.t.Helper()
	if err := s.Check("step"); err != nil {
		b.t.Fatalf("%+v: %v", s, err)
	}
	res, failure := step.Run(ctx, b.page, &s, func(_ context.Context, kind, contentType string, content []byte) (domain.Artifact, error) {
		b.saved = content
		return domain.Artifact{ID: "art_1", Kind: kind, ContentType: contentType, Size: int64(len(content))}, nil
	})
	return string(res), failure
}

// do is run for a step that must work, however busy the machine is.
func (b *bench) do(s step.Spec) string {
	b.t.Helper()
	if s.Timeout == "" {
		s.Timeout = "30s"
	}
	res, failure := b.run(s)
	if failure != nil {
		b.t.Fatalf("%s %s%s: %+v", s.Action, s.Target, s.Expression, failure)
	}
	return res
}

// fails runs a step that is to fail when its time is over, with what it has seen: that is
// more than looking at the page takes, however busy the machine is now.
func (b *bench) fails(s step.Spec, least time.Duration) *domain.Failure {
	b.t.Helper()
	began := time.Now()
	b.do(step.Spec{Action: "waitFor", Target: "html", State: "attached"})
	s.Timeout = fmt.Sprint(least + 10*time.Since(began))
	_, f := b.run(s)
	return f
}

func (b *bench) value(expression string) string {
	b.t.Helper()
	return b.do(step.Spec{Action: "evaluate", Expression: expression})
}

func ptr[T any](v T) *T { return &v }

func TestActions(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<h1>Shop</h1><label>Name <input id=name></label><input placeholder="Search here" id=q>
			<textarea id=note></textarea><div contenteditable id=rich>old</div><input type=date id=day>
			<select id=size><option value=s>Small<option value=l>Large</select>
			<label><input type=checkbox id=ok> I agree</label><button data-testid=buy onclick="this.textContent='Bought '+event.detail">Buy</button>
			<a href="/two" target="">Two</a><div id=host></div><p id=keys></p><div style="height:3000px"></div><button id=far>Far</button>
			<script>host.attachShadow({mode:'open'}).innerHTML='<button id=inner onclick="document.title=\'shadow\'">Inside</button>';
			name_=document.querySelector('#name'); q.onkeydown=e=>keys.textContent+=e.key+' '; far.onclick=()=>document.title='far';
			document.querySelector('h1').onmouseenter=()=>document.title='hovered'</script>`,
		"/two": `<h1>Second</h1><ul><li class=item><b>A</b><i>1,234.50 €</i><li class=item><b>B</b><i>7</i></ul><a href="/">Home</a>`,
	})
	b := borrow(t)
	if got := b.do(step.Spec{Action: "goto", URL: site.URL + "/"}); got != fmt.Sprintf(`{"url":"%s/","title":"/","status":200}`, site.URL) {
		t.Errorf("goto answered %s", got)
	}
	b.do(step.Spec{Action: "fill", Target: "label=Name", Value: ptr("Zoë ☕")})
	b.do(step.Spec{Action: "fill", Target: "#note", Value: ptr("two\nlines")})
	b.do(step.Spec{Action: "fill", Target: "#rich", Value: ptr("new")})
	b.do(step.Spec{Action: "fill", Target: "#day", Value: ptr("2026-11-24")})
	b.do(step.Spec{Action: "type", Target: "placeholder=search", Value: ptr("aB é")})
	b.do(step.Spec{Action: "press", Target: "#q", Key: "Shift+Tab"})
	b.do(step.Spec{Action: "select", Target: "#size", Value: ptr("Large")})
	b.do(step.Spec{Action: "check", Target: `role=checkbox[name="I agree"]`})
	b.do(step.Spec{Action: "check", Target: `label=I agree`})
	b.do(step.Spec{Action: "doubleClick", Target: "testid=buy"})
	for expression, want := range map[string]string{
		"name_.value": `"Zoë ☕"`, "note.value": `"two\nlines"`, "rich.innerText": `"new"`, "day.value": `"2026-11-24"`,
		"q.value": `"aB é"`, "keys.textContent": `"a B   Shift Tab "`, "size.value": `"l"`, "ok.checked": "true",
		"document.querySelector('[data-testid=buy]').textContent": `"Bought 2"`,
	} {
		if got := b.value(expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	b.do(step.Spec{Action: "uncheck", Target: "#ok"})
	b.do(step.Spec{Action: "assert", Target: "#ok", State: "unchecked"})
	b.do(step.Spec{Action: "click", Target: "#inner"})
	b.do(step.Spec{Action: "assert", Title: ptr("shadow")})
	b.do(step.Spec{Action: "click", Target: "text=Far"})
	b.do(step.Spec{Action: "assert", Title: ptr("far")})
	b.do(step.Spec{Action: "scroll", Y: ptr(-5000.0)})
	if got := b.value("scrollY"); got != "0" {
		t.Errorf("scrollY %s", got)
	}
	b.do(step.Spec{Action: "hover", Target: "h1"})
	b.do(step.Spec{Action: "assert", Title: ptr("hovered")})
	b.do(step.Spec{Action: "screenshot", FullPage: true})
	if !strings.HasPrefix(string(b.saved), "\x89PNG") {
		t.Error("no PNG")
	}
	if got := b.do(step.Spec{Action: "screenshot", Target: "h1", Format: "jpeg", Quality: ptr(50)}); !strings.Contains(got, `"image/jpeg"`) {
		t.Errorf("screenshot answered %s", got)
	}
	b.do(step.Spec{Action: "setCookies", Cookies: []step.Cookie{{Name: "a", Value: "b"}}})
	if got := b.value("document.cookie"); got != `"a=b"` {
		t.Errorf("cookies %s", got)
	}
	b.do(step.Spec{Action: "click", Target: `role=link[name="Two"]`})
	got := b.do(step.Spec{Action: "extract", Fields: map[string]step.Field{
		"title": {Target: "h1"}, "home": {Target: "a", Attribute: "href"},
		"items": {Target: ".item", All: true, Fields: map[string]step.Field{"name": {Target: "b"}, "price": {Target: "i", Type: "number"}}},
	}})
	if want := `{"home":"/","items":[{"name":"A","price":1234.5},{"name":"B","price":7}],"title":"Second"}`; got != want {
		t.Errorf("extract answered %s", got)
	}
	b.do(step.Spec{Action: "back"})
	b.do(step.Spec{Action: "waitFor", URL: site.URL + "/"})
	b.do(step.Spec{Action: "forward"})
	b.do(step.Spec{Action: "assert", URL: "*/two", Text: ptr("second")})
	b.do(step.Spec{Action: "reload", WaitUntil: "domcontentloaded"})
	b.do(step.Spec{Action: "assert", Target: ".item", Count: ptr(2)})
}

func TestWaiting(t *testing.T) {
	site := pages(t, map[string]string{
		"/late":     `<script>setTimeout(()=>document.body.innerHTML='<button onclick="document.title=\'ok\'">Go</button>',150)</script>`,
		"/disabled": `<button disabled onclick="document.title='ok'">Go</button><script>setTimeout(()=>document.querySelector('button').disabled=false,150)</script>`,
		"/covered":  `<button onclick="document.title='ok'">Go</button><div id=veil style="position:fixed;inset:0;background:#0008"></div><script>setTimeout(()=>veil.remove(),150)</script>`,
		"/moving":   `<button style="position:absolute;left:0;transition:left .3s linear" onclick="document.title='ok'">Go</button><script>requestAnimationFrame(()=>requestAnimationFrame(()=>document.querySelector('button').style.left='400px'))</script>`,
		"/hidden":   `<button style="visibility:hidden" onclick="document.title='ok'">Go</button><script>setTimeout(()=>document.querySelector('button').style='',150)</script>`,
		"/moves-on": `<script>setTimeout(()=>location='/late',100)</script>`,
		"/dialog":   `<button onclick="alert(1);confirm(2);document.title='ok'">Go</button>`,
		"/hostile": `<script>Array.prototype.map=()=>{throw 1};document.querySelectorAll=()=>[];JSON.stringify=()=>'x';window.getComputedStyle=null;
			Element.prototype.getBoundingClientRect=()=>({})</script><button onclick="document.title='ok'">Go</button>`,
		"/frame": `<iframe src="/inside" style="margin:50px" onload="document.title='/'"></iframe>`,
		"/outer": `<script>onmessage = () => document.title = 'ok';
			document.write('<iframe style="margin:70px" src="http://localhost:' + location.port + '/other"></iframe>')</script>`,
		"/other":  `<button onclick="parent.postMessage(1, '*')">Go</button>`,
		"/inside": `<button onclick="parent.document.title='ok'">Go</button>`,
	})
	b := borrow(t)
	for _, path := range []string{"/late", "/disabled", "/covered", "/moving", "/hidden", "/moves-on", "/dialog", "/hostile", "/frame"} {
		t.Run(path[1:], func(t *testing.T) {
			b := &bench{t: t, page: b.page}
			b.do(step.Spec{Action: "goto", URL: site.URL + path})
			b.do(step.Spec{Action: "click", Target: "text=Go"})
			b.do(step.Spec{Action: "assert", Title: ptr("ok")})
		})
	}
	t.Run("frame of another site", func(t *testing.T) {
		b := &bench{t: t, page: b.page}
		b.do(step.Spec{Action: "goto", URL: site.URL + "/outer"})
		b.do(step.Spec{Action: "assert", Target: "text=Go", State: "visible"})
		b.do(step.Spec{Action: "click", Target: "text=Go"})
		b.do(step.Spec{Action: "assert", Title: ptr("ok")})
	})
}

func TestFailures(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<button id=a disabled>Off</button><button class=b>One</button><button class=b>Two</button><input id=r readonly>
			<p id=p style="display:none">hidden</p><button id=c>Under</button><div id=veil style="position:fixed;inset:0"></div><select id=s><option>x</select>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, tt := range []struct {
		spec             step.Spec
		code, want, seen string
	}{
		{step.Spec{Action: "click", Target: "#none"}, "target_not_found", "#none to be attached, visible, stable, enabled, not covered", "no element matches"},
		{step.Spec{Action: "click", Target: "#a"}, "target_disabled", "#a", "disabled"},
		{step.Spec{Action: "click", Target: ".b"}, "target_ambiguous", ".b", "2 elements match"},
		{step.Spec{Action: "click", Target: "#c"}, "target_covered", "#c", `covered by <div id="veil">`},
		{step.Spec{Action: "click", Target: "#p"}, "target_hidden", "#p", "not visible"},
		{step.Spec{Action: "click", Target: "#none a:nonsense"}, "target_invalid", "", "not a valid selector"},
		{step.Spec{Action: "click", Target: "text=/(/"}, "target_invalid", "", "regular expression"},
		{step.Spec{Action: "click", Target: "#none >> xpath=a[["}, "target_invalid", "", "XPath"},
		{step.Spec{Action: "fill", Target: "#r", Value: ptr("x")}, "target_not_editable", "editable", "read-only"},
		{step.Spec{Action: "fill", Target: ".b >> x", Value: ptr("x")}, "target_not_found", "", ""},
		{step.Spec{Action: "select", Target: "#s", Value: ptr("y")}, "option_not_found", "", `"y"`},
		{step.Spec{Action: "waitFor", Target: "#p"}, "timeout", "#p to be visible", "not visible"},
		{step.Spec{Action: "waitFor", URL: "*/x"}, "timeout", "*/x", site.URL},
		{step.Spec{Action: "assert", Target: "#a", Text: ptr("On")}, "assertion_failed", `hold "On"`, `"Off"`},
		{step.Spec{Action: "assert", Target: ".b", Count: ptr(3)}, "assertion_failed", "3 elements", "2 elements"},
		{step.Spec{Action: "extract", Fields: map[string]step.Field{"x": {Target: "#none"}}}, "target_not_found", "", "#none"},
		{step.Spec{Action: "evaluate", Expression: "throw new Error('no')"}, "evaluation_failed", "", ""},
		{step.Spec{Action: "evaluate", Expression: "'x'.repeat(300000)"}, "result_too_large", "", ""},
		{step.Spec{Action: "evaluate", Expression: "new Promise(() => {})"}, "timeout", "value", ""},
		{step.Spec{Action: "evaluate", Expression: "while (true);"}, "timeout", "value", ""},
		{step.Spec{Action: "goto", URL: "http://127.0.0.1:1/"}, "address_blocked", "", ""},
	} {
		f := b.fails(tt.spec, 2500*time.Millisecond)
		if f == nil || f.Code != tt.code || !strings.Contains(f.WaitedFor, tt.want) || !strings.Contains(f.Seen, tt.seen) {
			t.Errorf("%s %s%s: got %+v", tt.spec.Action, tt.spec.Target, tt.spec.Expression, f)
		}
	}
	b.do(step.Spec{Action: "goto", URL: site.URL}) // and the session is usable
	b.do(step.Spec{Action: "goto", URL: site.URL + "/?other"})
	b.do(step.Spec{Action: "back"})
	if _, f := b.run(step.Spec{Action: "forward"}); f != nil {
		t.Errorf("forward: %+v", f)
	}
}

// TestATimeoutSaysThatThePageHangs, and the session goes on.
func TestATimeoutSaysThatThePageHangs(t *testing.T) {
	site := pages(t, map[string]string{"/": `<button onclick="setTimeout(() => { for (;;); })">Hang</button><p id=p>here</p>`, "/ok": `<p>fine</p>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	if _, f := b.run(step.Spec{Action: "waitFor", Target: "#never", Timeout: "2500ms"}); f == nil || strings.Contains(f.Message, "main thread") {
		t.Errorf("of a page that answers: %+v", f)
	}
	b.do(step.Spec{Action: "click", Target: "button"})
	if _, f := b.run(step.Spec{Action: "click", Target: "#p", Timeout: "3500ms"}); f == nil || f.Code != step.CodeTimeout || !strings.Contains(f.Message, "The page's main thread has not answered for ") {
		t.Errorf("of one that hangs: %+v", f)
	}
	b.do(step.Spec{Action: "goto", URL: site.URL + "/ok"})
	b.do(step.Spec{Action: "assert", Text: ptr("fine")})
}

func TestCancelWithinASecond(t *testing.T) {
	site := pages(t, map[string]string{"/": `<button onclick="while(true);">Hang</button>`, "/ok": `<p>fine</p>`})
	b := borrow(t)
	for _, s := range []step.Spec{
		{Action: "evaluate", Expression: "while (true);"},
		{Action: "waitFor", Target: "#never"},
		{Action: "click", Target: "button"},
	} {
		b.do(step.Spec{Action: "goto", URL: site.URL})
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(200*time.Millisecond, cancel)
		began := time.Now()
		_, f := b.runIn(ctx, s)
		if took := time.Since(began); took > 1200*time.Millisecond {
			t.Errorf("%s: canceled after %s", s.Action, took)
		}
		if f == nil || f.Code != "canceled" {
			t.Errorf("%s: got %+v", s.Action, f)
		}
		timer.Stop()
		b.do(step.Spec{Action: "goto", URL: site.URL + "/ok"})
		b.do(step.Spec{Action: "assert", Text: ptr("fine")})
	}
}
