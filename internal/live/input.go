package live

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/strictjson"
)

// input is one message of a viewer's. X and Y are fractions of the picture,
// from 0 to 1.
type input struct {
	Type      string  `json:"type"` // mouse, wheel, key, text
	Kind      string  `json:"kind"` // mouse: move, down, up; key: down, up
	X         float64 `json:"x"`
	Y         float64 `json:"y"`
	DX        float64 `json:"dx"` // wheel: CSS pixels
	DY        float64 `json:"dy"`
	Button    string  `json:"button"`
	Clicks    int     `json:"clicks"`
	Key       string  `json:"key"`
	Text      string  `json:"text"`
	Modifiers int     `json:"modifiers"` // bits as in package browser
}

const (
	maxMessage = 256 << 10
	maxWheel   = 10_000
)

var errInput = errors.New("not an input message")

// parseInput reads a message of a stranger's: what it returns can be sent to
// the browser as it is.
func parseInput(raw []byte) (input, error) {
	var in input
	if err := strictjson.Unmarshal(raw, &in); err != nil {
		return in, fmt.Errorf("%w: %w", errInput, err)
	}
	fraction := func(f float64) bool { return f >= 0 && f <= 1 }
	ok := in.Modifiers >= 0 && in.Modifiers <= 15 && fraction(in.X) && fraction(in.Y)
	switch in.Type {
	case "mouse":
		ok = ok && slices.Contains([]string{"move", "down", "up"}, in.Kind) && in.Clicks >= 0 && in.Clicks <= 3 &&
			(in.Kind == "move" || browser.Buttons[in.Button] != 0)
	case "wheel":
		ok = ok && math.Abs(in.DX) <= maxWheel && math.Abs(in.DY) <= maxWheel
	case "key":
		ok = ok && (in.Kind == "down" || in.Kind == "up") && in.Key != "" && len(in.Key) <= 32
	case "text":
		ok = ok && in.Text != ""
	default:
		ok = false
	}
	if !ok {
		return in, errInput
	}
	return in, nil
}

// maxInputs is how many inputs wait for a page that hangs.
const maxInputs = 256

// limit is how many may wait for there to be room for one more: moves go first,
// and last what lets go, lest something stay held down.
func (in input) limit() int {
	switch {
	case in.Kind == "move" || in.Type == "wheel":
		return maxInputs / 4
	case in.Kind == "up":
		return maxInputs
	}
	return maxInputs / 2
}

// devices are one viewer's mouse and keyboard: what it holds down is let go when
// the viewer leaves.
type devices struct {
	page    *browser.Page
	buttons int
	keys    map[string]browser.Key
	x, y    float64
}

func newDevices(page *browser.Page) *devices {
	return &devices{page: page, keys: map[string]browser.Key{}}
}

// do gives one input to the page, which is width by height CSS pixels.
func (d *devices) do(ctx context.Context, in input, width, height float64) error {
	d.x, d.y = in.X*width, in.Y*height
	switch in.Type {
	case "mouse":
		return d.mouse(ctx, in)
	case "wheel":
		return d.page.Wheel(ctx, d.x, d.y, in.DX, in.DY)
	case "text":
		return d.page.InsertText(ctx, in.Text)
	}
	return d.key(ctx, in)
}

func (d *devices) mouse(ctx context.Context, in input) error {
	e := map[string]any{"type": "mouseMoved", "button": "none", "x": d.x, "y": d.y, "modifiers": in.Modifiers, "clickCount": 0}
	switch in.Kind {
	case "down":
		d.buttons |= browser.Buttons[in.Button]
		e["type"], e["button"], e["clickCount"] = "mousePressed", in.Button, max(in.Clicks, 1)
	case "up":
		d.buttons &^= browser.Buttons[in.Button]
		e["type"], e["button"], e["clickCount"] = "mouseReleased", in.Button, max(in.Clicks, 1)
	}
	if e["buttons"] = d.buttons; d.buttons != 0 {
		e["force"] = browser.Pressure
	}
	return d.page.Call(ctx, "Input.dispatchMouseEvent", e, nil)
}

func (d *devices) key(ctx context.Context, in input) error {
	k, ok := browser.KeyNamed(in.Key)
	if !ok {
		// A character that a US keyboard lacks is typed as text.
		if in.Kind == "down" && utf8.RuneCountInString(in.Key) == 1 && in.Modifiers&^browser.ModShift == 0 {
			return d.page.InsertText(ctx, in.Key)
		}
		return nil
	}
	if in.Kind == "down" {
		d.keys[k.Code] = k
	} else {
		delete(d.keys, k.Code)
	}
	return d.page.Call(ctx, "Input.dispatchKeyEvent", k.Event(in.Kind == "down", in.Modifiers), nil)
}

// release lets go of everything.
func (d *devices) release(ctx context.Context) {
	for _, k := range d.keys {
		_ = d.page.Call(ctx, "Input.dispatchKeyEvent", k.Event(false, 0), nil)
	}
	for name, bit := range browser.Buttons {
		if d.buttons&bit != 0 {
			_ = d.mouse(ctx, input{Kind: "up", Button: name})
		}
	}
}
