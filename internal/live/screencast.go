// Package live is the live page: a session's picture, address, state and
// steps, pushed to whoever has a link, and, with a link for control, their
// mouse and keyboard back to the browser.
package live

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/browserhook/browserhook/internal/browser"
)

// screencasts are those of all pages that somebody looks at.
type screencasts struct {
	log *slog.Logger

	mu   sync.Mutex
	open map[*browser.Page]*screencast

	sent, skipped atomic.Int64 // frames, of all viewers
}

// screencast is a page's pictures. It starts with the first viewer and stops with
// the last, so that a page nobody looks at costs nothing.
type screencast struct {
	stop    func() error
	viewers map[*mailbox]struct{}
	last    browser.Picture // for a viewer that comes while nothing moves
}

// mailbox is one viewer's: it holds the newest frame, and nothing else.
type mailbox struct{ frames chan []byte }

func newMailbox() *mailbox { return &mailbox{frames: make(chan []byte, 1)} }

// put replaces what the viewer has not fetched yet: a slow one skips frames
// and delays nobody.
func (m *mailbox) put(frame []byte) (skips bool) {
	for {
		select {
		case m.frames <- frame:
			return skips
		default:
		}
		select {
		case <-m.frames:
			skips = true
		default:
		}
	}
}

func (s *screencasts) join(page *browser.Page, m *mailbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc, ok := s.open[page]
	if !ok {
		sc = &screencast{viewers: map[*mailbox]struct{}{}}
		var err error
		sc.stop, err = page.Screencast(func(p browser.Picture) { s.show(sc, p) })
		s.note(err)
		s.open[page] = sc
	}
	sc.viewers[m] = struct{}{}
	if sc.last.JPEG != nil {
		m.put(sc.last.JPEG)
	}
}

func (s *screencasts) leave(page *browser.Page, m *mailbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc, ok := s.open[page]
	if !ok {
		return
	}
	delete(sc.viewers, m)
	if len(sc.viewers) > 0 {
		return
	}
	delete(s.open, page)
	s.note(sc.stop())
}

func (s *screencasts) viewers(page *browser.Page) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sc, ok := s.open[page]; ok {
		return len(sc.viewers)
	}
	return 0
}

// note logs what a page that takes nothing more says: its end is told elsewhere.
func (s *screencasts) note(err error) {
	if err != nil {
		s.log.Debug("screencast", "err", err)
	}
}

// show gives a picture to the page's viewers.
func (s *screencasts) show(sc *screencast, p browser.Picture) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc.last = p
	for m := range sc.viewers {
		if m.put(p.JPEG) {
			s.skipped.Add(1)
		}
	}
}

// Load is what the live pages have to do.
type Load struct {
	Viewers       int
	Sent, Skipped int64 // frames, since the start: to viewers, and that one of them was too slow for
}

// Load tells of all viewers together.
func (h *Handler) Load() Load {
	s := h.screencasts
	l := Load{Sent: s.sent.Load(), Skipped: s.skipped.Load()}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sc := range s.open {
		l.Viewers += len(sc.viewers)
	}
	return l
}

// size is the page's in CSS pixels, as its last frame told.
func (s *screencasts) size(page *browser.Page) (width, height float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sc, ok := s.open[page]; ok {
		return sc.last.Width, sc.last.Height
	}
	return 0, 0
}
