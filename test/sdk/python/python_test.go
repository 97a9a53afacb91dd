// Package python tests the Python SDK as its users have it: the wheel, against a
// live server. The tests themselves are Python's, in sdk/python/tests.
package python

import (
	"archive/zip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(harness.Main(m))
}

const sdk = "../../../sdk/python"

// python is one that has what the tests need: Debian's has it by its own packages,
// whatever other is first in the PATH.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), name, "-c", "import build, cryptography, fastapi, flask, hatchling, httpx, mypy, pytest, uvicorn").Run() == nil {
			return name
		}
	}
	t.Fatal("no python3 has build, cryptography, fastapi, flask, hatchling, httpx, mypy, pytest and uvicorn: scripts/install-deps test")
	return ""
}

// run runs a command in a folder; what it says is the failure.
func run(t *testing.T, dir string, env []string, command ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// TestSDK builds the packages, and has the tests use the wheel.
func TestSDK(t *testing.T) {
	py := python(t)
	dir := harness.Isolate(t)
	installed := filepath.Join(dir, "installed")
	dist := filepath.Join(dir, "dist")
	run(t, sdk, nil, py, "-m", "build", "--no-isolation", "--skip-dependency-check", "--outdir", dist, ".")
	wheel := only(t, dist, "browserhook-*-py3-none-any.whl")
	only(t, dist, "browserhook-*.tar.gz")
	unpack(t, wheel, installed)

	site := newSite(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	lossy := httptest.NewServer(&lossy{server: server.URL, key: harness.Key})
	t.Cleanup(lossy.Close)
	env := []string{
		"PYTHONPATH=" + installed, "MYPYPATH=" + installed,
		"BROWSERHOOK_URL=" + server.URL, "BROWSERHOOK_KEY=" + harness.Key,
		"BROWSERHOOK_TEST_SITE=" + site, "BROWSERHOOK_TEST_LOSSY=" + lossy.URL,
		"BROWSERHOOK_TEST_VECTORS=" + vectors(t),
	}
	t.Run("all", func(t *testing.T) {
		t.Run("tests", func(t *testing.T) {
			t.Parallel()
			out := run(t, sdk, env, py, "-m", "pytest", "-q", "-rs", "-W", "error::DeprecationWarning:browserhook", "tests")
			if strings.Contains(out, "skipped") {
				t.Errorf("something was left out:\n%s", out)
			}
		})
		t.Run("types", func(t *testing.T) {
			t.Parallel()
			readme := filepath.Join(dir, "readme.py")
			if err := os.WriteFile(readme, samples(t), 0o600); err != nil {
				t.Fatal(err)
			}
			cache := filepath.Join(dir, "mypy")
			run(t, sdk, env, py, "-m", "mypy", "--cache-dir", cache, "examples/flask_app.py", "examples/fastapi_app.py", "tests/typed.py", readme)
		})
	})
}

// samples are those of the README.
func samples(t *testing.T) (python []byte) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(sdk, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(raw), "\n```python\n")[1:] {
		block, _, _ = strings.Cut(block, "\n```")
		python = append(python, block+"\n"...)
	}
	return python
}

// only is the one file of a folder that matches.
func only(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	return found[0]
}

// unpack does what pip does with a wheel of Python alone.
func unpack(t *testing.T, wheel, dir string) {
	t.Helper()
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if err := os.CopyFS(dir, archive); err != nil {
		t.Fatal(err)
	}
	var has []string
	err = fs.WalkDir(archive, ".", func(path string, d fs.DirEntry, err error) error {
		if top, _, _ := strings.Cut(path, "/"); !d.IsDir() && top != "browserhook" && !strings.HasSuffix(top, ".dist-info") {
			t.Errorf("the wheel has %s", path)
		}
		has = append(has, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"browserhook/py.typed", "browserhook/_sync/client.py", "browserhook/_async/client.py"} {
		if !slices.Contains(has, path) {
			t.Errorf("the wheel lacks %s", path)
		}
	}
}

// vectors are webhooks that the packages of others have signed, and ours for Go.
func vectors(t *testing.T) string {
	t.Helper()
	out := run(t, "../../clients", nil, "node", "--input-type=module", "-e", `
		import { Webhook } from "standardwebhooks";
		import { Webhook as Svix } from "svix";
		const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", timestamp = 1700000000;
		const all = [];
		for (const body of ["{}", '{"test": 2432232314}', "\u20ac \u{1f375}", ""])
			for (const [name, one] of [["standardwebhooks", new Webhook(secret)], ["svix", new Svix(secret)]])
				all.push({ package: name, secret, id: "msg_1", timestamp, body, signature: one.sign("msg_1", new Date(timestamp * 1000), body) });
		console.log(JSON.stringify(all));`)
	var all []map[string]any
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	raw, err := json.Marshal(append(all, ofGo(t)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

const page = `<!doctype html><html lang=en><link rel=icon href="data:,"><title>Tea shop</title>
<h1>Oolong</h1><p>Price: <b id=price>4.50</b></p>
<label>Name <input id=who placeholder="Your name"></label>
<button id=buy onclick="bought = document.querySelector('#who').value; console.log('bought by ' + bought)">Buy</button>
<script>var bought = ""</script>`

// newSite is a tea shop, which counts what is posted to /count.
func newSite(t *testing.T) string {
	var count atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page)
	})
	mux.HandleFunc("GET /list.csv", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", "attachment")
		fmt.Fprint(w, "tea,price\n")
	})
	mux.HandleFunc("GET /count", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, count.Load()) })
	mux.HandleFunc("POST /count", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, count.Add(1)) })
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site.URL
}

// lossy passes requests on to the server. The answer to the first of each is lost
// after the server has given it, and a stream breaks off after each event.
type lossy struct {
	server, key string
	mu          sync.Mutex
	seen        map[string]bool
}

// first says whether a request has not come before.
func (l *lossy) first(r *http.Request) bool {
	name := r.Method + r.URL.String() + r.Header.Get("Idempotency-Key")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	was := l.seen[name]
	l.seen[name] = true
	return !was
}

func (l *lossy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, l.server+r.URL.RequestURI(), r.Body)
	if err != nil {
		panic(err)
	}
	req.Header = r.Header.Clone()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer res.Body.Close()
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		l.stream(w, res)
		return
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || l.first(r) {
		panic(http.ErrAbortHandler)
	}
	for name, values := range res.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(body)
}

// stream passes on the first event and half of the second.
func (l *lossy) stream(w http.ResponseWriter, res *http.Response) {
	w.Header().Set("Content-Type", res.Header.Get("Content-Type"))
	buf := make([]byte, 1)
	var seen strings.Builder
	for {
		if _, err := res.Body.Read(buf); err != nil {
			panic(http.ErrAbortHandler)
		}
		seen.Write(buf)
		_, _ = w.Write(buf)
		_ = http.NewResponseController(w).Flush()
		if _, second, ok := strings.Cut(seen.String(), "\ndata: "); ok {
			if _, after, ended := strings.Cut(second, "\n\n"); ended && len(after) > 20 {
				panic(http.ErrAbortHandler)
			}
		}
	}
}
