package step_test

import (
	"fmt"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestAViewerMayClickWhileAStepWaits: as long as the mouse can't get to the
// target it is others who use it, such as to put away what is over its frame.
func TestAViewerMayClickWhileAStepWaits(t *testing.T) {
	site := pages(t, map[string]string{
		"/": `<body style="margin:0"><iframe style="display:block;border:0;width:400px;height:200px"></iframe>
			<div id=over style="position:absolute;left:0;top:0;width:400px;height:100px" onclick="overs++"></div>
			<script>overs = others = 0; document.querySelector('iframe').src = 'http://' + location.search.slice(1) + ':' + location.port + '/in'; onmessage = e => e.data ? others++ : heard()</script>`,
		"/in": `<body style="margin:0"><button id=b style="position:absolute;top:20px">Go</button>
			<div style="position:absolute;left:0;top:100px;width:400px;height:100px" onclick="parent.postMessage(1, '*')">other</div>
			<script>onmessage = () => parent.postMessage(0, '*')</script>`,
	})
	// What the frame says comes in order: with its answer, all of it is here.
	const heard = `new Promise(done => { heard = () => done([overs, others]); document.querySelector('iframe').contentWindow.postMessage(0, '*') })`
	for where, host := range map[string]string{"same site": "127.0.0.1", "other site": "localhost"} {
		t.Run(where, func(t *testing.T) {
			b := start(t)
			b.do(step.Spec{Action: "goto", URL: site.URL + "/?" + host})
			b.do(step.Spec{Action: "assert", Target: "#b", State: "visible"})
			// A frame of another process gets the mouse once it has been drawn.
			for drawn := "0"; drawn == "0"; drawn = b.value(heard + ".then(([, others]) => others)") {
				if err := b.page.Click(t.Context(), 200, 150, "left", 1, 0); err != nil {
					t.Fatal(err)
				}
			}
			b.value("overs = others = 0")
			done := make(chan *domain.Failure, 1)
			go func() {
				s := step.Spec{Action: "click", Target: "#b", Timeout: "1500ms"}
				_, f := step.Run(t.Context(), b.page, &s, nil)
				done <- f
			}()
			clicks := 0
			click := func() {
				clicks++
				for _, y := range []float64{20, 150} {
					if err := b.page.Click(t.Context(), 200, y, "left", 1, 0); err != nil {
						t.Fatal(err)
					}
				}
			}
			for waits := true; waits; click() {
				select {
				case f := <-done:
					if f == nil {
						t.Error("the step was done")
					}
					waits = false
				default:
				}
			}
			if got, want := b.value(heard), fmt.Sprintf("[%d,%d]", clicks, clicks); got != want {
				t.Errorf("the page got %s clicks, want %s", got, want)
			}
		})
	}
}
