package mux

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

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
			m.add(c.root, &session{owner: c})
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

// add remembers a session. mu is held.
func (m *Mux) add(id string, s *session) {
	m.numbered++
	s.number = m.numbered
	m.sessions[id] = s
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
	for target := range m.waiting {
		m.waitsNoMore(target, c)
	}
	if s := m.sessions[c.root]; s == nil || s.owner != c || c.kept { // it has had none, or it is gone; or another's now, or may be
		return
	}
	var ended []*session
	maps.DeleteFunc(m.sessions, func(_ string, s *session) bool {
		if s.owner == c {
			ended = append(ended, s)
		}
		return s.owner == c
	})
	m.overridesNoMore(ended)
	m.forgetAfter("Target.detachFromTarget", map[string]string{"sessionId": c.root}, func(of *call) bool { return of.client == c }, func() {
		if c.rules != nil {
			m.left()
		}
	})
}
