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
	began := time.Now()
	b.do(step.Spec{Action: "waitFor", Target: "#b", State: "disabled"})
	round := 5 * time.Since(began) // more than one takes, however busy the machine is
	for i := range 8 {
		s := step.Spec{Action: "click", Target: "#b", Timeout: fmt.Sprint(600*time.Millisecond + round + 3*time.Duration(i)*time.Millisecond)}
		if _, f := b.run(s); f == nil || f.Code != "target_disabled" || !strings.Contains(f.Seen, "is disabled") {
			t.Errorf("after %s: %+v, seen: %s", s.Timeout, f, f.Seen)
		}
	}
}

// TestAPartOfARoundIsToldAsOne: a step whose time is over before all frames were
// looked at doesn't say that none has the target.
func TestAPartOfARoundIsToldAsOne(t *testing.T) {
	site := pages(t, map[string]string{
		"/":   strings.Repeat(`<iframe src=/on></iframe>`, 12) + `<iframe src=/in></iframe>`,
		"/in": `<button id=b disabled>Go</button>`,
		"/on": `<p>nothing</p>`,
	})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	// From too short a time for a look at one frame to enough for all.
	parts, whole := 0, false
	for timeout := 10 * time.Millisecond; !whole && timeout < 20*time.Second; timeout += timeout/50 + time.Millisecond {
		_, f := b.run(step.Spec{Action: "click", Target: "#b", Timeout: fmt.Sprint(timeout)})
		whole = f.Code == "target_disabled"
		if f.Code != "target_not_found" {
			continue
		}
		if parts++; !strings.Contains(f.Seen, "no time to look at") {
			t.Errorf("after %s: %+v, seen: %s", timeout, f, f.Seen)
		}
	}
	if parts == 0 || !whole {
		t.Errorf("%d parts of a round were told, and a whole one: %t", parts, whole)
	}
}
