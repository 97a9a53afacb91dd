package mux

import "time"

// resumes is how a client lets a target go on that waits since it began.
const resumes = "Runtime.runIfWaitingForDebugger"

// waitsAtMost is how long a page waits for a client that doesn't let it go on.
const waitsAtMost = 5 * time.Second

// waiting is a page that was opened by another and has not begun. Chromium takes the
// first client's word for all: so what a client says is held until each that the page
// waits for has said it, lest what one of them intercepts slip by.
type waiting struct {
	clients map[*client]bool
	held    []heldCommand
	late    *time.Timer
}

type heldCommand struct {
	client *client
	command
	to string // the session, as the browser knows it
}

// waits remembers that a page waits for a client. mu is held.
func (m *Mux) waits(target string, c *client) {
	if c.gone { // its place is kept
		return
	}
	w := m.waiting[target]
	if w == nil {
		w = &waiting{clients: map[*client]bool{}}
		w.late = time.AfterFunc(waitsAtMost, func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.waiting[target] == w {
				m.goOn(target)
			}
		})
		m.waiting[target] = w
	}
	w.clients[c] = true
}

// holds takes a command that lets a page go on, if the page waits for others too. mu
// is held.
func (m *Mux) holds(c *client, cmd command, to string) bool {
	target := m.sessions[to].target
	w := m.waiting[target]
	if w == nil || cmd.method != resumes {
		return false
	}
	delete(w.clients, c)
	if len(w.clients) == 0 {
		m.goOn(target)
		return false
	}
	w.held = append(w.held, heldCommand{c, cmd, to})
	return true
}

// waitsNoMore is for when a client's session with a target has ended. mu is held.
func (m *Mux) waitsNoMore(target string, c *client) {
	w := m.waiting[target]
	if w == nil {
		return
	}
	delete(w.clients, c)
	if len(w.clients) == 0 {
		m.goOn(target)
	}
}

// goOn passes on what was held. mu is held.
func (m *Mux) goOn(target string) {
	w := m.waiting[target]
	delete(m.waiting, target)
	w.late.Stop()
	for _, h := range w.held {
		if m.sessions[h.to] == nil { // it is gone, and its client knows
			continue
		}
		m.lastID++
		m.calls[m.lastID] = &call{client: h.client, id: h.id, session: h.session}
		_ = m.own.put(parcel{pieces: h.pieces(m.lastID, h.to)})
	}
}
