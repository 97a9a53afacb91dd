package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestFailuresAreLogged: what an operator has to know is a line at info.
func TestFailuresAreLogged(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--chromium=/bin/false")
	c := server.Client()
	receiver := harness.NewReceiver(t)
	receiver.Answer = func(int64) int { return http.StatusGone }
	endpoint, err := c.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", obj{"url": receiver.URL})
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	logged := func(parts ...string) {
		t.Helper()
		if err := harness.Until(t.Context(), func() (bool, error) {
			for _, line := range strings.Split(server.Output(), "\n") {
				found := strings.Contains(line, "level=INFO")
				for _, p := range parts {
					found = found && strings.Contains(line, p)
				}
				if found {
					return true, nil
				}
			}
			return false, nil
		}); err != nil {
			t.Errorf("no line with %q", parts)
		}
	}
	logged("msg=started")
	logged("a session failed", session.String("sessionId"), "browser_start_failed")
	logged("an endpoint fails", endpoint.String("endpointId"), "status=410")
	logged("an endpoint was disabled", endpoint.String("endpointId"), "reason=gone")
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
	logged("stopping")
	logged("msg=stopped", "took=")
}
