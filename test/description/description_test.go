// Package description checks api/openapi.yaml with the tools of those who use it:
// linters, generators of clients, and a search for what would break them.
package description

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(harness.Main(m))
}

const (
	current  = "../../api/openapi.yaml"
	released = "../../api/released.yaml" // as the last release had it

	// Of the last release: its heading in the changelog, and the SHA-256 of its description.
	release       = "\n## 0.1.0 - "
	releaseDigest = "08fcfb08a6d3ef5940639ef412a6c59df5862ff172e71b177a913259b711469b"
)

// trimmed has Go compile what doesn't know where it lies, and so once.
var trimmed = "GOFLAGS=" + os.Getenv("GOFLAGS") + " -trimpath"

// run runs a command in a folder; what it says is the failure.
func run(t *testing.T, dir string, command ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "CGO_ENABLED=0", trimmed, "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// tool is one of the programs that npm has installed.
func tool(name string) string { return filepath.Join("node_modules", ".bin", name) }

// TestLint: the linters find nothing, no warning either.
func TestLint(t *testing.T) {
	t.Parallel()
	t.Run("redocly", func(t *testing.T) {
		t.Parallel()
		out := run(t, ".", tool("redocly"), "lint", "--format=stylish", current)
		if strings.Contains(out, "warning") && !strings.Contains(out, "Deprecation warning") || !strings.Contains(out, "Your API description is valid") {
			t.Error(out)
		}
	})
	t.Run("spectral", func(t *testing.T) {
		t.Parallel()
		run(t, ".", tool("spectral"), "lint", "--fail-severity=hint", current)
	})
}

// breaking is a change that a client of before doesn't cope with.
type breaking struct {
	ID, Text, Operation, Path string
	Level                     int
}

// changes are what oasdiff finds between two descriptions.
func changes(t *testing.T, before, after string) (all []breaking) {
	t.Helper()
	for _, name := range []*string{&before, &after} {
		abs, err := filepath.Abs(*name)
		if err != nil {
			t.Fatal(err)
		}
		*name = abs
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "oasdiff", "breaking", "--format", "json", before, after)
	cmd.Dir = "tools"
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", trimmed)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("oasdiff: %v: %s", err, out)
	}
	if err := json.Unmarshal(out, &all); err != nil && len(out) > 0 {
		t.Fatalf("oasdiff: %v: %s", err, out)
	}
	return all
}

// unsaid are the changes that the changelog doesn't tell of: under Unreleased, a
// list Breaking, with a line that names the operation as `POST /v1/sessions`.
func unsaid(changelog string, all []breaking) (missing []breaking) {
	_, after, _ := strings.Cut(changelog, "\n## Unreleased\n")
	unreleased, _, _ := strings.Cut(after, "\n## ")
	_, after, _ = strings.Cut(unreleased, "\n### Breaking\n")
	list, _, _ := strings.Cut(after, "\n### ")
	for _, one := range all {
		if !strings.Contains(list, "`"+one.Operation+" "+one.Path+"`") {
			missing = append(missing, one)
		}
	}
	return missing
}

// TestBreakingChangesAreSaid: what breaks clients that were made from the last
// release's description is in the changelog.
func TestBreakingChangesAreSaid(t *testing.T) {
	t.Parallel()
	changelog, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range unsaid(string(changelog), changes(t, released, current)) {
		t.Errorf("%s %s: %s (%s): it breaks clients; if it has to be, the changelog says so under Unreleased, in the list Breaking, with `%s %s`", one.Operation, one.Path, one.Text, one.ID, one.Operation, one.Path)
	}
}

// TestOnlyAReleaseReplacesItsDescription: else what breaks clients would be looked for
// between a description and itself.
func TestOnlyAReleaseReplacesItsDescription(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(released)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(raw)); got != releaseDigest {
		t.Errorf("%s has the digest %s: it isn't that of the last release", released, got)
	}
	changelog, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(changelog), "\n## Unreleased\n")
	if i := strings.Index(after, "\n## "); i < 0 || !strings.HasPrefix(after[i:], release) {
		t.Errorf("the last release in the changelog isn't that of %s", released)
	}
}

