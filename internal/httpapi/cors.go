package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

const (
	corsMethods = "GET, POST, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, Last-Event-ID, Mcp-Protocol-Version, Mcp-Session-Id, Prefer, Range, Traceparent, Tracestate"
	corsExposes = "Content-Disposition, Content-Range, ETag, Idempotency-Replayed, Location, Mcp-Session-Id, Preference-Applied, Retry-After, X-Request-Id"
)

// allowOrigin lets pages of the origins that the operator names read the API's
// answers, and says whether the request was the question for that (a preflight),
// which it has answered then. There are no cookies: a page needs a key.
func (s *server) allowOrigin(w http.ResponseWriter, r *http.Request) (answered bool) {
	if len(s.Origins) == 0 || strings.HasPrefix(r.URL.Path, "/streams") || strings.HasPrefix(r.URL.Path, "/connect/") {
		return false
	}
	h := w.Header()
	origin := "*"
	if !slices.Contains(s.Origins, origin) {
		h.Add("Vary", "Origin")
		if origin = r.Header.Get("Origin"); !slices.Contains(s.Origins, origin) {
			return false
		}
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", corsExposes)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
