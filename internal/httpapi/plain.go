package httpapi

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/docsite"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/ui"
)

// Health is the path that says that the process lives.
const Health = "/healthz"

// plainRoutes are those that need no key.
func (s *server) plainRoutes() {
	s.mux.HandleFunc("GET "+Health, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "ok\nbrowserhook %s\n", s.Version)
	})
	s.mux.HandleFunc("GET /readyz", s.readiness)
	s.mux.HandleFunc("GET /openapi.json", s.static("application/openapi+json", s.published))
	s.mux.HandleFunc("GET /.well-known/jwks.json", s.keys)
	if s.Dashboard == nil {
		s.mux.Handle("GET /{$}", http.RedirectHandler(docsite.Root, http.StatusFound))
	} else {
		s.Dashboard.Routes(s.mux)
	}
	ui.Shared.Routes(s.mux)
	for _, pages := range []Pages{s.documents(), s.Live, s.Connect, s.MCP} {
		if pages != nil {
			pages.Routes(s.mux)
		}
	}
}

// published is what anybody may read: plain and packed, each with an ETag of its own.
type published struct {
	body, zipped []byte
	etag         string // the packed one's has "-gzip" behind it
}

// static answers with what is made the first time that anybody asks: making it costs
// milliseconds, and needs no key.
func (s *server) static(kind string, make func() ([]byte, error)) http.HandlerFunc {
	page := sync.OnceValues(func() (p published, err error) {
		if p.body, err = make(); err != nil {
			return p, err
		}
		p.etag = fmt.Sprintf("%x", sha256.Sum256(p.body))
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, err = z.Write(p.body)
		err = errors.Join(err, z.Close())
		p.zipped = zipped.Bytes()
		return p, err
	})
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := page()
		if err != nil {
			s.problem(r.Context(), err).write(w)
			return
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		h.Set("Cache-Control", "no-cache") // it is another one after an upgrade
		h.Add("Vary", "Accept-Encoding")
		body, etag := p.body, p.etag
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body, etag = p.zipped, p.etag+"-gzip"
		}
		h.Set("ETag", `"`+etag+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	}
}

// readiness says whether the server can take requests, and in general terms why
// not: the log has the particulars.
func (s *server) readiness(w http.ResponseWriter, _ *http.Request) {
	select {
	case <-s.Draining: // long before Stopping: new work is refused from here on
		newProblem(domain.CodeUnavailable, "The server is stopping.").write(w)
		return
	default:
	}
	if err := s.Ready(); err != nil {
		why := "The store does not answer."
		if e, ok := errors.AsType[*domain.Error](err); ok {
			what, _, _ := strings.Cut(e.Message, ";") // of a change that wasn't made
			why = sentence(what)
		}
		newProblem(domain.CodeUnavailable, why).write(w)
		return
	}
	_, _ = w.Write([]byte(strings.Join(append([]string{"ok"}, s.Weaker...), "\n") + "\n"))
}

// documents are the pages at /docs.
func (s *server) documents() Pages {
	problems := make([]docsite.Problem, 0, len(meanings))
	for code, m := range meanings {
		problems = append(problems, docsite.Problem{Code: string(code), Status: m.Status, Says: m.Says})
	}
	slices.SortFunc(problems, func(a, b docsite.Problem) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code))
	})
	return docsite.New(docsite.Source{
		Version: s.Version, PublicURL: s.base, Description: s.published, Problems: problems, Settings: s.Settings,
		Failed: func(w http.ResponseWriter, r *http.Request, err error) { s.problem(r.Context(), err).write(w) },
	})
}
