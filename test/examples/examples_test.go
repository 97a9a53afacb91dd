// Package examples runs the recipes in examples/ as their READMEs print them, against
// one server and the shop that comes with them.
package examples

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
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

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(harness.Main(m))
}

// kitchen is what the recipes share: a copy of examples/, a server, and the shop.
type kitchen struct {
	*harness.Server
	dir  string // examples/
	shop *site
}

// site is the shop, and what it has printed: the phones of those who sign in.
type site struct {
	url  string
	mu   sync.Mutex
	said []string
}

// waitFor waits until the shop has printed a line that begins so, and returns the rest.
func (s *site) waitFor(t *testing.T, begin string) (rest string) {
	t.Helper()
	if err := harness.Until(t.Context(), func() (ok bool, _ error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, line := range s.said {
			if rest, ok = strings.CutPrefix(line, begin); ok {
				return true, nil
			}
		}
		return false, nil
	}); err != nil {
		t.Fatalf("the shop doesn't say %q: %v", begin, err)
	}
	return rest
}

// count is how many such lines the shop has printed.
func (s *site) count(line string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, said := range s.said {
		if said == line {
			n++
		}
	}
	return n
}

// TestRecipes follows the chapter "Run it" of each README.
func TestRecipes(t *testing.T) {
	dir := harness.Isolate(t)
	k := &kitchen{Server: harness.Start(t, filepath.Join(dir, "data"), "--max-sessions=12"), dir: copied(t, dir), shop: openShop(t, dir)}
	readmes, err := filepath.Glob(filepath.Join(k.dir, "*", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("all", func(t *testing.T) {
		for _, readme := range readmes {
			name := filepath.Base(filepath.Dir(readme))
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				recipe, ok := recipes[name]
				if !ok {
					t.Fatal("nothing runs it")
				}
				recipe(t, k)
			})
		}
		t.Run("types", func(t *testing.T) {
			t.Parallel()
			types(t, k)
		})
	})
	// None leaves a session behind, to be there until it is idle.
	if err := harness.Until(t.Context(), func() (bool, error) {
		open, err := k.Client().Do(t.Context(), http.MethodGet, "/v1/sessions?status=READY", nil)
		return len(open.List("data")) == 0, err
	}); err != nil {
		t.Errorf("a recipe has left a session: %v", err)
	}
	all, err := k.Client().All(t.Context(), "/v1/sessions")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.String("closeReason") != "requested" {
			t.Errorf("the session of %v ended %s", s["metadata"], s.String("closeReason"))
		}
	}
}

// copied is a copy of examples/ with what its programs need from beside it, where they
// may leave files.
func copied(t *testing.T, dir string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	repository := filepath.Join(dir, "repository") // Go takes no module in TMPDIR itself
	examples, modules := filepath.Join(repository, "examples"), filepath.Join(repository, "examples", "node_modules")
	if err := errors.Join(os.CopyFS(examples, os.DirFS(filepath.Join(root, "examples"))), os.RemoveAll(modules)); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{ // in the copy: what it is
		filepath.Join(repository, "bin/python3"): "/usr/bin/python3", // which has the SDK's dependencies
	}
	for _, name := range []string{"go.mod", "go.sum", "client", "sdk"} {
		links[filepath.Join(repository, name)] = filepath.Join(root, name)
	}
	// npm install's part, with the packages that the other tests have.
	has := dependencies(t, filepath.Join(root, "test/clients"))
	for name, version := range dependencies(t, examples) {
		switch {
		case name == "browserhook":
			built := filepath.Join(repository, "typescript") // the compiler finds no #imports in a node_modules
			build(t, filepath.Join(root, "sdk/typescript"), built)
			links[filepath.Join(modules, name)] = built
		case has[name] != version:
			t.Errorf("examples have %s %s, and the tests %s", name, version, has[name])
		default:
			links[filepath.Join(modules, name)] = filepath.Join(root, "test/clients/node_modules", name)
		}
	}
	for name, is := range links {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.Symlink(is, name)); err != nil {
			t.Fatal(err)
		}
	}
	return examples
}

