package session

import (
	"context"
	"fmt"
	"net"

	"github.com/browserhook/browserhook/internal/domain"
)

// OpenConnect is the session of a connectUrl's token: ErrNotFound when there is
// none. The session may have ended.
func (s *Service) OpenConnect(ctx context.Context, token string) (domain.Session, error) {
	return s.Store.SessionByConnectToken(ctx, token)
}

// RotateConnect gives a session another connectUrl. Who is connected by the one
// before is sent away. A call that is repeated changes nothing, and answers with
// the one that the session has by now.
func (s *Service) RotateConnect(ctx context.Context, project, id string, idem *domain.Idempotency) (domain.Session, error) {
	if idem != nil {
		idem.Refs = []string{id}
	}
	err := s.Store.SetConnectToken(ctx, project, id, domain.NewToken(), idem)
	if _, again := idem.Again(err); err != nil && !again {
		return domain.Session{}, fmt.Errorf("rotate connect token: %w", err)
	}
	return s.Session(ctx, project, id)
}

// Connect lets a program use the browser of a session that has one here:
// browser.Browser.Connect. The session isn't idle until the connection is closed.
// ok is false for any other session.
func (s *Service) Connect(ctx context.Context, id, target string) (_ net.Conn, ok bool, _ error) {
	if err := s.waitAdopted(ctx); err != nil {
		return nil, false, err
	}
	a := s.actor(id)
	if a == nil {
		return nil, false, nil
	}
	if err := a.waitResumed(ctx); err != nil {
		return nil, false, err
	}
	b, n := a.addClients(1)
	left := func() { a.addClients(-1) }
	switch {
	case b == nil:
		left()
		return nil, false, nil
	case n > maxClients:
		left()
		return nil, true, domain.Refuse(domain.CodeTooMany, "%d programs use the session already", maxClients)
	}
	conn, err := b.Connect(ctx, target, left)
	if err != nil {
		left()
	}
	return conn, true, err
}

// maxClients is how many programs may use a session's browser at once.
const maxClients = 32

// addClients counts the programs that use the session's browser, and returns both.
func (a *actor) addClients(more int) (Browser, int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clients += more
	a.touch()
	return a.browser, a.clients
}

// restartIdle begins the session's idle time anew, unless a program uses its browser.
func (a *actor) restartIdle(i *idle) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.clients > 0 {
		i.pause()
	} else {
		i.restart()
	}
}
