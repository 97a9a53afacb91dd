package live

import (
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
)

// flow is how a viewer's connection is, which it tells by what it has drawn: a slow
// one gets pictures of less quality, and no more than it can draw. Of a viewer that
// tells nothing, nothing is known.
type flow struct {
	missed int64         // pictures, as far as they were counted; only who sends knows it
	more   chan struct{} // something was drawn

	mu    sync.Mutex
	tells bool
	ahead []time.Time   // when those were sent that are not drawn yet
	least time.Duration // that one ever took
	good  int           // how many in a row were hardly later than that
	level int           // of qualities
}

// qualities are those of the pictures, the best first.
var qualities = []int{browser.DefaultQuality, 60, 40}

const (
	lateBy  = 250 * time.Millisecond // behind the quickest: the line is full
	soonBy  = 60 * time.Millisecond
	goodRow = 50
)

func newFlow() *flow { return &flow{more: make(chan struct{}, 1)} }

func (f *flow) sent(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tells || len(f.ahead) < maxAhead {
		f.ahead = append(f.ahead, now)
	}
}

func (f *flow) full() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tells && len(f.ahead) >= maxAhead
}

// drawn is told when the viewer has drawn the first of those that it was sent.
func (f *flow) drawn(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tells = true
	if len(f.ahead) == 0 {
		return
	}
	took := now.Sub(f.ahead[0])
	f.ahead = f.ahead[1:]
	if f.least == 0 || took < f.least {
		f.least = took
	}
	switch {
	case took > f.least+lateBy:
		f.good = 0
		f.level = min(f.level+1, len(qualities)-1)
	case took < f.least+soonBy:
		if f.good++; f.good >= goodRow {
			f.good, f.level = 0, max(f.level-1, 0)
		}
	}
	select {
	case f.more <- struct{}{}:
	default:
	}
}

func (f *flow) quality() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return qualities[f.level]
}
