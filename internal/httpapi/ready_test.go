package httpapi_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/httpapi"
)

// TestHealthz: it lives, and is of a version.
func TestHealthz(t *testing.T) {
	w := httptest.NewRecorder()
	httpapi.New(httpapi.Config{Version: "7.8.9", Log: slog.New(slog.DiscardHandler)}).
		ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
	if w.Code != http.StatusOK || w.Body.String() != "ok\nbrowserhook 7.8.9\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestReadyz: what is wrong is told in general terms, to anybody; a stop from its
// beginning, when only new work is refused.
func TestReadyz(t *testing.T) {
	var why error
	draining := make(chan struct{})
	api := httpapi.New(httpapi.Config{Ready: func() error { return why }, Draining: draining, Log: slog.New(slog.DiscardHandler)})
	ask := func() (int, string) {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
		return w.Code, w.Body.String()
	}
	if status, body := ask(); status != http.StatusOK || body != "ok\n" {
		t.Errorf("ready: %d %s", status, body)
	}
	full := domain.Refuse(domain.CodeUnavailable, "the disk is full; nothing was changed")
	for want, err := range map[string]error{
		`"detail":"The disk is full."`:          fmt.Errorf("secret/path: %w", full),
		`"detail":"The store does not answer."`: errors.New("secret/path is broken"),
	} {
		why = err
		if status, body := ask(); status != http.StatusServiceUnavailable || !strings.Contains(body, want) || strings.Contains(body, "secret") {
			t.Errorf("%v: %d %s", err, status, body)
		}
	}
	weaker := httpapi.New(httpapi.Config{Ready: func() error { return nil }, Weaker: []string{"Browsers are open."}, Draining: draining, Log: slog.New(slog.DiscardHandler)})
	w := httptest.NewRecorder()
	weaker.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusOK || w.Body.String() != "ok\nBrowsers are open.\n" {
		t.Errorf("weaker: %d %s", w.Code, w.Body)
	}
	why = nil
	close(draining)
	if status, body := ask(); status != http.StatusServiceUnavailable || !strings.Contains(body, "stopping") {
		t.Errorf("stopping: %d %s", status, body)
	}
}
