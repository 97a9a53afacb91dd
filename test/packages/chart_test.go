package packages

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/browserhook/browserhook/test/harness"
)

const chart = "deploy/helm/browserhook"

// object is one of Kubernetes'.
type object map[string]any

// at is what stands at a path of keys and indices; nil: nothing.
func (o object) at(path ...any) any {
	var v any = map[string]any(o)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// rendered are the objects of the chart, by kind and name.
func rendered(t *testing.T, args ...string) map[string]object {
	t.Helper()
	out, err := helm(t, "template", args...)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]object{}
	dec := yaml.NewDecoder(bytes.NewReader(out))
	for {
		var o map[string]any
		err := dec.Decode(&o)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if o != nil {
			all[fmt.Sprint(o["kind"], "/", object(o).at("metadata", "name"))] = o
		}
	}
}

func helm(t *testing.T, command string, args ...string) ([]byte, error) {
	t.Helper()
	words := []string{command}
	if command == "template" {
		words = append(words, "bh")
	}
	words = append(words, filepath.Join(repository, chart), "--namespace=browsers")
	cmd := exec.CommandContext(t.Context(), tool(t, "helm"), append(words, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("helm %s: %w\n%s%s", strings.Join(words, " "), err, out, said.Bytes())
	}
	return out, err
}

var cluster = []string{"--set=replicas=3", "--set=secrets.databaseUrl=postgres://a:b@db/c", "--set=secrets.masterKey=k", "--set=secrets.apiKey=bh_1",
	"--set=settings.max-sessions=12000000", "--set=settings.browser-allow={10.0.0.0/8,192.168.0.0/16}", "--set=ingress.enabled=true"}

// TestChartIsLinted with what it has by itself, and with all of it.
func TestChartIsLinted(t *testing.T) {
	for _, args := range [][]string{nil, cluster, {"--set=seccomp.type=RuntimeDefault", "--set=networkPolicy.enabled=false", "--set=secrets.existing=mine"}} {
		if out, err := helm(t, "lint", append(args, "--strict")...); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// TestChart is what its objects must say to one another.
func TestChart(t *testing.T) {
	one, three := rendered(t), rendered(t, cluster...)
	server := one["StatefulSet/bh-browserhook"]
	pod := server.at("spec", "template", "spec")
	if pod == nil {
		t.Fatalf("%v", one)
	}
	p := object(pod.(map[string]any))
	container := object(p.at("containers", 0).(map[string]any))
	for probe, path := range map[string]string{"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"} {
		if got := container.at(probe, "httpGet", "path"); got != path {
			t.Errorf("%s asks %v", probe, got)
		}
	}
	if got := p.at("securityContext", "seccompProfile", "localhostProfile"); got != "browserhook/seccomp.json" {
		t.Errorf("seccomp: %v", got)
	}
	if c := container; c.at("securityContext", "readOnlyRootFilesystem") != true || c.at("securityContext", "allowPrivilegeEscalation") != false ||
		p.at("securityContext", "runAsNonRoot") != true || p.at("automountServiceAccountToken") != false {
		t.Errorf("the pod is let do too much: %v", p)
	}
	// It has the time to drain, and then to stop.
	drain, grace := fmt.Sprint(container.at("lifecycle", "preStop", "exec", "command", 2)), p.at("terminationGracePeriodSeconds")
	if drain != "kill -USR1 1 && sleep 600" || grace != 620 {
		t.Errorf("%q within %v s", drain, grace)
	}
	// What selects pods selects the servers, and those only.
	labels := object(server.at("spec", "template", "metadata", "labels").(map[string]any))
	for name, path := range map[string][]any{
		"StatefulSet/bh-browserhook":         {"spec", "selector", "matchLabels"},
		"Service/bh-browserhook":             {"spec", "selector"},
		"Service/bh-browserhook-nodes":       {"spec", "selector"},
		"PodDisruptionBudget/bh-browserhook": {"spec", "selector", "matchLabels"},
		"NetworkPolicy/bh-browserhook":       {"spec", "podSelector", "matchLabels"},
	} {
		for key, value := range one[name].at(path...).(map[string]any) {
			if labels[key] != value {
				t.Errorf("%s selects %s=%v", name, key, value)
			}
		}
		if got := one[name].at(append(path, "app.kubernetes.io/component")...); got != "server" {
			t.Errorf("%s selects %v", name, got)
		}
	}
	// The profile that pods name is the one that each node gets.
	if one["ConfigMap/bh-browserhook-seccomp"] == nil || one["DaemonSet/bh-browserhook-seccomp"] == nil {
		t.Errorf("no profile: %v", one)
	}
	if none := rendered(t, "--set=seccomp.type=RuntimeDefault"); none["DaemonSet/bh-browserhook-seccomp"] != nil || none["Secret/bh-browserhook"] == nil {
		t.Errorf("without a profile: %v", none)
	}
	if mine := rendered(t, "--set=secrets.existing=mine"); mine["Secret/bh-browserhook"] != nil {
		t.Error("a Secret beside the one that is there")
	}
	env := variables(three["StatefulSet/bh-browserhook"])
	for name, want := range map[string]string{
		"BROWSERHOOK_MAX_SESSIONS":  "12000000",
		"BROWSERHOOK_BROWSER_ALLOW": "10.0.0.0/8,192.168.0.0/16",
		"BROWSERHOOK_LOG_FORMAT":    "json",
		"BROWSERHOOK_NODE_URL":      "http://$(POD_NAME).bh-browserhook-nodes.browsers.svc:8080",
		"BROWSERHOOK_DATABASE_URL":  "bh-browserhook/database-url",
		"BROWSERHOOK_MASTER_KEY":    "bh-browserhook/master-key",
	} {
		if env[name] != want {
			t.Errorf("%s is %q", name, env[name])
		}
	}
	if got := three["Secret/bh-browserhook"].at("stringData", "database-url"); got != "postgres://a:b@db/c" {
		t.Errorf("the database is %v", got)
	}
	if three["Ingress/bh-browserhook"] == nil {
		t.Error("no ingress")
	}
}

// variables are those of the server: a value, or the key of a Secret.
func variables(set object) map[string]string {
	env := map[string]string{}
	list, _ := set.at("spec", "template", "spec", "containers", 0, "env").([]any)
	for _, v := range list {
		e := object(v.(map[string]any))
		env[fmt.Sprint(e["name"])] = fmt.Sprint(e["value"])
		if key := e.at("valueFrom", "secretKeyRef", "key"); key != nil {
			env[fmt.Sprint(e["name"])] = fmt.Sprint(e.at("valueFrom", "secretKeyRef", "name"), "/", key)
		}
	}
	return env
}

// TestChartAsDocumented: what docs/install.md has typed and written for it makes what it
// says.
func TestChartAsDocumented(t *testing.T) {
	blocks := harness.Walk(t, filepath.Join(repository, "docs/install.md"), "Kubernetes")
	words := strings.Fields(blocks[0].Text)
	if len(words) < 4 || strings.Join(words[:4], " ") != "helm install browserhook ./browserhook-"+release+".tgz" {
		t.Fatalf("it has typed %q", words)
	}
	if got := rendered(t, words[4:]...)["StatefulSet/bh-browserhook"].at("spec", "template", "spec", "containers", 0, "image"); got != "registry.example/browserhook:"+release {
		t.Errorf("the image is %v", got)
	}
	values := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(values, []byte(blocks[1].Text), 0o600); err != nil {
		t.Fatal(err)
	}
	all := rendered(t, "--values="+values)
	set, env := all["StatefulSet/bh-browserhook"], variables(all["StatefulSet/bh-browserhook"])
	if set.at("spec", "replicas") != 3 || env["BROWSERHOOK_PUBLIC_URL"] != "https://browsers.example" || env["BROWSERHOOK_ARTIFACTS_URL"] != "s3://bucket?region=eu-central-1" {
		t.Errorf("%v replicas with %v", set.at("spec", "replicas"), env)
	}
	if got := fmt.Sprint(all["Secret/bh-browserhook"].at("stringData", "database-url")); !strings.HasPrefix(got, "postgres://browserhook:") {
		t.Errorf("the database is %s", got)
	}
}

// TestChartRefuses what can't work, and says why.
func TestChartRefuses(t *testing.T) {
	for _, tt := range []struct{ args, why string }{
		{"--set=replicas=2", "needs a PostgreSQL database"},
		{"--set=secrets.databaseUrl=postgres://db/x", "secrets.masterKey"},
		{"--set=settings.api-key=bh_1", "is a secret"},
		{"--set=settings.data=/x", "the chart's own"},
		{"--set=replica=2", "replica"},
		{"--set=seccomp.type=None", "seccomp"},
	} {
		if _, err := helm(t, "template", tt.args); err == nil || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: %v", tt.args, err)
		}
	}
}

// TestContainersAreConfined: the files for containers name one profile, one port, one
// user, and take away the same.
func TestContainersAreConfined(t *testing.T) {
	// As docs/install.md has them started.
	var files []string
	for line := range strings.Lines(harness.Walk(t, filepath.Join(repository, "docs/install.md"), "The image")[0].Text) {
		command, _, _ := strings.Cut(line, "#")
		switch words := strings.Fields(command); {
		case slices.Equal(words, []string{"docker", "compose", "up"}):
			files = append(files, "compose.yaml")
		case len(words) == 5 && strings.Join(words[:3], " ") == "docker compose -f" && words[4] == "up":
			files = append(files, words[3])
		default:
			t.Errorf("nobody tries %s", line)
		}
	}
	if len(files) != 2 {
		t.Errorf("files of containers: %q", files)
	}
	for _, name := range files {
		var compose map[string]any
		if err := yaml.Unmarshal([]byte(file(t, name)), &compose); err != nil {
			t.Fatal(err)
		}
		servers := 0
		for service, v := range compose["services"].(map[string]any) {
			s := object(v.(map[string]any))
			if !strings.HasPrefix(fmt.Sprint(s["image"]), "browserhook:") {
				continue
			}
			servers++
			options := fmt.Sprint(s["security_opt"])
			if !strings.Contains(options, "seccomp="+chart+"/seccomp.json") || !strings.Contains(options, "no-new-privileges:true") ||
				s["read_only"] != true || fmt.Sprint(s["cap_drop"]) != "[ALL]" || s["shm_size"] == nil || s["tmpfs"] == nil {
				t.Errorf("%s: %s: %v", name, service, s)
			}
		}
		if want := map[string]int{"compose.yaml": 1, "compose.cluster.yaml": 2}[name]; servers != want {
			t.Errorf("%s has %d servers", name, servers)
		}
	}
	var profile struct {
		DefaultAction string
		Syscalls      []struct {
			Names    []string
			Action   string
			Args     []any
			Includes struct{ Caps []string }
		}
	}
	readJSON(t, filepath.Join(repository, chart, "seccomp.json"), &profile)
	if profile.DefaultAction != "SCMP_ACT_ERRNO" {
		t.Errorf("what the profile doesn't name is %s", profile.DefaultAction)
	}
	var free []string
	for _, s := range profile.Syscalls {
		if s.Action == "SCMP_ACT_ALLOW" && len(s.Includes.Caps)+len(s.Args) == 0 {
			free = append(free, s.Names...)
		} else if s.Action != "SCMP_ACT_ALLOW" && slices.Contains(s.Names, "clone3") {
			t.Errorf("the profile contradicts itself: %+v", s)
		}
	}
	for _, call := range []string{"clone", "clone3", "unshare", "setns", "chroot"} {
		if !slices.Contains(free, call) {
			t.Errorf("the profile lets nobody %s without a capability", call)
		}
	}
	for _, call := range []string{"mount", "bpf", "init_module", "kexec_load"} {
		if slices.Contains(free, call) {
			t.Errorf("the profile lets everybody %s", call)
		}
	}
}
