package httpapi

import (
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"

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
	s.mux.HandleFunc("GET "+Health, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	s.mux.HandleFunc("GET /readyz", s.readiness)
	s.mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		raw, err := s.api.OpenAPI().MarshalJSON()
		if err != nil {
			newProblem("internal", "").write(w)
			return
		}
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(raw)
	})
	s.mux.HandleFunc("GET /.well-known/jwks.json", s.keys)
	s.mux.HandleFunc("GET /docs", s.docs)
	s.mux.Handle("GET /{$}", http.RedirectHandler("/docs", http.StatusFound))
	if s.Live != nil {
		s.Live.Routes(s.mux)
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
	_, _ = w.Write([]byte("ok\n"))
}

type docOperation struct {
	Method, Path, Summary string
	Parameters            []*huma.Param
	Body                  map[string]*huma.Schema
	Required              []string
}

// docs renders the API's description as a page that needs nothing from
// elsewhere.
func (s *server) docs(w http.ResponseWriter, _ *http.Request) {
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
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	codes := make([]string, 0, len(statuses))
	for code := range statuses {
		codes = append(codes, string(code))
	}
	slices.Sort(codes)
	if err := docs.Execute(w, map[string]any{"Version": s.Version, "Rules": rules, "Operations": ops, "Codes": codes}); err != nil {
		s.Log.Debug("write docs", "err", err)
	}
}
