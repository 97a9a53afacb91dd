package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/sessionlog"
)

// Logs is what sessions' pages said and asked for.
type Logs interface {
	ReadLog(ctx context.Context, project, id string, q domain.LogQuery) (domain.LogPage, error)
}

type timingsView struct {
	Blocked float64 `json:"blocked" doc:"Until it was sent on its way, in milliseconds."`
	DNS     float64 `json:"dns" doc:"Looking up the name."`
	Connect float64 `json:"connect" doc:"With ssl."`
	SSL     float64 `json:"ssl" doc:"Agreeing on TLS."`
	Send    float64 `json:"send" doc:"Sending the request."`
	Wait    float64 `json:"wait" doc:"Until the answer began."`
	Receive float64 `json:"receive" doc:"Receiving the answer."`
}

type logView struct {
	Number int64  `json:"number" doc:"In the order in which they began, from 1. It can be passed as cursor."`
	Kind   string `json:"kind" enum:"console,error,request,refused" doc:"error is an exception that a page didn't catch; refused is a connection that the session may not make."`
	At     string `json:"at" format:"date-time" doc:"When it happened or, of a request, began."`
	StepID string `json:"stepId,omitempty" doc:"Of the step that ran then, if any did."`

	Type   string `json:"type,omitempty" doc:"Of the console: log, warning, error, …"`
	Text   string `json:"text,omitempty" doc:"What was written, or what the exception says."`
	URL    string `json:"url,omitempty" doc:"That was asked for or, of the console and of errors, of the script."`
	Line   int    `json:"line,omitempty" doc:"Of the script, from 1."`
	Column int    `json:"column,omitempty" doc:"Of the script, from 1."`

	Method       string       `json:"method,omitempty" doc:"The request's."`
	ResourceType string       `json:"resourceType,omitempty" example:"Document" doc:"What it was asked for as."`
	Status       int          `json:"status,omitempty" doc:"Not there: no answer came."`
	Protocol     string       `json:"protocol,omitempty" example:"h2" doc:"That the answer came by."`
	MIMEType     string       `json:"mimeType,omitempty" doc:"The answer's media type."`
	Cache        string       `json:"cache,omitempty" enum:"memory,disk,prefetch,serviceWorker" doc:"What answered in the server's place."`
	Failure      string       `json:"failure,omitempty" example:"net::ERR_NAME_NOT_RESOLVED" doc:"Why no answer came."`
	RedirectURL  string       `json:"redirectUrl,omitempty" doc:"Where the answer sent the browser: that is the next request."`
	Transferred  int64        `json:"transferredBytes,omitempty" doc:"Of the answer, on the wire."`
	Body         int64        `json:"bodyBytes,omitempty" doc:"Of the answer's body, decoded."`
	DurationMs   *float64     `json:"durationMs,omitempty" doc:"Not there: the request is under way."`
	Timings      *timingsView `json:"timings,omitempty" doc:"The parts of durationMs; -1: there was none."`

	Host   string `json:"host,omitempty" doc:"That the connection was to."`
	Port   int    `json:"port,omitempty" doc:"That the connection was to."`
	Reason string `json:"reason,omitempty" doc:"Why it was refused."`
}

type logPage struct {
	Data       []logView `json:"data" nullable:"false" doc:"The entries, in the order of their numbers."`
	NextCursor string    `json:"nextCursor,omitempty" doc:"Pass it as cursor to get the next page; not there on the last."`
	Dropped    int64     `json:"dropped" doc:"How many of the oldest entries were dropped, since the log had grown too long."`
}

