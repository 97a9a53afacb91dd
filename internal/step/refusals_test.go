package step_test

import (
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// TestRefusalsSayWhy: what can't be done has its own code, and a sentence that
// says what was seen and what would work.
func TestRefusalsSayWhy(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<button id=hover>Hover</button><input id=number type=number><input id=day type=date><input id=radio type=radio checked><input id=file type=file><p id=text>text</p>
			<button disabled><span id=span>Off</span></button><select id=one><option>a<option>b</select>
			<iframe src=/in></iframe><div id=over style="position:absolute;left:0;top:200px;width:900px;height:500px"></div>
			<script>hover.onmousemove = () => hover.insertAdjacentHTML('afterend', '<div id=veil style="position:fixed;inset:0" onclick="clicked = 1"></div>')</script>`,
		"/in": `<button id=framed style="margin-top:160px">Framed</button>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, tt := range []struct {
		spec       step.Spec
		code, seen string
	}{
		{step.Spec{Action: "fill", Target: "#number", Value: ptr("abc")}, "value_invalid", `can't hold "abc": it takes a number`},
		{step.Spec{Action: "fill", Target: "#day", Value: ptr("24.11.2026")}, "value_invalid", "it takes 2026-01-31"},
		{step.Spec{Action: "fill", Target: "#file", Value: ptr("x")}, "target_not_editable", "takes no text"},
		{step.Spec{Action: "fill", Target: "#text", Value: ptr("x")}, "target_not_editable", "is not a text field"},
		{step.Spec{Action: "uncheck", Target: "#radio"}, "target_not_checkable", "only another one of its group unchecks it"},
		{step.Spec{Action: "check", Target: "#text"}, "target_not_checkable", "is not a checkbox or radio button"},
		{step.Spec{Action: "select", Target: "#one", Index: ptr(2)}, "option_not_found", "there are 2"},
		{step.Spec{Action: "click", Target: "#span"}, "target_disabled", "<button>Off is disabled"},
		{step.Spec{Action: "click", Target: "#framed"}, "target_covered", `the frame is covered by <div id="over">`},
		{step.Spec{Action: "click", Target: "#hover"}, "target_covered", `covered by <div id="veil">`},
	} {
		tt.spec.Timeout = "2s"
		_, f := b.run(tt.spec)
		if f == nil {
			t.Errorf("%s %s was done", tt.spec.Action, tt.spec.Target)
		} else if f.Code != tt.code || !strings.Contains(f.Seen, tt.seen) {
			t.Errorf("%s %s: got %+v, seen %q", tt.spec.Action, tt.spec.Target, f, f.Seen)
		}
	}
	if got := b.value("window.clicked ?? null"); got != "null" {
		t.Error("the overlay that came with the hover was clicked")
	}
}

// TestADialogInMousedownLosesNoClick: what the mouse does while the page shows
// a dialog would be lost.
func TestADialogInMousedownLosesNoClick(t *testing.T) {
	site := pages(t, map[string]string{"/": `<button onmousedown="alert('stop')" onclick="clicked = event.detail">Go</button>`})
	b := borrow(t)
	for _, action := range []string{"click", "doubleClick"} {
		b.do(step.Spec{Action: "goto", URL: site.URL})
		b.do(step.Spec{Action: action, Target: "button"})
		if got, want := b.value("window.clicked ?? null"), map[string]string{"click": "1", "doubleClick": "2"}[action]; got != want {
			t.Errorf("%s: clicked %s, want %s", action, got, want)
		}
	}
}
