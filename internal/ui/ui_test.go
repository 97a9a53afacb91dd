package ui

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"testing/fstest"
)

// TestFilesAreServed: every shared file, as it is and packed, for good, under a type that
// browsers keep to; and nothing else.
func TestFilesAreServed(t *testing.T) {
	mux := http.NewServeMux()
	Shared.Routes(mux)
	ask := func(method, path, encoding string) *http.Response {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Result()
	}
	names, err := fs.ReadDir(assets, "assets")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		want := string(Read(name.Name()))
		for _, encoding := range []string{"", "gzip"} {
			res := ask(http.MethodGet, Shared.Path(name.Name()), encoding)
			var body io.Reader = res.Body
			if encoding != "" {
				if body, err = gzip.NewReader(body); err != nil {
					t.Fatal(err)
				}
			}
			got, err := io.ReadAll(body)
			h := res.Header
			if err != nil || string(got) != want || res.StatusCode != http.StatusOK || h.Get("Content-Encoding") != encoding || h.Get("Vary") != "Accept-Encoding" ||
				h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "public, max-age=31536000, immutable" || !regexp.MustCompile(`^(text|image)/`).MatchString(h.Get("Content-Type")) {
				t.Errorf("%s %q: %d bytes of %d, %d, %v, %v", name, encoding, len(got), len(want), res.StatusCode, h, err)
			}
		}
		if res := ask(http.MethodHead, Shared.Path(name.Name()), ""); res.StatusCode != http.StatusOK || res.ContentLength != int64(len(want)) {
			t.Errorf("HEAD %s: %d, %d bytes", name, res.StatusCode, res.ContentLength)
		}
	}
	for _, path := range []string{Shared.Path("none.css"), Shared.Path("..%2fui.go"), Shared.Path(""), "/assets/shared/000000000000/tokens.css"} {
		if res := ask(http.MethodGet, path, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// TestAddressesChangeWithFiles, since browsers keep them for good: with what is in any of
// them, with a name, and with where one ends and the next begins.
func TestAddressesChangeWithFiles(t *testing.T) {
	seen := map[string]int{}
	for i, files := range []fstest.MapFS{
		{"assets/a.js": {Data: []byte("1")}, "assets/b.js": {Data: []byte("2")}},
		{"assets/a.js": {Data: []byte("1")}, "assets/b.js": {Data: []byte("3")}},
		{"assets/a.js": {Data: []byte("1")}, "assets/c.js": {Data: []byte("2")}},
		{"assets/a.js": {Data: []byte("12")}, "assets/b.js": {Data: []byte("")}},
	} {
		path := NewFiles("x", files).Path("a.js")
		if j, ok := seen[path]; ok {
			t.Errorf("%d and %d have the address %s", i, j, path)
		}
		seen[path] = i
		if again := NewFiles("x", files).Path("a.js"); again != path {
			t.Errorf("%s, and then %s", path, again)
		}
	}
}
