package browserhook

import (
	"context"
	"iter"
	"net/http"
)

// Sessions are browsers, each of its own.
type Sessions struct{ api *Client }

// Create starts a session. It waits for no browser: steps can be added at once, and run
// when there is one; [Session.Ready] waits for that.
func (s *Sessions) Create(ctx context.Context, p CreateSessionRequest) (*Session, error) {
	return s.api.session(ctx, request{method: http.MethodPost, path: path("sessions"), body: p, once: true})
}

// Get reads a session.
func (s *Sessions) Get(ctx context.Context, id string) (*Session, error) {
	return s.api.session(ctx, request{method: http.MethodGet, path: path("sessions", id)})
}

// List reads sessions, the newest first.
func (s *Sessions) List(ctx context.Context, p ListSessionsParams) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		for one, err := range list[*Session](ctx, s.api, path("sessions"), p.query()) {
			if one != nil {
				one.api = s.api
			}
			if !yield(one, err) {
				return
			}
		}
	}
}

// Page reads a part of the list.
func (s *Sessions) Page(ctx context.Context, p ListSessionsParams) (*Page[*Session], error) {
	got, err := page[*Session](ctx, s.api, path("sessions"), p.query())
	if err != nil {
		return nil, err
	}
	for _, one := range got.Data {
		one.api = s.api
	}
	return got, nil
}

// Session is the one with an id, without asking for it: the id is all that is known of
// it until [Session.Refresh].
func (c *Client) Session(id string) *Session { return &Session{SessionID: id, api: c} }

func (c *Client) session(ctx context.Context, r request) (*Session, error) {
	s, err := ask[Session](ctx, c, r)
	if err != nil {
		return nil, err
	}
	s.api = c
	return s, nil
}

// update makes a call that answers the session as it is then.
func (s *Session) update(ctx context.Context, r request) error {
	got, err := s.api.session(ctx, r)
	if err != nil {
		return err
	}
	*s = *got
	return nil
}

func (s *Session) path(parts ...string) string {
	return path(append([]string{"sessions", s.SessionID}, parts...)...)
}

// Ended says whether it was over when it was last looked at.
func (s *Session) Ended() bool { return s.Status == SessionClosed || s.Status == SessionFailed }

// Refresh reads the session anew.
func (s *Session) Refresh(ctx context.Context) error {
	return s.update(ctx, request{method: http.MethodGet, path: s.path()})
}

// Ready waits until the session has its browser. When it ended before, the error is what
// has become of it, a *[SessionEndedError].
func (s *Session) Ready(ctx context.Context) error {
	if err := s.Refresh(ctx); err != nil {
		return err
	}
	if s.Status == SessionQueued || s.Status == SessionStarting {
		for e, err := range s.Events(ctx) {
			if err != nil {
				return err
			}
			if e.Type == "browser" && e.Data.Status != string(SessionQueued) && e.Data.Status != string(SessionStarting) {
				break
			}
		}
		if err := s.Refresh(ctx); err != nil {
			return err
		}
	}
	if s.Status != SessionReady {
		return &SessionEndedError{s}
	}
	return nil
}

// SessionEndedError says that a session has ended.
type SessionEndedError struct{ Session *Session }

func (e *SessionEndedError) Error() string {
	text := "the session is " + string(e.Session.Status)
	if e.Session.CloseReason != "" {
		text += ", for the reason " + string(e.Session.CloseReason)
	}
	if e.Session.Error != nil {
		text += ": " + e.Session.Error.Error()
	}
	return text
}

// Close ends the session, and doesn't wait until its browser has gone. What it made can
// still be read. One that has ended stays so.
func (s *Session) Close(ctx context.Context) error {
	return s.update(ctx, request{method: http.MethodDelete, path: s.path()})
}

// Forget deletes a session that has ended, with all that belongs to it. One that was
// closed is waited for until its browser has gone.
func (s *Session) Forget(ctx context.Context) error {
	return tell(ctx, s.api, request{method: http.MethodDelete, path: s.path("data"), gone: true})
}

// RotateConnectURL gives the session another ConnectURL: the old one connects no more.
func (s *Session) RotateConnectURL(ctx context.Context) error {
	return s.update(ctx, request{method: http.MethodPost, path: s.path("rotate-connect-url"), once: true})
}

// Live makes a link to the session's live page; by default one that only shows it.
func (s *Session) Live(ctx context.Context, p CreateStreamRequest) (*Stream, error) {
	return ask[Stream](ctx, s.api, request{method: http.MethodPost, path: s.path("streams"), body: p, once: true})
}

// GetLive reads a link that was made.
func (s *Session) GetLive(ctx context.Context, streamID string) (*Stream, error) {
	return ask[Stream](ctx, s.api, request{method: http.MethodGet, path: s.path("streams", streamID)})
}

// RevokeLive ends a link, and closes what it has open.
func (s *Session) RevokeLive(ctx context.Context, streamID string) error {
	return tell(ctx, s.api, request{method: http.MethodDelete, path: s.path("streams", streamID), gone: true})
}

// Viewers reads who looks at the live page, and who did.
func (s *Session) Viewers(ctx context.Context, p ListParams) iter.Seq2[Viewer, error] {
	return list[Viewer](ctx, s.api, s.path("viewers"), p.query())
}
