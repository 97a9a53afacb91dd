// Package examples runs the recipes in examples/ as their READMEs print them, against
// one server and the shop that comes with them.
package examples

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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

// TestRecipes follows the chapter "Run it" of each README.
func TestRecipes(t *testing.T) {
	dir := harness.Isolate(t)
	k := &kitchen{Server: harness.Start(t, filepath.Join(dir, "data"), "--max-sessions=12"), dir: copied(t, dir), shop: openShop(t, dir)}
	for name, run := range map[string]func(*testing.T, *kitchen){
		"playwright": playwright, "puppeteer": puppeteer, "chat": chat, "cluster": cluster,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, k)
		})
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
	examples := filepath.Join(dir, "examples")
	if err := os.CopyFS(examples, os.DirFS(filepath.Join(root, "examples"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum", "client"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	install(t, examples, root)
	return examples
}

// install does what npm install does, with the packages that the other tests have.
func install(t *testing.T, examples, root string) {
	t.Helper()
	wants, has := dependencies(t, examples), dependencies(t, filepath.Join(root, "test/clients"))
	modules := filepath.Join(examples, "node_modules")
	if err := errors.Join(os.RemoveAll(modules), os.Mkdir(modules, 0o755)); err != nil {
		t.Fatal(err)
	}
	for name, version := range wants {
		if has[name] != version {
			t.Errorf("examples have %s %s, and the tests %s", name, version, has[name])
		}
		if err := os.Symlink(filepath.Join(root, "test/clients/node_modules", name), filepath.Join(modules, name)); err != nil {
			t.Fatal(err)
		}
	}
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
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../examples/shop").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
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

// follow types the commands of a README's "Run it" and waits for what it says is seen.
// replace are pairs of what is another here, such as ports. After a block is seen
// there comes then: what the reader does, of whom the text speaks.
func (k *kitchen) follow(t *testing.T, name string, replace []string, env []string, then func(shell *harness.Shell, block harness.Block)) *harness.Shell {
	t.Helper()
	bin, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	here := strings.NewReplacer(append([]string{"http://127.0.0.1:8080", k.URL, "http://127.0.0.1:8081", k.shop.url}, replace...)...)
	shell := harness.StartShell(t, k.dir, append([]string{
		"PATH=" + filepath.Dir(bin) + ":" + os.Getenv("PATH"),
		"BROWSERHOOK_URL=" + k.URL, "BROWSERHOOK_KEY=" + harness.Key, "SHOP=" + k.shop.url,
		"XDG_CONFIG_HOME=" + k.dir, // no login of who runs the tests
	}, env...), "bash", "--norc", "-e")
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
		if then != nil {
			then(shell, b)
		}
	}
	shell.Type(t, "wait\nexit\n")
	if err := shell.Wait(); err != nil {
		t.Errorf("the shell: %v", err)
	}
	return shell
}

func playwright(t *testing.T, k *kitchen) {
	k.follow(t, "playwright", nil, nil, nil)
	k.picture(t, "search.png")
}

func puppeteer(t *testing.T, k *kitchen) {
	k.follow(t, "puppeteer", nil, nil, nil)
	k.picture(t, "prices.png")
}

func (k *kitchen) picture(t *testing.T, name string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(k.dir, name))
	if err != nil || !strings.HasPrefix(string(raw), "\x89PNG") {
		t.Errorf("%s is no picture: %v", name, err)
	}
}

// chat stands for a chat's incoming webhook.
func chat(t *testing.T, k *kitchen) {
	said := make(chan string, 10)
	room := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		said <- string(body)
		fmt.Fprint(w, "ok")
	}))
	t.Cleanup(room.Close)
	k.follow(t, "chat", nil, []string{"CHAT_URL=" + room.URL}, func(_ *harness.Shell, b harness.Block) {
		if b.Kind != "json" {
			return
		}
		var got, want struct{ Text string }
		body := <-said
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Errorf("%v: %s", err, body)
		}
		if err := json.Unmarshal([]byte(b.Text), &want); err != nil {
			t.Fatal(err)
		}
		if !alike(want.Text, got.Text) {
			t.Errorf("the chat hears\n%s, not\n%s", got.Text, want.Text)
		}
	})
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

// cluster has servers of its own.
func cluster(t *testing.T, k *kitchen) {
	_, url := harness.Postgres(t)
	one, two := "http://"+freeAddress(t), "http://"+freeAddress(t)
	k.follow(t, "cluster", []string{"http://127.0.0.1:8091", one, "http://127.0.0.1:8092", two}, []string{"DATABASE_URL=" + url}, nil)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
