package step

import (
	"errors"
	"math"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// TestAnErrorIsNoWordOfTheMouse, unless it is that the document is gone.
func TestAnErrorIsNoWordOfTheMouse(t *testing.T) {
	for _, tt := range []struct{ answer, want error }{{nil, nil}, {&cdp.Error{Code: -32000}, nil}, {cdp.ErrClosed, cdp.ErrClosed}, {&cdp.Error{Code: -32603}, &cdp.Error{Code: -32603}}} {
		w := &inputMonitor{said: map[document]string{{}: wordReached}, changed: make(chan struct{})}
		asked := make(chan error, 1)
		asked <- tt.answer
		word, err := w.released(t.Context(), browser.Frame{}, asked)
		if (err == nil) != (tt.want == nil) || err != nil && !errors.Is(err, tt.answer) || err == nil && word != wordReached {
			t.Errorf("answered %v: %q, %v", tt.answer, word, err)
		}
	}
}

// TestOnto: a point in the middle right of a frame, in the quads that the frame
// may be drawn as.
func TestOnto(t *testing.T) {
	for name, c := range map[string]struct {
		quad []float64
		x, y float64
	}{
		"in place":  {[]float64{0, 0, 100, 0, 100, 50, 0, 50}, 75, 25},
		"moved":     {[]float64{10, 20, 110, 20, 110, 70, 10, 70}, 85, 45},
		"scaled":    {[]float64{0, 0, 50, 0, 50, 25, 0, 25}, 37.5, 12.5},
		"turned":    {[]float64{50, 0, 50, 100, 0, 100, 0, 0}, 25, 75},
		"head over": {[]float64{100, 50, 0, 50, 0, 0, 100, 0}, 25, 25},
	} {
		if x, y := onto(c.quad, .75, .5); math.Abs(x-c.x) > 1e-9 || math.Abs(y-c.y) > 1e-9 {
			t.Errorf("%s: %g, %g, want %g, %g", name, x, y, c.x, c.y)
		}
	}
}
