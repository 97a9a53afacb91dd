package step_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestMembersThatAPageShadows: a form's fields, and images of the document,
// that are called like what a form and the document have hide nothing.
func TestMembersThatAPageShadows(t *testing.T) {
	var shadow strings.Builder
	for _, name := range strings.Fields("children childNodes parentElement tagName nodeType type title labels value innerText textContent innerHTML " +
		"shadowRoot getRootNode host isConnected getAttribute hasAttribute matches closest querySelectorAll checkVisibility getBoundingClientRect " +
		"isContentEditable placeholder id body createRange evaluate createElement getElementById documentElement hasFocus activeElement " +
		"scrollIntoView scrollIntoViewIfNeeded scrollBy getClientRects elementFromPoint elementsFromPoint assignedSlot timeline getAnimations localName " +
		"firstChild nextSibling firstElementChild nextElementSibling previousElementSibling namespaceURI head compareDocumentPosition createExpression createDocumentFragment") {
		fmt.Fprintf(&shadow, `<input type=hidden name=%s><img name=%[1]s hidden>`, name)
	}
	site := pages(t, map[string]string{"/": `<main><form id=f class=c aria-label=Order title=tip>` + shadow.String() +
		`<p>Pick <b>one</b></p><label>Colour <input id=colour value=red></label><button type=button onclick="this.textContent='Picked'">Pick it</button></form></main>`})
	b := borrow(t)
	if got := b.do(step.Spec{Action: "goto", URL: site.URL + "/"}); got != fmt.Sprintf(`{"url":"%s/","title":"/","status":200}`, site.URL) {
		t.Errorf("goto answered %s", got)
	}
	for _, target := range []string{"text=one", "#f", `role=form[name="Order"]`, "xpath=//form", "label=Order", "label=Colour", `role=textbox[name="Colour"]`} {
		b.do(step.Spec{Action: "assert", Target: target, Count: ptr(1)})
		b.do(step.Spec{Action: "waitFor", Target: target})
	}
	b.do(step.Spec{Action: "assert", Target: "#f", Text: ptr("Pick one"), State: "enabled"})
	b.do(step.Spec{Action: "assert", Text: ptr("Pick one")})
	for _, s := range []step.Spec{{Action: "click", Target: "#f"}, {Action: "hover", Target: "#f"}, {Action: "scroll", Target: "#f"}, {Action: "scroll", Target: "#f", Y: ptr(10.0)}, {Action: "screenshot", Target: "#f"}} {
		b.do(s)
	}
	for _, target := range []string{`form:has-text("Pick one"):visible`, "main > form >> p + label", "text=Pick >> visible=true >> nth=0", `main:has(form) >> label:right-of(p), p ~ label`} {
		b.do(step.Spec{Action: "assert", Target: target, Count: ptr(1)})
	}
	b.do(step.Spec{Action: "fill", Target: "label=Colour", Value: ptr("blue")})
	b.do(step.Spec{Action: "click", Target: "text=Pick it"})
	b.do(step.Spec{Action: "assert", Target: "button", Text: ptr("Picked")})
	var got struct {
		Colour, Class, Text string
		HTML                string
	}
	raw := b.do(step.Spec{Action: "extract", Fields: map[string]step.Field{
		"colour": {Target: "#colour", Type: "value"}, "class": {Target: "form", Attribute: "class"}, "text": {Target: "form"}, "html": {Target: "form", Type: "html"},
	}})
	if err := json.Unmarshal([]byte(raw), &got); err != nil || got.Colour != "blue" || got.Class != "c" ||
		!strings.HasPrefix(got.Text, "Pick one") || !strings.Contains(got.HTML, "<b>one</b>") {
		t.Errorf("%+v, %v", got, err)
	}
	if f := b.fails(step.Spec{Action: "fill", Target: "#f", Value: ptr("x")}, 2*time.Second); f == nil || f.Code != "target_not_editable" || !strings.Contains(f.Seen, `<form id="f" class="c"`) {
		t.Errorf("%+v", f)
	}
}
