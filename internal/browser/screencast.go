package browser

import (
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// Picture is one of a screencast's: a JPEG of what is in view, which is so large in
// CSS pixels.
type Picture struct {
	JPEG          []byte
	Width, Height float64
	At            time.Time // when it was taken, or a little before
}

// Fit is what somebody who watches can make use of.
type Fit struct {
	Width, Height int // pixels, at most; 0: all that there are
	Quality       int // of the JPEGs, of 100; 0: DefaultQuality
}

// DefaultQuality is that of pictures for who has no reason to want another.
const DefaultQuality = 80

// with is what suits both.
func (f Fit) with(o Fit) Fit {
	larger := func(a, b int) int {
		if a == 0 || b == 0 {
			return 0
		}
		return max(a, b)
	}
	return Fit{larger(f.Width, o.Width), larger(f.Height, o.Height), max(f.Quality, o.Quality)}
}

const (
	// pictureEvery is how often pictures come while a page moves all the time.
	pictureEvery = 40 * time.Millisecond
	// settledAfter is how long after a late acknowledgement nothing has moved any more.
	settledAfter = 3 * pictureEvery
)

// screencast is a page's pictures, for all who watch it. It starts with the first of
// them and stops with the last, so that a page that nobody watches costs nothing.
//
// Chromium sends three pictures without being answered, and leaves out the changes that
// come then: so the answers set the pace. When several were unanswered, a picture is asked
// for once the page has come to rest, as the last change may be one of those left out.
type screencast struct {
	page *Page

	mu       sync.Mutex
	watchers map[*Watcher]struct{}
	silence  func()  // stops listening
	told     Fit     // that it runs with
	last     Picture // for who comes while nothing moves
	unheard  int     // pictures that Chromium has no answer to yet
	number   int64   // of the screencast, which the answers name
	answered time.Time
	late     bool        // there were several
	timer    *time.Timer // for the next answer, or until the page has come to rest
}

// Watcher sees the pictures of a page: when it takes one, the newest. A slow one
// misses some and delays nobody; pictures that nobody takes are not made.
type Watcher struct {
	cast *screencast
	more chan struct{}

	// under cast.mu
	fit    Fit
	newest *Picture // that it has not taken
	missed int64
}

// Watch begins to watch the page. It waits for nothing; of a browser that takes nothing
// more no pictures come.
func (p *Page) Watch(fit Fit) *Watcher {
	c := p.cast()
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &Watcher{cast: c, more: make(chan struct{}, 1), fit: fit}
	c.watchers[w] = struct{}{}
	if len(c.watchers) == 1 {
		c.silence = p.Conn.Listen(p.ID, c.onFrame, "Page.screencastFrame")
	}
	c.adjust()
	if c.last.JPEG != nil {
		w.put(c.last)
	}
	return w
}

// cast is the page's screencast, which may not run.
func (p *Page) cast() *screencast {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.screencast == nil {
		p.screencast = &screencast{page: p, watchers: map[*Watcher]struct{}{}}
	}
	return p.screencast
}

// Close ends it. Closing twice is fine.
func (w *Watcher) Close() {
	c := w.cast
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.watchers[w]; !ok {
		return
	}
	delete(c.watchers, w)
	w.newest = nil
	c.adjust()
	if len(c.watchers) > 0 {
		c.pace()
		return
	}
	c.silence()
	if c.timer != nil {
		c.timer.Stop()
	}
}

// Refit changes what the watcher can make use of.
func (w *Watcher) Refit(fit Fit) {
	w.cast.mu.Lock()
	defer w.cast.mu.Unlock()
	w.fit = fit
	if _, ok := w.cast.watchers[w]; ok {
		w.cast.adjust()
	}
}

// More says that there is a picture to take.
func (w *Watcher) More() <-chan struct{} { return w.more }

// Again has the page's picture come anew, though nothing moves.
func (w *Watcher) Again() {
	c := w.cast
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.watchers[w]; ok {
		_, _ = c.page.Send("Page.stopScreencast", nil)
		c.start()
	}
}

// Take is the newest picture, unless it was taken; and how many were missed in all.
func (w *Watcher) Take() (p Picture, missed int64, ok bool) {
	w.cast.mu.Lock()
	defer w.cast.mu.Unlock()
	if w.newest == nil {
		return p, w.missed, false
	}
	p, w.newest = *w.newest, nil
	w.cast.pace()
	return p, w.missed, true
}

// Size is the page's in CSS pixels, as the last picture told.
func (w *Watcher) Size() (width, height float64) {
	w.cast.mu.Lock()
	defer w.cast.mu.Unlock()
	return w.cast.last.Width, w.cast.last.Height
}

// put is called with cast.mu held.
func (w *Watcher) put(p Picture) {
	if w.newest != nil {
		w.missed++
	}
	w.newest = &p
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// adjust starts the screencast, stops it, or has it go on with what those who watch can
// make use of now. mu is held.
func (c *screencast) adjust() {
	var want Fit
	first := true
	for w := range c.watchers {
		fit := w.fit
		if fit.Quality == 0 {
			fit.Quality = DefaultQuality
		}
		if first {
			want, first = fit, false
		} else {
			want = want.with(fit)
		}
	}
	if want == c.told {
		return
	}
	if c.told != (Fit{}) {
		_, _ = c.page.Send("Page.stopScreencast", nil)
	}
	c.told = want
	if want == (Fit{}) {
		c.last = Picture{} // it is no more what the page shows
		return
	}
	c.start()
}

// start has the first picture come at once. mu is held.
func (c *screencast) start() {
	params := object{"format": "jpeg", "quality": c.told.Quality}
	if c.told.Width > 0 {
		params["maxWidth"] = c.told.Width
	}
	if c.told.Height > 0 {
		params["maxHeight"] = c.told.Height
	}
	c.unheard, c.late = 0, false
	_, _ = c.page.Send("Page.startScreencast", params)
}

// onFrame takes a picture off the wire, on the goroutine that reads it.
func (c *screencast) onFrame(e cdp.Event) {
	var f struct {
		Data      string `json:"data"`
		SessionID int64  `json:"sessionId"`
		Metadata  struct {
			Width  float64 `json:"deviceWidth"`
			Height float64 `json:"deviceHeight"`
			At     float64 `json:"timestamp"` // in seconds since 1970
		} `json:"metadata"`
	}
	if json.Unmarshal(e.Params, &f) != nil {
		return
	}
	jpeg, err := base64.StdEncoding.DecodeString(f.Data)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.watchers) == 0 {
		return // it was on its way
	}
	if err == nil {
		c.last = Picture{jpeg, f.Metadata.Width, f.Metadata.Height, time.Now()}
		if f.Metadata.At > 0 {
			c.last.At = time.UnixMilli(int64(f.Metadata.At * 1000))
		}
		for w := range c.watchers {
			w.put(c.last)
		}
	}
	if f.SessionID != c.number {
		c.number, c.unheard = f.SessionID, 0
	}
	c.unheard++
	c.pace()
}

// pace answers pictures when somebody has taken the last one and it is time, and has
// itself called again when it is time for more. mu is held.
func (c *screencast) pace() {
	taken := false
	for w := range c.watchers {
		taken = taken || w.newest == nil
	}
	rest := time.Until(c.answered.Add(pictureEvery))
	c.late = c.late || c.unheard > 1
	switch {
	case c.unheard > 0 && !taken:
		return // who takes one has it go on
	case c.unheard > 0 && rest > 0:
		c.again(rest)
		return
	case c.unheard > 0:
		c.unheard--
		c.answered = paced(c.answered, time.Now())
		_, _ = c.page.Send("Page.screencastFrameAck", object{"sessionId": c.number})
	}
	switch {
	case c.unheard > 0:
		c.again(pictureEvery)
	case c.late:
		c.again(settledAfter)
	}
}

// paced is when an answer counts as given: one that is a little late, as timers are, puts
// off none after it, so that there are as many in a second as there may be.
func paced(last, now time.Time) time.Time {
	if due := last.Add(pictureEvery); now.Sub(due) < pictureEvery/2 {
		return due
	}
	return now
}

// again has the timer ring.
func (c *screencast) again(after time.Duration) {
	if c.timer == nil {
		c.timer = time.AfterFunc(after, c.rang)
		return
	}
	c.timer.Reset(after)
}

func (c *screencast) rang() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.watchers) == 0:
	case c.unheard > 0:
		c.pace()
	case c.late:
		_, _ = c.page.Send("Page.stopScreencast", nil)
		c.start()
	}
}
