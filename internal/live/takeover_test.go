package live_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// driven is a page that tells what is done to it.
const driven = `<!doctype html><link rel=icon href="data:,"><title>driven</title><style>body{margin:0;height:3000px}</style>
	<textarea id=text style="position:fixed;left:0;top:0;width:100%;height:50%;font-size:40px"></textarea>
	<button id=go style="position:fixed;left:0;bottom:0;width:50%;height:40%">Go</button>
	<script>
		did = []; composed = [];
		for (const kind of ['click', 'dblclick', 'auxclick', 'contextmenu', 'touchstart']) go.addEventListener(kind, (e) => did.push(kind + (e.shiftKey ? ' shift' : '') + (e.button ? ' ' + e.button : '')));
		text.addEventListener('compositionupdate', (e) => composed.push(e.data));
	</script>`

// twin is a session's page and a browser that shows the live page of it.
type twin struct {
	t            *testing.T
	seen, viewer *browser.Page
	fakeSessions *fakeSessions
	server       *httptest.Server
}

func newTwin(t *testing.T, page string, viewer domain.SessionOptions) *twin {
	t.Helper()
	l := browsertest.Launcher(t, step.Script(), nil)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page)
	}))
	t.Cleanup(site.Close)
	w := &twin{t: t, seen: browsertest.Launch(t, l, domain.SessionOptions{}).Page(), viewer: browsertest.Launch(t, l, viewer).Page()}
	w.fakeSessions = &fakeSessions{mode: domain.StreamControl, name: "Ada", current: func(string) *browser.Page { return w.seen.Tabs().Current() }}
	w.server = w.fakeSessions.open(t)
	w.run(w.seen, step.Spec{Action: "goto", URL: site.URL})
	w.run(w.viewer, step.Spec{Action: "goto", URL: w.server.URL + "/streams?id=a"}, step.Spec{Action: "waitFor", Target: "body[data-drawn][data-phase=live]"})
	return w
}

func (w *twin) run(p *browser.Page, all ...step.Spec) {
	w.t.Helper()
	for _, s := range all {
		s.Timeout = patience.String()
		if _, f := step.Run(w.t.Context(), p, &s, nil); f != nil {
			w.t.Fatalf("%s %s%s: %+v", s.Action, s.Target, s.Expression, f)
		}
	}
}

// becomes waits until an expression is true in the session's page.
func (w *twin) becomes(what, expression string) {
	w.t.Helper()
	s := step.Spec{Action: "waitFor", Expression: expression, Timeout: patience.String()}
	if _, f := step.Run(w.t.Context(), w.seen, &s, nil); f != nil {
		now := step.Spec{Action: "evaluate", Expression: "JSON.stringify([did, composed, text.value, scrollY, document.title])"}
		is, _ := step.Run(w.t.Context(), w.seen, &now, nil)
		w.t.Fatalf("%s: %s is not so; %s", what, expression, is)
	}
}

// at is a step at a place of the picture, in parts of it.
func at(action string, x, y float64) step.Spec {
	return step.Spec{Action: action, Target: "#screen", Position: &step.Position{X: x, Y: y}}
}

