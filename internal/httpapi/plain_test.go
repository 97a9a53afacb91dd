package httpapi_test

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/httpapi"
)

// TestWhatAnybodyMayAskIsMadeOnce: the description and the page of it take
// milliseconds to make, and whoever asks needs no key.
func TestWhatAnybodyMayAskIsMadeOnce(t *testing.T) {
	api := httpapi.New(httpapi.Config{Log: slog.New(slog.DiscardHandler)})
	for path, kind := range map[string]string{"/openapi.json": "application/openapi+json", "/docs/api/sessions": "text/html; charset=utf-8"} {
		ask := func(etag string, takes ...string) *httptest.ResponseRecorder {
			w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			if etag != "" {
				r.Header.Set("If-None-Match", etag)
			}
			r.Header["Accept-Encoding"] = takes
			api.ServeHTTP(w, r)
			return w
		}
		first := ask("")
		etag := first.Header().Get("ETag")
		if first.Code != http.StatusOK || first.Header().Get("Content-Type") != kind || etag == "" || !strings.Contains(first.Body.String(), "/v1/sessions") {
			t.Fatalf("%s: %d %v", path, first.Code, first.Header())
		}
		if again := ask(etag); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s again: %d %d bytes", path, again.Code, again.Body.Len())
		}
		if another := ask(`"another"`); another.Code != http.StatusOK || another.Body.String() != first.Body.String() || another.Header().Get("ETag") != etag {
			t.Errorf("%s by who has another: %d", path, another.Code)
		}
		packed := ask(etag, "br, gzip")
		z, err := gzip.NewReader(packed.Body)
		if err != nil || packed.Code != http.StatusOK || packed.Header().Get("Content-Encoding") != "gzip" || packed.Header().Get("Vary") == "" {
			t.Fatalf("%s packed: %d %v, %v", path, packed.Code, packed.Header(), err)
		}
		if raw, err := io.ReadAll(z); err != nil || string(raw) != first.Body.String() {
			t.Errorf("%s is another when packed: %v", path, err)
		}
		if again := ask(packed.Header().Get("ETag"), "gzip"); again.Code != http.StatusNotModified || packed.Header().Get("ETag") == etag {
			t.Errorf("%s packed, again: %d", path, again.Code)
		}
		asked := testing.AllocsPerRun(10, func() { ask(etag) })
		if asked > 200 {
			t.Errorf("%s again: %.0f allocations", path, asked)
		}
	}
}
