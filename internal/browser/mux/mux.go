// Package mux lets many clients use one Chromium over its one pipe. Each has a
// root session of its own (Target.attachToBrowserTarget), so that what it
// discovers, attaches to and turns on is its own, as it would be on a port: its
// ids are translated, and what comes from a session goes to the client that
// attached it, as the browser tells (Target.attachedToTarget). When a client
// leaves, its root is detached and all that hung on it ends; the browser and the
// other clients don't notice. A client that doesn't read is cut off at a bounded
// backlog and delays nobody.
//
// Of a message the envelope is read alone, and the parameters only of the
// methods that Rules judge, and of the two events that say whose a session is.
// All else passes as it came.
package mux

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
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
	clients  map[*client]struct{}
	over     bool // no client is told anything more

	own *outbox // the mux's commands, which who reads the browser must not wait to write
}

// call is a command that the browser has not answered.
type call struct {
	client  *client // nil: the mux's own
	id      int64   // the client's
	session string  // as the client knows it
	then    func(answer)
}

// session is one that a client attached.
type session struct {
	owner  *client
	parent string
}

// New makes a mux of the two ends of a browser's pipe. left is called when nothing
// is left in the browser of a client with rules, on the goroutine that reads it.
func New(browser io.ReadWriter, left func()) *Mux {
	return &Mux{
		browser: browser, left: left, ended: make(chan struct{}), own: newOutbox(),
		calls: map[int64]*call{}, sessions: map[string]*session{}, clients: map[*client]struct{}{},
	}
}

// Run passes on what the browser says, until that ends or sends what is no
// message. The clients' connections are open still: see End.
func (m *Mux) Run() error {
	var writer sync.WaitGroup
	writer.Go(func() { _ = m.own.drain(m.write) })
	err := m.read()
	close(m.ended)
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

func (m *Mux) read() error {
	r := newReader(m.browser)
	for {
		part, last, err := r.part()
		if err == nil {
			if last {
				err = m.take(bytes.Clone(part))
			} else {
				err = m.long(r, part)
			}
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrEnded, err)
		}
	}
}

// take passes a message on.
func (m *Mux) take(message []byte) error {
	a, err := readAnswer(message)
	if err != nil {
		return err
	}
	if a.id != 0 {
		m.answered(a)
	} else {
		m.happened(a)
	}
	return nil
}

// long takes a message that has only begun. An answer to a client is passed on
// while it comes, so that it is never held here but as far as the client is
// behind. Any other is held until its end says whose it is; one that is too large
// for that is lost.
func (m *Mux) long(r *reader, part []byte) error {
	id, at := idOf(part)
	m.mu.Lock()
	c := m.calls[id]
	if c != nil && c.client != nil {
		delete(m.calls, id)
	}
	m.mu.Unlock()
	if c == nil || c.client == nil {
		message, err := r.rest(part, maxHeld)
		if errors.Is(err, errTooLarge) || err == nil && c == nil && id != 0 {
			return nil
		}
		if err != nil {
			return err
		}
		return m.take(message)
	}
	c.client.whole.Lock()
	defer c.client.whole.Unlock()
	c.client.put(strconv.AppendInt([]byte(idFirst), c.id, 10))
	// What may be the session's id is written when it is known to be.
	held := bytes.Clone(part[at:])
	for last := false; !last; {
		var err error
		if part, last, err = r.part(); err != nil {
			// What has come of it is a message by itself, so that another can follow.
			c.client.more([]byte{0})
			return within(err)
		}
		held = append(held, part...)
		if ready := len(held) - maxTail; ready > 0 {
			c.client.more(bytes.Clone(held[:ready]))
			held = append(held[:0], held[ready:]...)
		}
	}
	if c.session == "" {
		if body, ok := bytes.CutSuffix(held, []byte(sessionLast+c.client.root+`"}`)); ok {
			held = append(held[:len(body)], '}')
		}
	}
	c.client.more(append(held, 0))
	return nil
}

// maxTail is how long the end of a message is that names its session, at most.
const maxTail = 256

// answered passes an answer to who has asked.
func (m *Mux) answered(a answer) {
	m.mu.Lock()
	c := m.calls[a.id]
	delete(m.calls, a.id)
	m.mu.Unlock()
	switch {
	case c == nil: // of a client that has left
	case c.client == nil:
		c.then(a)
	default:
		c.client.send(a.pieces(c.id, c.session))
	}
}

