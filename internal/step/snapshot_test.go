package step_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

type outline struct {
	URL, Title, Outline string
	Lines, Next         int
}

func (b *bench) snapshot(s step.Spec) (o outline) {
	b.t.Helper()
	s.Action = "snapshot"
	if err := json.Unmarshal([]byte(b.do(s)), &o); err != nil {
		b.t.Fatal(err)
	}
	return o
}

// seenPage has all that an outline tells, and what it doesn't.
const seenPage = `<h1>Tea   shop</h1><p>Tea since <b>1906</b>, from <a href=/g>our garden</a>.<br>Open.</p>
	<label>E-mail <input value=a@b.example></label><label>Password <input type=password value=hush-hush></label>
	<input placeholder=Search><input><input readonly aria-label=Fixed value=x>
	<label>Size <select><option>Small<option selected>Large</select></label><select aria-label=Country>` + "%s" + `</select>
	<label><input type=checkbox checked> News</label><label><input type=checkbox disabled> Gift</label>
	<ul><li>Green <button>Add</button><li>Black <button>Add</button><li>White <button id=white>Add</button><li>Alone</ul>
	<button data-testid=buy>Buy</button><button data-testid=buy-2>Buy</button><button aria-pressed=true>Bold</button><button aria-expanded=false>More</button>
	<table><tr><th>Day<th>Opens<tr><td>Monday<td>9:00<tr><td>Sunday<td><a href=/s>Ask</a></table>
	<div style="display:none"><button>Hidden</button>never</div><div aria-hidden=true>unsaid</div><div style="visibility:hidden">void <button style="visibility:visible">Visible</button></div>
	<details><summary>Details</summary>closed words</details><div onclick="" style="cursor:pointer">Press here</div>
	<a href=/l>` + "%s" + `</a><img alt="A cup"><img alt=""><nav aria-label=Main><a href=/h>Home</a></nav><script>var code</script><x-host></x-host>
	<iframe name=pay srcdoc="<button>Pay</button><button>Pay</button><iframe id=deep srcdoc='<button>Deep</button>'></iframe>"></iframe><iframe title=far srcdoc="<input aria-label=Far>"></iframe>
	<iframe style="display:none" srcdoc="<button>Unseen</button>"></iframe>
	<script>document.querySelector('x-host').attachShadow({mode:'open'}).innerHTML = '<button>Shadow</button><button>Add</button>'</script>`

var seenOutline = strings.TrimSpace(`
- heading "Tea shop" (level 1)
- text: Tea since 1906, from
- link "our garden"
- text: .
- text: Open.
- textbox "E-mail": a@b.example
- textbox "Password": •••
- textbox "Search"
- textbox → role=textbox >> nth=3
- textbox "Fixed" (read-only): x
- combobox "Size": Large [options: "Small", "Large"]
- combobox "Country": Land 0 [options: "Land 0", "Land 1", "Land 2", "Land 3", "Land 4", "Land 5", "Land 6", "Land 7", "Land 8", "Land 9", "Land 10", "Land 11", … 188 more]
- checkbox "News" (checked)
- checkbox "Gift" (disabled)
- listitem
  - text: Green
  - button "Add" → role=button[name="Add"] >> nth=0
- listitem
  - text: Black
  - button "Add" → role=button[name="Add"] >> nth=1
- listitem
  - text: White
  - button "Add" → #white
- text: Alone
- button "Buy" → testid=buy
- button "Buy" → testid=buy-2
- button "Bold" (pressed)
- button "More" (collapsed)
- row: Day | Opens
- row: Monday | 9:00
- row
  - text: Sunday
  - link "Ask"
- button "Visible"
- text: Details
- clickable "Press here" → text="Press here"
- link "long long long long long long long long long long long long long long long long …" → role=link[name="LONG"]
- img "A cup"
- navigation "Main"
  - link "Home"
- button "Shadow"
- button "Add" → role=button[name="Add"] >> nth=3
- frame frame=pay
  - button "Pay" → role=button[name="Pay"] >> nth=0
  - button "Pay" → role=button[name="Pay"] >> nth=1
  - frame frame=deep
    - button "Deep"
- frame frame="iframe >> nth=1"
  - textbox "Far"`)

