package session

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/browserhook/browserhook/internal/domain"
)

// NewStream is what a link to a live page is to be like.
type NewStream struct {
	Mode domain.StreamMode // empty: to look at
	Life *time.Duration    // nil: the session's
	Name string            // of who it is for
	Once bool              // it is its first viewer's
	// Replay has it show the recording too, and outlive the session.
	Replay bool
}

// maxStreamName bounds the name of a link, in characters.
const maxStreamName = 100

// maxReplay is the longest that a link with replay can be told to last.
const maxReplay = 30 * 24 * time.Hour

// CreateStream makes a link to the session's live page. It ends when it says, with
// the session and with the key that it is made with.
func (s *Service) CreateStream(ctx context.Context, key domain.APIKey, id string, n NewStream, idem *domain.Idempotency) (domain.Stream, error) {
	now := time.Now()
	if utf8.RuneCountInString(n.Name) > maxStreamName {
		return domain.Stream{}, domain.Invalid("name", "may have at most %d characters", maxStreamName)
	}
	st := domain.Stream{
		ID: domain.NewID(domain.PrefixStream), ProjectID: key.ProjectID, SessionID: id, KeyID: key.ID,
		Token: domain.NewToken(), Mode: cmp.Or(n.Mode, domain.StreamView), CreatedAt: now,
		Name: domain.CleanText(n.Name), Once: n.Once, Replay: n.Replay,
	}
	if n.Life != nil {
		most := maxTime
		if n.Replay {
			most = maxReplay
		}
		if *n.Life < minTime || *n.Life > most {
			return domain.Stream{}, domain.Invalid("expiresIn", "must be from 1s to %dh", int(most.Hours()))
		}
		st.ExpiresAt = now.Add(*n.Life)
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

// Watch records that somebody looks at a session, by a link and from an address. A link
// that is for one is bound to the first one's resume token: ErrStreamOver for any other.
func (s *Service) Watch(ctx context.Context, st domain.Stream, resume, address string) (domain.Viewer, error) {
	v := domain.Viewer{
		ID: domain.NewID(domain.PrefixViewer), ProjectID: st.ProjectID, SessionID: st.SessionID, StreamID: st.ID,
		Name: st.Name, Mode: st.Mode, Address: address, JoinedAt: time.Now(),
	}
	usedBy := ""
	if st.Once {
		if usedBy = hashed(resume); usedBy == "" {
			return v, domain.ErrStreamOver
		}
	}
	return v, s.Store.AddViewer(ctx, v, usedBy)
}

// hashed is a resume token as it is stored; that of none is empty.
func hashed(resume string) string {
	if resume == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(resume))
	return hex.EncodeToString(sum[:16])
}

// Opens says whether the link may be used by who has a resume token, beside the page
// itself: one that is for one is that one's, who has opened the page.
func (s *Service) Opens(st domain.Stream, resume string) bool {
	return !st.Once || st.UsedBy != "" && st.UsedBy == hashed(resume)
}

// Unwatch records that a viewer has left.
func (s *Service) Unwatch(ctx context.Context, v domain.Viewer) error {
	v.LeftAt = time.Now()
	return s.Store.ViewerLeft(ctx, v)
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
