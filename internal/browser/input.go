package browser

import (
	"context"
	"errors"
	"fmt"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// ErrUnheard is an input that the browser did not bring to the page: it was
// swapped for the next one just then. Nothing was done, and it can be tried
// again.
var ErrUnheard = errors.New("the page took no input")

// CutError is a text of which the page took only the beginning.
type CutError struct {
	Taken, Of int // characters
}

func (e *CutError) Error() string {
	return fmt.Sprintf("the page took %d of %d characters", e.Taken, e.Of)
}

// input sends an input and waits until the page has dealt with it.
func (p *Page) input(ctx context.Context, method string, params object) error {
	return heard(p.Call(ctx, method, params, nil))
}

// heard makes of the browser's refusal of an input that it was not heard.
func heard(err error) error {
	if e, refused := errors.AsType[*cdp.Error](err); refused && !e.Taken {
		return fmt.Errorf("%w: %v", ErrUnheard, err) //nolint:errorlint // a refusal of another kind would say that the document was left
	}
	return err
}

// Buttons are the bits of mouse buttons that are held, by name.
var Buttons = map[string]int{"left": 1, "right": 2, "middle": 4, "back": 8, "forward": 16}

// pressure is what a page is told of a mouse whose button is down.
const pressure = 0.5

// Click moves the mouse to a point in the page, in CSS pixels, and clicks
// there count times. The answer to the last event says that the page has dealt
// with it. A button is let go only when the page has dealt with its going down:
// what comes while the page shows a dialog is lost. A page that has heard the
// button go down may be gone before it comes up.
func (p *Page) Click(ctx context.Context, x, y float64, button string, count, modifiers int) error {
	down := []object{{"type": "mouseMoved", "button": "none"}}
	for n := 1; n <= count; n++ {
		down = append(down, object{"type": "mousePressed", "button": button, "buttons": Buttons[button], "clickCount": n, "force": pressure})
		up := object{"type": "mouseReleased", "button": button, "buttons": 0, "clickCount": n}
		err := p.mouse(ctx, x, y, modifiers, down)
		pressed := err == nil || n > 1
		if err == nil {
			err = p.mouse(ctx, x, y, modifiers, []object{up})
		}
		if err != nil {
			_, _ = p.sendMouse(x, y, modifiers, up) // see letGo
			if pressed && errors.Is(err, ErrUnheard) {
				return nil
			}
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

// mouse sends events and waits for all of them. They were heard if the last was.
func (p *Page) mouse(ctx context.Context, x, y float64, modifiers int, events []object) error {
	var all []*cdp.Pending
	for _, e := range events {
		sent, err := p.sendMouse(x, y, modifiers, e)
		if err != nil {
			return err
		}
		all = append(all, sent)
	}
	var err error
	for _, sent := range all {
		if err = heard(sent.Wait(ctx, nil)); err != nil && !errors.Is(err, ErrUnheard) {
			return err
		}
	}
	return err
}

func (p *Page) sendMouse(x, y float64, modifiers int, e object) (*cdp.Pending, error) {
	e["x"], e["y"], e["modifiers"] = x, y, modifiers
	if held, _ := e["buttons"].(int); held > 0 {
		e["force"] = pressure
	}
	return p.Send("Input.dispatchMouseEvent", e)
}
