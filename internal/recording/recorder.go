package recording

import (
	"context"
	"log/slog"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// What a recording is like: so that it costs little and can be read.
const (
	every   = 200 * time.Millisecond // at most so often a picture is kept,
	slowly  = 500 * time.Millisecond // or of a page that
	moves   = 5 * time.Second        // has moved all this time
	quality = 60                     // of its JPEGs, of 100
	longest = 2 * time.Minute        // a segment is
	largest = 4 << 20                // bytes, a segment has
)

// Fit is what the recorder can make use of, of a page that nobody else looks at.
var Fit = browser.Fit{Width: 1280, Height: 1280, Quality: quality}

const (
	// settle is how much later than it was seen that no secret shows a picture must be
	// taken: what Chromium hands out may be a little older than it says.
	settle = 250 * time.Millisecond
	// again is how often it is looked whether a secret shows still.
	again = 500 * time.Millisecond
	// lastWithin bounds the last picture of a recording.
	lastWithin = 500 * time.Millisecond
)

// Pictures are those of one page.
type Pictures interface {
	More() <-chan struct{}
	Take() (p browser.Picture, missed int64, ok bool)
	Again() // has the page's picture come anew, though nothing moves
	Close()
}

// Stage is what is recorded.
type Stage interface {
	// Watch begins to watch the page that is to be seen now, if there is one; moved is
	// closed when it may be another.
	Watch() (pictures Pictures, moved <-chan struct{})
	// Moved says whether the page that is to be seen now is another than the one that is
	// watched; again is closed when that may be so later.
	Moved() (other bool, again <-chan struct{})
	// Secrets says whether the session has any, and when one was last used. Before it is
	// shown, that is.
	Secrets() (any bool, used time.Time)
	// Shows says whether the page that is watched shows one, or that this can't be known.
	Shows(ctx context.Context) bool
}

// Config is how a session is recorded.
type Config struct {
	Session domain.SessionRef
	Folder  *Folder
	Stage   Stage
	Last    time.Duration // only the last so long is kept, as far as whole segments allow; 0: all
	Most    int64         // bytes; 0: any number
	Before  int64         // bytes that the recording has already, with the artifacts
	Full    func() bool   // there is no more room on the disk, here or where artifacts are
	// Done is told of a segment that is whole.
	Done func(a domain.Artifact)
	Log  *slog.Logger
}

// recorder records one session.
type recorder struct {
	Config
	pictures Pictures
	to       *writer
	size     int64            // of all that is kept
	here     []domain.Segment // whole, oldest first; of a recording of which the last is kept
	hidden   bool             // the last record says that nothing is shown
	clean    time.Time        // since when no secret was seen to show; zero: one was
	over     bool             // nothing more is recorded
	since    time.Time        // when the page began to move, as far as it still does
	taken    time.Time        // when its last picture was
	pause    time.Duration    // that followed that
}

// Run records until ctx ends, and nothing while nothing moves.
func Run(ctx context.Context, cfg Config) {
	r := &recorder{Config: cfg, size: cfg.Before, clean: time.Now().Add(-settle)}
	if r.Last > 0 {
		r.here, _ = r.Folder.Segments(r.Session)
		for _, s := range r.here {
			r.size += s.Size
		}
	}
	var moved <-chan struct{}
	defer func() {
		if r.pictures != nil {
			r.last()
			r.pictures.Close()
		}
		r.finish()
	}()
	rest := time.NewTimer(0)
	defer rest.Stop()
	var look <-chan time.Time // when it is to be seen whether a secret shows still
	ready := false
	for !r.over {
		if r.pictures == nil {
			r.pictures, moved = r.Stage.Watch()
		}
		var more <-chan struct{}
		if ready && r.pictures != nil {
			more = r.pictures.More()
		}
		select {
		case <-more:
			ready = false
			rest.Reset(r.rests(time.Now()))
			if !r.take(ctx) {
				look = time.After(again)
			}
		case <-look:
			look = nil
			if r.pictures != nil {
				if r.mayShow(ctx, time.Now()) {
					r.pictures.Again() // which is looked at as any other
				} else {
					look = time.After(again)
				}
			}
		case <-rest.C:
			ready = true
		case <-moved:
			// A page can have the tabs told as often as it likes, such as by dialogs: it
			// is not to be recorded more often by that.
			other, again := r.Stage.Moved()
			if moved = again; !other {
				continue
			}
			// What there was last of the page before is not lost.
			if r.pictures != nil {
				r.take(ctx)
				r.pictures.Close()
				r.pictures = nil
			}
		case <-ctx.Done():
			return
		}
	}
}

// rests is how long the recorder leaves a page alone of which it takes a picture now: longer
// when it has moved for a while, as one does that will go on.
func (r *recorder) rests(now time.Time) time.Duration {
	if now.Sub(r.taken) > r.pause+every { // it stood still
		r.since = now
	}
	r.taken, r.pause = now, every
	if now.Sub(r.since) >= moves {
		r.pause = slowly
	}
	return r.pause
}

// last keeps the picture with which a recording ends.
func (r *recorder) last() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWithin)
	defer cancel()
	r.hidden = true // what was to be seen before stays, if this may not be
	r.take(ctx)
}

