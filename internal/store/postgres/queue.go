package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

const (
	// queued picks sessions that wait for a browser through the index sessions_queue, and
	// busy those that have one or get one as sessions_busy has them.
	queued = `node = 0 AND status = 'QUEUED'`
	busy   = `node <> 0 AND status IN ('STARTING', 'READY', 'CLOSING')`

	// wants is the browser that a session asks for, as the index sessions_asked has it;
	// empty: any.
	wants = `COALESCE(options::json ->> 'browser', '')`

	// waitsAgain is what becomes of a session whose node is gone while it started it.
	waitsAgain = `node = 0, status = 'QUEUED', version = version + 1`

	// queues are the projects of which sessions wait, each found by one step in the
	// index, however many those are.
	queues = `WITH RECURSIVE queues (project) AS (
		(SELECT project_id FROM sessions WHERE ` + queued + ` ORDER BY project_id LIMIT 1)
		UNION ALL
		SELECT next.project_id FROM queues CROSS JOIN LATERAL (SELECT project_id FROM sessions
			WHERE ` + queued + ` AND project_id > queues.project ORDER BY project_id LIMIT 1) next)`

	// claimsInTurn has whoever takes something out of the queue wait for whoever does
	// before: it decides by all that wait, and by what every node has. admitsInTurn is the
	// same for what comes in: neither waits for the other.
	claimsInTurn = `SELECT pg_advisory_xact_lock(7093854921889772145)` // "browserq", as a number
	admitsInTurn = `SELECT pg_advisory_xact_lock(7093854921889772146)`
)

// errHeld is for a claim that found nothing but what is being changed.
var errHeld = errors.New("all sessions that wait are being changed")

const (
	// triedProjects is how many projects are looked at for a session that nobody changes.
	triedProjects = 16
	// heldFor is how long a claim waits for what is being changed, longer each time.
	heldFor = time.Second
)

// ClaimSession takes a session out of the queue, for this server to start: it is
// STARTING. The projects that have fewer than they may take turns, and in each it is
// the one that waits longest. ErrNotFound: none can be started.
func (s *Store) ClaimSession(ctx context.Context) (ref domain.SessionRef, err error) {
	browsers, err := s.startsFor(ctx)
	if err != nil {
		return ref, err
	}
	// Of many nodes that are told of one session, one gets it: the others only look, and
	// so do all while what waits is of projects that have as many as they may.
	found, err := s.vital.Query(ctx, startable, s.node.Load(), 1, browsers)
	some, err := gather(found, err, oneText)
	if err != nil {
		return ref, fmt.Errorf("look at the queue: %w", err)
	}
	if len(some) == 0 {
		return ref, domain.ErrNotFound
	}
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		err = s.updateOver(ctx, s.vital, func(t *tx) (err error) {
			ref, err = t.claimSession(browsers)
			return err
		})
		if !errors.Is(err, errHeld) || wait >= heldFor {
			return ref, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ref, context.Cause(ctx)
		}
	}
}

// startsFor is what sessions may ask for to be started by this node: one of its browsers,
// or any. One without starts those that no other could, to say so in them.
func (s *Store) startsFor(ctx context.Context) ([]string, error) {
	own := s.announced().Browsers
	if own != nil && len(own) == 0 {
		found, err := s.vital.Query(ctx, `SELECT name FROM nodes WHERE num > 0 AND num <> $1 LIMIT 1`, s.node.Load())
		others, err := gather(found, err, oneText)
		if err != nil {
			return nil, fmt.Errorf("see whether there are other nodes: %w", err)
		}
		if len(others) > 0 {
			return []string{}, nil
		}
	}
	if len(own) == 0 {
		own = domain.Browsers()
	}
	return append([]string{""}, own...), nil
}

// startable are the projects that have something to start here, whose turn it is first. A
// node that drains, or was taken for dead, may start nothing.
const startable = queues + ` SELECT o.id FROM queues JOIN projects o ON o.id = queues.project LEFT JOIN turns t ON t.project_id = o.id
	WHERE ` + mayStart + ` AND (o.sessions = 0 OR (SELECT count(*) FROM sessions WHERE ` + busy + ` AND project_id = o.id) < o.sessions)
	AND (SELECT 1 FROM unnest($3::text[]) browser CROSS JOIN LATERAL (SELECT 1 FROM sessions
		WHERE ` + queued + ` AND project_id = o.id AND ` + wants + ` = browser LIMIT 1) one LIMIT 1) IS NOT NULL
	ORDER BY COALESCE(t.turn, 0), o.id LIMIT $2`

