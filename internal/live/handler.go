// Package live is the live page: a session's picture, address, tabs, state and
// steps, pushed to whoever has a link, and, with a link for control, their
// mouse and keyboard back to the browser.
package live

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/ui"
)

//go:embed assets
var assets embed.FS

// Sessions is what the live view needs of the sessions.
type Sessions interface {
	// OpenStream finds a link and its session: domain.ErrNotFound,
	// domain.ErrStreamOver, or another error when that can't be known now.
	OpenStream(ctx context.Context, token string) (domain.Stream, domain.Session, error)
	Page(id string) (*browser.Page, bool)
	// Watch records that somebody looks by a link; domain.ErrStreamOver: it is for
	// another.
	Watch(ctx context.Context, link domain.Stream, resume, address string) (domain.Viewer, error)
	Unwatch(ctx context.Context, v domain.Viewer) error
	// TakeOver has a viewer drive the session, unless another does: as it drives it then,
	// since one that comes again, by its resume token, goes on with what it did.
	TakeOver(ctx context.Context, project, session string, by domain.Control) (domain.Control, error)
	// SaveManualActions keeps what was done so far, for the artifact that the control names.
	SaveManualActions(ctx context.Context, project, session, artifact string, actions []byte) error
	GiveBack(ctx context.Context, project, session, viewer string) error
	Touch(id string)
	Changed(id string) <-chan struct{}
}

// Store reads what stands beside the picture.
type Store interface {
	Session(ctx context.Context, project, id string) (domain.Session, error)
	QueuePositions(ctx context.Context, project string, ids []string) (map[string]int, error)
	Streams(ctx context.Context, project, session string) ([]domain.Stream, error)
	// LastSteps are the latest, without their results.
	LastSteps(ctx context.Context, project, session string, before, limit int) ([]domain.Step, error)
	Steps(ctx context.Context, project, session string, after, limit int) ([]domain.Step, error)
}

// Refuse answers a request with a problem.
type Refuse func(w http.ResponseWriter, code domain.Code, detail string)

// Keys ends what is done with an API key when that is revoked.
type Keys interface {
	// WithKey gives what is done with the key a context that ends with it; an
	// empty id is nobody's key. done is to be called when it is over.
	WithKey(ctx context.Context, key string) (_ context.Context, done func())
}

// Servers are those that share the store.
type Servers interface {
	// Forward has the one that runs a session answer a request, if it is another, and
	// says whether it has.
	Forward(w http.ResponseWriter, r *http.Request, project, session string) (answered bool)
	// Elsewhere says whether it is another.
	Elsewhere(ctx context.Context, project, session string) bool
	// Anywhere has the first answer a request that can, for a file that one may have.
	Anywhere(w http.ResponseWriter, r *http.Request) (answered bool)
}

// Handler serves everything below /streams.
type Handler struct {
	// Servers is nil where there is one.
	Servers Servers
	// Embed are the origins whose pages may have the live page in a frame; "*" is
	// all of them, for one that is to be looked at.
	Embed []string
	// Recordings is nil where nothing is recorded.
	Recordings Recordings

	sessions Sessions
	store    Store
	keys     Keys
	log      *slog.Logger
	stopping <-chan struct{}
	refuse   Refuse
	page     *template.Template
	hubs     hubs
	pictures pictures

	takeovers takeovers

	sent, skipped atomic.Int64 // pictures, of all viewers
}

// New makes the handler. When stopping is closed, viewers are sent away.
func New(sessions Sessions, store Store, keys Keys, stopping <-chan struct{}, refuse Refuse, log *slog.Logger) *Handler {
	return &Handler{
		sessions: sessions, store: store, keys: keys, log: log, stopping: stopping, refuse: refuse,
		page: template.Must(template.ParseFS(assets, "assets/page.html")),
		hubs: hubs{open: map[string]*hub{}}, takeovers: takeovers{all: map[string]*takeover{}},
	}
}

// Routes adds the handler's routes.
func (h *Handler) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /streams", h.show)
	mux.HandleFunc("GET /streams/ws", h.socket)
	mux.HandleFunc("GET /streams/picture", h.picture)
	mux.HandleFunc("GET /streams/assets/{name}", h.asset)
	h.replayRoutes(mux)
}

// asset is a file that the page is made of.
func (h *Handler) asset(w http.ResponseWriter, r *http.Request) {
	name := path.Join("assets", r.PathValue("name"))
	if info, err := fs.Stat(assets, name); err != nil || info.IsDir() {
		h.refuse(w, domain.CodeNotFound, "There is no such file.")
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, assets, name)
}

// token is the one that the request's link holds, or none.
func token(r *http.Request) string {
	ids := r.URL.Query()["id"]
	if len(ids) != 1 || strings.ContainsFunc(ids[0], func(c rune) bool { return c <= ' ' || c > '~' }) {
		return ""
	}
	return ids[0]
}

// pageAgain is after how many seconds a page that can't be shown now is asked
// for again.
const pageAgain = 5

// embedders are the origins whose pages may have a page of that mode in a frame. One
// that takes input is not for all: a click could be stolen.
func (h *Handler) embedders(mode domain.StreamMode) string {
	all := slices.Clone(h.Embed)
	if mode == domain.StreamControl {
		all = slices.DeleteFunc(all, func(origin string) bool { return origin == "*" })
	}
	return strings.Join(all, " ")
}

// show is the page itself.
func (h *Handler) show(w http.ResponseWriter, r *http.Request) {
	stream, session, err := h.sessions.OpenStream(r.Context(), token(r))
	data := map[string]any{
		"Tokens": ui.Shared.Path("tokens.css"), "Icon": ui.Shared.Path("icon.svg"), "Bare": r.URL.Query().Has("bare"),
		"Control": stream.Mode == domain.StreamControl, "Session": session.ID, "Request": w.Header().Get("X-Request-Id"), "Replay": stream.Replay && h.Recordings != nil,
	}
	status := http.StatusOK
	switch {
	case errors.Is(err, domain.ErrNotFound):
		status, data["Problem"], data["Hint"] = http.StatusNotFound, "This link opens nothing", "Check that all of it was copied."
	case errors.Is(err, domain.ErrStreamOver):
		status, data["Problem"], data["Hint"] = http.StatusGone, "This link is over", "It has expired or was revoked. Ask for a new one."
	case err != nil:
		h.log.Debug("open live page", "err", err)
		status, data["Problem"], data["Hint"], data["Again"] = http.StatusServiceUnavailable, "The server is not available", "This page comes back by itself.", pageAgain
		w.Header().Set("Retry-After", strconv.Itoa(pageAgain))
	}
	embedders := h.embedders(stream.Mode)
	data["Embed"] = embedders
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "+strings.TrimSpace("'self' "+embedders)) // the dashboard has it in a frame
	head.Set("Referrer-Policy", "no-referrer")                                                                                                                                                                                                   // the address is the secret
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if err := h.page.Execute(w, data); err != nil {
		h.log.Debug("write live page", "err", err)
	}
}
