package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestDocumentedReceivers runs the programs of docs/webhooks.md as they are
// printed, but for their port: each accepts a real delivery and refuses one
// whose body, id, timestamp or signature is another, and our own test of
// receivers finds nothing to say.
func TestDocumentedReceivers(t *testing.T) {
	dir := harness.Isolate(t)
	raw, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	server := harness.Start(t, filepath.Join(dir, "data"))
	captured := harness.NewReceiver(t)
	for _, p := range []struct {
		fence, file string
		command     []string
	}{
		{"go", filepath.Join(dir, "handler.go"), []string{"go", "run"}},
		{"go", filepath.Join(dir, "receiver.go"), []string{"go", "run"}},
		{"js", "../clients/documented.mjs", []string{"node"}}, // beside the libraries that it imports
		{"python", filepath.Join(dir, "receiver.py"), []string{"python3"}},
	} {
		t.Run(filepath.Base(p.file), func(t *testing.T) {
			_, rest, ok := strings.Cut(doc, "```"+p.fence+"\n")
			program, rest, closed := strings.Cut(rest, "```")
			doc = rest // the next one comes after it
			if !ok || !closed || strings.Count(program, "9000") != 1 {
				t.Fatal("the program is not there, or its port is not")
			}
			address := harness.FreeAddress(t)
			_, port, _ := net.SplitHostPort(address)
			if err := os.WriteFile(p.file, []byte(strings.Replace(program, "9000", port, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Remove(p.file) })

			// One secret for the program and for the receiver that shows what
			// a delivery looks like.
			c := server.Client()
			made, err := c.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", obj{"url": captured.URL, "events": []string{"*"}})
			if err != nil {
				t.Fatal(err)
			}
			path := "/v1/webhook-endpoints/" + made.String("endpointId")
			startReceiver(t, append(p.command, p.file), made.String("secret"), address)

			// How fast this machine is isn't what is tested.
			report, err := exec.CommandContext(t.Context(), binary, "webhook-test", "http://"+address+"/hook", "--secret", made.String("secret"), "--timeout", "1m").CombinedOutput()
			if err != nil || strings.Contains(string(report), "WRONG") {
				t.Errorf("webhook-test: %v\n%s", err, report)
			}

			seen := len(captured.Deliveries())
			if _, err := c.Do(t.Context(), http.MethodPost, path+"/test", nil); err != nil {
				t.Fatal(err)
			}
			d := captured.Wait(t, "a test event", func(d []harness.Delivery) bool { return len(d) > seen })[seen]
			if _, err := c.Do(t.Context(), http.MethodPatch, path, obj{"url": "http://" + address + "/hook"}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Do(t.Context(), http.MethodPost, path+"/test", nil); err != nil {
				t.Fatal(err)
			}
			if err := harness.Until(t.Context(), func() (bool, error) {
				list, err := c.Do(t.Context(), http.MethodGet, "/v1/deliveries?status=DELIVERED&endpointId="+made.String("endpointId"), nil)
				return err == nil && len(list.List("data")) == 2, err
			}); err != nil {
				t.Errorf("it does not accept a real delivery: %v", err)
			}
			for name, broken := range map[string]func(h http.Header, body []byte) []byte{
				"nothing":   func(_ http.Header, body []byte) []byte { return body },
				"body":      func(_ http.Header, body []byte) []byte { return bytes.Replace(body, []byte("1"), []byte("2"), 1) },
				"id":        func(h http.Header, body []byte) []byte { h.Set("webhook-id", "evt_other"); return body },
				"timestamp": func(h http.Header, body []byte) []byte { h.Set("webhook-timestamp", "1700000000"); return body },
				"signature": func(h http.Header, body []byte) []byte { h.Set("webhook-signature", "v1,AAAA"); return body },
			} {
				h := http.Header{}
				for _, k := range []string{"webhook-id", "webhook-timestamp", "webhook-signature", "content-type"} {
					h.Set(k, d.Header.Get(k))
				}
				status := post(t, "http://"+address+"/hook", h, broken(h, bytes.Clone(d.Body)))
				if want := 401; name == "nothing" && status != 204 || name != "nothing" && status != want {
					t.Errorf("with another %s: it answers %d", name, status)
				}
			}
		})
	}
}

// startReceiver runs a program until the test ends, and waits until it listens.
func startReceiver(t *testing.T, command []string, secret, address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "SECRET="+secret)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// `go run` starts another process, which is to end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	if err := harness.Until(t.Context(), func() (bool, error) { return listens(t.Context(), address), nil }); err != nil {
		t.Fatalf("%s does not listen: %v\n%s", command, err, out.String())
	}
}

func listens(ctx context.Context, address string) bool {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

func post(t *testing.T, url string, header http.Header, body []byte) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(fmt.Errorf("post: %w", err))
	}
	res.Body.Close()
	return res.StatusCode
}
