package step

import (
	"errors"

	"github.com/browserhook/browserhook/internal/browser"
)

var scrolling = []action{{
	name: "scroll", does: "Turns the mouse's wheel over the page or, with a target, over that, as a user does who scrolls in it; a target alone is scrolled into view.",
	members: []member{
		target,
		{name: "x", tag: `doc:"CSS pixels to the right."`},
		{name: "y", tag: `doc:"CSS pixels down."`},
	},
	oneOf:   []string{"target", "x", "y"},
	answers: "how far what was scrolled is scrolled then.",
	gives:   scrollResult{},
	examples: []example{{
		step:   `{"action":"scroll","y":500}`,
		result: `{"x":0,"y":500}`,
		then:   `scrollY === 500`,
	}},
	run: (*run).scroll,
}}

func (r *run) scroll() (any, error) {
	x, y := number(r.spec.X), number(r.spec.Y)
	if x == 0 && y == 0 {
		if r.spec.Target == "" {
			return nil, nil
		}
		_, err := r.act(needs{}, "scroll", nil)
		return nil, err
	}
	if r.spec.Target == "" {
		return r.scrollPage(x, y)
	}
	if err := r.pointer(needs{Visible: true, Point: true, Hit: true}, "wheel", func(atX, atY float64) error {
		return r.page.Wheel(r.ctx, atX, atY, x, y)
	}); err != nil {
		return nil, err
	}
	return r.scrolled(r.aimed)
}

// scrollPage turns the wheel where the page itself scrolls. Where there is no
// such place in view, it is scrolled all the same.
func (r *run) scrollPage(x, y float64) (any, error) {
	for {
		r.waitedFor = "the page"
		if err := r.until(func(f browser.Frame) bool { return f.Context != 0 }); err != nil {
			return nil, err
		}
		main := r.page.Main()
		at, err := r.call(main, "wheelPage", object{"x": x, "y": y})
		switch {
		case err != nil && lost(err) && r.ctx.Err() == nil:
			continue
		case err != nil:
			return nil, err
		case at.OK:
			err = r.settled(func() error { return r.page.Wheel(r.ctx, at.X, at.Y, x, y) })
		}
		if errors.Is(err, browser.ErrUnheard) {
			r.unheard()
			continue
		}
		if err != nil {
			return nil, err
		}
		return r.scrolled(main)
	}
}

// scrolled says how far what was scrolled is scrolled, when it is at rest.
func (r *run) scrolled(f browser.Frame) (any, error) {
	v, err := r.call(f, "rested", object{})
	if err != nil && lost(err) {
		return nil, nil // it was left because of the wheel
	}
	return v.Value, err
}
