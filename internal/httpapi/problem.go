package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/docsite"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/strictjson"
)

// Problem is every error's body: RFC 9457, with a stable code.
type Problem struct {
	Type      string       `json:"type" format:"uri" doc:"Opens what the code means." example:"http://127.0.0.1:8080/docs/errors#invalid_request"`
	Title     string       `json:"title" doc:"What the status is called." example:"Unprocessable Entity"`
	Status    int          `json:"status" doc:"The answer's HTTP status." example:"422"`
	Code      string       `json:"code" doc:"Stable name of what is wrong." example:"invalid_request"`
	Detail    string       `json:"detail,omitempty" doc:"One sentence for a person."`
	Errors    []FieldError `json:"errors,omitempty" doc:"The fields that are wrong, the first 20 of them."`
	RetryAt   string       `json:"retryAt,omitempty" format:"date-time" doc:"From when on the request can be done; Retry-After says it too."`
	RequestID string       `json:"requestId" doc:"Names the request in the server's log; also in the header X-Request-Id."`

	retryAt time.Time
}

// FieldError is one field that is wrong.
type FieldError struct {
	Field   string `json:"field" doc:"Its path in the body, or the name of the parameter or header." example:"steps[1].url"`
	Message string `json:"message" doc:"What is wrong with it, and what would be right."`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status, for huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is RFC 9457's, for huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// retryAfter is when to ask again what is unavailable now, in seconds.
const retryAfter = "5"

// GetHeaders is what goes with the problem, for huma.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="browserhook"`)
	}
	if p.Status == http.StatusServiceUnavailable || p.Code == string(domain.CodeQueueFull) {
		h.Set("Retry-After", retryAfter)
	}
	if !p.retryAt.IsZero() {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(max(0, time.Until(p.retryAt).Seconds())))))
	}
	return h
}

// meaning is the HTTP status of a code, and what its type explains.
type meaning struct {
	Status int
	Says   string
}

// meanings is the one place where codes get them.
var meanings = map[domain.Code]meaning{
	domain.CodeInvalid:       {422, "A field, parameter or header is wrong: errors says which, and what would be right."},
	domain.CodeMalformed:     {400, "The body is not JSON, or could not be read."},
	domain.CodeNotFound:      {404, "There is no such path, or nothing under the id in the key's project. What is another project's is not found either."},
	domain.CodeExpired:       {410, "Retention has deleted events after the cursor that were not read. Begin anew with the cursor beginning, and look at the sessions themselves for what is missing."},
	domain.CodeConflict:      {409, "The state of things doesn't allow it; detail says what has to be done first."},
	domain.CodeEnded:         {409, "The session has ended, or is about to: it takes nothing more. Make another one."},
	domain.CodeIdempotency:   {409, "The Idempotency-Key was used for another request within 24 hours. A repeated call has the same path and body; another call needs a key of its own."},
	domain.CodeTooMany:       {429, "Too much is asked for at once. Wait as long as Retry-After says, or a moment, and ask again."},
	domain.CodeQueueFull:     {429, "As many sessions wait for a browser as may. Wait as long as Retry-After says and ask again; the operator's max-sessions and max-queued are the limits."},
	domain.CodeUnavailable:   {503, "The server stops, or can't reach its store. Nothing was done. Wait as long as Retry-After says and ask again."},
	domain.CodeUnauthorized:  {401, "Send a valid API key as Authorization: Bearer bh_…. It may have been revoked."},
	domain.CodeForbidden:     {403, "The key is valid, and its role doesn't include this: it needs one of the role that detail names."},
	"method_not_allowed":     {405, "The path is there, and takes other methods; the header Allow names them."},
	"body_too_large":         {413, "The body has more than 1 MiB. Files are uploaded by their address, or taken from a download."},
	"unsupported_media_type": {415, "Bodies are sent as application/json."},
	"request_timeout":        {408, "The request took too long to arrive."},
	"range_not_satisfiable":  {416, "The file has no such bytes: it is shorter than what Range asks for."},
	"upgrade_required":       {426, "The address is for WebSocket connections: connect to it with ws:// or wss://."},
	"video_unavailable":      {501, "The server has no ffmpeg, which makes videos of recordings. The recording's parts can be fetched as artifacts."},
	"internal":               {500, "Something went wrong inside the server. Its log says what, under the request's id; whether the request was done is not known."},
}

func newProblem(code domain.Code, detail string, fields ...FieldError) *Problem {
	status := meanings[code].Status
	return &Problem{
		Type: docsite.ErrorType(string(code)), Title: http.StatusText(status), Status: status, Code: string(code),
		Detail: detail, Errors: fields,
	}
}

// maxErrors is how many fields a problem names: an answer is bounded, whatever
// the body.
const maxErrors = 20

