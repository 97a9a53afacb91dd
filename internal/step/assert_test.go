package step_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestAssert: what is so comes true, and of what isn't the failure says what was
// expected, what was seen, and what before.
func TestAssert(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<p id=p class="a b" title=hint>Some <b>bold</b>
			text</p><p style="text-transform:uppercase" id=up>Buy</p><ul><li>one<li>two</ul><input id=i value=x><input id=pw type=password value=secret>
			<input id=ro readonly value=y><input id=off disabled><input id=box type=checkbox checked><label for=i id=l>Label</label>
			<select id=s><option value=1>One<option value=2 selected>Two</select><button id=btn>Button</button><p id=gone style="display:none">hidden</p>
			<iframe src=/in></iframe><script>i.focus(); ticks = 0; document.title = "A  title"</script>`,
		"/in":     `<i id=framed>in a frame</i><i id=hid style="display:none">x</i>`,
		"/change": `<p id=p>one</p><script>change = () => setTimeout(() => { p.textContent = 'two'; setTimeout(() => p.remove(), 500) }, 500)</script>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	type spec = step.Spec
	for _, s := range []spec{
		{Target: "#p", Text: ptr("bold text")}, {Target: "#p", Text: ptr(" Some\nbold text "), Exact: true}, {Target: "#up", Text: ptr("Buy")},
		{Target: "li", Count: ptr(2)}, {Target: "li >> nth=1", Text: ptr("two"), Exact: true}, {Target: "#none", Count: ptr(0)},
		{Target: "#i", Value: ptr("x")}, {Target: "#l", Value: ptr("x")}, {Target: "#s", Value: ptr("2")}, {Target: "#off", Value: ptr("")},
		{Target: "#p", Attribute: "title"}, {Target: "#p", Attribute: "title", Value: ptr("hint")}, {Target: "#p", Class: "b"}, {Target: "#p", Class: "b a"},
		{Target: "#i", State: "focused"}, {Target: "#i", State: "editable"}, {Target: "#i", State: "enabled"}, {Target: "#off", State: "disabled"},
		{Target: "#box", State: "checked"}, {Target: "#gone", State: "hidden"}, {Target: "#none", State: "hidden"}, {Target: "#none", State: "detached"},
		{Target: "#gone", State: "attached"}, {Target: "#framed", State: "visible", Text: ptr("in a frame")}, {Target: "#hid", State: "hidden"},
		{Text: ptr("BOLD TEXT")}, {Title: ptr("A title")}, {URL: "*/"},
	} {
		s.Action, s.Timeout = "assert", "20s"
		if _, f := b.run(s); f != nil {
			t.Errorf("%+v: %+v", s, f)
		}
	}
	for _, tt := range []struct {
		spec             spec
		code, want, seen string
	}{
		{spec{Target: "#p", Text: ptr("Bold")}, "assertion_failed", `#p to hold "Bold"`, `the text is "Some bold text"`},
		{spec{Target: "#p", Text: ptr("bold"), Exact: true}, "assertion_failed", `#p to have the text "bold"`, `the text is "Some bold text"`},
		{spec{Target: "li", Text: ptr("one")}, "target_ambiguous", "", "2 elements match"},
		{spec{Target: "li", State: "visible"}, "target_ambiguous", "", "2 elements match"},
		{spec{Target: "li", Count: ptr(2), Text: ptr("one")}, "target_ambiguous", "", "2 elements match"},
		{spec{Target: "li", Count: ptr(3)}, "assertion_failed", "match 3 elements", "2 elements match"},
		{spec{Target: "#framed", Count: ptr(0)}, "assertion_failed", "match 0 elements", "1 elements match"},
		{spec{Target: "#framed", State: "hidden"}, "assertion_failed", "be hidden", "is visible"},
		{spec{Target: "#framed", State: "detached"}, "assertion_failed", "be detached", "is attached"},
		{spec{Target: "#i", Value: ptr("y")}, "assertion_failed", "have the value", `the value is "x"`},
		{spec{Target: "#pw", Value: ptr("y")}, "assertion_failed", "have the value", `it has another value`},
		{spec{Target: "#p", Value: ptr("y")}, "target_not_editable", "", "has no value"},
		{spec{Target: "#p", Attribute: "lang"}, "assertion_failed", "have the attribute lang", "has no attribute lang"},
		{spec{Target: "#p", Attribute: "title", Value: ptr("x")}, "assertion_failed", "have the attribute title", `title is "hint"`},
		{spec{Target: "#p", Class: "a c"}, "assertion_failed", `the class "a c"`, `the class is "a b"`},
		{spec{Target: "#btn", State: "focused"}, "assertion_failed", "be focused", "is not focused"},
		{spec{Target: "#ro", State: "editable"}, "assertion_failed", "be editable", "is read-only"},
		{spec{Target: "#p", State: "editable"}, "target_not_editable", "", "is not a text field"},
		{spec{Target: "#p", State: "unchecked"}, "target_not_checkable", "", "is not a checkbox"},
		{spec{Target: "#box", State: "unchecked"}, "assertion_failed", "be unchecked", "is checked"},
		{spec{Target: "#none", Text: ptr("x")}, "assertion_failed", "", "no element matches"},
		{spec{Title: ptr("a title")}, "assertion_failed", `the title to be "a title"`, `the title is "A title"`},
		{spec{URL: "*/x"}, "assertion_failed", "*/x", site.URL},
	} {
		tt.spec.Action, tt.spec.Timeout = "assert", "400ms"
		_, f := b.run(tt.spec)
		if f == nil || f.Code != tt.code || !strings.Contains(f.WaitedFor, tt.want) || !strings.Contains(f.Seen, tt.seen) {
			t.Errorf("%+v: %+v", tt.spec, f)
		} else if f.Code == step.CodeAssertion && (!strings.Contains(f.Message, "expected "+f.WaitedFor) || !strings.Contains(f.Message, ", but ")) {
			t.Errorf("%+v: %s", tt.spec, f.Message)
		}
	}
	b.do(step.Spec{Action: "goto", URL: site.URL + "/change"})
	b.value("change()")
	_, f := b.run(step.Spec{Action: "assert", Target: "#p", Text: ptr("three"), Timeout: "3s"})
	if f == nil || !strings.HasPrefix(f.Seen, `no element matches; before that, the text is "two" (`) || !strings.Contains(f.Seen, `; before that, the text is "one" (`) {
		t.Errorf("it saw: %+v", f)
	}
}

