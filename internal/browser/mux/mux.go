// Package mux lets many clients use one Chromium over its one pipe. Each has a
// root session of its own (Target.attachToBrowserTarget), so that what it
// discovers, attaches to and turns on is its own, as it would be on a port: its
// ids are translated, and what comes from a session goes to the client that
// attached it, as the browser tells (Target.attachedToTarget). When a client
// leaves, its root is detached and all that hung on it ends; the browser and the
// other clients don't notice. A client with rules that doesn't read is cut off at
// a bounded backlog and delays nobody. One without, the server, is waited for, as
// the browser would wait on a pipe of its own: a page that says much must not be
// able to end its session.
//
// Of a message the envelope is read alone, and the parameters only of the
// methods that Rules judge, and of the two events that say whose a session is.
// All else passes as it came.
package mux

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrEnded is a browser that sends nothing more.
var ErrEnded = errors.New("the browser has ended")

// ErrBacklog is a client that was cut off because it didn't read.
var ErrBacklog = errors.New("the client reads too slowly: too much waits for it")

// Mux shares one browser. Run reads it until it ends.
type Mux struct {
	browser io.ReadWriter
	left    func()
	ended   chan struct{}

	writing sync.Mutex // held for a whole message to the browser, and taken before mu

	mu       sync.Mutex
	lastID   int64
	calls    map[int64]*call // on their way, by their ids at the browser
	sessions map[string]*session
	numbered int64   // how many sessions there ever were
	kept     *client // whose place is kept, also when it has left; nil: there was none
	note     jsontext.Value
	agent    jsontext.Value      // what the server has each target say of the browser
	waiting  map[string]*waiting // by target
	wentOn   *sync.Cond          // something waits for fewer
	clients  map[*client]struct{}
	over     bool // no client is told anything more

	held held // of programs

	own *outbox // the mux's commands, which who reads the browser must not wait to write
}

// call is a command that the browser has not answered.
type call struct {
	client  *client // nil: the mux's own
	id      int64   // the client's
	session string  // as the client knows it
	then    func(answer)
	next    func(result Params) (method string, params any) // of a client's: see Verdict.Then
}

// session is one that a client attached.
type session struct {
	owner     *client
	parent    string
	number    int64 // in the order they were attached
	overrides bool  // what it has said of the browser is in force

	// Of a client whose place is kept: the events that whoever takes it is told.
	attached []byte
	dialog   []byte // that is open
	target   string // as far as the browser told
}

// New makes a mux of the two ends of a browser's pipe. left is called when nothing
// is left in the browser of a client with rules, on the goroutine that reads it.
func New(browser io.ReadWriter, left func()) *Mux {
	m := &Mux{
		browser: browser, left: left, ended: make(chan struct{}), own: newOutbox(false),
		calls: map[int64]*call{}, sessions: map[string]*session{}, waiting: map[string]*waiting{}, clients: map[*client]struct{}{},
		held: held{limit: maxTogether, by: map[*client]int{}},
	}
	m.wentOn = sync.NewCond(&m.mu)
	return m
}

// Run passes on what the browser says, until that ends or sends what is no
// message. The clients' connections are open still: see End.
func (m *Mux) Run() error {
	var writer sync.WaitGroup
	writer.Go(func() { _ = m.own.drain(m.write) })
	err := m.read()
	close(m.ended)
	m.mu.Lock()
	for target := range m.waiting {
		m.goOn(target) // to nobody
	}
	m.mu.Unlock()
	m.own.close()
	writer.Wait()
	return err
}

// End ends every client's connection, once it has what was said to it before,
// for which it has so long. It is for when Run has returned.
func (m *Mux) End(within time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over = true
	for c := range m.clients {
		_ = c.conn.SetWriteDeadline(time.Now().Add(within))
		c.out.close()
	}
}

// Tell sends an event that isn't the browser's to the clients without rules.
func (m *Mux) Tell(method string, params any) {
	raw, err := json.Marshal(params)
	if err != nil {
		panic(err) // its own
	}
	event := append([]byte(`"method":"`+method+`","params":`), raw...)
	var all []*client
	m.mu.Lock()
	for c := range m.clients {
		if c.rules == nil {
			all = append(all, c)
		}
	}
	m.mu.Unlock()
	for _, c := range all { // who may be in the midst of a long message
		c.send(answer{body: event}.pieces(0, ""))
	}
}

