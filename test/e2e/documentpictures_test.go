package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestPicturesOfDocuments takes pictures of the first page of the documents, a step, an
// event, the reference and the search, light and dark, wide and narrow, to be compared
// with those that are kept: `make pictures`.
func TestPicturesOfDocuments(t *testing.T) {
	if *pictures == "" {
		t.Skip("make pictures runs it")
	}
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--browser-allow", "127.0.0.0/8")
	made, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"timeout": "1h", "idleTimeout": "1h"})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(*pictures, "documents")
	cmd := exec.CommandContext(t.Context(), "node", "documentpictures.mjs", made.String("connectUrl"), server.URL, folder)
	cmd.Dir = "../clients"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	taken, err := os.ReadDir(folder)
	if err != nil || len(taken) != 20 {
		t.Errorf("%d pictures were taken: %v", len(taken), err)
	}
	for _, one := range taken {
		shrink(t, filepath.Join(folder, one.Name()), filepath.Join("../../docs/img/site", one.Name()))
	}
}
