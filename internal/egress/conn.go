package egress

import (
	"net"
	"sync/atomic"
)

const (
	// answerSize is how many bytes an answer may take on the wire: its headers,
	// what is buffered of its body, and as much again for what is around them.
	answerSize = maxHeader + maxBuffered + 64<<10
	// maxExpected bounds what is let in for all answers that are outstanding.
	maxExpected = 64 * answerSize
)

// conn is a connection that is read from no further than answers are expected
// to go, so that nobody keeps the server busy with what no answer needs: pings,
// settings, padding, warnings. It knows its far end as text, so that it isn't
// formatted per request.
type conn struct {
	net.Conn
	remote   string
	expected atomic.Int64 // bytes
}

func newConn(nc net.Conn) *conn {
	c := &conn{Conn: nc, remote: nc.RemoteAddr().String()}
	c.expected.Store(answerSize) // of the handshake
	return c
}

// expectAnswer lets one more answer in.
func (c *conn) expectAnswer() {
	for {
		n := c.expected.Load()
		if c.expected.CompareAndSwap(n, min(max(n, 0)+answerSize, maxExpected)) {
			return
		}
	}
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.expected.Add(-int64(n)) < 0 {
		return 0, &Error{ClassProtocol, "it sends more than an answer needs"}
	}
	return n, err
}

// below is the connection under TLS.
func below(nc net.Conn) *conn {
	for {
		switch under := nc.(type) {
		case *conn:
			return under
		case interface{ NetConn() net.Conn }:
			nc = under.NetConn()
		default:
			return nil
		}
	}
}
