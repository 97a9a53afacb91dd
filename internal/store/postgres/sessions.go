package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// unfinished picks sessions as the index sessions_open has them.
const unfinished = `status NOT IN ('CLOSED', 'FAILED')`

// The sequence of a session is that of its last event.
const sessionRead = codec.SessionColumns + `, COALESCE((SELECT e.sequence FROM events e
	WHERE e.project = (SELECT o.num FROM projects o WHERE o.id = sessions.project_id) AND e.session = sessions.num
	ORDER BY e.sequence DESC LIMIT 1), 0)`

// CreateSession adds a session with its read-only link, its inline endpoint
// and its first steps. Under an idempotency key that was used before it adds
// nothing and returns *domain.Replay, or *domain.Error for another request or
// when the queue is full.
func (s *Store) CreateSession(ctx context.Context, n *domain.NewSession) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.recordKey(n.Session.ProjectID, n.Idempotency); err != nil {
			return err
		}
		row := &n.Session
		if err := t.admit(row.ProjectID, n.MaxQueued); err != nil {
			return err
		}
		node := s.node.Load()
		if row.Status == domain.SessionQueued {
			node = 0
		}
		b := &pgx.Batch{}
		b.Queue(`INSERT INTO sessions (`+codec.SessionColumns+`, node) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)`,
			row.ProjectID, row.ID, string(row.Status), string(row.CloseReason), codec.FailureText(row.Error), codec.Text(row.Options),
			codec.Text(row.Metadata), row.StreamToken, row.ConnectToken, row.StepCount,
			codec.Micros(row.CreatedAt), codec.Micros(row.ReadyAt), codec.Micros(row.EndedAt), codec.UsageText(row.Usage), string(row.Trace), codec.ControlText(row.Control), node)
		queueStream(b, n.Stream)
		steps := make([]*domain.Step, len(n.Steps))
		for i := range n.Steps {
			steps[i] = &n.Steps[i]
		}
		queueNewSteps(b, steps)
		if err := t.send(b); err != nil {
			return fmt.Errorf("insert session: %w", err)
		}
		if n.Endpoint != nil {
			if err := t.insertEndpoint(*n.Endpoint); err != nil {
				return err
			}
		}
		t.unit.Commit.Sessions, t.unit.Commit.Queue = append(t.unit.Commit.Sessions, row.ID), true
		return nil
	})
}

// Session reads one session of a project.
func (s *Store) Session(ctx context.Context, project, id string) (domain.Session, error) {
	return codec.ScanSession(s.row(ctx, `SELECT `+sessionRead+` FROM sessions WHERE project_id = $1 AND id = $2`, project, id))
}

// Sessions reads a page, newest first, and the cursor of the next ("" at the end).
func (s *Store) Sessions(ctx context.Context, project string, f domain.SessionFilter) ([]domain.Session, string, error) {
	limit := codec.PageLimit(f.Limit)
	before, err := codec.DecodeCursor(domain.PrefixSession, f.Cursor)
	if err != nil {
		return nil, "", err
	}
	found, where := 0, ``
	args := []any{project, before, limit + 1}
	only := func(cond string, arg ...any) {
		for _, a := range arg {
			args = append(args, a)
			cond = strings.Replace(cond, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		where += " AND " + cond
	}
	if f.Status != "" {
		only("status = ?", string(f.Status))
	}
	if f.Open != nil && *f.Open {
		only(`status NOT IN ('CLOSED', 'FAILED')`)
	} else if f.Open != nil {
		only(`status IN ('CLOSED', 'FAILED')`)
	}
	if f.Name != "" {
		only(`metadata::jsonb @> jsonb_build_object(?::text, ?::text)`, f.Name, f.Value)
	}
	if !f.From.IsZero() {
		only("id >= ?", domain.IDAt(domain.PrefixSession, f.From))
	}
	if !f.To.IsZero() {
		only("id < ?", domain.IDAt(domain.PrefixSession, f.To))
	}
	page, err := collect(ctx, s, func(r codec.Scanner) (domain.Session, error) { return codec.ScanSession(r, &found) },
		upTo(codec.SessionColumns+`, sequence`, `SELECT `+sessionRead+` FROM sessions
			WHERE project_id = $1 AND id < $2`+where+` ORDER BY id DESC LIMIT $3`,
			`id DESC`, `(octet_length(options) + octet_length(metadata))`, codec.PageBytes), args...)
	if err != nil {
		return nil, "", fmt.Errorf("read sessions: %w", err)
	}
	page, next := codec.CutLong(page, limit, len(page) < found, func(s domain.Session) string { return s.ID })
	return page, next, nil
}

// SessionByConnectToken finds the session of a connectUrl, in any project.
func (s *Store) SessionByConnectToken(ctx context.Context, token string) (domain.Session, error) {
	if token == "" {
		return domain.Session{}, domain.ErrNotFound
	}
	return codec.ScanSession(s.row(ctx, `SELECT `+sessionRead+` FROM sessions WHERE connect_token = $1 AND connect_token <> ''`, token))
}

// SetConnectToken gives a session another connectUrl, in place of the one before.
// ErrNotFound: the project has no such session.
func (s *Store) SetConnectToken(ctx context.Context, project, id, token string, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.recordKey(project, idem); err != nil {
			return err
		}
		var status domain.SessionStatus
		if err := t.row(`SELECT status FROM sessions WHERE project_id = $1 AND id = $2 FOR UPDATE`, project, id).Scan(&status); err != nil {
			return err
		}
		if status.Ended() {
			return domain.Refuse(domain.CodeEnded, "the session has ended: nobody connects to it any more")
		}
		if err := t.exec(`UPDATE sessions SET connect_token = $3 WHERE project_id = $1 AND id = $2`, project, id, token); err != nil {
			return fmt.Errorf("set connect token: %w", err)
		}
		t.unit.Commit.Sessions = append(t.unit.Commit.Sessions, id)
		return nil
	})
}

// OpenSessions reads the sessions of every project that have a browser here or get
// one, oldest first. Those of a dead node are this one's once it has taken them over.
func (s *Store) OpenSessions(ctx context.Context) ([]domain.Session, error) {
	all, err := collect(ctx, s, func(r codec.Scanner) (domain.Session, error) { return codec.ScanSession(r) },
		`SELECT `+sessionRead+` FROM sessions WHERE `+unfinished+` AND node = $1 ORDER BY id`, s.node.Load())
	if err != nil {
		return nil, fmt.Errorf("read open sessions: %w", err)
	}
	return all, nil
}
