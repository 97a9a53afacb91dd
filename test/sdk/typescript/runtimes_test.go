package typescript

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

var others = flag.Bool("runtimes", false, "run the package in the runtimes beside Node.js: make runtimes")

// secret is that of the runtimes' endpoints: they must know it before there is one.
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// runtime is one of those, and how it is started in the folder of its programs.
type runtime struct {
	name    string
	prepare []string // the secret isn't there yet
	serve   func(port string) []string
}

var runtimes = []runtime{
	{"deno", nil, func(port string) []string {
		return []string{"../node_modules/.bin/deno", "serve", "--allow-env", "--allow-net", "--allow-read", "--no-remote", "--host=127.0.0.1", "--port=" + port, "serve.js"}
	}},
	{"bun", nil, func(string) []string { return []string{"../node_modules/.bin/bun", "serve.js"} }},
	{"workerd", []string{"../node_modules/.bin/esbuild", "worker.js", "--bundle", "--format=esm", "--conditions=workerd,worker,browser", "--external:cloudflare:workers", "--outfile=worker.bundle.js"},
		func(port string) []string {
			return []string{"../node_modules/.bin/workerd", "serve", "worker.capnp", "--socket-addr=http=127.0.0.1:" + port}
		}},
	{"next", []string{"../node_modules/.bin/next", "build"}, func(port string) []string {
		return []string{"../node_modules/.bin/next", "start", "--hostname=127.0.0.1", "--port=" + port}
	}},
}

// TestRuntimes has the package, as it is packed, run a session, follow its events and take
// a webhook in Deno, in Bun, in a worker and in an app of Next.js.
func TestRuntimes(t *testing.T) {
	if !*others {
		t.Skip("only with -runtimes: make runtimes")
	}
	dir := harness.Isolate(t)
	site := shop(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	programs := runtimesFolder(t)
	for _, r := range runtimes {
		t.Run(r.name, func(t *testing.T) {
			address := harness.FreeAddress(t)
			_, port, _ := net.SplitHostPort(address)
			if r.prepare != nil {
				run(t, programs, []string{"NEXT_TELEMETRY_DISABLED=1"}, r.prepare...)
			}
			said := serve(t, programs, address, []string{"PORT=" + port, "SECRET=" + secret, "SITE=" + site, "BROWSERHOOK_URL=" + server.URL, "BROWSERHOOK_KEY=" + harness.Key, "NEXT_TELEMETRY_DISABLED=1"}, r.serve(port))
			if status, got := ask(t, http.MethodGet, "http://"+address+"/run", nil); status != http.StatusOK || !strings.HasPrefix(got, `{"status":200,"heading":"Tea","seen":["browser_ready",`) || !strings.HasSuffix(got, `"browser_closed"]}`) {
				t.Errorf("a session: %d %s", status, got)
			}
			endpoint, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", map[string]any{"url": "http://" + address + "/hook", "events": []string{"webhook_test"}, "secret": secret})
			if err != nil {
				t.Fatal(err)
			}
			id := endpoint.String("endpointId")
			if _, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints/"+id+"/test", nil); err != nil {
				t.Fatal(err)
			}
			if err := harness.Until(t.Context(), func() (bool, error) {
				list, err := server.Client().Do(t.Context(), http.MethodGet, "/v1/deliveries?status=DELIVERED&endpointId="+id, nil)
				return len(list.List("data")) == 1 && strings.Contains(said(), "took webhook_test"), err
			}); err != nil {
				t.Errorf("a webhook: %v\n%s", err, said())
			}
			if status, _ := ask(t, http.MethodPost, "http://"+address+"/hook", strings.NewReader("{}")); status != http.StatusUnauthorized {
				t.Errorf("what isn't signed is answered %d", status)
			}
		})
	}
}

// runtimesFolder is a copy of the runtimes' programs with the packed package installed.
func runtimesFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("runtimes", "packed-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range []string{"program.js", "serve.js", "worker.js", "worker.capnp", "next.config.js", "app/hook/route.js", "app/run/route.js"} {
		text, err := os.ReadFile(filepath.Join("runtimes", name))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private": true, "type": "module"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, nil, "npm", "install", "--offline", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", pack(t))
	return dir
}

// serve runs a program until the test ends, waits until it listens, and gives what it has
// said so far.
func serve(t *testing.T, dir, address string, env, command []string) (said func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	out := &output{}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), out, out
	// Some start another process, which is to end with them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	if err := harness.Until(t.Context(), func() (bool, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil, nil
	}); err != nil {
		t.Fatalf("%s doesn't listen: %v\n%s", command[0], err, out)
	}
	return out.String
}

// output is what a program says.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write takes some.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func ask(t *testing.T, method, url string, body io.Reader) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, fmt.Sprint(err)
	}
	defer res.Body.Close()
	raw, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(raw)
}
