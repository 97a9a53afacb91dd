package mux

import (
	"net"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
)

// maxBacklog is how much may wait for a client that reads slowly when a message
// for it comes, in bytes. From when one comes that is long until less waits again,
// it may be that much more.
const (
	maxBacklog = 64 << 20
	maxLong    = 256 << 20
)

// client is who uses the browser over one connection.
type client struct {
	conn  net.Conn
	rules Rules
	root  string // its session with the browser
	kept  bool   // its place is kept when it leaves
	note  string // the method by which it leaves a note for whoever takes that
	gone  bool   // it has left
	out   *outbox
	whole sync.Mutex // held while a message is put, taken before any other

	mu     sync.Mutex
	reason error // why it was cut off
}

// send has a message written to the client, or cuts it off when too much waits.
func (c *client) send(pieces [][]byte) {
	c.whole.Lock()
	defer c.whole.Unlock()
	c.put(pieces...)
}

// put begins a message, and more goes on with it. whole is held.
func (c *client) put(pieces ...[]byte) {
	if !c.out.put(pieces, maxBacklog) {
		c.cut(ErrBacklog)
	}
}

func (c *client) more(piece []byte) {
	if !c.out.put([][]byte{piece}, maxBacklog+maxLong) {
		c.cut(ErrBacklog)
	}
}

// cut ends the connection. Serve returns the first reason that there is.
func (c *client) cut(why error) {
	c.mu.Lock()
	if c.reason == nil {
		c.reason = why
	}
	c.mu.Unlock()
	c.conn.Close()
}

func (c *client) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

func (c *client) write(pieces [][]byte) error {
	all := net.Buffers(pieces)
	_, err := all.WriteTo(c.conn)
	return err
}

// reply answers a command in the browser's place.
func (c *client) reply(cmd command, member string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err) // its own
	}
	head := []byte{'{'}
	if cmd.numbered {
		head = append(strconv.AppendInt([]byte(idFirst), cmd.id, 10), ',')
	}
	c.send(join(append(append(append(head, '"'), member...), `":`...), raw, tail(cmd.session)))
}

// outbox is what waits to be written, in order.
type outbox struct {
	mu      sync.Mutex
	more    *sync.Cond
	waiting [][][]byte
	size    int  // in bytes, with what is being written
	most    int  // that size may be, since something put has been allowed it; 0: nothing has
	closed  bool // what waits is still written
}

func newOutbox() *outbox {
	o := &outbox{}
	o.more = sync.NewCond(&o.mu)
	return o
}

func length(pieces [][]byte) (n int) {
	for _, p := range pieces {
		n += len(p)
	}
	return n
}

// put adds a message, or a part of one. It is false when more than most waits
// already, and more than any other that waits was allowed: then it takes nothing
// more.
func (o *outbox) put(pieces [][]byte, most int) bool {
	n := length(pieces)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true // nobody waits for it
	}
	if o.most = max(o.most, most); o.size > o.most {
		o.waiting, o.closed = nil, true
		o.more.Signal()
		return false
	}
	o.waiting = append(o.waiting, pieces)
	o.size += n
	o.more.Signal()
	return true
}

// close takes no more.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.more.Signal()
}

// take waits for what is to be written next: a message, and what follows it as
// long as that is little. It is nil when the box is closed and empty.
func (o *outbox) take() (pieces [][]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.waiting) == 0 && !o.closed {
		o.more.Wait()
	}
	n, size := 0, 0
	for n < len(o.waiting) && (n == 0 || size < atOnce) {
		pieces = append(pieces, o.waiting[n]...)
		size += length(o.waiting[n])
		o.waiting[n] = nil
		n++
	}
	o.waiting = o.waiting[n:]
	return pieces
}

// atOnce is how much is written at once, in bytes, if it is several messages.
const atOnce = 64 << 10

// drain writes what is put until the box is closed and empty, or write fails.
func (o *outbox) drain(write func([][]byte) error) error {
	for {
		pieces := o.take()
		if pieces == nil {
			return nil
		}
		n := length(pieces)
		if err := write(pieces); err != nil {
			o.close()
			return err
		}
		o.mu.Lock()
		if o.size -= n; o.size <= maxBacklog {
			o.most = 0
		}
		o.mu.Unlock()
	}
}
