package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/httpapi"
)

// TestPagesOfNamedOriginsUseTheAPI, and those of others don't.
func TestPagesOfNamedOriginsUseTheAPI(t *testing.T) {
	onBothStores(t, func(r *rig) {
		const app = "https://app.example.com"
		serve := func(origins ...string) http.Handler {
			cfg := r.config
			cfg.Origins = origins
			return httpapi.New(cfg)
		}
		ask := func(h http.Handler, method, target, origin string, header ...string) *httptest.ResponseRecorder {
			req := httptest.NewRequestWithContext(t.Context(), method, target, nil)
			req.Header.Set("Authorization", "Bearer "+r.key)
			if origin != "" {
				req.Header.Set("Origin", origin)
			}
			for _, line := range header {
				name, value, _ := strings.Cut(line, ": ")
				req.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, req)
			return w
		}
		preflight := []string{"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type,idempotency-key"}
		for _, tt := range []struct {
			origins []string
			origin  string
			allowed string
		}{
			{nil, app, ""}, {[]string{app}, app, app}, {[]string{"https://other.example.com", app}, app, app},
			{[]string{app}, "https://evil.example.com", ""}, {[]string{app}, app + ".evil.com", ""}, {[]string{app}, "http://app.example.com", ""},
			{[]string{app}, "null", ""}, {[]string{app}, "", ""}, {[]string{"*"}, app, "*"}, {[]string{"*"}, "null", "*"},
		} {
			h := serve(tt.origins...)
			for _, target := range []string{"/v1/sessions", "/v1/sessions/browser_none", "/v1/nothing", "/openapi.json", "/v1/sessions?no=1"} {
				w := ask(h, "GET", target, tt.origin)
				if got := w.Header().Get("Access-Control-Allow-Origin"); got != tt.allowed {
					t.Errorf("%v: %s from %q: %q", tt.origins, target, tt.origin, got)
				}
				if named := len(tt.origins) > 0 && tt.origins[0] != "*"; named != (w.Header().Get("Vary") == "Origin") {
					t.Errorf("%v: %s varies by %q", tt.origins, target, w.Header().Get("Vary"))
				}
				if tt.allowed != "" && !strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "X-Request-Id") {
					t.Errorf("%s hides its headers", target)
				}
				if w.Header().Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s takes cookies", target)
				}
			}
			w := ask(h, "OPTIONS", "/v1/sessions", tt.origin, preflight...)
			if tt.allowed == "" {
				if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Access-Control-Allow-Methods") != "" {
					t.Errorf("%v: a preflight from %q: %d %v", tt.origins, tt.origin, w.Code, w.Header())
				}
				continue
			}
			if w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Methods") != "GET, POST, PATCH, DELETE" ||
				!strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Idempotency-Key") || !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Mcp-Session-Id") || w.Header().Get("Access-Control-Max-Age") != "600" {
				t.Errorf("%v: a preflight from %q: %d %v", tt.origins, tt.origin, w.Code, w.Header())
			}
		}
		h := serve("*")
		for _, target := range []string{"/streams?id=x", "/connect/browser_none"} {
			if w := ask(h, "GET", target, app); w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s is not the API's", target)
			}
		}
		if w := ask(h, "OPTIONS", "/v1/sessions", app); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("OPTIONS that asks nothing: %d", w.Code)
		}
	})
}