// TestABreakingChangeIsFound, of several kinds.
func TestABreakingChangeIsFound(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(current)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(string) string{
		"a path that is gone":     func(s string) string { return strings.Replace(s, "  /v1/nodes:\n", "  /v1/servers:\n", 1) },
		"a member that is gone":   func(s string) string { return strings.ReplaceAll(s, "streamingUrl", "liveUrl") },
		"a value that is refused": func(s string) string { return strings.ReplaceAll(s, "\n            - chromium\n", "\n") },
		"another type": func(s string) string {
			return strings.ReplaceAll(s, "        deliveries:\n          description: How many it was done to.\n          format: int64\n          type: integer", "        deliveries:\n          description: How many it was done to.\n          type: string")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := change(string(raw))
			if changed == string(raw) {
				t.Fatal("nothing was changed")
			}
			path := filepath.Join(t.TempDir(), "changed.yaml")
			if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			found := changes(t, current, path)
			if len(found) == 0 {
				t.Fatal("nothing was found")
			}
			if len(unsaid("\n## Unreleased\n\n### Added\n\n- `GET /v1/nodes`\n", found)) != len(found) {
				t.Error("a line elsewhere counts")
			}
			var lines strings.Builder
			for _, one := range found {
				fmt.Fprintf(&lines, "- `%s %s` is another.\n", one.Operation, one.Path)
			}
			if missing := unsaid("\n## Unreleased\n\n### Breaking\n\n"+lines.String(), found); len(missing) != 0 {
				t.Errorf("said, and missed: %v", missing)
			}
		})
	}
}

// TestClients: what is generated from the description compiles and runs a session.
func TestClients(t *testing.T) {
	dir := harness.Beside(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>Tea shop</title><h1>Tea</h1>`)
	}))
	defer site.Close()
	server := harness.Start(t, filepath.Join(dir, "data"))
	const want = "Tea shop goto,extract 200 not_found\n"
	check := func(t *testing.T, dir string, command ...string) {
		t.Helper()
		if got := run(t, dir, append(command, server.URL, harness.Key, site.URL)...); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	t.Run("all", func(t *testing.T) {
		for _, one := range []struct {
			name     string
			generate []string
		}{
			{"openapi-typescript", []string{tool("openapi-typescript"), current, "-o", "GENERATED/api.d.ts"}},
			{"hey-api", []string{tool("openapi-ts"), "-i", current, "-o", "GENERATED/api", "--silent"}},
		} {
			t.Run(one.name, func(t *testing.T) {
				t.Parallel()
				generated, err := os.MkdirTemp(".", "generated-") // where Node.js finds the packages
				if err != nil {
					t.Fatal(err)
				}
				defer os.RemoveAll(generated)
				for i := range one.generate {
					one.generate[i] = strings.ReplaceAll(one.generate[i], "GENERATED", generated)
				}
				run(t, ".", one.generate...)
				copyFile(t, one.name+".ts", filepath.Join(generated, "session.ts"))
				copyFile(t, "tsconfig.json", filepath.Join(generated, "tsconfig.json"))
				run(t, ".", tool("tsc"), "-p", generated)
				check(t, generated, "node", "session.js")
			})
		}
		for _, one := range []struct {
			name     string
			generate []string
		}{
			{"oapi-codegen", []string{"go", "tool", "oapi-codegen", "-package", "api", "-generate", "types,client,skip-prune", "-o", "GENERATED/api.go", "OPENAPI"}},
			{"ogen", []string{"go", "tool", "ogen", "-config", "ogen/ogen.yml", "-package", "api", "-target", "GENERATED", "-loglevel", "error", "OPENAPI"}},
		} {
			t.Run(one.name, func(t *testing.T) {
				t.Parallel()
				module := t.TempDir()
				description, err := filepath.Abs(current)
				if err != nil {
					t.Fatal(err)
				}
				generated := filepath.Join(module, one.name, "api")
				if err := os.MkdirAll(generated, 0o700); err != nil {
					t.Fatal(err)
				}
				for i := range one.generate {
					one.generate[i] = strings.NewReplacer("GENERATED", generated, "OPENAPI", description).Replace(one.generate[i])
				}
				run(t, "tools", one.generate...)
				for _, name := range []string{"go.mod", "go.sum", one.name + "/main.go"} {
					copyFile(t, filepath.Join("tools", name), filepath.Join(module, name))
				}
				program := filepath.Join(module, "program")
				run(t, module, "go", "build", "-o", program, "./"+one.name) // says what it downloads
				check(t, module, program)
			})
		}
	})
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
