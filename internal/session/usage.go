package session

import (
	"context"

	"github.com/browserhook/browserhook/internal/domain"
)

// Session reads a session, with what its browser has had of the network by now, if
// that runs here.
func (s *Service) Session(ctx context.Context, project, id string) (domain.Session, error) {
	sess, err := s.Reader.Session(ctx, project, id)
	if err != nil || sess.Status != domain.SessionReady {
		return sess, err
	}
	if a := s.actor(id); a != nil {
		a.mu.Lock()
		by := a.browser
		a.mu.Unlock()
		if by != nil {
			sess.Usage = by.Usage(ctx)
		}
	}
	return sess, nil
}
