// Package dashboard is the pages at / where people see what the server does and work
// with it: written by the server, brought up to date while they are open, and a client
// of the public API like any other. Whoever is signed in acts as the key that they have
// signed in with; what that may do is judged by the API, and what it may not isn't
// offered.
//
// # How a page is added
//
// A page is an entry in the list of its file, such as [Handler.sessionPages], which
// [Handler.pages] has: its pattern, the role that it needs at least, and a function that
// is given a [call] (who asks, the request, and the API as them) and answers a [view]:
// the title, the entry of the navigation that it belongs to (see sections), the name of
// its template, and what that is given. Its template is a file of templates/ with one
// {{define "name"}}, written with the parts of parts.html (status, time, empty, copy, …)
// and the classes of dashboard.css, which has no others. An error of the API that the
// function returns becomes the page that tells it.
//
// What changes something is an entry with act instead of show: it calls the API and answers
// where to go on. A form posts to it; where scripts run it is sent in place, the page is
// brought up to date, and a refusal is told beside the form (class "said"). The Origin
// has been checked by then. A form that needs a role is written inside
// {{if .May "project"}}. What comes once, such as a secret, is shown by an entry of POST with
// show, whose form has a target so that no script sends it.
//
// An entry with data answers JSON for a script; one with file has the API answer with
// bytes of its own, such as an artifact's.
//
// A page whose view has Follow is brought up to date when one of those events comes: the
// browser asks for it again, and what is different in its <main> is replaced. Elements
// with an id keep their focus, what was typed and whether they are open; one with
// data-keep is left alone. What only shows when it is looked for is a <details>.
//
// Nothing is inline: no style or script attributes, which the Content-Security-Policy
// forbids. A chart is SVG that the template writes, with attributes.
package dashboard

import (
	"context"
	"embed"
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/inprocess"
	"github.com/browserhook/browserhook/internal/ui"
)

//go:embed assets
var assets embed.FS

//go:embed templates
var templates embed.FS

var files = ui.NewFiles("dashboard", assets)

// Keys are the API keys, and who is signed in with them.
type Keys interface {
	// SignIn answers a key with a token, which Authenticate takes in its place.
	SignIn(ctx context.Context, secret string) (token string, key domain.APIKey, err error)
	SignOut(ctx context.Context, token string) error
	Authenticate(ctx context.Context, secret string) (domain.APIKey, error)
}

// Handler serves the pages.
type Handler struct {
	Keys      Keys
	PublicURL func() string
	Stopping  <-chan struct{} // sends those away who follow
	Version   string
	Log       *slog.Logger

	api       http.Handler
	client    *http.Client
	templates *template.Template
	patterns  []string
}

// Over readies the handler for the API of this process.
func (h *Handler) Over(api http.Handler) {
	h.api = api
	h.client = &http.Client{Transport: inprocess.Transport(api)}
}

// page is one of the dashboard's addresses.
type page struct {
	pattern string
	role    domain.Role // that it needs; empty: whoever is signed in
	show    func(*call) (view, error)
	act     func(*call) (to string, err error)
	data    func(*call) (any, error)                  // for scripts
	file    func(*http.Request) (path, accept string) // of the API, which answers itself
}

// section is an entry of the navigation.
type section struct {
	Name, Path string
	Role       domain.Role // whose it is, at least
	Keys       string      // that lead there, one after the other
}

var sections = []section{
	{"Sessions", "/", domain.RoleViewer, "gs"},
	{"Webhooks", "/webhooks", domain.RoleViewer, "gw"},
	{"Events", "/event-types", domain.RoleViewer, "ge"},
	{"Keys", "/keys", domain.RoleOperator, "gk"},
	{"Projects", "/projects", domain.RoleOperator, "gp"},
	{"Nodes", "/nodes", domain.RoleOperator, "gn"},
}