func viewLog(e domain.LogEntry) logView {
	v := logView{
		Number: e.Number, Kind: string(e.Kind), At: stamp(e.At), StepID: e.StepID, Type: e.Type, Text: e.Text, URL: e.URL, Line: e.Line, Column: e.Column,
		Method: e.Method, ResourceType: e.Resource, Status: e.Status, Protocol: e.Protocol, MIMEType: e.MIMEType, Cache: e.Cache, Failure: e.Failure,
		RedirectURL: e.RedirectURL, Transferred: e.Transferred, Body: e.Body, Timings: (*timingsView)(e.Timings), Host: e.Host, Port: e.Port, Reason: e.Reason,
	}
	if e.Over {
		v.DurationMs = &e.Duration
	}
	return v
}

// harType is the media type of HTTP archives.
const harType = "application/har+json"

type logsInput struct {
	SessionPath
	Kinds  string `query:"kinds" maxLength:"100" doc:"Only these, separated by commas: console, error, request, refused."`
	Cursor string `query:"cursor" maxLength:"20" doc:"From nextCursor of the page before, or the number of an entry: what comes after it."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many there are on a page, at most."`
	Format string `query:"format" enum:"json,har" doc:"har: all requests, as an HTTP archive (HAR 1.2); Accept: application/har+json asks for the same. Cursor, limit and kinds are not for it."`

	archive bool // is accepted
}

// Resolve looks at what is accepted.
func (in *logsInput) Resolve(hc huma.Context) []error {
	r, _ := humago.Unwrap(hc)
	in.archive = accepts(r, harType)
	return nil
}

func (s *server) logRoutes() {
	operation(s, http.MethodGet, "/sessions/{sessionId}/logs", "read-logs", "Read the log of a session's pages", 200, s.readLogs,
		answersWith("application/json", harType), func(op *huma.Operation) {
			content := op.Responses["200"].Content
			content[harType].Schema = &huma.Schema{Type: huma.TypeObject, Description: "HAR 1.2: all requests.", AdditionalProperties: true}
			content["application/json"].Schema = s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[logPage](), true, "LogPage")
		})
}

func (s *server) readLogs(ctx context.Context, in *logsInput) (*huma.StreamResponse, error) {
	q := domain.LogQuery{Limit: in.Limit}
	if in.Cursor != "" {
		n, err := strconv.ParseInt(in.Cursor, 10, 64)
		if err != nil || n < 0 {
			return nil, domain.ErrCursor
		}
		q.After = n
	}
	if in.Kinds != "" {
		for name := range strings.SplitSeq(in.Kinds, ",") {
			if !slices.Contains(domain.LogKinds, domain.LogKind(name)) {
				return nil, domain.Invalid("kinds", "%q is no kind of entry", name)
			}
			q.Kinds = append(q.Kinds, domain.LogKind(name))
		}
	}
	archive := in.Format == "har" || in.Format == "" && in.archive
	if archive {
		if in.Cursor != "" || in.Kinds != "" {
			return nil, domain.Invalid("format", "an HTTP archive has all requests: leave cursor and kinds out")
		}
		q = domain.LogQuery{Kinds: []domain.LogKind{domain.LogRequest}}
	}
	if err := s.takeSlot(ctx); err != nil {
		return nil, err
	}
	got, err := s.Logs.ReadLog(ctx, project(ctx), in.SessionID, q)
	if errors.Is(err, session.ErrNoLog) && s.Hops != nil {
		return s.elsewhere(ctx, err), nil
	}
	if err != nil {
		return nil, err
	}
	if archive {
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			hc.SetHeader("Content-Type", harType)
			_ = sessionlog.WriteHAR(hc.BodyWriter(), got.Entries, s.Version)
		}}, nil
	}
	all := logPage{Dropped: got.Dropped}
	if got.More {
		all.NextCursor = strconv.FormatInt(got.Entries[len(got.Entries)-1].Number, 10)
	}
	all.Data = make([]logView, len(got.Entries))
	for i, e := range got.Entries {
		all.Data[i] = viewLog(e)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/json")
		enc := json.NewEncoder(hc.BodyWriter())
		enc.SetEscapeHTML(false)
		_ = enc.Encode(all)
	}}, nil
}
