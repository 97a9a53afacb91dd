package step_test

import (
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// TestADryRunDoesNothing: it finds targets, or says why they can't be used, and
// the page sees nothing of it.
func TestADryRunDoesNothing(t *testing.T) {
	site := pages(t, map[string]string{"/": `<button id=b>Go</button><button id=off disabled>Off</button><input id=i value=old><input id=c type=checkbox>
		<input id=d type=date><select id=s><option>a<option>b</select><div id=under>under</div><div style="position:absolute;left:0;top:300px;width:99px;height:99px"><iframe src=/in></iframe></div>
		<script>seen = []; for (const type of ['mousemove', 'mousedown', 'click', 'focusin', 'input', 'change', 'keydown', 'touchstart', 'dragstart', 'pointerdown'])
			addEventListener(type, e => e.clientX + e.clientY === 0 || seen.push(type), true)
			new MutationObserver(all => seen.push(...all.map(m => m.type + ' of ' + m.target.nodeName))).observe(b.ownerDocument.documentElement, {subtree: true, childList: true, attributes: true})</script>`, "/in": `<button id=framed>Framed</button>`})
	b := start(t)
	// The headless shell says by itself that the mouse is at 0, 0.
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, tt := range []struct {
		spec step.Spec
		want string // of the result, or the failure
	}{
		{step.Spec{Action: "click", Target: "#b"}, `"found":"<button id=\"b\">Go"`},
		{step.Spec{Action: "click", Target: "#framed"}, `framed`},
		{step.Spec{Action: "doubleClick", Target: "#b"}, `"found":`},
		{step.Spec{Action: "hover", Target: "#b"}, `"found":`},
		{step.Spec{Action: "check", Target: "#c"}, `"found":`},
		{step.Spec{Action: "uncheck", Target: "#c"}, `"found":`},
		{step.Spec{Action: "fill", Target: "#i", Value: ptr("new")}, `"found":"<input id=\"i\">"`},
		{step.Spec{Action: "fill", Target: "#d", Value: ptr("2026-01-31")}, `"found":`},
		{step.Spec{Action: "type", Target: "#i", Value: ptr("new")}, `"found":`},
		{step.Spec{Action: "type", Value: ptr("new")}, `{"dryRun":true}`},
		{step.Spec{Action: "press", Target: "#i", Key: "a"}, `"found":`},
		{step.Spec{Action: "select", Target: "#s", Value: ptr("b")}, `"found":`},
		{step.Spec{Action: "scroll", Target: "#b"}, `"found":`},
		{step.Spec{Action: "scroll", Y: ptr(100.0)}, `{"dryRun":true}`},
		{step.Spec{Action: "scroll", Target: "#b", Y: ptr(100.0)}, `"found":`},
		{step.Spec{Action: "tap", Target: "#b"}, `"found":`},
		{step.Spec{Action: "drag", Target: "#b", To: "#i", Modifiers: []string{"Shift"}}, `"found":"<button id=\"b\">Go"`},
		{step.Spec{Action: "upload", Target: "#b", Files: []step.File{}}, `"found":`},
		{step.Spec{Action: "goto", URL: site.URL + "/in"}, `{"dryRun":true}`},
		{step.Spec{Action: "reload"}, `{"dryRun":true}`},
		{step.Spec{Action: "back"}, `{"dryRun":true}`},
		{step.Spec{Action: "evaluate", Expression: "seen.push('evaluate')"}, `{"dryRun":true}`},
		{step.Spec{Action: "screenshot", Target: "#b"}, `"found":`},
		{step.Spec{Action: "screenshot"}, `{"dryRun":true}`},
		{step.Spec{Action: "screenshot", Target: "#b", Mask: []string{"#i"}}, `"found":`},
		{step.Spec{Action: "extract", Target: "#b"}, `"Go"`},
		{step.Spec{Action: "click", Target: "#off"}, "target_disabled"},
		{step.Spec{Action: "click", Target: "#none"}, "target_not_found"},
		{step.Spec{Action: "drag", Target: "#b", To: "#none"}, "target_not_found"},
		{step.Spec{Action: "fill", Target: "#b", Value: ptr("x")}, "target_not_editable"},
		{step.Spec{Action: "assert", Target: "#b", Text: ptr("Stay")}, step.CodeAssertion},
	} {
		tt.spec.DryRun, tt.spec.Timeout = true, "10s"
		if !strings.HasPrefix(tt.want, "{") && !strings.HasPrefix(tt.want, `"`) && tt.want != "framed" {
			tt.spec.Timeout = "300ms"
		}
		got, f := b.run(tt.spec)
		if f != nil {
			got = f.Code
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s %s: %s, want %s", tt.spec.Action, tt.spec.Target, got, tt.want)
		}
	}
	if got := b.value("[seen, i.value, c.checked, s.value, d.value]"); got != `[[],"old",false,"a",""]` {
		t.Errorf("the page has %s", got)
	}
}
