package step_test

import (
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// TestAnInputMethod: a page sees a composition, whose keys are the method's, and
// then the text.
func TestAnInputMethod(t *testing.T) {
	site := pages(t, map[string]string{"/": `<textarea id=b></textarea><div id=e contenteditable></div><script>got = []; for (const t of ['compositionstart', 'compositionupdate', 'compositionend', 'keydown', 'input'])
		addEventListener(t, e => got.push(t + ' ' + (t === 'keydown' ? e.key + ' ' + e.keyCode : e.data)))</script>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	b.do(step.Spec{Action: "type", Target: "#b", Value: ptr("日本"), IME: true})
	got := b.value(`[b.value, got.join(', ')].join(': ')`)
	want := `"日本: keydown Process 229, compositionstart , compositionupdate 日, input 日, keydown Process 229, compositionupdate 日本, input 日本, compositionupdate 日本, input 日本, compositionend 日本"`
	if got != want {
		t.Errorf("the page saw\n%s, want\n%s", got, want)
	}
	b.do(step.Spec{Action: "type", Target: "#e", Value: ptr("か👩‍👩‍👧"), IME: true})
	if got := b.value(`e.innerText`); got != `"か👩‍👩‍👧"` {
		t.Errorf("the editor has %s", got)
	}
}

// TestKeysOfOtherLayouts: what no US keyboard has, its page sees as keys too.
func TestKeysOfOtherLayouts(t *testing.T) {
	site := pages(t, map[string]string{"/": `<input id=b><script>got = []; for (const t of ['keydown', 'keypress', 'keyup']) b.addEventListener(t, e => got.push(t + ' ' + e.key))</script>`})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	for _, key := range []string{"Dead", "é", "ß", "Shift+Я", "👍", "F24"} {
		b.do(step.Spec{Action: "press", Target: "#b", Key: key})
	}
	if got := b.value(`b.value`); got != `"éßЯ👍"` {
		t.Errorf("the field has %s", got)
	}
	if got := b.value(`got.join(', ')`); !strings.HasPrefix(got, `"keydown Dead, keyup Dead, keydown é, keypress é, keyup é,`) || !strings.HasSuffix(got, `keydown F24, keyup F24"`) {
		t.Errorf("the page saw %s", got)
	}
}
