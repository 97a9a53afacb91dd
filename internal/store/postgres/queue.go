package postgres

import (
	"context"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

const (
	// queued picks sessions that wait for a browser through the index sessions_queue, and
	// busy those that have one or get one as sessions_busy has them.
	queued = `node = 0 AND status = 'QUEUED'`
	busy   = `node <> 0 AND status IN ('STARTING', 'READY', 'CLOSING')`

	// waitsAgain is what becomes of a session whose node is gone while it started it.
	waitsAgain = `node = 0, status = 'QUEUED', version = version + 1`

	// queues are the projects of which sessions wait, each found by one step in the
	// index, however many those are.
	queues = `WITH RECURSIVE queues (project) AS (
		(SELECT project_id FROM sessions WHERE ` + queued + ` ORDER BY project_id LIMIT 1)
		UNION ALL
		SELECT next.project_id FROM queues CROSS JOIN LATERAL (SELECT project_id FROM sessions
			WHERE ` + queued + ` AND project_id > queues.project ORDER BY project_id LIMIT 1) next)`

	// oneByOne has whoever takes something out of the queue wait for whoever does
	// before: it decides by all that wait, and by what every node has.
	oneByOne = `SELECT pg_advisory_xact_lock(7093854921889772145)` // "browserq", as a number
)

// ClaimSession takes a session out of the queue, for this server to start: it is
// STARTING. The projects that have fewer than they may take turns, and in each it is
// the one that waits longest. ErrNotFound: none can be started.
func (s *Store) ClaimSession(ctx context.Context) (ref domain.SessionRef, err error) {
	// Of many nodes that are told of one session, one gets it: the others only look.
	var some bool
	if err := s.row(ctx, `SELECT EXISTS (SELECT 1 FROM sessions WHERE `+queued+`)`).Scan(&some); err != nil {
		return ref, fmt.Errorf("look at the queue: %w", err)
	}
	if !some {
		return ref, domain.ErrNotFound
	}
	err = s.update(ctx, func(t *tx) error {
		if err := t.exec(oneByOne); err != nil {
			return err
		}
		if err := t.row(queues + ` SELECT o.id FROM queues JOIN projects o ON o.id = queues.project
			WHERE o.sessions = 0 OR (SELECT count(*) FROM sessions WHERE ` + busy + ` AND project_id = o.id) < o.sessions
			ORDER BY o.turn, o.id LIMIT 1`).Scan(&ref.ProjectID); err != nil {
			return err
		}
		// One that is being closed is waited for, and passed over. A node that was taken
		// for dead gets none.
		if err := t.row(`UPDATE sessions SET node = $1, status = 'STARTING', version = version + 1
			WHERE num = (SELECT num FROM sessions WHERE `+queued+` AND project_id = $2 ORDER BY id LIMIT 1 FOR UPDATE)
			AND EXISTS (SELECT 1 FROM nodes WHERE num = $1) RETURNING id`,
			t.node, ref.ProjectID).Scan(&ref.ID); err != nil {
			return err
		}
		if err := t.exec(`UPDATE projects SET turn = (SELECT max(turn) + 1 FROM projects) WHERE id = $1`, ref.ProjectID); err != nil {
			return err
		}
		t.unit.Commit.Sessions = append(t.unit.Commit.Sessions, ref.ID)
		return nil
	})
	return ref, err
}

// nearly is how many sessions can be created at once without one knowing of the other:
// from so many before the end on they are counted in turn.
const nearly = 500

// admit refuses a session for which there is no place in the queue.
func (t *tx) admit(project string, most int) error {
	if most == 0 {
		return nil
	}
	count := func() (all int, own bool, err error) {
		err = t.row(`SELECT count(*), COALESCE(bool_or(project_id = $1), false) FROM sessions WHERE `+queued, project).Scan(&all, &own)
		return all, own, err
	}
	all, own, err := count()
	if err == nil && all >= most-nearly {
		if err = t.exec(oneByOne); err == nil {
			all, own, err = count()
		}
	}
	if err != nil {
		return fmt.Errorf("count the sessions that wait: %w", err)
	}
	return work.Admit(all, own, most)
}

// QueuePositions says which places sessions of a project have in the queue, from 1.
// Those that don't wait have none.
func (s *Store) QueuePositions(ctx context.Context, project string, ids []string) (map[string]int, error) {
	turns, err := collect(ctx, s, func(r codec.Scanner) (t work.Turn, err error) {
		err = r.Scan(&t.Project, &t.Number, &t.Waiting)
		return t, err
	}, queues+` SELECT o.id, o.turn, (SELECT count(*) FROM sessions WHERE `+queued+` AND project_id = o.id)
		FROM queues JOIN projects o ON o.id = queues.project`)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	waiting, err := collect(ctx, s, oneText, `SELECT id FROM sessions WHERE `+queued+` AND project_id = $1 ORDER BY id`, project)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return work.Positions(project, waiting, ids, turns), nil
}
