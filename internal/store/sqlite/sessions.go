package sqlite

import (
	"context"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// The sequence of a session is that of its last event.
const sessionColumns = `project_id, id, status, close_reason, error, options, metadata, stream_token,
	step_count, created_at, ready_at, ended_at`

const sessionRead = sessionColumns + `, COALESCE((SELECT MAX(sequence) FROM events e WHERE e.session = sessions.num
	AND e.project = (SELECT o.num FROM projects o WHERE o.id = sessions.project_id)), 0)`

func scanSession(r codec.Scanner, more ...any) (domain.Session, error) {
	var s domain.Session
	err := r.Scan(append([]any{
		&s.ProjectID, &s.ID, &s.Status, &s.CloseReason, codec.JSON{Dest: &s.Error}, codec.JSON{Dest: &s.Options},
		codec.JSON{Dest: &s.Metadata}, &s.StreamToken, &s.StepCount,
		codec.Time{T: &s.CreatedAt}, codec.Time{T: &s.ReadyAt}, codec.Time{T: &s.EndedAt}, &s.Sequence,
	}, more...)...)
	return s, missing(err)
}

// CreateSession adds a session with its read-only link, its inline endpoint
// and its first steps. Under an idempotency key that was used before it adds
// nothing and returns *domain.Replay, or *domain.Error for another request.
func (s *Store) CreateSession(ctx context.Context, n *domain.NewSession) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.once(n.Session.ProjectID, n.Idempotency); err != nil {
			return err
		}
		row := n.Session
		num, err := t.insert(`INSERT INTO sessions (`+sessionColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`,
			row.ProjectID, row.ID, row.Status, row.CloseReason, codec.FailureText(row.Error), codec.Text(row.Options),
			codec.Text(row.Metadata), row.StreamToken, row.StepCount,
			codec.Micros(row.CreatedAt), codec.Micros(row.ReadyAt), codec.Micros(row.EndedAt))
		if err != nil {
			return fmt.Errorf("insert session: %w", err)
		}
		if err := t.insertStream(n.Stream); err != nil {
			return err
		}
		t.w.cache.noEndpoints(row.ProjectID, row.ID)
		if n.Endpoint != nil {
			if err := t.insertEndpoint(*n.Endpoint); err != nil {
				return err
			}
		}
		added := make([]*domain.Step, len(n.Steps))
		for i := range n.Steps {
			if err := t.insertStep(&n.Steps[i]); err != nil {
				return err
			}
			added[i] = &n.Steps[i]
		}
		t.w.cache.saved(cachedSession{row: row, num: num}, added)
		t.known.Sessions = append(t.known.Sessions, row.ID)
		return nil
	})
}

// ChangeSession loads the session and its unfinished steps, lets fn decide,
// and commits what it decided. An error of fn's comes back as it is, and
// nothing has changed. What a session was created with (its options, metadata
// and link) is not saved again. A request under an idempotency key that was
// used before gives *domain.Replay whatever fn says about the session now.
func (s *Store) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	return s.update(ctx, func(t *tx) error {
		now, err := t.w.cache.session(t, project, id)
		if err != nil {
			return err
		}
		row, open := &now.row, now.open
		c := &domain.SessionChange{Session: row, Mine: true, Open: make([]*domain.Step, len(open))}
		before, stepsBefore := savedSession(row), make([]stepRow, len(open))
		for i := range open {
			c.Open[i], stepsBefore[i] = &open[i], savedStep(&open[i])
		}
		refused := fn(c)
		if c.Idempotency != nil {
			if err := t.once(project, c.Idempotency); err != nil {
				return err
			}
		}
		if refused != nil {
			return refused
		}
		for i := range open {
			if after := savedStep(&open[i]); after != stepsBefore[i] {
				if err := t.updateStep(&open[i], after); err != nil {
					return err
				}
			}
		}
		if err := t.addToSession(c, now.num); err != nil {
			return err
		}
		if after := savedSession(row); after != before {
			if err := t.updateSession(row, after); err != nil {
				return err
			}
		}
		var own []*cachedEndpoint
		if row.Status.Ended() && !before.status.Ended() {
			if own, err = t.w.cache.endpointsOf(t, project, id); err != nil {
				return err
			}
		}
		t.w.cache.saved(now, c.NewSteps)
		t.known.Sessions = append(t.known.Sessions, id)
		for _, e := range own {
			if err := t.endInline(e.num, e.Ref(), row.EndedAt); err != nil {
				return err
			}
		}
		return nil
	})
}

// addToSession writes what a change adds: steps, artifacts and news.
func (t *tx) addToSession(c *domain.SessionChange, num int64) error {
	for _, st := range c.NewSteps {
		if err := t.insertStep(st); err != nil {
			return err
		}
	}
	for _, a := range c.Artifacts {
		if err := t.insertArtifact(a); err != nil {
			return err
		}
	}
	for _, d := range c.News {
		if d.SessionID != c.Session.ID || d.ProjectID != c.Session.ProjectID {
			if err := t.appendAll([]domain.Draft{d}); err != nil {
				return err
			}
			continue
		}
		c.Session.Sequence++
		if err := t.append(d, num, c.Session.Sequence); err != nil {
			return err
		}
	}
	return nil
}

// sessionRow is the part of a session that changes, as it is stored.
type sessionRow struct {
	status           domain.SessionStatus
	reason           domain.CloseReason
	failure          string
	steps            int
	readyAt, endedAt int64
}

func savedSession(s *domain.Session) sessionRow {
	return sessionRow{
		s.Status, s.CloseReason, codec.FailureText(s.Error), s.StepCount, codec.Micros(s.ReadyAt), codec.Micros(s.EndedAt),
	}
}

func (t *tx) updateSession(s *domain.Session, row sessionRow) error {
	err := t.exec(`UPDATE sessions SET status = ?, close_reason = ?, error = ?, step_count = ?,
		ready_at = ?, ended_at = ? WHERE project_id = ? AND id = ?`,
		row.status, row.reason, row.failure, row.steps, row.readyAt, row.endedAt, s.ProjectID, s.ID)
	if err != nil {
		return fmt.Errorf("update session: %w", err)
	}
	return nil
}

const (
	oneSession    = `SELECT ` + sessionRead + ` FROM sessions WHERE project_id = ? AND id = ?`
	oneSessionNum = `SELECT ` + sessionRead + `, num FROM sessions WHERE project_id = ? AND id = ?`
)

// Session reads one session of a project.
func (s *Store) Session(ctx context.Context, project, id string) (domain.Session, error) {
	return scanSession(s.read.row(ctx, oneSession, project, id))
}

// Sessions reads a page, newest first, and the cursor of the next ("" at the end).
func (s *Store) Sessions(ctx context.Context, project string, f domain.SessionFilter) ([]domain.Session, string, error) {
	limit := codec.PageLimit(f.Limit)
	before, err := codec.DecodeCursor(domain.PrefixSession, f.Cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.read.rows(ctx, `SELECT `+sessionRead+` FROM sessions
		WHERE project_id = ? AND id < ? AND (? = '' OR status = ?) ORDER BY id DESC LIMIT ?`,
		project, before, f.Status, f.Status, limit+1)
	page, more, err := collectPage(rows, err, codec.PageBytes, func(r codec.Scanner) (domain.Session, error) { return scanSession(r) }, codec.SessionBytes)
	if err != nil {
		return nil, "", fmt.Errorf("read sessions: %w", err)
	}
	page, next := codec.CutLong(page, limit, more, func(s domain.Session) string { return s.ID })
	return page, next, nil
}

// OpenSessions reads the sessions of every project that have not ended, oldest
// first.
func (s *Store) OpenSessions(ctx context.Context) ([]domain.Session, error) {
	rows, err := s.read.rows(ctx, `SELECT `+sessionRead+` FROM sessions
		WHERE status NOT IN ('CLOSED', 'FAILED') ORDER BY id`)
	all, err := collect(rows, err, func(r codec.Scanner) (domain.Session, error) { return scanSession(r) })
	if err != nil {
		return nil, fmt.Errorf("read open sessions: %w", err)
	}
	return all, nil
}
