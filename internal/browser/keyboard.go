package browser

import (
	"context"
	"errors"
	"unicode/utf16"

	"github.com/rivo/uniseg"
)

// WithModifiers presses modifier keys, does f and lets them go again, also if f fails.
func (p *Page) WithModifiers(ctx context.Context, modifiers int, f func() error) error {
	var down []Key
	held := 0
	defer func() { p.letGo(down, held) }()
	for _, name := range []string{"Alt", "Control", "Meta", "Shift"} {
		if bit := modifierBits[name]; modifiers&bit != 0 {
			held |= bit
			down = append(down, keys()[name])
			if err := p.key(ctx, keys()[name], true, held); err != nil {
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
		held &^= modifierBits[k.Name]
		_, _ = p.Send("Input.dispatchKeyEvent", k.event(false, held))
	}
}

// InsertText types text where the focus is, as a paste or an input method does.
func (p *Page) InsertText(ctx context.Context, text string) error {
	return p.input(ctx, "Input.insertText", object{"text": text})
}

// Press presses and releases a key or a chord such as "Control+Shift+A".
func (p *Page) Press(ctx context.Context, chord string) error {
	keys, err := ParseChord(chord)
	if err != nil {
		return err
	}
	held := 0
	for i, k := range keys {
		held |= modifierBits[k.Name]
		if err := p.key(ctx, k, true, held); err != nil {
			p.letGo(keys[:i+1], held)
			return err
		}
	}
	for i := len(keys) - 1; i >= 0; i-- {
		held &^= modifierBits[keys[i].Name]
		if err := p.key(ctx, keys[i], false, held); err != nil {
			p.letGo(keys[:i+1], held)
			if errors.Is(err, ErrUnheard) {
				return nil // the page heard the key go down, and is gone
			}
			return err
		}
	}
	return nil
}

// Type types text key by key, so that the page sees each; what no key types is
// inserted, all at once what is one character to who reads it.
func (p *Page) Type(ctx context.Context, text string) error {
	for rest := text; rest != ""; {
		char, tail, _, _ := uniseg.FirstGraphemeClusterInString(rest, -1)
		err := p.typeOne(ctx, char)
		if errors.Is(err, ErrUnheard) && len(rest) < len(text) {
			return &CutError{Taken: uniseg.GraphemeClusterCount(text) - uniseg.GraphemeClusterCount(rest), Of: uniseg.GraphemeClusterCount(text)}
		}
		if err != nil {
			return err
		}
		rest = tail
	}
	return nil
}

func (p *Page) typeOne(ctx context.Context, char string) error {
	if char == "\r\n" { // one line break
		char = "\n"
	}
	k, ok := keyNamed(char)
	if !ok {
		return p.InsertText(ctx, char)
	}
	held := 0
	if k.shifted {
		held = ModShift
	}
	err := p.key(ctx, k, true, held)
	down := err == nil
	if down {
		err = p.key(ctx, k, false, held)
	}
	if err != nil {
		p.letGo([]Key{k}, held)
	}
	if down && errors.Is(err, ErrUnheard) {
		return nil // see Press
	}
	return err
}

// composing is the key that a page sees go down while an input method has it.
var composing = Key{Name: "Process", Number: 229}

// Compose types text as an input method does: the page sees a composition that
// grows with each character, and then the text.
func (p *Page) Compose(ctx context.Context, text string) error {
	composed := ""
	for rest := text; rest != ""; {
		var char string
		char, rest, _, _ = uniseg.FirstGraphemeClusterInString(rest, -1)
		composed += char
		if err := p.key(ctx, composing, true, 0); err != nil {
			return err
		}
		end := len(utf16.Encode([]rune(composed)))
		if err := p.input(ctx, "Input.imeSetComposition", object{"text": composed, "selectionStart": end, "selectionEnd": end}); err != nil {
			return err
		}
		if err := p.key(ctx, composing, false, 0); err != nil {
			return err
		}
	}
	return p.InsertText(ctx, text)
}

func (p *Page) key(ctx context.Context, k Key, down bool, modifiers int) error {
	return p.input(ctx, "Input.dispatchKeyEvent", k.event(down, modifiers))
}
