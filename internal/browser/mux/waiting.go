package mux

import "time"

// resumes is how a client lets a target go on that waits since it began.
const resumes = "Runtime.runIfWaitingForDebugger"

// waitsAtMost is how long a target waits for a client that doesn't let it go on.
const waitsAtMost = 5 * time.Second

// whichWait are the types of targets that are attached for all clients at once. A
// frame is attached for one after the other, once that one has let it go on.
var whichWait = []string{"page", "worker"}

// waiting is a target that has not begun. Chromium takes the first client's word for
// all: so what a client says is held until each that the target waits for has said
// it, lest what one of them intercepts slip by. And of two clients that set the same
// Chromium believes the later: so the server speaks first, and what a program sets for
// a page of its own counts.
type waiting struct {
	clients map[*client]bool // that have not let it go on
	held    []heldCommand
	late    *time.Timer
}

type heldCommand struct {
	client *client
	command
	to string // the session, as the browser knows it
}

// waits remembers that a target waits for a client. mu is held.
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

// serverFirst waits until the server has let a target go on that waits for it, before
// another client's command to a session with it is passed on.
func (m *Mux) serverFirst(c *client, session string) {
	if c.server() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := m.sessions[session]; s != nil && m.waiting[s.target].forServer(); s = m.sessions[session] {
		m.wentOn.Wait()
	}
}

func (w *waiting) forServer() bool {
	if w == nil {
		return false
	}
	for c := range w.clients {
		if c.server() {
			return true
		}
	}
	return false
}

// holds takes a command that lets a target go on, if that waits for others too. mu
// is held.
func (m *Mux) holds(c *client, cmd command, to string) bool {
	target := m.sessions[to].target
	w := m.waiting[target]
	if w == nil || cmd.method != resumes {
		return false
	}
	m.waitsNoMore(target, c)
	if m.waiting[target] == nil {
		return false
	}
	w.held = append(w.held, heldCommand{c, cmd, to})
	return true
}

// waitsNoMore is for when a client has let a target go on, or its session with it has
// ended. mu is held.
func (m *Mux) waitsNoMore(target string, c *client) {
	w := m.waiting[target]
	if w == nil {
		return
	}
	delete(w.clients, c)
	if len(w.clients) == 0 {
		m.goOn(target)
	}
	m.wentOn.Broadcast()
}

// goOn passes on what was held. mu is held.
func (m *Mux) goOn(target string) {
	w := m.waiting[target]
	delete(m.waiting, target)
	m.wentOn.Broadcast()
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
