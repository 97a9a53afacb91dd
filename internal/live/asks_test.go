package live_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// asking is a page that asks for all that a screencast leaves out, by fields that a
// click finds: each has a cell of its own in a grid of 4 by 2.
const asking = `<!doctype html><link rel=icon href="data:,"><title>asking</title><style>
	body{margin:0;display:grid;grid:50vh 50vh/repeat(4,25vw)} body>*{margin:0;width:100%;height:100%;box-sizing:border-box;font-size:20px}
	#c{cursor:help} #p{cursor:url(none.png) 2 2, crosshair}</style>
	<button id=c onclick="did.push(confirm('Sure?'))">confirm</button>
	<button id=p onclick="did.push(prompt('Name?', 'Bob'))">prompt</button>
	<select id=s><option>Red<option>Green<option disabled>Grey<optgroup label=Dark><option hidden style="display:none">None<option>Blue<option>Black</optgroup></select>
	<input id=f type=file multiple accept=".txt">
	<input id=d type=date value=2026-01-31 onclick="this.showPicker()">
	<input id=k type=color value=#ff0000>
	<a id=a href="/away">a <b>link</b></a>
	<p id=t>words</p>
	<script>
		did = [];
		for (const el of [s, f, d, k]) for (const kind of ['input', 'change', 'cancel']) el.addEventListener(kind, (e) => did.push(el.id + ' ' + kind + ' ' + e.isTrusted + ' ' + (el === f ? [...f.files].map((f) => f.name + f.size) : el.value)));
		addEventListener('beforeunload', (e) => { if (did.length) e.preventDefault() });
		did.said = () => { const all = did.join('; '); did.length = 0; return all };
	</script>`

