package sqlite

import (
	"context"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// The sequence of a session is that of its last event.
const sessionRead = codec.SessionColumns + `, COALESCE((SELECT MAX(sequence) FROM events e WHERE e.session = sessions.num
	AND e.project = (SELECT o.num FROM projects o WHERE o.id = sessions.project_id)), 0)`

var oneSession = readsLog(`SELECT ` + sessionRead + `, num FROM sessions WHERE project_id = ? AND id = ?`)

// CreateSession adds a session with its read-only link, its inline endpoint
// and its first steps. Under an idempotency key that was used before it adds
// nothing and returns *domain.Replay, or *domain.Error for another request or
// when the queue is full.
func (s *Store) CreateSession(ctx context.Context, n *domain.NewSession) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.recordKey(n.Session.ProjectID, n.Idempotency); err != nil {
			return err
		}
		row := n.Session
		if err := t.admit(row.ProjectID, n.MaxQueued); err != nil {
			return err
		}
		num, err := t.insert(writes(`INSERT INTO sessions (`+codec.SessionColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`),
			row.ProjectID, row.ID, row.Status, row.CloseReason, codec.FailureText(row.Error), codec.Text(row.Options),
			codec.Text(row.Metadata), row.StreamToken, row.ConnectToken, row.StepCount,
			codec.Micros(row.CreatedAt), codec.Micros(row.ReadyAt), codec.Micros(row.EndedAt), codec.UsageText(row.Usage), string(row.Trace), codec.ControlText(row.Control))
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
		for i := range n.Steps {
			if err := t.insertStep(&n.Steps[i]); err != nil {
				return err
			}
		}
		t.w.cache.saved(work.Load(row, num, n.Steps))
		t.unit.Commit.Sessions, t.unit.Commit.Queue = append(t.unit.Commit.Sessions, row.ID), true
		return nil
	})
}

// ChangeSession loads the session and its unfinished steps, lets fn decide,
// and commits what it decided. An error of fn's comes back as it is, and
// nothing has changed. What a session was created with (its options, metadata
// and link) is not saved again. A request under an idempotency key that was
// used before gives *domain.Replay whatever fn says about the session now.
func (s *Store) ChangeSession(ctx context.Context, project, id string, fn func(*domain.SessionChange) error) error {
	return s.update(ctx, func(t *tx) error { return t.change(project, id, fn) })
}

// change is ChangeSession within a transaction.
func (t *tx) change(project, id string, fn func(*domain.SessionChange) error) error {
	now, err := t.w.cache.session(t, project, id)
	if err != nil {
		return err
	}
	c, refused := now.Decide(true, fn)
	if err := t.recordKey(project, c.Idempotency); err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	entries := now.Entries(c)
	t.w.cache.touched = true
	now.Keep(c)
	ends := now.Ends()
	if err := t.save(now, c.Artifacts, entries); err != nil {
		return err
	}
	var own []*work.Endpoint
	if ends {
		t.unit.Commit.Queue = true // another of its project may have a browser now
		if own, err = t.w.cache.endpointsOf(t, project, id); err != nil {
			return err
		}
	}
	t.w.cache.saved(now)
	t.unit.Commit.Sessions = append(t.unit.Commit.Sessions, id)
	for _, e := range own {
		if err := t.endInline(work.Inline{Num: e.Num, Ref: e.Ref(), At: now.Row.EndedAt}); err != nil {
			return err
		}
	}
	return nil
}

// save writes what a change has decided about a session.
func (t *tx) save(s *work.Session, artifacts []domain.Artifact, entries []work.Entry) error {
	added, changed := s.Steps()
	for _, st := range changed {
		if err := t.updateStep(st); err != nil {
			return err
		}
	}
	for _, st := range added {
		if err := t.insertStep(st); err != nil {
			return err
		}
	}
	for _, a := range artifacts {
		if err := t.insertArtifact(a); err != nil {
			return err
		}
	}
	if err := t.append(entries); err != nil {
		return err
	}
	if !s.RowChanged() {
		return nil
	}
	row := s.ChangedRow()
	err := t.exec(writes(`UPDATE sessions SET status = ?, close_reason = ?, error = ?, step_count = ?,
		ready_at = ?, ended_at = ?, usage = ?, control = ?, options = COALESCE(NULLIF(?, ''), options) WHERE project_id = ? AND id = ?`),
		row.Status, row.Reason, row.Failure, row.Steps, row.ReadyAt, row.EndedAt, row.Usage, row.Control, s.ChangedOptions(), s.Row.ProjectID, s.Row.ID)
	if err != nil {
		return fmt.Errorf("update session: %w", err)
	}
	return nil
}

// Session reads one session of a project.
func (s *Store) Session(ctx context.Context, project, id string) (domain.Session, error) {
	var num int64
	return codec.ScanSession(s.read.row(ctx, oneSession.text, project, id), &num)
}

// Sessions reads a page, newest first, and the cursor of the next ("" at the end).
func (s *Store) Sessions(ctx context.Context, project string, f domain.SessionFilter) ([]domain.Session, string, error) {
	limit := codec.PageLimit(f.Limit)
	before, err := codec.DecodeCursor(domain.PrefixSession, f.Cursor)
	if err != nil {
		return nil, "", err
	}
	from, of, id, where := ` FROM sessions`, `project_id`, `id`, ``
	args := []any{project, before}
	only := func(cond string, arg ...any) { where, args = where+" AND "+cond, append(args, arg...) }
	if f.Status != "" {
		only("status = ?", f.Status)
	}
	if f.Open != nil && *f.Open {
		only(`status NOT IN ('CLOSED', 'FAILED')`)
	} else if f.Open != nil {
		only(`status IN ('CLOSED', 'FAILED')`)
	}
	switch {
	case f.Open != nil && *f.Open:
		// They are few, of all projects together, however many have ended.
		from += ` INDEXED BY sessions_open`
	case f.Status != "" && (f.Name == "" || f.Status != domain.SessionClosed):
		from += ` INDEXED BY sessions_status`
	case f.Name != "":
		from, of, id = ` FROM session_metadata m CROSS JOIN sessions ON sessions.project_id = m.project AND sessions.id = m.session`, `m.project`, `m.session`
		only(`m.name = ? AND m.value = ?`, f.Name, f.Value)
	}
	if f.Name != "" && id == `id` {
		only(`EXISTS (SELECT 1 FROM json_each(metadata) AS m WHERE m.key = ? AND m.value = ?)`, f.Name, f.Value)
	}
	if !f.From.IsZero() {
		only(id+" >= ?", domain.IDAt(domain.PrefixSession, f.From))
	}
	if !f.To.IsZero() {
		only(id+" < ?", domain.IDAt(domain.PrefixSession, f.To))
	}
	rows, err := s.read.rows(ctx, `SELECT `+sessionRead+from+` WHERE `+of+` = ? AND `+id+` < ?`+where+` ORDER BY `+id+` DESC LIMIT ?`, append(args, limit+1)...)
	page, more, err := collectPage(rows, err, codec.PageBytes, func(r codec.Scanner) (domain.Session, error) { return codec.ScanSession(r) }, codec.SessionBytes)
	if err != nil {
		return nil, "", fmt.Errorf("read sessions: %w", err)
	}
	page, next := codec.CutLong(page, limit, more, func(s domain.Session) string { return s.ID })
	return page, next, nil
}

// SessionByConnectToken finds the session of a connectUrl, in any project.
func (s *Store) SessionByConnectToken(ctx context.Context, token string) (domain.Session, error) {
	if token == "" {
		return domain.Session{}, domain.ErrNotFound
	}
	return codec.ScanSession(s.read.row(ctx, `SELECT `+sessionRead+` FROM sessions WHERE connect_token = ? AND connect_token <> ''`, token))
}

// SetConnectToken gives a session another connectUrl, in place of the one before.
// ErrNotFound: the project has no such session.
func (s *Store) SetConnectToken(ctx context.Context, project, id, token string, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.recordKey(project, idem); err != nil {
			return err
		}
		var status domain.SessionStatus
		if err := t.row(reads(`SELECT status FROM sessions WHERE project_id = ? AND id = ?`), project, id).Scan(&status); err != nil {
			return err
		}
		if status.Ended() {
			return domain.Refuse(domain.CodeEnded, "the session has ended: nobody connects to it any more")
		}
		if err := t.exec(writes(`UPDATE sessions SET connect_token = ? WHERE project_id = ? AND id = ?`), token, project, id); err != nil {
			return fmt.Errorf("set connect token: %w", err)
		}
		t.unit.Commit.Sessions = append(t.unit.Commit.Sessions, id)
		return nil
	})
}

// OpenSessions reads the sessions of every project that have a browser or get one,
// oldest first.
func (s *Store) OpenSessions(ctx context.Context) ([]domain.Session, error) {
	rows, err := s.read.rows(ctx, `SELECT `+sessionRead+` FROM sessions
		WHERE status NOT IN ('CLOSED', 'FAILED') AND status <> 'QUEUED' ORDER BY id`)
	all, err := collect(rows, err, func(r codec.Scanner) (domain.Session, error) { return codec.ScanSession(r) })
	if err != nil {
		return nil, fmt.Errorf("read open sessions: %w", err)
	}
	return all, nil
}
