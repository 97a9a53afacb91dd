package browser

import (
	"context"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// Buttons are the bits of mouse buttons that are held, by name.
var Buttons = map[string]int{"left": 1, "right": 2, "middle": 4}

// Click moves the mouse to a point in the page, in CSS pixels, and clicks
// there count times. The answer to the last event says that the page has dealt
// with it. A button is let go only when the page has dealt with its going down:
// what comes while the page shows a dialog is lost.
func (p *Page) Click(ctx context.Context, x, y float64, button string, count, modifiers int) error {
	down := []object{{"type": "mouseMoved", "button": "none"}}
	for n := 1; n <= count; n++ {
		down = append(down, object{"type": "mousePressed", "button": button, "buttons": Buttons[button], "clickCount": n})
		up := object{"type": "mouseReleased", "button": button, "buttons": 0, "clickCount": n}
		err := p.mouse(ctx, x, y, modifiers, down)
		if err == nil {
			err = p.mouse(ctx, x, y, modifiers, []object{up})
		}
		if err != nil {
			_, _ = p.sendMouse(x, y, modifiers, up) // see letGo
			return err
		}
		down = nil
	}
	return nil
}

// Hover moves the mouse to a point in the page.
func (p *Page) Hover(ctx context.Context, x, y float64, modifiers int) error {
	return p.mouse(ctx, x, y, modifiers, []object{{"type": "mouseMoved", "button": "none"}})
}

// Wheel turns the wheel with the mouse at a point; dx and dy are CSS pixels.
func (p *Page) Wheel(ctx context.Context, x, y, dx, dy float64) error {
	return p.mouse(ctx, x, y, 0, []object{{"type": "mouseWheel", "deltaX": dx, "deltaY": dy}})
}

func (p *Page) mouse(ctx context.Context, x, y float64, modifiers int, events []object) error {
	var last []*cdp.Pending
	for _, e := range events {
		sent, err := p.sendMouse(x, y, modifiers, e)
		if err != nil {
			return err
		}
		last = append(last, sent)
	}
	for _, sent := range last {
		if err := sent.Wait(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func (p *Page) sendMouse(x, y float64, modifiers int, e object) (*cdp.Pending, error) {
	e["x"], e["y"], e["modifiers"] = x, y, modifiers
	return p.Send("Input.dispatchMouseEvent", e)
}
