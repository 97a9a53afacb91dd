package browser

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// The bits of a set of modifier keys, as the protocol counts them.
const (
	ModAlt     = 1
	ModControl = 2
	ModMeta    = 4
	ModShift   = 8
)

// Modifiers are the keys that are held, by name.
var Modifiers = map[string]int{"Alt": ModAlt, "Control": ModControl, "Meta": ModMeta, "Shift": ModShift}

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

// Held presses modifier keys, does f and lets them go again, also if f fails.
func (p *Page) Held(ctx context.Context, modifiers int, f func() error) error {
	var down []Key
	held := 0
	defer func() { p.letGo(down, held) }()
	for _, name := range []string{"Alt", "Control", "Meta", "Shift"} {
		if modifiers&Modifiers[name] != 0 {
			held |= Modifiers[name]
			down = append(down, modifier(name))
			if err := p.key(ctx, modifier(name), true, held); err != nil {
				return err
			}
		}
	}
	return f()
}

// letGo lets keys go, of which held are modifiers. It waits for
// nothing: what was canceled must leave no key down either. One that may not
// have gone down, or may have come up already, is let go too.
func (p *Page) letGo(down []Key, held int) {
	for _, k := range down {
		held &^= Modifiers[k.Name]
		_, _ = p.Send("Input.dispatchKeyEvent", k.Event(false, held))
	}
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

// InsertText types text where the focus is, as a paste or an input method does.
func (p *Page) InsertText(ctx context.Context, text string) error {
	return p.Call(ctx, "Input.insertText", object{"text": text}, nil)
}

// Press presses and releases a key or a chord such as "Control+Shift+A".
func (p *Page) Press(ctx context.Context, chord string) error {
	keys, err := ParseChord(chord)
	if err != nil {
		return err
	}
	held := 0
	for i, k := range keys {
		if i < len(keys)-1 {
			held |= Modifiers[k.Name]
		}
		if err := p.key(ctx, k, true, held); err != nil {
			p.letGo(keys[:i+1], held)
			return err
		}
	}
	for i := len(keys) - 1; i >= 0; i-- {
		held &^= Modifiers[keys[i].Name]
		if err := p.key(ctx, keys[i], false, held); err != nil {
			p.letGo(keys[:i+1], held)
			return err
		}
	}
	return nil
}

// Type types text key by key, so that the page sees each; characters that no
// key has are inserted.
func (p *Page) Type(ctx context.Context, text string) error {
	for _, r := range text {
		name := string(r)
		if r == '\n' || r == '\r' {
			name = "Enter"
		}
		k, ok := KeyNamed(name)
		if !ok {
			if err := p.InsertText(ctx, name); err != nil {
				return err
			}
			continue
		}
		held := 0
		if k.shifted {
			held = ModShift
		}
		err := p.key(ctx, k, true, held)
		if err == nil {
			err = p.key(ctx, k, false, held)
		}
		if err != nil {
			p.letGo([]Key{k}, held)
			return err
		}
	}
	return nil
}

func (p *Page) key(ctx context.Context, k Key, down bool, modifiers int) error {
	return p.Call(ctx, "Input.dispatchKeyEvent", k.Event(down, modifiers), nil)
}

// Key is one key of a US keyboard.
type Key struct {
	Name    string // "Enter", "a", "A"
	Code    string // "Enter", "KeyA"
	Number  int    // Windows virtual key code
	Text    string // what it types, if anything
	shifted bool
}

// Event is the parameters of Input.dispatchKeyEvent for the key going down or up.
func (k Key) Event(down bool, modifiers int) map[string]any {
	e := object{
		"type": "keyUp", "key": k.Name, "code": k.Code, "windowsVirtualKeyCode": k.Number, "modifiers": modifiers,
	}
	if !down {
		return e
	}
	e["type"] = "rawKeyDown"
	if k.Text != "" && modifiers&^ModShift == 0 {
		e["type"], e["text"], e["unmodifiedText"] = "keyDown", k.Text, k.Text
	}
	if commands := editing(k, modifiers); commands != nil {
		e["commands"] = commands
	}
	return e
}

// editing is what Chromium without a desktop must be told a chord means.
func editing(k Key, modifiers int) []string {
	if modifiers != ModControl && modifiers != ModMeta {
		return nil
	}
	switch k.Code {
	case "KeyA":
		return []string{"selectAll"}
	case "KeyC":
		return []string{"copy"}
	case "KeyX":
		return []string{"cut"}
	case "KeyV":
		return []string{"paste"}
	case "KeyZ":
		return []string{"undo"}
	}
	return nil
}

// ParseChord reads "Enter", "a" or "Control+Shift+A": all but the last key must
// be modifiers.
func ParseChord(chord string) ([]Key, error) {
	var names []string
	if chord == "+" {
		names = []string{"+"}
	} else if stem, ok := strings.CutSuffix(chord, "++"); ok {
		names = append(strings.Split(stem, "+"), "+")
	} else {
		names = strings.Split(chord, "+")
	}
	keys := make([]Key, 0, len(names))
	for i, name := range names {
		k, ok := KeyNamed(name)
		if !ok {
			return nil, fmt.Errorf("%q is not a key; use names such as Enter, Tab, ArrowDown, a, Control+A", name)
		}
		if i < len(names)-1 && Modifiers[k.Name] == 0 {
			return nil, fmt.Errorf("%q can't be held: only Alt, Control, Meta and Shift can", name)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// named are the keys that are called by a name.
var named = map[string]Key{
	"Enter": {Code: "Enter", Number: 13, Text: "\r"}, "Tab": {Code: "Tab", Number: 9},
	"Backspace": {Code: "Backspace", Number: 8}, "Delete": {Code: "Delete", Number: 46},
	"Escape": {Code: "Escape", Number: 27}, "Space": {Name: " ", Code: "Space", Number: 32, Text: " "},
	"ArrowLeft": {Code: "ArrowLeft", Number: 37}, "ArrowUp": {Code: "ArrowUp", Number: 38},
	"ArrowRight": {Code: "ArrowRight", Number: 39}, "ArrowDown": {Code: "ArrowDown", Number: 40},
	"PageUp": {Code: "PageUp", Number: 33}, "PageDown": {Code: "PageDown", Number: 34},
	"End": {Code: "End", Number: 35}, "Home": {Code: "Home", Number: 36}, "Insert": {Code: "Insert", Number: 45},
	"Shift": {Code: "ShiftLeft", Number: 16}, "Control": {Code: "ControlLeft", Number: 17},
	"Alt": {Code: "AltLeft", Number: 18}, "Meta": {Code: "MetaLeft", Number: 91},
}

func modifier(name string) Key {
	k, _ := KeyNamed(name)
	return k
}

// signs are the keys of a US keyboard beside letters and digits: plain,
// shifted, code, number.
var signs = []struct {
	plain, shifted, code string
	number               int
}{
	{"-", "_", "Minus", 189}, {"=", "+", "Equal", 187}, {"[", "{", "BracketLeft", 219}, {"]", "}", "BracketRight", 221},
	{"\\", "|", "Backslash", 220}, {";", ":", "Semicolon", 186}, {"'", "\"", "Quote", 222}, {",", "<", "Comma", 188},
	{".", ">", "Period", 190}, {"/", "?", "Slash", 191}, {"`", "~", "Backquote", 192},
}

// KeyNamed is the key that is called by a name or types a character; ok is
// false when a US keyboard has none.
func KeyNamed(name string) (Key, bool) {
	if k, ok := named[name]; ok {
		if k.Name == "" {
			k.Name = name
		}
		return k, true
	}
	var n int
	if _, err := fmt.Sscanf(name, "F%d", &n); err == nil && n >= 1 && n <= 12 && name == fmt.Sprintf("F%d", n) {
		return Key{Name: name, Code: name, Number: 111 + n}, true
	}
	if utf8.RuneCountInString(name) != 1 {
		return Key{}, false
	}
	c := name[0]
	switch {
	case c == ' ':
		return named["Space"], true
	case c >= 'a' && c <= 'z':
		return Key{Name: name, Code: "Key" + strings.ToUpper(name), Number: int(c) - 32, Text: name}, true
	case c >= 'A' && c <= 'Z':
		return Key{Name: name, Code: "Key" + name, Number: int(c), Text: name, shifted: true}, true
	case c >= '0' && c <= '9':
		return Key{Name: name, Code: "Digit" + name, Number: int(c), Text: name}, true
	}
	if i := strings.Index(")!@#$%^&*(", name); i >= 0 {
		return Key{Name: name, Code: fmt.Sprintf("Digit%d", i), Number: 48 + i, Text: name, shifted: true}, true
	}
	for _, s := range signs {
		if name == s.plain || name == s.shifted {
			return Key{Name: name, Code: s.code, Number: s.number, Text: name, shifted: name == s.shifted}, true
		}
	}
	return Key{}, false
}
