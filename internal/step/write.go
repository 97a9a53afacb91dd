package step

import (
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

var writing = []action{
	{
		name: "fill", does: "Puts a text into a field in the place of what it holds.",
		members: []member{target.must(), {name: "value", tag: `doc:"The text." maxLength:"262144"`, needed: true, secret: true}, secret},
		examples: []example{{
			step: `{"action":"fill","target":"label=E-mail","value":"ada@example.com"}`,
			then: `document.querySelector("#email").value === "ada@example.com"`,
		}},
		run: (*run).fill,
	},
	{
		name: "type", does: "Types a text key by key, into the target or into what has the focus.",
		members: []member{
			target, {name: "value", tag: `doc:"The text." maxLength:"262144"`, needed: true, secret: true}, secret,
			{name: "ime", tag: `doc:"Through an input method, as Chinese or Japanese is typed: the page sees a composition, and then the text."`},
		},
		examples: []example{{
			step: `{"action":"type","target":"placeholder=Search","value":"tea"}`,
			then: `document.querySelector("#search").value === "tea"`,
		}},
		run: (*run).typeText,
	},
	{
		name: "press", does: "Presses a key or a chord, in the target or in what has the focus.",
		members: []member{target, {name: "key", tag: `doc:"A key or chord." example:"Control+A" maxLength:"64"`, needed: true, check: checkKey}, popup, download},
		answers: answersStarts, gives: startResult{},
		examples: []example{{
			step: `{"action":"press","target":"placeholder=Search","key":"Enter"}`,
			then: `document.querySelector("#found").textContent === "Nothing found"`,
		}},
		check: checkStarts,
		run:   (*run).press,
	},
}

func checkKey(s *Spec, field string) error {
	if _, err := browser.ParseChord(s.Key); err != nil {
		return domain.Invalid(field, "%s", err)
	}
	return nil
}

func (r *run) fill() (any, error) {
	return nil, r.heard(func() error {
		v, err := r.act(needs{Visible: true, Enabled: true, Editable: true}, "fill", object{"value": *r.spec.Value})
		if err != nil || v.Type == nil {
			return err
		}
		waitedFor := r.waitedFor
		return r.settledAsking(func() error {
			if *v.Type == "" {
				return r.page.Press(r.ctx, "Delete")
			}
			return r.page.InsertText(r.ctx, *v.Type)
		}, func() error { return r.held(v.frame, *v.Type, waitedFor) })
	})
}

// rewrites is how long a page may take to write what it was given in its own way.
const rewrites = time.Second

// held reads the field again: it must hold what was typed. It is asked while it
// is asked where the page is, so it keeps to what it is given.
func (r *run) held(f browser.Frame, text, waitedFor string) error {
	v, err := r.call(f, "held", object{"value": text, "ms": r.remaining(rewrites).Milliseconds()})
	switch {
	case err != nil && lost(err):
		return nil // the page left because of the input
	case err == nil && !v.OK:
		return &domain.Failure{Code: v.Why, Message: "The target can't be used.", WaitedFor: waitedFor, Seen: v.Seen}
	}
	return err
}

func (r *run) focus() error {
	if r.spec.Target == "" {
		return nil
	}
	_, err := r.act(needs{Visible: true, Enabled: true}, "focus", nil)
	return err
}

func (r *run) typeText() (any, error) {
	return nil, r.typed(func() error {
		if r.spec.IME {
			return r.page.Compose(r.ctx, *r.spec.Value)
		}
		return r.page.Type(r.ctx, *r.spec.Value)
	})
}

func (r *run) press() (any, error) {
	return r.starts(func() error {
		return r.typed(func() error { return r.page.Press(r.ctx, r.spec.Key) })
	})
}

// typed focuses the target and has the keyboard used.
func (r *run) typed(input func() error) error {
	return r.heard(func() error {
		if err := r.focus(); err != nil {
			return err
		}
		err := r.settled(input)
		if err != nil && r.tabClosed() && r.spec.Action == "press" {
			return nil // the key went down, and so did the tab
		}
		return err
	})
}
