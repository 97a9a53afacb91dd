package live

import (
	"context"
	"sync"
	"time"
)

const (
	// probeEvery is how often at most is looked at what pictures don't show, and openEvery
	// how often while a list is open, which closes by itself too, and after a look for
	// which the page had no time.
	probeEvery  = 100 * time.Millisecond
	openEvery   = time.Second
	probeWithin = 2 * time.Second
)

// probe finds out for who has control what pictures of the page don't show: lists that are
// open there, and the cursor. It looks after each input, and not else.
type probe struct {
	woken chan struct{}

	mu    sync.Mutex
	x, y  float64 // where the mouse is, in fractions of the picture
	moved bool
	acted bool
}

func newProbe() *probe { return &probe{woken: make(chan struct{}, 1)} }

// after has it look at what an input has done.
func (e *probe) after(in input) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch in.Type {
	case "mouse":
		e.x, e.y, e.moved = in.X, in.Y, true
		e.acted = e.acted || in.Kind != "move"
	case "key", "text", "touch", "wheel":
		e.acted = true
	default:
		return
	}
	select {
	case e.woken <- struct{}{}:
	default:
	}
}

// cursor is the shape of the session's, for who moves it.
type cursor struct {
	Type   string `json:"type"` // cursor
	Cursor string `json:"cursor"`
}

// runProbe looks until the viewer is gone, and again at what a page that is busy did not
// tell in time.
func (c *controller) runProbe(ctx context.Context) {
	shape, open, late := "", false, false
	for {
		var again <-chan time.Time
		if open || late {
			again = time.After(openEvery)
		}
		select {
		case <-c.probe.woken:
		case <-again:
		case <-ctx.Done():
			return
		}
		c.probe.mu.Lock()
		x, y, moved, acted := c.probe.x, c.probe.y, c.probe.moved, c.probe.acted
		c.probe.moved, c.probe.acted = false, false
		c.probe.mu.Unlock()
		page, ok := c.sessions.Page(c.session)
		if !ok || !c.attends.Load() {
			open, late = false, false
			continue
		}
		looking, cancel := context.WithTimeout(ctx, probeWithin)
		if acted || open || late {
			open = page.LookForPopup(looking)
		}
		if width, height := c.size(); (moved || late) && width > 0 {
			if is, err := page.Cursor(looking, x*width, y*height); err == nil && is != shape {
				shape = is
				if c.sendJSON(ctx, cursor{"cursor", is}) != nil {
					cancel()
					return
				}
			}
		}
		late = looking.Err() != nil
		cancel()
		select {
		case <-time.After(probeEvery):
		case <-ctx.Done():
			return
		}
	}
}
