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
	endpoints, err := t.w.endpoints.of(t, e.ProjectID, e.SessionID)
	if err != nil {
		return err
	}
	for ep := range endpoints {
		if ep.Wants(&e) {
			if _, err := t.deliver(&e, ep.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tx) insertEvent(d domain.Draft, sequence int64) (domain.Event, error) {
	e, err := d.Seal(sequence)
	if err != nil {
		return e, err
	}
	err = t.row(`INSERT INTO events (project_id, id, session_id, sequence, type, body, created_at)
		VALUES (?,?,?,?,?,?,?) RETURNING position`,
		e.ProjectID, e.ID, e.SessionID, e.Sequence, e.Type, e.Body, micros(e.CreatedAt)).Scan(&e.Position)
	if err != nil {
		return e, fmt.Errorf("insert event: %w", err)
	}
	t.known.Events = append(t.known.Events, e)
	return e, nil
}

// projectSequence numbers an event that belongs to no session.
func (t *tx) projectSequence(project string) (int64, error) {
	var n int64
	err := t.row(`UPDATE projects SET sequence = sequence + 1 WHERE id = ? RETURNING sequence`, project).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("number a project's event: %w", missing(err))
	}
	return n, nil
}

// appendAll appends news of which some may belong to no session.
func (t *tx) appendAll(news []domain.Draft) error {
	for _, d := range news {
		if d.SessionID != "" {
			return fmt.Errorf("news of session %s outside a change of it", d.SessionID)
		}
		n, err := t.projectSequence(d.ProjectID)
		if err != nil {
			return err
		}
		if err := t.append(d, n); err != nil {
			return err
		}
	}
	return nil
}

// Events reads up to q.Limit events after the cursor, in the order of their
// commits.
func (s *Store) Events(ctx context.Context, project string, q domain.EventQuery) ([]domain.Event, error) {
	var after int64
	if q.After != "" {
		err := missing(s.read.QueryRowContext(ctx,
			`SELECT position FROM events WHERE project_id = ? AND id = ?`, project, q.After).Scan(&after))
		if errors.Is(err, domain.ErrNotFound) {
			return nil, domain.Invalid("after", "is not the id of an event")
		}
		if err != nil {
			return nil, fmt.Errorf("read cursor: %w", err)
		}
	}
	types := ""
	if len(q.Types) > 0 {
		types = jsonText(q.Types)
	}
	query := `SELECT ` + eventColumns + ` FROM events WHERE project_id = ? AND position > ?
		AND (? = '' OR type IN (SELECT value FROM json_each(?))) ORDER BY position LIMIT ?`
	args := []any{project, after, types, types, q.Limit}
	if q.SessionID != "" {
		query = `SELECT ` + eventColumns + ` FROM events WHERE project_id = ? AND session_id = ? AND position > ?
			AND (? = '' OR type IN (SELECT value FROM json_each(?))) ORDER BY sequence LIMIT ?`
		args = []any{project, q.SessionID, after, types, types, q.Limit}
	}
	rows, err := s.read.QueryContext(ctx, query, args...)
	all, err := collect(rows, err, scanEvent)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return all, nil
}

// Event reads one event of a project.
func (s *Store) Event(ctx context.Context, project, id string) (domain.Event, error) {
	return scanEvent(s.read.QueryRowContext(ctx, `SELECT `+eventColumns+` FROM events WHERE project_id = ? AND id = ?`, project, id))
}

// LastEventID is where the project's log ends now; "" when it is empty.
func (s *Store) LastEventID(ctx context.Context, project string) (string, error) {
	var id string
	err := missing(s.read.QueryRowContext(ctx,
		`SELECT id FROM events WHERE project_id = ? ORDER BY position DESC LIMIT 1`, project).Scan(&id))
	if errors.Is(err, domain.ErrNotFound) {
		return "", nil
	}
	return id, err
}
