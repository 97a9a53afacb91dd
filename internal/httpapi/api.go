// Package httpapi is the HTTP API: routes, keys, problems, and the OpenAPI
// description that all of it is generated from.
package httpapi

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/browserhook/browserhook/internal/docsite"
	"github.com/browserhook/browserhook/internal/domain"
)

// Pages are routes that look after themselves.
type Pages interface{ Routes(mux *http.ServeMux) }

// Dashboard is the pages for people.
type Dashboard interface {
	Pages
	Patterns() []string                             // of pages that take any query
	Missing(w http.ResponseWriter, r *http.Request) // where there is no page
}

// Config is what the API stands on. Each group of routes says beside them what it
// asks.
type Config struct {
	Access     Access
	Sessions   Sessions
	Streams    Streams
	Steps      Steps
	Artifacts  Artifacts
	Logs       Logs
	Recordings Recordings
	Endpoints  Endpoints
	Deliveries Deliveries
	Events     Events
	Explain    Explain
	Stats      Stats
	Examples   Examples
	PublicKeys PublicKeys
	// Forget deletes a session that has ended, with all that belongs to it.
	Forget  func(ctx context.Context, project, id string) error
	Live    Pages // below /streams
	Connect Pages // below /connect
	MCP     Pages // /mcp
	// Dashboard is nil where it is turned off.
	Dashboard Dashboard
	Nodes     Nodes
	Hops      Hops         // nil: there is one server
	Metrics   http.Handler // for Prometheus; nil: there are none
	// Request is told of each request and its route, and gives it as it goes on; done is
	// called with the status that it was answered with, 0: none. nil: nobody wants to
	// know.
	Request   func(r *http.Request, route string) (_ *http.Request, done func(status int))
	PublicURL func() string
	Version   string
	// Settings are the server's, for the documents. nil: there are none.
	Settings func() ([]docsite.Setting, error)
	Origins  []string // of pages that may read answers; "*": of any
	Log      *slog.Logger
	// Draining is closed when the server begins to stop: requests that wait for
	// steps are answered with what there is.
	Draining <-chan struct{}
	// Stopping ends requests that follow the log, when the server stops.
	Stopping <-chan struct{}
	// Ready is why requests can't be answered now; nil when they can. It is asked
	// as often as anybody likes.
	Ready func() error
	// Weaker are sentences about what this machine lacks, though requests are answered.
	Weaker []string
}

type server struct {
	Config
	api huma.API
	mux *http.ServeMux

	limiter *limiter
}

const maxBody = 1 << 20

// rules hold for every route; they are part of the description.
var rules = []string{
	"Bodies are JSON of at most 1 MiB, 32 levels and 50,000 values, in names of at most 256 bytes. What is not known is refused with its path: members (names have a case), query parameters, and those given more than once where there can be one. So are members that come twice, text that is no Unicode or holds U+0000, and numbers that a float64 can't hold.",
	"Every list takes limit and cursor, and answers with data and nextCursor. nextCursor, given as cursor to the same list, leads to what comes after; it is not there when the list has ended. The log of events goes on: it always has one.",
	"null, when something is made, is the same as leaving the member out. In a PATCH it clears the member, where it can be cleared. In what is done to many (retry, cancel, recover) it is refused, as it is among names of your own (metadata) and in lists.",
}

// New makes the handler of every route.
func New(cfg Config) http.Handler {
	s := build(cfg)
	return s.middleware(s.mux)
}

// OpenAPI is the description of the API as YAML.
func OpenAPI(version string) ([]byte, error) {
	return build(Config{Version: version}).openapiYAML()
}

func build(cfg Config) *server {
	s := &server{Config: cfg, mux: http.NewServeMux(), limiter: newLimiter()}
	hc := huma.DefaultConfig("browserhook", cfg.Version)
	hc.CreateHooks = nil // no $schema members in answers
	hc.DocsPath, hc.SchemasPath, hc.OpenAPIPath = "", "", ""
	hc.Info.Description = "Real browsers over HTTP: sessions, steps, a live view, and webhooks that arrive.\n\n" + strings.Join(rules, "\n\n")
	hc.Components.Schemas = huma.NewMapRegistry(components, schemaName)
	hc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"apiKey": {
		Type: "http", Scheme: "bearer", BearerFormat: "bh_…", Description: "An API key, of a project and with a role: viewer, project or operator.",
	}}
	hc.Security = []map[string][]string{{"apiKey": {}}}
	hc.Formats = map[string]huma.Format{"application/json": strict, "json": strict} // the second is of …+json
	hc.Transformers = []huma.Transformer{s.nameProblem}
	s.api = humago.New(s.mux, hc)
	s.api.UseMiddleware(withETag, s.checkInput)
	s.sessionRoutes()
	s.stepRoutes()
	s.eventRoutes()
	s.endpointRoutes()
	s.deliveryRoutes()
	s.explainRoutes()
	s.statsRoutes()
	s.accessRoutes()
	s.nodeRoutes()
	s.metricsRoute()
	nulls{hc.Components.Schemas}.describe(s.api.OpenAPI())
	s.describe()
	s.plainRoutes()
	return s
}

