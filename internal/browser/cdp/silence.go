package cdp

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrSilent is a wire that was ended because the browser didn't answer any more.
var ErrSilent = errors.New("the browser does not answer")

// hearing is a reader that remembers when something came last.
type hearing struct {
	io.Reader
	conn *Conn
}

func (h hearing) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if n > 0 {
		h.conn.heard.Store(h.conn.age())
	}
	return n, err
}

// Use says that the browser is used: by a command, or by others over another wire.
func (c *Conn) Use() {
	c.sent.Store(c.age())
	select {
	case c.used <- struct{}{}:
	default:
	}
}

// Used receives when there was a use since it last did. For one who waits.
func (c *Conn) Used() <-chan struct{} { return c.used }

// Idle is how long ago the last use was.
func (c *Conn) Idle() time.Duration { return time.Duration(c.age() - c.sent.Load()) }

// Quiet is how long ago the browser last said anything.
func (c *Conn) Quiet() time.Duration { return time.Duration(c.age() - c.heard.Load()) }

// age is how old the wire is, in nanoseconds, whatever becomes of the machine's clock.
func (c *Conn) age() int64 { return int64(time.Since(c.began)) }

// Ask sends a command to the browser itself that isn't a use of it, and waits for its
// answer: see [Conn.Call].
func (c *Conn) Ask(ctx context.Context, method string) error {
	p, err := c.post("", method, nil)
	if err != nil {
		return err
	}
	return p.Wait(ctx, nil)
}

// GiveUp ends the wire of a browser that does not answer: the error is ErrSilent.
func (c *Conn) GiveUp() { c.end(errors.Join(ErrClosed, ErrSilent)) }