// happened passes an event to the client whose session it comes from.
func (m *Mux) happened(a answer) {
	switch a.method {
	case "Target.attachedToTarget":
		if !m.attached(a) {
			return
		}
	case "Target.detachedFromTarget":
		defer m.detached(a) // its owner hears of it first
	}
	m.mu.Lock()
	s := m.sessions[a.session]
	unseen := s != nil && s.owner.rules != nil && a.method == "Target.detachedFromTarget" && m.sessions[a.about().SessionID] == nil
	m.mu.Unlock()
	if s == nil || unseen {
		return
	}
	if a.session == s.owner.root {
		a.session = ""
	}
	s.owner.send(a.pieces(0, a.session))
}

// about is what one of the two events is about.
type about struct {
	SessionID string `json:"sessionId"`
	Target    target `json:"targetInfo"`
}

func (a answer) about() (of about) {
	_ = json.Unmarshal(a.params(), &of, pageText)
	return of
}

// attached remembers whose a session is, and says whether its owner may know: what
// is not of the session's pages is detached again, and nobody has used it.
func (m *Mux) attached(a answer) bool {
	of := a.about()
	m.mu.Lock()
	defer m.mu.Unlock()
	by := m.sessions[a.session]
	if by == nil || of.SessionID == "" {
		return true
	}
	if by.owner.rules != nil && !of.Target.ofPages() {
		m.sendTo(a.session, "Target.detachFromTarget", map[string]string{"sessionId": of.SessionID}, func(answer) {})
		return false
	}
	m.sessions[of.SessionID] = &session{owner: by.owner, parent: a.session}
	return true
}

// detached forgets a session that has ended, with those that were attached by
// it. Commands to them that the browser has taken are never answered; what comes
// later is refused. So their calls are kept until it has refused what was on its
// way to it: it has when it answers a command that was sent after those.
func (m *Mux) detached(a answer) {
	id := a.about().SessionID
	m.mu.Lock()
	s := m.sessions[id]
	if s == nil {
		m.mu.Unlock()
		return
	}
	m.forgetSession(id)
	m.mu.Unlock()
	if c := s.owner; id == c.root { // of a target that is gone
		c.send(answer{body: []byte(`"method":"Inspector.detached","params":{"reason":"target_closed"}`)}.pieces(0, ""))
		c.out.close()
	}
}

// forgetSession forgets it with its calls. mu is held.
func (m *Mux) forgetSession(id string) {
	gone := map[string]bool{id: true}
	for more := true; more; {
		more = false
		for child, s := range m.sessions {
			if gone[s.parent] && !gone[child] {
				gone[child], more = true, true
			}
		}
	}
	maps.DeleteFunc(m.sessions, func(id string, _ *session) bool { return gone[id] })
	m.forgetAfter("Browser.getVersion", nil, func(c *call) bool { return gone[cmp.Or(c.session, c.client.root)] }, func() {})
}