// build compiles a copy of the SDK: its own tests build it in its place meanwhile.
func build(t *testing.T, sdk, module string) {
	t.Helper()
	err := errors.Join(os.CopyFS(filepath.Join(module, "src"), os.DirFS(filepath.Join(sdk, "src"))),
		os.Symlink(filepath.Join(sdk, "node_modules"), filepath.Join(module, "node_modules")))
	for _, name := range []string{"package.json", "tsconfig.json"} {
		raw, reading := os.ReadFile(filepath.Join(sdk, name))
		err = errors.Join(err, reading, os.WriteFile(filepath.Join(module, name), raw, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	run(t, module, "node_modules/.bin/tsc")
}

// run runs a command in a folder; what it says is the failure.
func run(t *testing.T, dir string, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
}

// types has the compiler look at the programs in JavaScript, as an editor does.
func types(t *testing.T, k *kitchen) {
	sdk, err := filepath.Abs("../../sdk/typescript/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	run(t, k.dir, filepath.Join(sdk, ".bin/tsc"), "--allowJs", "--checkJs", "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck",
		"--types", "node", "--typeRoots", filepath.Join(sdk, "@types"), "playwright/search.mjs", "puppeteer/prices.mjs", "form/returns.mjs", "handover/signin.mjs")
}

// dependencies are those of a package.json.
func dependencies(t *testing.T, dir string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var is struct{ Dependencies map[string]string }
	if err := json.Unmarshal(raw, &is); err != nil {
		t.Fatal(err)
	}
	return is.Dependencies
}

// openShop runs examples/shop on a port of its own.
func openShop(t *testing.T, dir string) *site {
	t.Helper()
	program := filepath.Join(dir, "shop")
	run(t, ".", "go", "build", "-o", program, "../../examples/shop")
	cmd := exec.Command(program, "-listen", "127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &site{}
	var reading sync.WaitGroup
	reading.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			s.mu.Lock()
			s.said = append(s.said, lines.Text())
			s.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		reading.Wait()
		_ = cmd.Wait()
	})
	s.url = s.waitFor(t, "The shop is open at ")
	return s
}

// shell is one in the folder of the recipes, with what its README has one export.
func (k *kitchen) shell(t *testing.T, env []string) *harness.Shell {
	t.Helper()
	bin, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	return harness.StartShell(t, k.dir, append([]string{
		"PATH=" + filepath.Join(k.dir, "../bin") + ":" + filepath.Dir(bin) + ":" + os.Getenv("PATH"),
		"PYTHONPATH=" + filepath.Join(k.dir, "../sdk/python/src"),
		"BROWSERHOOK_URL=" + k.URL, "BROWSERHOOK_KEY=" + harness.Key, "SHOP=" + k.shop.url,
		"XDG_CONFIG_HOME=" + k.dir, // no login of who runs the tests
	}, env...), "bash", "--norc", "-e")
}

// following is what a recipe needs beside its README.
type following struct {
	env  []string
	then func(*harness.Shell, harness.Block)
}

func environment(env ...string) func(*following) { return func(f *following) { f.env = env } }

// then is what the reader does, of whom the text speaks, after each block is seen.
func then(do func(*harness.Shell, harness.Block)) func(*following) {
	return func(f *following) { f.then = do }
}

// follow types the commands of a README's "Run it" and waits for what it says is seen.
// replace are pairs of what is another here: addresses.
func (k *kitchen) follow(t *testing.T, name string, replace []string, options ...func(*following)) *harness.Shell {
	t.Helper()
	f := following{then: func(*harness.Shell, harness.Block) {}}
	for _, o := range options {
		o(&f)
	}
	here := strings.NewReplacer(append([]string{"http://127.0.0.1:8080", k.URL, "http://127.0.0.1:8081", k.shop.url}, replace...)...)
	shell := k.shell(t, f.env)
	for _, b := range harness.Walk(t, "../../examples/"+name+"/README.md", "Run it") {
		switch b.Text = here.Replace(b.Text); b.Kind {
		case "commands":
			shell.Type(t, b.Text)
		case "text":
			for line := range strings.Lines(b.Text) {
				if line = strings.TrimSpace(line); line != "" {
					shell.See(t, line)
				}
			}
		}
		f.then(shell, b)
	}
	shell.Type(t, "wait\nexit\n")
	if err := shell.Wait(); err != nil {
		t.Errorf("the shell: %v", err)
	}
	return shell
}

// alike compares with a text in which … stands for anything.
func alike(pattern, text string) bool {
	parts := strings.Split(pattern, "…")
	for i, part := range parts {
		at := strings.Index(text, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return text == "" || parts[len(parts)-1] == ""
}
