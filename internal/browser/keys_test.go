package browser

import (
	"fmt"
	"strings"
	"testing"
)

// TestChords: which keys they are, as name, place, number, text.
func TestChords(t *testing.T) {
	smart := fmt.Sprintf("%s %sLeft", smart("ControlOrMeta"), smart("ControlOrMeta"))
	for chord, want := range map[string]string{
		"a":                   `a KeyA 65 "a"`,
		"A":                   `A KeyA 65 "A"`,
		"KeyA":                `a KeyA 65 "a"`,
		"Shift+KeyA":          `Shift ShiftLeft 16 "", A KeyA 65 "A"`,
		"Shift+a":             `Shift ShiftLeft 16 "", a KeyA 65 "a"`, // as Playwright: a character is itself
		"Digit3":              `3 Digit3 51 "3"`,
		"ShiftRight+Digit3":   `Shift ShiftRight 16 "", # Digit3 51 "#"`,
		"+":                   `+ Equal 187 "+"`,
		"Control++":           `Control ControlLeft 17 "", + Equal 187 "+"`,
		"++a":                 `+ Equal 187 "+", a KeyA 65 "a"`,
		"Enter":               `Enter Enter 13 "\r"`,
		"NumpadEnter":         `Enter NumpadEnter 13 "\r"`,
		"\n":                  `Enter Enter 13 "\r"`,
		"Numpad7":             `Home Numpad7 36 ""`,
		"Shift+Numpad7":       `Shift ShiftLeft 16 "", 7 Numpad7 103 "7"`,
		"NumpadAdd":           `+ NumpadAdd 107 "+"`,
		"F1":                  `F1 F1 112 ""`,
		"F24":                 `F24 F24 135 ""`,
		"Space":               `  Space 32 " "`,
		"AltGraph+q":          `AltGraph AltGraph 225 "", q KeyQ 81 "q"`,
		"KeyW+Space":          `w KeyW 87 "w",   Space 32 " "`,
		"Control+Alt+Delete":  `Control ControlLeft 17 "", Alt AltLeft 18 "", Delete Delete 46 ""`,
		"ControlOrMeta+Enter": smart + map[bool]string{true: ` 91`, false: ` 17`}[strings.HasPrefix(smart, "Meta")] + ` "", Enter Enter 13 "\r"`,
		"é":                   `é  0 "é"`,
		"e\u0301":             "e\u0301  0 \"e\u0301\"",
		"Dead":                `Dead  229 ""`,
		"👩‍👩‍👧":               `👩‍👩‍👧  0 "👩‍👩‍👧"`,
	} {
		keys, err := ParseChord(chord)
		var got []string
		for _, k := range keys {
			got = append(got, fmt.Sprintf("%s %s %d \"%s\"", k.Name, k.Code, k.Number, strings.ReplaceAll(k.Text, "\r", `\r`)))
		}
		if s := strings.Join(got, ", "); err != nil || s != want {
			t.Errorf("%q: %s, %v, want %s", chord, s, err, want)
		}
	}
	for _, chord := range []string{"", "Entr", "Control+", "F25", "F0", "ab", "Control+Entr", "\x00", "\x7f", "\t"} {
		if keys, err := ParseChord(chord); err == nil {
			t.Errorf("%q is %v", chord, keys)
		}
	}
}

// FuzzParseChord: what is taken has a key for each name, and goes down and up.
func FuzzParseChord(f *testing.F) {
	for _, chord := range []string{"Control+Shift+A", "++", "+", "a+", "é", "Shift+KeyA+", "ControlOrMeta+Numpad1"} {
		f.Add(chord)
	}
	f.Fuzz(func(t *testing.T, chord string) {
		keys, err := ParseChord(chord)
		if err != nil {
			return
		}
		if len(keys) == 0 || len(keys) > len(chord) {
			t.Errorf("%q is %d keys", chord, len(keys))
		}
		for _, k := range keys {
			if k.Name == "" || k.event(true, 0)["key"] != k.Name || k.event(false, 0)["text"] != nil {
				t.Errorf("%q has %+v", chord, k)
			}
		}
	})
}
