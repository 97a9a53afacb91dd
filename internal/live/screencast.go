// Package live is the live page: a session's picture, address, state and
// steps, pushed to whoever has a link, and, with a link for control, their
// mouse and keyboard back to the browser.
package live

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// screencasts are those of all pages that somebody looks at.
type screencasts struct {
	log *slog.Logger

	mu   sync.Mutex
	open map[*browser.Page]*screencast
}

// screencast is a page's pictures. It starts with the first viewer and stops with
// the last, so that a page nobody looks at costs nothing.
type screencast struct {
	page    *browser.Page
	stop    func() // listening
	viewers map[*mailbox]struct{}
	last    []byte // for a viewer that comes while nothing moves
	width   float64
	height  float64
}

// mailbox is one viewer's: it holds the newest frame, and nothing else.
type mailbox struct{ frames chan []byte }

func newMailbox() *mailbox { return &mailbox{frames: make(chan []byte, 1)} }

// put replaces what the viewer has not fetched yet: a slow one skips frames
// and delays nobody.
func (m *mailbox) put(frame []byte) {
	for {
		select {
		case m.frames <- frame:
			return
		default:
		}
		select {
		case <-m.frames:
		default:
		}
	}
}

const jpegQuality = 80

func (s *screencasts) join(page *browser.Page, m *mailbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc, ok := s.open[page]
	if !ok {
		sc = &screencast{page: page, viewers: map[*mailbox]struct{}{}}
		sc.stop = page.Conn.Listen(page.ID, func(e cdp.Event) { s.frame(sc, e) }, "Page.screencastFrame")
		s.open[page] = sc
		s.send(page, "Page.startScreencast", map[string]any{"format": "jpeg", "quality": jpegQuality, "everyNthFrame": 1})
	}
	sc.viewers[m] = struct{}{}
	if sc.last != nil {
		m.put(sc.last)
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
	sc.stop()
	s.send(page, "Page.stopScreencast", nil)
}

func (s *screencasts) viewers(page *browser.Page) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sc, ok := s.open[page]; ok {
		return len(sc.viewers)
	}
	return 0
}

// send doesn't wait: the wire may be slow, and the answer changes nothing.
func (s *screencasts) send(page *browser.Page, method string, params any) {
	if _, err := page.Send(method, params); err != nil {
		s.log.Debug("screencast", "method", method, "err", err)
	}
}

// frame takes one frame off the wire. It is acknowledged at once: Chromium
// sends the next only then.
func (s *screencasts) frame(sc *screencast, e cdp.Event) {
	var f struct {
		Data      string `json:"data"`
		SessionID int64  `json:"sessionId"`
		Metadata  struct {
			Width  float64 `json:"deviceWidth"`
			Height float64 `json:"deviceHeight"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(e.Params, &f); err != nil {
		return
	}
	s.send(sc.page, "Page.screencastFrameAck", map[string]any{"sessionId": f.SessionID})
	jpeg, err := base64.StdEncoding.DecodeString(f.Data)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sc.last, sc.width, sc.height = jpeg, f.Metadata.Width, f.Metadata.Height
	for m := range sc.viewers {
		m.put(jpeg)
	}
}

// size is the page's in CSS pixels, as its last frame told.
func (s *screencasts) size(page *browser.Page) (width, height float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sc, ok := s.open[page]; ok {
		return sc.width, sc.height
	}
	return 0, 0
}
