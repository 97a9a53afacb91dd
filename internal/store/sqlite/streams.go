package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

func (t *tx) insertStream(s domain.Stream) error {
	err := t.exec(writes(`INSERT INTO streams (`+codec.StreamColumns+`) VALUES (?,?,?,?,?,?,?,?,?)`),
		s.ProjectID, s.SessionID, s.ID, s.KeyID, s.Token, s.Mode, codec.Micros(s.CreatedAt), codec.Micros(s.ExpiresAt), codec.Micros(s.RevokedAt))
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
		if status.Ended() {
			return domain.Refuse(domain.CodeEnded, "the session has ended: it has no live page any more")
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
