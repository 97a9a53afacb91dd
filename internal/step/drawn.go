package step

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
)

// Each process draws its frames by itself, and a picture of the page is of what
// they have drawn so far. So what is to be in it is waited for.

// documents are the frames that have one of the page's.
func documents(frames []browser.Frame) []browser.Frame {
	return slices.DeleteFunc(slices.Clone(frames), func(f browser.Frame) bool { return f.Context == 0 || f.Document.Missing != "" })
}

// onScreen is how many frames a document draws until the first is on the screen.
const onScreen = 5

// drawn waits until frames are on the screen as they are now, and answers what
// those say that aren't: they are out of view, are not rendered, or hang.
func (r *run) drawn(frames []browser.Frame) (not []verdict, err error) {
	if len(frames) < 2 {
		return nil, nil // whoever takes a picture has the page itself drawn
	}
	answers, errs := make([]verdict, len(frames)), make([]error, len(frames))
	var wg sync.WaitGroup
	for i, f := range frames {
		wg.Go(func() {
			answers[i], errs[i] = r.isDrawn(f)
			answers[i].frame = f
		})
	}
	wg.Wait()
	if r.ctx.Err() != nil {
		return nil, context.Cause(r.ctx)
	}
	return slices.DeleteFunc(answers, func(v verdict) bool { return v.OK }), errors.Join(errs...)
}

// isDrawn is drawn for one frame. A document that is gone is none.
func (r *run) isDrawn(f browser.Frame) (v verdict, err error) {
	if f.Context == 0 || f.Document.Missing != "" {
		return verdict{Why: "lost"}, nil
	}
	ctx, cancel := context.WithCancel(r.ctx)
	var rendered sync.WaitGroup
	defer rendered.Wait()
	defer cancel()
	hidden := false
	rendered.Go(func() {
		select {
		case <-time.After(patience):
		case <-ctx.Done():
			return
		}
		if r.unrendered(ctx, f) {
			hidden = true
			cancel()
		}
	})
	if err = r.hears(f, r.remaining(2*hangs)/2); err == nil {
		v, err = call(ctx, f, "drawn", object{"frames": onScreen})
	} else if errors.Is(err, context.DeadlineExceeded) {
		v, err = verdict{Why: "timeout"}, nil
	}
	cancel()
	rendered.Wait()
	if !hidden && v.Why == "target_out_of_view" { // on a busy machine it may be known only now
		hidden = r.unrendered(r.ctx, f)
	}
	switch {
	case hidden && !v.OK:
		return verdict{Why: "target_hidden"}, nil
	case lost(err):
		return verdict{Why: "lost"}, nil
	}
	return v, err
}

// unrendered says whether the page has no place for a frame on the screen,
// wherever that is scrolled: its element, or one around it, is hidden.
func (r *run) unrendered(ctx context.Context, f browser.Frame) bool {
	for _, one := range append([]browser.Frame{f}, r.above(f)...) {
		if one.Parent == "" {
			break
		}
		if v, err := r.ofOwner(ctx, one, "rendered"); err != nil || !v.OK {
			return err == nil
		}
	}
	return false
}

// ofOwner asks a function of the injected engine about the element of a frame.
func (r *run) ofOwner(ctx context.Context, f browser.Frame, fn string) (v verdict, err error) {
	around := r.above(f)
	if len(around) == 0 {
		return v, errNoView
	}
	in := around[0]
	var node struct {
		ID int64 `json:"backendNodeId"`
	}
	if err := in.Session.Call(ctx, "DOM.getFrameOwner", object{"frameId": f.ID}, &node); err != nil {
		return v, err
	}
	var element struct {
		Object remote `json:"object"`
	}
	if err := in.Session.Call(ctx, "DOM.resolveNode", object{"backendNodeId": node.ID, "executionContextId": in.Context, "objectGroup": owners}, &element); err != nil {
		return v, err
	}
	defer func() { _, _ = in.Session.Send("Runtime.releaseObjectGroup", object{"objectGroup": owners}) }()
	var res returned
	err = in.Session.Call(ctx, "Runtime.callFunctionOn", object{
		"functionDeclaration": "function(fn) { return bh[fn](this) }", "objectId": element.Object.ObjectID,
		"arguments": []object{{"value": fn}}, "returnByValue": true,
	}, &res)
	if err != nil {
		return v, err
	}
	return res.verdict(f)
}

// owners names what the elements of frames leave in the page.
const owners = "browserhook-owners"

// hears has a frame answer, for which it has so much time.
func (r *run) hears(f browser.Frame, within time.Duration) error {
	ctx, cancel := context.WithTimeout(r.ctx, within)
	defer cancel()
	return f.Session.Call(ctx, "Runtime.evaluate", object{"expression": "0"}, nil)
}

// shown waits until a target in a frame has come to its place. The scrolling to
// it goes on outward from process to process, and each has heard of it before it
// hears what is asked here; but it forgets the borders of frames, so that each is
// told once more. What comes into view by it begins to be drawn when what is
// around it has been, so that is waited for inward.
func (r *run) shown(target verdict) error {
	f := target.frame
	chain := append([]browser.Frame{f}, r.above(f)...)
	if !r.severalProcesses(chain) {
		return nil
	}
	box := rect{target.Box.Left, target.Box.Top, target.Box.Width, target.Box.Height}
	for width, height := target.Width, target.Height; f.Parent != ""; {
		o, err := r.ownerOf(f)
		if err != nil {
			return err
		}
		in, all := bounds(o.outward(width, height), box), bounds(quad(o.border), rect{0, 0, 1, 1})
		err = o.in.Session.Call(r.ctx, "DOM.scrollIntoViewIfNeeded", object{
			"backendNodeId": o.node, "rect": object{"x": in.X - all.X, "y": in.Y - all.Y, "width": in.Width, "height": in.Height},
		}, nil)
		if err != nil {
			return err
		}
		if o, err = r.ownerOf(f); err != nil { // it is elsewhere now
			return err
		}
		box = bounds(o.outward(width, height), box)
		f, width, height = o.in, o.view.Seen.Width, o.view.Seen.Height
	}
	for _, one := range slices.Backward(chain) {
		if _, err := r.call(one, "drawn", object{"frames": 2}); err != nil {
			return err
		}
	}
	return nil
}
