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
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--browser-allow", "127.0.0.0/8")
	made, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "documents.mjs", made.String("connectUrl"), server.URL, harness.Key)
	cmd.Dir = "../clients"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
