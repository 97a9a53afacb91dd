package e2e

import (
	"bytes"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/client/webhook"
	"github.com/browserhook/browserhook/test/harness"
)

// TestListenForwardsFromTheBeginning follows a log that is empty at first: what
// happens is forwarded, and verified with the secret that signs it here.
func TestListenForwardsFromTheBeginning(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	if first := follow(t, c, "", "beginning", 0); len(first) != 0 {
		t.Errorf("the log is not empty: %v", first)
	}
	elsewhere, here := harness.NewReceiver(t), harness.NewReceiver(t)
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", obj{"url": elsewhere.URL, "events": []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	test := func() {
		t.Helper()
		if _, err := c.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints/"+made.String("endpointId")+"/test", nil); err != nil {
			t.Fatal(err)
		}
	}
	test()

	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwzJGRsFSY4Us="
	cmd := exec.CommandContext(t.Context(), binary, "listen", "--url", c.URL, "--key", c.Key, "--forward", here.URL,
		"--secret", secret, "--since", "beginning")
	var out harness.Shell
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	here.Wait(t, "what was in the log", func(d []harness.Delivery) bool { return len(d) == 1 })
	test()
	got := here.Wait(t, "what happened afterwards", func(d []harness.Delivery) bool { return len(d) == 2 })
	want := elsewhere.Wait(t, "both", func(d []harness.Delivery) bool { return len(d) == 2 })
	for i, d := range got {
		if err := webhook.Verify(d.Body, d.Header, secret); err != nil {
			t.Errorf("webhook %d: %v", i, err)
		}
		if d.ID() != want[i].ID() || !bytes.Equal(d.Body, want[i].Body) {
			t.Errorf("webhook %d is not what the server sent:\n%s\n%s", i, d.Body, want[i].Body)
		}
	}
	// What was forwarded is told when it has been answered.
	told := func() (bool, error) { return strings.Count(out.Output(), "webhook_test") == 2, nil }
	if err := harness.Until(t.Context(), told); err != nil {
		t.Errorf("it says:\n%s", out.Output())
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it did not end in order: %v", err)
	}
	if ok, _ := told(); !ok {
		t.Errorf("in the end it says:\n%s", out.Output())
	}
}
