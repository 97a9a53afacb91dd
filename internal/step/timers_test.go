package step_test

import (
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestAPageThatClearsEveryTimer, and every frame that was asked for: ours are
// not the page's to end.
func TestAPageThatClearsEveryTimer(t *testing.T) {
	clears := `<script>const clear = () => {
			for (let id = setTimeout(() => {}); id > 0; id--) clearTimeout(id);
			for (let id = requestAnimationFrame(() => {}); id > 0; id--) cancelAnimationFrame(id);
			port.postMessage(0)
		}
		const { port1, port2: port } = new MessageChannel(); port1.onmessage = clear; clear()</script>`
	site := pages(t, map[string]string{
		"/":      clears + `<button onclick="document.title = 'clicked'">Go</button><input>`,
		"/outer": clears + `<iframe src=/in></iframe>`,
		"/in":    clears + `<button onclick="parent.document.title = 'clicked'">Go</button><input>`,
	})
	b := borrow(t)
	for _, path := range []string{"/", "/outer"} {
		b.do(step.Spec{Action: "goto", URL: site.URL + path})
		b.do(step.Spec{Action: "click", Target: "button"})
		b.do(step.Spec{Action: "assert", Title: ptr("clicked")})
		b.do(step.Spec{Action: "fill", Target: "input", Value: ptr("x")})
		f := b.fails(step.Spec{Action: "waitFor", Target: "#never"}, time.Second)
		if f == nil || f.Seen != "no element matches" {
			t.Errorf("%s: %+v", path, f)
		}
	}
}