// TestAPersonAnswersWhatAPageAsks, which no picture shows: each dialog, the list, the
// date and the files; whoever only looks sees what is asked.
func TestAPersonAnswersWhatAPageAsks(t *testing.T) {
	w := newTwin(t, asking, domain.SessionOptions{})
	look := browsertest.Launch(t, browsertest.Launcher(t, step.Script(), nil), domain.SessionOptions{}).Page()
	w.run(look, step.Spec{Action: "goto", URL: w.server.URL + "/streams?id=a"}, step.Spec{Action: "waitFor", Target: "body[data-drawn][data-phase=live]"})
	text := func(s string) *string { return &s }
	cell := w.cell
	asks := func(title string) {
		t.Helper()
		w.run(w.viewer, step.Spec{Action: "assert", Target: "#ask h2", Text: text(title)})
	}
	press := func(name string) {
		t.Helper()
		w.run(w.viewer, step.Spec{Action: "click", Target: `#ask button >> text="` + name + `"`})
	}
	said := func(want string) {
		t.Helper()
		w.run(w.viewer, step.Spec{Action: "waitFor", Target: "#ask", State: "hidden"})
		w.becomes("the page", "did.length > 0 && ((all) => all === `"+want+"` || (document.title = all, false))(did.join('; '))")
		w.run(w.seen, step.Spec{Action: "evaluate", Expression: "did.said(), 1"})
	}

	w.run(w.viewer, cell("click", 0, 0)) // takes control
	w.run(w.viewer, step.Spec{Action: "assert", Target: "#driver", Text: text("You have control")})

	w.run(w.viewer, cell("click", 0, 0))
	asks("The page asks")
	w.run(look, step.Spec{Action: "assert", Target: "#ask .words", Text: text("Sure?")}, step.Spec{Action: "assert", Target: "#ask", Text: text("Who has control can answer")})
	press("OK")
	said("true")
	w.run(w.viewer, cell("click", 0, 0))
	asks("The page asks")
	w.run(w.viewer, step.Spec{Action: "press", Key: "Escape"})
	said("false")

	w.run(w.viewer, cell("click", 1, 0))
	asks("The page asks")
	w.run(w.viewer, step.Spec{Action: "press", Key: "Enter"})
	said("Bob")
	w.run(w.viewer, cell("click", 1, 0))
	asks("The page asks")
	w.run(w.viewer, step.Spec{Action: "fill", Target: "#ask input", Value: text("Ann")}, step.Spec{Action: "press", Key: "Enter"})
	said("Ann")

	w.run(w.viewer, cell("click", 2, 0))
	asks("Choose from the list")
	w.run(look, step.Spec{Action: "assert", Target: "#ask h2", Text: text("Choose from the list")})
	w.run(w.viewer, step.Spec{Action: "assert", Target: "#ask optgroup option", Count: new(2)}, step.Spec{Action: "click", Target: "#ask option >> text=Black"})
	said("s input true Black; s change true Black")
	w.run(w.viewer, cell("click", 2, 0))
	asks("Choose from the list")
	w.run(w.viewer, step.Spec{Action: "press", Key: "ArrowUp"}, step.Spec{Action: "press", Key: "ArrowUp"}, step.Spec{Action: "press", Key: "Enter"})
	said("s input true Green; s change true Green")
	w.run(w.viewer, cell("click", 2, 0))
	asks("Choose from the list")
	press("Cancel")
	w.run(w.viewer, step.Spec{Action: "waitFor", Target: "#ask", State: "hidden"})

	w.run(w.viewer, cell("click", 0, 1))
	asks("Choose a date")
	w.run(w.viewer, step.Spec{Action: "fill", Target: "#ask input", Value: text("2026-02-28")})
	press("Choose")
	said("d input false 2026-02-28; d change false 2026-02-28")
	// What a page says of a field is bounded, and is told without secrets, which stay as they are.
	w.seen.Secrets.Add("2026-02-28", "hush-hush")
	w.run(w.seen, step.Spec{Action: "evaluate", Expression: "d.max = '9'.repeat(1e6), d.step = 'hush-hush', 1"})
	w.run(w.viewer, cell("click", 0, 1))
	asks("Choose a date")
	if a := w.seen.Ask(); a.Value != domain.Hidden || a.Step != domain.Hidden || len(a.Max) > 1000 {
		t.Errorf("of a field is told %.2000v", *a)
	}
	press("Choose")
	w.run(w.viewer, step.Spec{Action: "waitFor", Target: "#ask", State: "hidden"})
	w.becomes("the date stays", "did.length === 0 && d.value === '2026-02-28'")
	w.run(w.viewer, cell("click", 1, 1))
	asks("Choose a colour")
	w.run(w.viewer, step.Spec{Action: "fill", Target: "#ask input", Value: text("#00ff00")})
	press("Choose")
	said("k input false #00ff00; k change false #00ff00")

	w.run(w.viewer, cell("click", 3, 0))
	asks("Choose files")
	large := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 300_000)))
	w.run(w.viewer, step.Spec{Action: "upload", Target: "#ask input", Files: []step.File{{Name: "a.txt", Content: large}, {Name: "empty.txt", Content: ""}, {Name: "b.txt", Content: "SGk="}}})
	press("Upload")
	said("f input true a.txt300000,empty.txt0,b.txt2; f change true a.txt300000,empty.txt0,b.txt2")
	w.run(w.seen, step.Spec{Action: "waitFor", Expression: "Promise.all([...f.files].map((f) => f.text())).then((all) => all[0] === 'x'.repeat(300000) && all[1] === '' && all[2] === 'Hi')"})
	w.run(w.viewer, cell("click", 3, 0))
	asks("Choose files")
	press("Cancel")
	said("f cancel false a.txt300000,empty.txt0,b.txt2")

	for place, shape := range map[[2]int]string{{0, 0}: "help", {1, 0}: "crosshair", {2, 1}: "pointer", {2, 0}: "default"} {
		w.run(w.viewer, cell("hover", place[0], place[1]), step.Spec{Action: "waitFor", Expression: "screen0 = document.querySelector('#screen').style.cursor === '" + shape + "'"})
	}

	// Nobody is kept waiting by who gives control back.
	w.run(w.viewer, cell("click", 0, 0))
	asks("The page asks")
	w.run(w.viewer, step.Spec{Action: "click", Target: "#control"})
	said("false")
	w.run(look, step.Spec{Action: "waitFor", Target: "#ask", State: "hidden"})
}

