package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

const (
	// queued picks sessions that wait for a browser as the index sessions_queue has
	// them, and busy those that have one or get one as sessions_busy does.
	queued = `status = 'QUEUED'`
	busy   = `status IN ('STARTING', 'READY', 'CLOSING')`

	// queues are the projects of which sessions wait, each found by one step in the
	// index, however many those are.
	queues = `WITH RECURSIVE queues (project) AS (
		SELECT MIN(project_id) FROM sessions WHERE ` + queued + `
		UNION ALL
		SELECT (SELECT MIN(project_id) FROM sessions WHERE ` + queued + ` AND project_id > queues.project) FROM queues WHERE queues.project IS NOT NULL)`
)

// ClaimSession takes a session out of the queue, for this server to start: it is
// STARTING. The projects that have fewer than they may take turns, and in each it is
// the one that waits longest. ErrNotFound: none can be started.
func (s *Store) ClaimSession(ctx context.Context) (ref domain.SessionRef, err error) {
	err = s.update(ctx, func(t *tx) error {
		if err := t.row(reads(queues+` SELECT o.id, (SELECT MIN(id) FROM sessions WHERE `+queued+` AND project_id = o.id)
			FROM queues JOIN projects o ON o.id = queues.project
			WHERE o.sessions = 0 OR (SELECT COUNT(*) FROM sessions WHERE `+busy+` AND project_id = o.id) < o.sessions
			ORDER BY o.turn, o.id LIMIT 1`)).Scan(&ref.ProjectID, &ref.ID); err != nil {
			return err
		}
		if err := t.exec(writes(`UPDATE projects SET turn = (SELECT MAX(turn) + 1 FROM projects) WHERE id = ?`), ref.ProjectID); err != nil {
			return fmt.Errorf("claim a session: %w", err)
		}
		return t.change(ref.ProjectID, ref.ID, func(c *domain.SessionChange) error { return c.Session.Transition(domain.SessionStarting) })
	})
	return ref, err
}

// admit refuses a session for which there is no place in the queue.
func (t *tx) admit(project string, most int) error {
	if most == 0 {
		return nil
	}
	var q work.Queue
	if err := t.row(reads(queues+` SELECT (SELECT COUNT(*) FROM sessions WHERE `+queued+`), (SELECT COUNT(*) FROM sessions WHERE `+queued+` AND project_id = ?),
		(SELECT COUNT(project) FROM queues)`), project).Scan(&q.All, &q.Own, &q.Projects); err != nil {
		return fmt.Errorf("count the sessions that wait: %w", err)
	}
	return q.Admit(most)
}

// QueuePositions says which places sessions of a project have in the queue, from 1.
// Those that don't wait have none.
func (s *Store) QueuePositions(ctx context.Context, project string, ids []string) (map[string]int, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	// Of a project no more are counted than come before the last that is asked about.
	rows, err := s.read.rows(ctx, `SELECT id, rank FROM (SELECT id, row_number() OVER (ORDER BY id) AS rank FROM sessions
		WHERE `+queued+` AND project_id = ? AND id <= ?) WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`, project, slices.Max(ids), codec.Text(ids))
	ranks, err := collect(rows, err, func(r codec.Scanner) (k work.Rank, err error) {
		err = r.Scan(&k.ID, &k.Rank)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	if len(ranks) == 0 {
		return nil, nil
	}
	rows, err = s.read.rows(ctx, queues+` SELECT o.id, o.turn, (SELECT COUNT(*) FROM (SELECT 1 FROM sessions WHERE `+queued+` AND project_id = o.id LIMIT ?))
		FROM queues JOIN projects o ON o.id = queues.project`, ranks[len(ranks)-1].Rank)
	turns, err := collect(rows, err, func(r codec.Scanner) (t work.Turn, err error) {
		err = r.Scan(&t.Project, &t.Number, &t.Waiting)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return work.Positions(project, ranks, turns), nil
}
