package cdp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

const (
	// DefaultTimeout bounds a call whose context has no deadline of its own.
	DefaultTimeout = 30 * time.Second

	// maxMessage bounds one message from the browser. Chromium itself refuses
	// more than 256 MiB; a page must not make the server hold even that.
	maxMessage = 64 << 20
)

// ErrClosed is the answer to a call on a wire that has ended. The reason it
// ended is joined to it.
var ErrClosed = errors.New("connection to the browser is closed")

// Error is a command that the browser refused.
type Error struct {
	Method  string `json:"-"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    string `json:"data,omitzero"`
}

func (e *Error) Error() string {
	if e.Data != "" {
		return fmt.Sprintf("%s: %s (%s)", e.Method, e.Message, e.Data)
	}
	return fmt.Sprintf("%s: %s", e.Method, e.Message)
}

// Event is a message that the browser sent unasked.
type Event struct {
	SessionID string // empty: of the browser itself
	Method    string // "Page.loadEventFired"
	Params    jsonv2.Value
}

// message is any message of the protocol, either way.
type message struct {
	ID        int64        `json:"id,omitzero"`
	SessionID string       `json:"sessionId,omitzero"`
	Method    string       `json:"method,omitzero"`
	Params    jsonv2.Value `json:"params,omitzero"`
	Result    jsonv2.Value `json:"result,omitzero"`
	Error     *Error       `json:"error,omitzero"`
}

type reply struct {
	result jsonv2.Value
	err    error
}

// Conn is the wire to one browser. All methods are safe for concurrent use.
type Conn struct {
	rw     io.ReadWriteCloser
	log    *slog.Logger
	lastID atomic.Int64

	writeMu sync.Mutex // one message at a time on the wire

	mu        sync.Mutex
	calls     map[int64]chan reply
	listeners map[*listener]struct{}
	err       error // why it ended

	done chan struct{}
}

type listener struct {
	sessionID string
	all       bool
	fn        func(Event)
}

// NewConn starts to read from rw. Close it, or let rw end, to release it.
func NewConn(rw io.ReadWriteCloser, log *slog.Logger) *Conn {
	c := &Conn{
		rw: rw, log: log,
		calls:     make(map[int64]chan reply),
		listeners: make(map[*listener]struct{}),
		done:      make(chan struct{}),
	}
	go c.read()
	return c
}

// Call sends a command to the session ("" is the browser) and decodes the
// answer into result, which may be nil. Without a deadline in ctx it waits for
// DefaultTimeout. It returns *Error when the browser refuses, ErrClosed when
// the wire is gone, and ctx's error when that ends first.
func (c *Conn) Call(ctx context.Context, sessionID, method string, params, result any) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, DefaultTimeout,
			fmt.Errorf("%s: no answer from the browser within %s: %w", method, DefaultTimeout, context.DeadlineExceeded))
		defer cancel()
	}
	p, err := c.Send(sessionID, method, params)
	if err != nil {
		return err
	}
	return p.Wait(ctx, result)
}

// Pending is a command on its way. Its answer must be waited for, or dropped
// by waiting with a context that has ended.
type Pending struct {
	conn   *Conn
	id     int64
	method string
	ch     chan reply
}

// Send writes a command and doesn't wait for its answer, so that several can
// be on their way at once.
func (c *Conn) Send(sessionID, method string, params any) (*Pending, error) {
	m := message{ID: c.lastID.Add(1), SessionID: sessionID, Method: method}
	if params != nil {
		raw, err := jsonv2.Marshal(params, lenient)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", method, err)
		}
		m.Params = raw
	}
	buf, err := jsonv2.Marshal(m, lenient)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", method, err)
	}
	p := &Pending{conn: c, id: m.ID, method: method, ch: make(chan reply, 1)}
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return nil, c.err
	}
	c.calls[p.id] = p.ch
	c.mu.Unlock()

	c.writeMu.Lock()
	if d, ok := c.rw.(interface{ SetWriteDeadline(time.Time) error }); ok {
		// A browser that stops reading must not hold its callers for ever.
		_ = d.SetWriteDeadline(time.Now().Add(DefaultTimeout))
	}
	_, err = c.rw.Write(append(buf, 0))
	c.writeMu.Unlock()
	if err != nil {
		// Half a message may be on the wire: nothing sensible can follow it.
		c.end(fmt.Errorf("%w: write %s: %w", ErrClosed, method, err))
		p.drop()
		return nil, c.Err()
	}
	return p, nil
}

// Wait waits for the answer and decodes it into result, which may be nil.
func (p *Pending) Wait(ctx context.Context, result any) error {
	select {
	case r := <-p.ch:
		if r.err != nil {
			if e, ok := errors.AsType[*Error](r.err); ok {
				e.Method = p.method
			}
			return r.err
		}
		if result == nil {
			return nil
		}
		if err := jsonv2.Unmarshal(r.result, result, lenient); err != nil {
			return fmt.Errorf("decode answer to %s: %w", p.method, err)
		}
		return nil
	case <-ctx.Done():
		p.drop()
		return context.Cause(ctx)
	}
}

func (p *Pending) drop() {
	p.conn.mu.Lock()
	delete(p.conn.calls, p.id)
	p.conn.mu.Unlock()
}

// Listen calls fn for each event of one session ("" is the browser itself). fn
// runs on the goroutine that reads the wire: it must not block, and a Call in
// it would wait for ever.
func (c *Conn) Listen(sessionID string, fn func(Event)) (cancel func()) {
	return c.listen(&listener{sessionID: sessionID, fn: fn})
}

// ListenAll calls fn for each event of every session, as Listen does.
func (c *Conn) ListenAll(fn func(Event)) (cancel func()) {
	return c.listen(&listener{all: true, fn: fn})
}

func (c *Conn) listen(l *listener) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners[l] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.listeners, l)
	}
}

// Done is closed when the wire has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err says why the wire ended; nil while it lives. It is ErrClosed.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the wire and every call on it.
func (c *Conn) Close() error {
	c.end(ErrClosed)
	return nil
}

func (c *Conn) end(why error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = why
	for id, ch := range c.calls {
		ch <- reply{err: why}
		delete(c.calls, id)
	}
	c.mu.Unlock()
	if err := c.rw.Close(); err != nil {
		c.log.Debug("close browser connection", "err", err)
	}
	close(c.done)
}

func (c *Conn) read() {
	r := bufio.NewReaderSize(c.rw, 64<<10)
	for {
		raw, err := readMessage(r)
		if err != nil {
			c.end(fmt.Errorf("%w: %w", ErrClosed, err))
			return
		}
		var m message
		if err := jsonv2.Unmarshal(raw, &m, lenient); err != nil {
			c.end(fmt.Errorf("%w: the browser sent no protocol message: %w", ErrClosed, err))
			return
		}
		c.dispatch(m)
	}
}

// lenient lets pages' text through that isn't UTF-8: it is the page's own, and
// nobody's protocol error.
var lenient = jsonv2.AllowInvalidUTF8(true)

func (c *Conn) dispatch(m message) {
	if m.ID != 0 {
		c.mu.Lock()
		ch, ok := c.calls[m.ID]
		delete(c.calls, m.ID)
		c.mu.Unlock()
		if !ok {
			return // its caller gave up
		}
		if m.Error != nil {
			ch <- reply{err: m.Error}
		} else {
			ch <- reply{result: m.Result}
		}
		return
	}
	c.mu.Lock()
	fns := make([]func(Event), 0, 4)
	for l := range c.listeners {
		if l.all || l.sessionID == m.SessionID {
			fns = append(fns, l.fn)
		}
	}
	c.mu.Unlock()
	for _, fn := range fns {
		fn(Event{SessionID: m.SessionID, Method: m.Method, Params: m.Params})
	}
}

// readMessage reads up to the next NUL, which it leaves out. What it returns
// is the caller's own.
func readMessage(r *bufio.Reader) ([]byte, error) {
	var whole []byte
	for {
		part, err := r.ReadSlice(0)
		if len(whole)+len(part) > maxMessage {
			return nil, fmt.Errorf("message of more than %d MiB", maxMessage>>20)
		}
		whole = append(whole, part...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(whole, []byte{0}), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(whole) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}
