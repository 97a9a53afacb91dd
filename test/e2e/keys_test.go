package e2e

import (
	"bufio"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/test/harness"
)

// within is "within seconds".
const within = 10 * time.Second

// following opens a stream of events with a new key, and returns the key's id
// and what is closed when the stream has ended.
func following(t *testing.T, maker, server *harness.Server) (id string, over <-chan struct{}) {
	t.Helper()
	made, err := maker.Client().Do(t.Context(), http.MethodPost, "/v1/keys", obj{"role": "viewer"})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+made.String("key"))
	req.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	if !lines.Scan() || res.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", res.StatusCode, lines.Err())
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines.Scan() { // to its end
		}
	}()
	return made.String("keyId"), ended
}

func ends(t *testing.T, over <-chan struct{}) {
	t.Helper()
	select {
	case <-over:
	case <-time.After(within):
		t.Errorf("the stream goes on %s later", within)
	}
}

// TestAKeyRevokedByTheCommand loses its stream, though another process has
// revoked it, in the file that the server uses.
func TestAKeyRevokedByTheCommand(t *testing.T) {
	data := filepath.Join(harness.Isolate(t), "data")
	server := harness.Start(t, data)
	id, over := following(t, server, server)
	bin, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), bin, "keys", "revoke", "--data="+data, id).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	ends(t, over)
}

// TestAKeyRevokedOnAnotherNode loses its stream on the one that it uses.
func TestAKeyRevokedOnAnotherNode(t *testing.T) {
	_, url := harness.Postgres(t)
	dir, key := harness.Isolate(t), seal.NewKey()
	a := harness.Start(t, filepath.Join(dir, "a"), "--database-url="+url, "--master-key="+key)
	b := harness.Start(t, filepath.Join(dir, "b"), "--database-url="+url, "--master-key="+key)
	id, over := following(t, a, b)
	if _, err := a.Client().Do(t.Context(), http.MethodDelete, "/v1/keys/"+id, nil); err != nil {
		t.Fatal(err)
	}
	ends(t, over)
}
