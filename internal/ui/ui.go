// Package ui is what all pages of the server have in common: the tokens (colour, space,
// type, light and dark) that the live page, the documents and the dashboard are drawn
// with, the icon, and the way that files of pages are served.
package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed assets
var assets embed.FS

// Shared are the files that all pages use: tokens.css, theme.js, icon.svg.
var Shared = NewFiles("shared", assets)

// Read is a shared file, for who serves it among its own.
func Read(name string) []byte {
	raw, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // they are embedded, and their names are written in the program
	}
	return raw
}

// Files are some that pages are made of. Their addresses change with what is in any of
// them, so that browsers keep them for good and module scripts find one another.
type Files struct {
	root string
	load func() (map[string]file, error)
}

type file struct{ kind, plain, zipped string }

// NewFiles are the files of a folder "assets", at an address of the name.
func NewFiles(name string, from fs.FS) *Files {
	from, err := fs.Sub(from, "assets")
	if err != nil {
		panic(err) // the name is ours
	}
	f := &Files{load: sync.OnceValues(func() (map[string]file, error) { return read(from) })}
	hash := sha256.New()
	err = fs.WalkDir(from, ".", func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(from, at)
		fmt.Fprintf(hash, "%s\n%d\n%s", at, len(raw), raw)
		return err
	})
	if err != nil {
		panic(err) // they are embedded
	}
	f.root = "/assets/" + name + "/" + fmt.Sprintf("%x", hash.Sum(nil))[:12] + "/"
	return f
}

// Path is the address of a file.
func (f *Files) Path(name string) string { return f.root + name }

// Routes adds the route of the files.
func (f *Files) Routes(mux *http.ServeMux) {
	mux.Handle("GET "+f.root+"{name}", f)
}

// ServeHTTP answers with a file.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	all, err := f.load()
	one, ok := all[strings.TrimPrefix(r.URL.Path, f.root)]
	if err != nil || !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", one.kind)
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := one.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = one.zipped
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(body))
	}
}

// kinds are the media types by extension, whatever the machine says of them.
var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func read(from fs.FS) (map[string]file, error) {
	all := map[string]file{}
	entries, err := fs.ReadDir(from, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		raw, err := fs.ReadFile(from, e.Name())
		if err != nil {
			return nil, err
		}
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		if _, err := z.Write(raw); err != nil {
			return nil, err
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		kind := kinds[path.Ext(e.Name())]
		if kind == "" {
			kind = mime.TypeByExtension(path.Ext(e.Name()))
		}
		all[e.Name()] = file{kind, string(raw), zipped.String()}
	}
	return all, nil
}
