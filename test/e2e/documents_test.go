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
func TestDocumentsForEverybody(t *testing.T) {
	forEverybody(t, harness.Isolate(t), "documents.mjs")
}

// TestDashboardForEverybody uses the dashboard in a session by keyboard: signing in, the
// wall, a session as it goes on, a step that is run, every tab, control, its end, the
// table and its filter, what a viewer is offered, and a key that is revoked; of a session
// that waits, one that has ended, whose recording is seen again, and, on a server that
// nobody has used and that has no browser, one that has failed; each as axe sees it.
func TestDashboardForEverybody(t *testing.T) {
	dir := harness.Isolate(t)
	forEverybody(t, dir, "dashboard.mjs", harness.Start(t, filepath.Join(dir, "none"), "--chromium=/bin/false").URL)
}

func forEverybody(t *testing.T, dir, script string, more ...string) {
	t.Helper()
	server := harness.Start(t, filepath.Join(dir, "data"), "--browser-allow", "127.0.0.0/8", "--max-sessions=2")
	made, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script, made.String("connectUrl"), server.URL, harness.Key}, more...)...)
	cmd.Dir = "../clients"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
