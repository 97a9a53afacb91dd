package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// nodePrefix makes a node's name an id.
const nodePrefix = "node_"

// queueLives advances the beat of what waits: its number, 0, is one that no server has.
// Servers of releases that bind what waits to themselves see by it that this is
// somebody's, and leave it alone.
const queueLives = `INSERT INTO nodes (num, name) OVERRIDING SYSTEM VALUE VALUES (0, '(queue)')
	ON CONFLICT (num) DO UPDATE SET beat = nodes.beat + 1`

// Self is the id of this node.
func (s *Store) Self() string { return nodePrefix + s.Node }

// Announce has the others told of this node, from now on and with every beat: where
// it is, and what it has. What else a node is, the store knows itself.
func (s *Store) Announce(ctx context.Context, self func() domain.Node) error {
	s.self.Store(&self)
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if _, err := s.show(ctx); err != nil {
		return fmt.Errorf("tell the other nodes of this one: %w", away(err))
	}
	return nil
}

// announced is what this node says of itself; nothing before it is announced.
func (s *Store) announced() (self domain.Node) {
	if fn := s.self.Load(); fn != nil {
		self = (*fn)()
	}
	return self
}

// show shows that this node lives, and says whether the others still know it.
func (s *Store) show(ctx context.Context) (member bool, err error) {
	self := s.announced()
	var draining bool
	b := &pgx.Batch{}
	b.Queue(`UPDATE nodes SET beat = beat + 1, seen_at = clock_timestamp(), url = $2, version = $3, sessions = $4, room = $5, browsers = $6, hops = $7
		WHERE num = $1 RETURNING draining`, s.node.Load(), self.URL, self.Version, self.Sessions, self.FreeSlots, self.Browsers, self.Hops).QueryRow(func(r pgx.Row) error { return r.Scan(&draining) })
	// Last: nobody may wait for this row while its holder waits for its own.
	b.Queue(queueLives)
	err = s.vital.SendBatch(ctx, b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if draining {
		s.drain()
	}
	return err == nil, err
}

// drain says that this node is to finish.
func (s *Store) drain() {
	s.draining.Store(true)
	s.Signal(domain.Signal{Drain: true})
}

// Others says whether there are other nodes that start sessions.
func (s *Store) Others() bool { return s.others.Load() }

// nodeColumns are what scanNode scans.
const nodeColumns = `name, url, version, draining, sessions, room, browsers, hops, started_at, seen_at`

func scanNode(r codec.Scanner) (n domain.Node, err error) {
	var name string
	var draining bool
	if err := r.Scan(&name, &n.URL, &n.Version, &draining, &n.Sessions, &n.FreeSlots, &n.Browsers, &n.Hops, &n.StartedAt, &n.SeenAt); err != nil {
		return n, err
	}
	n.ID, n.State = nodePrefix+name, domain.NodeReady
	n.StartedAt, n.SeenAt = n.StartedAt.UTC(), n.SeenAt.UTC()
	if draining {
		n.State, n.FreeSlots = domain.NodeDraining, 0
	}
	return n, nil
}

// Nodes reads all nodes, in the order in which they were started.
func (s *Store) Nodes(ctx context.Context) ([]domain.Node, error) {
	all, err := collect(ctx, s, scanNode, `SELECT `+nodeColumns+` FROM nodes WHERE num > 0 ORDER BY num`)
	if err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	return all, nil
}

// DrainNode has a node start no more sessions, and end with its last. Doing it twice is
// fine. ErrNotFound: there is no such node.
func (s *Store) DrainNode(ctx context.Context, id string) (n domain.Node, err error) {
	name, ok := strings.CutPrefix(id, nodePrefix)
	if !ok {
		return n, domain.ErrNotFound
	}
	if err := s.update(ctx, func(t *tx) (err error) {
		if n, err = scanNode(t.row(`UPDATE nodes SET draining = true WHERE name = $1 AND num > 0 RETURNING `+nodeColumns, name)); err != nil {
			return fmt.Errorf("drain a node: %w", err)
		}
		t.last.Queue(`SELECT pg_notify($1, $2)`, channel, note{Node: s.node.Load(), Drain: name}.String())
		return nil
	}); err != nil {
		return n, err
	}
	if name == s.Node {
		s.drain()
	}
	return n, nil
}

// SessionOwner says who runs a session. ErrNotFound: the project has no such session.
func (s *Store) SessionOwner(ctx context.Context, project, id string) (domain.Owner, error) {
	var num int64
	var o domain.Owner
	if err := s.row(ctx, `SELECT s.node, COALESCE('`+nodePrefix+`' || n.name, ''), COALESCE(n.url, ''), COALESCE(n.hops, 0) FROM sessions s LEFT JOIN nodes n ON n.num = s.node AND n.num > 0
		WHERE s.project_id = $1 AND s.id = $2`, project, id).Scan(&num, &o.Node, &o.URL, &o.Hops); err != nil {
		return o, fmt.Errorf("find who runs a session: %w", err)
	}
	switch {
	case num == 0: // nobody yet
	case s.isOurs(num):
		o = domain.Owner{Here: true}
	default:
		o.Away = o.URL == ""
	}
	return o, nil
}
