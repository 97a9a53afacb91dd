package step

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
)

// Looking until something is so: in all frames, of which any may hang, come or
// go at any time.

const (
	// slice bounds how long one call into the page polls: half of it, or half
	// of what the step has left.
	slice = 4 * time.Second
	// between is the pause between looks at several frames.
	between = 25 * time.Millisecond
	// atWork is how long a frame may take to say that it answers before it is passed
	// over: what the step means may be in it, and be done in the wrong one meanwhile.
	atWork = time.Second
	// hangs is how long a frame may take to say what it saw, and patience how long to
	// say that it has given that up.
	hangs    = 2 * time.Second
	patience = 4 * between
)

// poll asks a function of the injected engine, frame by frame, until it
// answers ok. Frames come and go meanwhile; that is only a reason to look
// again.
func (r *run) poll(fn string, args object) (verdict, error) {
	looked := false
	r.late = nil
	for {
		if _, ok := args["tries"]; ok {
			args["tries"] = r.tries
		}
		changed := r.page.Changed()
		every := r.page.Frames()
		r.askAll(every)
		if v, ok := r.hadAnswered(); ok {
			return v, nil
		}
		frames, none, err := r.chosen(every)
		if err != nil {
			return none, err
		}
		// What a frame saw that has a match says more than "no match", and a
		// whole round more than a part of the next.
		told := none
		if frames == nil && isGone(args) {
			return verdict{OK: true}, nil // nothing is there where there is no frame
		}
		silent, absent := false, 0
		for i, f := range frames {
			if f.Document.Missing != "" {
				// The browser's own error page is nothing of the page's: there
				// is nothing to be found, read or clicked.
				if f.Parent == "" {
					told = verdict{Why: CodeNavigation, Seen: notThere(f.Document.Missing)}
				}
				continue
			}
			if f.Context == 0 {
				continue
			}
			if !r.answers(f) {
				silent = true
				continue
			}
			args["ms"] = 0
			if len(frames) == 1 && looked {
				// It answers well before the step's time is over, to be able to
				// say what it saw. The first look doesn't wait, so that there is
				// something to say however busy the machine is.
				args["ms"] = (r.remaining(slice) / 2).Milliseconds()
			}
			looked = true
			v, answered, err := r.lookThrough(f, fn, args, every)
			if err != nil {
				if lost(err) && r.ctx.Err() == nil {
					continue // the document was left meanwhile
				}
				if r.seen.Why == "" { // the first round isn't over
					r.seen = told
					if told.Why == "target_not_found" {
						r.seen.Seen = fmt.Sprintf("%s; there was no time to look at %d of %d frames", told.Seen, len(frames)-i, len(frames))
					}
				}
				return v, err
			}
			if !answered {
				silent = true
				continue
			}
			r.tries = max(r.tries, v.Tries)
			if v.Why == "abandoned" {
				continue // there is another frame to look at
			}
			if v.Fatal {
				return v, r.refused(v)
			}
			if v.None {
				absent++
				continue
			}
			if v.OK {
				return v, nil
			}
			if told.Why == "" || v.Why != "target_not_found" {
				told = v
			}
		}
		if absent > 0 && told.Why == "" && !silent {
			return verdict{OK: true}, nil // no frame has a match
		}
		if absent > 0 && silent {
			told = verdict{Why: "state", Seen: "a frame does not answer"}
		}
		if told.Why == "target_not_found" && silent {
			told.Seen = "no element matches, and a frame does not answer"
		}
		if told.Why != "" {
			r.seen = told
		}
		select {
		case <-changed:
		case <-time.After(between):
		case <-r.ctx.Done():
			return verdict{}, context.Cause(r.ctx)
		}
	}
}

// reply is what a frame answers, when it does.
type reply struct {
	frame browser.Frame
	ch    chan struct{} // closed when it is here
	v     verdict
	err   error
}

