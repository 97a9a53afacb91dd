package step_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestTheMostTellingFrameIsTold, whenever in a round of looks the time is over.
func TestTheMostTellingFrameIsTold(t *testing.T) {
	site := pages(t, map[string]string{
		"/":   `<iframe src=/on></iframe><iframe src=/on></iframe><iframe src=/on></iframe><iframe src=/in></iframe>`,
		"/in": `<button id=b disabled>Go</button>`,
		"/on": `<p>nothing</p>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for i := range 12 {
		s := step.Spec{Action: "click", Target: "#b", Timeout: fmt.Sprint(600*time.Millisecond + 3*time.Duration(i)*time.Millisecond)}
		if _, f := b.run(s); f == nil || f.Code != "target_disabled" || !strings.Contains(f.Seen, "is disabled") {
			t.Errorf("after %s: %+v", s.Timeout, f)
		}
	}
}
