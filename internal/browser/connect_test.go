package browser_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestAProgramThatComesAtOnce may navigate as soon as it is connected, also while the
// page's process is starting.
func TestAProgramThatComesAtOnce(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(site.Close)
	l := browsertest.Launcher(t, "", nil)
	for _, program := range l.Browsers() {
		for range 5 {
			b := browsertest.Launch(t, l, domain.SessionOptions{Browser: program})
			nc, err := b.Connect(t.Context(), "", func() {})
			if err != nil {
				t.Fatal(err)
			}
			conn := cdp.NewConn(nc, slog.New(slog.DiscardHandler))
			var targets struct {
				Infos []struct {
					ID   string `json:"targetId"`
					Type string `json:"type"`
				} `json:"targetInfos"`
			}
			if err := conn.Call(t.Context(), "", "Target.getTargets", map[string]any{"filter": []map[string]any{{"type": "page"}}}, &targets); err != nil || len(targets.Infos) != 1 {
				t.Fatal(targets, err)
			}
			page := cdp.Session{Conn: conn}
			var attached struct {
				ID string `json:"sessionId"`
			}
			if err := conn.Call(t.Context(), "", "Target.attachToTarget", map[string]any{"targetId": targets.Infos[0].ID, "flatten": true}, &attached); err != nil {
				t.Fatal(err)
			}
			page.ID = attached.ID
			if err := page.Call(t.Context(), "Page.navigate", map[string]any{"url": site.URL}, nil); err != nil {
				t.Fatal(err)
			}
			wait(t, b.Page().Prepared())
			_ = conn.Close()
			conn.Wait()
		}
	}
}
