package browser_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestATabOfTheBrowsersOwnCloses also when it is given up while its document comes.
func TestATabOfTheBrowsersOwnCloses(t *testing.T) {
	site := httptest.NewServer(http.NotFoundHandler())
	defer site.Close()
	b := browsertest.Launch(t, browsertest.Launcher(t, "1", nil), domain.SessionOptions{Viewport: browser.Viewport})
	wait(t, b.Page().Prepared())
	for range 5 {
		if err := b.Page().Empty(t.Context(), []string{site.URL}, func(cdp.Session, string) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if open := b.Tabs().Open(); len(open) != 1 {
			t.Fatalf("%d tabs are open", len(open))
		}
	}
}
