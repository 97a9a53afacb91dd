package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// person works with a server by the commands.
type person struct {
	t    *testing.T
	bin  string
	env  []string
	dir  string
	code int
}

// does runs a command, and returns what it prints and what it complains of.
func (p *person) does(stdin string, args ...string) (out, complains string) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), p.bin, args...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.env, p.dir, strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		p.t.Fatal(err)
	}
	p.code = cmd.ProcessState.ExitCode()
	return stdout.String(), stderr.String()
}

// gets is does for what must succeed.
func (p *person) gets(args ...string) string {
	p.t.Helper()
	out, complains := p.does("", args...)
	if p.code != 0 || complains != "" {
		p.t.Fatalf("%q: %d: %s", args, p.code, complains)
	}
	return strings.TrimSuffix(out, "\n")
}

// TestPeople does by the commands what a person does with a server.
func TestPeople(t *testing.T) {
	dir := harness.Isolate(t)
	site, server, hook := modelSite(t), harness.Start(t, filepath.Join(dir, "data")), harness.NewReceiver(t)
	bin, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, bin: bin, dir: t.TempDir()}
	p.env = append(os.Environ(), "HOME="+p.dir, "XDG_CONFIG_HOME="+filepath.Join(p.dir, "config"))
	if out, complains := p.does("bh_nothing00000000000000000000000000\n", "login", "--url", server.URL); p.code != 3 || !strings.Contains(complains, "unauthorized") {
		t.Errorf("a key that there isn't: %d %s %s", p.code, out, complains)
	}
	if out, complains := p.does(harness.Key+"\n", "login", "--url", server.URL); p.code != 0 || !strings.Contains(out, "Logged in to "+server.URL) {
		t.Fatalf("%d %s %s", p.code, out, complains)
	}
	if info, err := os.Stat(filepath.Join(p.dir, "config", "browserhook", "login.yaml")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("what is kept: %v, %v", info, err)
	}
	endpoint := obj{}
	if err := json.Unmarshal([]byte(p.gets("endpoints", "create", hook.URL, "--events", "step_*,webhook_test", "--json")), &endpoint); err != nil || !strings.HasPrefix(endpoint.String("secret"), "whsec_") {
		t.Fatalf("%v, %v", endpoint, err)
	}
	id := p.gets("session", "create", site, "--metadata", "for=people")
	if steps := p.gets("events", "--session", id, "--types", "step_started"); strings.Count(steps, "step_") != 1 || !strings.Contains(steps, "\tgoto\t") {
		t.Errorf("it began with %q", steps)
	}
	if shown := p.gets("session", "show", id); !strings.Contains(shown, "READY") || !strings.Contains(shown, `{"for":"people"}`) {
		t.Errorf("the session is\n%s", shown)
	}
	if list := p.gets("session", "list", "--status", "READY"); !strings.HasPrefix(list, id+"\tREADY\t20") || strings.Contains(list, "\n") {
		t.Errorf("the list is %q", list)
	}
	if out := p.gets("step", id, "fill", "target=label=Name", "value=12"); !strings.Contains(out, "COMPLETED  fill") {
		t.Errorf("filled: %s", out)
	}
	p.gets("step", id, "click", "target=text=\"Buy\"", "clickCount:=1")
	if out := p.gets("step", id, "extract", "target=#out", "--json"); !strings.Contains(out, `"result": "Bought by 12"`) {
		t.Errorf("extracted: %s", out)
	}
	if out, complains := p.does("", "step", id, "click", "target=#none", "timeout=2s"); p.code != 7 || !strings.Contains(complains, "target_not_found") || !strings.Contains(out, "FAILED  click") {
		t.Errorf("a step that fails: %d %s %s", p.code, out, complains)
	}
	if out, complains := p.does("", "step", id, "clik"); p.code != 5 || !strings.Contains(complains, "invalid") {
		t.Errorf("a step that there isn't: %d %s %s", p.code, out, complains)
	}
	if out, complains := p.does(`[{"action":"reload"},{"action":"screenshot","fullPage":true}]`, "step", id, "--file=-"); p.code != 0 || strings.Count(out, "COMPLETED") != 2 {
		t.Errorf("steps of a file: %d %s %s", p.code, out, complains)
	}
	files := strings.Split(p.gets("artifacts", "list", id), "\n")
	picture := strings.Split(files[len(files)-1], "\t")[0]
	if out := p.gets("artifacts", "get", id, picture); !strings.HasPrefix(out, picture+".png (") {
		t.Errorf("fetched: %s", out)
	}
	if raw, err := os.ReadFile(filepath.Join(p.dir, picture+".png")); err != nil || !bytes.HasPrefix(raw, []byte("\x89PNG")) {
		t.Errorf("the file: %.20q, %v", raw, err)
	}
	if out := p.gets("artifacts", "get", id, picture, "-o", "-"); !strings.HasPrefix(out, "\x89PNG") {
		t.Errorf("fetched: %.20q", out)
	}
	link := p.gets("session", "open", id, "--control", "--print")
	if status, _ := ask(t, http.MethodGet, link, "", nil); status != http.StatusOK {
		t.Errorf("%s opens nothing: %d", link, status)
	}
	if out := p.gets("events", "--session", id, "--types", "step_failed"); strings.Count(out, "\n") != 0 || !strings.Contains(out, "\tclick target_not_found\t") {
		t.Errorf("the events are %s", out)
	}
	hook.Wait(t, "the steps' events", func(d []harness.Delivery) bool { return len(d) > 3 })
	p.gets("endpoints", "test", endpoint.String("endpointId"))
	if out := p.gets("endpoints", "list"); !strings.HasPrefix(out, endpoint.String("endpointId")+"\tENABLED\t") {
		t.Errorf("the endpoints are %s", out)
	}
	if err := harness.Until(t.Context(), func() (bool, error) {
		return strings.Count(p.gets("deliveries", "list", "--status", "DELIVERED", "--endpoint", endpoint.String("endpointId"), "--limit", "500"), "\n") > 3, nil
	}); err != nil {
		t.Error(err)
	}
	first, _, _ := strings.Cut(p.gets("deliveries", "list", "--status", "DELIVERED"), "\t")
	if out := p.gets("deliveries", "show", first); !strings.Contains(out, "DELIVERED") || strings.Count(out, "\n") < 5 {
		t.Errorf("the delivery is\n%s", out)
	}
	p.gets("deliveries", "retry", first)
	if out := p.gets("session", "end", id); !strings.HasPrefix(out, id+" CLOS") {
		t.Errorf("ended: %s", out)
	}
	p.gets("endpoints", "delete", endpoint.String("endpointId"))
	for _, tt := range []struct {
		code int
		args string
	}{
		{4, "session show browser_nothing"}, {4, "artifacts get " + id + " art_nothing"}, {4, "session end browser_nothing " + id},
		{5, "session create --timeout forever"}, {3, "session list --key bh_nothing00000000000000000000000000"}, {2, "session shw x"}, {3, "session list --url http://127.0.0.1:1"}, {7, "session create http://127.0.0.1:1/"},
	} {
		if _, complains := p.does("", strings.Fields(tt.args)...); p.code != tt.code || complains == "" {
			t.Errorf("%s: %d, not %d: %s", tt.args, p.code, tt.code, complains)
		}
	}
	p.followsTheText(server.URL, site)
}

// followsTheText types what docs/commands.md shows, as it is printed but for the addresses.
func (p *person) followsTheText(server, site string) {
	p.t.Helper()
	text := strings.NewReplacer("https://browsers.example", server, "https://shop.example", site+"/form").Replace(harness.Blocks(p.t, "../../docs/commands.md")[0].Text)
	cmd := exec.CommandContext(p.t.Context(), "bash", "-euc", text)
	cmd.Dir, cmd.Stdin = p.dir, strings.NewReader(harness.Key+"\n")
	cmd.Env = append(p.env, "PATH="+filepath.Dir(p.bin)+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	for _, want := range []string{"Logged in to " + server, "COMPLETED  fill", "COMPLETED  click", "ada@example.org: 3.20", server + "/streams?id=", "\tbrowser_ready\t", "CLOS"} {
		if err != nil || !bytes.Contains(out, []byte(want)) {
			p.t.Errorf("%v, without %q:\n%s", err, want, out)
		}
	}
}
