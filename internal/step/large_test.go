package step_test

import (
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// noise fills the page with what no picture format can make smaller.
const noise = `<body style="margin:0"><canvas id=c></canvas><script>
	function fill(w, h) {
		c.width = w; c.height = h;
		const x = c.getContext('2d'), d = x.createImageData(w, h), u = new Uint32Array(d.data.buffer);
		let s = 1;
		for (let i = 0; i < u.length; i++) { s ^= s << 13; s ^= s >>> 17; s ^= s << 5; u[i] = s | 0xff000000; }
		x.putImageData(d, 0, 0);
		return w * h;
	}
	function chatter(times) { console.log('x'.repeat(70e6)); if (times > 1) setTimeout(chatter, 100, times - 1); }
</script>`

// TestTooLargeFailsTheStepAlone: nothing that a page makes is so large that the
// session ends of it.
func TestTooLargeFailsTheStepAlone(t *testing.T) {
	site := pages(t, map[string]string{"/": noise})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	usable := func(after string) {
		t.Helper()
		if got := b.do(step.Spec{Action: "evaluate", Expression: "1+1", Timeout: "60s"}); got != "2" {
			t.Errorf("after %s: %s", after, got)
		}
	}
	if _, f := b.run(step.Spec{Action: "evaluate", Expression: "'x'.repeat(70e6)", Timeout: "60s"}); f == nil || f.Code != step.CodeTooLarge {
		t.Errorf("evaluate: %+v", f)
	}
	usable("a value")
	b.do(step.Spec{Action: "evaluate", Expression: "document.body.setAttribute('data-x', 'x'.repeat(70e6)); 1", Timeout: "60s"})
	if _, f := b.run(step.Spec{Action: "extract", Target: "body", Attribute: "data-x", Timeout: "60s"}); f == nil || f.Code != step.CodeTooLarge {
		t.Errorf("extract: %+v", f)
	}
	b.do(step.Spec{Action: "evaluate", Expression: "fill(4096, 4300)", Timeout: "60s"})
	if _, f := b.run(step.Spec{Action: "screenshot", FullPage: true, Timeout: "60s"}); f == nil || f.Code != step.CodeTooLarge {
		t.Errorf("screenshot: %+v", f)
	}
	usable("a screenshot")
	b.do(step.Spec{Action: "evaluate", Expression: "chatter(3); 1", Timeout: "60s"})
	usable("a page that talks to its console")
	b.do(step.Spec{Action: "goto", URL: site.URL, Timeout: "60s"})
	b.do(step.Spec{Action: "evaluate", Expression: "alert('z'.repeat(70e6)); 1", Timeout: "60s"})
	usable("a large dialog")
}
