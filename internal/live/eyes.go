package live

import (
	"context"
	"sync"
	"time"
)

const (
	// seeEvery is how often at most is looked at what pictures don't show, and openEvery
	// how often while a list is open, which closes by itself too.
	seeEvery   = 100 * time.Millisecond
	openEvery  = time.Second
	seesWithin = 2 * time.Second
)

// eyes see for who has control what pictures of the page don't show: lists that it opens
// there, and the cursor. They look after what it does, and not else.
type eyes struct {
	woken chan struct{}

	mu    sync.Mutex
	x, y  float64 // where the mouse is, in fractions of the picture
	moved bool
	acted bool
}

func newEyes() *eyes { return &eyes{woken: make(chan struct{}, 1)} }

// after has them look at what an input has done.
func (e *eyes) after(in input) {
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

// see looks until the viewer is gone.
func (h *hand) see(ctx context.Context) {
	shape, open := "", false
	for {
		var again <-chan time.Time
		if open {
			again = time.After(openEvery)
		}
		select {
		case <-h.eyes.woken:
		case <-again:
		case <-ctx.Done():
			return
		}
		h.eyes.mu.Lock()
		x, y, moved, acted := h.eyes.x, h.eyes.y, h.eyes.moved, h.eyes.acted
		h.eyes.moved, h.eyes.acted = false, false
		h.eyes.mu.Unlock()
		page, ok := h.sessions.Page(h.session)
		if !ok || !h.attends.Load() {
			open = false
			continue
		}
		looking, cancel := context.WithTimeout(ctx, seesWithin)
		if acted || open {
			open = page.LookForPopup(looking)
		}
		if width, height := h.size(); moved && width > 0 {
			if is, err := page.Cursor(looking, x*width, y*height); err == nil && is != shape {
				shape = is
				if h.sendJSON(ctx, cursor{"cursor", is}) != nil {
					cancel()
					return
				}
			}
		}
		cancel()
		select {
		case <-time.After(seeEvery):
		case <-ctx.Done():
			return
		}
	}
}
