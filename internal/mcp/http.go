package mcp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/inprocess"
)

// Keys are the API keys.
type Keys interface {
	Authenticate(ctx context.Context, secret string) (domain.APIKey, error)
	// WithKey gives what is done with the key a context that ends with it. done is to be
	// called when it is over.
	WithKey(ctx context.Context, key string) (_ context.Context, done func())
}

// Refuse answers a request with a problem.
type Refuse func(w http.ResponseWriter, code domain.Code, detail string)

// Handler serves /mcp: MCP over streamable HTTP.
type Handler struct {
	Keys Keys
	// End closes a session of a client that is gone, whatever has become of its key.
	End       func(ctx context.Context, project, session string) error
	PublicURL func() string
	Origins   []string        // of pages that may use it, beside the server's own; "*": of any
	Serving   context.Context //nolint:containedctx // until the server sends everybody away
	Version   string
	Refuse    Refuse
	Log       *slog.Logger

	server *Server
	http   http.Handler
	live   sync.WaitGroup

	mu    sync.Mutex
	count map[string]int // of MCP sessions, by key
}

const (
	// idleFor is how long a client may ask nothing before its MCP session ends.
	idleFor = 30 * time.Minute
	// sessionsOfKey is how many MCP sessions a key may have at once.
	sessionsOfKey = 50
	maxBody       = 1 << 20
)

// Path is where the handler is.
const Path = "/mcp"

// Over readies the handler for an API that this process has.
func (h *Handler) Over(api http.Handler) {
	h.count = map[string]int{}
	h.server = New(Config{URL: "http://api", Transport: inprocess.Transport(api), Version: h.Version, Log: h.Log, End: h.End})
	h.server.sdk.AddReceivingMiddleware(h.beginning)
	streamable := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return h.server.sdk }, &sdk.StreamableHTTPOptions{
		SessionTimeout: idleFor, MaxRequestBodyBytes: maxBody,
		// Origin and the key are looked at here; a proxy on this machine has other hosts' names.
		DisableLocalhostProtection: true,
	})
	// That the key is known has been seen; this binds the MCP session to it.
	h.http = auth.RequireBearerToken(func(_ context.Context, _ string, r *http.Request) (*auth.TokenInfo, error) {
		key, _ := r.Context().Value(keyKey{}).(domain.APIKey)
		return &auth.TokenInfo{UserID: key.ID, Expiration: time.Now().Add(time.Hour), Extra: map[string]any{"project": key.ProjectID}}, nil
	}, nil)(streamable)
}

// Routes adds the handler's routes.
func (h *Handler) Routes(mux *http.ServeMux) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		mux.HandleFunc(method+" "+Path, h.serve)
	}
}

// Close waits for the end of all MCP sessions, which is that of Serving.
func (h *Handler) Close() { h.live.Wait() }

type keyKey struct{}

// keyOf is the key in a request's header.
func keyOf(header http.Header) string {
	scheme, secret, _ := strings.Cut(header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimLeft(secret, " ")
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	if !h.welcome(r.Header.Values("Origin")) {
		h.Refuse(w, domain.CodeForbidden, "Pages of this origin may not use the server.")
		return
	}
	key, err := h.Keys.Authenticate(r.Context(), keyOf(r.Header))
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Code == domain.CodeUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="browserhook"`)
		h.Refuse(w, domain.CodeUnauthorized, "Send a valid API key as Authorization: Bearer bh_….")
		return
	}
	if err != nil {
		h.Log.Debug("mcp", "err", err)
		h.Refuse(w, domain.CodeUnavailable, "The server can't look at the key right now.")
		return
	}
	if h.Serving.Err() != nil {
		h.Refuse(w, domain.CodeUnavailable, "The server is stopping.")
		return
	}
	if r.Header.Get("Mcp-Session-Id") == "" && h.of(key.ID) >= sessionsOfKey {
		h.Refuse(w, domain.CodeTooMany, "The key has too many MCP sessions open: end some with DELETE.")
		return
	}
	if r.Method == http.MethodDelete {
		// The MCP session waits for what it has under way, which nobody will hear of.
		if c := h.server.find(r.Header.Get("Mcp-Session-Id"), key.ID); c != nil {
			c.end(errGone)
		}
	}
	ctx, done := h.Keys.WithKey(context.WithValue(r.Context(), keyKey{}, key), key.ID)
	defer done()
	h.http.ServeHTTP(w, r.WithContext(ctx))
}

// welcome says whether a page of an origin may use the server. A program names none. A
// page of the server's own has the origin of its public address, and not of whatever
// name somebody has given the server's address.
func (h *Handler) welcome(origins []string) bool {
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	own, err := url.Parse(h.PublicURL())
	if err == nil && strings.EqualFold(origins[0], own.Scheme+"://"+own.Host) {
		return true
	}
	return slices.ContainsFunc(h.Origins, func(one string) bool { return one == "*" || strings.EqualFold(origins[0], one) })
}

func (h *Handler) of(key string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count[key]
}

func (h *Handler) add(key string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count[key] += n; h.count[key] == 0 {
		delete(h.count, key)
	}
}

// beginning watches each MCP session from its first request on: it ends with its key,
// and the sessions that it has made with it.
func (h *Handler) beginning(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, req sdk.Request) (sdk.Result, error) {
		res, err := next(ctx, method, req)
		session, ok := req.GetSession().(*sdk.ServerSession)
		if method != "initialize" || err != nil || !ok {
			return res, err
		}
		token := req.GetExtra().TokenInfo
		project, _ := token.Extra["project"].(string)
		c := h.server.client(session, token.UserID, project)
		h.add(token.UserID, 1)
		h.live.Go(func() {
			defer h.add(token.UserID, -1)
			held, done := h.Keys.WithKey(h.Serving, token.UserID)
			defer done()
			defer context.AfterFunc(held, func() { c.close(session) })()
			_ = session.Wait()
			if h.Serving.Err() != nil {
				c.leave() // the server that stops says what becomes of its sessions
			}
			h.server.leave(held, session, c)
		})
		return res, nil
	}
}