// longest is the session of a project that has waited longest of those that ask for one of
// some browsers, of each of which one step in the index finds the first.
const longest = `SELECT first.num FROM unnest($3::text[]) browser CROSS JOIN LATERAL (SELECT num, id FROM sessions
	WHERE ` + queued + ` AND project_id = $2 AND ` + wants + ` = browser ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) first ORDER BY first.id LIMIT 1`

const mayStart = `EXISTS (SELECT 1 FROM nodes WHERE num = $1 AND NOT draining)`

// claimSession takes the session whose turn it is, and waits for nobody but who claims
// too: one that is being changed is passed over, and so is its project if it has no other.
func (t *tx) claimSession(browsers []string) (ref domain.SessionRef, err error) {
	if err := t.exec(claimsInTurn); err != nil {
		return ref, err
	}
	projects, err := rows(t, oneText, startable, t.node, triedProjects, browsers)
	if err != nil {
		return ref, err
	}
	if len(projects) == 0 {
		return ref, domain.ErrNotFound
	}
	for _, ref.ProjectID = range projects {
		err = t.row(`UPDATE sessions SET node = $1, status = 'STARTING', version = version + 1
			WHERE num = (`+longest+`) AND `+mayStart+` RETURNING id`, t.node, ref.ProjectID, browsers).Scan(&ref.ID)
		if errors.Is(err, domain.ErrNotFound) {
			continue
		}
		if err != nil {
			return ref, err
		}
		t.unit.Commit.Sessions = append(t.unit.Commit.Sessions, ref.ID)
		return ref, t.exec(`INSERT INTO turns SELECT $1, COALESCE(max(turn), 0) + 1 FROM turns
			ON CONFLICT (project_id) DO UPDATE SET turn = EXCLUDED.turn`, ref.ProjectID)
	}
	return domain.SessionRef{}, errHeld
}

// nearly is how many sessions can be created at once without one knowing of the other:
// from so many before the end on they are counted in turn.
const nearly = 500

// admit refuses a session for which there is no place in the queue.
func (t *tx) admit(project string, most int) error {
	if most == 0 {
		return nil
	}
	var q work.Queue
	room := 0 // at the other nodes: what waits for that doesn't wait long
	count := func() error {
		if err := t.row(queues+` SELECT (SELECT count(*) FROM sessions WHERE `+queued+`), (SELECT count(*) FROM sessions WHERE `+queued+` AND project_id = $1),
			(SELECT count(*) FROM queues), (SELECT COALESCE(sum(room), 0)::bigint FROM nodes WHERE num <> $2 AND NOT draining)`, project, t.node).
			Scan(&q.All, &q.Own, &q.Projects, &room); err != nil {
			return fmt.Errorf("count the sessions that wait: %w", err)
		}
		return nil
	}
	if err := count(); err != nil {
		return err
	}
	if q.All >= most+room-nearly && q.Admit(most+room) == nil {
		if err := t.exec(admitsInTurn); err != nil {
			return err
		}
		if err := count(); err != nil {
			return err
		}
	}
	return q.Admit(most + room)
}

// QueuePositions says which places sessions of a project have in the queue, from 1.
// Those that don't wait have none.
func (s *Store) QueuePositions(ctx context.Context, project string, ids []string) (map[string]int, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	// Of a project no more are counted than come before the last that is asked about.
	ranks, err := collect(ctx, s, func(r codec.Scanner) (k work.Rank, err error) {
		err = r.Scan(&k.ID, &k.Rank)
		return k, err
	},
		`SELECT id, rank FROM (SELECT id, row_number() OVER (ORDER BY id) AS rank FROM sessions
			WHERE `+queued+` AND project_id = $1 AND id <= $2) own WHERE id = ANY($3) ORDER BY id`, project, slices.Max(ids), ids)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	if len(ranks) == 0 {
		return nil, nil
	}
	turns, err := collect(ctx, s, func(r codec.Scanner) (t work.Turn, err error) {
		err = r.Scan(&t.Project, &t.Number, &t.Waiting)
		return t, err
	}, queues+` SELECT queues.project, COALESCE(t.turn, 0), (SELECT count(*) FROM (SELECT 1 FROM sessions
			WHERE `+queued+` AND project_id = queues.project LIMIT $1) few)
		FROM queues LEFT JOIN turns t ON t.project_id = queues.project`, ranks[len(ranks)-1].Rank)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return work.Positions(project, ranks, turns), nil
}
