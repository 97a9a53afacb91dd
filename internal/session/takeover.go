package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
)

// HeldError refuses a takeover: another viewer has the session.
type HeldError struct{ By domain.Control }

func (e *HeldError) Error() string { return "somebody else controls the session" }

// Held says, to a viewer who wants the session, who has it.
func (e *HeldError) Held() string {
	if e.By.Name == "" {
		return "Somebody else controls the session."
	}
	return e.By.Name + " controls the session."
}

// TakeOver has a viewer drive the session: the step that runs goes on to its end, and
// no other begins until it is given back. Who comes again, by the same link and with the
// same resume token, has it as before. *HeldError: somebody else has it.
func (s *Service) TakeOver(ctx context.Context, project, session string, by domain.Control) (has domain.Control, err error) {
	by.Resume = hashed(by.Resume)
	err = s.decide(ctx, project, session, func(d decider, c *domain.SessionChange) error {
		if err := d.takeOver(c, by); err != nil {
			return err
		}
		has = *c.Session.Control
		return nil
	})
	return has, err
}

// GiveBack ends a viewer's takeover, if it still has the session: steps run again.
func (s *Service) GiveBack(ctx context.Context, project, session, viewer string) error {
	err := s.decide(ctx, project, session, func(d decider, c *domain.SessionChange) error {
		if c.Session.Control == nil || c.Session.Control.Viewer != viewer {
			return errUnchanged
		}
		d.releaseControl(c)
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if a := s.actor(session); a != nil {
		a.wake()
	}
	return err
}

// SaveManualActions keeps what a viewer has done by hand so far, instead of what was kept
// before: its bytes, and that there are some. With the end of the takeover they become an
// artifact, whoever ends it and whatever has become of this server.
func (s *Service) SaveManualActions(ctx context.Context, project, session, artifact string, actions []byte) error {
	sess, err := s.Reader.Session(ctx, project, session)
	if err != nil || sess.Control == nil || sess.Control.Artifact != artifact {
		return err // it is over: what was kept is an artifact, or nothing was
	}
	art := domain.Artifact{ID: artifact, ProjectID: project, SessionID: session}
	size, err := s.Blobs.Write(ctx, art.Key(), bytes.NewReader(actions), "application/json")
	if err != nil {
		return fmt.Errorf("keep what was done by hand: %w", err)
	}
	err = s.decide(ctx, project, session, func(_ decider, c *domain.SessionChange) error {
		if c.Session.Control == nil || c.Session.Control.Artifact != artifact || c.Session.Control.Size == size {
			return errUnchanged
		}
		by := *c.Session.Control
		by.Size = size
		c.Session.Control = &by
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

func (s *Service) decide(ctx context.Context, project, session string, fn func(decider, *domain.SessionChange) error) error {
	d := s.decider()
	return s.Store.ChangeSession(ctx, project, session, func(c *domain.SessionChange) error { return fn(d, c) })
}

func (d decider) takeOver(c *domain.SessionChange, by domain.Control) error {
	if c.Session.Status != domain.SessionReady {
		return domain.Refuse(domain.CodeConflict, "the session is %s: it can't be controlled", c.Session.Status)
	}
	by.Since = d.now
	if held := c.Session.Control; held != nil {
		if held.StreamID != by.StreamID || held.Resume != by.Resume || by.Resume == "" {
			return &HeldError{*held}
		}
		by.Since, by.Artifact, by.Size = held.Since, held.Artifact, held.Size
		c.Session.Control = &by
		return nil
	}
	c.Session.Control = &by
	d.draftTakeover(c, domain.EventTakeoverStarted, &by)
	return nil
}

// releaseControl ends the takeover of the session, if there is one.
func (d decider) releaseControl(c *domain.SessionChange) {
	if by := c.Session.Control; by != nil {
		c.Session.Control = nil
		if art, ok := by.ActionsArtifact(c.Session, d.now); ok {
			c.Artifacts = append(c.Artifacts, art)
		}
		d.draftTakeover(c, domain.EventTakeoverEnded, by)
	}
}

func (d decider) draftTakeover(c *domain.SessionChange, t domain.EventType, by *domain.Control) {
	draft := domain.DraftTakeover(c.Session, t, by, d.publicURL, d.now)
	draft.Trace = d.place(c.Session.Trace, c.Session.ID)
	c.Drafts = append(c.Drafts, draft)
}