// TestAPersonDrivesASession by the live page: nothing that they do counts before they
// have taken control, all of it while they have, and nothing after.
func TestAPersonDrivesASession(t *testing.T) {
	w := newTwin(t, driven, domain.SessionOptions{Permissions: []string{"clipboard-read", "clipboard-write"}})
	text := func(s string) *string { return &s }
	button, field := at("click", 100, 400), at("click", 300, 60)
	w.run(w.viewer, button) // takes control, and is no click
	w.run(w.viewer, step.Spec{Action: "assert", Target: "#driver", Text: text("You have control")})
	w.run(w.viewer, button, at("doubleClick", 100, 400), step.Spec{Action: "click", Target: "#screen", Button: "right", Position: &step.Position{X: 100, Y: 400}},
		step.Spec{Action: "click", Target: "#screen", Modifiers: []string{"Shift"}, Position: &step.Position{X: 100, Y: 400}})
	w.becomes("clicks", "did.join() === 'click,click,click,dblclick,contextmenu 2,auxclick 2,click shift' || did.join() === 'click,click,click,dblclick,auxclick 2,contextmenu 2,click shift' || did.includes('click shift') && did.includes('dblclick') && did.includes('contextmenu 2')")

	w.run(w.viewer, field, step.Spec{Action: "press", Key: "a"}, step.Spec{Action: "press", Key: "Shift+B"}, step.Spec{Action: "press", Key: "é"}, step.Spec{Action: "press", Key: "Backspace"})
	w.becomes("keys", "text.value === 'aB'")
	if err := w.viewer.Compose(t.Context(), "こんにちは"); err != nil {
		t.Fatal(err)
	}
	w.becomes("an input method", "text.value === 'aBこんにちは' && composed.includes('こん')")
	if err := w.viewer.InsertText(t.Context(), " phone"); err != nil { // as its keyboard does
		t.Fatal(err)
	}
	w.becomes("a phone's keyboard", "text.value === 'aBこんにちは phone'")
	w.run(w.viewer, step.Spec{Action: "evaluate", Expression: `(() => { const d = new DataTransfer(); d.setData('text', ' ☕ pasted');
		field.dispatchEvent(new ClipboardEvent('paste', {clipboardData: d, bubbles: true, cancelable: true})) })()`})
	w.becomes("what is pasted", "text.value === 'aBこんにちは phone ☕ pasted'")
	w.run(w.viewer, step.Spec{Action: "press", Key: "Control+a"}, step.Spec{Action: "press", Key: "Control+c"},
		step.Spec{Action: "assert", Target: "#toast", Text: text("Copied")},
		step.Spec{Action: "waitFor", Expression: "navigator.clipboard.readText().then((t) => t === 'aBこんにちは phone ☕ pasted')"})

	w.run(w.viewer, at("hover", 900, 400), step.Spec{Action: "evaluate", Expression: "screen0 = document.querySelector('#screen'), screen0.dispatchEvent(new WheelEvent('wheel', {deltaY: 200, clientX: 900, clientY: 500, bubbles: true, cancelable: true})), 1"})
	w.becomes("the wheel", "scrollY >= 200")

	w.run(w.seen, step.Spec{Action: "evaluate", Expression: "void open('about:blank')"})
	for _, tab := range []int{2, 1} { // the popup, and back
		w.run(w.viewer, step.Spec{Action: "click", Target: fmt.Sprintf("#tabs button:nth-child(%d)", tab)},
			step.Spec{Action: "waitFor", Target: fmt.Sprintf("#tabs button:nth-child(%d)[aria-current][data-current=true]", tab)})
	}

	w.run(w.viewer, step.Spec{Action: "waitFor", Target: "#actions li >> text=pasted"}, step.Spec{Action: "click", Target: "role=button[name=JSON]"},
		step.Spec{Action: "waitFor", Expression: `navigator.clipboard.readText().then((t) => JSON.parse(t).steps.some((s) => s.action === "fill" && s.value === "aBこんにちは phone ☕ pasted"))`})
	w.run(w.viewer, step.Spec{Action: "click", Target: "#control"}, step.Spec{Action: "waitFor", Target: "#driver", State: "hidden"})
	w.run(w.viewer, step.Spec{Action: "evaluate", Expression: "field.focus(), 1"}, step.Spec{Action: "press", Key: "z"})
	w.run(w.seen, step.Spec{Action: "evaluate", Expression: "new Promise(done => setTimeout(done, 300))"})
	w.becomes("after it was given back", "!text.value.includes('z')")

	conn := look(t, w.server, "a")
	tell(t, conn, `{"type":"take"}`)
	frames(t, conn, 1)
	w.run(w.seen, step.Spec{Action: "evaluate", Expression: "text.value = '', setTimeout(() => { for (const end = Date.now() + 300; Date.now() < end;); }), 1"})
	for _, kind := range []string{"down", "up"} {
		tell(t, conn, fmt.Sprintf(`{"type":"mouse","kind":%q,"button":"left","x":0.3,"y":0.1}`, kind))
	}
	for _, letter := range "who leaves has done it all" {
		tell(t, conn, fmt.Sprintf(`{"type":"text","text":%q}`, string(letter)))
	}
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Fatal(err)
	}
	w.becomes("what was done before leaving", "text.value === 'who leaves has done it all'")
}

