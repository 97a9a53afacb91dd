// Package connect lets programs (Playwright, Puppeteer, any client of the
// DevTools protocol) use a session's browser at its connectUrl, a WebSocket: it
// passes messages on between that and the browser's keeper, which knows one
// client from another and judges what each may do.
//
// A path below /connect/{sessionId} is what such programs expect below the
// address of Chromium's own port: json/version, json/list, and a page alone.
package connect

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Sessions is what is needed of the sessions.
type Sessions interface {
	// Session and OpenConnect find a session, by its id or its token: ErrNotFound
	// when there is none, another error when that can't be known now.
	Session(ctx context.Context, project, id string) (domain.Session, error)
	OpenConnect(ctx context.Context, token string) (domain.Session, error)
	// Connect is a connection to the session's browser, or to one target of it; ok is
	// false when it has none here.
	Connect(ctx context.Context, id, target string) (_ net.Conn, ok bool, _ error)
	Changed(id string) <-chan struct{}
}

// Keys are the API keys.
type Keys interface {
	Authenticate(ctx context.Context, secret string) (domain.APIKey, error)
	// WithKey gives what is done with the key a context that ends with it; an
	// empty id is nobody's key. done is to be called when it is over.
	WithKey(ctx context.Context, key string) (_ context.Context, done func())
}

// Refuse answers a request with a problem.
type Refuse func(w http.ResponseWriter, code domain.Code, detail string)

// Handler serves everything below /connect.
type Handler struct {
	// Forward has the server that runs a session answer a request, if it is another, and
	// says whether it has; nil: there is one.
	Forward   func(w http.ResponseWriter, r *http.Request, project, session string) (answered bool)
	Sessions  Sessions
	Keys      Keys
	PublicURL func() string
	Stopping  <-chan struct{} // closed when who is connected is sent away
	Refuse    Refuse
	Log       *slog.Logger
}

// Routes adds the handler's routes.
func (h *Handler) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /connect/{sessionId}", h.socket)
	mux.HandleFunc("GET /connect/{sessionId}/{$}", h.socket)
	mux.HandleFunc("GET /connect/{sessionId}/devtools/page/{targetId}", h.socket)
	for _, end := range []string{"", "/{$}"} { // some clients ask with a slash
		mux.HandleFunc("GET /connect/{sessionId}/json/version"+end, h.version)
		mux.HandleFunc("GET /connect/{sessionId}/json/list"+end, h.list)
		mux.HandleFunc("GET /connect/{sessionId}/json"+end, h.list)
	}
}

// caller is who may use a session's browser, and why.
type caller struct {
	session domain.Session
	token   string // of the URL; empty: it has a key
	key     domain.APIKey
}

// startWithin is how long a session that is not READY yet is waited for.
const startWithin = time.Minute

// admit finds out who asks, and waits until the session has its browser, here. When it
// says false the request has been answered.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request) (c caller, ok bool) {
	if origin := r.Header.Get("Origin"); origin != "" {
		// A program sends none. A page could be anybody's.
		if u, err := url.Parse(origin); err != nil || !strings.EqualFold(u.Host, r.Host) {
			h.Refuse(w, domain.CodeForbidden, "Pages of other origins may not use a session's browser.")
			return c, false
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), startWithin)
	defer cancel()
	var changed <-chan struct{}
	for {
		c, err := h.look(ctx, r)
		switch {
		case err != nil:
			h.refuse(w, err)
			return c, false
		case c.session.Status == domain.SessionReady:
			return c, h.Forward == nil || !h.Forward(w, r, c.session.ProjectID, c.session.ID)
		case c.session.Status == domain.SessionClosing || c.session.Status.Ended():
			h.Refuse(w, domain.CodeEnded, "The session has ended.")
			return c, false
		}
		if changed == nil {
			// Only for a session that there is, and that will change. Then looked at
			// again, so that no change falls in between.
			changed = h.Sessions.Changed(c.session.ID)
			continue
		}
		select {
		case <-changed:
			changed = nil
		case <-h.Stopping:
			h.Refuse(w, domain.CodeUnavailable, "The server is stopping.")
			return c, false
		case <-ctx.Done():
			h.Refuse(w, domain.CodeUnavailable, "The session has no browser yet.")
			return c, false
		}
	}
}

// look finds the session by the URL's token or the header's key.
func (h *Handler) look(ctx context.Context, r *http.Request) (c caller, err error) {
	id := r.PathValue("sessionId")
	if tokens := r.URL.Query()["token"]; len(tokens) > 0 {
		if len(tokens) > 1 || strings.ContainsFunc(tokens[0], func(c rune) bool { return c <= ' ' || c > '~' }) {
			return c, domain.ErrNotFound
		}
		c.token = tokens[0]
		if c.session, err = h.Sessions.OpenConnect(ctx, c.token); err == nil && c.session.ID != id {
			err = domain.ErrNotFound
		}
		return c, err
	}
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return c, errNobody
	}
	if c.key, err = h.Keys.Authenticate(ctx, strings.TrimLeft(secret, " ")); err != nil {
		return c, err
	}
	if !c.key.Role.May(domain.RoleProject) {
		return c, errViewer
	}
	c.session, err = h.Sessions.Session(ctx, c.key.ProjectID, id)
	return c, err
}

var (
	errNobody = domain.Refuse(domain.CodeUnauthorized, "Use the session's connectUrl with its token, or send an API key as Authorization: Bearer bh_….")
	errViewer = domain.Refuse(domain.CodeForbidden, "This needs a key of the role project.")
)

func (h *Handler) refuse(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*domain.Error](err)
	switch {
	case errors.Is(err, domain.ErrNotFound):
		h.Refuse(w, domain.CodeNotFound, "This connects to no session, or no longer.")
	case ok && (e.Code == domain.CodeUnauthorized || e.Code == domain.CodeForbidden):
		h.Refuse(w, e.Code, e.Message)
	default:
		h.Log.Debug("connect", "err", err)
		h.Refuse(w, domain.CodeUnavailable, "The server can't look at the session right now.")
	}
}
