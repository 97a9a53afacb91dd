package egress

import (
	"bufio"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// inbound is a connection of the browser's. To the outside it has one of its own at a
// time, which ends with it, as it does with that: so the browser sees when a server
// has closed a connection, and decides itself whether to send a request anew.
type inbound struct {
	net.Conn
	f  *ForwardProxy
	in *bufio.Reader

	to *upstream // nil: none yet
}

// upstream is a connection to the outside for requests.
type upstream struct {
	*outbound
	address string
	asks    chan *exchange // of capacity 1: the request whose answer comes next
	left    atomic.Bool    // its end isn't the browser's
	over    chan struct{}  // closed when nothing more is read from it
}

// exchange is a request that was begun.
type exchange struct {
	method  string
	upgrade bool
	last    bool
	sent    chan struct{} // closed when it is sent
	done    chan bool     // of capacity 1: its answer has been passed on; whether the connection goes on
}

// serve answers what comes until the connection ends.
func (c *inbound) serve() {
	defer func() {
		if c.to != nil {
			c.closeUpstream()
		}
	}()
	var before *exchange
	for {
		// This is also where it is seen that the browser has gone while it waits.
		if _, err := c.in.Peek(1); err != nil {
			return
		}
		if before != nil && !c.to.wait(before) {
			return
		}
		_ = c.SetReadDeadline(time.Now().Add(headWithin))
		head, err := readHead(c.in, false)
		var h *requestHead
		if err == nil {
			h, err = parseRequest(head)
		}
		if wrong, ok := errors.AsType[*headError](err); ok {
			c.answer(wrong.status, "The request can't be read: "+wrong.why+".")
			c.drain()
			return
		}
		if err != nil {
			return
		}
		_ = c.SetReadDeadline(time.Time{})
		if h.connect() {
			c.connect(h)
			return
		}
		if before = c.request(h); before == nil {
			return
		}
	}
}

// connect makes a tunnel.
func (c *inbound) connect(h *requestHead) {
	if c.to != nil {
		c.closeUpstream()
	}
	out, why := c.f.reach(h)
	if why != nil {
		status := http.StatusBadGateway
		switch why.Class {
		case ClassBlocked:
			status = http.StatusForbidden
		case ClassTimeout:
			status = http.StatusGatewayTimeout
		}
		c.write(status, "text/plain; charset=utf-8", "", h.host+" was not reached: "+why.Message+".\n")
		c.drain()
		return
	}
	defer c.f.untrack(out.Conn)
	if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	tunnel(c.Conn, c.in, out)
}

// request passes a request on. It returns nil when the connection is over.
func (c *inbound) request(h *requestHead) *exchange {
	if c.to != nil && c.to.address != h.address() {
		c.closeUpstream()
	}
	if c.to == nil {
		out, why := c.f.reach(h)
		if why != nil {
			if why.Class == ClassBlocked {
				c.page(http.StatusForbidden, RefusedHeader+": "+why.Message+"\r\n", h.host+" was not reached: "+why.Message+".")
				c.drain()
			}
			return nil // as without a proxy: there is no connection
		}
		c.to = &upstream{outbound: out, address: h.address(), asks: make(chan *exchange, 1), over: make(chan struct{})}
		c.f.serving.Go(c.answers)
	}
	x := &exchange{method: h.method, upgrade: h.upgrade, last: h.last, sent: make(chan struct{}), done: make(chan bool, 1)}
	if h.length == 0 {
		close(x.sent)
	}
	c.to.asks <- x
	_, err := c.to.Write(h.out)
	if err == nil {
		err = copyBody(c.to, c.in, h.length)
	}
	switch {
	case err != nil:
		if h.length != 0 {
			close(x.sent) // as far as it will be
		}
		// The server may have answered all the same; if the browser has gone, nobody
		// waits for that.
		_ = c.to.SetReadDeadline(time.Now().Add(lastWords))
		c.to.wait(x)
		return nil
	case h.length != 0:
		close(x.sent)
	}
	if x.upgrade {
		// What follows is no request if the server agrees. If not, the connection ends
		// with its answer.
		pass(c.to, buffered{c.Conn, c.in})
		_ = c.to.SetReadDeadline(time.Now().Add(endWithin))
		closeWrite(c.to.Conn)
		c.to.wait(x)
		return nil
	}
	return x
}

const (
	// lastWords is how long one side may take to say its last when the other has: a server
	// why it takes no more of a request, the browser what is left of one that was answered.
	lastWords = time.Second
	// endWithin is how long a server may go on when the browser has said its last.
	endWithin = 30 * time.Second
)

// wait waits until a request is answered. It is false when nothing more can be asked.
func (u *upstream) wait(x *exchange) bool {
	select {
	case goesOn := <-x.done:
		return goesOn
	case <-u.over:
		return false
	}
}

// closeUpstream ends the connection to the outside.
func (c *inbound) closeUpstream() {
	c.to.left.Store(true)
	c.f.untrack(c.to.Conn)
	<-c.to.over
	c.to = nil
}

// answers passes on what comes from the outside, until that ends.
func (c *inbound) answers() {
	to := c.to
	in := bufio.NewReaderSize(to, outBuffer)
	defer close(to.over)
	for {
		_, err := in.Peek(1)
		var x *exchange
		select {
		case x = <-to.asks:
		default: // it has closed, or speaks unasked
			if !to.left.Load() {
				c.Close()
			}
			return
		}
		goesOn := false
		if err == nil {
			goesOn = c.answered(in, x)
		}
		select {
		case <-x.sent:
		case <-time.After(lastWords): // it was answered before it was sent: the rest is for nobody
			goesOn = false
			to.Close()
		}
		x.done <- goesOn
		if !goesOn {
			c.Close()
			return
		}
	}
}

// answered passes on one answer, and says whether another may follow.
func (c *inbound) answered(in *bufio.Reader, x *exchange) (goesOn bool) {
	for {
		head, err := readHead(in, true)
		if err != nil {
			return false
		}
		h, err := parseResponse(head, x.method)
		if err != nil || h.status == http.StatusProxyAuthRequired {
			c.answer(http.StatusBadGateway, "The server's answer is none that a browser could read.")
			return false
		}
		if h.status == http.StatusSwitchingProtocols {
			if !x.upgrade {
				return false
			}
			if _, err := c.Write(h.out); err == nil {
				pass(c.Conn, buffered{c.to, in})
				closeWrite(c.Conn)
			}
			return false
		}
		h.last = h.last || x.last || x.upgrade
		if h.length > 0 { // what has come of the body goes with the head
			part, _ := in.Peek(int(min(h.length, int64(in.Buffered()))))
			h.out = append(h.out, part...)
			n, _ := in.Discard(len(part))
			h.length -= int64(n)
		}
		if _, err := c.Write(h.out); err != nil {
			return false
		}
		if h.status < 200 {
			continue
		}
		return copyBody(c, in, h.length) == nil && !h.last
	}
}

// buffered is a connection of which something has been read already.
type buffered struct {
	net.Conn
	in *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.in.Read(p) }

// answer answers in the server's place, for a person. It is the connection's last.
func (c *inbound) answer(status int, why string) { c.page(status, "", why) }

// page is an answer with further headers.
func (c *inbound) page(status int, headers, why string) {
	c.write(status, "text/html; charset=utf-8", headers, fmt.Sprintf("<!doctype html><meta charset=utf-8><title>%d %s</title><body style=\"font:16px sans-serif;margin:3em\"><h1>%s</h1><p>%s",
		status, http.StatusText(status), http.StatusText(status), html.EscapeString(why)))
}

func (c *inbound) write(status int, kind, headers, text string) {
	_ = c.SetWriteDeadline(time.Now().Add(headWithin))
	_, _ = fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s"+
		"Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), kind, len(text), headers, text)
}

// drain reads for a while what the browser still sends, because unread it would take
// the last answer along.
func (c *inbound) drain() {
	closeWrite(c.Conn)
	_ = c.SetReadDeadline(time.Now().Add(lastWords))
	_, _ = io.CopyN(io.Discard, c.in, maxHead)
}
