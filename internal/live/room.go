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

// rooms is the screencasts that have viewers.
type rooms struct {
	log *slog.Logger

	mu   sync.Mutex
	open map[*browser.Page]*room
}

// room is one page with viewers. Its screencast starts with the first and
// stops with the last, so that a page nobody looks at costs nothing.
type room struct {
	page   *browser.Page
	stop   func() // listening
	views  map[*view]struct{}
	last   []byte // for a viewer that comes while nothing moves
	width  float64
	height float64
}

// view is one viewer's mailbox: it holds the newest frame, and nothing else.
type view struct{ frames chan []byte }

func newView() *view { return &view{frames: make(chan []byte, 1)} }

// put replaces what the viewer has not fetched yet: a slow one skips frames
// and delays nobody.
func (v *view) put(frame []byte) {
	for {
		select {
		case v.frames <- frame:
			return
		default:
		}
		select {
		case <-v.frames:
		default:
		}
	}
}

const jpegQuality = 80

func (r *rooms) join(page *browser.Page, v *view) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rm, ok := r.open[page]
	if !ok {
		rm = &room{page: page, views: map[*view]struct{}{}}
		rm.stop = page.Conn.Listen(page.ID, func(e cdp.Event) { r.frame(rm, e) }, "Page.screencastFrame")
		r.open[page] = rm
		r.send(page, "Page.startScreencast", map[string]any{"format": "jpeg", "quality": jpegQuality, "everyNthFrame": 1})
	}
	rm.views[v] = struct{}{}
	if rm.last != nil {
		v.put(rm.last)
	}
}

func (r *rooms) leave(page *browser.Page, v *view) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rm, ok := r.open[page]
	if !ok {
		return
	}
	delete(rm.views, v)
	if len(rm.views) > 0 {
		return
	}
	delete(r.open, page)
	rm.stop()
	r.send(page, "Page.stopScreencast", nil)
}

func (r *rooms) viewers(page *browser.Page) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rm, ok := r.open[page]; ok {
		return len(rm.views)
	}
	return 0
}

// send doesn't wait: the wire may be slow, and the answer changes nothing.
func (r *rooms) send(page *browser.Page, method string, params any) {
	if _, err := page.Send(method, params); err != nil {
		r.log.Debug("screencast", "method", method, "err", err)
	}
}

// frame takes one frame off the wire. It is acknowledged at once: Chromium
// sends the next only then.
func (r *rooms) frame(rm *room, e cdp.Event) {
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
	r.send(rm.page, "Page.screencastFrameAck", map[string]any{"sessionId": f.SessionID})
	jpeg, err := base64.StdEncoding.DecodeString(f.Data)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	rm.last, rm.width, rm.height = jpeg, f.Metadata.Width, f.Metadata.Height
	for v := range rm.views {
		v.put(jpeg)
	}
}

// size is the page's in CSS pixels, as its last frame told.
func (r *rooms) size(page *browser.Page) (width, height float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rm, ok := r.open[page]; ok {
		return rm.width, rm.height
	}
	return 0, 0
}
