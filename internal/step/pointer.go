package step

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
)

// pointer brings the mouse to the target and has input use it there. The page
// watches the mouse on its way: when another element gets it, no element does,
// and it is tried again. op is "mouse" or "hover".
func (r *run) pointer(n needs, op string, input func(x, y float64) error) (err error) {
	defer func() {
		if err != nil {
			r.abandon() // nobody watches any more
		}
	}()
	said := r.monitorInput()
	defer said.stop()
	for {
		aim := object{}
		if !r.spec.DryRun {
			aim["watch"] = op
		}
		v, err := r.look(n, r.how(), "aim", aim)
		if err != nil {
			return err
		}
		r.aimed = v.frame
		x, y, no, err := r.place(v, op)
		switch {
		case err != nil && (!lost(err) || r.ctx.Err() != nil):
			return err
		case err != nil: // its frame was left meanwhile
			r.abandon()
		case no != nil:
			if r.ctx.Err() == nil || r.seen.Why == "" { // what was seen in the step's last moment is but a part
				r.seen = *no
			}
		default:
			var miss verdict
			err := r.settledAsking(func() error { return input(x, y) }, func() (err error) {
				miss, err = r.missed(v, op, said)
				return err
			})
			if errors.Is(err, browser.ErrUnheard) {
				r.abandon()
				r.unheard()
				break
			}
			if err != nil || miss.Why == "" {
				return r.closedBy(v, said, err)
			}
			r.seen = verdict{Why: miss.Why, Seen: miss.Seen, X: x, Y: y, Width: 1, Height: 1} // in the whole page
			if r.undo != nil {
				r.undo()
			}
		}
		select {
		case <-time.After(between):
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		}
	}
}

// closedBy makes no error of a tab that is closed because the target got the mouse.
func (r *run) closedBy(v verdict, said *inputMonitor, err error) error {
	if reached, _ := said.of(v.frame); err != nil && reached && r.tabClosed() {
		return nil
	}
	return err
}

// above are the frames around a frame, the nearest first.
func (r *run) above(f browser.Frame) []browser.Frame {
	byID := map[string]browser.Frame{}
	for _, f := range r.page.Frames() {
		byID[f.ID] = f
	}
	var all []browser.Frame
	for f.Parent != "" {
		up, ok := byID[f.Parent]
		if !ok {
			return all
		}
		all, f = append(all, up), up
	}
	return all
}

// missed asks, after the mouse came, who got it: the target, or, as no says,
// another element in the target's document or in one around it, or nobody. A
// document that is gone has said so before, if it heard of the mouse.
func (r *run) missed(v verdict, op string, said *inputMonitor) (no verdict, err error) {
	if hit, heard := said.of(v.frame); heard && hit {
		// It has said so unasked. Nobody needs to watch any more.
		for _, f := range r.above(v.frame) {
			_, _ = f.Session.Send("Runtime.evaluate", object{"expression": "bh.reached()", "contextId": f.Context})
		}
		ctx, asked := r.ctx, make(chan error, 1)
		r.running.Go(func() {
			asked <- v.frame.Session.Call(ctx, "Runtime.evaluate", object{"expression": "bh.reached()", "contextId": v.frame.Context}, nil)
		})
		if op != "mouse" {
			return no, nil
		}
		word, err := said.released(r.ctx, v.frame, asked)
		if word == wordSlipped {
			return no, slipped("the button came up elsewhere")
		}
		return no, err
	}
	hit, gone := false, false
	for i, f := range append([]browser.Frame{v.frame}, r.above(v.frame)...) {
		// All are asked: that ends their watch.
		got, err := r.call(f, "reached", object{})
		switch {
		case r.ctx.Err() != nil:
			return no, context.Cause(r.ctx) // nobody knows
		case err != nil && !lost(err):
			return no, err
		case err != nil && i == 0:
			reached, heard := said.of(f)
			hit, gone = reached, !reached
			if heard && !reached {
				no = verdict{Why: "target_covered", Seen: "something else in a page that is gone"}
			}
		case i == 0 && got.Why == codeMissed:
			return no, slipped("the button came up on " + got.Seen)
		case i == 0:
			hit = got.Hit
		}
		if err == nil && !got.OK && no.Why != "target_covered" {
			no = got
		}
	}
	switch {
	case hit:
		return verdict{}, nil
	case gone && no.Why == "":
		return no, clickUnconfirmed()
	}
	return no, nil
}

// place is point which, when the way is free, has the documents watch for the
// mouse: until then it is others who use it. The main frame's own elements have
// nothing in the way: it has watched since they were looked at.
func (r *run) place(v verdict, op string) (x, y float64, no *verdict, err error) {
	if no, err := r.moving(v.frame); err != nil || no != nil {
		return 0, 0, no, err
	}
	x, y, no, err = r.point(v)
	if err != nil || no != nil {
		return x, y, no, err
	}
	if v.frame.Parent == "" {
		return x, y, nil, nil
	}
	for i, f := range append([]browser.Frame{v.frame}, r.above(v.frame)...) {
		if _, err := r.call(f, "watch", object{"kind": op, "aimed": i == 0}); err != nil {
			return 0, 0, nil, err
		}
	}
	return x, y, nil, nil
}

