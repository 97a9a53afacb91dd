package step

import "fmt"

var scrolling = []action{{
	name: "scroll", does: "Scrolls the page or, with a target, what scrolls in it; a target alone comes into view.",
	members: []member{
		target,
		{name: "x", tag: `doc:"CSS pixels to the right."`},
		{name: "y", tag: `doc:"CSS pixels down."`},
	},
	oneOf: []string{"target", "x", "y"},
	examples: []example{{
		step: `{"action":"scroll","y":500}`,
		then: `scrollY === 500`,
	}},
	run: (*run).scroll,
}}

func (r *run) scroll() (any, error) {
	var x, y float64
	if r.spec.X != nil {
		x = *r.spec.X
	}
	if r.spec.Y != nil {
		y = *r.spec.Y
	}
	if r.spec.Target == "" {
		_, err := r.eval(fmt.Sprintf("scrollBy({left: %g, top: %g, behavior: 'instant'})", x, y))
		return nil, err
	}
	_, err := r.act(needs{}, "scroll", object{"x": x, "y": y})
	return nil, err
}
