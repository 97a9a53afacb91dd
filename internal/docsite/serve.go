package docsite

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/docs"
	"github.com/browserhook/browserhook/internal/ui"
)

//go:embed assets
var assets embed.FS

// policy: a page runs the site's own scripts, asks its own server, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Routes puts the documents at /docs, and llms.txt where programs look for it.
func (s *Site) Routes(mux *http.ServeMux) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		b, err := s.pages()
		var a *answer
		if err == nil {
			a, err = b.answerTo(r)
		}
		if err != nil {
			s.Failed(w, r, err)
			return
		}
		a.write(w, r)
	}
	for _, pattern := range []string{"GET " + Root, "GET " + Root + "/{page...}", "GET /llms.txt"} {
		mux.HandleFunc(pattern, serve)
	}
}

// answerTo finds what is at an address, as HTML or, where that is asked for, as Markdown.
func (b *book) answerTo(r *http.Request) (*answer, error) {
	at := strings.TrimSuffix(r.URL.Path, "/")
	if p := b.byPath[strings.Trim(strings.TrimPrefix(at, Root), "/")]; p != nil && strings.HasPrefix(r.Header.Get("Accept"), "text/markdown") {
		at = p.plain()
	}
	if known, ok := b.answers[at]; ok {
		return known()
	}
	return b.missing()
}

// answer is what an address is answered with; it stays as it is while the server runs.
type answer struct {
	kind, etag string
	forever    bool // what is at the address never changes
	status     int
	zipped     []byte
}

func newAnswer(kind string, body []byte) (*answer, error) {
	a := &answer{kind: kind, status: http.StatusOK, etag: hash(body)}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	err := z.Close()
	a.zipped = b.Bytes()
	return a, err
}

func hash(body []byte) string { return fmt.Sprintf("%x", sha256.Sum256(body))[:16] }

func (a *answer) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Add("Vary", "Accept, Accept-Encoding")
	h.Set("Cache-Control", "no-cache") // it is another one after an upgrade
	if a.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, etag := a.zipped, a.etag+"-gzip"
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
	} else {
		z, err := gzip.NewReader(bytes.NewReader(a.zipped))
		if err == nil {
			body, err = io.ReadAll(z)
		}
		if err != nil {
			panic(err) // it was written by newAnswer
		}
		etag = a.etag
	}
	if a.status != http.StatusOK {
		w.WriteHeader(a.status)
		_, _ = w.Write(body)
		return
	}
	h.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// answering lists every address that there is, none of which is made before it is
// asked for.
func (s *Site) answering(b *book) {
	b.answers = map[string]func() (*answer, error){}
	add := func(at, kind string, body func() ([]byte, error)) {
		b.answers[at] = sync.OnceValues(func() (*answer, error) {
			raw, err := body()
			if err != nil {
				return nil, err
			}
			a, err := newAnswer(kind, raw)
			if err == nil {
				a.forever = strings.HasPrefix(at, assetsAt)
			}
			return a, err
		})
	}
	const plainText, web = "text/plain; charset=utf-8", "text/html; charset=utf-8"
	for _, p := range b.all {
		add(p.href(), web, func() ([]byte, error) { return s.document(b, p) })
		add(p.plain(), "text/markdown; charset=utf-8", func() ([]byte, error) { return b.markdownOf(p) })
	}
	add(Root+"/search.json", "application/json", b.index)
	add("/llms.txt", plainText, func() ([]byte, error) { return s.list(b) })
	add(Root+"/llms.txt", plainText, func() ([]byte, error) { return s.list(b) })
	add(Root+"/llms-full.txt", plainText, b.whole)
	for name, kind := range map[string]string{"site.js": "text/javascript; charset=utf-8", "theme.js": "text/javascript; charset=utf-8", "site.css": "text/css; charset=utf-8"} {
		add(asset(name), kind, func() ([]byte, error) { return own(name), nil })
	}
	pictures, _ := fs.Glob(docs.Files, "img/*") // the pattern is a good one
	for _, name := range pictures {
		add(Root+"/"+name, mime.TypeByExtension(path.Ext(name)), func() ([]byte, error) { return docs.Files.ReadFile(name) })
	}
	b.missing = sync.OnceValues(func() (*answer, error) {
		raw, err := s.document(b, &page{title: "Not found", made: func() (rendered, error) {
			return rendered{html: `<h1>Not found</h1><p>There is no such document. The search finds others, and <a href="` + Root + `">the first page</a> leads to all.</p>`}, nil
		}})
		if err != nil {
			return nil, err
		}
		a, err := newAnswer(web, raw)
		if err == nil {
			a.status = http.StatusNotFound
		}
		return a, err
	})
}

const assetsAt = Root + "/assets/"

// asset is where a file of the site's own is: another file is at another address.
func asset(name string) string {
	base, ext, _ := strings.Cut(name, ".")
	return assetsAt + base + "." + hash(own(name))[:8] + "." + ext
}

// own is a file of the site's, with what all pages of the server share.
func own(name string) []byte {
	switch name {
	case "theme.js":
		return ui.Read(name)
	case "site.css":
		return append(ui.Read("tokens.css"), read(name)...)
	}
	return read(name)
}

func read(name string) []byte {
	raw, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // the names are ours
	}
	return raw
}
