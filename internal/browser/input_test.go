package browser_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
)

// TestWhatIsCanceledLeavesNothingDown: while the page is busy with a key or a
// button that went down, the input is canceled; all come up again.
func TestWhatIsCanceledLeavesNothingDown(t *testing.T) {
	busy, goOn := make(chan struct{}), make(chan struct{})
	site := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		busy <- struct{}{}
		select {
		case <-goOn:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(site.Close)
	p := browsertest.Launch(t, browsertest.Launcher(t, "", nil), small).Page()
	evaluate(t, p, `
		down = new Set(); last = '';
		wait = (name) => { if (name !== last) return; const r = new XMLHttpRequest(); r.open('GET', '`+site.URL+`', false); try { r.send() } catch {} };
		addEventListener('keydown', (e) => { down.add(e.code); wait(e.code) }); addEventListener('keyup', (e) => down.delete(e.code));
		addEventListener('mousedown', () => { down.add('mouse'); wait('mouse') }); addEventListener('mouseup', () => down.delete('mouse')); 1`)
	for _, tt := range []struct {
		last string // what the page is busy with
		do   func(ctx context.Context) error
	}{
		{"ControlLeft", func(ctx context.Context) error { return p.Press(ctx, "Control+Shift+F1") }},
		{"F1", func(ctx context.Context) error { return p.Press(ctx, "Control+Shift+F1") }},
		{"KeyB", func(ctx context.Context) error { return p.Type(ctx, "ab") }},
		{"mouse", func(ctx context.Context) error { return p.Click(ctx, 50, 50, "left", 2, 0) }},
		{"ShiftLeft", func(ctx context.Context) error {
			return p.WithModifiers(ctx, browser.ModAlt|browser.ModShift, func() error { return nil })
		}},
	} {
		evaluate(t, p, "last = '"+tt.last+"'")
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer cancel()
			select {
			case <-busy:
			case <-t.Context().Done():
			}
		}()
		if err := tt.do(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", tt.last, err)
		}
		goOn <- struct{}{}
		var left any
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); { // each look waits for the page
			if left = evaluate(t, p, "new Promise((done) => setTimeout(done, 20, [...down].join()))"); left == "" {
				break
			}
		}
		if left != "" {
			t.Errorf("%s: left down: %v", tt.last, left)
			evaluate(t, p, "down.clear()")
		}
	}
}

// TestADropThatNobodyTookUp: the browser's word that it drags came after the last
// look for it, and what is dragged is dropped all the same; if it comes after the button
// went up, or what is dragged can't be dropped, nothing is dragged any more.
func TestADropThatNobodyTookUp(t *testing.T) {
	p := browsertest.Launch(t, browsertest.Launcher(t, "", nil), small).Page()
	evaluate(t, p, `
		document.body.innerHTML = '<div id=s draggable=true style="height:50px">s</div><div id=t style="height:50px">t</div>'; document.body.style.margin = '0'; log = [];
		s.ondragstart = e => { e.dataTransfer.setData('text/plain', 'tea'); log.push('dragstart') }; s.ondragend = () => log.push('dragend');
		t.ondragover = e => { e.preventDefault(); log.push('dragover') }; t.ondrop = e => { e.preventDefault(); log.push('drop ' + e.dataTransfer.getData('text/plain')) }; 1`)
	begun, end := p.Subscribe("Input.dragIntercepted")
	defer end()
	word := func() {
		t.Helper()
		select {
		case <-begun:
		case <-time.After(10 * time.Second):
			t.Fatal("the page drags nothing")
		}
		evaluate(t, p, `1`) // whoever listens has heard now
	}
	tells := func(what, want string) {
		t.Helper()
		got := evaluate(t, p, `new Promise((done) => {
			const look = (n) => { if (log.at(-1) === 'dragend' || !n) done(log.splice(0).join()); else setTimeout(look, 20, n - 1) };
			look(500);
		})`)
		if got != want {
			t.Errorf("%s: the page tells of %v, want %s", what, got, want)
		}
	}
	const dropped, canceled = "dragstart,dragover,dragover,drop tea,dragend", "dragstart,dragend"

	g, err := p.Grab(t.Context(), 20, 20, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Move(t.Context(), 20, 80); err != nil {
		t.Fatal(err)
	}
	word()
	if dropped, err := g.Drop(t.Context()); err != nil || !dropped {
		t.Errorf("dropped: %t, %v", dropped, err)
	}
	tells("a grip", dropped)

	d := p.Devices()
	button := func(ctx context.Context, down bool, y float64) error {
		return d.Button(ctx, "left", down, 1, 20, y, 0)
	}
	canceling, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		up   context.Context
		fail error
		want string
	}{
		{"a person's mouse", t.Context(), nil, dropped},
		{"a person's mouse whose drop fails", canceling, context.Canceled, canceled},
	} {
		if err := button(t.Context(), true, 20); err != nil {
			t.Fatal(err)
		}
		if err := d.Move(t.Context(), 20, 80, 0); err != nil {
			t.Fatal(err)
		}
		word()
		if err := button(tt.up, false, 80); !errors.Is(err, tt.fail) {
			t.Errorf("%s: %v", tt.name, err)
		}
		tells(tt.name, tt.want)
	}

	if err := button(t.Context(), true, 20); err != nil {
		t.Fatal(err)
	}
	if err := d.Move(t.Context(), 21, 20, 0); err != nil { // too little for a drag
		t.Fatal(err)
	}
	if _, err := p.Send("Input.dispatchMouseEvent", map[string]any{"type": "mouseMoved", "button": "left", "buttons": 1, "x": 20, "y": 80}); err != nil {
		t.Fatal(err)
	}
	if err := button(t.Context(), false, 80); err != nil {
		t.Error(err)
	}
	tells("a word after the button", canceled)
}
