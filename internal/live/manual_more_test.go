package live_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// handled is a page that asks, takes files, has things to drag and a list that grows when it
// is scrolled. What became of it is outcome().
const handled = `<!doctype html><link rel=icon href="data:,"><title>handled</title>
<style>body { margin: 8px; font: 16px sans-serif } div { margin: 4px 0 } #knob { position: relative; left: 0; width: 40px; height: 40px; background: #888 } #card, #done { display: inline-block; width: 90px; height: 40px; background: #cde } #list { width: 300px; height: 100px; overflow: auto } #list button { display: block; height: 40px; margin: 0 }</style>
<button id=ask>Ask</button> <button id=name>Name</button> <input id=papers type=file multiple aria-label=Papers>
<div id=knob role=slider aria-label=Knob></div>
<div id=card draggable=true>Card</div> <div id=done>Done</div>
<div id=list role=list aria-label=Rows></div>
<script>
	log = [];
	outcome = () => JSON.stringify(log);
	ask.onclick = () => log.push("confirm " + confirm("Sure?"));
	document.getElementById("name").onclick = () => log.push("prompt " + prompt("Name?", "Bob"));
	papers.onchange = async () => log.push("files " + (await Promise.all([...papers.files].map(async (f) => f.name + " " + await f.text()))).join());
	let from = null;
	knob.onpointerdown = (e) => { from = e.clientX - knob.offsetLeft; knob.setPointerCapture(e.pointerId); };
	knob.onpointermove = (e) => { if (from !== null) knob.style.left = Math.max(0, e.clientX - from - 8) + "px"; };
	knob.onpointerup = () => { from = null; log.push("knob " + Math.round(knob.offsetLeft / 10)); };
	card.ondragstart = (e) => e.dataTransfer.setData("text/plain", "card");
	done.ondragover = (e) => e.preventDefault();
	done.ondrop = (e) => { e.preventDefault(); log.push("dropped " + e.dataTransfer.getData("text/plain")); };
	let rows = 0;
	const grow = () => { for (let n = 0; n < 10; n++) { const b = document.createElement("button"); b.textContent = "Row " + ++rows; b.onclick = () => log.push(b.textContent); list.append(b); } };
	grow();
	list.onscroll = () => { if (list.scrollTop + list.clientHeight > list.scrollHeight - 10 && rows < 20) grow(); };
	addEventListener("keydown", (e) => log.push(e.key));
</script>`

// middle is where the middle of what an expression is lies, in fractions of the page, and
// how large the page is.
func (p *person) middle(element string) (x, y, width, height float64) {
	p.t.Helper()
	s := step.Spec{Action: "evaluate", Expression: fmt.Sprintf(`((r) => [(r.x + r.width / 2) / innerWidth, (r.y + r.height / 2) / innerHeight, innerWidth, innerHeight])((%s).getBoundingClientRect())`, element)}
	raw, f := step.Run(p.t.Context(), p.page, &s, nil)
	var at [4]float64
	if f != nil || json.Unmarshal(raw, &at) != nil {
		p.t.Fatalf("%s: %+v", element, f)
	}
	return at[0], at[1], at[2], at[3]
}

// drags drags from a place to another.
func (p *person) drags(x, y, toX, toY float64) {
	p.t.Helper()
	mouse := func(kind string, x, y float64) {
		p.tell(fmt.Sprintf(`{"type":"mouse","kind":%q,"button":"left","clicks":1,"x":%g,"y":%g}`, kind, x, y))
	}
	mouse("move", x, y)
	mouse("down", x, y)
	for part := range 4 {
		share := float64(part+1) / 4
		mouse("move", x+(toX-x)*share, y+(toY-y)*share)
	}
	mouse("up", toX, toY)
}

