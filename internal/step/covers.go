package step

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// What a picture must not show is covered while it is taken, in every frame. A
// frame that doesn't draw its covers isn't shown. A picture is one when all that
// was so still when it had been taken.

// cover is what is covered, by functions of the injected engine.
type cover struct {
	lays, checks, lifts string // lays it, says whether it lies there still, takes it off
	args                object
	hung                *domain.Failure // of a frame that doesn't answer
}

// errBare is that what was to be covered may not have been: r.seen says why.
var errBare = errors.New("what was to be covered in the picture may not have been")

// covers are what the step's picture is not to show: what it masks, and fields and
// texts that show secrets. Nothing is scrolled after they are laid: they stay where they are.
func (r *run) covers(mask []string) (with []cover, err error) {
	hung := &domain.Failure{Code: "secrets_not_covered", Message: "A frame does not answer, so that its secrets can't be covered in the picture."}
	known := r.page.Secrets.Known()
	if mask != nil {
		targets := make([]Target, len(mask))
		for i, raw := range mask {
			t, err := ParseTarget(raw)
			if err != nil {
				return nil, err // Check has seen it
			}
			targets[i] = t.withTestID(r.page.TestID)
		}
		unmasked := &domain.Failure{Code: "mask_not_laid", Message: "A frame does not answer, so that what is masked can't be covered in the picture."}
		with = append(with, cover{"mask", "masked", "unmask", object{"targets": targets}, unmasked})
		if len(known) == 0 {
			hung = unmasked // of what hides frames
		}
	} else if len(known) == 0 {
		return nil, nil
	}
	return append(with, cover{"cover", "covered", "uncover", object{"secrets": append([]string{}, known...)}, hung}), nil
}

// each calls a function of a cover in frames, and answers what each said.
func (r *run) each(frames []browser.Frame, fn string, c cover) (said []verdict, err error) {
	within := r.ctx
	if r.severalProcesses(frames) {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(r.ctx, hangs)
		defer cancel()
	}
	for _, f := range frames {
		v, err := call(within, f, fn, c.args)
		v.frame = f
		said = append(said, v)
		switch {
		case err != nil && within.Err() != nil && r.ctx.Err() == nil:
			return said, c.hung
		case err != nil && !lost(err):
			return said, err
		case err == nil && v.Fatal:
			return said, r.refused(v)
		}
	}
	return said, nil
}

// lift takes covers off. Nothing that follows meets them: the page hears of this
// first.
func (r *run) lift(fn string, in []verdict) {
	for _, v := range slices.Backward(in) {
		_, _ = v.frame.Session.Send("Runtime.evaluate", object{"expression": "bh." + fn + "()", "contextId": v.frame.Context})
	}
}

// covering are the frames in which something is covered, and what fails a picture
// in which they don't show that.
type covering map[string]*domain.Failure

// covered does something while covers are laid in frames.
func (r *run) covered(with []cover, do func(frames []browser.Frame, in covering) error) error {
	frames, in := r.page.Frames(), covering{}
	for _, c := range with {
		r.waitedFor = "every frame to cover what is not to be shown"
		said, err := r.each(documents(frames), c.lays, c)
		defer r.lift(c.lifts, said)
		if err != nil {
			return err
		}
		for _, v := range said {
			if !v.OK {
				return r.bare(c, v.Seen)
			}
			if v.Covers {
				in[v.frame.ID] = c.hung
			}
		}
	}
	if err := do(frames, in); err != nil {
		return err
	}
	for _, c := range with {
		said, err := r.each(documents(frames), c.checks, c)
		if err != nil {
			return err
		}
		for _, v := range said {
			if !v.OK {
				return r.bare(c, v.Seen)
			}
		}
	}
	same := func(a, b browser.Frame) bool { return a.ID == b.ID && a.Context == b.Context }
	if len(with) > 0 && !slices.EqualFunc(frames, r.page.Frames(), same) {
		return r.bare(with[0], "")
	}
	return nil
}

// rests waits before what was bare is tried again, and says whether there is time
// for that.
func (r *run) rests() bool {
	select {
	case <-time.After(between):
		return true
	case <-r.ctx.Done():
		return false
	}
}

// bare notes what may have been seen that a cover was for.
func (r *run) bare(c cover, seen string) error {
	r.seen = verdict{Why: c.hung.Code, Seen: cmp.Or(seen, "a frame went elsewhere while the picture was taken")}
	return errBare
}

// pictured does something while covers are laid and all that is in view is on the
// screen as it is now. It is told which frames are not drawn.
func (r *run) pictured(with []cover, do func(not []verdict) error) error {
	var around []verdict
	defer func() { r.lift("uncover", around) }()
	return r.covered(with, func(frames []browser.Frame, in covering) error {
		if len(with) == 0 {
			frames = documents(frames)
		}
		not, err := r.drawn(frames)
		if err != nil {
			return err
		}
		for _, v := range not {
			if hung := in[v.frame.ID]; hung != nil && v.Why == "timeout" {
				return hung
			}
		}
		if len(with) > 0 {
			around, err = r.hide(with[0], not)
			switch {
			case (lost(err) || errors.Is(err, errNoView)) && r.ctx.Err() == nil:
				return r.bare(with[0], "")
			case err != nil:
				return err
			}
		}
		r.waitedFor = "the picture"
		return do(not)
	})
}

// hide has frames that are not drawn show nothing: they would show what they drew
// before, which nobody can cover. It answers the frames around them.
func (r *run) hide(c cover, not []verdict) (around []verdict, err error) {
	gone := map[string]bool{}
	for i, v := range not { // what is around a frame comes before it
		f := v.frame
		up := r.above(f)
		if f.Parent == "" || slices.ContainsFunc(up, func(f browser.Frame) bool { return gone[f.ID] }) {
			continue
		}
		gone[f.ID] = true
		// A frame that is out of view, or has never shown anything, lacks nothing.
		not[i].omitted = v.Why == "timeout" || v.Why == "lost" && f.Document.Committed && f.Document.Missing == "" ||
			v.Why == "target_out_of_view" && !f.Document.Reached["load"]
		hidden, err := r.ofOwner(r.ctx, f, "hide")
		switch {
		case err != nil:
			return around, err
		case !hidden.OK:
			return around, r.bare(c, "the element of a frame can't be hidden")
		}
		around = append(around, verdict{frame: up[0]})
	}
	for _, v := range around {
		if v.frame.Session.ID == r.page.ID {
			continue // whoever takes a picture has it drawn
		}
		if _, err := r.call(v.frame, "drawn", object{"frames": onScreen}); err != nil {
			return around, err
		}
	}
	return around, nil
}
