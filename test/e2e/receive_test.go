package e2e

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestReceiveRegistersItself runs `browserhook receive --url`: the server has an
// endpoint for it while it runs, whose webhooks it verifies, and none afterwards.
func TestReceiveRegistersItself(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	endpoints := func() []harness.Object {
		t.Helper()
		list, err := c.All(t.Context(), "/v1/webhook-endpoints")
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	cmd := exec.CommandContext(t.Context(), binary, "receive", "--listen", "127.0.0.1:0", "--url", c.URL+"/", "--key", c.Key)
	var out harness.Shell
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.See(t, "sends every event here")
	made := endpoints()
	if len(made) != 1 || !strings.HasSuffix(made[0].String("url"), "/hook") {
		t.Fatalf("the server has %v", made)
	}
	if _, err := c.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints/"+made[0].String("endpointId")+"/test", nil); err != nil {
		t.Fatal(err)
	}
	out.See(t, "204 verified webhook_test")
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it did not end in order: %v\n%s", err, out.Output())
	}
	if left := endpoints(); len(left) != 0 {
		t.Errorf("it left %v", left)
	}

	// What its advice about a closed address stands on.
	_, err = c.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", obj{"url": "http://10.1.2.3/hook"})
	if err == nil || !strings.Contains(err.Error(), `"field":"url"`) {
		t.Errorf("a closed address: %v", err)
	}
}
