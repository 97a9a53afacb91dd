package browser

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unicode"

	"github.com/rivo/uniseg"
)

// The bits of a set of modifier keys, as the protocol counts them.
const (
	ModAlt     = 1
	ModControl = 2
	ModMeta    = 4
	ModShift   = 8
)

// modifierBits are the bits by the names of keys.
var modifierBits = map[string]int{"Alt": ModAlt, "Control": ModControl, "Meta": ModMeta, "Shift": ModShift}

// Modifier is the bit of a modifier key, 0 for any other. ControlOrMeta is the
// one that shortcuts have where the browser runs.
func Modifier(name string) int { return modifierBits[smart(name)] }

func smart(name string) string {
	if name != "ControlOrMeta" {
		return name
	}
	if runtime.GOOS == "darwin" {
		return "Meta"
	}
	return "Control"
}

// Key is one key of a keyboard and what it types.
type Key struct {
	Name     string // "Enter", "a", "A"
	Code     string // its place: "Enter", "KeyA"; empty: no place on a US keyboard
	Number   int    // Windows virtual key code
	Text     string // what it types, if anything
	Location int    // 1 left, 2 right, 3 the number pad, where there are several

	withShift *Key // what it is while Shift is held, if it is called by its place
	shifted   bool // it takes Shift to type this
}

// The places of keys of which there are several.
const (
	onTheLeft  = 1
	onTheRight = 2
	onThePad   = 3
)

