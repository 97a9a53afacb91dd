package packages

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// root is a fresh Debian in a folder, with what is handed out in /root.
func root(t *testing.T) string {
	t.Helper()
	if !*roots {
		t.Skip("only with -roots: make packages")
	}
	// It is large, and the harness's folder may be in memory.
	dir, err := os.MkdirTemp("/var/tmp", "browserhook-root-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	output(t, filepath.Join(repository, "scripts/debian-root"), dir)
	output(t, "sh", "-ec", `cp "$1"/dist/*.deb "$1"/dist/*.tar.gz "$1"/dist/SHA256SUMS "$2/root/"`, "", repository, dir)
	return dir
}

// container runs a command in a root, beside nothing else, on this machine's network.
func container(dir string, args ...string) []string {
	return append([]string{"systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--setenv=HOME=/root", "--directory", dir}, args...)
}

// boot starts a root's systemd, as a machine's, and is the command that leads into it.
func boot(t *testing.T, dir string) (into []string) {
	t.Helper()
	words := container(dir, "--pipe", "sh", "-ec", "apt-get update -qq && apt-get install -y -qq --no-install-recommends systemd systemd-sysv")
	output(t, words[0], words[1:]...)
	words = container(dir, "--boot", "--console=read-only", "--capability=CAP_NET_ADMIN") // as a machine has it
	machine := exec.CommandContext(t.Context(), words[0], words[1:]...)
	machine.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	machine.Cancel = func() error { return machine.Process.Signal(syscall.SIGTERM) }
	machine.WaitDelay = 30 * time.Second
	if err := machine.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = machine.Process.Signal(syscall.SIGTERM) // a halt
		_ = machine.Wait()
	})
	var first string
	if err := harness.Until(t.Context(), func() (bool, error) {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", machine.Process.Pid, machine.Process.Pid))
		first, _, _ = strings.Cut(strings.TrimSpace(string(raw)), " ")
		comm, _ := os.ReadFile("/proc/" + first + "/comm")
		return string(comm) == "systemd\n", err
	}); err != nil {
		t.Fatalf("systemd doesn't start: %v", err)
	}
	into = []string{"nsenter", "--target", first, "--all", "--root", "--wd", "env", "-i", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	var state []byte
	if err := harness.Until(t.Context(), func() (bool, error) {
		state, _ = exec.CommandContext(t.Context(), into[0], append(into[1:], "systemctl", "is-system-running", "--wait")...).CombinedOutput()
		return string(state) == "running\n" || string(state) == "degraded\n", nil
	}); err != nil {
		t.Fatalf("it doesn't boot: %v: %s", err, state)
	}
	return into
}

// follow types what a chapter of docs/install.md says, line by line, and waits for what
// it says is then seen. It is the time from the first line to the last.
func follow(t *testing.T, chapter string, shell ...string) time.Duration {
	t.Helper()
	s := harness.StartShell(t, t.TempDir(), nil, shell...)
	s.Type(t, "cd /root\n")
	began := time.Now()
	lines := 0
	for _, b := range harness.Walk(t, filepath.Join(repository, "docs/install.md"), chapter) {
		for line := range strings.Lines(b.Text) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			if b.Kind != "commands" {
				s.See(t, line)
				continue
			}
			// What it runs reads nothing of what is typed after it.
			lines++
			s.Type(t, fmt.Sprintf("%s\necho \"line %d ends with $?\"\n", line, lines))
			s.SeeWithin(t, fmt.Sprintf("line %d ends with 0", lines), 10*time.Minute)
		}
	}
	took := time.Since(began)
	if !strings.Contains(s.Output(), "verified   #1  browser_ready") || lines < 8 {
		t.Errorf("no verified webhook after %d lines", lines)
	}
	s.Type(t, "kill %2 %1; wait; exit\n")
	_ = s.Wait()
	return took
}

// inTime is what a new user has from the download to the first verified webhook.
const inTime = 2 * time.Minute

// TestProgramWalk: by docs/install.md from the archive to a webhook, in a fresh Debian.
func TestProgramWalk(t *testing.T) {
	dir := root(t)
	took := follow(t, "The program", container(dir, "--pipe", "bash", "--norc")...)
	t.Logf("from the download to the first verified webhook: %s", took.Round(time.Second))
	if took > inTime {
		t.Errorf("it took %s", took)
	}
}

