package browser_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// TestClosedIn: a browser has a network of its own with nothing in it, no rights over
// that, and its sandbox; pages are online, and reach what they may. Its server reaches
// the same by Dial.
func TestClosedIn(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><link rel=icon href='data:,'><title>here</title>")
	}))
	t.Cleanup(site.Close)
	l := browsertest.Launcher(t, "", nil)
	if l.NoNamespace != nil {
		t.Fatalf("it has no namespace: %v", l.NoNamespace)
	}
	b := browsertest.Launch(t, l, domain.SessionOptions{Network: &domain.Network{Deny: []string{"localhost"}}})
	<-b.Page().Prepared()
	var res struct {
		Error string `json:"errorText"`
	}
	if err := b.Page().Call(t.Context(), "Page.navigate", map[string]any{"url": site.URL}, &res); err != nil || res.Error != "" {
		t.Fatal(err, res.Error)
	}
	if got := evaluate(t, b.Page(), "new Promise(r => document.title ? r(document.title) : addEventListener('load', () => r(document.title)))"); got != "here" {
		t.Errorf("the page is %v", got)
	}
	proc := fmt.Sprintf("/proc/%d/", b.PID())
	devices, err := os.ReadFile(proc + "net/dev")
	if err != nil {
		t.Fatal(err)
	}
	bridge := false
	for line := range strings.Lines(string(devices)) {
		name, _, ok := strings.Cut(strings.TrimSpace(line), ":")
		bridge = bridge || name == "out"
		if ok && name != "lo" && name != "out" {
			t.Errorf("there is a device %s", name)
		}
	}
	if got := evaluate(t, b.Page(), "String(navigator.onLine)"); got != fmt.Sprint(bridge) {
		t.Errorf("the page is online: %v", got)
	}
	// Chromium breaks off what is under way when its network changes, as it does once the
	// kernel has found that nobody else has an address.
	addresses, err := os.ReadFile(proc + "net/if_inet6")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(addresses)) {
		const tentative = 0x40
		if flags, err := strconv.ParseUint(strings.Fields(line)[4], 16, 32); err != nil || flags&tentative != 0 {
			t.Errorf("an address is still to be found free: %s", line)
		}
	}
	theirs, err := os.Readlink(proc + "ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := os.Readlink("/proc/self/ns/net"); err != nil || ours == theirs {
		t.Errorf("it is in %s, and we in %s, %v", theirs, ours, err)
	}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"Prm", "Eff", "Amb"} {
		if !strings.Contains(string(status), "\nCap"+kind+":\t0000000000000000\n") {
			t.Errorf("it has capabilities:\n%s", status)
		}
	}
	if args, err := os.ReadFile(proc + "cmdline"); err != nil || !l.Sandbox || strings.Contains(string(args), "--no-sandbox") {
		t.Errorf("it has no sandbox: %v %s", err, args)
	}

	began := time.Now()
	before := b.Usage(t.Context())
	client := &http.Client{Transport: &http.Transport{DialContext: b.Dial, DisableKeepAlives: true}}
	resp, err := client.Post(site.URL, "text/plain", strings.NewReader(strings.Repeat("x", 1000)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if after := b.Usage(t.Context()); after.SentBytes < before.SentBytes+1000 || before.SentBytes < 100 || before.ReceivedBytes < 100 {
		t.Errorf("counted %+v, and then %+v", before, after)
	}
	_, err = client.Get(strings.Replace(site.URL, "127.0.0.1", "localhost", 1))
	if why, ok := errors.AsType[*egress.Error](err); !ok || why.Class != egress.ClassBlocked {
		t.Errorf("it dials what it may not: %v", err)
	}
	at, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	port := atoi(t, at.Port())
	no, ok := b.Page().Unreached("localhost", port, began)
	for tick, late := time.Tick(time.Millisecond), time.After(10*time.Second); !ok; no, ok = b.Page().Unreached("localhost", port, began) {
		select {
		case <-tick: // it comes by another connection
		case <-late:
			t.Fatal("the server isn't told")
		}
	}
	if no.Class != egress.ClassBlocked {
		t.Errorf("told %+v", no)
	}
	if other, ok := b.Page().Unreached("localhost", port+1, began); ok {
		t.Errorf("of another port: %+v", other)
	}
	if _, err := b.Dial(t.Context(), "udp", "127.0.0.1:1"); err == nil {
		t.Error("it dials UDP")
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last := b.Usage(t.Context()); last.Refused != 1 || last.SentBytes < before.SentBytes+1000 {
		t.Errorf("in the end %+v", last)
	}
}

// TestClosedInWithoutRoot is TestClosedIn of a server that runs as another user.
func TestClosedInWithoutRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("TestClosedIn is it")
	}
	const uid = 61183 // beside those of browsers
	dir := browsertest.RunDir(t)
	self := filepath.Join(dir, "test")
	raw, err := os.ReadFile(browsertest.Self(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(self, raw, 0o755); err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(tmp, uid, uid); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestClosedIn$")
	cmd.Dir = tmp
	cmd.Env = append(os.Environ(), "HOME="+tmp, "TMPDIR="+tmp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, Groups: []uint32{}}, Pdeathsig: syscall.SIGKILL}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestWhyThereAreNoNamespaces is what has gone wrong, whatever that was.
func TestWhyThereAreNoNamespaces(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for command, want := range map[string]string{none: "no such file", "/bin/false": "exit status 1", "/bin/true": ""} {
		err := browser.Namespaces(t.Context(), []string{command})
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "user namespace")) {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// TestTheAccountOfABrowserThatHangs isn't lost: its keeper has it.
func TestTheAccountOfABrowserThatHangs(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 5000)) }))
	t.Cleanup(site.Close)
	b := browsertest.Launch(t, browsertest.Launcher(t, "", func(c *browser.Config) { c.Grace = time.Minute }), domain.SessionOptions{})
	wait(t, b.Page().Prepared())
	if err := b.Page().Call(t.Context(), "Page.navigate", map[string]any{"url": site.URL}, nil); err != nil {
		t.Fatal(err)
	}
	for late := time.After(10 * time.Second); b.Usage(t.Context()).ReceivedBytes < 5000; {
		select {
		case <-late:
			t.Fatalf("counted %+v", b.Usage(t.Context()))
		default:
		}
	}
	resp, err := (&http.Client{Transport: &http.Transport{DialContext: b.Dial, DisableKeepAlives: true}}).Get(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	b.GiveUp()
	wait(t, b.Done())
	if got := b.Used(); got.ReceivedBytes < 10_000 {
		t.Errorf("counted %+v", got)
	}
}