// forgetAfter sends a command, and drops those calls that are of now when it is
// answered. mu is held.
func (m *Mux) forgetAfter(method string, params any, which func(*call) bool, after func()) {
	var old []int64
	for id, c := range m.calls {
		if c.client != nil && which(c) {
			old = append(old, id)
		}
	}
	if len(old) == 0 && params == nil {
		return
	}
	m.send(method, params, func(answer) {
		m.mu.Lock()
		for _, id := range old {
			delete(m.calls, id)
		}
		m.mu.Unlock()
		after()
	})
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
	_ = m.own.put(command{method: method, params: raw}.pieces(m.lastID, session), maxBacklog)
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

// root attaches to the browser, or to the target, for a client.
func (m *Mux) root(c *client, target string) error {
	late := time.After(rootWithin)
	method, params := "Target.attachToBrowserTarget", map[string]any{}
	if target != "" {
		if err := m.mayHave(c, target, late); err != nil {
			return err
		}
		method, params = "Target.attachToTarget", map[string]any{"targetId": target, "flatten": true}
	}
	made := make(chan answer, 1)
	m.mu.Lock()
	m.send(method, params, func(a answer) {
		// Here, where the browser is read: what comes from it next may be for it.
		m.mu.Lock()
		if id := rootOf(a); id != "" && c.gone {
			m.send("Target.detachFromTarget", map[string]string{"sessionId": id}, func(answer) {})
		} else if c.root = id; id != "" {
			m.sessions[c.root] = &session{owner: c}
		}
		m.mu.Unlock()
		made <- a
	})
	m.mu.Unlock()
	select {
	case a := <-made:
		if rootOf(a) == "" {
			return fmt.Errorf("the browser lets no client attach: %s", a.body)
		}
		return nil
	case <-m.ended:
		return ErrEnded
	case <-late:
		return errSilent
	}
}

// rootWithin is how long the browser may take to let a client attach.
const rootWithin = 30 * time.Second

var errSilent = errors.New("the browser does not answer")

// mayHave says whether a client's root may be that target.
func (m *Mux) mayHave(c *client, id string, late <-chan time.Time) error {
	said := make(chan answer, 1)
	m.mu.Lock()
	m.send("Target.getTargetInfo", map[string]string{"targetId": id}, func(a answer) { said <- a })
	m.mu.Unlock()
	select {
	case a := <-said:
		var found struct {
			Result struct {
				Target target `json:"targetInfo"`
			} `json:"result"`
		}
		if err := a.decode(&found); err != nil || found.Result.Target.Type == "" {
			return fmt.Errorf("there is no target %q", id)
		}
		if c.rules != nil && !found.Result.Target.ofPages() {
			return fmt.Errorf("the target %q is the program's own", id)
		}
		return nil
	case <-m.ended:
		return ErrEnded
	case <-late:
		return errSilent
	}
}

func rootOf(a answer) string {
	var m struct {
		Result struct {
			SessionID string `json:"sessionId"`
		} `json:"result"`
	}
	_ = a.decode(&m)
	return m.Result.SessionID
}

// leave ends what a client has in the browser.
func (m *Mux) leave(c *client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.clients, c)
	c.gone = true
	if m.sessions[c.root] == nil { // it has had none, or it is gone
		return
	}
	maps.DeleteFunc(m.sessions, func(_ string, s *session) bool { return s.owner == c })
	m.forgetAfter("Target.detachFromTarget", map[string]string{"sessionId": c.root}, func(of *call) bool { return of.client == c }, func() {
		if c.rules != nil {
			m.left()
		}
	})
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
// judge what it sends; nil: all is passed on. The error is ErrEnded, ErrBacklog, or what the
// connection failed with; nil when the client has left.
func (m *Mux) Serve(conn net.Conn, in io.Reader, target string, rules Rules) error {
	c := &client{conn: conn, rules: rules, out: newOutbox()}
	m.join(c)
	var writer sync.WaitGroup
	writer.Go(func() { c.cut(c.out.drain(c.write)) })
	err := m.root(c, target)
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
	for {
		message, err := r.next(MaxMessage)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from the client: %w", err)
		}
		cmd, no := readCommand(message)
		if no == nil {
			v := c.rules.judge(cmd)
			if v.Refuse != "" {
				no = &refusal{codeRefused, v.Refuse}
			} else if v.Result != nil {
				c.reply(cmd, "result", v.Result)
				continue
			}
			cmd.params = v.Params
		}
		if no != nil {
			c.reply(cmd, "error", no)
			continue
		}
		if err := m.pass(c, cmd); err != nil {
			return err
		}
	}
}

// pass sends a client's command to the browser, if the session is one of its own.
func (m *Mux) pass(c *client, cmd command) error {
	to := cmd.session
	if to == "" {
		to = c.root
	}
	m.writing.Lock()
	m.mu.Lock()
	if s := m.sessions[to]; s == nil || s.owner != c {
		m.mu.Unlock()
		m.writing.Unlock() // the answer may wait for a long one to the same client
		cmd.session = ""   // which Chromium doesn't repeat
		c.reply(cmd, "error", refusal{codeNoSession, "Session with given id not found."})
		return nil
	}
	m.lastID++
	id := m.lastID
	m.calls[id] = &call{client: c, id: cmd.id, session: cmd.session}
	m.mu.Unlock()
	defer m.writing.Unlock()
	return m.writePieces(cmd.pieces(id, to))
}
