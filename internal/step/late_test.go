package step_test

import (
	"context"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestNothingIsDoneAfterTheStepsEnd: a page that is busy hears of a step only
// when that has long failed, or was canceled.
func TestNothingIsDoneAfterTheStepsEnd(t *testing.T) {
	site, busy := busyPages(t, map[string]string{"/": `<select id=s onchange="did.push('select')"><option>a<option>b</select>
		<input type=date id=d oninput="did.push('fill')"><input id=i onfocus="did.push('type')"><div id=box style="overflow:auto;height:50px" onscroll="did.push('scroll')"><p style="height:500px"></div>
		<script>did = []</script>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	steps := []step.Spec{
		{Action: "select", Target: "#s", Value: ptr("b")},
		{Action: "fill", Target: "#d", Value: ptr("2026-01-31")},
		{Action: "type", Target: "#i", Value: ptr("x")},
		{Action: "press", Target: "#i", Key: "a"},
		{Action: "scroll", Target: "#box", Y: ptr(100.0)},
	}
	for _, how := range []string{"timeout", "canceled"} {
		for _, s := range steps {
			b.value("did = [], " + getsBusy)
			goOn := <-busy
			ctx, cancel := context.WithCancel(t.Context())
			s.Timeout = "300ms"
			if how == "canceled" {
				s.Timeout = "30s"
				time.AfterFunc(300*time.Millisecond, cancel)
			}
			if _, f := b.runIn(ctx, s); f == nil || f.Code != how {
				t.Errorf("%s: %+v, want %s", s.Action, f, how)
			}
			cancel()
			// The browser has what it was sent, before the page goes on.
			if err := b.page.Conn.Call(t.Context(), "", "Browser.getVersion", nil, nil); err != nil {
				t.Fatal(err)
			}
			goOn()
			// Whatever the page does at its leisure is done after two frames.
			if got := b.value(`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done([did, s.value, d.value, i.value, box.scrollTop]))))`); got != `[[],"a","","",0]` {
				t.Errorf("%s, %s: the page has %s", s.Action, how, got)
				b.do(step.Spec{Action: "reload"})
			}
		}
	}
}