// moving says which of the frames that a target is in isn't at rest, if one isn't. All
// are looked at at once.
func (r *run) moving(f browser.Frame) (no *verdict, err error) {
	type looked struct {
		got verdict
		err error
	}
	around := r.above(f)
	looks := make(chan looked, len(around))
	for _, outer := range around {
		inner := f
		r.running.Go(func() {
			got, err := r.restsIn(inner, outer)
			looks <- looked{got, err}
		})
		f = outer
	}
	for range around {
		l := <-looks
		if err = cmp.Or(err, l.err); l.err == nil && !l.got.OK {
			no = &l.got
		}
	}
	return no, err
}

// restsIn asks the document around a frame whether it rests.
func (r *run) restsIn(inner, outer browser.Frame) (verdict, error) {
	return r.askAround(r.ctx, inner, outer, "rests")
}

// point is where a verdict's point is in the whole page's view: through the
// frames around it as they are drawn, moved, scaled, turned. no says why the
// mouse would not get there.
func (r *run) point(v verdict) (x, y float64, no *verdict, err error) {
	x, y = v.X, v.Y
	width, height := v.Width, v.Height
	// Each turn goes from a frame to the window of the process that draws what
	// is around it. Within one process Chromium knows how frames are nested.
	for inner := v.frame; inner.Parent != ""; {
		around := r.above(inner)
		if len(around) == 0 {
			return 0, 0, &verdict{Why: "target_not_found", Seen: "the frame was removed"}, nil
		}
		outer := r.page.Root(around[0])
		var view layout
		if err := outer.Session.Call(r.ctx, "Page.getLayoutMetrics", nil, &view); err != nil {
			return 0, 0, nil, err
		}
		var owner struct {
			Node int64 `json:"backendNodeId"`
		}
		if err := outer.Session.Call(r.ctx, "DOM.getFrameOwner", object{"frameId": inner.ID}, &owner); err != nil {
			return 0, 0, nil, err
		}
		var box struct {
			Model struct {
				Content []float64 `json:"content"`
			} `json:"model"`
		}
		if err := outer.Session.Call(r.ctx, "DOM.getBoxModel", object{"backendNodeId": owner.Node}, &box); err != nil {
			return 0, 0, nil, err
		}
		if len(box.Model.Content) < 8 || width <= 0 || height <= 0 {
			return 0, 0, &verdict{Why: "target_out_of_view", Seen: "the frame has no box"}, nil
		}
		x, y = onto(box.Model.Content, x/width, y/height)
		hit, err := r.nodeAt(outer, view, x, y)
		switch {
		case err != nil:
			return 0, 0, nil, err
		case hit.Node == 0:
			return 0, 0, &verdict{Why: "target_out_of_view", Seen: "the frame can't be scrolled into view"}, nil
		case outer.Session.ID == inner.Session.ID && hit.Frame != inner.ID,
			outer.Session.ID != inner.Session.ID && hit.Node != owner.Node:
			return 0, 0, &verdict{
				Why: "target_covered", Seen: "the frame is covered by " + r.name(outer, hit.Node),
				X: x, Y: y, Width: view.Seen.Width, Height: view.Seen.Height, frame: outer,
			}, nil
		}
		inner, width, height = outer, view.Seen.Width, view.Seen.Height
	}
	return x, y, nil, nil
}

// layout is the part of a document that is seen, as Page.getLayoutMetrics tells.
type layout struct {
	Seen struct {
		X      float64 `json:"pageX"`
		Y      float64 `json:"pageY"`
		Width  float64 `json:"clientWidth"`
		Height float64 `json:"clientHeight"`
	} `json:"cssLayoutViewport"`
}

// onto is where a point of a frame is in the quad that the frame is drawn as;
// right and down are parts of its width and height.
func onto(quad []float64, right, down float64) (x, y float64) {
	at := func(i int) float64 {
		top := quad[i]*(1-right) + quad[i+2]*right
		bottom := quad[i+6]*(1-right) + quad[i+4]*right
		return top*(1-down) + bottom*down
	}
	return at(0), at(1)
}

type located struct {
	Node  int64  `json:"backendNodeId"`
	Frame string `json:"frameId"`
}

// nodeAt is what the mouse would reach in the frames of one process; nothing
// out of view.
func (r *run) nodeAt(f browser.Frame, view layout, x, y float64) (hit located, err error) {
	if x < 0 || y < 0 || x >= view.Seen.Width || y >= view.Seen.Height {
		return hit, nil
	}
	err = f.Session.Call(r.ctx, "DOM.getNodeForLocation", object{
		"x": int(x + view.Seen.X), "y": int(y + view.Seen.Y), "includeUserAgentShadowDOM": true,
	}, &hit)
	return hit, err
}

// name describes a node for an error, as far as it can be had.
func (r *run) name(f browser.Frame, node int64) string {
	var res struct {
		Node struct {
			Name       string   `json:"nodeName"`
			Attributes []string `json:"attributes"`
		} `json:"node"`
	}
	if err := f.Session.Call(r.ctx, "DOM.describeNode", object{"backendNodeId": node}, &res); err != nil {
		return "something else"
	}
	s := "<" + strings.ToLower(res.Node.Name)
	for i := 0; i+1 < len(res.Node.Attributes); i += 2 {
		if name := res.Node.Attributes[i]; name == "id" || name == "class" {
			s += fmt.Sprintf(" %s=%q", name, res.Node.Attributes[i+1])
		}
	}
	return s + ">"
}