// Serve lets one client use the browser until it leaves, is cut off or the
// browser ends, and closes its connection. What it sends is read from in. Its
// root session is of the whole browser, or of the target that is named. Rules
// judge what it sends; nil: all is passed on. The error is ErrEnded, ErrBacklog, or
// what the connection failed with; nil when the client has left.
func (m *Mux) Serve(conn net.Conn, in io.Reader, target string, rules Rules) error {
	c := &client{conn: conn, rules: rules, out: newOutbox(rules == nil)}
	if rules != nil {
		c.held = &m.held
		m.held.join(c)
		defer m.held.leave(c)
	}
	return m.serve(c, in, func(c *client) error { return m.root(c, target) })
}

// serve lets one client use the browser by the root session that root makes for it.
func (m *Mux) serve(c *client, in io.Reader, root func(*client) error) error {
	m.join(c)
	var writer sync.WaitGroup
	writer.Go(func() { c.cut(c.out.drain(c.write)) })
	err := root(c)
	if err == nil {
		err = m.listen(c, in)
	}
	if errors.Is(err, ErrEnded) {
		// Until End it is told what is said still. What it says is read: the end of
		// a connection with something unread may take along what the other has not
		// read.
		_, _ = io.Copy(io.Discard, in)
	} else {
		c.out.close()
	}
	m.leave(c)
	writer.Wait()
	return cmp.Or(c.why(), err)
}

func (m *Mux) join(c *client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clients[c] = struct{}{}
	if m.over {
		c.out.close()
	}
}

// listen passes on what a client sends.
func (m *Mux) listen(c *client, in io.Reader) error {
	r := newReader(in)
	long := 0
	r.held = func(n int) { long += n; c.holds(n) }
	for {
		c.holds(-long)
		long = 0
		message, err := r.next(MaxMessage)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from the client: %w", err)
		}
		cmd, no := readCommand(message)
		var next func(Params) (string, any)
		if c.kept && cmd.method == c.note && no == nil {
			m.mu.Lock()
			m.note = cmd.params
			m.mu.Unlock()
			c.reply(cmd, "result", struct{}{})
			continue
		}
		if no == nil {
			v := c.rules.judge(cmd)
			if v.Refuse != "" {
				no = &refusal{codeRefused, v.Refuse}
			} else if v.Result != nil {
				c.reply(cmd, "result", v.Result)
				continue
			}
			cmd.params, next = v.Params, v.Then
		}
		if no != nil {
			c.reply(cmd, "error", no)
			continue
		}
		if err := m.pass(c, cmd, next); err != nil {
			return err
		}
	}
}

// pass sends a client's command to the browser, if the session is one of its own.
func (m *Mux) pass(c *client, cmd command, next func(Params) (string, any)) error {
	to := cmd.session
	if to == "" {
		to = c.root
	}
	m.serverFirst(c, to)
	m.writing.Lock()
	m.mu.Lock()
	if s := m.sessions[to]; s == nil || s.owner != c {
		m.mu.Unlock()
		m.writing.Unlock() // the answer may wait for a long one to the same client
		cmd.session = ""   // which Chromium doesn't repeat
		c.reply(cmd, "error", refusal{codeNoSession, "Session with given id not found."})
		return nil
	}
	if m.holds(c, cmd, to) {
		m.mu.Unlock()
		m.writing.Unlock()
		return nil
	}
	first, instead := m.override(c, &cmd, to)
	if instead {
		m.mu.Unlock()
		m.writing.Unlock()
		c.reply(cmd, "result", struct{}{})
		return nil
	}
	m.lastID++
	id := m.lastID
	m.calls[id] = &call{client: c, id: cmd.id, session: cmd.session, next: next}
	m.mu.Unlock()
	defer m.writing.Unlock()
	return m.writePieces(append(first, cmd.pieces(id, to)...))
}

// send puts a command of the mux's own on its way. mu is held.
func (m *Mux) send(method string, params any, then func(answer)) { m.sendTo("", method, params, then) }

func (m *Mux) sendTo(session, method string, params any, then func(answer)) {
	raw, err := json.Marshal(params)
	if err != nil {
		panic(err) // its own
	}
	m.lastID++
	m.calls[m.lastID] = &call{then: then}
	_ = m.own.put(parcel{pieces: command{method: method, params: raw}.pieces(m.lastID, session)})
}

// write writes a whole message to the browser.
func (m *Mux) write(pieces [][]byte) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	return m.writePieces(pieces)
}

func (m *Mux) writePieces(pieces [][]byte) error {
	for _, p := range pieces {
		if _, err := m.browser.Write(p); err != nil {
			return fmt.Errorf("%w: %w", ErrEnded, err)
		}
	}
	return nil
}
