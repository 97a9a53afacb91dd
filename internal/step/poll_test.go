package step_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestNoFrameHoldsAnotherUp: of several that hang, the page around them too,
// none is waited for when another has what the step waits for.
func TestNoFrameHoldsAnotherUp(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<script>for (const name of ['a', 'b', 'd']) document.write('<iframe src="http://' + name + '.localhost:' + location.port + (name === 'd' ? '/in' : '/hangs') + '"></iframe>')
			busy = ms => { for (const end = Date.now() + ms; Date.now() < end;); }; ready = 0; onmessage = () => ready++</script>`,
		"/hangs": `<script>parent.postMessage(0, '*'); setTimeout(() => { for (const end = Date.now() + 12000; Date.now() < end;); }, 100)</script>`,
		"/in":    `<button id=b onclick="this.textContent = 'clicked'">Go</button><script>parent.postMessage(0, '*')</script>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL, WaitUntil: "commit"})
	b.value(`new Promise(done => { const look = () => ready === 3 ? setTimeout(done, 200, 1) : setTimeout(look, 10); look() })`)
	quick := func(s step.Spec, within time.Duration) {
		t.Helper()
		began := time.Now()
		b.do(s)
		if took := time.Since(began); took > within {
			t.Errorf("%s took %s", s.Action, took)
		}
	}
	quick(step.Spec{Action: "click", Target: "#b"}, 5*time.Second)
	b.value(`setTimeout(busy, 0, 9000); 1`)
	quick(step.Spec{Action: "waitFor", Target: "text=clicked"}, 5*time.Second)
}

// TestANewFrameIsSeenAtOnce, however long the step has looked at the others: it
// is clicked about as soon as one that was there before.
func TestANewFrameIsSeenAtOnce(t *testing.T) {
	site := pages(t, map[string]string{
		"/":   `<p>here</p><script>later = () => setTimeout(() => { const f = document.createElement('iframe'); f.src = '/in'; document.body.append(f) }, 600); onmessage = e => took = e.data</script>`,
		"/in": `<button>Go</button><script>let began = Date.now(); onmessage = () => began = Date.now(); document.querySelector('button').onclick = () => parent.postMessage(Date.now() - began, '*')</script>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	clicked := func() int {
		b.do(step.Spec{Action: "click", Target: "button"})
		took, err := strconv.Atoi(b.value(`new Promise(done => { const look = () => { if (window.took === undefined) return setTimeout(look, 5); done(took); took = undefined }; look() })`))
		if err != nil {
			t.Fatal(err)
		}
		return took
	}
	b.value("later()")
	took := clicked()
	b.value("frames[0].postMessage(0, '*')")
	if usual := clicked(); took > 1300+2*usual { // a look at the others goes on for two seconds
		t.Errorf("it was clicked after %d ms, and one that was there after %d", took, usual)
	}
}
