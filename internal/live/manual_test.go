package live_test

import (
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

// worked is a page on which a person does many things, in it, in a shadow root and in a
// frame of another site. What became of it is outcome().
const worked = `<!doctype html><link rel=icon href="data:,"><title>worked</title>
<style>body { margin: 8px; font: 16px sans-serif } form, label, section { display: inline-block; margin: 2px } iframe { border: 0; width: 600px; height: 80px }</style>
<form><label>Search <input id=search></label></form> <label>Password <input id=password type=password></label>
<label>Note <textarea id=note rows=2></textarea></label>
<label>Size <select id=size><option value=s>Small<option value=m>Medium<option value=l>Large</select></label>
<label id=wrap><input id=gift type=checkbox> Gift wrap</label> <label><input id=slow type=radio name=speed value=slow> Slow</label> <label><input id=fast type=radio name=speed value=fast> Fast</label><br>
<section aria-label=Tea><button id=tea>Buy</button></section> <section aria-label=Cups><button id=cups>Buy</button></section>
<button id=late onclick="this.remove()">Remove</button> <span id=plain style="cursor:pointer">Click here</span> <div id=word role=textbox aria-label=Letter contenteditable style="display:inline-block;width:200px;height:24px"></div>
<div id=host></div><iframe id=pay src="OTHER"></iframe><canvas id=canvas width=100 height=50 style="background:#ddd"></canvas><a id=more href="OTHER" target=_blank>More</a>
<script>
	log = [];
	host.attachShadow({ mode: "open" }).innerHTML = '<button>Inside</button><input placeholder=Deep>';
	document.querySelector("form").onsubmit = () => { log.push("submit " + search.value); return false; };
	for (const at of [document, host.shadowRoot]) for (const kind of ["click", "dblclick"])
		at.addEventListener(kind, (e) => { if (e.target.matches("button,span,canvas")) log.push(kind + " " + (e.target.id || e.target.textContent) + (e.shiftKey ? " shift" : "") + (e.target.matches("canvas") ? " " + Math.round(e.offsetX / 10) : "")); });
	addEventListener("keydown", (e) => { if (e.target === document.body) log.push("key " + e.key); });
	addEventListener("message", (e) => { framed = e.data; });
	framed = "";
	outcome = () => JSON.stringify({ log, framed, search: search.value, password: password.value.length, note: note.value, size: size.value, gift: gift.checked,
		fast: fast.checked, word: word.innerText, deep: host.shadowRoot.querySelector("input").value, late: !document.getElementById("late") });
</script>`

const framed = `<!doctype html><body style="margin:0"><label>Card <input id=card></label> <button>Pay</button><script>
	clicks = 0;
	tell = () => parent.postMessage(card.value + " " + clicks, "*");
	card.oninput = tell;
	document.querySelector("button").onclick = () => { clicks++; tell(); };
</script>`

// person drives a session's page over the live page's socket.
type person struct {
	t    *testing.T
	page *browser.Page
	conn *websocket.Conn
}

func (p *person) tell(messages ...string) {
	p.t.Helper()
	for _, m := range messages {
		tell(p.t, p.conn, m)
	}
}

// click clicks in the middle of what an expression is.
func (p *person) click(element string, clicks int, more ...string) {
	p.t.Helper()
	s := step.Spec{Action: "evaluate", Expression: fmt.Sprintf(`((el) => {
		let r = el.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
		return [x / innerWidth, y / innerHeight];
	})(%s)`, element)}
	raw, f := step.Run(p.t.Context(), p.page, &s, nil)
	var at [2]float64
	if f != nil || json.Unmarshal(raw, &at) != nil {
		p.t.Fatalf("%s: %+v", element, f)
	}
	p.clickAt(at[0], at[1], clicks, more...)
}

func (p *person) clickAt(x, y float64, clicks int, more ...string) {
	p.t.Helper()
	for n := range clicks {
		for _, kind := range []string{"down", "up"} {
			p.tell(fmt.Sprintf(`{"type":"mouse","kind":%q,"button":"left","clicks":%d,"x":%g,"y":%g%s}`, kind, n+1, x, y, strings.Join(more, "")))
		}
	}
}

func (p *person) types(text string) {
	p.t.Helper()
	for _, c := range text {
		p.key(string(c))
	}
}

func (p *person) key(names ...string) {
	p.t.Helper()
	for _, name := range names {
		p.tell(fmt.Sprintf(`{"type":"key","kind":"down","key":%q}`, name), fmt.Sprintf(`{"type":"key","kind":"up","key":%q}`, name))
	}
}

// becomes waits until a page's outcome, or another expression, is so.
func becomes(t *testing.T, page *browser.Page, expression string) {
	t.Helper()
	s := step.Spec{Action: "waitFor", Expression: expression, Timeout: patience.String()}
	if _, f := step.Run(t.Context(), page, &s, nil); f != nil {
		t.Fatalf("%s: %+v; %s", expression, f, outcome(t, page))
	}
}

func outcome(t *testing.T, page *browser.Page) string {
	t.Helper()
	s := step.Spec{Action: "evaluate", Expression: "outcome()"}
	raw, f := step.Run(t.Context(), page, &s, nil)
	var text string
	if f != nil || json.Unmarshal(raw, &text) != nil {
		t.Fatalf("%+v", f)
	}
	return text
}

// TestWhatAPersonDidIsStepsThatDoTheSame on a page that nobody has touched.
func TestWhatAPersonDidIsStepsThatDoTheSame(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, framed)
	}))
	t.Cleanup(other.Close)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, strings.ReplaceAll(worked, "OTHER", strings.Replace(other.URL, "127.0.0.1", "localhost", 1)))
	}))
	t.Cleanup(site.Close)
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	page := b.Page()
	goTo := step.Spec{Action: "goto", URL: site.URL}
	if _, f := step.Run(t.Context(), page, &goTo, nil); f != nil {
		t.Fatalf("%+v", f)
	}
	h := &fakeSessions{current: func(string) *browser.Page { return b.Page().Tabs().Current() }, mode: domain.StreamControl, name: "Ada"}
	p := &person{t, page, look(t, h.open(t), "a&viewer=ada")}
	picture(t, p.conn, func(image.Image) bool { return true })
	p.tell(`{"type":"take"}`)

	p.click("search", 1)
	p.types("green tee")
	p.key("Backspace")
	p.types("a")
	p.key("Enter")
	becomes(t, page, "log.includes('submit green tea')")
	p.click("password", 1)
	p.types("hunter2")
	p.click("note", 1)
	p.tell(`{"type":"compose","text":"こん"}`, `{"type":"compose","text":"こんにちは"}`, `{"type":"text","text":"こんにちは"}`)
	p.key("Enter")
	p.types("é!")
	becomes(t, page, "note.value.endsWith('!')")
	p.click("size", 1)
	p.key("ArrowDown", "Enter")
	p.click("wrap", 1)
	p.click("fast", 1)
	p.click("cups", 1)
	p.click("tea", 2)
	p.click("late", 1, `,"modifiers":8`)
	p.click("plain", 1)
	p.click("word", 1)
	p.types("Dear A")
	p.click("host.shadowRoot.querySelector('button')", 1)
	p.click("host.shadowRoot.querySelector('input')", 1)
	p.types("deep")
	p.click("canvas", 1)
	becomes(t, page, "log.some((l) => l.startsWith('click canvas'))")
	frame := step.Spec{Action: "evaluate", Expression: "((r) => [r.x / innerWidth, r.y / innerHeight, innerWidth, innerHeight])(pay.getBoundingClientRect())"}
	raw, f := step.Run(t.Context(), page, &frame, nil)
	var at [4]float64
	if f != nil || json.Unmarshal(raw, &at) != nil {
		t.Fatalf("%+v", f)
	}
	p.clickAt(at[0]+100/at[2], at[1]+10/at[3], 1)
	p.types("4242")
	becomes(t, page, "framed.startsWith('4242')")
	p.key("Tab", "Enter") // its button
	becomes(t, page, "framed === '4242 1'")
	p.click("document.title && pay.nextSibling", 1) // the canvas again: out of the frame
	p.tell(`{"type":"key","kind":"down","key":"Control"}`, `{"type":"key","kind":"down","key":"k","modifiers":2}`, `{"type":"key","kind":"up","key":"k","modifiers":2}`, `{"type":"key","kind":"up","key":"Control"}`)
	p.types("xy")
	becomes(t, page, "log.at(-1) === 'key y'")

	p.click("more", 1)
	becomes(t, page, "log.at(-1) === 'key y'")
	wait := step.Spec{Action: "tab"}
	for opened := ""; !strings.Contains(opened, `"index":1`); {
		raw, f := step.Run(t.Context(), page, &wait, nil)
		if f != nil {
			t.Fatalf("%+v", f)
		}
		opened = string(raw)
	}
	p.tell(`{"type":"use","number":2}`)
	for tabs := page.Tabs(); ; {
		changed := tabs.Changed()
		if tabs.Current() == tabs.Numbered(2) {
			break
		}
		<-changed
	}
	becomes(t, page.Tabs().Numbered(2), "document.readyState === 'complete' && (document.body.style.background = 'red')")
	picture(t, p.conn, mostly(true, false, false)) // it is pointed at what is seen
	p.page = page.Tabs().Numbered(2)
	p.click("card", 1)
	p.types("new")
	becomes(t, p.page, "card.value === 'new'")
	p.tell(`{"type":"release"}`)
	var done step.ManualActions
	for deadline := time.Now().Add(patience); ; {
		var kept []byte
		var over bool
		looked := h.looked() // before it is told of the change, which it looks for
		h.change(func() { kept, over = h.actions, h.control == nil })
		if over {
			if err := json.Unmarshal(kept, &done); err != nil {
				t.Fatalf("%s: %v", kept, err)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is not given back")
		}
		<-looked
	}
	shown, _ := json.MarshalIndent(done, "", " ")
	if strings.Contains(string(shown), "hunter2") || len(done.Missing) != 1 || !strings.Contains(done.Steps[done.Missing[0].Index].Target, "Password") {
		t.Fatalf("the password: %s", shown)
	}
	password := "hunter2"
	done.Steps[done.Missing[0].Index].Value = &password

	fresh := browsertest.Launch(t, l, domain.SessionOptions{}).Page()
	goTo.URL = done.URL
	for i, s := range slices.Insert(done.Steps, 0, goTo) {
		if err := s.Check("step"); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if _, f := step.Run(t.Context(), fresh, &s, nil); f != nil {
			t.Fatalf("step %d %s %s: %+v", i, s.Action, s.Target, f)
		}
	}
	becomes(t, fresh.Tabs().Current(), "card.value === 'new'")
	for _, first := range []*browser.Page{page, fresh} {
		first.Tabs().Use(first)
	}
	if diff := cmp.Diff(outcome(t, page), outcome(t, fresh)); diff != "" {
		t.Errorf("the steps did something else: %s", diff)
	}
}
