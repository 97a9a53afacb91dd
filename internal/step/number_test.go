package step_test

import (
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// TestANumberFieldHoldsWhatItIsSaidToHold, or the step says that it can't.
func TestANumberFieldHoldsWhatItIsSaidToHold(t *testing.T) {
	site := pages(t, map[string]string{"/": `<input id=n type=number step=any value=7>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, value := range []string{"42", " 42\n", "-1.5e3", ".5", "1E+2", "0010", ""} {
		b.do(step.Spec{Action: "fill", Target: "#n", Value: ptr(value)})
		b.do(step.Spec{Action: "assert", Target: "#n", Value: ptr(strings.TrimSpace(value))})
	}
	for _, value := range []string{"+7", "7."} { // which the browser writes in its own way
		b.do(step.Spec{Action: "fill", Target: "#n", Value: ptr(value)})
		b.do(step.Spec{Action: "assert", Target: "#n", Value: ptr("7")})
	}
	for _, value := range []string{"0x10", "0b1", "Infinity", "-Infinity", "NaN", "1e", "1e999", "1_0", "1,5", "--1", "٣"} {
		if _, f := b.run(step.Spec{Action: "fill", Target: "#n", Value: ptr(value), Timeout: "20s"}); f == nil || f.Code != "value_invalid" {
			t.Errorf("%q: %+v", value, f)
		}
		b.do(step.Spec{Action: "assert", Target: "#n", Value: ptr("7")})
	}
}
