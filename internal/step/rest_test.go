package step_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestWhatIsAboutToMoveIsNotAtRest: an animation stays at its beginning for the
// first frame, and what turns back is at one place twice.
func TestWhatIsAboutToMoveIsNotAtRest(t *testing.T) {
	site := pages(t, map[string]string{"/": `<style>@keyframes m{from{left:0}to{left:300px}}#b{position:absolute}.m{animation:m .5s linear infinite alternate}</style>
		<button id=b onclick="clicks++">Go</button><script>clicks = 0</script>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for range 4 {
		began := time.Now()
		b.value(`b.className = ''; b.offsetLeft; b.className = 'm'; clicks = 0`)
		enough := fmt.Sprint(time.Second + 10*time.Since(began)) // to see it, however busy the machine is now
		if _, f := b.run(step.Spec{Action: "click", Target: "#b", Timeout: enough}); f == nil || f.Code != "target_moving" {
			t.Errorf("%+v", f)
		}
		if got := b.value("clicks"); got != "0" {
			t.Errorf("it was clicked %s times", got)
		}
	}
}
