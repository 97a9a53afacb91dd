package step_test

import (
	"cmp"
	"errors"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestWhatComesInTheMousesWay as it comes: the target never got it, so no other
// element hears of it, and the step isn't done.
func TestWhatComesInTheMousesWay(t *testing.T) {
	site := pages(t, map[string]string{
		"/frame": `<body style="margin:0" onclick="clicks++"><iframe src=/in style="border:0;width:300px;height:200px"></iframe><script>clicks = 0</script>`,
		"/in":    `<body style="margin:0"><button style="width:200px;height:100px" onmousemove="parent.document.querySelector('iframe').remove()">Go</button>`,
		"/open": `<button id=b style="width:200px;height:100px">Go</button><script>clicks = 0; b.onmousemove = () => {
			document.open(); document.write('<body style="margin:0"><div style="height:100vh" onclick="clicks++">other</div>'); document.close(); clicks = 0 }</script>`,
	})
	b := borrow(t)
	for _, path := range []string{"/frame", "/open"} {
		b.do(step.Spec{Action: "goto", URL: site.URL + path})
		if f := b.fails(step.Spec{Action: "click", Target: "button"}, 3*time.Second); f == nil || f.Code != "target_not_found" {
			t.Errorf("%s: %+v", path, f)
		}
		if got := b.value("clicks"); got != "0" {
			t.Errorf("%s: something else got %s clicks", path, got)
		}
	}
}

// TestAClickInWhatIsGoneIsDone when the target heard of it, and not when nobody
// knows.
func TestAClickInWhatIsGoneIsDone(t *testing.T) {
	site := pages(t, map[string]string{
		"/":      `<button onclick="location = '/two'">Go</button>`,
		"/two":   `<p>two</p>`,
		"/frame": `<iframe src=/in></iframe>`,
		"/in":    `<button onmousedown="parent.document.querySelector('iframe').remove()">Go</button>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	was := b.page.Main()
	b.do(step.Spec{Action: "click", Target: "button"})
	b.do(step.Spec{Action: "waitFor", Target: "text=two"})
	_, err := step.Missed(t.Context(), b.page, was)
	if f, ok := errors.AsType[*domain.Failure](err); !ok || f.Code != step.CodeUnheard {
		t.Errorf("a document that is gone and said nothing: %v", err)
	}
	b.do(step.Spec{Action: "goto", URL: site.URL + "/frame"})
	b.do(step.Spec{Action: "click", Target: "button"})
}

// TestANumberFieldThatTookSomethingElse than what was typed, which is no number:
// it shows that and holds nothing.
func TestANumberFieldThatTookSomethingElse(t *testing.T) {
	site := pages(t, map[string]string{"/": `<input id=n type=number><script>n.addEventListener('beforeinput', e => {
		if (e.data === '5') { e.preventDefault(); document.execCommand('insertText', false, '-') } })</script>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	if _, f := b.run(step.Spec{Action: "fill", Target: "#n", Value: ptr("5"), Timeout: "20s"}); f == nil || f.Code != "value_invalid" {
		t.Errorf("%+v", f)
	}
	b.do(step.Spec{Action: "fill", Target: "#n", Value: ptr("6")})
}

// TestATargetThatSlipsAway from under a button that is down gets no click, and the
// step says so; what the page does itself when the button goes down is its answer.
func TestATargetThatSlipsAway(t *testing.T) {
	site := pages(t, map[string]string{"/": `<style>body { margin: 0 } button { display: block; width: 200px; height: 40px }</style>
		<div id=late></div><button id=plain>Go</button><button id=moves onmousedown="late.style.height = '200px'">Go</button>
		<button id=hides onmousedown="this.style.display = 'none'">Go</button>
		<script>clicks = 0; plain.onclick = () => clicks++</script>`})
	b := borrow(t)
	later := func() { b.value("late.style.height = '200px'; 1") }
	for _, tt := range []struct {
		target  string
		between func()
		code    string
	}{
		{"#plain", func() {}, ""}, {"#plain", later, "click_missed"}, {"#moves", func() {}, ""}, {"#hides", func() {}, ""},
		{"#plain", func() { b.value("plain.remove(); 1") }, ""},
	} {
		b.do(step.Spec{Action: "goto", URL: site.URL})
		err := step.Slipped(t.Context(), b.page, tt.target, func() {
			// What the page does about the button has been done.
			b.value("new Promise(done => setTimeout(done, 20, 1))")
			tt.between()
		})
		f, _ := errors.AsType[*domain.Failure](err)
		if (f != nil) != (tt.code != "") || f != nil && f.Code != tt.code || err != nil && f == nil {
			t.Errorf("%s: %v, want %q", tt.target, err, tt.code)
		}
		if got := b.value("clicks"); tt.code != "" && got != "0" {
			t.Errorf("%s: it got %s clicks", tt.target, got)
		}
	}
}

// TestATargetWhoseFrameSlipsAway gets no click either, also when the button comes up
// before the page has done anything else.
func TestATargetWhoseFrameSlipsAway(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<style>body { margin: 0 } iframe { position: relative; left: 0; border: 0 }</style><iframe id=f src=in></iframe>`,
		"/in": `<style>body { margin: 0 }</style><button id=b>Go</button><script>clicks = 0; b.onclick = () => clicks++
			const busy = () => performance.now() < until && scheduler.postTask(busy, { priority: 'user-blocking' })
			b.onmousedown = () => { until = performance.now() + 1000; busy() }</script>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	err := step.Slipped(t.Context(), b.page, "#b", func() { b.value("f.style.left = '200px'; 1") })
	if f, _ := errors.AsType[*domain.Failure](err); f == nil || f.Code != "click_missed" {
		t.Error(err)
	}
	if got := b.value("f.contentWindow.clicks"); got != "0" {
		t.Errorf("it got %s clicks", got)
	}
}

// TestAnInputThatIsLost on its way, wholly or but for its end, is made again: a step is
// not done because nobody saw it go wrong.
func TestAnInputThatIsLost(t *testing.T) {
	const in = `<style>body { margin: 0 }</style><button id=b style="width:200px;height:100px">Go</button>
		<script>for (const type of ['mouseover', 'mousedown', 'mouseup', 'click', 'wheel']) b.addEventListener(type, () => b.textContent += ' ' + type)</script>`
	site := pages(t, map[string]string{
		"/": in, "/in": in, "/near": `<iframe src=in></iframe>`,
		"/far": `<script>document.write('<iframe src="http://localhost:' + location.port + '/in"></iframe>')</script>`,
	})
	b := borrow(t)
	press := []string{"mousePressed", "mouseReleased"}
	for _, path := range []string{"/", "/near", "/far"} {
		for _, tt := range []struct {
			use            string
			arrives, whole []string
			heard          string
		}{
			{"mouse", nil, press, `"Go mouseover mousedown mouseup click"`},
			{"mouse", press[1:], press, `"Go mouseover mousedown mouseup click"`},
			{"hover", nil, []string{"mouseMoved"}, `"Go mouseover"`},
			{"wheel", nil, []string{"mouseWheel"}, `"Go wheel"`},
		} {
			// The mouse isn't over the target, but for what arrives.
			if err := b.page.Hover(t.Context(), 700, 500, 0); err != nil {
				t.Fatal(err)
			}
			b.do(step.Spec{Action: "goto", URL: site.URL + path})
			tries := [][]string{tt.arrives, tt.whole}
			err := step.Pointed(t.Context(), b.page, "#b", tt.use, func(send func(event string) error) (err error) {
				for _, event := range tries[0] {
					err = cmp.Or(err, send(event))
				}
				tries = tries[1:]
				return err
			})
			if err != nil || len(tries) > 0 {
				t.Errorf("%s, %s, of which %q arrives first: %v, %d tries left", path, tt.use, tt.arrives, err, len(tries))
			}
			if got := b.do(step.Spec{Action: "extract", Target: "#b"}); got != tt.heard {
				t.Errorf("%s, %s, of which %q arrives first: %s", path, tt.use, tt.arrives, got)
			}
		}
	}
}

// TestAFrameThatBeginsToMove is waited for as its target is.
func TestAFrameThatBeginsToMove(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<style>body { margin: 0 } iframe { position: relative; left: 0; border: 0; transition: left .4s linear }</style><iframe id=f src=in></iframe>
			<script>go = () => { f.style.left = '300px'; return 1 }</script>`,
		"/in": `<style>body { margin: 0 }</style><button id=b>Go</button><script>clicks = 0; b.onclick = () => clicks++</script>`,
	})
	b := borrow(t)
	for range 5 {
		b.do(step.Spec{Action: "goto", URL: site.URL})
		b.value("go()")
		b.do(step.Spec{Action: "click", Target: "#b", Timeout: "20s"})
		if got := b.value("f.contentWindow.clicks + ' ' + getComputedStyle(f).left"); got != `"1 300px"` {
			t.Errorf("clicks and place: %s", got)
		}
	}
}
