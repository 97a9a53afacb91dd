package docsite_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/browserhook/browserhook/internal/config"
	"github.com/browserhook/browserhook/internal/docsite"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/httpapi"
	"github.com/browserhook/browserhook/internal/step"
)

const base = "http://browserhook.test"

// server is the API with its documents.
func server() http.Handler {
	return httpapi.New(httpapi.Config{
		Log: slog.New(slog.DiscardHandler), Version: "1.2.3", PublicURL: func() string { return base },
		Settings: func() ([]docsite.Setting, error) {
			return []docsite.Setting{{Name: "max-sessions", Kind: "N", Default: "7", Says: "Browsers at once."}}, nil
		},
	})
}

func ask(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// read is the text of an address, which must be there.
func read(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	res := ask(t, h, path)
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", path, res.StatusCode, err)
	}
	return string(raw)
}

// elements calls f for each element of a page.
func elements(t *testing.T, page string, f func(n *html.Node, attr map[string]string)) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			attr := map[string]string{}
			for _, a := range n.Attr {
				attr[a.Key] = a.Val
			}
			f(n, attr)
		}
	}
}

// site reads every page that can be reached from the first.
func site(t *testing.T, h http.Handler) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for todo := []string{docsite.Root}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		if _, ok := pages[at]; ok {
			continue
		}
		pages[at] = read(t, h, at)
		elements(t, pages[at], func(n *html.Node, attr map[string]string) {
			to, _, _ := strings.Cut(attr["href"], "#")
			if n.Data == "a" && (to == docsite.Root || strings.HasPrefix(to, docsite.Root+"/")) && filepath.Ext(to) == "" {
				todo = append(todo, to)
			}
		})
	}
	return pages
}

// TestEveryLinkLeadsSomewhere: to a page and its chapter, to a file of the site, or to
// what is in the repository; each id is there once.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	h := server()
	pages := site(t, h)
	if len(pages) < 70 {
		t.Fatalf("only %d pages", len(pages))
	}
	ids := map[string]map[string]bool{}
	for at, page := range pages {
		ids[at] = map[string]bool{}
		elements(t, page, func(_ *html.Node, attr map[string]string) {
			if id := attr["id"]; id != "" {
				if ids[at][id] {
					t.Errorf("%s has #%s twice", at, id)
				}
				ids[at][id] = true
			}
		})
	}
	seen := map[string]bool{}
	for at, page := range pages {
		elements(t, page, func(_ *html.Node, attr map[string]string) {
			for _, to := range []string{attr["href"], attr["src"]} {
				address, anchor, has := strings.Cut(to, "#")
				if address == "" {
					address = at
				}
				switch file, inRepository := strings.CutPrefix(address, docsite.Repository); {
				case to == "":
				case inRepository:
					if _, err := os.Stat("../../" + file); err != nil {
						t.Errorf("%s: the repository has no %s", at, file)
					}
				case strings.HasPrefix(address, "https://"):
				case pages[address] != "":
					if has && !ids[address][anchor] {
						t.Errorf("%s: %s has no #%s", at, address, anchor)
					}
				case !seen[address]:
					seen[address] = true
					if res := ask(t, h, address); res.StatusCode != http.StatusOK {
						t.Errorf("%s: %s is answered with %d", at, address, res.StatusCode)
					}
				}
			}
		})
	}
}

// TestEverythingIsExplained: each action, event, operation, code of an error and setting
// has its place, with what the tables say of it.
func TestEverythingIsExplained(t *testing.T) {
	h := server()
	for _, action := range step.Actions() {
		page := read(t, h, "/docs/steps/"+action+".md")
		if !strings.Contains(page, `"action": "`+action+`"`) || !strings.Contains(page, "- **`timeout`** *string*") || !strings.Contains(page, "## What it answers") {
			t.Errorf("the step %s:\n%s", action, page)
		}
	}
	for _, e := range domain.EventTypes {
		page := read(t, h, "/docs/events/"+string(e)+".md")
		if !strings.Contains(page, `"eventType": "`+string(e)+`"`) || !strings.Contains(page, "- **`sequence`** *integer* *required*") || !strings.Contains(page, "webhook-signature") {
			t.Errorf("the event %s:\n%s", e, page)
		}
	}
	var description struct {
		Paths map[string]map[string]struct {
			OperationID, Description string
			Tags                     []string
		}
	}
	if err := json.Unmarshal([]byte(read(t, h, "/openapi.json")), &description); err != nil {
		t.Fatal(err)
	}
	count := 0
	for path, item := range description.Paths {
		for method, op := range item {
			count++
			page := read(t, h, "/docs/api/"+op.Tags[0])
			_, own, ok := strings.Cut(page, `id="`+op.OperationID+`"`)
			own, _, _ = strings.Cut(own, "<h2 ")
			if !ok || !strings.Contains(own, "<code>"+strings.ToUpper(method)+" "+path+"</code>") || !strings.Contains(own, "What it refuses") {
				t.Errorf("%s isn't explained", op.OperationID)
			}
			if !strings.Contains(own, `data-method="`+strings.ToUpper(method)+`" data-path="`+path+`"`) {
				t.Errorf("%s can't be tried", op.OperationID)
			}
		}
	}
	if count < 40 {
		t.Errorf("only %d operations", count)
	}
	errors := read(t, h, "/docs/errors")
	for _, group := range domain.FailureCodes {
		for _, c := range group.Codes {
			if !strings.Contains(errors, "<td><code>"+c.Code+"</code></td>") {
				t.Errorf("%s isn't explained", c.Code)
			}
		}
	}
	settings := read(t, h, "/docs/settings")
	for _, want := range []string{`id="max-sessions"`, "Browsers at once.", "BROWSERHOOK_MAX_SESSIONS", "<code>7</code>", "--max-sessions=N"} {
		if !strings.Contains(settings, want) {
			t.Errorf("the settings don't have %s", want)
		}
	}
	real, err := config.Settings()
	if err != nil || len(real) < 30 || !slices.Contains(real, config.Setting{Name: "log-level", Takes: "LEVEL", Default: "info", Says: "debug, info, warn or error."}) {
		t.Errorf("the settings are %v, %v", real, err)
	}
}