// event is the parameters of Input.dispatchKeyEvent for the key going down or up.
func (k Key) event(down bool, modifiers int) map[string]any {
	e := object{
		"type": "keyUp", "key": k.Name, "code": k.Code, "windowsVirtualKeyCode": k.Number, "modifiers": modifiers,
		"location": k.Location, "isKeypad": k.Location == onThePad,
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
	if modifiers != Modifier("ControlOrMeta") {
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

// ParseChord reads "Enter", "a", "Control+Shift+A" or "KeyW+Space": all are
// held until the last has been pressed.
func ParseChord(chord string) ([]Key, error) {
	var keys []Key
	held := 0
	for _, name := range splitChord(chord) {
		k, ok := keyNamed(name)
		if !ok {
			k, ok = foreign(name)
		}
		if !ok {
			return nil, fmt.Errorf("%q is not a key; use names such as Enter, Tab, ArrowDown, KeyA, NumpadEnter, F5, a, Control+A, ControlOrMeta+C", name)
		}
		if held&ModShift != 0 && k.withShift != nil {
			k = *k.withShift
		}
		held |= modifierBits[k.Name]
		keys = append(keys, k)
	}
	return keys, nil
}

// splitChord parts "Control++" into Control and +: a plus stands for itself
// where a name has to begin.
func splitChord(chord string) []string {
	var names []string
	begin := 0
	for i, c := range chord {
		if c == '+' && i > begin {
			names, begin = append(names, chord[begin:i]), i+1
		}
	}
	return append(names, chord[begin:])
}

// foreign is the key that types a character on a keyboard which has one for it.
// Where it is there nobody knows.
func foreign(name string) (Key, bool) {
	if uniseg.GraphemeClusterCount(name) != 1 || strings.ContainsFunc(name, unicode.IsControl) {
		return Key{}, false
	}
	return Key{Name: name, Text: name}, true
}

// keyNamed is the key of a US keyboard at a place, NumpadEnter, of a name,
// Enter, or that types a character; ok is false when there is none.
func keyNamed(name string) (Key, bool) {
	k, ok := keys()[smart(name)]
	return k, ok
}

// keys are all keys by all their names.
var keys = sync.OnceValue(keyboard)

func keyboard() map[string]Key {
	all := map[string]Key{}
	// add names a key by its place and by what it types; the number pad's only
	// by its place.
	add := func(k Key, shifted string, shiftedNumber int) {
		if len(k.Name) == 1 && k.Text == "" {
			k.Text = k.Name
		}
		placed := k
		if shifted != "" {
			with := k
			with.Name, with.Text, with.Number, with.shifted = shifted, shifted, shiftedNumber, true
			placed.withShift = &with
			if k.Location != onThePad {
				all[shifted] = with
			}
		}
		if k.Location == 0 {
			all[k.Name] = k
		}
		all[k.Code] = placed
	}
	for c := 'a'; c <= 'z'; c++ {
		upper := strings.ToUpper(string(c))
		add(Key{Name: string(c), Code: "Key" + upper, Number: int(upper[0])}, upper, int(upper[0]))
	}
	for i, shifted := range strings.Split(")!@#$%^&*(", "") {
		add(Key{Name: fmt.Sprint(i), Code: fmt.Sprintf("Digit%d", i), Number: '0' + i}, shifted, '0'+i)
	}
	for _, s := range []struct {
		plain, shifted, code string
		number               int
	}{
		{"-", "_", "Minus", 189}, {"=", "+", "Equal", 187}, {"[", "{", "BracketLeft", 219}, {"]", "}", "BracketRight", 221},
		{"\\", "|", "Backslash", 220}, {";", ":", "Semicolon", 186}, {"'", "\"", "Quote", 222}, {",", "<", "Comma", 188},
		{".", ">", "Period", 190}, {"/", "?", "Slash", 191}, {"`", "~", "Backquote", 192},
	} {
		add(Key{Name: s.plain, Code: s.code, Number: s.number}, s.shifted, s.number)
	}
	for n := 1; n <= 24; n++ {
		name := fmt.Sprintf("F%d", n)
		add(Key{Name: name, Code: name, Number: 111 + n}, "", 0)
	}
	for name, number := range map[string]int{
		"Escape": 27, "Tab": 9, "Backspace": 8, "CapsLock": 20, "ContextMenu": 93, "AltGraph": 225,
		"PrintScreen": 44, "ScrollLock": 145, "Pause": 19, "NumLock": 144,
		"PageUp": 33, "PageDown": 34, "End": 35, "Home": 36, "Insert": 45, "Delete": 46,
		"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
		"AudioVolumeMute": 173, "AudioVolumeDown": 174, "AudioVolumeUp": 175,
		"MediaTrackNext": 176, "MediaTrackPrevious": 177, "MediaStop": 178, "MediaPlayPause": 179,
	} {
		add(Key{Name: name, Code: name, Number: number}, "", 0)
	}
	add(Key{Name: " ", Code: "Space", Number: 32}, "", 0)
	add(Key{Name: "Enter", Code: "Enter", Number: 13, Text: "\r"}, "", 0)
	all["\n"], all["\r"] = all["Enter"], all["Enter"]
	for name, number := range map[string]int{"Shift": 16, "Control": 17, "Alt": 18, "Meta": 91} {
		left := Key{Name: name, Code: name + "Left", Number: number, Location: onTheLeft}
		right := Key{Name: name, Code: name + "Right", Number: number, Location: onTheRight}
		if name == "Meta" {
			right.Number = 92
		}
		add(left, "", 0)
		add(right, "", 0)
		all[name] = left
	}
	// The number pad moves about, but types digits while Shift is held.
	for i, name := range []string{"Insert", "End", "ArrowDown", "PageDown", "ArrowLeft", "Clear", "ArrowRight", "Home", "ArrowUp", "PageUp"} {
		number := 12 // Clear
		if k, ok := all[name]; ok {
			number = k.Number
		}
		add(Key{Name: name, Code: fmt.Sprintf("Numpad%d", i), Number: number, Location: onThePad}, fmt.Sprint(i), 96+i)
	}
	for _, s := range []struct {
		name, code string
		number     int
	}{{"/", "NumpadDivide", 111}, {"*", "NumpadMultiply", 106}, {"-", "NumpadSubtract", 109}, {"+", "NumpadAdd", 107}} {
		add(Key{Name: s.name, Code: s.code, Number: s.number, Location: onThePad}, "", 0)
	}
	add(Key{Name: "Delete", Code: "NumpadDecimal", Number: 46, Location: onThePad}, ".", 110)
	add(Key{Name: "Enter", Code: "NumpadEnter", Number: 13, Text: "\r", Location: onThePad}, "", 0)
	// What comes before a letter on keyboards where an accent is a key: the letter
	// that follows is pressed with the accent on it.
	all["Dead"] = Key{Name: "Dead", Number: 229}
	return all
}
