package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

func (t *tx) insertStream(s domain.Stream) error {
	err := t.exec(writes(`INSERT INTO streams (`+codec.StreamColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`),
		s.ProjectID, s.SessionID, s.ID, s.KeyID, s.Token, s.Mode, codec.Micros(s.CreatedAt), codec.Micros(s.ExpiresAt), codec.Micros(s.RevokedAt),
		s.Name, s.Once, s.UsedBy, s.Replay)
	if err != nil {
		return fmt.Errorf("insert stream: %w", err)
	}
	return nil
}

// CreateStream adds a link to a session's live page. ErrNotFound: the project
// has no such session. A key that has been revoked meanwhile makes none.
func (s *Store) CreateStream(ctx context.Context, st domain.Stream, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.recordKey(st.ProjectID, idem); err != nil {
			return err
		}
		var status domain.SessionStatus
		if err := t.row(reads(`SELECT status FROM sessions WHERE project_id = ? AND id = ?`), st.ProjectID, st.SessionID).Scan(&status); err != nil {
			return err
		}
		if status.Ended() && !st.Replay {
			return domain.Refuse(domain.CodeEnded, "the session has ended: only links with replay open its page")
		}
		if st.KeyID != "" {
			var revoked int64
			if err := t.row(reads(`SELECT revoked_at FROM api_keys WHERE id = ?`), st.KeyID).Scan(&revoked); err != nil {
				return err
			}
			if revoked != 0 {
				return domain.ErrKeyRevoked
			}
		}
		return t.insertStream(st)
	})
}

// Stream reads one link of a session.
func (s *Store) Stream(ctx context.Context, project, session, id string) (domain.Stream, error) {
	return codec.ScanStream(s.read.row(ctx,
		`SELECT `+codec.StreamColumns+` FROM streams WHERE project_id = ? AND session_id = ? AND id = ?`, project, session, id))
}

// Streams reads all links of a session, oldest first.
func (s *Store) Streams(ctx context.Context, project, session string) ([]domain.Stream, error) {
	rows, err := s.read.rows(ctx,
		`SELECT `+codec.StreamColumns+` FROM streams WHERE project_id = ? AND session_id = ? ORDER BY id`, project, session)
	all, err := collect(rows, err, codec.ScanStream)
	if err != nil {
		return nil, fmt.Errorf("read streams: %w", err)
	}
	return all, nil
}

// StreamByToken finds the link that a live page was opened with.
func (s *Store) StreamByToken(ctx context.Context, token string) (domain.Stream, error) {
	return codec.ScanStream(s.read.row(ctx, `SELECT `+codec.StreamColumns+` FROM streams WHERE token = ?`, token))
}

// RevokeStream makes a link open nothing any more. Doing it twice is fine.
func (s *Store) RevokeStream(ctx context.Context, project, session, id string, now time.Time) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.execCount(writes(`UPDATE streams SET revoked_at = CASE revoked_at WHEN 0 THEN ? ELSE revoked_at END
			WHERE project_id = ? AND session_id = ? AND id = ?`), codec.Micros(now), project, session, id)
		if err != nil {
			return fmt.Errorf("revoke stream: %w", err)
		}
		if n == 0 {
			return domain.ErrNotFound
		}
		t.unit.Commit.Sessions = append(t.unit.Commit.Sessions, session)
		return nil
	})
}

// AddViewer adds somebody who looks at a session, unless the link that it came by is
// another's: ErrStreamOver; or there is none: ErrNotFound. usedBy is the hash of its resume token, of a link that is for one.
func (s *Store) AddViewer(ctx context.Context, v domain.Viewer, usedBy string) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.execCount(writes(`UPDATE streams SET used_by = CASE once WHEN 1 THEN ? ELSE '' END
			WHERE project_id = ? AND session_id = ? AND id = ? AND used_by IN ('', ?)`), usedBy, v.ProjectID, v.SessionID, v.StreamID, usedBy)
		if err != nil {
			return fmt.Errorf("use stream: %w", err)
		}
		if n == 0 {
			var used string
			if err := t.row(reads(`SELECT used_by FROM streams WHERE project_id = ? AND session_id = ? AND id = ?`), v.ProjectID, v.SessionID, v.StreamID).Scan(&used); err != nil {
				return err
			}
			return domain.ErrStreamOver
		}
		err = t.exec(writes(`INSERT INTO viewers (`+codec.ViewerColumns+`) VALUES (?,?,?,?,?,?,?,?,?)`),
			v.ProjectID, v.SessionID, v.ID, v.StreamID, v.Name, v.Mode, v.Address, codec.Micros(v.JoinedAt), codec.Micros(v.LeftAt))
		if err != nil {
			return fmt.Errorf("insert viewer: %w", err)
		}
		return nil
	})
}

// ViewerLeft says when a viewer has left. One that is gone with its session is missed by
// nobody.
func (s *Store) ViewerLeft(ctx context.Context, v domain.Viewer) error {
	return s.update(ctx, func(t *tx) error {
		err := t.exec(writes(`UPDATE viewers SET left_at = ? WHERE project_id = ? AND session_id = ? AND id = ?`),
			codec.Micros(v.LeftAt), v.ProjectID, v.SessionID, v.ID)
		if err != nil {
			return fmt.Errorf("update viewer: %w", err)
		}
		return nil
	})
}

// Viewers reads a page of who has looked at a session, oldest first, after one of them.
func (s *Store) Viewers(ctx context.Context, project, session, after string, limit int) ([]domain.Viewer, error) {
	rows, err := s.read.rows(ctx,
		`SELECT `+codec.ViewerColumns+` FROM viewers WHERE project_id = ? AND session_id = ? AND id > ? ORDER BY id LIMIT ?`, project, session, after, limit)
	all, err := collect(rows, err, codec.ScanViewer)
	if err != nil {
		return nil, fmt.Errorf("read viewers: %w", err)
	}
	return all, nil
}