// take keeps the newest picture. It says false if it must not, and another is to be asked
// for.
func (r *recorder) take(ctx context.Context) bool {
	p, _, ok := r.pictures.Take()
	if !ok || r.over {
		return true
	}
	if !r.mayShow(ctx, p.At) {
		if !r.hidden && r.to != nil {
			r.hidden = true
			r.keep(Picture{At: time.Now()})
		}
		return false
	}
	r.hidden = false
	r.keep(Picture{At: p.At, JPEG: p.JPEG})
	return true
}

// mayShow says whether a picture that was taken then shows no secret: since a while before,
// the page did not.
func (r *recorder) mayShow(ctx context.Context, at time.Time) bool {
	has, used := r.Stage.Secrets()
	if !has {
		return true
	}
	if used.After(r.clean) {
		r.clean = time.Time{}
	}
	if r.Stage.Shows(ctx) {
		r.clean = time.Time{}
		return false
	}
	if _, since := r.Stage.Secrets(); since.After(used) {
		r.clean = time.Time{}
		return false // meanwhile
	}
	if r.clean.IsZero() {
		r.clean = time.Now()
	}
	return !at.Before(r.clean.Add(settle))
}

// keep writes a record, into another segment if this one has enough. Times in a segment
// don't go back, whatever the clock does.
func (r *recorder) keep(p Picture) {
	if r.to != nil && (p.At.Sub(r.to.CreatedAt) > longest || r.to.size+int64(len(p.JPEG)) > largest) {
		r.finish()
	}
	r.drop(p.At, int64(len(p.JPEG)))
	switch {
	case r.Last == 0 && r.Most > 0 && r.size+int64(head+len(p.JPEG)) > r.Most:
		r.stop("it has as many bytes as max-recording allows")
		return
	case r.to == nil && r.Full != nil && r.Full():
		r.stop("the disk is nearly full")
		return
	}
	var err error
	if r.to == nil {
		if r.to, err = r.Folder.create(r.Session, p.At); err != nil {
			r.stop(err.Error())
			return
		}
	}
	if p.At.Before(r.to.last) {
		p.At = r.to.last
	}
	before := r.to.size
	if err = r.to.add(p); err != nil {
		r.stop(err.Error())
		return
	}
	r.size += r.to.size - before
}

// stop ends the recording before its session does.
func (r *recorder) stop(why string) {
	r.over = true
	r.Log.Warn("a session is recorded no further", "session", r.Session.ID, "why", why)
}

// finish ends the segment.
func (r *recorder) finish() {
	if r.to == nil {
		return
	}
	w := r.to
	r.to, r.hidden = nil, false
	w.close()
	w.Size = w.size
	if r.Last > 0 {
		r.here = append(r.here, domain.Segment{Artifact: w.Artifact})
		return
	}
	r.Done(w.Artifact)
}

// drop removes the oldest segments that nobody will miss, when a picture comes.
func (r *recorder) drop(now time.Time, more int64) {
	if r.Last == 0 {
		return
	}
	for len(r.here) > 0 {
		end := now // of the oldest
		if len(r.here) > 1 {
			end = r.here[1].CreatedAt
		} else if r.to != nil {
			end = r.to.CreatedAt
		}
		if now.Sub(end) < r.Last && (r.Most == 0 || r.size+more <= r.Most) {
			return
		}
		if err := r.Folder.Remove(r.here[0].Artifact); err != nil {
			r.stop(err.Error())
			return
		}
		r.size -= r.here[0].Size
		r.here = r.here[1:]
	}
}
