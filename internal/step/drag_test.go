package step_test

import (
	"context"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestADragThatFailsLetsGo of what it dragged: nothing is clicked or dropped, and
// the next step works.
func TestADragThatFailsLetsGo(t *testing.T) {
	site := pages(t, map[string]string{"/": `<body style="margin:0"><div id=s style="width:100px;height:50px;background:#fcc">mouse</div><div id=h draggable=true style="width:100px;height:50px;background:#cfc">html</div>
		<div id=t style="width:100px;height:50px;background:#ccf">target</div><button id=b>Go</button>
		<script>seen = []; for (const t of ['mousedown', 'mouseup', 'click', 'dragstart', 'dragend', 'drop']) addEventListener(t, e => seen.push(t + ' ' + (e.target.id || e.target.tagName)), true);
		t.ondragover = e => e.preventDefault(); h.ondragstart = e => { e.dataTransfer.setData('text/plain', 'x'); if (window.goes) t.remove() }</script>`})
	b := borrow(t)
	for _, tt := range []struct {
		name, first string
		spec        step.Spec
		code, saw   string
	}{
		{
			"a target that isn't there", "", step.Spec{Target: "#s", To: "#none"},
			"target_not_found", `["mousedown s","mouseup s"]`,
		},
		{
			"a target that goes when the drag begins", "goes = true", step.Spec{Target: "#h", To: "#t", Moves: 2},
			"target_not_found", `["mousedown h","dragstart h","dragend h"]`,
		},
		{
			"a drop that nothing takes", "", step.Spec{Target: "#h", To: "#b"},
			step.CodeDropRefused, `["mousedown h","dragstart h","dragend h"]`,
		},
	} {
		b.do(step.Spec{Action: "goto", URL: site.URL})
		if tt.first != "" {
			b.value(tt.first)
		}
		tt.spec.Action = "drag"
		if f := b.fails(tt.spec, 2*time.Second); f == nil || f.Code != tt.code {
			t.Errorf("%s: %+v", tt.name, f)
		}
		if got := b.value(`new Promise(done => setTimeout(() => done(seen), 50))`); got != tt.saw {
			t.Errorf("%s: the page saw %s, want %s", tt.name, got, tt.saw)
		}
		b.do(step.Spec{Action: "press", Target: "#b", Key: "Enter"})
		if got := b.value(`seen.slice(-1)`); got != `["click b"]` {
			t.Errorf("%s: after it Enter is %s", tt.name, got)
		}
		b.do(step.Spec{Action: "click", Target: "#b"})
		if got := b.value(`seen.slice(-3)`); got != `["mousedown b","mouseup b","click b"]` {
			t.Errorf("%s: after it a click is %s", tt.name, got)
		}
	}
}

// TestACanceledDragLetsGo, while the page is busy with what it is told.
func TestACanceledDragLetsGo(t *testing.T) {
	site, busy := busyPages(t, map[string]string{"/": `<body style="margin:0"><div id=s style="width:100px;height:50px">mouse</div><div id=t style="width:100px;height:50px">target</div><button id=b onclick="clicked = true">Go</button>
		<script>down = 0; clicked = false; addEventListener('mousedown', () => down++); addEventListener('mouseup', () => down--);
		s.onmousedown = () => { const r = new XMLHttpRequest(); r.open('GET', '/busy', false); r.send() }</script>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	held := make(chan func(), 1)
	go func() {
		select {
		case goOn := <-busy:
			held <- goOn
			cancel()
		case <-ctx.Done():
		}
	}()
	if _, f := b.runIn(ctx, step.Spec{Action: "drag", Target: "#s", To: "#t"}); f == nil || f.Code != step.CodeCanceled {
		t.Fatalf("the drag: %+v", f)
	}
	(<-held)()
	b.do(step.Spec{Action: "click", Target: "#b"})
	if got := b.value(`[down, clicked]`); got != "[0,true]" {
		t.Errorf("the page has %s", got)
	}
}
