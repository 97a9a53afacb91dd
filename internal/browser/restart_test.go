package browser_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestTheNextServerKnows what the one before knew alone, also when that keeps no browsers
// itself: which origins there were, what is secret, and which tab is nobody's.
func TestTheNextServerKnows(t *testing.T) {
	sites := make([]string, 3)
	for i := range sites {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") }))
		defer s.Close()
		sites[i] = s.URL
	}
	before, after, dir := outlives(t, time.Minute)
	between := browsertest.Launcher(t, "1", func(c *browser.Config) { c.RunDir = dir })
	visit := func(p *browser.Page, url string) {
		t.Helper()
		wait(t, p.Prepared())
		if err := p.Call(t.Context(), "Page.navigate", map[string]any{"url": url}, nil); err != nil {
			t.Fatal(err)
		}
		until(t, p, func(frames []browser.Frame) bool { return frames[0].Document.URL == url+"/" && frames[0].Context != 0 })
	}
	b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
	if err != nil {
		t.Fatal(err)
	}
	visit(b.Page(), sites[0])
	visit(b.Page(), strings.Replace(sites[0], "127.0.0.1", "localhost", 1))
	// It is gone while a step looks at what an origin has stored.
	if err := b.Page().Empty(t.Context(), b.Page().Origins.All(), func(s cdp.Session, _ string) error {
		defer b.Leave()
		return s.Call(t.Context(), "Runtime.evaluate", map[string]any{"expression": "localStorage.length"}, nil)
	}); err == nil {
		t.Error("the step went on")
	}
	for i, l := range []*browser.Launcher{between, after} {
		if b, err = l.Attach(t.Context(), b.ID, small); err != nil {
			t.Fatal(err)
		}
		for changed := b.Tabs().Changed(); len(b.Tabs().Open()) > 1; changed = b.Tabs().Changed() {
			wait(t, changed)
		}
		if got := b.Page().Origins.All(); !slices.Contains(got, sites[0]) || slices.Contains(got, sites[1]) != (i > 0) {
			t.Errorf("its origins are %v", got)
		}
		if got := b.Page().Secrets.Hide("hush-hush"); strings.Contains(got, "hush") && i > 0 {
			t.Errorf("a secret is told: %s", got)
		}
		b.Page().Secrets.Add("hush-hush")
		b.Tabs().StepRuns()()
		visit(b.Page(), sites[1])
		visit(b.Page(), sites[2])
		b.Leave()
	}
	if b, err = before.Attach(t.Context(), b.ID, small); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestADownloadThatNobodyKnowsIsBounded too: it began while there was no server, and may
// be endless.
func TestADownloadThatNobodyKnowsIsBounded(t *testing.T) {
	stopped, left := make(chan struct{}), make(chan struct{})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/left" {
			select {
			case <-left:
			case <-r.Context().Done():
			}
			return
		}
		defer close(stopped)
		w.Header().Set("Content-Disposition", `attachment; filename="endless.bin"`)
		for piece := make([]byte, 64<<10); r.Context().Err() == nil; {
			_, _ = w.Write(piece)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(10 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
	}))
	defer site.Close()
	before, after, dir := outlives(t, time.Minute, func(c *browser.Config) { c.MaxDownload = 1 << 20 })
	b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
	if err != nil {
		t.Fatal(err)
	}
	evaluate(t, b.Page(), `fetch('`+site.URL+`/left', {mode: 'no-cors'}).finally(() => location = '`+site.URL+`/endless'), 1`)
	b.Leave()
	close(left)
	for late := time.Now().Add(20 * time.Second); time.Now().Before(late); {
		if files, _ := os.ReadDir(filepath.Join(dir, b.ID, "files", "downloads")); len(files) > 0 {
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	again, err := after.Attach(t.Context(), b.ID, small)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close(context.WithoutCancel(t.Context())) }()
	wait(t, stopped)
	if one, err := again.Tabs().Download(t.Context(), 0, nil); err != nil || one.Name != "download" || one.Failure == nil || one.Failure.Code != browser.CodeDownloadTooLarge {
		t.Errorf("%+v, %v", one, err)
	}
}
