package browser

import (
	"context"
	"unicode/utf16"
	"unicode/utf8"
)

// Devices are a person's mouse, fingers and keyboard before a page. They remember what is
// held down, for the page to be told with every move, and to be let go.
type Devices struct {
	page    *Page
	buttons int
	keys    map[string]Key
	x, y    float64
	touches bool  // fingers are on the page
	grip    *Grip // of the left button while it is down, which may drag something
}

// TouchPoint is one that is on the page, at a point in CSS pixels.
type TouchPoint struct {
	ID   int     `json:"id"`
	X, Y float64 `json:"-"`
}

// Devices are new ones, with nothing held down.
func (p *Page) Devices() *Devices { return &Devices{page: p, keys: map[string]Key{}} }

// Page is the one that they are before.
func (d *Devices) Page() *Page { return d.page }

// Move moves the mouse to a point in the page, in CSS pixels.
func (d *Devices) Move(ctx context.Context, x, y float64, modifiers int) error {
	d.x, d.y = x, y
	if dragged, err := d.dragged(ctx, modifiers); dragged || err != nil {
		return err
	}
	return d.mouse(ctx, object{"type": "mouseMoved", "button": d.held(), "clickCount": 0}, modifiers)
}

// held is the button by which the mouse drags, if it does: Chromium takes a move without one
// for none of a drag, and ends what the page has captured.
func (d *Devices) held() string {
	for _, name := range []string{"left", "middle", "right"} {
		if d.buttons&Buttons[name] != 0 {
			return name
		}
	}
	return "none"
}

// Button presses a button of the mouse at a point, for which time in turn (from 1),
// or lets it go.
func (d *Devices) Button(ctx context.Context, name string, down bool, clicks int, x, y float64, modifiers int) error {
	d.x, d.y = x, y
	e := object{"type": "mouseReleased", "button": name, "clickCount": max(clicks, 1)}
	if down {
		e["type"] = "mousePressed"
		d.buttons |= Buttons[name]
	} else {
		d.buttons &^= Buttons[name]
	}
	switch {
	case name != "left":
	case down && d.grip == nil:
		d.grip = d.page.grip(x, y, modifiers)
	case !down && d.grip != nil:
		g := d.grip
		d.grip = nil
		g.x, g.y, g.modifiers = x, y, modifiers
		_, err := g.drop(ctx, func(ctx context.Context) error { return d.mouse(ctx, e, modifiers) })
		return err
	}
	return d.mouse(ctx, e, modifiers)
}

// dragged tells the page that what the mouse drags by HTML's drag and drop has moved, and
// says whether it drags something: then the page hears of nothing else.
func (d *Devices) dragged(ctx context.Context, modifiers int) (bool, error) {
	if d.grip == nil {
		return false, nil
	}
	d.grip.x, d.grip.y, d.grip.modifiers, d.grip.moved = d.x, d.y, modifiers, true
	drags, err := d.grip.drags(ctx)
	if drags && err == nil {
		err = d.grip.drag(ctx, "dragOver")
	}
	return drags, err
}

func (d *Devices) mouse(ctx context.Context, e object, modifiers int) error {
	e["buttons"] = d.buttons
	sent, err := d.page.sendMouse(d.x, d.y, modifiers, e)
	if err != nil {
		return err
	}
	return sent.Wait(ctx, nil)
}

// Key presses a key, named as KeyboardEvent.key names it, or lets it go. A character
// that a US keyboard lacks is typed as text.
func (d *Devices) Key(ctx context.Context, name string, down bool, modifiers int) error {
	k, ok := keyNamed(name)
	switch {
	case !ok && down && utf8.RuneCountInString(name) == 1 && modifiers&^ModShift == 0:
		return d.page.InsertText(ctx, name)
	case !ok:
		return nil
	case down:
		d.keys[k.Code] = k
	default:
		delete(d.keys, k.Code)
	}
	return d.page.Call(ctx, "Input.dispatchKeyEvent", k.event(down, modifiers), nil)
}

// Touch tells which fingers are on the page after one has come ("start"), moved ("move")
// or gone ("end"), or the system has taken them all ("cancel").
func (d *Devices) Touch(ctx context.Context, kind string, fingers []TouchPoint, modifiers int) error {
	names := map[string]string{"start": "touchStart", "move": "touchMove", "end": "touchEnd", "cancel": "touchCancel"}
	points := make([]object, len(fingers))
	for i, f := range fingers {
		points[i] = object{"id": f.ID, "x": f.X, "y": f.Y}
	}
	d.touches = len(fingers) > 0
	return d.page.Call(ctx, "Input.dispatchTouchEvent", object{"type": names[kind], "touchPoints": points, "modifiers": modifiers}, nil)
}

// Compose shows a text that an input method is about to type, in place of the one before;
// InsertText types it.
func (d *Devices) Compose(ctx context.Context, text string) error {
	end := len(utf16.Encode([]rune(text)))
	return d.page.Call(ctx, "Input.imeSetComposition", object{"text": text, "selectionStart": end, "selectionEnd": end}, nil)
}

// Release lets go of everything.
func (d *Devices) Release(ctx context.Context) {
	if d.touches {
		_ = d.Touch(ctx, "cancel", nil, 0)
	}
	for _, k := range d.keys {
		_ = d.page.Call(ctx, "Input.dispatchKeyEvent", k.event(false, 0), nil)
	}
	if g := d.grip; g != nil { // what is dragged is dropped nowhere
		d.grip = nil
		d.buttons &^= Buttons["left"]
		g.LetGo()
	}
	for name, bit := range Buttons {
		if d.buttons&bit != 0 {
			_ = d.Button(ctx, name, false, 1, d.x, d.y, 0)
		}
	}
}
