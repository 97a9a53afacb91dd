package session

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// CreateStream makes a link to the session's live page, to look at unless mode
// says more. It ends after the given life, or with the session when that is nil,
// and with the key that it is made with.
func (s *Service) CreateStream(ctx context.Context, key domain.APIKey, id string, mode domain.StreamMode, life *time.Duration, idem *domain.Idempotency) (domain.Stream, error) {
	now := time.Now()
	st := domain.Stream{
		ID: domain.NewID(domain.PrefixStream), ProjectID: key.ProjectID, SessionID: id, KeyID: key.ID,
		Token: domain.NewToken(), Mode: cmp.Or(mode, domain.StreamView), CreatedAt: now,
	}
	if life != nil {
		if err := checkTime("expiresIn", *life); err != nil {
			return domain.Stream{}, err
		}
		st.ExpiresAt = now.Add(*life)
	}
	if idem != nil {
		idem.Refs = []string{st.ID}
	}
	err := s.Store.CreateStream(ctx, st, idem)
	if made, again := idem.Again(err); again {
		return s.Store.Stream(ctx, key.ProjectID, id, made[0])
	}
	if err != nil {
		return domain.Stream{}, fmt.Errorf("create stream: %w", err)
	}
	return st, nil
}

// RevokeStream makes a link open nothing any more.
func (s *Service) RevokeStream(ctx context.Context, project, session, id string) error {
	return s.Store.RevokeStream(ctx, project, session, id, time.Now())
}

// OpenStream is the link with the token and its session: ErrNotFound when
// there is none, ErrStreamOver when it opens nothing any more, another error
// when that can't be known now. The session may have ended.
func (s *Service) OpenStream(ctx context.Context, token string) (domain.Stream, domain.Session, error) {
	st, err := s.Store.StreamByToken(ctx, token)
	if err != nil {
		return st, domain.Session{}, err
	}
	if !st.Live(time.Now()) {
		return st, domain.Session{}, domain.ErrStreamOver
	}
	sess, err := s.Reader.Session(ctx, st.ProjectID, st.SessionID)
	return st, sess, err
}