// TestPackageWalk: by docs/install.md from the package to a webhook, in a fresh Debian
// that has booted; then an upgrade that sessions survive, and a removal that leaves
// nothing.
func TestPackageWalk(t *testing.T) {
	dir := root(t)
	into := boot(t, dir)
	took := follow(t, "The package for Debian and Ubuntu", append(into, "bash", "--norc")...)
	t.Logf("from the download to the first verified webhook: %s", took.Round(time.Second))
	if took > inTime {
		t.Errorf("it took %s", took)
	}
	in := func(script string) string {
		t.Helper()
		return output(t, into[0], append(into[1:], "sh", "-ec", script)...)
	}
	if got := in("curl -s http://127.0.0.1:8080/readyz"); strings.Contains(got, "no sandbox") || strings.Contains(got, "network namespace") || !strings.HasPrefix(got, "ok\n") {
		t.Errorf("in the unit: %s", got)
	}
	if got := in("curl -s http://127.0.0.1:8080/healthz"); got != "ok\nbrowserhook "+release+"\n" {
		t.Errorf("/healthz: %q", got)
	}
	// A session, then the same package again, as an upgrade is.
	const with = `cd /root
export KEY=$(runuser -u browserhook -- browserhook --config /etc/browserhook/browserhook.yaml keys create)
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -H 'Prefer: wait=30' "$@"; }
new() { ask http://127.0.0.1:8080/v1/sessions -d '{}' | grep -o 'browser_[0-9a-z]*' | head -n 1; }
run() { ask "http://127.0.0.1:8080/v1/sessions/$1/steps" -d "{\"steps\":[{\"action\":\"evaluate\",\"expression\":\"$2\"}]}"; }
`
	got := in(with + `id=$(new); run $id "window.kept = 7"
		apt-get install --yes --reinstall ./browserhook_` + release + `_amd64.deb
		run $id "window.kept + 1"; ask "http://127.0.0.1:8080/v1/events?sessionId=$id"`)
	if !strings.Contains(got, `"result":8`) || !strings.Contains(got, "browser_recovered") {
		t.Errorf("after an upgrade: %s", got)
	}
	// As root, as docs/operations.md has it, browsers have users of their own.
	override := filepath.Join(dir, "etc/systemd/system/browserhook.service.d")
	if err := os.MkdirAll(override, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(override, "users.conf"), []byte(harness.Walk(t, filepath.Join(repository, "docs/operations.md"), "The unit")[0].Text), 0o644); err != nil {
		t.Fatal(err)
	}
	in("systemctl daemon-reload && systemctl restart browserhook")
	got = in(strings.Replace(with, "runuser -u browserhook -- ", "", 1) + `run $(new) "2 + 3"
		curl -s http://127.0.0.1:8080/readyz
		for p in /proc/[0-9]*; do ! grep -qs chromium-headle $p/comm || stat --format='user %u' $p; done`)
	if !strings.Contains(got, `"result":5`) || strings.Contains(got, "no sandbox") || strings.Contains(got, "network namespace") || !regexp.MustCompile(`user 6[1-5]\d{3}\n`).MatchString(got) || strings.Contains(got, "user 0\n") {
		t.Errorf("as root: %s", got)
	}
	if err := os.RemoveAll(override); err != nil {
		t.Fatal(err)
	}
	in("systemctl daemon-reload")
	const running = `cat /proc/[0-9]*/comm 2>/dev/null | grep -c -e browserhook -e chromium || true`
	if got := in(running); got == "0\n" {
		t.Error("nothing runs before the removal")
	}
	in("apt-get remove --yes browserhook")
	if err := harness.Until(t.Context(), func() (bool, error) { return in(running) == "0\n", nil }); err != nil {
		t.Errorf("after the removal there run %s", in(`cat /proc/[0-9]*/comm`))
	}
	if got := in("ls -d /var/lib/browserhook /etc/browserhook/browserhook.yaml"); !strings.Contains(got, "/var/lib/browserhook\n") {
		t.Errorf("the removal has kept only %s", got)
	}
	in("apt-get purge --yes browserhook")
	if got := in(`find / -xdev -name '*browserhook*' -not -path '/root/*' -not -path '/proc/*' -not -path '/var/log/*'; getent passwd browserhook || true`); got != "" {
		t.Errorf("the purge has left\n%s", got)
	}
}
