package step

import (
	"context"
	"sync"

	"github.com/browserhook/browserhook/internal/browser"
)

// WithDialogs is what a step answers that dialogs were shown during.
var WithDialogs = withDialogs

// Missed asks a document who got the mouse, as a click does after it came.
func Missed(ctx context.Context, page *browser.Page, f browser.Frame) (by string, err error) {
	r := &run{ctx: ctx, running: new(sync.WaitGroup), page: page, spec: &Spec{}}
	w := r.monitorInput()
	defer w.stop()
	no, err := r.missed(verdict{frame: f}, "mouse", w)
	return no.Seen, err
}

// Pointed brings the mouse to a target for a use of it, and has mouse send its events
// there.
func Pointed(ctx context.Context, page *browser.Page, target, use string, mouse func(send func(event string) error) error) error {
	r := &run{ctx: ctx, running: new(sync.WaitGroup), page: page, spec: &Spec{Action: "click", Target: target}}
	var err error
	if r.target, err = ParseTarget(target); err != nil {
		return err
	}
	return r.pointer(clickable, use, func(x, y float64) error {
		return mouse(func(event string) error {
			e := object{"type": event, "x": x, "y": y, "deltaX": 0, "deltaY": 1}
			if event == "mousePressed" || event == "mouseReleased" {
				e["button"], e["clickCount"] = "left", 1
			}
			return page.Call(ctx, "Input.dispatchMouseEvent", e, nil)
		})
	})
}

// Slipped presses the mouse's button on a target as a click does, has between done
// while it is down, and lets it go.
func Slipped(ctx context.Context, page *browser.Page, target string, between func()) error {
	return Pointed(ctx, page, target, "mouse", func(button func(event string) error) error {
		if err := button("mousePressed"); err != nil {
			return err
		}
		between()
		return button("mouseReleased")
	})
}

// Undrawn is why frames aren't on the screen, for those that aren't.
func Undrawn(ctx context.Context, page *browser.Page) (why []string, err error) {
	not, err := (&run{ctx: ctx, page: page}).drawn(page.Frames())
	for _, v := range not {
		why = append(why, v.Why)
	}
	return why, err
}

// Lacks says whether a picture of so much of the page would lack frames.
func Lacks(ctx context.Context, page *browser.Page, width, height float64) (bool, error) {
	return (&run{ctx: ctx, page: page}).lacking(area{Width: width, Height: height}, nil, width*height)
}