// TestFingersDriveASession: a tap and a drag by fingers on the live page are those of
// fingers in the session's page.
func TestFingersDriveASession(t *testing.T) {
	w := newTwin(t, driven, domain.SessionOptions{Viewport: domain.Viewport{Width: 390, Height: 844}})
	touch := func(kind string, points ...map[string]any) {
		t.Helper()
		if points == nil {
			points = []map[string]any{}
		}
		if err := w.viewer.Call(t.Context(), "Input.dispatchTouchEvent", map[string]any{"type": kind, "touchPoints": points}, nil); err != nil {
			t.Fatal(err)
		}
	}
	point := func(x, y float64) map[string]any {
		t.Helper()
		s := step.Spec{Action: "evaluate", Expression: "(() => { const r = document.querySelector('#screen').getBoundingClientRect(); return [r.left, r.top, r.width, r.height] })()"}
		raw, f := step.Run(t.Context(), w.viewer, &s, nil)
		if f != nil {
			t.Fatal(f)
		}
		var l, top, width, height float64
		if _, err := fmt.Sscanf(strings.Trim(strings.ReplaceAll(string(raw), ",", " "), "[]"), "%g %g %g %g", &l, &top, &width, &height); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		return map[string]any{"x": l + x*width, "y": top + y*height}
	}
	touch("touchStart", point(0.1, 0.8))
	touch("touchEnd")
	w.run(w.viewer, step.Spec{Action: "waitFor", Target: "#driver"})
	touch("touchStart", point(0.1, 0.8))
	touch("touchEnd")
	w.becomes("a tap", "did.includes('touchstart') && did.includes('click')")
	touch("touchStart", point(0.8, 0.9))
	for y := 0.85; y > 0.5; y -= 0.05 {
		touch("touchMove", point(0.8, y))
	}
	touch("touchEnd")
	w.becomes("a drag", "scrollY > 50")
}

// TestOneDrivesAtATime: the others see who, are refused, and have their turn when it is
// given back, or the one is gone.
func TestOneDrivesAtATime(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	goTo := step.Spec{Action: "goto", URL: "data:text/html," + strings.ReplaceAll(driven, "#", "%23")}
	if _, f := step.Run(t.Context(), b.Page(), &goTo, nil); f != nil {
		t.Fatalf("%+v", f)
	}
	h := &fakeSessions{pages: map[string]*browser.Page{"a": b.Page()}, mode: domain.StreamControl, name: "Ada"}
	server := h.open(t)
	ada, bob := look(t, server, "a&viewer=ada"), look(t, server, "a&viewer=bob")
	picture(t, ada, mostly(true, true, true))
	picture(t, bob, mostly(true, true, true))
	drives := func(conn *websocket.Conn, name string, mine bool) {
		t.Helper()
		for {
			s, err := state(t, conn)
			if err != nil {
				t.Fatal(err)
			}
			if s.Driver.Name == name && s.Driver.Mine == mine {
				return
			}
		}
	}
	tell(t, ada, `{"type":"take"}`)
	drives(ada, "Ada", true)
	drives(bob, "Ada", false)
	tell(t, bob, `{"type":"take"}`)
	if got := refusal(t, bob); got != "Ada controls the session." {
		t.Errorf("told %q", got)
	}
	tell(t, bob, `{"type":"text","text":"bob's"}`)
	tell(t, ada, `{"type":"mouse","kind":"down","button":"left","x":0.5,"y":0.2}`)
	tell(t, ada, `{"type":"mouse","kind":"up","button":"left","x":0.5,"y":0.2}`)
	tell(t, ada, `{"type":"text","text":"ada's"}`)
	is := step.Spec{Action: "waitFor", Expression: "text.value === \"ada's\"", Timeout: patience.String()}
	if _, f := step.Run(t.Context(), b.Page(), &is, nil); f != nil {
		t.Errorf("%+v", f)
	}
	tell(t, ada, `{"type":"release"}`)
	drives(bob, "", false)
	tell(t, bob, `{"type":"take"}`)
	drives(bob, "Ada", true)
	drives(ada, "Ada", false) // it has heard of it
	began := time.Now()
	_ = bob.Close(websocket.StatusGoingAway, "") // its page is closed: it needn't be waited for
	drives(ada, "", false)
	tell(t, ada, `{"type":"take"}`)
	drives(ada, "Ada", true)
	if took := time.Since(began); took >= 10*time.Second { // as long as one who is lost is waited for
		t.Errorf("took %s", took)
	}
	_ = ada.CloseNow() // a lost connection: it comes again
	ada = look(t, server, "a&viewer=ada")
	drives(ada, "Ada", false)
	tell(t, ada, `{"type":"take"}`)
	drives(ada, "Ada", true)
}

