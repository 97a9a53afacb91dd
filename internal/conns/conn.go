package conns

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// conn is one connection.
type conn struct {
	net.Conn
	listener *listener
	from     netip.Addr
	proxy    bool      // it is a trusted proxy's
	spare    bool      // there was no room for it
	until    time.Time // it ends then, if it is spare
	closing  sync.Once
}

func (c *conn) Close() error {
	c.closing.Do(func() { c.listener.gone(c) })
	return c.Conn.Close()
}

// Write gives up when nothing at all has been taken for a while. However long
// it takes in all, and however slow it is, doesn't matter.
func (c *conn) Write(p []byte) (n int, err error) {
	for {
		if err = c.Conn.SetWriteDeadline(c.end(time.Now().Add(c.listener.cfg.Stall))); err != nil {
			return n, err
		}
		var some int
		some, err = c.Conn.Write(p[n:])
		n += some
		if n == len(p) || some == 0 || c.spare || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}

// end is the deadline, or the end of the connection's life, if that is before.
func (c *conn) end(t time.Time) time.Time {
	if c.spare && (t.IsZero() || t.After(c.until)) {
		return c.until
	}
	return t
}

func (c *conn) SetDeadline(t time.Time) error      { return c.Conn.SetDeadline(c.end(t)) }
func (c *conn) SetReadDeadline(t time.Time) error  { return c.Conn.SetReadDeadline(c.end(t)) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(c.end(t)) }
