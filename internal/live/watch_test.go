package live_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// picture reads until there is one that is as it should be.
func picture(t *testing.T, conn *websocket.Conn, ok func(image.Image) bool) image.Image {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		kind, raw, err := conn.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if kind != websocket.MessageBinary {
			continue
		}
		if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"drawn"}`)); err != nil {
			t.Fatal(err)
		}
		if m, err := jpeg.Decode(bytes.NewReader(raw)); err == nil && ok(m) {
			return m
		}
	}
}

// tell sends a viewer's message.
func tell(t *testing.T, conn *websocket.Conn, message string) {
	t.Helper()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
		t.Fatal(err)
	}
}

// mostly says whether the middle of the picture has a colour.
func mostly(red, green, blue bool) func(image.Image) bool {
	return func(m image.Image) bool {
		b := m.Bounds()
		r, g, bl, _ := m.At(b.Min.X+b.Dx()/2, b.Min.Y+b.Dy()/2).RGBA()
		return (r > 0x8000) == red && (g > 0x8000) == green && (bl > 0x8000) == blue
	}
}

// TestTheLastChangeIsSeen, however fast it follows those before it.
func TestTheLastChangeIsSeen(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	run := func(s step.Spec) {
		t.Helper()
		if _, f := step.Run(t.Context(), b.Page(), &s, nil); f != nil {
			t.Fatalf("%+v", f)
		}
	}
	run(step.Spec{Action: "goto", URL: "data:text/html,<body style='background:blue'>"})
	h := &fakeSessions{pages: map[string]*browser.Page{"a": b.Page()}}
	conn := look(t, h.open(t), "a")
	picture(t, conn, mostly(false, false, true))
	for range 3 {
		run(step.Spec{Action: "evaluate", Expression: `new Promise(done => { let n = 0; const change = () => {
			document.body.style.background = n++ % 2 ? 'lime' : 'blue';
			n < 30 ? requestAnimationFrame(change) : done(document.body.style.background = 'red') }; change() })`})
		picture(t, conn, mostly(true, false, false))
	}
}

// TestAPictureFitsItsViewer: it has no more pixels than there are for it.
func TestAPictureFitsItsViewer(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	h := &fakeSessions{pages: map[string]*browser.Page{"a": b.Page()}}
	server := h.open(t)
	conn := look(t, server, "a")
	wide := func(width int) func(image.Image) bool {
		return func(m image.Image) bool { return m.Bounds().Dx() == width }
	}
	picture(t, conn, wide(1280))
	tell(t, conn, `{"type":"fit","width":640,"height":640}`)
	picture(t, conn, wide(640))
	other := look(t, server, "a") // it has more room, and the first one can't have another picture
	tell(t, other, `{"type":"fit","width":960,"height":960}`)
	picture(t, other, wide(960))
	picture(t, conn, wide(960))
	_ = other.CloseNow()
	picture(t, conn, wide(640))
}

// TestViewersChooseTheirTab: each sees the current one, or another that it has chosen
// as long as that is open; and all hear which there are.
func TestViewersChooseTheirTab(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	run := func(s step.Spec) {
		t.Helper()
		if _, f := step.Run(t.Context(), b.Page(), &s, nil); f != nil {
			t.Fatalf("%s: %+v", s.Action, f)
		}
	}
	run(step.Spec{Action: "goto", URL: "data:text/html,<body style='background:red'>"})
	run(step.Spec{Action: "tab", Do: "open", URL: "data:text/html,<body style='background:blue'>"})
	h := &fakeSessions{current: func(string) *browser.Page { return b.Page().Tabs().Current() }}
	server := h.open(t)
	conn, other := look(t, server, "a"), look(t, server, "a")
	picture(t, conn, mostly(false, false, true))
	picture(t, other, mostly(false, false, true))
	tell(t, conn, `{"type":"tab","number":1}`)
	picture(t, conn, mostly(true, false, false))
	run(step.Spec{Action: "evaluate", Expression: "document.body.style.background = 'lime'"})
	picture(t, other, mostly(false, true, false))

	tabs := func(want ...[3]bool) { // current, shown, a popup
		t.Helper()
		for {
			s, err := state(t, conn)
			if err != nil {
				t.Fatal(err)
			}
			ok := len(s.Tabs) == len(want)
			for i := range want {
				ok = ok && [3]bool{s.Tabs[i].Current, s.Tabs[i].Shown, s.Tabs[i].Popup} == want[i]
			}
			if ok {
				return
			}
		}
	}
	run(step.Spec{Action: "evaluate", Expression: "void open('about:blank')"})
	tabs([3]bool{false, true, false}, [3]bool{true, false, false}, [3]bool{false, false, true})
	if err := b.Page().Tabs().Close(t.Context(), b.Page().Tabs().Numbered(1)); err != nil {
		t.Fatal(err)
	}
	tabs([3]bool{true, true, false}, [3]bool{false, false, true})
	run(step.Spec{Action: "evaluate", Expression: "document.body.style.background = 'yellow'"})
	picture(t, conn, mostly(true, true, false))
}

// TestWhatThereIsToSeeOfASessionThatEnds: its last picture, for who is there and who
// comes later by a link with replay, and what its steps answered.
func TestWhatThereIsToSeeOfASessionThatEnds(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	goTo := step.Spec{Action: "goto", URL: "data:text/html,<body style='background:red'>"}
	if _, f := step.Run(t.Context(), b.Page(), &goTo, nil); f != nil {
		t.Fatalf("%+v", f)
	}
	page := b.Page()
	h := &fakeSessions{current: func(string) *browser.Page { return page }, steps: []domain.Step{
		{Index: 0, Action: "evaluate", Status: domain.StepCompleted, Result: json.RawMessage(`{"cookie":"secret"}`)},
		{Index: 1, Action: "extract", Status: domain.StepCompleted, Result: json.RawMessage(`{"link":"https://x.test/?token=secret"}`)},
	}}
	server := h.open(t)
	conn := look(t, server, "a")
	picture(t, conn, mostly(true, false, false))
	for number, want := range []string{`null`, `{"link":"https://x.test/?…"}`} {
		if got := result1(t, conn, number); got != want {
			t.Errorf("step %d answered %s", number, got)
		}
	}
	for number := range 49 { // who opens all fifty that are shown at once
		tell(t, conn, fmt.Sprintf(`{"type":"result","number":%d}`, 100+number))
	}
	if got := result1(t, conn, 0); got != `null` {
		t.Errorf("the last of many answered %s", got)
	}
	h.change(func() { h.mode = domain.StreamControl })
	if got := result1(t, look(t, server, "a"), 0); got != `{"cookie":"secret"}` {
		t.Errorf("who controls sees %s", got)
	}
	h.change(func() { page, h.status = nil, domain.SessionClosed })
	if sent := ended(t, conn); sent.Code != websocket.StatusNormalClosure {
		t.Errorf("sent away as %d %q", sent.Code, sent.Reason)
	}
	h.change(func() { h.replay = true })
	picture(t, look(t, server, "a"), mostly(true, false, false))
}

// TestASlowViewerDelaysNobody: while one takes nothing, and the store is away, another
// sees the page move; and the one is still there when it takes some.
func TestASlowViewerDelaysNobody(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	// Noise, which takes many bytes, made once: that others are drawn is no work of the page.
	goTo := step.Spec{Action: "goto", URL: `data:text/html,<body style="margin:0"><canvas width=1280 height=720></canvas><script>
		const c = document.querySelector('canvas').getContext('2d'), image = c.createImageData(1280, 720), bytes = new Uint32Array(image.data.buffer); n = 0;
		for (let i = 0; i < bytes.length; i++) bytes[i] = 0xff000000 | Math.imul(i, 2654435761);
		setInterval(() => c.putImageData(image, (n++ & 7) - 8, 0), 60)</script>`}
	if _, f := step.Run(t.Context(), b.Page(), &goTo, nil); f != nil {
		t.Fatalf("%+v", f)
	}
	h := &fakeSessions{pages: map[string]*browser.Page{"a": b.Page()}}
	server := h.open(t)
	narrow := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4096)
		}
		return conn, err
	}}}
	slow, _, err := websocket.Dial(t.Context(), strings.Replace(server.URL, "http", "ws", 1)+"/streams/ws?id=a", &websocket.DialOptions{HTTPClient: narrow})
	if err != nil {
		t.Fatal(err)
	}
	slow.SetReadLimit(64 << 20)
	t.Cleanup(func() { _ = slow.CloseNow() })
	quick := look(t, server, "a")
	frames(t, quick, 2)
	looked := h.looked()
	h.change(func() { h.fail = errAway })
	<-looked
	frames(t, quick, 12)
	frames(t, slow, 1) // some 100 kB a second go through it
	frames(t, quick, 5)
}

// result1 asks for what a step answered.
func result1(t *testing.T, conn *websocket.Conn, number int) string {
	t.Helper()
	asked, _ := json.Marshal(map[string]any{"type": "result", "number": number})
	tell(t, conn, string(asked))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var said struct {
			Type   string
			Number int
			Result json.RawMessage
		}
		if json.Unmarshal(raw, &said) == nil && said.Type == "result" && said.Number == number {
			return string(said.Result)
		}
	}
}

// refusal reads until the viewer is refused something, and is why.
func refusal(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var said struct{ Type, Message string }
		if json.Unmarshal(raw, &said) == nil && said.Type == "refused" {
			return said.Message
		}
	}
}
