package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
)

// channel is where nodes tell each other what they have committed.
const channel = "browserhook"

// maxNote is how long a notification may be, in bytes; PostgreSQL takes 7,999.
const maxNote = 7000

// note is a [domain.Signal] on its way to the other nodes.
type note struct {
	Node     int64       `json:"n"`
	Due      [][2]string `json:"d,omitempty"` // project, endpoint
	Changed  [][2]string `json:"c,omitempty"`
	Gone     [][2]string `json:"g,omitempty"`
	Sessions []string    `json:"s,omitempty"`
	Projects []string    `json:"p,omitempty"`
	Keys     []string    `json:"k,omitempty"`
	Stops    []string    `json:"x,omitempty"`
	KeyPairs bool        `json:"w,omitempty"`
	Missed   bool        `json:"m,omitempty"`
	Queue    bool        `json:"q,omitempty"`
	Drain    string      `json:"f,omitempty"` // node that is to finish
}

func (n note) String() string {
	raw, err := json.Marshal(n)
	if err != nil {
		panic(fmt.Sprintf("marshal a note: %v", err)) // strings and numbers marshal
	}
	return string(raw)
}

// notes spells what was committed in as many notes as it takes.
func notes(node int64, c *domain.Commit) []string {
	var all []string
	n, size := note{Node: node, KeyPairs: c.KeyPairs, Queue: c.Queue}, 0
	room := func(bytes int) {
		if size += bytes + 6; size > maxNote {
			all = append(all, n.String())
			n, size = note{Node: node}, bytes+6
		}
	}
	for _, e := range c.Due {
		room(len(e.ProjectID) + len(e.ID))
		n.Due = append(n.Due, [2]string{e.ProjectID, e.ID})
	}
	for _, e := range c.Changed {
		room(len(e.ProjectID) + len(e.ID))
		n.Changed = append(n.Changed, [2]string{e.ProjectID, e.ID})
	}
	for _, e := range c.Gone {
		room(len(e.ProjectID) + len(e.ID))
		n.Gone = append(n.Gone, [2]string{e.ProjectID, e.ID})
	}
	for _, id := range c.Sessions {
		room(len(id))
		n.Sessions = append(n.Sessions, id)
	}
	for _, id := range c.Projects {
		room(len(id))
		n.Projects = append(n.Projects, id)
	}
	for _, id := range c.Keys {
		room(len(id))
		n.Keys = append(n.Keys, id)
	}
	if size > 0 || n.KeyPairs || n.Queue {
		all = append(all, n.String())
	}
	return all
}

// signal is what a note says.
func (n note) signal() domain.Signal {
	c := domain.Commit{Sessions: n.Sessions, Projects: n.Projects, Keys: n.Keys, KeyPairs: n.KeyPairs, Queue: n.Queue}
	for _, e := range n.Due {
		c.Due = append(c.Due, domain.EndpointRef{ProjectID: e[0], ID: e[1]})
	}
	for _, e := range n.Changed {
		c.Changed = append(c.Changed, domain.EndpointRef{ProjectID: e[0], ID: e[1]})
	}
	for _, e := range n.Gone {
		c.Gone = append(c.Gone, domain.EndpointRef{ProjectID: e[0], ID: e[1]})
	}
	return domain.Signal{Elsewhere: c, Stops: n.Stops, Missed: n.Missed}
}

// queueNotes has the other nodes told of the commit, which this is part of.
func (t *tx) queueNotes(b *pgx.Batch) {
	t.unit.Complete()
	for _, n := range notes(t.store.node.Load(), &t.unit.Commit) {
		b.Queue(`SELECT pg_notify($1, $2)`, channel, n)
	}
}

// StopStep asks whichever node runs the step to stop it.
func (s *Store) StopStep(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err := s.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, channel, note{Node: s.node.Load(), Stops: []string{id}}.String())
	return away(err)
}

// listen hands on what other nodes commit, until the store is closed. listening
// is closed when nothing more can be missed at the start.
func (s *Store) listen(listening chan struct{}) {
	first := true
	for s.running.Err() == nil {
		err := s.listenOnce(func() {
			if first {
				close(listening)
				first = false
				return
			}
			s.Signal(domain.Signal{Missed: true}) // while nobody listened
		})
		if s.running.Err() != nil {
			return
		}
		s.Log.Warn("listen to the other nodes; trying again", "err", err)
		select {
		case <-time.After(time.Second):
		case <-s.running.Done():
		}
	}
}

func (s *Store) listenOnce(listening func()) error {
	conn, err := pgx.ConnectConfig(s.running, s.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.running), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if _, err := conn.Exec(s.running, `LISTEN `+channel); err != nil {
		return err
	}
	listening()
	for {
		// Now and then a question, so that a connection that has silently
		// died is noticed.
		waiting, cancel := context.WithTimeout(s.running, 15*time.Second)
		n, err := conn.WaitForNotification(waiting)
		timedOut := waiting.Err() != nil
		cancel()
		switch {
		case err != nil && timedOut && s.running.Err() == nil && !conn.IsClosed():
			asking, cancel := context.WithTimeout(s.running, connectWithin)
			err := conn.Ping(asking)
			cancel()
			if err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			s.heard(n.Payload)
		}
	}
}

func (s *Store) heard(payload string) {
	var n note
	if err := json.Unmarshal([]byte(payload), &n); err != nil {
		s.Log.Warn("another node said what this one doesn't understand", "err", err)
		return
	}
	if n.Node == s.node.Load() {
		return
	}
	if n.Drain == s.Node && s.Node != "" {
		s.drain()
		return
	}
	s.Signal(n.signal())
}
