package mux

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"net"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrReplaced is a connection whose place another one has taken.
var ErrReplaced = errors.New("another connection has taken this one's place")

// ServeKept is Serve for the one client whose place is kept when it leaves: its
// sessions stay attached and what it has told the browser stays in force. What the
// browser asks meanwhile (a new target that waits to be told to go on, a dialog)
// waits. The next one takes the place, from one that is there still too, and is
// told what it would know if it had been there from the beginning:
// Target.attachedToTarget of each session that lives, parents first, and the
// dialog that it shows, if any; then the event resumed, with the note that was left
// last. A command of the method note is not the browser's: it leaves its parameters.
func (m *Mux) ServeKept(conn net.Conn, in io.Reader, note, resumed string) error {
	return m.serve(&client{conn: conn, out: newOutbox(true), kept: true, note: note}, in, func(c *client) error {
		if m.takePlace(c, resumed) {
			return nil
		}
		return m.root(c, "")
	})
}

// takePlace gives the client the sessions of the one before; false: there was none.
func (m *Mux) takePlace(c *client, resumed string) bool {
	// What is told of the past comes before what the browser says next.
	c.whole.Lock()
	defer c.whole.Unlock()
	m.mu.Lock()
	before := m.kept
	m.kept = c
	if before == nil {
		m.mu.Unlock()
		return false
	}
	before.gone = true
	defer before.cut(ErrReplaced)
	if m.sessions[before.root] == nil { // it has had none yet
		m.mu.Unlock()
		return false
	}
	c.root = before.root
	note := m.note
	if note == nil {
		note = jsontext.Value("{}")
	}
	var told [][]byte
	living := slices.SortedFunc(maps.Values(m.sessions), func(a, b *session) int { return cmp.Compare(a.number, b.number) })
	for _, s := range living {
		if s.owner != before {
			continue
		}
		s.owner = c
		for _, event := range [][]byte{s.attached, s.dialog} {
			if event != nil {
				told = append(told, event)
			}
		}
	}
	for _, w := range m.waiting {
		if w.clients[before] {
			delete(w.clients, before)
			w.clients[c] = true
		}
	}
	m.mu.Unlock()
	for _, event := range told {
		c.put(parcel{pieces: [][]byte{event}})
	}
	c.put(parcel{pieces: answer{body: slices.Concat([]byte(`"method":"`+resumed+`","params":`), note)}.pieces(0, "")})
	return true
}

// keep remembers what who takes the client's place is told of a session of it. mu
// is held.
func (m *Mux) keep(s *session, a answer) {
	within := a.session
	if within == s.owner.root {
		within = ""
	}
	switch a.method {
	case "Target.attachedToTarget":
		if of := m.sessions[a.about().SessionID]; of != nil {
			of.attached = slices.Concat(a.pieces(0, within)...)
		}
	case "Target.detachedFromTarget":
		if of := m.sessions[a.about().SessionID]; of != nil { // which is forgotten next
			of.attached, of.dialog = nil, nil
		}
	case "Page.javascriptDialogOpening":
		s.dialog = slices.Concat(a.pieces(0, within)...)
	case "Page.javascriptDialogClosed":
		s.dialog = nil
	}
}
