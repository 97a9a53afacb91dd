// Package egresstest has receivers that do what no receiver should, and name
// servers like them, for the tests of whoever sends to strangers. All of them
// end with the test that started them.
package egresstest

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Receiver serves one [Behaviour] on loopback.
type Receiver struct {
	Addr string // host:port

	behaviour Behaviour
	ln        net.Listener
	closed    chan struct{}
	requests  atomic.Int64
	running   sync.WaitGroup // the listener and all connections

	mu   sync.Mutex
	done *sync.Cond            // a connection has ended
	open map[net.Conn]struct{} // nil when the receiver is closed
}

// Start serves the behaviour on every connection until the test ends.
func Start(t testing.TB, b Behaviour) *Receiver {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Receiver{
		Addr: ln.Addr().String(), behaviour: b, ln: ln,
		closed: make(chan struct{}), open: map[net.Conn]struct{}{},
	}
	r.done = sync.NewCond(&r.mu)
	r.running.Go(r.accept)
	t.Cleanup(r.Close)
	return r
}

// URL is where the receiver is reached.
func (r *Receiver) URL() string {
	if r.behaviour.TLS {
		return "https://" + r.Addr
	}
	return "http://" + r.Addr
}

// Requests is how many it has read so far.
func (r *Receiver) Requests() int64 { return r.requests.Load() }

// Wait waits for the end of the connections that there are: until their other
// side has closed them.
func (r *Receiver) Wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.open) > 0 {
		r.done.Wait()
	}
}

// Close ends the receiver with all of its connections, whatever they wait for.
func (r *Receiver) Close() {
	r.mu.Lock()
	if r.open != nil {
		close(r.closed)
		r.ln.Close()
		for c := range r.open {
			c.Close()
		}
		r.open = nil
	}
	r.mu.Unlock()
	r.running.Wait()
}

func (r *Receiver) accept() {
	for {
		nc, err := r.ln.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		if r.open == nil {
			// It was accepted while the receiver was being closed.
			nc.Close()
		} else {
			r.open[nc] = struct{}{}
			r.running.Go(func() { r.serve(nc) })
		}
		r.mu.Unlock()
	}
}

func (r *Receiver) serve(nc net.Conn) {
	defer func() {
		nc.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.open, nc)
		r.done.Broadcast()
	}()
	r.behaviour.Serve(&Conn{Conn: nc, receiver: r, raw: nc})
}

// Conn is a connection of a receiver that is closed when its behaviour is over.
type Conn struct {
	net.Conn
	receiver *Receiver
	raw      net.Conn // below TLS
}

// request reads a request to its end.
func (c *Conn) request() {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err == nil {
		c.receiver.requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

// some reads the first bytes.
func (c *Conn) some(n int) { _, _ = io.ReadFull(c, make([]byte, n)) }

func (c *Conn) say(text string) { _, _ = io.WriteString(c, text) }

// answer reads the request, says the text and closes.
func answer(text string) func(*Conn) {
	return func(c *Conn) { c.request(); c.say(text) }
}

// stall reads the request, says the text and nothing more.
func stall(text string) func(*Conn) {
	return func(c *Conn) { c.request(); c.say(text); c.listen() }
}

// flood reads the request, says the text, and then the chunk for as long as
// the other side takes it.
func flood(text, chunk string) func(*Conn) {
	return func(c *Conn) {
		c.request()
		c.say(text)
		c.forever(chunk)
	}
}

func (c *Conn) forever(chunk string) {
	for {
		if _, err := io.WriteString(c, chunk); err != nil {
			return
		}
	}
}

// drip reads the request, says the text, and then a byte now and then.
func drip(text string) func(*Conn) {
	return func(c *Conn) {
		c.request()
		c.say(text)
		c.drip()
	}
}

func (c *Conn) drip() {
	tick := time.NewTicker(time.Second / 10)
	defer tick.Stop()
	for {
		if _, err := io.WriteString(c, "x"); err != nil {
			return
		}
		<-tick.C
	}
}

// listen says nothing until the other side closes the connection.
func (c *Conn) listen() { _, _ = io.Copy(io.Discard, c) }

// ignore doesn't even read.
func (c *Conn) ignore() { <-c.receiver.closed }

// reset has the connection end with a reset when the behaviour is over.
func (c *Conn) reset() {
	if tcp, ok := c.raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// secure goes on over TLS; nil when the handshake failed.
func (c *Conn) secure(cfg *tls.Config) *Conn {
	s := tls.Server(c.Conn, cfg)
	if s.Handshake() != nil {
		return nil
	}
	return &Conn{Conn: s, receiver: c.receiver, raw: c.raw}
}

// https answers well behind a certificate that may not be good.
func https(cert func() tls.Certificate) func(*Conn) {
	return func(c *Conn) {
		if s := c.secure(&tls.Config{Certificates: []tls.Certificate{cert()}}); s != nil {
			answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(s)
			_ = s.Close()
		}
	}
}
