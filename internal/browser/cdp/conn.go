package cdp

import (
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

// DefaultTimeout bounds a call whose context has no deadline of its own.
const DefaultTimeout = 30 * time.Second

var (
	// ErrClosed is the answer to a call on a wire that has ended. The reason
	// it ended is joined to it.
	ErrClosed = errors.New("connection to the browser is closed")
	// ErrTooLarge is the answer to a call whose answer has more than
	// MaxMessage bytes. The wire goes on.
	ErrTooLarge = errors.New("the browser's answer is too large")
	// ErrNoMessage is a wire that ended because what came is no message.
	ErrNoMessage = errors.New("the browser sent no protocol message")
	// ErrBusy is a browser that reads so little that no more may wait for it.
	ErrBusy = errors.New("too much waits for the browser already")
)

// codeNoSession is what the browser refuses a command to a session with that
// isn't there.
const codeNoSession = -32001

// Error is a command that the browser refused.
type Error struct {
	Method  string `json:"-"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    string `json:"data,omitzero"`

	// Taken says that the session ended while the command was on its way: it
	// may have been done.
	Taken bool `json:"-"`
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

// Conn is the wire to one browser. All methods are safe for concurrent use, and
// none waits for the browser but Call and Wait, which end with their context:
// one goroutine writes, one reads.
type Conn struct {
	rw     io.ReadWriteCloser
	log    *slog.Logger
	lastID atomic.Int64
	began  time.Time
	heard  atomic.Int64  // when something came last, in nanoseconds from then
	sent   atomic.Int64  // when a command was sent last
	used   chan struct{} // of capacity 1
	called atomic.Pointer[Called]

	mu        sync.Mutex
	calls     map[int64]*Pending
	outbox    outbox
	listeners map[*listener]struct{}
	wanted    map[string]int // listeners by method
	err       error          // why it ended

	done    chan struct{}
	running sync.WaitGroup // what reads, what writes, and what goes on beside them
}

type listener struct {
	sessionID string
	all       bool
	methods   []string
	fn        func(Event)
}

// NewConn starts to use rw. Close it, or let rw end, to release it.
func NewConn(rw io.ReadWriteCloser, log *slog.Logger) *Conn {
	c := &Conn{
		rw: rw, log: log,
		calls:     make(map[int64]*Pending),
		outbox:    outbox{more: make(chan struct{}, 1)},
		listeners: make(map[*listener]struct{}),
		wanted:    make(map[string]int),
		done:      make(chan struct{}),
		used:      make(chan struct{}, 1),
		began:     time.Now(),
	}
	c.running.Go(c.read)
	c.running.Go(c.write)
	return c
}

// Called is told of a command that was waited for: when it was sent, and what became
// of it. It must not block.
type Called func(ctx context.Context, method string, sent time.Time, err error)

// Observe has fn told of every command from now on; nil: nobody is.
func (c *Conn) Observe(fn Called) {
	if fn != nil {
		c.called.Store(&fn)
	}
}

// Go runs fn beside the wire: it waits for answers, and so ends soon after the
// wire does, with nothing else to end it. On one that has ended nothing is run.
func (c *Conn) Go(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil { // then the wire is read still, so that Wait has not ended
		c.running.Go(fn)
	}
}

// Wait returns when the wire has ended and nothing runs on it or beside it.
func (c *Conn) Wait() { c.running.Wait() }

// Call sends a command to the session ("" is the browser) and decodes the
// answer into result, which may be nil. Without a deadline in ctx it waits for
// DefaultTimeout. It returns *Error when the browser refuses, ErrClosed when
// the wire is gone, ErrTooLarge, and ctx's error when that ends first: then a
// command that isn't on the wire yet never will be.
func (c *Conn) Call(ctx context.Context, sessionID, method string, params, result any) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
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
	to     string // the session
	method string
	sent   time.Time
	buf    []byte // while it waits to be written
	ch     chan reply
}

// Send puts a command on its way and waits neither for the browser to take it
// nor for its answer, so that several can be on their way at once.
func (c *Conn) Send(sessionID, method string, params any) (*Pending, error) {
	c.Use()
	return c.post(sessionID, method, params)
}

func (c *Conn) post(sessionID, method string, params any) (*Pending, error) {
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
	p := &Pending{conn: c, id: m.ID, to: sessionID, method: method, sent: time.Now(), buf: append(buf, 0), ch: make(chan reply, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	if !c.outbox.put(p) {
		return nil, fmt.Errorf("%s: %w", method, ErrBusy)
	}
	c.calls[p.id] = p
	return p, nil
}

// Wait waits for the answer and decodes it into result, which may be nil: without a
// deadline in ctx for DefaultTimeout.
func (p *Pending) Wait(ctx context.Context, result any) error {
	err := p.wait(ctx, result)
	if called := p.conn.called.Load(); called != nil {
		(*called)(ctx, p.method, p.sent, err)
	}
	return err
}

func (p *Pending) wait(ctx context.Context, result any) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, DefaultTimeout,
			fmt.Errorf("%s: no answer from the browser within %s: %w", p.method, DefaultTimeout, context.DeadlineExceeded))
		defer cancel()
	}
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
	defer p.conn.mu.Unlock()
	delete(p.conn.calls, p.id)
	p.conn.outbox.remove(p)
}

// Listen calls fn for each event of one session ("" is the browser itself) with
// one of the methods. fn runs on the goroutine that reads the wire: it must not
// block, and a Call in it would wait for ever. What nobody listens to is thrown
// away unread.
func (c *Conn) Listen(sessionID string, fn func(Event), methods ...string) (cancel func()) {
	return c.listen(&listener{sessionID: sessionID, methods: methods, fn: fn})
}

// ListenAll calls fn for such events of every session, as Listen does.
func (c *Conn) ListenAll(fn func(Event), methods ...string) (cancel func()) {
	return c.listen(&listener{all: true, methods: methods, fn: fn})
}

func (c *Conn) listen(l *listener) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners[l] = struct{}{}
	for _, m := range l.methods {
		c.wanted[m]++
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if _, ok := c.listeners[l]; !ok {
			return
		}
		delete(c.listeners, l)
		for _, m := range l.methods {
			if c.wanted[m]--; c.wanted[m] == 0 {
				delete(c.wanted, m)
			}
		}
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
	for id, p := range c.calls {
		p.ch <- reply{err: why}
		delete(c.calls, id)
	}
	c.outbox.clear()
	c.mu.Unlock()
	if err := c.rw.Close(); err != nil {
		c.log.Debug("close browser connection", "err", err)
	}
	close(c.done)
}
