package mux

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

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
	c.client.more(strconv.AppendInt([]byte(idFirst), c.id, 10))
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
	case c.next != nil && m.follows(c, a):
	default:
		c.client.send(a.pieces(c.id, c.session))
	}
}

// follows tells the browser what is to follow on a client's command, before the client
// hears its answer; false: it was refused. It is told as by the one whose place is kept,
// so that this hears of it, and it stays when the client leaves.
func (m *Mux) follows(c *call, a answer) bool {
	raw, _ := bytes.CutPrefix(a.body, []byte(`,"result":`))
	var result Params
	if json.Unmarshal(raw, &result) != nil || result == nil {
		return false
	}
	method, params := c.next(result)
	m.mu.Lock()
	defer m.mu.Unlock()
	root := c.client.root
	if m.kept != nil {
		root = m.kept.root
	}
	m.sendTo(root, method, params, func(answer) { c.client.send(a.pieces(c.id, c.session)) })
	return true
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
	if s == nil || unseen {
		m.mu.Unlock()
		return
	}
	to, also := s.owner, (*client)(nil)
	if to.kept {
		m.keep(s, a)
	} else if strings.HasPrefix(a.method, ofDownloads) {
		also = m.kept
	}
	m.mu.Unlock()
	if also != nil {
		also.send(a.pieces(0, ""))
	}
	if a.session == to.root {
		a.session = ""
	}
	to.send(a.pieces(0, a.session))
}

// ofDownloads are the events of downloads. What a client's own contexts download only
// that client is told of by the browser: the one whose place is kept is told too.
const ofDownloads = "Browser.download"

// about is what one of the two events is about.
type about struct {
	SessionID string `json:"sessionId"`
	Target    target `json:"targetInfo"`
	Waiting   bool   `json:"waitingForDebugger"`
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
	m.add(of.SessionID, &session{owner: by.owner, parent: a.session, target: of.Target.ID})
	if of.Waiting && slices.Contains(whichWait, of.Target.Type) {
		m.waits(of.Target.ID, by.owner)
	}
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
	gone, ended := map[string]bool{id: true}, []*session{m.sessions[id]}
	for more := true; more; {
		more = false
		for child, s := range m.sessions {
			if gone[s.parent] && !gone[child] {
				gone[child], more, ended = true, true, append(ended, s)
			}
		}
	}
	maps.DeleteFunc(m.sessions, func(id string, _ *session) bool { return gone[id] })
	for _, s := range ended {
		m.waitsNoMore(s.target, s.owner)
	}
	m.overridesNoMore(ended)
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
