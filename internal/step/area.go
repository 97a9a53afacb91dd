package step

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// area is a part of the page, in CSS pixels of its document, and how many of the
// screen's there are for one.
type area struct {
	X, Y, Width, Height, device float64

	view    rect    // that is in view
	of      verdict // of the target
	partial bool    // of what was asked for, it is a part only
}

func (a area) inView() bool {
	const near = 0.5
	return a.X >= a.view.X-near && a.Y >= a.view.Y-near && a.X+a.Width <= a.view.X+a.view.Width+near && a.Y+a.Height <= a.view.Y+a.view.Height+near
}

// whole is an area with all of the pixels that it has a part of.
func (a area) whole() area {
	const little = 1e-3 // what is lost by reckoning is no part
	right, bottom := math.Ceil(a.X+a.Width-little), math.Ceil(a.Y+a.Height-little)
	a.X, a.Y = math.Floor(a.X+little), math.Floor(a.Y+little)
	a.Width, a.Height = right-a.X, bottom-a.Y
	return a
}

// area is what the picture is to show.
func (r *run) area() (area, error) {
	if r.spec.Target == "" {
		return r.around(verdict{})
	}
	for {
		target, err := r.act(needs{Visible: true, Point: true}, "box", nil)
		if err != nil {
			return area{}, err
		}
		if target.frame.Parent != "" {
			err = r.shown(target)
		}
		if err == nil {
			var a area
			if a, err = r.around(target); err == nil {
				return a, nil
			}
		}
		if !lost(err) && !errors.Is(err, errNoView) || r.ctx.Err() != nil {
			return area{}, err
		}
		select { // a frame was left meanwhile
		case <-time.After(between):
		case <-r.ctx.Done():
			return area{}, context.Cause(r.ctx)
		}
	}
}

// around is the area of the target, if there is one.
func (r *run) around(target verdict) (a area, err error) {
	var to func(x, y float64) (float64, float64)
	if target.frame.Parent != "" {
		if to, err = r.outward(target.frame, target.Width, target.Height); err != nil {
			return a, err
		}
	}
	var metrics struct {
		layout
		Device struct {
			Width float64 `json:"clientWidth"`
		} `json:"layoutViewport"`
		Content struct {
			Width  float64 `json:"width"`
			Height float64 `json:"height"`
		} `json:"cssContentSize"`
	}
	if err := r.command("Page.getLayoutMetrics", nil, &metrics); err != nil {
		return a, err
	}
	view := rect(metrics.Seen)
	a = area{X: view.X, Y: view.Y, Width: view.Width, Height: view.Height, device: 1, view: view, of: target}
	if view.Width > 0 && metrics.Device.Width > 0 {
		a.device = metrics.Device.Width / view.Width
	}
	switch box := target.Box; {
	case r.spec.FullPage:
		a.X, a.Y, a.Width, a.Height = 0, 0, metrics.Content.Width, metrics.Content.Height
	case r.spec.Target == "":
	case to == nil:
		a.X, a.Y, a.Width, a.Height = box.X, box.Y, box.Width, box.Height
	default:
		left, top := max(box.Left, 0), max(box.Top, 0)
		right, bottom := min(box.Left+box.Width, target.Width), min(box.Top+box.Height, target.Height)
		in := bounds(to, rect{left, top, right - left, bottom - top})
		a.X, a.Y, a.Width, a.Height = in.X+view.X, in.Y+view.Y, in.Width, in.Height
		a.partial = right-left < box.Width-0.5 || bottom-top < box.Height-0.5
	}
	if r.spec.Target != "" {
		a = a.whole()
	}
	if !(a.Width > 0 && a.Height > 0) {
		return a, &domain.Failure{Code: "target_out_of_view", Message: "There is nothing to take a picture of.", WaitedFor: r.waitedFor}
	}
	return a, nil
}

// again says whether the picture isn't of the target: its frame isn't drawn, or it
// isn't where it was.
func (r *run) again(before area, lacks []verdict) (bool, error) {
	if r.spec.Target == "" {
		return false, nil
	}
	f := before.of.frame
	if f.Parent != "" && slices.ContainsFunc(lacks, func(v verdict) bool { return v.frame.ID == f.ID }) {
		r.seen = verdict{Why: "target_out_of_view", Seen: "its frame is not drawn"}
		return true, nil
	}
	v, err := r.call(f, "act", object{"target": r.target, "needs": needs{Visible: true}, "op": "box"})
	if err == nil && v.OK {
		v.Width, v.Height = before.of.Width, before.of.Height
		var now area
		if now, err = r.around(v); err == nil {
			apart := math.Abs(now.X-before.X) + math.Abs(now.Y-before.Y) + math.Abs(now.Width-before.Width) + math.Abs(now.Height-before.Height)
			if apart < 0.5 {
				return false, nil
			}
		}
	}
	if err != nil && (!lost(err) && !errors.Is(err, errNoView) || r.ctx.Err() != nil) {
		return false, err
	}
	r.seen = verdict{Why: "target_moving", Seen: "it was elsewhere when the picture had been taken"}
	return true, nil
}

// lacking says whether frames that aren't drawn, or not whole, would be in an
// area: one of another process is drawn as far as it is in view, at most.
func (r *run) lacking(a area, lacks []verdict, pixels float64) (bool, error) {
	frames := slices.DeleteFunc(slices.Clone(lacks), func(v verdict) bool { return a.inView() && !v.omitted })
	if !a.inView() {
		for _, f := range documents(r.page.Frames()) {
			if f.Session.ID != r.page.ID {
				frames = append(frames, verdict{frame: f})
			}
		}
	}
	for _, v := range frames {
		if up := r.above(v.frame); !v.omitted && (len(up) == 0 || up[0].Session.ID != r.page.ID) {
			continue // it is a part of another that is looked at
		}
		to, err := r.outward(v.frame, 1, 1) // of its view as one
		switch {
		case errors.Is(err, errNoView) || lost(err):
			continue // it has no place in the page
		case err != nil:
			return false, err
		}
		in := bounds(to, rect{0, 0, 1, 1})
		left, top := max(in.X, a.X-a.view.X), max(in.Y, a.Y-a.view.Y)
		right, bottom := min(in.X+in.Width, a.X+a.Width-a.view.X), min(in.Y+in.Height, a.Y+a.Height-a.view.Y)
		outside := left < -0.5 || top < -0.5 || right > a.view.Width+0.5 || bottom > a.view.Height+0.5
		if right-left > 0.5 && bottom-top > 0.5 && (v.omitted || outside || !r.composes(pixels)) {
			return true, nil
		}
	}
	return false, nil
}