// TestWhatAPersonAnswersGivesAndDrags, and scrolls to, is steps that do the same; and what
// is secret of it is in none of them, however it came there.
func TestWhatAPersonAnswersGivesAndDrags(t *testing.T) {
	t.Parallel()
	const secret = "hush-hush"
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, handled)
	}))
	t.Cleanup(site.Close)
	l := browsertest.Launcher(t, step.Script(), nil)
	page := browsertest.Launch(t, l, domain.SessionOptions{}).Page()
	goTo := step.Spec{Action: "goto", URL: site.URL + "/?key=" + secret}
	if _, f := step.Run(t.Context(), page, &goTo, nil); f != nil {
		t.Fatalf("%+v", f)
	}
	page.Secrets.Add(secret)
	h := &fakeSessions{current: func(string) *browser.Page { return page }, mode: domain.StreamControl}
	p := &person{t, page, look(t, h.open(t), "a&viewer=ada")}
	picture(t, p.conn, func(image.Image) bool { return true })
	p.tell(`{"type":"take"}`)
	answers := func(how string) {
		t.Helper()
		p.tell(fmt.Sprintf(`{"type":"answer","number":%d,%s}`, asked(t, p.conn), how))
	}

	p.click("ask", 1)
	answers(`"accept":true`)
	becomes(t, page, "log.at(-1) === 'confirm true'")
	p.click("document.getElementById('name')", 1)
	answers(`"accept":true,"value":"Ann"`)
	becomes(t, page, "log.at(-1) === 'prompt Ann'")
	p.click("papers", 1)
	p.tell(fmt.Sprintf(`{"type":"files","number":%d,"files":[{"name":"a.txt","size":2},{"name":"b.txt","size":%d}]}`, asked(t, p.conn), len(secret)))
	for kind := ""; kind != "ready"; {
		_, raw, err := p.conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var said struct{ Type string }
		if json.Unmarshal(raw, &said) == nil {
			kind = said.Type
		}
	}
	if err := p.conn.Write(t.Context(), websocket.MessageBinary, []byte("Hi"+secret)); err != nil {
		t.Fatal(err)
	}
	becomes(t, page, "log.at(-1)?.startsWith('files a.txt Hi,b.txt ')")

	x, y, width, height := p.middle("knob")
	p.drags(x, y, x+200/width, y)
	becomes(t, page, "log.at(-1) === 'knob 20' || log.at(-1) === 'knob 21'")
	x, y, _, _ = p.middle("card")
	toX, toY, _, _ := p.middle("done")
	p.drags(x, y, toX, toY)
	becomes(t, page, "log.at(-1) === 'dropped card'")

	x, y, _, _ = p.middle("list")
	wheel := func(by int, until string) {
		t.Helper()
		p.tell(fmt.Sprintf(`{"type":"wheel","x":%g,"y":%g,"dy":%d}`, x, y-20/height, by))
		becomes(t, page, until)
	}
	wheel(400, "rows === 20")
	wheel(150, "list.scrollTop >= 450")
	p.click("list.children[12]", 1)
	becomes(t, page, "log.at(-1) === 'Row 13'")
	p.types(secret)
	becomes(t, page, "log.slice(-9).join('') === '"+secret+"'")

	p.tell(`{"type":"release"}`)
	var kept []byte
	for deadline := time.Now().Add(20 * time.Second); ; {
		var over bool
		h.change(func() { kept, over = h.actions, h.control == nil && h.actions != nil })
		if over {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not given back")
		}
		<-h.looked()
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	if strings.Contains(string(kept), "hush") || strings.Contains(string(kept), encoded) {
		t.Errorf("a secret is kept: %s", kept)
	}
	var done step.ManualActions
	if err := json.Unmarshal(kept, &done); err != nil {
		t.Fatalf("%s: %v", kept, err)
	}
	var actions []string
	for _, s := range done.Steps {
		actions = append(actions, s.Action)
	}
	if diff := cmp.Diff([]string{"dialog", "click", "dialog", "click", "upload", "drag", "drag", "scroll", "scroll", "click", "type"}, actions); diff != "" {
		t.Fatalf("%s%s", diff, kept)
	}
	for _, m := range done.Missing {
		if s := &done.Steps[m.Index]; m.Member == "files" {
			s.Files[1].Content = encoded
		} else {
			s.Value = new(string)
			*s.Value = secret
		}
	}
	if len(done.Missing) != 2 {
		t.Errorf("missing are %+v", done.Missing)
	}

	fresh := browsertest.Launch(t, l, domain.SessionOptions{}).Page()
	for i, s := range slices.Insert(done.Steps, 0, goTo) {
		if err := s.Check("step"); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if _, f := step.Run(t.Context(), fresh, &s, nil); f != nil {
			t.Fatalf("step %d %s %s: %+v", i, s.Action, s.Target, f)
		}
	}
	if diff := cmp.Diff(outcome(t, page), outcome(t, fresh)); diff != "" {
		t.Errorf("the steps did something else: %s", diff)
	}
}
