package browser

import (
	"context"
	"reflect"
	"slices"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// findPopup finds the list, or the field with a picker, that is open in a document.
// Chromium without a window opens them as any other does, and draws none, but for lists
// that the page styles itself.
const findPopup = `(() => {
	const open = ":is(select, input):open";
	let at = document.activeElement;
	while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
	if (!at?.matches(open)) at = document.querySelector(open);
	return at && getComputedStyle(at).appearance !== "base-select" ? at : null;
})()`

// tellPopup says what there is to choose.
const tellPopup = `((at) => {
	if (!at) return null;
	const cut = (s) => s.slice(0, 200);
	if (at instanceof HTMLInputElement) return { kind: at.type, value: cut(at.value), min: cut(at.min), max: cut(at.max), step: cut(at.step) };
	const unseen = (el) => !!el && getComputedStyle(el).display === "none";
	return { kind: "select", options: [...at.options].slice(0, 1000).map((o) => {
		const group = o.closest("optgroup");
		return { label: cut(o.label || o.text), group: cut(group?.label ?? ""), selected: o.selected,
			disabled: o.disabled || !!group?.disabled, hidden: unseen(o) || unseen(group) };
	}) };
})(` + findPopup + `)`

// pickers are the kinds of fields that a person chooses a value for.
var pickers = []string{"date", "datetime-local", "month", "time", "week", "color"}

// LookForPopup has the page ask what a list or a field asks that is open in it now, and
// says whether one is. When the page has not told before ctx ends, it asks what it did.
func (p *Page) LookForPopup(ctx context.Context) (open bool) {
	before := p.Ask()
	if before != nil && before.world == 0 {
		return false // it asks something else
	}
	for _, f := range p.Frames() {
		if f.Context == 0 {
			continue
		}
		var found struct {
			Result struct {
				Value *Ask `json:"value"`
			} `json:"result"`
		}
		err := f.Session.Call(ctx, "Runtime.evaluate", object{"expression": tellPopup, "contextId": f.Context, "returnByValue": true}, &found)
		if ctx.Err() != nil {
			return before != nil
		}
		a := found.Result.Value
		if err != nil || a == nil || a.Kind != "select" && !slices.Contains(pickers, a.Kind) {
			continue
		}
		a.session, a.frame, a.world, a.Number = f.Session, f.ID, f.Context, 0
		a.Options = a.Options[:min(len(a.Options), MaxOptions)]
		p.shown(a)
		if before != nil {
			a.Number = before.Number
		}
		if !reflect.DeepEqual(a, before) {
			p.asks(a)
		}
		return true
	}
	if before != nil {
		p.asks(nil)
	}
	return false
}

// shown has of what a list or a picker offers only what may be told of a page.
func (p *Page) shown(a *Ask) {
	texts := []*string{&a.Value, &a.Min, &a.Max, &a.Step}
	for i := range a.Options {
		texts = append(texts, &a.Options[i].Label, &a.Options[i].Group)
	}
	for _, text := range texts {
		*text = p.Secrets.Hide(domain.CleanText(*text))
	}
}

// pick chooses one of a list's options as a person does who has opened it: Chromium
// gives the keys to the list.
func (p *Page) pick(ctx context.Context, a *Ask, option int) error {
	if option < 0 || option >= len(a.Options) || a.Options[option].Disabled || a.Options[option].Hidden {
		return ErrAnswered
	}
	at := slices.IndexFunc(a.Options, func(o Option) bool { return o.Selected })
	key, from, to := "ArrowDown", at+1, option+1
	if option < at {
		key, from, to = "ArrowUp", option, at
	}
	steps := 0
	for _, o := range a.Options[from:to] {
		if !o.Disabled && !o.Hidden {
			steps++
		}
	}
	p.asks(nil)
	if err := p.strike(ctx, key, steps); err != nil {
		return err
	}
	return p.strike(ctx, "Enter", 1)
}

// set gives a field its value.
func (p *Page) set(ctx context.Context, a *Ask, value string) error {
	var field struct {
		Result struct {
			ID string `json:"objectId"`
		} `json:"result"`
	}
	if err := a.session.Call(ctx, "Runtime.evaluate", object{"expression": findPopup, "contextId": a.world}, &field); err != nil {
		return err
	}
	p.asks(nil)
	if field.Result.ID == "" {
		return ErrAnswered
	}
	if err := p.strike(ctx, "Escape", 1); err != nil { // which would take the value back
		return err
	}
	return a.session.Call(ctx, "Runtime.callFunctionOn", object{
		"objectId": field.Result.ID, "arguments": []object{{"value": value}}, "userGesture": true,
		"functionDeclaration": `function (value) {
			this.value = value;
			for (const kind of ["input", "change"]) {
				const event = new Event(kind, { bubbles: true, composed: kind === "input" });
				globalThis.bh?.manualEvents?.add(event);
				this.dispatchEvent(event);
			}
		}`,
	}, nil)
}

// strike presses and releases a key so often.
func (p *Page) strike(ctx context.Context, name string, times int) error {
	k, _ := keyNamed(name)
	var last *cdp.Pending
	for range times {
		for _, down := range []bool{true, false} {
			sent, err := p.Send("Input.dispatchKeyEvent", k.event(down, 0))
			if err != nil {
				return err
			}
			last = sent
		}
	}
	if last == nil {
		return nil
	}
	return last.Wait(ctx, nil)
}
