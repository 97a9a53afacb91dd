package e2e

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestForgetArtifacts forgets a session that has made a screenshot: the file is
// gone with it, and another session's is not.
func TestForgetArtifacts(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	do := func(method, path string, body any) obj {
		t.Helper()
		got, err := c.Do(t.Context(), method, path, body)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		return got
	}
	var sessions []string
	for range 2 {
		id := do(http.MethodPost, "/v1/sessions", obj{"url": shop(t)}).String("sessionId")
		got, err := c.With("Prefer", "wait=30").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "screenshot"}}})
		if err != nil || got.List("data")[0].String("status") != "COMPLETED" {
			t.Fatalf("%v, %v", got, err)
		}
		sessions = append(sessions, id)
		do(http.MethodDelete, "/v1/sessions/"+id, nil)
		if _, err := c.WaitSession(t.Context(), id, "CLOSED"); err != nil {
			t.Fatal(err)
		}
	}
	files := func() (n int) {
		t.Helper()
		if err := filepath.WalkDir(filepath.Join(server.Data, "artifacts"), func(_ string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				n++
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := files(); n != 4 { // a picture and a log each
		t.Fatalf("there are %d files", n)
	}
	artifact := do(http.MethodGet, "/v1/sessions/"+sessions[0]+"/artifacts", nil).List("data")[0].String("artifactId")
	do(http.MethodDelete, "/v1/sessions/"+sessions[0]+"/data", nil)
	if n := files(); n != 2 {
		t.Errorf("%d files are left", n)
	}
	_, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+sessions[0]+"/artifacts/"+artifact, nil)
	if e, ok := errors.AsType[*harness.StatusError](err); !ok || e.Status != http.StatusNotFound {
		t.Errorf("the file is answered %v", err)
	}
	if n := len(do(http.MethodGet, "/v1/sessions/"+sessions[1]+"/artifacts", nil).List("data")); n != 1 {
		t.Errorf("the other session has %d artifacts", n)
	}
}