// TestSnapshot: each line tells what is there in the words that name it, and each target
// that a line says or means is that of one element.
func TestSnapshot(t *testing.T) {
	var options strings.Builder
	for i := range 200 {
		fmt.Fprintf(&options, "<option>Land %d", i)
	}
	long := strings.TrimSpace(strings.Repeat("long ", 40))
	site := pages(t, map[string]string{"/": fmt.Sprintf(seenPage, options.String(), long)})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	got := b.snapshot(step.Spec{})
	if want := strings.ReplaceAll(seenOutline, "LONG", long); got.Outline != want {
		t.Fatalf("the outline is\n%s\n\nand not\n%s", got.Outline, want)
	}
	if got.Title != "/" || got.URL != site.URL+"/" || got.Next != 0 || got.Lines != strings.Count(got.Outline, "\n")+1 {
		t.Errorf("beside it: %+v", got)
	}
	said := regexp.MustCompile(`^( *)- (?:(frame) (.*)|(\w+)(?: ("(?:[^"\\]|\\.)*"))?.*?(?: → (.*))?)$`)
	frames, aimed := []string{}, 0
	for line := range strings.SplitSeq(got.Outline, "\n") {
		m := said.FindStringSubmatch(line)
		depth := len(m[1]) / 2
		if m[2] != "" {
			frames = append(frames[:min(len(frames), depth)], m[3]+" >> ")
			continue
		}
		if depth == 0 {
			frames = nil
		}
		target := m[6]
		if target == "" && (m[5] == "" || m[4] == "text") {
			continue
		}
		if target == "" {
			target = "role=" + m[4] + "[name=" + m[5] + "]"
		}
		aimed++
		// Twice as many, or none, would fail it.
		if _, why := b.run(step.Spec{Action: "waitFor", Target: strings.Join(frames, "") + target, State: "attached", Timeout: "20s"}); why != nil {
			t.Errorf("%s\n%s: %+v", line, target, why)
		}
	}
	if aimed < 30 {
		t.Errorf("only %d lines have targets", aimed)
	}
}

