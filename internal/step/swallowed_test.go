package step_test

import (
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestAFrameThatComesUnderTheMouse: the target heard nothing, and its document
// neither.
func TestAFrameThatComesUnderTheMouse(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<button id=b onclick="clicked = true">Go</button><script>clicked = false; b.onmousemove = () => {
			if (!window.veil) document.body.insertAdjacentHTML('beforeend', '<iframe id=veil style="position:fixed;inset:0;width:100%;height:100%"></iframe>') }</script>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	f := b.fails(step.Spec{Action: "click", Target: "#b"}, 1500*time.Millisecond)
	if f == nil || f.Code != "target_covered" || !strings.Contains(f.Seen, `covered by <iframe id="veil"`) {
		t.Errorf("the step: %+v; clicked: %s", f, b.value("clicked"))
	}
}
