package mux

import (
	"net"
	"slices"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
)

// How much may wait for a client that reads slowly when more for it comes, in
// bytes: of messages that came whole, and of long answers, which are passed on
// while they come.
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
	held  *held      // what it holds counts in there; nil: nowhere
	whole sync.Mutex // held while a message is put, taken before any other

	mu     sync.Mutex
	reason error // why it was cut off
}

// server says that it is no program, for which there are rules.
func (c *client) server() bool { return c.rules == nil }

// send has a message written to the client, or cuts it off when too much waits.
func (c *client) send(pieces [][]byte) {
	c.whole.Lock()
	defer c.whole.Unlock()
	c.put(parcel{pieces: pieces})
}

// more goes on with a long message. whole is held.
func (c *client) more(piece []byte) { c.put(parcel{pieces: [][]byte{piece}, long: true}) }

func (c *client) put(p parcel) {
	c.holds(length(p.pieces))
	if !c.out.put(p) {
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
	// Who waits for its end may have a descriptor of their own.
	if u, ok := c.conn.(*net.UnixConn); ok {
		_ = u.CloseRead()
		_ = u.CloseWrite()
	}
	c.conn.Close()
}

func (c *client) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

func (c *client) write(pieces [][]byte) error {
	n := length(pieces)
	defer c.holds(-n)
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

// parcel is a message that waits to be written, or a part of a long one.
type parcel struct {
	pieces [][]byte
	long   bool
}

func length(pieces [][]byte) (n int) {
	for _, p := range pieces {
		n += len(p)
	}
	return n
}

// outbox is what waits to be written, in order.
type outbox struct {
	patient bool // who puts waits while too much does

	mu         sync.Mutex
	changed    *sync.Cond
	waiting    []parcel
	size, long int  // in bytes, with what is being written: of what came whole, and of long messages
	closed     bool // what waits is still written
}

func newOutbox(patient bool) *outbox {
	o := &outbox{patient: patient}
	o.changed = sync.NewCond(&o.mu)
	return o
}

// full says whether more than may wait does, of the parcel's kind.
func (o *outbox) full(p parcel) bool {
	if p.long {
		return o.long > maxLong
	}
	return o.size > maxBacklog
}

// put adds a parcel. It is false when too much waits: then it takes nothing more.
func (o *outbox) put(p parcel) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.patient && o.full(p) && !o.closed {
		o.changed.Wait()
	}
	if o.closed {
		return true // nobody waits for it
	}
	if o.full(p) {
		o.drop()
		return false
	}
	o.waiting = append(o.waiting, p)
	o.grow(p, 1)
	o.changed.Broadcast()
	return true
}

// grow counts a parcel that comes, or (-1) has been written.
func (o *outbox) grow(p parcel, sign int) {
	if p.long {
		o.long += sign * length(p.pieces)
	} else {
		o.size += sign * length(p.pieces)
	}
}

// close takes no more.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.changed.Broadcast()
}

// drop gives up what waits, and takes no more. mu is held.
func (o *outbox) drop() {
	o.waiting, o.closed = nil, true
	o.changed.Broadcast()
}

// take waits for what is to be written next: a parcel, and what follows it as
// long as that is little. It is nil when the box is closed and empty.
func (o *outbox) take() (next []parcel) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.waiting) == 0 && !o.closed {
		o.changed.Wait()
	}
	n := 0
	for size := 0; n < len(o.waiting) && (n == 0 || size < atOnce); n++ {
		size += length(o.waiting[n].pieces)
	}
	next = slices.Clone(o.waiting[:n])
	clear(o.waiting[:n])
	o.waiting = o.waiting[n:]
	return next
}

// atOnce is how much is written at once, in bytes, if it is several parcels.
const atOnce = 64 << 10

// drain writes what is put until the box is closed and empty, or write fails.
func (o *outbox) drain(write func([][]byte) error) error {
	for {
		next := o.take()
		if len(next) == 0 {
			return nil
		}
		var pieces [][]byte
		for _, p := range next {
			pieces = append(pieces, p.pieces...)
		}
		if err := write(pieces); err != nil {
			o.mu.Lock()
			o.drop() // who keeps the client's place would keep it too
			o.mu.Unlock()
			return err
		}
		o.mu.Lock()
		for _, p := range next {
			o.grow(p, -1)
		}
		o.changed.Broadcast()
		o.mu.Unlock()
	}
}
