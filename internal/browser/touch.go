package browser

import (
	"context"
	"errors"
)

// Tap touches a point in the page, in CSS pixels, and lifts the finger. As with
// a button, the finger is lifted only when the page has dealt with its coming.
func (p *Page) Tap(ctx context.Context, x, y float64, modifiers int) error {
	touch := func(kind string, points ...object) object {
		return object{"type": kind, "touchPoints": append([]object{}, points...), "modifiers": modifiers}
	}
	if err := p.input(ctx, "Input.dispatchTouchEvent", touch("touchStart", object{"x": x, "y": y})); err != nil {
		_, _ = p.Send("Input.dispatchTouchEvent", touch("touchCancel")) // see letGo
		return err
	}
	err := p.input(ctx, "Input.dispatchTouchEvent", touch("touchEnd"))
	if errors.Is(err, ErrUnheard) {
		return nil // the page heard the finger come, and is gone
	}
	if err != nil {
		_, _ = p.Send("Input.dispatchTouchEvent", touch("touchCancel"))
	}
	return err
}
