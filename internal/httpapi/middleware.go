package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/hop"
)

type contextKey int

const (
	apiKeyKey contextKey = iota
	requestKey
	bodyKey
	slotKey
)

func caller(ctx context.Context) domain.APIKey {
	k, _ := ctx.Value(apiKeyKey).(domain.APIKey)
	return k
}
func project(ctx context.Context) string   { return caller(ctx).ProjectID }
func requestID(ctx context.Context) string { id, _ := ctx.Value(requestKey).(string); return id }

// requestBody is the body as it came; it must not be changed.
func requestBody(ctx context.Context) []byte { raw, _ := ctx.Value(bodyKey).([]byte); return raw }

// middleware is what every request goes through before its route: an id, a net for
// panics, the key, the body's form, and an answer where no route is.
func (s *server) middleware(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := domain.NewID("req")
		r, forged := s.arrived(r)
		if h := hop.Of(r.Context()); h != nil {
			id = h.Request
		}
		r = r.WithContext(context.WithValue(r.Context(), requestKey, id))
		_, pattern := mux.Handler(r)
		answer := &answer{ResponseWriter: w, base: s.base()}
		w = answer
		if s.Request != nil {
			var done func(int)
			r, done = s.Request(r, pattern)
			defer func() { done(answer.status) }()
		}
		defer s.logRequest(r, pattern, answer, time.Now())
		h := w.Header()
		h.Set(requestHeader, id)
		h.Set("X-Content-Type-Options", "nosniff")
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // it is thrown as itself
					panic(p)
				}
				s.Log.ErrorContext(r.Context(), "panic in a request", "request", id, "panic", p, "stack", string(debug.Stack()))
				internalProblem().write(w)
			}
		}()
		if s.allowOrigin(w, r) {
			return
		}
		if forged {
			newProblem(domain.CodeForbidden, "The header "+hop.Header+" is not from a server of this cluster.").write(w)
			return
		}
		if hop.Of(r.Context()) != nil {
			if s.Hops.Hurry(w, r) {
				return
			}
			if s.leaves(pattern) {
				newProblem(domain.CodeUnavailable, "The server is stopping.").write(w)
				return
			}
			h.Set(hop.Header, hop.Served)
		}
		if pattern == "" {
			s.noRoute(w, r, mux)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/v1/") || pattern == metricsPattern {
			key, err := s.authenticate(r)
			if err == nil {
				err = permit(key, pattern)
			}
			if err != nil {
				s.problem(r.Context(), err).write(w)
				return
			}
			r = r.WithContext(context.WithValue(r.Context(), apiKeyKey, key))
			h.Set("Cache-Control", "no-store")
			raw, problem := checkBody(w, r)
			if problem != nil {
				problem.write(w)
				return
			}
			if h := hop.Of(r.Context()); h != nil && !h.Carries(raw) {
				w.Header().Del(hop.Header)
				newProblem(domain.CodeForbidden, "The body is another than the header "+hop.Header+" is for.").write(w)
				return
			}
			r = r.WithContext(context.WithValue(r.Context(), bodyKey, raw))
			var release func()
			r, release = withSlot(r)
			defer release()
			if s.Hops != nil && slices.Contains(offered, pattern) && s.Hops.Offer(w, r, raw, key.ProjectID, sessionOf(r)) {
				return
			}
			if s.Hops != nil && pattern == videoRoute && s.Hops.Forward(w, r, key.ProjectID, sessionOf(r)) {
				return
			}
			if r.Method == http.MethodGet && r.URL.Path == "/v1/events" && accepts(r, "text/event-stream") {
				s.follow(w, r)
				return
			}
		} else if !s.anyQuery(r, pattern) {
			if problem := checkQuery(r, nil); problem != nil {
				problem.write(w)
				return
			}
		}
		mux.ServeHTTP(w, r)
	})
}

// anyQuery says whether a route that isn't the API's takes parameters that nobody knows:
// chats, mails and programs add things to links, and pages look after themselves.
func (s *server) anyQuery(r *http.Request, pattern string) bool {
	return strings.HasPrefix(r.URL.Path, "/streams") || strings.HasPrefix(r.URL.Path, "/connect/") ||
		s.Dashboard != nil && slices.Contains(s.Dashboard.Patterns(), pattern)
}

func (s *server) noRoute(w http.ResponseWriter, r *http.Request, mux *http.ServeMux) {
	// The mux tells a wrong method from a wrong path only by answering.
	told := unsent{}
	mux.ServeHTTP(told, r)
	if allow := http.Header(told).Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
		newProblem("method_not_allowed", "This path takes "+allow+".").write(w)
		return
	}
	if s.Dashboard != nil && accepts(r, "text/html") && !strings.HasPrefix(r.URL.Path, "/v1/") {
		s.Dashboard.Missing(w, r)
		return
	}
	newProblem(domain.CodeNotFound, "There is no such path; see /docs.").write(w)
}

// unsent is the header of an answer that nobody gets.
type unsent http.Header

func (u unsent) Header() http.Header         { return http.Header(u) }
func (u unsent) Write(p []byte) (int, error) { return len(p), nil }
func (u unsent) WriteHeader(int)             {}

var errUnauthorized = newProblem("unauthorized", "Send a valid API key as Authorization: Bearer bh_….")

// authenticate finds the request's key.
func (s *server) authenticate(r *http.Request) (domain.APIKey, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	secret = strings.TrimLeft(secret, " ")
	if !strings.EqualFold(scheme, "Bearer") || !visible(secret) {
		return domain.APIKey{}, errUnauthorized
	}
	key, err := s.Access.Authenticate(r.Context(), secret)
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Code == domain.CodeUnauthorized {
		err = errUnauthorized
	}
	return key, err
}

// checkBody reads a body, which must be strict JSON, once.
func checkBody(w http.ResponseWriter, r *http.Request) ([]byte, *Problem) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, newProblem("body_too_large", "The body may have at most 1 MiB. A file for a page may come by its url or as an artifactId instead.")
	}
	if err != nil {
		return nil, newProblem(domain.CodeMalformed, "The body could not be read.")
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	if len(raw) == 0 {
		r.Body = http.NoBody
		return nil, nil
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, newProblem("unsupported_media_type", "Send the body as application/json.")
	}
	r.Header.Set("Content-Type", kind) // huma knows this one spelling
	return raw, checkJSON(raw)
}

// visible says whether a text is nothing but visible ASCII.
func visible(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// accepts says whether the request names a media type among those that it takes.
func accepts(r *http.Request, kind string) bool {
	for _, line := range r.Header.Values("Accept") {
		for one := range strings.SplitSeq(line, ",") {
			if got, _, err := mime.ParseMediaType(one); err == nil && got == kind {
				return true
			}
		}
	}
	return false
}