// TestSnapshotParts: of one element, of the lines with a text, from a line on, of a length.
func TestSnapshotParts(t *testing.T) {
	site := pages(t, map[string]string{"/": `<main><ul id=all></ul></main><aside aria-label=Side><button>Aside</button></aside><iframe name=in srcdoc="<ul><li><button>In</button> a frame</ul>"></iframe>
		<script>for (let i = 0; i < 500; i++) all.insertAdjacentHTML("beforeend", "<li>Tea " + i + " <button>Add " + i + "</button>")</script>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	if got := b.snapshot(step.Spec{Target: "aside"}); got.Outline != "- complementary \"Side\"\n  - button \"Aside\"" {
		t.Errorf("of one element: %s", got.Outline)
	}
	if got := b.snapshot(step.Spec{Target: "frame=in >> li"}); got.Outline != "- listitem\n  - button \"In\"\n  - text: a frame" {
		t.Errorf("in a frame: %s", got.Outline)
	}
	if got := b.snapshot(step.Spec{Text: ptr("ADD 417")}); got.Outline != "- main\n  - listitem\n    - button \"Add 417\"" || got.Lines != 3 {
		t.Errorf("with a text: %+v", got)
	}
	if got := b.snapshot(step.Spec{Text: ptr("nowhere")}); got.Outline != "" || got.Lines != 0 {
		t.Errorf("with another text: %+v", got)
	}
	whole := b.snapshot(step.Spec{MaxLength: 100_000})
	if whole.Next != 0 || whole.Lines < 1500 {
		t.Fatalf("%d lines, next %d", whole.Lines, whole.Next)
	}
	var parts []string
	for from := 0; ; {
		part := b.snapshot(step.Spec{From: from, MaxLength: 5000})
		if len(part.Outline) > 5000 || part.Lines != whole.Lines {
			t.Fatalf("a part of %d bytes of %d lines", len(part.Outline), part.Lines)
		}
		parts = append(parts, part.Outline)
		if from = part.Next; from == 0 {
			break
		}
	}
	if got := strings.Join(parts, "\n"); got != whole.Outline || len(parts) < 5 {
		t.Errorf("%d parts are not the whole", len(parts))
	}
	if got := b.snapshot(step.Spec{}); len(got.Outline) > 10_000 || got.Next == 0 {
		t.Errorf("unasked it has %d bytes, next %d", len(got.Outline), got.Next)
	}
	if got := b.snapshot(step.Spec{From: 100_000}); got.Outline != "" || got.Next != 0 {
		t.Errorf("from behind its end: %+v", got)
	}
	for _, s := range []step.Spec{{Target: "#none"}, {Target: "button"}} {
		s.Action, s.Timeout = "snapshot", "300ms"
		if _, why := b.run(s); why == nil || !strings.HasPrefix(why.Code, "target_") {
			t.Errorf("of %s: %+v", s.Target, why)
		}
	}
}

// TestSnapshotOfHostilePages: it ends, and keeps to its bounds.
func TestSnapshotOfHostilePages(t *testing.T) {
	site := pages(t, map[string]string{
		"/deep":   `<body><script>let el = document.body; for (let i = 0; i < 600; i++) { el.append(document.createElement(i % 2 ? "section" : "article")); el = el.lastChild; el.setAttribute("aria-label", "x") }</script>`,
		"/wide":   `<body><script>document.body.innerHTML = "<button>x</button>".repeat(20000)</script>`,
		"/names":  `<button aria-label="a&quot;] >> nth=0\n- button &quot;b">x</button><button>quo"te \\ slash</button>`,
		"/fields": `<form><input name=childNodes><input name=children><input name=shadowRoot><input name=querySelectorAll></form>`,
		"/long":   `<p id=p></p><script>p.textContent = "word ".repeat(500000)</script>`,
		"/none":   ``,
		"/svg":    `<svg><title>A drawing</title><a href=/><text>Go</text></a></svg><math><mi>x</mi></math><video controls></video><canvas></canvas><dialog open>Modal</dialog>`,
	})
	b := borrow(t)
	for path, want := range map[string]string{
		"/deep": "article", "/wide": "nth=1", "/fields": "textbox", "/long": "…", "/none": "", "/svg": "Modal",
		"/names": `- button "a\"] >> nth=0`,
	} {
		b.do(step.Spec{Action: "goto", URL: site.URL + path})
		got := b.snapshot(step.Spec{Timeout: "60s"})
		if !strings.Contains(got.Outline, want) || len(got.Outline) > 10_000 {
			t.Errorf("%s: %d bytes: %.300s", path, len(got.Outline), got.Outline)
		}
		if path == "/names" && strings.Count(got.Outline, "\n") != 1 {
			t.Errorf("a name makes lines of its own:\n%s", got.Outline)
		}
	}
}

// TestSnapshotHidesSecrets that were typed.
func TestSnapshotHidesSecrets(t *testing.T) {
	site := pages(t, map[string]string{"/": `<input aria-label=Code oninput="out.textContent = 'You typed ' + value"><p id=out></p>`})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	b.do(step.Spec{Action: "fill", Target: "label=Code", Value: ptr("open-sesame"), Secret: true})
	if got := b.snapshot(step.Spec{}); strings.Contains(got.Outline, "sesame") || !strings.Contains(got.Outline, "You typed …") {
		t.Errorf("the outline is\n%s", got.Outline)
	}
}
