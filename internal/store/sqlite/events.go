package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
)

const eventColumns = `position, project_id, id, session_id, sequence, type, body, created_at`

func scanEvent(r scanner) (domain.Event, error) {
	var e domain.Event
	err := r.Scan(&e.Position, &e.ProjectID, &e.ID, &e.SessionID, &e.Sequence, &e.Type, &e.Body, timeColumn{&e.CreatedAt})
	return e, missing(err)
}

// append seals a draft, puts it into the log and makes a delivery for each
// endpoint that wants it.
func (t *tx) append(d domain.Draft, sequence int64) error {
	e, err := t.insertEvent(d, sequence)
	if err != nil {
		return err
	}
	return t.fanOut(&e)
}

func (t *tx) insertEvent(d domain.Draft, sequence int64) (domain.Event, error) {
	e, err := d.Seal(sequence)
	if err != nil {
		return e, err
	}
	e.Position, err = t.insert(`INSERT INTO events (project_id, id, session_id, sequence, type, body, created_at)
		VALUES (?,?,?,?,?,?,?)`, e.ProjectID, e.ID, e.SessionID, e.Sequence, string(e.Type), e.Body, micros(e.CreatedAt))
	if err != nil {
		return e, fmt.Errorf("insert event: %w", err)
	}
	t.known.Events = append(t.known.Events, e)
	return e, nil
}

// number gives an event of the session its sequence; one without a session is
// numbered within its project.
func (t *tx) number(project, session string) (int64, error) {
	var n int64
	query, args := `UPDATE projects SET sequence = sequence + 1 WHERE id = ? RETURNING sequence`, []any{project}
	if session != "" {
		query = `UPDATE sessions SET sequence = sequence + 1 WHERE project_id = ? AND id = ? RETURNING sequence`
		args = append(args, session)
	}
	if err := t.row(query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("number an event: %w", missing(err))
	}
	return n, nil
}

// appendAll appends news that is not part of a change of its session.
func (t *tx) appendAll(news []domain.Draft) error {
	for _, d := range news {
		n, err := t.number(d.ProjectID, d.SessionID)
		if err != nil {
			return err
		}
		if err := t.append(d, n); err != nil {
			return err
		}
	}
	return nil
}

// Events reads a page of events after the cursor, in the order of their
// commits.
func (s *Store) Events(ctx context.Context, project string, q domain.EventQuery) ([]domain.Event, error) {
	var after struct {
		position, sequence int64
		session            string
	}
	if q.After != "" {
		err := missing(s.read.row(ctx, `SELECT position, session_id, sequence FROM events WHERE project_id = ? AND id = ?`,
			project, q.After).Scan(&after.position, &after.session, &after.sequence))
		if errors.Is(err, domain.ErrNotFound) {
			return nil, domain.Invalid("after", "is not the id of an event")
		}
		if err != nil {
			return nil, fmt.Errorf("read cursor: %w", err)
		}
	}
	if after.session != q.SessionID {
		after.sequence = 0 // a cursor from elsewhere: only its position counts
	}
	limit, types := pageLimit(q.Limit), ""
	if len(q.Types) > 0 {
		types = jsonText(q.Types)
	}
	query := `SELECT ` + eventColumns + ` FROM events WHERE project_id = ? AND position > ?
		AND (? = '' OR type IN (SELECT value FROM json_each(?))) ORDER BY position LIMIT ?`
	args := []any{project, after.position, types, types, limit}
	if q.SessionID != "" {
		query = `SELECT ` + eventColumns + ` FROM events WHERE project_id = ? AND session_id = ? AND sequence > ? AND position > ?
			AND (? = '' OR type IN (SELECT value FROM json_each(?))) ORDER BY sequence LIMIT ?`
		args = []any{project, q.SessionID, after.sequence, after.position, types, types, limit}
	}
	rows, err := s.read.rows(ctx, query, args...)
	all, err := collect(rows, err, scanEvent)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return all, nil
}

// Event reads one event of a project.
func (s *Store) Event(ctx context.Context, project, id string) (domain.Event, error) {
	return scanEvent(s.read.row(ctx, `SELECT `+eventColumns+` FROM events WHERE project_id = ? AND id = ?`, project, id))
}

// LastEventID is where the project's log ends now; "" when it is empty.
func (s *Store) LastEventID(ctx context.Context, project string) (string, error) {
	var id string
	err := missing(s.read.row(ctx,
		`SELECT id FROM events WHERE project_id = ? ORDER BY position DESC LIMIT 1`, project).Scan(&id))
	if errors.Is(err, domain.ErrNotFound) {
		return "", nil
	}
	return id, err
}