// TestALinkForLookingChangesNothing: whatever is sent by hand, in whichever shape. Most
// of it ends the connection; what doesn't is about what that viewer sees.
func TestALinkForLookingChangesNothing(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	run := func(s step.Spec) string {
		t.Helper()
		got, f := step.Run(t.Context(), b.Page(), &s, nil)
		if f != nil {
			t.Fatalf("%+v", f)
		}
		return string(got)
	}
	run(step.Spec{Action: "goto", URL: "data:text/html," + strings.ReplaceAll(driven, "#", "%23") + `<script>
		text.focus(); addEventListener('keydown', () => did.push('key')); addEventListener('mousemove', (e) => { if (e.clientX || e.clientY) did.push('move') }); addEventListener('wheel', () => did.push('wheel'));</script>`})
	h := &fakeSessions{pages: map[string]*browser.Page{"a": b.Page()}, mode: domain.StreamView}
	server := h.open(t)
	const over, nonsense, fine = websocket.StatusPolicyViolation, websocket.StatusUnsupportedData, websocket.StatusCode(0)
	for _, tt := range []struct {
		kind    websocket.MessageType
		message string
		ends    websocket.StatusCode
	}{
		{websocket.MessageText, `{"type":"mouse","kind":"move","x":0.5,"y":0.5}`, over},
		{websocket.MessageText, `{"type":"mouse","kind":"down","button":"left","x":0.1,"y":0.8}`, over},
		{websocket.MessageText, `{"type":"mouse","kind":"up","button":"left","x":0.1,"y":0.8}`, over},
		{websocket.MessageText, `{"type":"wheel","dy":300,"x":0.5,"y":0.5}`, over},
		{websocket.MessageText, `{"type":"touch","kind":"start","fingers":[{"id":0,"x":0.1,"y":0.8}]}`, over},
		{websocket.MessageText, `{"type":"touch","kind":"end"}`, over},
		{websocket.MessageText, `{"type":"key","kind":"down","key":"a"}`, over},
		{websocket.MessageText, `{"type":"key","kind":"up","key":"a"}`, over},
		{websocket.MessageText, `{"type":"text","text":"forged"}`, over},
		{websocket.MessageText, `{"type":"compose","text":"forged"}`, over},
		{websocket.MessageText, `{"type":"copy"}`, over},
		{websocket.MessageText, `{"type":"take"}`, over},
		{websocket.MessageText, `{"type":"release"}`, over},
		{websocket.MessageText, `{"type":"use","number":1}`, over},
		{websocket.MessageText, `{"type":"answer","number":1,"accept":true}`, over},
		{websocket.MessageText, `{"type":"answer","number":1,"accept":true,"value":"forged"}`, over},
		{websocket.MessageText, `{"type":"answer","number":1,"accept":true,"option":2}`, over},
		{websocket.MessageText, `{"type":"files","number":1,"files":[{"name":"forged","size":1}]}`, over},
		{websocket.MessageText, `{"type":"navigate","url":"https://x.test/"}`, nonsense},
		{websocket.MessageText, `{"type":"tab","number":1,"kind":"down","type":"text"}`, nonsense},
		{websocket.MessageText, `{"Type":"text","text":"forged"}`, nonsense},
		{websocket.MessageText, `[{"type":"take"}]`, nonsense},
		{websocket.MessageText, `{"type":"fit","width":4096,"height":4096}{"type":"take"}`, nonsense},
		{websocket.MessageText, `{"method":"Page.navigate","params":{"url":"about:blank"}}`, nonsense},
		{websocket.MessageBinary, `{"type":"take"}`, nonsense},
		{websocket.MessageBinary, "forged", nonsense},
		{websocket.MessageText, `{"type":"fit","width":320,"height":200,"text":"forged","key":"a"}`, fine},
		{websocket.MessageText, `{"type":"tab","number":99,"text":"forged"}`, fine},
		{websocket.MessageText, `{"type":"result","number":99}`, fine},
		{websocket.MessageText, `{"type":"drawn"}`, fine},
	} {
		conn := look(t, server, "a&viewer=me")
		if err := conn.Write(t.Context(), tt.kind, []byte(tt.message)); err != nil {
			t.Fatal(err)
		}
		if tt.ends == fine {
			if got := result1(t, conn, 7); got != "null" { // it is still there, and all before was read
				t.Errorf("%s: %s", tt.message, got)
			}
			_ = conn.CloseNow()
			continue
		}
		if sent := ended(t, conn); sent.Code != tt.ends {
			t.Errorf("%s ended with %d %q", tt.message, sent.Code, sent.Reason)
		}
	}
	run(step.Spec{Action: "evaluate", Expression: "new Promise(done => requestAnimationFrame(() => setTimeout(done, 200)))"})
	if got := run(step.Spec{Action: "evaluate", Expression: "JSON.stringify([did, composed, text.value, scrollY, document.title])"}); got != `"[[],[],\"\",0,\"driven\"]"` {
		t.Errorf("a link for looking changed the page: %s", got)
	}
	if h.control != nil {
		t.Errorf("it has taken the session over: %+v", h.control)
	}
}