// operation registers a route below /v1. Every error of the handler's becomes
// a problem.
func operation[I, O any](s *server, method, path, id, summary string, status int, handler func(context.Context, *I) (*O, error), more ...func(*huma.Operation)) {
	role, ok := routeRoles[method+" /v1"+path]
	if !ok {
		panic("no role for " + method + " /v1" + path)
	}
	text, ok := operationDocs[id]
	if !ok {
		panic("nothing is said of " + id)
	}
	op := huma.Operation{
		OperationID: id, Description: text.does, Method: method, Path: "/v1" + path, Summary: summary, DefaultStatus: status,
		MaxBodyBytes: maxBody, BodyReadTimeout: -1, Tags: []string{tagOf(path)},
		Middlewares: huma.Middlewares{idempotencyKey(makes[I]())},
	}
	for _, add := range more {
		add(&op)
	}
	op.Description += "\n\nRole: " + string(role) + "."
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// answersWith has an operation answer with bytes of one of the media types, and an
// ETag of its own if any.
func answersWith(kinds ...string) func(*huma.Operation) {
	content := map[string]*huma.MediaType{}
	for _, kind := range kinds {
		content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	return func(op *huma.Operation) {
		op.Metadata = map[string]any{ownAnswer: true}
		op.Responses = map[string]*huma.Response{strconv.Itoa(op.DefaultStatus): {Description: http.StatusText(op.DefaultStatus), Content: content}}
	}
}

type page[T any] struct {
	Data       []T    `json:"data" nullable:"false" doc:"What is on this page."`
	NextCursor string `json:"nextCursor,omitempty" doc:"Pass it as cursor to get the next page; not there on the last."`
}

type pageOutput[T any] struct{ Body page[T] }

func pageOf[A, B any](rows []A, next string, view func(A) B) *pageOutput[B] {
	out := &pageOutput[B]{}
	out.Body.Data = make([]B, len(rows))
	for i, r := range rows {
		out.Body.Data[i] = view(r)
	}
	out.Body.NextCursor = next
	return out
}

// WholePaging picks a page of a list that is short, and may be asked for as a whole.
// It is exported because huma fills in no unexported embedded struct.
type WholePaging struct {
	Cursor string `query:"cursor" maxLength:"200" doc:"From nextCursor of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many there are on a page, at most."`
}

// pageOfAll is a page of a list that is there as a whole; its cursors are keys.
func pageOfAll[A, B any](all []A, in *WholePaging, key func(A) string, view func(A) B) (*pageOutput[B], error) {
	if in.Cursor != "" {
		i := slices.IndexFunc(all, func(one A) bool { return key(one) == in.Cursor })
		if i < 0 {
			return nil, domain.ErrCursor
		}
		all = all[i+1:]
	}
	next := ""
	if len(all) > in.Limit {
		all = all[:in.Limit]
		next = key(all[in.Limit-1])
	}
	return pageOf(all, next, view), nil
}

// Paging picks a page of a list. It is exported because huma fills in no unexported embedded
// struct.
type Paging struct {
	Cursor string `query:"cursor" maxLength:"200" doc:"From nextCursor of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many there are on a page, at most."`
}

// number is the cursor of a list whose rows are numbered, or the one before the
// first.
func (p Paging) number(first int) (int, error) {
	if p.Cursor == "" {
		return first, nil
	}
	n, err := strconv.Atoi(p.Cursor)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return 0, domain.ErrCursor
	}
	return n, nil
}

// SessionPath names the session of a route. It is exported because huma fills in no unexported embedded
// struct.
type SessionPath struct {
	SessionID string `path:"sessionId" maxLength:"64" doc:"The session."`
}

type empty struct{}
