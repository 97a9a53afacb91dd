package step

import "github.com/browserhook/browserhook/internal/browser"

var (
	button    = member{name: "button", tag: `doc:"The mouse button; left is the default." enum:"left,right,middle"`}
	modifiers = member{name: "modifiers", tag: `doc:"Keys held meanwhile." enum:"Alt,Control,ControlOrMeta,Meta,Shift" maxItems:"5"`}
	position  = member{name: "position", tag: `doc:"Where in the element, in CSS pixels from its top left corner, within its border. Else it is the middle of what is in view of it."`}
)

var clicking = []action{
	{
		name: "click", does: "Clicks an element, when it is visible, enabled, at rest, in view and not covered.",
		members: []member{
			target.must(), button, modifiers, position,
			{name: "clickCount", tag: `doc:"1 is the default; 2 is a double click, 3 selects a paragraph." minimum:"1" maximum:"3"`},
			popup, download,
		},
		answers: answersStarts, gives: startResult{},
		examples: []example{{
			step: `{"action":"click","target":"role=button[name=\"Add to basket\"]"}`,
			then: `document.querySelector("#basket").textContent === "1 item"`,
		}, {
			step:   `{"action":"click","target":"text=Terms","popup":true}`,
			result: `{"tab":{"index":1,"url":"https://shop.example/help","title":"Help","current":true}}`,
		}, {
			step:   `{"action":"click","target":"text=Invoice","download":true}`,
			result: `{"artifactId":"…","name":"invoice.csv","contentType":"text/csv; charset=utf-8","size":20,"sha256":"…","url":"https://shop.example/invoice.csv"}`,
		}},
		check: checkStarts,
		run:   func(r *run) (any, error) { return r.starts(func() error { return r.click(max(r.spec.ClickCount, 1)) }) },
	},
	{
		name: "doubleClick", does: "Clicks an element twice, as click does once.",
		members: []member{target.must(), button, modifiers, position, popup, download},
		answers: answersStarts, gives: startResult{},
		examples: []example{{
			step: `{"action":"doubleClick","target":"#notes"}`,
			then: `document.querySelector("#notes").isContentEditable`,
		}},
		check: checkStarts,
		run:   func(r *run) (any, error) { return r.starts(func() error { return r.click(2) }) },
	},
	{
		name: "hover", does: "Brings the mouse over an element, when it is visible, at rest, in view and not covered.",
		members: []member{target.must(), modifiers, position},
		examples: []example{{
			step: `{"action":"hover","target":"text=Account"}`,
			then: `document.querySelector("#menu").checkVisibility()`,
		}},
		run: (*run).hover,
	},
	{
		name: "tap", does: "Taps an element with a finger, when it is visible, enabled, at rest, in view and not covered. The page sees the touch, and then the click that a browser makes of it.",
		members: []member{target.must(), modifiers, position, popup, download},
		answers: answersStarts, gives: startResult{},
		examples: []example{{
			step: `{"action":"tap","target":"role=button[name=\"Add to basket\"]"}`,
			then: `document.querySelector("#basket").textContent === "1 item"`,
		}},
		check: checkStarts,
		run:   (*run).tap,
	},
}

var clickable = needs{Visible: true, Enabled: true, Point: true, Hit: true}

func (r *run) click(count int) error {
	button := r.spec.Button
	if button == "" {
		button = "left"
	}
	return r.pointer(clickable, "mouse", func(x, y float64) error {
		return r.page.WithModifiers(r.ctx, r.modifiers(), func() error { return r.page.Click(r.ctx, x, y, button, count, r.modifiers()) })
	})
}

func (r *run) modifiers() (bits int) {
	for _, m := range r.spec.Modifiers {
		bits |= browser.Modifier(m)
	}
	return bits
}

// how says where in the target the mouse goes.
func (r *run) how() object {
	if r.part != nil {
		return r.part
	}
	if r.spec.Position == nil {
		return nil
	}
	return object{"position": r.spec.Position}
}

func (r *run) tap() (any, error) {
	return r.starts(func() error {
		return r.pointer(clickable, "tap", func(x, y float64) error {
			return r.page.WithModifiers(r.ctx, r.modifiers(), func() error { return r.page.Tap(r.ctx, x, y, r.modifiers()) })
		})
	})
}

func (r *run) hover() (any, error) {
	return nil, r.pointer(needs{Visible: true, Point: true, Hit: true}, "hover", func(x, y float64) error {
		return r.page.WithModifiers(r.ctx, r.modifiers(), func() error { return r.page.Hover(r.ctx, x, y, r.modifiers()) })
	})
}
