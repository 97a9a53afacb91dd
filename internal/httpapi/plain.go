package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	_ "embed"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
)

//go:embed docs.html
var docsHTML string

var docs = template.Must(template.New("docs").Parse(docsHTML))

// Health is the path that says that the process lives.
const Health = "/healthz"

// plainRoutes are those that need no key.
func (s *server) plainRoutes() {
	s.mux.HandleFunc("GET "+Health, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "ok\nbrowserhook %s\n", s.Version)
	})
	s.mux.HandleFunc("GET /readyz", s.readiness)
	s.mux.HandleFunc("GET /openapi.json", s.static("application/openapi+json", s.published))
	s.mux.HandleFunc("GET /.well-known/jwks.json", s.keys)
	s.mux.HandleFunc("GET /docs", s.static("text/html; charset=utf-8", s.docs))
	s.mux.Handle("GET /{$}", http.RedirectHandler("/docs", http.StatusFound))
	for _, pages := range []Pages{s.Live, s.Connect, s.MCP} {
		if pages != nil {
			pages.Routes(s.mux)
		}
	}
}

type published struct {
	body []byte
	etag string
}

// static answers with what is made the first time that anybody asks: making it costs
// milliseconds, and needs no key.
func (s *server) static(kind string, make func() ([]byte, error)) http.HandlerFunc {
	page := sync.OnceValues(func() (p published, err error) {
		p.body, err = make()
		p.etag = fmt.Sprintf(`"%x"`, sha256.Sum256(p.body))
		return p, err
	})
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := page()
		if err != nil {
			s.problem(r.Context(), err).write(w)
			return
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		h.Set("Cache-Control", "no-cache") // it is another one after an upgrade
		h.Set("ETag", p.etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.body))
	}
}

// readiness says whether the server can take requests, and in general terms why
// not: the log has the particulars.
func (s *server) readiness(w http.ResponseWriter, _ *http.Request) {
	select {
	case <-s.Draining: // long before Stopping: new work is refused from here on
		newProblem(domain.CodeUnavailable, "The server is stopping.").write(w)
		return
	default:
	}
	if err := s.Ready(); err != nil {
		why := "The store does not answer."
		if e, ok := errors.AsType[*domain.Error](err); ok {
			what, _, _ := strings.Cut(e.Message, ";") // of a change that wasn't made
			why = sentence(what)
		}
		newProblem(domain.CodeUnavailable, why).write(w)
		return
	}
	_, _ = w.Write([]byte(strings.Join(append([]string{"ok"}, s.Weaker...), "\n") + "\n"))
}

type docOperation struct {
	Method, Path, Summary string
	Parameters            []*huma.Param
	Body                  map[string]*huma.Schema
	Required              []string
}

// docAction is an action of a step.
type docAction struct {
	Name, Does, Example string
	Members             map[string]*huma.Schema
	Required            []string
}

// docActions are those that the description of a step tells apart.
func docActions(schemas huma.Registry) (all []docAction) {
	for _, ref := range schemas.Map()["Step"].OneOf {
		s := schemas.SchemaFromRef(ref.Ref)
		a := docAction{Does: s.Description, Members: maps.Clone(s.Properties), Required: s.Required}
		a.Name, _ = s.Properties["action"].Enum[0].(string)
		delete(a.Members, "action")
		if raw, ok := s.Examples[0].(json.RawMessage); ok {
			a.Example = string(raw)
		}
		all = append(all, a)
	}
	return all
}

// docs renders the API's description as a page that needs nothing from
// elsewhere.
func (s *server) docs() ([]byte, error) {
	var ops []docOperation
	oapi := s.api.OpenAPI()
	for path, item := range oapi.Paths {
		for method, op := range map[string]*huma.Operation{
			"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "DELETE": item.Delete,
		} {
			if op == nil {
				continue
			}
			d := docOperation{Method: method, Path: path, Summary: op.Summary, Parameters: op.Parameters}
			if op.RequestBody != nil {
				if m := op.RequestBody.Content["application/json"]; m != nil && m.Schema != nil {
					body := m.Schema
					if body.Ref != "" {
						body = oapi.Components.Schemas.SchemaFromRef(body.Ref)
					}
					d.Body, d.Required = body.Properties, body.Required
				}
			}
			ops = append(ops, d)
		}
	}
	order := []string{"GET", "POST", "PATCH", "DELETE"}
	slices.SortFunc(ops, func(a, b docOperation) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return slices.Index(order, a.Method) - slices.Index(order, b.Method)
	})
	var page bytes.Buffer
	err := docs.Execute(&page, map[string]any{"Version": s.Version, "Rules": rules, "Operations": ops, "Actions": docActions(oapi.Components.Schemas), "Codes": meanings})
	return page.Bytes(), err
}
