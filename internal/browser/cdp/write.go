package cdp

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// What may wait to be written before no more is taken: a browser that reads takes
// it at once, one that doesn't must not cost without bound. A command may be as
// large as any message, so that what the last one to be taken has comes on top.
const (
	maxWaiting      = 1024
	maxWaitingBytes = 32 << 20
)

// outbox is what waits to be written, in order. The wire's mutex guards it.
type outbox struct {
	waiting []*Pending
	size    int
	more    chan struct{} // of capacity 1
}

// put adds a command, unless too much waits already.
func (o *outbox) put(p *Pending) bool {
	if len(o.waiting) >= maxWaiting || o.size >= maxWaitingBytes || len(p.buf) > MaxMessage {
		return false
	}
	o.waiting = append(o.waiting, p)
	o.size += len(p.buf)
	select {
	case o.more <- struct{}{}:
	default:
	}
	return true
}

// take removes the next command and returns its bytes, or nil.
func (o *outbox) take() (method string, buf []byte) {
	if len(o.waiting) == 0 {
		return "", nil
	}
	p := o.waiting[0]
	o.remove(p)
	method, buf = p.method, p.buf
	p.buf = nil
	return method, buf
}

// remove drops a command that nobody waits for any more, if none of it is on
// the wire yet.
func (o *outbox) remove(p *Pending) {
	if i := slices.Index(o.waiting, p); i >= 0 {
		o.waiting = slices.Delete(o.waiting, i, i+1)
		o.size -= len(p.buf)
	}
}

func (o *outbox) clear() { o.waiting, o.size = nil, 0 }

// write is the goroutine that writes: whole messages, one after the other,
// whoever waits for them.
func (c *Conn) write() {
	deadline, _ := c.rw.(interface{ SetWriteDeadline(time.Time) error })
	for {
		c.mu.Lock()
		method, buf := c.outbox.take()
		c.mu.Unlock()
		if buf == nil {
			select {
			case <-c.outbox.more:
				continue
			case <-c.done:
				return
			}
		}
		if deadline != nil {
			// A browser that takes nothing for so long is none any more.
			_ = deadline.SetWriteDeadline(time.Now().Add(DefaultTimeout))
		}
		if _, err := c.rw.Write(buf); err != nil {
			if errors.Is(err, syscall.EPIPE) {
				return // the other end is closed: what it said last is still to be read, then reading ends the wire
			}
			// Half a message may be on the wire: nothing sensible can follow it.
			c.end(fmt.Errorf("%w: write %s: %w", ErrClosed, method, err))
			return
		}
	}
}
