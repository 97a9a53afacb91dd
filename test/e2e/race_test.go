package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestKeepersTellOfRaces: what the race detector finds in a keeper is written
// where the harness reads it.
func TestKeepersTellOfRaces(t *testing.T) {
	if !harness.Raced {
		t.Skip("only with the race detector")
	}
	dir := harness.Beside(t)
	c := harness.Start(t, filepath.Join(dir, "data"), "--pool-size=0").Client()
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitSession(t.Context(), made.String("sessionId"), "READY"); err != nil {
		t.Fatal(err)
	}
	keepers := 0
	for _, process := range harness.Processes(dir) {
		if !strings.Contains(process, " keeper ") {
			continue
		}
		keepers++
		var pid int
		if _, err := fmt.Sscanf(process, "process %d:", &pid); err != nil {
			t.Fatal(err)
		}
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(env), " log_path="+filepath.Join(dir, "race")+"\x00") {
			t.Errorf("%s has %q", process, env)
		}
	}
	if keepers != 1 {
		t.Errorf("there are %d keepers", keepers)
	}
}
