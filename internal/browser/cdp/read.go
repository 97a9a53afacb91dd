package cdp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxMessage bounds one message from the browser, in bytes: a page must not
// make the server hold more.
const MaxMessage = 64 << 20

// lenient lets pages' text through that isn't UTF-8, and names that are the
// same once that is mended: they are the page's own, and nobody's protocol
// error.
var lenient = jsonv2.JoinOptions(jsonv2.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

// read is the goroutine that reads.
func (c *Conn) read() {
	r := bufio.NewReaderSize(hearing{c.rw, c}, 64<<10)
	for {
		raw, head, err := readMessage(r, c.wants)
		if err != nil {
			c.end(fmt.Errorf("%w: %w", ErrClosed, err))
			return
		}
		if raw == nil {
			c.skipped(head)
			continue
		}
		var m message
		if err := jsonv2.Unmarshal(raw, &m, lenient); err != nil {
			if head.id != 0 { // cut off in the midst: news of why may follow
				c.answer(head.id, reply{err: fmt.Errorf("%w: %w: %w", ErrClosed, ErrNoMessage, err)})
				continue
			}
			c.end(fmt.Errorf("%w: %w: %w", ErrClosed, ErrNoMessage, err))
			return
		}
		c.dispatch(m)
	}
}

func (c *Conn) dispatch(m message) {
	if m.ID != 0 {
		if m.Error != nil {
			c.answer(m.ID, reply{err: m.Error})
		} else {
			c.answer(m.ID, reply{result: m.Result})
		}
		return
	}
	c.mu.Lock()
	fns := make([]func(Event), 0, 4)
	for l := range c.listeners {
		if (l.all || l.sessionID == m.SessionID) && slices.Contains(l.methods, m.Method) {
			fns = append(fns, l.fn)
		}
	}
	c.mu.Unlock()
	for _, fn := range fns {
		fn(Event{SessionID: m.SessionID, Method: m.Method, Params: m.Params})
	}
	if m.Method == detached {
		c.detach(m.Params) // whoever listens knows before its calls fail
	}
}

// detached tells that a session has ended.
const detached = "Target.detachedFromTarget"

// detach ends the calls to a session that has ended, as the browser refuses
// later ones: it answers none that it has taken already.
func (c *Conn) detach(params jsonv2.Value) {
	var gone struct {
		SessionID string `json:"sessionId"`
	}
	if err := jsonv2.Unmarshal(params, &gone, lenient); err != nil || gone.SessionID == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, p := range c.calls {
		if p.to == gone.SessionID {
			p.ch <- reply{err: &Error{Code: codeNoSession, Message: "Session with given id not found.", Taken: true}}
			delete(c.calls, id)
			c.outbox.remove(p)
		}
	}
}

func (c *Conn) answer(id int64, r reply) {
	c.mu.Lock()
	p, ok := c.calls[id]
	delete(c.calls, id)
	c.mu.Unlock()
	if ok { // else its caller gave up
		p.ch <- r
	}
}

// wants says whether anybody waits for a message that begins like this.
func (c *Conn) wants(h head) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case h.id != 0:
		return c.calls[h.id] != nil
	case h.method != "":
		return h.method == detached || c.wanted[h.method] > 0
	}
	return true
}

// skipped has not been read because it was too large, or nobody's.
func (c *Conn) skipped(h head) {
	if h.id != 0 {
		c.answer(h.id, reply{err: ErrTooLarge})
	} else if c.wants(h) {
		c.log.Warn("an event of the browser's is too large and was dropped", "method", h.method, "limit", MaxMessage)
	}
}

// head is what a message begins with: Chromium writes the id of an answer and
// the method of an event first. Both are zero when it begins otherwise.
type head struct {
	id     int64
	method string
}

func headOf(raw []byte) (h head) {
	if rest, ok := bytes.CutPrefix(raw, []byte(`{"id":`)); ok {
		digits := rest[:len(rest)-len(bytes.TrimLeft(rest, "0123456789"))]
		h.id, _ = strconv.ParseInt(string(digits), 10, 64)
	} else if rest, ok := bytes.CutPrefix(raw, []byte(`{"method":"`)); ok {
		if name, _, ok := bytes.Cut(rest[:min(len(rest), 256)], []byte{'"'}); ok {
			h.method = string(name)
		}
	}
	return h
}

// readMessage reads up to the next NUL, which it leaves out. What it returns
// is the caller's own. A message that isn't wanted, or is larger than
// MaxMessage, passes by without being held: then raw is nil.
func readMessage(r *bufio.Reader, wanted func(head) bool) (raw []byte, h head, err error) {
	part, err := r.ReadSlice(0)
	h = headOf(part)
	keep := wanted(h)
	for size := 0; ; part, err = r.ReadSlice(0) {
		size += len(part)
		if size > MaxMessage {
			keep, raw = false, nil
		}
		if keep {
			raw = append(raw, part...)
		}
		switch {
		case err == nil && !keep:
			return nil, h, nil
		case err == nil:
			return raw[:len(raw)-1], h, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && size > 0:
			return nil, h, io.ErrUnexpectedEOF
		default:
			return nil, h, err
		}
	}
}
