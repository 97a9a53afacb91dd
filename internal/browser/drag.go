package browser

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// Grip is a mouse that holds its left button down and moves. When the page
// begins to drag something by HTML's drag and drop, what the mouse does from
// then on is told to that: Chromium would ask the desktop to do it, and there
// may be none.
type Grip struct {
	page      *Page
	modifiers int
	x, y      float64
	moved     bool
	begun     chan json.RawMessage // what the page drags, once it does
	dragged   json.RawMessage
	unlisten  func()
}

// begins is how long the browser's word that a drag began may take, once the
// page has said that it did, before the page is to be asked again.
const begins = 500 * time.Millisecond

// Grab moves the mouse to a point in the page and presses its left button. The
// grip must be let go, by Drop or LetGo, also if that fails.
func (p *Page) Grab(ctx context.Context, x, y float64, modifiers int) (*Grip, error) {
	g := p.grip(x, y, modifiers)
	return g, p.mouse(ctx, x, y, modifiers, []object{
		{"type": "mouseMoved", "button": "none"},
		{"type": "mousePressed", "button": "left", "buttons": Buttons["left"], "clickCount": 1, "force": pressure},
	})
}

// grip is one of a left button that is to be pressed at a point: the browser is told to say
// what is dragged by it before it hears of that.
func (p *Page) grip(x, y float64, modifiers int) *Grip {
	g := &Grip{page: p, modifiers: modifiers, x: x, y: y, begun: make(chan json.RawMessage, 1)}
	g.unlisten = p.Conn.Listen(p.ID, func(e cdp.Event) {
		var news struct {
			Data json.RawMessage `json:"data"`
		}
		if json.Unmarshal(e.Params, &news) == nil {
			select {
			case g.begun <- news.Data:
			default:
			}
		}
	}, "Input.dragIntercepted")
	_, _ = p.Send("Input.setInterceptDrags", object{"enabled": true}) // of a page that is gone the press says so
	return g
}

// heardOf takes up what the browser has said is dragged, and says whether it did just now.
func (g *Grip) heardOf() bool {
	if g.dragged != nil {
		return false
	}
	select {
	case g.dragged = <-g.begun:
		return true
	default:
		return false
	}
}

// drags says whether the browser has said that something is dragged; it is told where to
// when it is said for the first time.
func (g *Grip) drags(ctx context.Context) (bool, error) {
	if g.heardOf() {
		return true, g.drag(ctx, "dragEnter")
	}
	return g.dragged != nil, nil
}

// Move moves the mouse to a point in the page.
func (g *Grip) Move(ctx context.Context, x, y float64) error {
	g.x, g.y, g.moved = x, y, true
	if g.dragged != nil {
		return g.drag(ctx, "dragOver")
	}
	return g.page.mouse(ctx, x, y, g.modifiers, []object{{"type": "mouseMoved", "button": "left", "buttons": Buttons["left"], "force": pressure}})
}

// Begun takes up the drag that the page says has begun. It reports false when
// the browser has said nothing of it yet, which it may still: a page that goes on
// saying so is to be asked again.
func (g *Grip) Begun(ctx context.Context) (bool, error) {
	if g.dragged != nil {
		return true, nil
	}
	select {
	case g.dragged = <-g.begun:
		return true, g.drag(ctx, "dragEnter")
	case <-time.After(begins):
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// Drop lets go where the mouse is, and reports whether something was dropped
// there by HTML's drag and drop.
func (g *Grip) Drop(ctx context.Context) (dropped bool, err error) {
	return g.drop(ctx, g.release)
}

// drop is Drop, for which the button goes up by a function if nothing is dragged.
func (g *Grip) drop(ctx context.Context, release func(context.Context) error) (dropped bool, err error) {
	defer g.end()
	kinds := []string{"drop"}
	if g.heardOf() { // nobody has taken it up
		kinds = []string{"dragEnter", "dragOver", "drop"}
	}
	if g.dragged == nil {
		err := release(ctx)
		if g.moved && err == nil {
			g.await(ctx)
		}
		return false, err
	}
	for _, kind := range kinds {
		if err := g.drag(ctx, kind); err != nil {
			g.cancel()
			return true, err
		}
	}
	return true, nil
}

// await has the browser's word of a drag come, if the page began one: it comes before an
// answer of the page's. One that shows a dialog gives none, and began no drag.
func (g *Grip) await(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, begins)
	defer cancel()
	_ = g.page.Call(ctx, "Runtime.evaluate", object{"expression": "1"}, nil)
}

// release has the button go up.
func (g *Grip) release(ctx context.Context) error {
	up := g.up()
	if err := g.page.mouse(ctx, g.x, g.y, g.modifiers, []object{up}); err != nil {
		_, _ = g.page.sendMouse(g.x, g.y, g.modifiers, up) // see letGo
		if !errors.Is(err, ErrUnheard) {
			return err // else the page heard the button go down, and is gone
		}
	}
	return nil
}

// LetGo ends the grip where nothing is to be dropped. It waits for nothing.
func (g *Grip) LetGo() {
	defer g.end()
	if g.heardOf(); g.dragged != nil {
		g.cancel()
		return
	}
	_, _ = g.page.sendMouse(g.x, g.y, g.modifiers, g.up())
}

// cancel ends what is dragged, and drops it nowhere.
func (g *Grip) cancel() { _, _ = g.page.Send("Input.dispatchDragEvent", g.event("dragCancel")) }

// end has the browser drag by itself again. A drag of which it has told only after the
// button went up is over, too.
func (g *Grip) end() {
	g.unlisten()
	if g.heardOf() {
		g.cancel()
	}
	_, _ = g.page.Send("Input.setInterceptDrags", object{"enabled": false})
}

func (g *Grip) up() object {
	return object{"type": "mouseReleased", "button": "left", "buttons": 0, "clickCount": 1}
}

func (g *Grip) drag(ctx context.Context, kind string) error {
	return g.page.input(ctx, "Input.dispatchDragEvent", g.event(kind))
}

func (g *Grip) event(kind string) object {
	return object{"type": kind, "x": g.x, "y": g.y, "data": g.dragged, "modifiers": g.modifiers}
}