// codes names what huma itself refuses, by its status.
var codes = map[int]domain.Code{
	400: domain.CodeMalformed, 401: domain.CodeUnauthorized, 403: domain.CodeForbidden, 404: domain.CodeNotFound, 405: "method_not_allowed", 406: domain.CodeInvalid,
	408: "request_timeout", 413: "body_too_large", 415: "unsupported_media_type", 422: domain.CodeInvalid,
}

func init() { //nolint:gochecknoinits // huma has these for all of its APIs
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false // see type nulls
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		code, ok := codes[status]
		if !ok {
			return internalProblem()
		}
		p := newProblem(code, msg)
		for _, err := range errs[:min(len(errs), maxErrors)] {
			d, ok := errors.AsType[*huma.ErrorDetail](err)
			if !ok {
				continue
			}
			field := d.Location
			for _, where := range []string{"body", "query", "path", "header"} {
				if rest, ok := strings.CutPrefix(field, where); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
					field = strings.TrimPrefix(rest, ".")
					break
				}
			}
			message := d.Message
			if where, what, ok := strings.Cut(message, ": "); ok && field == "" {
				field, message = where, what // a *strictjson.Error, of which huma keeps the text
			}
			if name, ok := strings.CutPrefix(message, "expected required property "); ok {
				// huma names the object; the user wants the member.
				field, message = strings.TrimPrefix(field+"."+strings.TrimSuffix(name, " to be present"), "."), "is needed"
			}
			p.Errors = append(p.Errors, FieldError{Field: unguardPath.Replace(field), Message: message})
		}
		if len(p.Errors) > 0 && code == domain.CodeInvalid {
			p.Detail = "The request is not valid."
			if first := p.Errors[0]; first.Field != "" {
				p.Detail = first.Field + ": " + first.Message
			}
		}
		return p
	}
}

// problem turns an error into what the user may see of it.
func (s *server) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if e, ok := errors.AsType[*domain.Error](err); ok {
		if e.Field == "" {
			p := newProblem(e.Code, sentence(e.Message))
			if p.retryAt = e.RetryAt; !p.retryAt.IsZero() {
				p.RetryAt = stamp(p.retryAt.Add(time.Millisecond - 1)) // not before it
			}
			return p
		}
		return newProblem(e.Code, e.Field+": "+e.Message, FieldError{Field: e.Field, Message: e.Message})
	}
	if errors.Is(err, domain.ErrNotFound) {
		return newProblem(domain.CodeNotFound, "There is nothing under this id.")
	}
	if ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "request failed", "request", requestID(ctx), "err", err)
	}
	return internalProblem()
}

// internalProblem is all that anybody is told of what went wrong inside.
func internalProblem() *Problem {
	return newProblem("internal", "Something went wrong inside the server; its log has more under this request's id.")
}

// of is the problem as one request is answered: with its id, and the server's
// address. It is one of many that may have the same.
func (p *Problem) of(id, base string) *Problem {
	one := *p
	one.RequestID, one.Type = id, base+p.Type
	return &one
}

// nameProblem gives the problems that huma writes the request's id and the server's address.
func (s *server) nameProblem(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*Problem); ok {
		return p.of(requestID(ctx.Context()), s.base()), nil
	}
	return v, nil
}

// base is the address under which users reach the server.
func (s *server) base() string {
	if s.PublicURL == nil {
		return ""
	}
	return s.PublicURL()
}

// baseOf is the address under which users reach the server, from the writer of an answer.
func baseOf(w http.ResponseWriter) string {
	for {
		switch v := w.(type) {
		case *answer:
			return v.base
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return "" // before the API: it is relative to what was asked for
		}
	}
}

// checkJSON says what is wrong with a body that isn't strict JSON.
func checkJSON(raw []byte) *Problem {
	err := strictjson.Check(raw)
	e, ok := errors.AsType[*strictjson.Error](err)
	switch {
	case !ok:
		return nil
	case !e.Syntax:
		return newProblem(domain.CodeInvalid, e.Error(), FieldError{Field: e.Field, Message: e.Problem})
	case e.Field != "":
		return newProblem(domain.CodeMalformed, "The body is not JSON: "+e.Error()+".", FieldError{Field: e.Field, Message: e.Problem})
	default:
		return newProblem(domain.CodeMalformed, "The body is not one JSON value: "+e.Problem+".")
	}
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// write answers outside of huma.
func (p *Problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	maps.Copy(h, p.GetHeaders())
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p.of(h.Get(requestHeader), baseOf(w)))
}

// Refuse answers a request with a problem, for handlers outside of this
// package that stand behind its own, or before it.
func Refuse(w http.ResponseWriter, code domain.Code, detail string) {
	if w.Header().Get(requestHeader) == "" {
		w.Header().Set(requestHeader, domain.NewID("req"))
	}
	newProblem(code, detail).write(w)
}
