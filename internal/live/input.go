package live

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/strictjson"
)

// input is one message of a viewer's: what it does with its devices, or what it wants
// to see. X and Y are fractions of the picture, from 0 to 1.
type input struct {
	Type      string   `json:"type"` // mouse, wheel, touch, key, text, compose, copy, take, release, use, answer, files; drawn, fit, tab, result
	Kind      string   `json:"kind"` // mouse: move, down, up; key: down, up; touch: start, move, end, cancel
	X         float64  `json:"x"`
	Y         float64  `json:"y"`
	DX        float64  `json:"dx"` // wheel: CSS pixels
	DY        float64  `json:"dy"`
	Button    string   `json:"button"`
	Clicks    int      `json:"clicks"`
	Key       string   `json:"key"`
	Text      string   `json:"text"`
	Modifiers int      `json:"modifiers"` // bits as in package browser
	Width     int      `json:"width"`     // fit: pixels that there are for the picture
	Height    int      `json:"height"`
	Number    int      `json:"number"`  // tab, use: its number, of tab 0 for the current one; result: the step's index
	Fingers   []finger `json:"fingers"` // touch: those that are on the page then

	// answer, files: what is said to what the page asks, by its number
	Accept bool                 `json:"accept"`
	Value  *string              `json:"value"`
	Option int                  `json:"option"`
	Files  []browser.UploadFile `json:"files"` // their bytes follow, as binary messages
}

// finger is one, at a fraction of the picture.
type finger struct {
	ID int     `json:"id"`
	X  float64 `json:"x"`
	Y  float64 `json:"y"`
}

// drives says whether the message would do something to the session. All others change
// what this one viewer sees.
func (in input) drives() bool {
	switch in.Type {
	case "drawn", "fit", "tab", "result":
		return false
	}
	return true
}

// points says whether the message is about a place in the picture.
func (in input) points() bool {
	return in.Type == "mouse" || in.Type == "wheel" || in.Type == "touch"
}

const (
	maxMessage = 256 << 10
	maxWheel   = 10_000
	maxSide    = 8192 // pixels
	minSide    = 64
	maxFingers = 10
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
	case "touch":
		ok = ok && slices.Contains([]string{"start", "move", "end", "cancel"}, in.Kind) && len(in.Fingers) <= maxFingers &&
			(len(in.Fingers) > 0 || in.Kind == "end" || in.Kind == "cancel") && (len(in.Fingers) == 0 || in.Kind != "cancel") &&
			!slices.ContainsFunc(in.Fingers, func(f finger) bool { return !fraction(f.X) || !fraction(f.Y) || f.ID < 0 || f.ID > math.MaxInt16 })
	case "use":
		ok = ok && in.Number > 0 && in.Number <= math.MaxInt32
	case "answer", "files":
		ok = ok && in.fitsAsk()
	case "compose", "copy", "take", "release", "drawn":
	case "fit":
		ok = ok && in.Width >= minSide && in.Width <= maxSide && in.Height >= minSide && in.Height <= maxSide
	case "tab", "result":
		ok = ok && in.Number >= 0 && in.Number <= math.MaxInt32
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
	case in.Kind == "up" || in.Kind == "end" || in.Kind == "cancel" || in.Type == "release":
		return maxInputs
	}
	return maxInputs / 2
}

// on gives the input to the page, which is width by height CSS pixels.
func (in input) on(ctx context.Context, d *browser.Devices, width, height float64) error {
	x, y := in.X*width, in.Y*height
	switch {
	case in.Type == "wheel":
		return d.Page().Wheel(ctx, x, y, in.DX, in.DY)
	case in.Type == "text":
		return d.Page().InsertText(ctx, in.Text)
	case in.Type == "compose":
		return d.Compose(ctx, in.Text)
	case in.Type == "touch":
		fingers := make([]browser.TouchPoint, len(in.Fingers))
		for i, f := range in.Fingers {
			fingers[i] = browser.TouchPoint{ID: f.ID, X: f.X * width, Y: f.Y * height}
		}
		return d.Touch(ctx, in.Kind, fingers, in.Modifiers)
	case in.Type == "key":
		return d.Key(ctx, in.Key, in.Kind == "down", in.Modifiers)
	case in.Kind == "move":
		return d.Move(ctx, x, y, in.Modifiers)
	}
	return d.Button(ctx, in.Button, in.Kind == "down", in.Clicks, x, y, in.Modifiers)
}
