package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

func queueStream(b *pgx.Batch, s domain.Stream) {
	b.Queue(`INSERT INTO streams (`+codec.StreamColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)`,
		s.ProjectID, s.SessionID, s.ID, s.KeyID, s.Token, string(s.Mode), codec.Micros(s.CreatedAt), codec.Micros(s.ExpiresAt), codec.Micros(s.RevokedAt),
		s.Name, s.Once, s.UsedBy, s.Replay)
}

// CreateStream adds a link to a session's live page. ErrNotFound: the project
// has no such session. A key that has been revoked meanwhile makes none.
func (s *Store) CreateStream(ctx context.Context, st domain.Stream, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.recordKey(st.ProjectID, idem); err != nil {
			return err
		}
		var status domain.SessionStatus
		if err := t.row(`SELECT status FROM sessions WHERE project_id = $1 AND id = $2 FOR SHARE`, st.ProjectID, st.SessionID).Scan(&status); err != nil {
			return err
		}
		if status.Ended() && !st.Replay {
			return domain.Refuse(domain.CodeEnded, "the session has ended: only links with replay open its page")
		}
		if st.KeyID != "" {
			var revoked int64
			if err := t.row(`SELECT revoked_at FROM api_keys WHERE id = $1 FOR SHARE`, st.KeyID).Scan(&revoked); err != nil {
				return err
			}
			if revoked != 0 {
				return domain.ErrKeyRevoked
			}
		}
		b := &pgx.Batch{}
		queueStream(b, st)
		if err := t.send(b); err != nil {
			return fmt.Errorf("insert stream: %w", err)
		}
		return nil
	})
}

// Stream reads one link of a session.
func (s *Store) Stream(ctx context.Context, project, session, id string) (domain.Stream, error) {
	return codec.ScanStream(s.row(ctx,
		`SELECT `+codec.StreamColumns+` FROM streams WHERE project_id = $1 AND session_id = $2 AND id = $3`, project, session, id))
}

// Streams reads all links of a session, oldest first.
func (s *Store) Streams(ctx context.Context, project, session string) ([]domain.Stream, error) {
	all, err := collect(ctx, s, codec.ScanStream,
		`SELECT `+codec.StreamColumns+` FROM streams WHERE project_id = $1 AND session_id = $2 ORDER BY id`, project, session)
	if err != nil {
		return nil, fmt.Errorf("read streams: %w", err)
	}
	return all, nil
}

// StreamByToken finds the link that a live page was opened with.
func (s *Store) StreamByToken(ctx context.Context, token string) (domain.Stream, error) {
	return codec.ScanStream(s.row(ctx, `SELECT `+codec.StreamColumns+` FROM streams WHERE token = $1`, token))
}

// RevokeStream makes a link open nothing any more. Doing it twice is fine.
func (s *Store) RevokeStream(ctx context.Context, project, session, id string, now time.Time) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.count(`UPDATE streams SET revoked_at = CASE revoked_at WHEN 0 THEN $4 ELSE revoked_at END
			WHERE project_id = $1 AND session_id = $2 AND id = $3`, project, session, id, codec.Micros(now))
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
		n, err := t.count(`UPDATE streams SET used_by = CASE WHEN once THEN $4 ELSE '' END
			WHERE project_id = $1 AND session_id = $2 AND id = $3 AND used_by IN ('', $4)`, v.ProjectID, v.SessionID, v.StreamID, usedBy)
		if err != nil {
			return fmt.Errorf("use stream: %w", err)
		}
		if n == 0 {
			var used string
			if err := t.row(`SELECT used_by FROM streams WHERE project_id = $1 AND session_id = $2 AND id = $3`, v.ProjectID, v.SessionID, v.StreamID).Scan(&used); err != nil {
				return err
			}
			return domain.ErrStreamOver
		}
		b := &pgx.Batch{}
		b.Queue(`INSERT INTO viewers (`+codec.ViewerColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
			v.ProjectID, v.SessionID, v.ID, v.StreamID, v.Name, string(v.Mode), v.Address, codec.Micros(v.JoinedAt), codec.Micros(v.LeftAt))
		if err := t.send(b); err != nil {
			return fmt.Errorf("insert viewer: %w", err)
		}
		return nil
	})
}

// ViewerLeft says when a viewer has left. One that is gone with its session is missed by
// nobody.
func (s *Store) ViewerLeft(ctx context.Context, v domain.Viewer) error {
	return s.update(ctx, func(t *tx) error {
		_, err := t.count(`UPDATE viewers SET left_at = $4 WHERE project_id = $1 AND session_id = $2 AND id = $3`,
			v.ProjectID, v.SessionID, v.ID, codec.Micros(v.LeftAt))
		if err != nil {
			return fmt.Errorf("update viewer: %w", err)
		}
		return nil
	})
}

// Viewers reads a page of who has looked at a session, oldest first, after one of them.
func (s *Store) Viewers(ctx context.Context, project, session, after string, limit int) ([]domain.Viewer, error) {
	all, err := collect(ctx, s, codec.ScanViewer,
		`SELECT `+codec.ViewerColumns+` FROM viewers WHERE project_id = $1 AND session_id = $2 AND id > $3 ORDER BY id LIMIT $4`, project, session, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read viewers: %w", err)
	}
	return all, nil
}
