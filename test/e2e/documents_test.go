package e2e

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestDocumentsForEverybody reads the documents in a session, light and dark, wide and
// narrow, by keyboard, with the search, an operation that is tried, and axe.
func TestDocumentsForEverybody(t *testing.T) { forEverybody(t, "documents.mjs") }

// TestDashboardForEverybody uses the dashboard in a session by keyboard: signing in, the
// wall, a session as it goes on, a step that is run, every tab, control, its end, the
// table and its filter, what a viewer is offered, and a key that is revoked; each as axe
// sees it.
func TestDashboardForEverybody(t *testing.T) { forEverybody(t, "dashboard.mjs") }

func forEverybody(t *testing.T, script string) {
	t.Helper()
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--browser-allow", "127.0.0.0/8")
	made, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", script, made.String("connectUrl"), server.URL, harness.Key)
	cmd.Dir = "../clients"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