// cell is a step at the middle of one of the cells of asking.
func (w *twin) cell(action string, column, row int) step.Spec {
	w.t.Helper()
	s := step.Spec{Action: "evaluate", Expression: "(() => { const r = document.querySelector('#screen').getBoundingClientRect(); return [r.width, r.height] })()"}
	raw, f := step.Run(w.t.Context(), w.viewer, &s, nil)
	if f != nil {
		w.t.Fatalf("%+v", f)
	}
	var size [2]float64
	if err := json.Unmarshal(raw, &size); err != nil {
		w.t.Fatalf("%s: %v", raw, err)
	}
	return at(action, size[0]*(float64(column)+0.5)/4, size[1]*(float64(row)+0.5)/2)
}

// TestNobodyElseAnswers what a page asks: not by a link for looking, not by one for
// control that doesn't have it, and not by one of another session.
func TestNobodyElseAnswers(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	page, other := browsertest.Launch(t, l, domain.SessionOptions{}).Page(), browsertest.Launch(t, l, domain.SessionOptions{}).Page()
	h := &fakeSessions{pages: map[string]*browser.Page{"a": page}, mode: domain.StreamControl}
	elsewhere := &fakeSessions{pages: map[string]*browser.Page{"b": other}, mode: domain.StreamControl}
	server, theirs := h.open(t), elsewhere.open(t)
	ada, bob, carol := look(t, server, "a&viewer=ada"), look(t, server, "a&viewer=bob"), look(t, theirs, "b&viewer=carol")
	for _, conn := range []*websocket.Conn{ada, carol} {
		tell(t, conn, `{"type":"take"}`)
		for mine := false; !mine; {
			s, err := state(t, conn)
			if err != nil {
				t.Fatal(err)
			}
			mine = s.Driver.Mine
		}
	}
	if _, err := page.Send("Runtime.evaluate", map[string]any{"expression": "answered = confirm('Sure?')"}); err != nil {
		t.Fatal(err)
	}
	number := asked(t, bob)
	h.change(func() { h.mode = domain.StreamView })
	forged := []string{
		fmt.Sprintf(`{"type":"answer","number":%d,"accept":true}`, number), fmt.Sprintf(`{"type":"answer","number":%d,"accept":false}`, number),
		fmt.Sprintf(`{"type":"answer","number":%d,"accept":true,"value":"x","option":1}`, number), fmt.Sprintf(`{"type":"files","number":%d,"files":[{"name":"x","size":1}]}`, number),
	}
	for _, message := range forged {
		conn := look(t, server, "a&viewer=eve")
		tell(t, conn, message)
		if sent := ended(t, conn); sent.Code != websocket.StatusPolicyViolation {
			t.Errorf("%s ended with %d %q", message, sent.Code, sent.Reason)
		}
		for _, conn := range []*websocket.Conn{bob, carol} {
			tell(t, conn, message)
			if got := result1(t, conn, 7); got != "null" { // all before was read
				t.Error(got)
			}
		}
	}
	if a := page.Ask(); a == nil || a.Number != number {
		t.Fatalf("it asks %+v", a)
	}
	if _, n := page.Tabs().Dialogs(0); n != 0 || other.Ask() != nil {
		t.Errorf("%d dialogs are answered", n)
	}
	tell(t, ada, forged[0])
	is := step.Spec{Action: "waitFor", Expression: "answered", Timeout: patience.String()}
	if _, f := step.Run(t.Context(), page, &is, nil); f != nil {
		t.Errorf("%+v", f)
	}
}

// asked reads until the viewer is told that the page asks something, and is its number.
func asked(t *testing.T, conn *websocket.Conn) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var said struct {
			Type string
			Ask  *browser.Ask
		}
		if json.Unmarshal(raw, &said) == nil && said.Type == "ask" && said.Ask != nil {
			return said.Ask.Number
		}
	}
}
