package step

import (
	"context"
	"errors"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// CodeDropRefused is a drag by HTML's drag and drop which ended where nothing
// takes what was dragged.
const CodeDropRefused = "drop_refused"

var dragging = []action{{
	name: "drag",
	does: "Drags an element with the mouse to another, or by some way. It works for pages that follow the mouse and for those that use HTML's drag and drop, in and between frames.",
	members: []member{
		target.must(), position, modifiers,
		{name: "to", tag: `doc:"The element that it is dropped on." maxLength:"4096"`, check: checkTo},
		{name: "toPosition", tag: `doc:"Where in that element, as position."`, check: func(s *Spec, field string) error {
			if s.To == "" {
				return domain.Invalid(field, "is a place in an element to drop on, and to names none")
			}
			return nil
		}},
		{name: "x", tag: `doc:"Instead of to: CSS pixels to the right."`},
		{name: "y", tag: `doc:"Instead of to: CSS pixels down."`},
		{name: "moves", tag: `doc:"In how many moves of the mouse; 1 is the default. Some pages need several." minimum:"1" maximum:"100"`},
	},
	oneOf: []string{"to", "x", "y"},
	check: func(s *Spec, at pathTo) error {
		if s.To != "" && (s.X != nil || s.Y != nil) {
			return domain.Invalid(at("to"), "can't go with x and y")
		}
		return nil
	},
	examples: []example{{
		step: `{"action":"drag","target":"text=Gift card","to":"#basket"}`,
		then: `document.querySelector("#basket").textContent === "1 item"`,
	}},
	run: (*run).drag,
}}

func checkTo(s *Spec, field string) error {
	if _, err := ParseTarget(s.To); err != nil {
		return domain.Invalid(field, "%s", err)
	}
	return nil
}

// starts is how far the mouse goes to begin a drag where that can't be left to
// the first move: what is dragged is of another process than where it goes.
const starts = 6

func (r *run) drag() (any, error) {
	if r.spec.DryRun {
		return nil, r.lookAtBoth()
	}
	return nil, r.page.WithModifiers(r.ctx, r.modifiers(), r.dragHeld)
}

// lookAtBoth is a dry run: it ends when the target has been found, and before
// that where it goes.
func (r *run) lookAtBoth() error {
	if r.spec.To != "" {
		if _, err := r.goal(); !errors.Is(err, errLooked) {
			return err
		}
		if err := r.aim(r.spec.Target); err != nil {
			return err
		}
	}
	_, _, err := r.grab()
	return err
}

// dragHeld drags while modifier keys are held.
func (r *run) dragHeld() error {
	grip, source, err := r.grab()
	if err != nil {
		return err
	}
	held := true
	defer func() {
		if held {
			grip.LetGo() // the page lets nobody have its click
		}
	}()
	goal := verdict{X: source.X + number(r.spec.X), Y: source.Y + number(r.spec.Y), frame: source.frame}
	if r.spec.To != "" {
		if goal, err = r.goal(); err != nil {
			return err
		}
	}
	html := false
	move := func(x, y float64, last bool) error {
		err := grip.Move(r.ctx, x, y)
		if errors.Is(err, browser.ErrUnheard) {
			return clickUnconfirmed()
		}
		if err != nil || html {
			return err
		}
		html, err = takenUp(func() (bool, error) {
			v, err := r.call(source.frame, "dragging", object{"last": last})
			return v.Dragged, err
		}, func() (bool, error) {
			begun, err := grip.Begun(r.ctx)
			if err == nil && !begun {
				r.waitedFor, r.seen = "the browser to take up the drag that the page began", verdict{Seen: "that it didn't"}
			}
			return begun, err
		})
		return err
	}
	if goal.frame.Session.ID != source.frame.Session.ID {
		if err := move(toward(source.X, goal.X), toward(source.Y, goal.Y), false); err != nil {
			return err
		}
	}
	moves := max(r.spec.Moves, 1)
	for i := 1; i < moves; i++ {
		part := float64(i) / float64(moves)
		if err := move(source.X+part*(goal.X-source.X), source.Y+part*(goal.Y-source.Y), false); err != nil {
			return err
		}
	}
	if moves > 1 && r.spec.To != "" {
		// The page may have moved it meanwhile.
		if goal, err = r.goal(); err != nil {
			return err
		}
	}
	if err := move(goal.X, goal.Y, true); err != nil {
		return err
	}
	held = false
	err = r.settled(func() (err error) {
		html, err = grip.Drop(r.ctx)
		return err
	})
	if errors.Is(err, browser.ErrUnheard) {
		return clickUnconfirmed()
	}
	if err != nil || !html || r.spec.To == "" {
		return err
	}
	v, err := r.call(goal.frame, "dropped", object{})
	switch {
	case err != nil && lost(err):
		return nil // it was left because of the drop
	case err == nil && !v.OK:
		return r.refused(v)
	}
	return err
}

// takenUp waits, as long as the page says that it drags something, until the browser
// does: a button that goes up before drops nothing. A drag that comes to nothing
// after all ends in the page.
func takenUp(dragging, begun func() (bool, error)) (html bool, err error) {
	for {
		drags, err := dragging()
		switch {
		case err != nil && lost(err):
			return false, nil
		case err != nil || !drags:
			return false, err
		}
		if html, err := begun(); err != nil || html {
			return html, err
		}
	}
}

func number(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}

// toward is a first small move on the way from one coordinate to another.
func toward(from, to float64) float64 { return from + max(-starts, min(starts, to-from)) }

// grab takes hold of what is to be dragged; the verdict says where that is in
// the page.
func (r *run) grab() (grip *browser.Grip, v verdict, err error) {
	r.undo = func() {
		// Nobody hears of it while the page is watched still.
		_, _ = grip.Drop(r.ctx)
		grip = nil
		r.abandon()
	}
	defer func() { r.undo = nil }()
	err = r.pointer(needs{Visible: true, Point: true, Hit: true}, "grab", func(x, y float64) (err error) {
		v.X, v.Y = x, y
		grip, err = r.page.Grab(r.ctx, x, y, r.modifiers())
		return err
	})
	if err != nil && grip != nil {
		grip.LetGo() // the page lets nobody have its click
	}
	v.frame = r.aimed
	return grip, v, err
}

// goal is where what is dragged goes: its frame, and the point in the page.
func (r *run) goal() (v verdict, err error) {
	if err := r.aim(r.spec.To); err != nil {
		return v, err
	}
	var how object
	if r.spec.ToPosition != nil {
		how = object{"position": r.spec.ToPosition}
	}
	for {
		v, err := r.look(needs{Visible: true, Point: true, Hit: true}, how, "goal", nil)
		if err != nil {
			return v, err
		}
		x, y, no, err := r.point(v)
		switch {
		case err != nil && (!lost(err) || r.ctx.Err() != nil):
			return v, err
		case err == nil && no == nil:
			v.X, v.Y = x, y
			return v, nil
		case no != nil:
			r.seen = *no
		}
		select {
		case <-time.After(between):
		case <-r.ctx.Done():
			return v, context.Cause(r.ctx)
		}
	}
}
