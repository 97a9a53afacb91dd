// Package typescript tests the TypeScript SDK as users get it: packed, and installed in
// a folder of its own, against a server.
package typescript

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

const sdk = "../../../sdk/typescript"

// run runs a command in a folder; what it says is the failure.
func run(t *testing.T, dir string, env []string, command ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "NO_COLOR=1"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// shop is a site for steps.
func shop(t *testing.T) string {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><html lang=en><link rel=icon href="data:,"><title>Tea shop</title><h1>Tea</h1>
<nav><a href="/help">Help</a></nav>
<label>Search <input id=q></label><button onclick="said.textContent = q.value">Search</button><b id=said></b>
<ul id=products><li><b>Green tea</b> <i>4.50</i></li><li><b>Cups</b></li></ul>
<script>console.log("tea"); console.log("cups")</script>`)
	}))
	t.Cleanup(site.Close)
	return site.URL + "/"
}

// pack builds the package and packs it, and says which file that is.
func pack(t *testing.T) string {
	t.Helper()
	run(t, sdk, nil, "npm", "run", "--silent", "build")
	dir := t.TempDir()
	var made []struct{ Filename string }
	out := run(t, sdk, nil, "npm", "pack", "--json", "--silent", "--pack-destination", dir)
	if err := json.Unmarshal([]byte(out), &made); err != nil || len(made) != 1 {
		t.Fatalf("npm pack: %v: %s", err, out)
	}
	return filepath.Join(dir, made[0].Filename)
}

// install installs the package alone in a new folder, from which Node.js finds the
// packages that the tests use beside it, with the tests and the README's samples.
func install(t *testing.T, tarball string, samples []string) string {
	t.Helper()
	dir, err := os.MkdirTemp(sdk, "packed-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("package.json", []byte(`{"private": true, "type": "module"}`))
	run(t, dir, nil, "npm", "install", "--offline", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", tarball)
	tests, err := filepath.Glob(filepath.Join(sdk, "test", "*"))
	if err != nil || len(tests) == 0 {
		t.Fatalf("there are no tests: %v", err)
	}
	for _, name := range tests {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(filepath.Base(name), text)
	}
	for i, text := range samples {
		write(fmt.Sprintf("sample%d.ts", i), []byte(text))
	}
	return dir
}

var (
	block    = regexp.MustCompile("(?s)\n```ts\n(.*?)\n```\n")
	expected = regexp.MustCompile(`(?m)console\.log\(.*\); // (.*)$`)
)

// samples are the programs of the README, for a site that there is.
func samples(t *testing.T, site string) (all []string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(sdk, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range block.FindAllStringSubmatch(string(raw), -1) {
		all = append(all, strings.ReplaceAll(m[1], "https://shop.example/", site))
	}
	if len(all) < 6 {
		t.Fatalf("the README has %d samples", len(all))
	}
	return all
}

// TestPackage has what npm packs looked at by those who know how packages go wrong,
// compiled with its tests and the README's samples, and run against a server.
func TestPackage(t *testing.T) {
	dir := harness.Isolate(t)
	tarball := pack(t)
	site := shop(t)
	programs := samples(t, site)
	installed := install(t, tarball, programs)
	run(t, installed, nil, "../node_modules/.bin/tsc", "-p", ".")
	server := harness.Start(t, filepath.Join(dir, "data"))
	env := []string{"BROWSERHOOK_URL=" + server.URL, "BROWSERHOOK_KEY=" + harness.Key, "SITE=" + site}
	t.Run("all", func(t *testing.T) {
		t.Run("publint", func(t *testing.T) {
			t.Parallel()
			if out := run(t, sdk, nil, "node_modules/.bin/publint", "run", tarball, "--strict"); !strings.Contains(out, "All good!") {
				t.Error(out)
			}
		})
		t.Run("arethetypeswrong", func(t *testing.T) {
			t.Parallel()
			run(t, sdk, nil, "node_modules/.bin/attw", tarball, "--profile", "esm-only", "--no-emoji")
		})
		t.Run("tests", func(t *testing.T) {
			t.Parallel()
			files, err := filepath.Glob(filepath.Join(installed, "out", "*.test.js"))
			if err != nil || len(files) == 0 {
				t.Fatalf("there are no tests: %v", err)
			}
			for i := range files {
				files[i] = filepath.Join("out", filepath.Base(files[i]))
			}
			run(t, installed, env, append([]string{"node", "--test", "--test-reporter=tap"}, files...)...)
		})
		t.Run("types for users", func(t *testing.T) {
			t.Parallel()
			run(t, installed, nil, "../node_modules/.bin/tsc", "-p", "users.json")
		})
		t.Run("restart", func(t *testing.T) {
			t.Parallel()
			restart(t, filepath.Join(dir, "restarted"), installed, site)
		})
		for i, text := range programs {
			t.Run(fmt.Sprintf("sample %d", i), func(t *testing.T) {
				t.Parallel()
				if strings.Contains(text, "createServer") {
					receives(t, server, installed, filepath.Join("out", fmt.Sprintf("sample%d.js", i)))
					return
				}
				out := run(t, installed, env, "node", filepath.Join("out", fmt.Sprintf("sample%d.js", i)))
				for _, m := range expected.FindAllStringSubmatch(text, -1) {
					if !strings.Contains(out, m[1]+"\n") {
						t.Errorf("it doesn't say %q:\n%s", m[1], out)
					}
				}
				if i == 0 && !strings.Contains(out, "Green tea 4.5\n") {
					t.Error(out)
				}
			})
		}
	})
}

// restart kills the server of a program that waits for a step and follows events, and
// starts it again: the program goes on.
func restart(t *testing.T, data, installed, site string) {
	server := harness.Start(t, data, "--keeper-grace=60s")
	cmd := exec.CommandContext(t.Context(), "node", "out/restart.js")
	cmd.Dir = installed
	cmd.Env = append(os.Environ(), "BROWSERHOOK_URL="+server.URL, "BROWSERHOOK_KEY="+harness.Key, "SITE="+site)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if lines.Scan() && lines.Text() == "kill it" {
		server.Kill()
		harness.Start(t, data, "--keeper-grace=60s", "--listen="+strings.TrimPrefix(server.URL, "http://"))
	}
	var seen []string
	for lines.Scan() {
		seen = append(seen, lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if got, want := strings.Join(seen, "\n"), "interrupted Tea shop\ntrue browser_closed"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// receives has the README's receiver take an event.
func receives(t *testing.T, server *harness.Server, installed, program string) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	endpoint, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", map[string]any{
		"url": "http://127.0.0.1:" + port + "/", "events": []string{"webhook_test"}, "retrySchedule": []string{"1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), harness.Deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", program)
	cmd.Dir = installed
	cmd.Env = append(os.Environ(), "SECRET="+endpoint.String("secret"), "PORT="+port)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client().Do(ctx, http.MethodPost, "/v1/webhook-endpoints/"+endpoint.String("endpointId")+"/test", nil); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != " webhook_test" {
		t.Errorf("it says %q", lines.Text())
	}
	cancel()
	_ = cmd.Wait()
}
