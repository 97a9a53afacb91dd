package browser_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// TestWhatIsCanceledLeavesNothingDown: while the page is busy with a key or a
// button that went down, the input is canceled; all come up again.
func TestWhatIsCanceledLeavesNothingDown(t *testing.T) {
	p := browsertest.Launch(t, browsertest.Launcher(t, "", nil), small).Page()
	evaluate(t, p, `
		down = new Set(); last = '';
		wait = (name) => { if (name !== last) return; console.log(''); const end = performance.now() + 500; while (performance.now() < end); };
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
			return p.Held(ctx, browser.ModAlt|browser.ModShift, func() error { return nil })
		}},
	} {
		evaluate(t, p, "last = '"+tt.last+"'")
		ctx, cancel := context.WithCancel(t.Context())
		stop := p.Conn.Listen(p.ID, func(cdp.Event) { cancel() }, "Runtime.consoleAPICalled")
		if err := tt.do(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", tt.last, err)
		}
		stop()
		var left any
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); { // each look waits for the page
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
// look for it, and what is dragged is dropped all the same.
func TestADropThatNobodyTookUp(t *testing.T) {
	p := browsertest.Launch(t, browsertest.Launcher(t, "", nil), small).Page()
	evaluate(t, p, `
		document.body.innerHTML = '<div id=s draggable=true style="height:50px">s</div><div id=t style="height:50px">t</div>'; document.body.style.margin = got = '';
		s.ondragstart = e => e.dataTransfer.setData('text/plain', 'tea'); t.ondragover = e => e.preventDefault();
		t.ondrop = e => { e.preventDefault(); got = e.dataTransfer.getData('text/plain') }; 1`)
	begun, end := p.Subscribe("Input.dragIntercepted")
	defer end()
	g, err := p.Grab(t.Context(), 20, 20, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Move(t.Context(), 20, 80); err != nil {
		t.Fatal(err)
	}
	select {
	case <-begun:
	case <-time.After(10 * time.Second):
		t.Fatal("the page drags nothing")
	}
	evaluate(t, p, `1`) // whoever listens has heard now
	if dropped, err := g.Drop(t.Context()); err != nil || !dropped {
		t.Errorf("dropped: %t, %v", dropped, err)
	}
	if got := evaluate(t, p, `got`); got != "tea" {
		t.Errorf("the page was given %s", got)
	}
}
