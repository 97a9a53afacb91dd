package dashboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/ui"
)

// call is a request of somebody who is signed in.
type call struct {
	*Handler
	// API is the public one, as whoever asks.
	API *browserhook.Client

	r     *http.Request
	key   domain.APIKey
	token string
}

// May says whether who asks has a role.
func (c *call) May(role domain.Role) bool { return c.key.Role.May(role) }

// view is what a page shows.
type view struct {
	Title    string
	Section  string // the path of its entry in the navigation
	Template string
	Data     any
	// Follow are the events, as a query of /v1/events (sessionId, types), after which the
	// page is asked for again. nil: it stays as it is.
	Follow url.Values
	// Every is how often it is asked for again beside that; 0: never.
	Every time.Duration
}

// frame is what the templates are given: the page's data, and who looks.
type frame struct {
	view
	Key      *domain.APIKey
	Sections []section
	Version  string
	Base     string // what users reach the server at
	Path     string
	Changes  string
}

// May says whether who looks has a role: what they may not do isn't offered.
func (f frame) May(role string) bool { return f.Key != nil && f.Key.Role.May(domain.Role(role)) }

// policy: a page runs the dashboard's own scripts, shows the server's own pictures and
// live pages, and speaks with nobody else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// write answers with a page, or, to a script that has the rest, with its <main>.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, c *call, status int, v view) {
	f := frame{view: v, Version: h.Version, Base: h.PublicURL(), Path: r.URL.RequestURI()}
	if c != nil {
		f.Key = &c.key
		for _, s := range sections {
			if c.May(s.Role) {
				f.Sections = append(f.Sections, s)
			}
		}
	}
	if v.Follow != nil {
		f.Changes = changesPath + "?" + v.Follow.Encode()
	}
	name := "page"
	if inPlace(r) {
		name = "main"
	}
	main, err := h.render(v.Template, f)
	var body []byte
	if err == nil {
		body, err = h.render(name, struct {
			frame
			Main template.HTML
		}{f, template.HTML(main)}) //nolint:gosec // the template has written it
	}
	if err != nil {
		h.Log.Error("write a page", "template", v.Template, "err", err)
		http.Error(w, "The page can't be written.", http.StatusInternalServerError)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", policy)
	head.Set("Referrer-Policy", "same-origin") // with none, forms have no Origin
	head.Set("Cache-Control", "no-store")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (h *Handler) render(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	err := h.templates.ExecuteTemplate(&b, name, data)
	return b.Bytes(), err
}

type problemView struct{ Title, Detail, Request string }

// refuse answers with a page that says why not; to a script, as data.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, c *call, status int, title, detail string) {
	if inPlace(r) && r.Method != http.MethodGet {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"title": title, "detail": detail})
		return
	}
	h.write(w, r, c, status, view{Title: title, Template: "problem", Data: problemView{title, detail, w.Header().Get("X-Request-Id")}})
}

// failed answers with why the API would not.
func (h *Handler) failed(w http.ResponseWriter, r *http.Request, c *call, err error) {
	problem, ok := errors.AsType[*browserhook.Error](err)
	switch {
	case !ok:
		h.Log.Error("dashboard", "err", err)
		h.refuse(w, r, c, http.StatusInternalServerError, "Something went wrong", "The server's log says what.")
	case problem.Status == http.StatusUnauthorized:
		h.away(w, r)
	case problem.Status == http.StatusNotFound && r.Method == http.MethodGet:
		h.missing(w, r, c)
	default:
		detail := problem.Detail
		for _, f := range problem.Fields {
			detail = strings.TrimSpace(f.Field + " " + f.Message)
			break
		}
		h.refuse(w, r, c, problem.Status, problem.Title, detail)
	}
}

// Missing answers where there is no page.
func (h *Handler) Missing(w http.ResponseWriter, r *http.Request) {
	var c *call
	if token := h.token(r); token != "" {
		if key, err := h.Keys.Authenticate(r.Context(), token); err == nil {
			c = &call{Handler: h, r: r, key: key, token: token}
		}
	}
	h.missing(w, r, c)
}

func (h *Handler) missing(w http.ResponseWriter, r *http.Request, c *call) {
	h.write(w, r, c, http.StatusNotFound, view{Title: "Not found", Template: "missing", Data: r.URL.Path})
}

// functions are what templates can do.
var functions = template.FuncMap{
	"asset":   files.Path,
	"shared":  ui.Shared.Path,
	"stamp":   func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
	"when":    func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") },
	"ago":     func(t time.Time) string { return ago(time.Since(t)) },
	"took":    took,
	"in":      func(t time.Time) string { return soon(time.Until(t)) },
	"count":   func(n int) string { return counted(float64(n)) },
	"waiting": waiting,
	"ms":      func(ms float64) string { return took(time.Duration(ms * float64(time.Millisecond))) },
	"bytes":   size,
	"json":    pretty,
	"lower":   strings.ToLower,
	"dict":    dict,
	"short":   short,
	"query":   address,
}

// ago is how long something is past, in one unit.
func ago(d time.Duration) string {
	switch {
	case d < 5*time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// soon is how far off something is, in one unit.
func soon(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("in %d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("in %d min", int(d.Minutes()))
	}
	return fmt.Sprintf("in %d h", int(d.Hours()))
}

// took is a duration as people say it.
func took(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < 10*time.Second:
		if d < time.Second {
			return fmt.Sprintf("%d ms", d.Milliseconds())
		}
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// size is a number of bytes.
func size(n int64) string {
	f := float64(n)
	for i, unit := range []string{"B", "kB", "MB", "GB"} {
		if f < 1000 || i == 3 {
			if i == 0 || f >= 100 {
				return fmt.Sprintf("%d %s", int64(math.Round(f)), unit)
			}
			return fmt.Sprintf("%.1f %s", f, unit)
		}
		f /= 1000
	}
	return ""
}

// pretty is JSON on lines; what isn't JSON is as it came.
func pretty(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}

// short is an id that fits a column: its end tells ids apart.
func short(id string) string {
	name, rest, ok := strings.Cut(id, "_")
	if !ok || len(rest) <= 10 {
		return id
	}
	return name + "_…" + rest[len(rest)-8:]
}

// dict is what a part is given that takes several things.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a name has no value")
	}
	m := map[string]any{}
	for pair := range slices.Chunk(pairs, 2) {
		name, ok := pair[0].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pair[0])
		}
		m[name] = pair[1]
	}
	return m, nil
}

// address is that of a page with parameters, a name and a value each; those that are
// empty are left out.
func address(path string, pairs ...string) string {
	q := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			q.Set(pair[0], pair[1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
