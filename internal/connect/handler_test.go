package connect

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// fakeSessions is a session, READY after a while, that token and key open.
type fakeSessions struct {
	mu       sync.Mutex
	session  domain.Session
	changes  chan struct{}
	watched  int
	err      error
	connects int
}

func (h *fakeSessions) Session(_ context.Context, project, id string) (domain.Session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil || project != h.session.ProjectID || id != h.session.ID {
		return domain.Session{}, errors.Join(h.err, domain.ErrNotFound)
	}
	return h.session, nil
}

func (h *fakeSessions) OpenConnect(_ context.Context, token string) (domain.Session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.err != nil:
		return domain.Session{}, h.err
	case token != h.session.ConnectToken:
		return domain.Session{}, domain.ErrNotFound
	}
	return h.session, nil
}

func (h *fakeSessions) Connect(context.Context, string, string) (net.Conn, bool, error) {
	h.connects++
	return nil, false, nil
}

func (h *fakeSessions) Changed(string) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watched++
	return h.changes
}

func (h *fakeSessions) Authenticate(_ context.Context, secret string) (domain.APIKey, error) {
	switch secret {
	case "project":
		return domain.APIKey{ID: "k", ProjectID: "p", Role: domain.RoleProject}, nil
	case "viewer":
		return domain.APIKey{ID: "v", ProjectID: "p", Role: domain.RoleViewer}, nil
	case "other":
		return domain.APIKey{ID: "o", ProjectID: "other", Role: domain.RoleProject}, nil
	}
	return domain.APIKey{}, domain.Refuse(domain.CodeUnauthorized, "there is no such API key")
}

func (h *fakeSessions) WithKey(ctx context.Context, _ string) (context.Context, func()) {
	return ctx, func() {}
}

// TestAdmit is who is let in, who is waited for, and what is remembered of those
// who aren't: nothing.
func TestAdmit(t *testing.T) {
	const ready, queued, closed = domain.SessionReady, domain.SessionQueued, domain.SessionClosed
	for _, tt := range []struct {
		name    string
		path    string
		header  http.Header
		status  domain.SessionStatus
		err     error
		becomes domain.SessionStatus // after a second
		code    domain.Code          // of the refusal; empty: let in
		after   time.Duration
	}{
		{name: "the token", path: "/connect/s?token=t", status: ready},
		{name: "a key of its project", path: "/connect/s", header: http.Header{"Authorization": {"bearer project"}}, status: ready},
		{name: "nobody", path: "/connect/s", status: ready, code: domain.CodeUnauthorized},
		{name: "another token", path: "/connect/s?token=x", status: ready, code: domain.CodeNotFound},
		{name: "no token", path: "/connect/s?token=", status: ready, code: domain.CodeNotFound},
		{name: "two tokens", path: "/connect/s?token=t&token=t", status: ready, code: domain.CodeNotFound},
		{name: "the token of another session", path: "/connect/other?token=t", status: ready, code: domain.CodeNotFound},
		{name: "a token wins over a key", path: "/connect/s?token=x", header: http.Header{"Authorization": {"Bearer project"}}, status: ready, code: domain.CodeNotFound},
		{name: "a key that may only read", path: "/connect/s", header: http.Header{"Authorization": {"Bearer viewer"}}, status: ready, code: domain.CodeForbidden},
		{name: "a key of another project", path: "/connect/s", header: http.Header{"Authorization": {"Bearer other"}}, status: ready, code: domain.CodeNotFound},
		{name: "no key at all", path: "/connect/s", header: http.Header{"Authorization": {"Basic project"}}, status: ready, code: domain.CodeUnauthorized},
		{name: "a page of another origin", path: "/connect/s?token=t", header: http.Header{"Origin": {"https://evil.example"}}, status: ready, code: domain.CodeForbidden},
		{name: "a page without an origin", path: "/connect/s?token=t", header: http.Header{"Origin": {"null"}}, status: ready, code: domain.CodeForbidden},
		{name: "a page of this one", path: "/connect/s?token=t", header: http.Header{"Origin": {"http://example.com"}}, status: ready},
		{name: "it has ended", path: "/connect/s?token=t", status: closed, code: domain.CodeEnded},
		{name: "the store is away", path: "/connect/s?token=t", status: ready, err: errors.New("away"), code: domain.CodeUnavailable},
		{name: "it gets ready", path: "/connect/s?token=t", status: queued, becomes: ready, after: time.Second},
		{name: "it ends before", path: "/connect/s?token=t", status: queued, becomes: closed, code: domain.CodeEnded, after: time.Second},
		{name: "it stays queued", path: "/connect/s?token=t", status: queued, code: domain.CodeUnavailable, after: startWithin},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sessions := &fakeSessions{session: domain.Session{ID: "s", ProjectID: "p", Status: tt.status, ConnectToken: "t"}, changes: make(chan struct{}), err: tt.err}
				var code domain.Code
				h := &Handler{
					Sessions: sessions, Keys: sessions, Stopping: make(chan struct{}), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
					Refuse: func(_ http.ResponseWriter, c domain.Code, _ string) { code = c },
				}
				if tt.becomes != "" {
					time.AfterFunc(time.Second, func() {
						sessions.mu.Lock()
						defer sessions.mu.Unlock()
						sessions.session.Status = tt.becomes
						close(sessions.changes)
						sessions.changes = nil
					})
				}
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil)
				for name, values := range tt.header {
					r.Header[name] = values
				}
				r.SetPathValue("sessionId", r.URL.Path[len("/connect/"):])
				began := time.Now()
				_, ok := h.admit(httptest.NewRecorder(), r)
				if ok != (tt.code == "") || code != tt.code || time.Since(began) != tt.after {
					t.Errorf("%v, %q after %s; want %q after %s", ok, code, time.Since(began), tt.code, tt.after)
				}
				if tt.after == 0 && sessions.watched > 0 {
					t.Error("it is remembered")
				}
			})
		})
	}
}
