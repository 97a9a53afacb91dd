package cdp

import (
	"context"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// Session is one flat session on a Conn: the browser itself when the ID is
// empty, else an attached target. It is what cdproto's cdp.Call takes.
type Session struct {
	Conn *Conn
	ID   string
}

var _ cdp.Session = Session{}

// Call sends a command to the session and waits for its answer: see Conn.Call.
func (s Session) Call(ctx context.Context, method string, params, result any) error {
	return s.Conn.Call(ctx, s.ID, method, params, result)
}

// Send puts a command on its way without waiting for its answer: see Conn.Send.
func (s Session) Send(method string, params any) (*Pending, error) {
	return s.Conn.Send(s.ID, method, params)
}

// eventBuffer is how many events a subscriber may be behind.
const eventBuffer = 1024

// Subscribe buffers the session's events of one method. The channel is closed
// by cancel, when the wire ends, and when the reader is eventBuffer behind:
// events are never dropped from the middle.
func (s Session) Subscribe(method string) (<-chan jsonv2.Value, func()) {
	ch := make(chan jsonv2.Value, eventBuffer)
	var mu sync.Mutex
	closed := false
	shut := func() {
		mu.Lock()
		defer mu.Unlock()
		if !closed {
			closed = true
			close(ch)
		}
	}
	unlisten := s.Conn.Listen(s.ID, func(e Event) {
		mu.Lock()
		if closed {
			mu.Unlock()
			return
		}
		select {
		case ch <- e.Params:
			mu.Unlock()
		default:
			mu.Unlock()
			shut()
		}
	}, method)
	stop := context.AfterFunc(doneContext{s.Conn}, shut)
	return ch, func() {
		unlisten()
		stop()
		shut()
	}
}

// doneContext is a context that ends with the wire.
type doneContext struct{ conn *Conn }

func (d doneContext) Done() <-chan struct{}            { return d.conn.Done() }
func (d doneContext) Err() error                       { return d.conn.Err() }
func (d doneContext) Deadline() (t time.Time, ok bool) { return }
func (d doneContext) Value(any) any                    { return nil }
