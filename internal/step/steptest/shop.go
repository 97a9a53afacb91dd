// Package steptest gives tests the pages that the examples of the actions are at
// home on.
package steptest

import (
	"embed"
	"mime"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
)

//go:embed shop
var shop embed.FS

// Shop serves the pages until the test ends: index.html at /, and others without
// their .html too.
func Shop(tb testing.TB) *httptest.Server {
	tb.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" {
			name = "index"
		}
		if path.Ext(name) == "" {
			name += ".html"
		}
		content, err := shop.ReadFile(path.Join("shop", path.Base(name)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		_, _ = w.Write(content)
	}))
	tb.Cleanup(s.Close)
	return s
}