// TestPagesForPrograms: every page is Markdown too, by its address or its type, and
// llms.txt has them all.
func TestPagesForPrograms(t *testing.T) {
	h := server()
	list, whole := read(t, h, "/llms.txt"), read(t, h, "/docs/llms-full.txt")
	var index []struct{ A, P, T, G, X string }
	if err := json.Unmarshal([]byte(read(t, h, "/docs/search.json")), &index); err != nil {
		t.Fatal(err)
	}
	for at := range site(t, h) {
		file := at + ".md"
		if at == docsite.Root {
			file = at + "/index.md"
		}
		text := read(t, h, file)
		if !strings.HasPrefix(text, "# ") || regexp.MustCompile(`(?m)^</?div|\{#[a-z]`).MatchString(text) {
			t.Errorf("%s is\n%.300s", file, text)
		}
		if !strings.Contains(list, "("+base+file+"): ") {
			t.Errorf("llms.txt doesn't have %s", file)
		}
		if !strings.Contains(whole, strings.TrimSpace(text)) {
			t.Errorf("llms-full.txt doesn't have %s", file)
		}
		res := ask(t, h, at, "Accept", "text/markdown, text/html;q=0.5")
		if raw, _ := io.ReadAll(res.Body); string(raw) != text || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/markdown") {
			t.Errorf("%s as Markdown: %s", at, res.Header)
		}
		if !slices.ContainsFunc(index, func(e struct{ A, P, T, G, X string }) bool { return e.A == at }) {
			t.Errorf("the search doesn't find %s", at)
		}
	}
}

// TestHowPagesAreServed: what hasn't changed isn't sent again, what can be packed is, and
// nothing on a page is run or drawn but the site's own files.
func TestHowPagesAreServed(t *testing.T) {
	h := server()
	for at, page := range site(t, h) {
		elements(t, page, func(n *html.Node, attr map[string]string) {
			inline := n.Data == "style" || n.Data == "script" && attr["src"] == ""
			for name := range attr {
				inline = inline || name == "style" || strings.HasPrefix(name, "on")
			}
			if inline {
				t.Errorf("%s has <%s %v>, which its policy forbids", at, n.Data, attr)
			}
		})
	}
	var files []string
	elements(t, read(t, h, "/docs"), func(n *html.Node, attr map[string]string) {
		if n.Data == "script" || attr["rel"] == "stylesheet" {
			files = append(files, attr["src"]+attr["href"])
		}
	})
	for _, at := range append(files, "/docs", "/docs/steps/click", "/docs/search.json", "/llms.txt", "/docs/webhooks.md") {
		whole := ask(t, h, at)
		text, _ := io.ReadAll(whole.Body)
		if policy := whole.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'; script-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", at, policy)
		}
		if again := ask(t, h, at, "If-None-Match", whole.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %d", at, again.StatusCode)
		}
		packed := ask(t, h, at, "Accept-Encoding", "gzip, br")
		z, err := gzip.NewReader(packed.Body)
		if err != nil || packed.Header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s packed: %v", at, err)
		}
		if unpacked, _ := io.ReadAll(z); string(unpacked) != string(text) || packed.Header.Get("ETag") == whole.Header.Get("ETag") {
			t.Errorf("%s is another when packed", at)
		}
		if forever := strings.Contains(whole.Header.Get("Cache-Control"), "immutable"); forever != slices.Contains(files, at) {
			t.Errorf("%s: %s", at, whole.Header.Get("Cache-Control"))
		}
	}
	if res := ask(t, h, "/docs/nothing"); res.StatusCode != http.StatusNotFound || res.Header.Get("ETag") != "" {
		t.Errorf("what isn't there: %d", res.StatusCode)
	}
}
