package step

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
)

// Each process draws its frames by itself, and a picture of the page is of what
// they have drawn so far. So what is to be in it is waited for.

// documents are the frames that have one of the page's.
func documents(frames []browser.Frame) []browser.Frame {
	return slices.DeleteFunc(frames, func(f browser.Frame) bool { return f.Context == 0 || f.Document.Missing != "" })
}

// onScreen is how many frames a document draws until the first is on the screen.
const onScreen = 5

// drawn waits until all frames are on the screen as they are now, and answers
// what those say that aren't: they are out of view, or hang.
func (r *run) drawn() (not []verdict, err error) {
	frames := documents(r.page.Frames())
	if len(frames) < 2 {
		return nil, nil // whoever takes a picture has the page itself drawn
	}
	answers := make([]verdict, len(frames))
	var wg sync.WaitGroup
	for i, f := range frames {
		wg.Go(func() {
			if r.hears(f, r.left(2*hangs)/2) == nil {
				answers[i], _ = r.call(f, "drawn", object{"frames": onScreen})
			}
			answers[i].frame = f
		})
	}
	wg.Wait()
	if r.ctx.Err() != nil {
		return nil, context.Cause(r.ctx)
	}
	return slices.DeleteFunc(answers, func(v verdict) bool { return v.OK }), nil
}

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
