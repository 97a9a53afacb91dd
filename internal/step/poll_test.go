package step_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// TestNoFrameHoldsAnotherUp: of several that hang, the page around them too,
// none is waited for when another has what the step waits for.
func TestNoFrameHoldsAnotherUp(t *testing.T) {
	site, busy := busyPages(t, map[string]string{
		"/": `<script>for (const name of ['a', 'b', 'd']) document.write('<iframe src="http://' + name + '.localhost:' + location.port + (name === 'd' ? '/in' : '/hangs') + '"></iframe>')
			ready = 0; onmessage = () => ready++</script>`,
		"/hangs": `<script>parent.postMessage(0, '*'); onload = () => ` + getsBusy + `</script>`,
		"/in":    `<button id=b onclick="this.textContent = 'clicked'">Go</button><script>parent.postMessage(0, '*')</script>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL, WaitUntil: "commit"})
	b.value(`new Promise(done => { const look = () => ready === 3 ? done(1) : setTimeout(look, 10); look() })`)
	for range 2 {
		defer (<-busy)()
	}
	b.do(step.Spec{Action: "click", Target: "#b"})
	b.value(getsBusy)
	defer (<-busy)()
	b.do(step.Spec{Action: "waitFor", Target: "text=clicked"})
}

// TestAPageAtWorkIsNotPassedOver for a frame of another process, which has the same: of
// some tries in one at least, however busy the machine is.
func TestAPageAtWorkIsNotPassedOver(t *testing.T) {
	site := pages(t, map[string]string{
		"/":   `<button onclick="did = 'page'">Go</button><script>did = ''; onmessage = e => did = e.data; document.write('<iframe src="http://ad.localhost:' + location.port + '/in"></iframe>')</script>`,
		"/in": `<button onclick="parent.postMessage('frame', '*')">Go</button>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	work := func() { b.value(`setTimeout(() => { for (const end = Date.now() + 300; Date.now() < end;); }); 1`) }
	var first, several bool
	for range 4 {
		work()
		b.do(step.Spec{Action: "click", Target: "text=Go"})
		first = first || b.value(`did`) == `"page"`
		work()
		_, f := b.run(step.Spec{Action: "click", Target: "frame=*/* >> text=Go", Timeout: "10s"})
		several = several || f != nil && f.Code == "target_ambiguous"
	}
	if !first || !several {
		t.Errorf("clicked in the page, which goes first: %t; refused to choose between both: %t", first, several)
	}
}

// TestANewFrameIsSeenAtOnce, however long the step has looked at the others, a look
// at which goes on for two seconds: of some that come, one at least is clicked in
// less, however busy the machine is.
func TestANewFrameIsSeenAtOnce(t *testing.T) {
	site := pages(t, map[string]string{
		"/":   `<p>here</p><script>later = () => setTimeout(() => { const f = document.createElement('iframe'); f.src = '/in'; document.body.append(f) }, 300); onmessage = e => took = e.data</script>`,
		"/in": `<button>Go</button><script>const began = Date.now(); document.querySelector('button').onclick = () => parent.postMessage(Date.now() - began, '*')</script>`,
	})
	b := borrow(t)
	least := math.MaxInt
	for range 4 {
		b.do(step.Spec{Action: "goto", URL: site.URL})
		b.value("later()")
		b.do(step.Spec{Action: "click", Target: "button"})
		took, err := strconv.Atoi(b.value(`new Promise(done => { const look = () => window.took === undefined ? setTimeout(look, 5) : done(took); look() })`))
		if err != nil {
			t.Fatal(err)
		}
		least = min(least, took)
	}
	if least > 1000 {
		t.Errorf("it was clicked after %d ms", least)
	}
}