func (h *Handler) pages() []page {
	var all []page
	for _, some := range [][]page{h.sessionPages(), h.endpointPages(), h.deliveryPages(), h.eventPages(), h.operatorPages()} {
		all = append(all, some...)
	}
	return all
}

// Routes adds the handler's routes.
func (h *Handler) Routes(mux *http.ServeMux) {
	h.templates = template.Must(template.New("").Funcs(functions).ParseFS(templates, "templates/*.html"))
	add := func(pattern string, serve http.HandlerFunc) {
		h.patterns = append(h.patterns, pattern)
		mux.HandleFunc(pattern, serve)
	}
	files.Routes(mux)
	add("GET "+signInPath, h.askKey)
	add("POST "+signInPath, h.signIn)
	add("POST "+signOutPath, h.signOut)
	add("GET "+changesPath, h.changes)
	for _, p := range h.pages() {
		add(p.pattern, func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, p) })
	}
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, ui.Shared.Path("icon.svg"), http.StatusFound)
	})
}

// Patterns are those of its pages, which take any query.
func (h *Handler) Patterns() []string { return h.patterns }

// serve answers with a page, or does what it is for, as whoever is signed in.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, p page) {
	post := r.Method == http.MethodPost
	if post && !h.ours(r) {
		h.refuse(w, r, nil, http.StatusForbidden, "Not from here", "The form is of another site, or the browser doesn't say where it is from. Open the page again.")
		return
	}
	c, ok := h.signedIn(w, r)
	if !ok {
		return
	}
	if p.role != "" && !c.key.Role.May(p.role) {
		h.refuse(w, r, c, http.StatusForbidden, "Not with this key", "This needs a key of the role "+string(p.role)+"; you are signed in as "+string(c.key.Role)+".")
		return
	}
	if post {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			h.refuse(w, r, c, http.StatusBadRequest, "That was too much", "The form could not be read.")
			return
		}
	}
	if p.act != nil {
		to, err := p.act(c)
		if err != nil {
			h.failed(w, r, c, err)
			return
		}
		if inPlace(r) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	if p.file != nil {
		path, accept := p.file(r)
		h.pass(w, r, c, path, accept)
		return
	}
	if p.data != nil {
		h.writeData(w, r, c, p.data)
		return
	}
	v, err := p.show(c)
	if err != nil {
		h.failed(w, r, c, err)
		return
	}
	h.write(w, r, c, http.StatusOK, v)
}

const maxForm = 1 << 20

// inPlace says whether a script of the dashboard's asks, which has the page already.
func inPlace(r *http.Request) bool { return r.Header.Get("X-In-Place") != "" }

// pass has the API answer with a file, or the part of it that is asked for.
func (h *Handler) pass(w http.ResponseWriter, r *http.Request, c *call, path, accept string) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, "http://api"+path, http.NoBody)
	if err != nil {
		h.missing(w, r, c)
		return
	}
	req.RequestURI, req.RemoteAddr = req.URL.RequestURI(), r.RemoteAddr
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", accept)
	for _, name := range []string{"Range", "If-Range", "If-None-Match"} {
		if value := r.Header.Get(name); value != "" {
			req.Header.Set(name, value)
		}
	}
	h.api.ServeHTTP(w, req)
}

func (h *Handler) writeData(w http.ResponseWriter, r *http.Request, c *call, data func(*call) (any, error)) {
	v, err := data(c)
	if err != nil {
		h.failed(w, r, c, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "private, max-age=600")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_ = json.NewEncoder(w).Encode(v)
}

// as is the API with a token.
func (h *Handler) as(token string) *browserhook.Client {
	c, err := browserhook.New(browserhook.Options{URL: "http://api", Key: token, HTTPClient: h.client, Retries: -1})
	if err != nil {
		panic(err) // the address is ours, and there is a token
	}
	return c
}

// localPath is a path of this server to go on to: any other is "/".
func localPath(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return "/"
	}
	return to
}