// lookIn calls a function in one frame. It is given up when a frame comes that
// there wasn't among every, which may have what this one waits for, and when
// there are others and this one hangs: answered is false while it isn't known
// what became of it.
func (r *run) lookIn(f browser.Frame, fn string, args object, every []browser.Frame) (v verdict, answered bool, err error) {
	a, ctx, asked := &reply{frame: f, ch: make(chan struct{})}, r.ctx, maps.Clone(args)
	r.running.Go(func() {
		defer close(a.ch)
		a.v, a.err = call(ctx, f, fn, asked)
	})
	var hung <-chan time.Time
	if r.severalProcesses(every) {
		hung = time.After(r.wait(args) + hangs)
	}
	for {
		changed := r.page.Changed()
		if !r.hasNew(every) {
			select {
			case <-a.ch:
				return a.v, true, a.err
			case <-changed:
				continue
			case <-hung:
			case <-r.ctx.Done():
				<-a.ch
				return a.v, true, a.err
			}
		}
		// What it is told now it hears before it does anything more.
		r.abandonIn(f)
		select {
		case <-a.ch:
			return a.v, true, a.err
		case <-time.After(patience):
		case <-r.ctx.Done():
		}
		r.late = a
		return verdict{}, false, nil
	}
}

// wait is how long a call polls in the page.
func (r *run) wait(args object) time.Duration {
	ms, _ := args["ms"].(int64)
	return time.Duration(ms) * time.Millisecond
}

// hasNew says whether a document can be looked at that couldn't.
func (r *run) hasNew(before []browser.Frame) bool {
	return slices.ContainsFunc(r.page.Frames(), func(f browser.Frame) bool {
		return f.Context != 0 && !slices.ContainsFunc(before, func(b browser.Frame) bool { return b.ID == f.ID && b.Context == f.Context })
	})
}

// hadAnswered is what came of a look that was given up, if it was done all the
// same: its answer was on its way.
func (r *run) hadAnswered() (verdict, bool) {
	if r.late == nil {
		return verdict{}, false
	}
	select {
	case <-r.late.ch:
		a := r.late
		r.late = nil
		return a.v, a.err == nil && a.v.OK && !a.v.None
	default:
		return verdict{}, false
	}
}

// question is whether a frame's process answers.
type question struct {
	asked time.Time     // in which round
	by    time.Time     // until when that is waited for
	done  chan struct{} // closed when it has
}

func (q *question) answered() bool {
	select {
	case <-q.done:
		return true
	default:
		return false
	}
}

func (r *run) severalProcesses(frames []browser.Frame) bool {
	return slices.ContainsFunc(frames, func(f browser.Frame) bool { return f.Session.ID != r.page.ID })
}

// askAll asks the processes of all frames whether they answer, all at once. One
// that hangs must not hold up the look at the others, nor be told what it would
// do later. It is asked once, and again when it has answered.
func (r *run) askAll(frames []browser.Frame) {
	if !r.severalProcesses(frames) {
		clear(r.asked) // there is nothing to be held up
		return
	}
	if r.asked == nil {
		r.asked = map[string]*question{}
	}
	ctx, now := r.ctx, time.Now()
	for _, f := range frames {
		q := r.asked[f.Session.ID]
		if f.Context == 0 || q != nil && q.asked.Equal(now) {
			continue
		}
		if q != nil && !q.answered() {
			q.asked, q.by = now, now.Add(between/5)
			continue
		}
		q = &question{asked: now, by: now.Add(atWork), done: make(chan struct{})}
		r.asked[f.Session.ID] = q
		r.running.Go(func() {
			err := f.Session.Call(ctx, "Runtime.evaluate", object{"expression": "0", "contextId": f.Context}, nil)
			if err == nil || lost(err) {
				close(q.done)
			}
		})
	}
}

// answers says whether the process that draws a frame does, which askAll asked.
func (r *run) answers(f browser.Frame) bool {
	if r.late != nil && r.late.frame.Session.ID == f.Session.ID {
		return false
	}
	q := r.asked[f.Session.ID]
	if q == nil {
		return true
	}
	select {
	case <-q.done:
	case <-time.After(time.Until(q.by)):
		return false
	case <-r.ctx.Done():
		return false
	}
	return true
}

func isGone(args object) bool {
	return args["state"] == "hidden" || args["state"] == "detached" || args["count"] == 0
}
