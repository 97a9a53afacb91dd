package live

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// wire is a browser that answers every command with nothing and remembers it.
type wire struct {
	t    *testing.T
	page *browser.Page
	nc   net.Conn

	mu   sync.Mutex
	said []string
}

func newWire(t *testing.T) *wire {
	t.Helper()
	ours, theirs := net.Pipe()
	conn := cdp.NewConn(ours, slog.New(slog.DiscardHandler))
	w := &wire{t: t, nc: theirs, page: &browser.Page{Session: cdp.Session{Conn: conn, ID: "page"}}}
	var answering sync.WaitGroup
	answering.Go(w.answer)
	t.Cleanup(func() {
		_ = conn.Close()
		conn.Wait()
		_ = theirs.Close()
		answering.Wait()
	})
	return w
}

func (w *wire) answer() {
	for r := bufio.NewReader(w.nc); ; {
		raw, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m struct {
			ID     int64
			Method string
			Params map[string]any
		}
		if err := json.Unmarshal(raw[:len(raw)-1], &m); err != nil {
			w.t.Error(err)
		}
		said := m.Method
		for _, name := range []string{"type", "button", "buttons", "x", "y", "clickCount", "key", "text", "deltaY", "sessionId"} {
			if v, ok := m.Params[name]; ok && v != "" {
				said += fmt.Sprintf(" %s=%v", name, v)
			}
		}
		w.mu.Lock()
		w.said = append(w.said, said)
		w.mu.Unlock()
		if _, err := fmt.Fprintf(w.nc, `{"id":%d,"result":{},"sessionId":"page"}`+"\x00", m.ID); err != nil {
			return
		}
	}
}

// tell sends an event and returns when it has been heard, and all that was sent
// before has been taken.
func (w *wire) tell(event string) {
	w.t.Helper()
	if event != "" {
		if _, err := w.nc.Write([]byte(event + "\x00")); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.page.Call(w.t.Context(), "Barrier", nil, nil); err != nil {
		w.t.Fatal(err)
	}
}

// heard is what was asked since the last time.
func (w *wire) heard() []string {
	w.tell("")
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, one := range w.said {
		if one != "Barrier" {
			all = append(all, one)
		}
	}
	w.said = nil
	return all
}

func (w *wire) want(what string, want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.heard()); diff != "" {
		w.t.Errorf("%s: %s", what, diff)
	}
}

// TestAHandDoesAndLetsGo: what a viewer does, in CSS pixels, and what it holds
// down is let go when it leaves.
func TestAHandDoesAndLetsGo(t *testing.T) {
	w := newWire(t)
	d := w.page.Devices()
	do := func(raw string) {
		t.Helper()
		in, err := parseInput([]byte(raw))
		if err == nil {
			err = in.on(t.Context(), d, 800, 600)
		}
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	for _, tt := range []struct{ in, want string }{
		{`{"type":"mouse","kind":"move","x":0.5,"y":0.25}`, "Input.dispatchMouseEvent type=mouseMoved button=none buttons=0 x=400 y=150 clickCount=0"},
		{`{"type":"mouse","kind":"down","button":"left","clicks":2,"x":1,"y":1}`, "Input.setInterceptDrags; Input.dispatchMouseEvent type=mousePressed button=left buttons=1 x=800 y=600 clickCount=2"},
		{`{"type":"mouse","kind":"move","x":0.5,"y":0.25}`, "Input.dispatchMouseEvent type=mouseMoved button=left buttons=1 x=400 y=150 clickCount=0"},
		{`{"type":"mouse","kind":"down","button":"right","x":0,"y":0}`, "Input.dispatchMouseEvent type=mousePressed button=right buttons=3 x=0 y=0 clickCount=1"},
		{`{"type":"mouse","kind":"up","button":"left","x":0,"y":0}`, "Input.dispatchMouseEvent type=mouseReleased button=left buttons=2 x=0 y=0 clickCount=1; Runtime.evaluate; Input.setInterceptDrags"}, // what it may drag is told by then
		{`{"type":"text","text":"Grüße"}`, "Input.insertText text=Grüße"},
		{`{"type":"key","kind":"down","key":"é"}`, "Input.insertText text=é"}, // which a US keyboard lacks
		{`{"type":"key","kind":"up","key":"é"}`, ""},
		{`{"type":"key","kind":"down","key":"a"}`, "Input.dispatchKeyEvent type=keyDown key=a text=a"},
	} {
		do(tt.in)
		if got := strings.Join(w.heard(), "; "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.in, got, tt.want)
		}
	}
	d.Release(t.Context())
	w.want("it leaves", "Input.dispatchKeyEvent type=keyUp key=a", "Input.dispatchMouseEvent type=mouseReleased button=right buttons=0 x=0 y=0 clickCount=1")
	do(`{"type":"key","kind":"down","key":"Shift"}`)
	do(`{"type":"key","kind":"up","key":"Shift"}`)
	w.heard()
	w.page.Devices().Release(t.Context())
	w.want("one that holds nothing leaves")
}

// TestKeysNeedNoPicture: who has control may type before there is anything to see.
func TestKeysNeedNoPicture(t *testing.T) {
	w := newWire(t)
	h := &controller{viewer: &viewer{Handler: &Handler{sessions: onePage{page: w.page}}}, holds: true}
	for _, raw := range []string{
		`{"type":"mouse","kind":"down","button":"left","x":0.5,"y":0.5}`, `{"type":"mouse","kind":"up","button":"left","x":0.5,"y":0.5}`,
		`{"type":"wheel","dy":9,"x":0.5,"y":0.5}`, `{"type":"touch","kind":"start","fingers":[{"x":0.5,"y":0.5}]}`,
		`{"type":"key","kind":"down","key":"a"}`, `{"type":"key","kind":"up","key":"a"}`, `{"type":"text","text":"Grüße"}`,
	} {
		in, err := parseInput([]byte(raw))
		if err == nil {
			err = h.do(t.Context(), in)
		}
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	w.want("without a picture", "Input.dispatchKeyEvent type=keyDown key=a text=a", "Input.dispatchKeyEvent type=keyUp key=a", "Input.insertText text=Grüße")
}

// onePage is a session of one page.
type onePage struct {
	Sessions
	page *browser.Page
}

func (o onePage) Page(string) (*browser.Page, bool) { return o.page, true }
func (onePage) Touch(string)                        {}

// TestInputsThatWaitLeaveRoomForLettingGo: moves have a quarter of it, and what
// presses half, so that nothing stays held down.
func TestInputsThatWaitLeaveRoomForLettingGo(t *testing.T) {
	move, wheel, down, up, text := input{Type: "mouse", Kind: "move"}, input{Type: "wheel"}, input{Type: "key", Kind: "down"}, input{Type: "key", Kind: "up"}, input{Type: "text"}
	if move.limit() >= down.limit() || wheel.limit() != move.limit() || text.limit() != down.limit() || down.limit() >= up.limit() || up.limit() != maxInputs {
		t.Error(move.limit(), wheel.limit(), down.limit(), text.limit(), up.limit())
	}
}