// TestWaitFor: for what is so in the end, and nothing that was so before.
func TestWaitFor(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<p id=p hidden>text</p><input id=i disabled><iframe src=/in></iframe><script>n = 0; later = f => setTimeout(f, 80);
			later(() => { p.hidden = false; later(() => { i.disabled = false; later(() => { document.querySelector('iframe').remove(); history.pushState(0, '', '/there') }) }) })</script>`,
		"/in": `<b id=framed>x</b>`,
		"/go": `<script>setTimeout(() => location = '/', 50)</script>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, s := range []step.Spec{
		{Target: "#p"}, {Target: "#i", State: "enabled"}, {Target: "#framed", State: "detached"}, {URL: "*/there", Target: "#p", State: "visible"},
		{WaitUntil: "networkidle"}, {Expression: "n++ > 2"}, {Expression: "async () => ++n > 5"},
	} {
		s.Action, s.Timeout = "waitFor", "20s"
		if _, f := b.run(s); f != nil {
			t.Errorf("%+v: %+v", s, f)
		}
	}
	if got := b.value(`document.querySelectorAll('iframe').length`); got != "0" {
		t.Errorf("%s frames were there still", got)
	}
	b.do(step.Spec{Action: "goto", URL: site.URL + "/go"})
	if got := b.do(step.Spec{Action: "waitFor", Expression: "globalThis.p && [p.id]"}); got != `["p"]` {
		t.Errorf("through a navigation: %s", got)
	}
	for expression, want := range map[string][2]string{
		`n < 0`: {step.CodeTimeout, "its value is false"}, `undefined`: {step.CodeTimeout, "its value is undefined"},
		`nope.nope`: {step.CodeEvaluation, ""}, `document.body`: {step.CodeEvaluation, ""},
	} {
		f := b.fails(step.Spec{Action: "waitFor", Expression: expression}, 150*time.Millisecond)
		if f == nil || f.Code != want[0] || f.Seen != want[1] {
			t.Errorf("%s: %+v", expression, f)
		}
	}
}

// TestWaitForTraffic: what was requested since the step before began counts.
func TestWaitForTraffic(t *testing.T) {
	hold := make(chan struct{})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprint(w, `<link rel=icon href="data:,"><button onclick="fetch('/save', {method: 'POST', body: 1})">Save</button><button onclick="fetch('/slow')">Slow</button>
				<button onclick="fetch('/moved')">Move</button><script>document.write('<iframe src="http://localhost:' + location.port + '/in"></iframe>')</script>`)
		case "/in":
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprint(w, `<button onclick="fetch('/framed')">Framed</button>`)
		case "/slow":
			<-hold
		case "/moved":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/save":
			w.WriteHeader(http.StatusConflict)
		}
	}))
	t.Cleanup(site.Close)
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	waitFor := func(s step.Spec, want string) {
		t.Helper()
		s.Action = "waitFor"
		if got := b.do(s); got != strings.ReplaceAll(want, "SITE", site.URL) {
			t.Errorf("%s%s: %s", s.Request, s.Response, got)
		}
	}
	waitFor(step.Spec{Response: site.URL + "/"}, `{"method":"GET","status":200,"url":"SITE/"}`)
	b.do(step.Spec{Action: "click", Target: "text=Save"})
	waitFor(step.Spec{Response: "*/save"}, `{"method":"POST","status":409,"url":"SITE/save"}`)
	b.do(step.Spec{Action: "click", Target: "text=Move"})
	waitFor(step.Spec{Response: "*/moved"}, `{"method":"GET","status":302,"url":"SITE/moved"}`)
	b.do(step.Spec{Action: "click", Target: "text=Framed"})
	waitFor(step.Spec{Response: "*/framed"}, `{"method":"GET","status":200,"url":"`+strings.Replace(site.URL, "127.0.0.1", "localhost", 1)+`/framed"}`)
	b.do(step.Spec{Action: "click", Target: "text=Slow"})
	waitFor(step.Spec{Request: "*/slow"}, `{"method":"GET","url":"SITE/slow"}`)
	for wanted, want := range map[string]string{"*/slow": "which has no answer yet", "*/save": "requests, the last of them"} {
		if _, f := b.run(step.Spec{Action: "waitFor", Response: wanted, Timeout: "150ms"}); f == nil || f.Code != step.CodeTimeout || !strings.Contains(f.Seen, want) {
			t.Errorf("%s: %+v", wanted, f)
		}
	}
	close(hold)
	waitFor(step.Spec{Response: "*/slow"}, `{"method":"GET","status":200,"url":"SITE/slow"}`)
}
