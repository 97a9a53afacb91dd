package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/browser/cgroup"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
)

// ways are how a browser is kept to its limits.
var ways = []struct {
	name      string
	noCgroups bool
}{{"in a control group", false}, {"watched", true}}

// limited is a launcher of browsers with limits.
func limited(t *testing.T, limits keeper.Limits, noCgroups bool) (l *browser.Launcher, dir string) {
	t.Helper()
	l = browsertest.Launcher(t, "", func(c *browser.Config) { c.Limits, c.NoCgroups, dir = limits, noCgroups, c.RunDir })
	if !noCgroups {
		for _, controller := range []string{cgroup.Memory, cgroup.Processes} {
			if err := l.Cgroups().Missing(controller); err != nil {
				t.Skipf("this machine has no control groups for it: %v", err)
			}
		}
	}
	return l, dir
}

// does has a page do something and doesn't wait for it.
func does(t *testing.T, p *browser.Page, script string) {
	t.Helper()
	<-p.Prepared()
	if _, err := p.Send("Runtime.evaluate", map[string]any{"expression": "void (async () => {" + script + "})()"}); err != nil {
		t.Fatal(err)
	}
}

// groupsOf are the control groups of a browser.
func groupsOf(t *testing.T, dir, id string) cgroup.Left {
	t.Helper()
	left := cgroup.Noted(filepath.Join(dir, id, "cgroup"))
	if len(left) == 0 {
		t.Fatal("it is in no control group")
	}
	return left
}

// noGroups fails the test unless the control groups are gone.
func noGroups(t *testing.T, left cgroup.Left) {
	t.Helper()
	for _, group := range left {
		if _, err := os.Stat(group); err == nil {
			t.Errorf("%s is still there", group)
		}
	}
}

// TestABrowserOutOfMemory is ended, says so, and leaves nothing; another one lives.
func TestABrowserOutOfMemory(t *testing.T) {
	const most = 384 << 20
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			l, dir := limited(t, keeper.Limits{Limits: cgroup.Limits{Memory: most}}, way.noCgroups)
			b, other := browsertest.Launch(t, l, small), browsertest.Launch(t, l, small)
			var groups cgroup.Left
			if !way.noCgroups {
				groups = groupsOf(t, dir, b.ID)
			}
			does(t, b.Page(), `for (globalThis.all = [];;) { all.push(new Uint8Array(8 << 20).fill(all.length)); await new Promise((r) => setTimeout(r, 10)) }`)
			wait(t, b.Done())
			f := b.Exit()
			if f.Code != browser.CodeOutOfMemory || f.Limit != most || f.Used < most*9/10 || f.Used > 4*most || !strings.Contains(f.Message, "384 MiB") {
				t.Errorf("got %+v", f)
			}
			gone(t, filepath.Join(dir, b.ID))
			noGroups(t, groups)
			if got := evaluate(t, other.Page(), "1 + 1"); got != 2.0 {
				t.Errorf("the other browser says %v", got)
			}
		})
	}
}

// TestABrowserWithTooManyFiles is ended when they take more of the disk than they may.
func TestABrowserWithTooManyFiles(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
	}))
	t.Cleanup(site.Close)
	const most = 64 << 20
	l, dir := limited(t, keeper.Limits{Disk: most}, true)
	b := browsertest.Launch(t, l, small)
	wait(t, b.Page().Prepared())
	if err := b.Page().Call(t.Context(), "Page.navigate", map[string]any{"url": site.URL}, nil); err != nil {
		t.Fatal(err)
	}
	does(t, b.Page(), `const cache = await caches.open("all");
		for (let i = 0;; i++) { const some = new Uint8Array(1 << 20); for (let at = 0; at < some.length; at += 65536) crypto.getRandomValues(some.subarray(at, at + 65536));
			await cache.put("/" + i, new Response(some)) }`)
	wait(t, b.Done())
	if f := b.Exit(); f.Code != browser.CodeOutOfDisk || f.Limit != most || f.Used <= most || !strings.Contains(f.Message, "64 MiB") {
		t.Errorf("got %+v", f)
	}
	gone(t, filepath.Join(dir, b.ID))
}

// tasks counts the processes and threads of a browser.
func tasks(t *testing.T, dir string, b *browser.Browser) (n int) {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, b.ID, "files"))
	if err != nil {
		return 0 // it has ended
	}
	for _, status := range processesOf(t, info.Sys().(*syscall.Stat_t).Uid) {
		threads, _ := filepath.Glob(filepath.Join(filepath.Dir(status), "task", "[0-9]*"))
		n += len(threads)
	}
	return n
}

// TestABrowserWithTooManyProcesses gets no more of them than it may have, and another
// one all that it needs.
func TestABrowserWithTooManyProcesses(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("browsers share the server's user unless that is root")
	}
	const most = 150
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			l, dir := limited(t, keeper.Limits{Limits: cgroup.Limits{Processes: most}}, way.noCgroups)
			b, other := browsertest.Launch(t, l, small), browsertest.Launch(t, l, small)
			does(t, b.Page(), `const url = URL.createObjectURL(new Blob([""])); for (globalThis.all = [];;) { all.push(new Worker(url)); await new Promise((r) => setTimeout(r)) }`)
			highest := 0
			near := false
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
				if highest = max(highest, tasks(t, dir, b)); highest > most*9/10 && !near {
					near, end = true, time.Now().Add(time.Second) // for more to come
				}
				select {
				case <-b.Done():
					near, end = true, time.Now()
				case <-b.Page().Crashed(): // it gets no more, and can't do without
					near, end = true, time.Now()
				case <-time.After(20 * time.Millisecond):
				}
			}
			if highest > most || !near {
				t.Errorf("it had %d processes and threads, and may have %d", highest, most)
			}
			if got := evaluate(t, other.Page(), "1 + 1"); got != 2.0 {
				t.Errorf("the other browser says %v", got)
			}
		})
	}
}

// TestControlGroupsAreRemoved also when the keeper is killed, and with the server.
func TestControlGroupsAreRemoved(t *testing.T) {
	t.Parallel()
	l, dir := limited(t, keeper.Limits{Limits: cgroup.Limits{Memory: 1 << 30}}, false)
	killed, swept := browsertest.Launch(t, l, small), browsertest.Launch(t, l, small)
	for _, b := range []*browser.Browser{killed, swept} {
		groups := groupsOf(t, dir, b.ID)
		if !slices.Contains(groups.PIDs(), b.PID()) {
			t.Errorf("%d is not in its group, but %v", b.PID(), groups.PIDs())
		}
		if b == killed {
			if err := syscall.Kill(parentOf(t, b.PID()), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		} else if err := l.Sweep(t.Context(), func(string) bool { return false }); err != nil {
			t.Fatal(err)
		}
		wait(t, b.Done())
		gone(t, filepath.Join(dir, b.ID))
		noGroups(t, groups)
	}
}

// TestLimitsHoldForTheNextServer, too: as its unit was started again the groups lost them.
func TestLimitsHoldForTheNextServer(t *testing.T) {
	t.Parallel()
	limited(t, keeper.Limits{}, false) // or there are no groups
	before, after, dir := outlives(t, time.Minute, func(c *browser.Config) {
		c.Limits = keeper.Limits{Limits: cgroup.Limits{Memory: 1 << 30, Processes: 777}}
	})
	b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for _, group := range groupsOf(t, dir, b.ID) {
		if err := os.WriteFile(filepath.Join(group, "pids.max"), []byte("max"), 0); err == nil {
			lost++
		}
	}
	b.Leave()
	if b, err = after.Attach(t.Context(), b.ID, small); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, group := range groupsOf(t, dir, b.ID) {
		if raw, err := os.ReadFile(filepath.Join(group, "pids.max")); err == nil && string(raw) == "777\n" {
			found++
		}
	}
	if lost != 1 || found != 1 {
		t.Errorf("%d groups had lost their limit, %d have it again", lost, found)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func parentOf(t *testing.T, pid int) (parent int) {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	return atoi(t, strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))[1])
}

// TestAFolderOfUsers that isn't that of all servers has what there is of its browsers.
func TestAFolderOfUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("browsers share the server's user unless that is root")
	}
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "users")
	var dir string
	l := browsertest.Launcher(t, "", func(c *browser.Config) { c.Users, dir = folder, c.RunDir })
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	info, err := os.Stat(filepath.Join(dir, b.ID, "files"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, fmt.Sprint(info.Sys().(*syscall.Stat_t).Uid))); err != nil {
		t.Error(err)
	}
}

// TestBrowsersOfTwoServers never run as the same user.
func TestBrowsersOfTwoServers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("browsers share the server's user unless that is root")
	}
	t.Parallel()
	seen := map[uint32]bool{}
	for range 2 {
		var dir string
		l := browsertest.Launcher(t, "", func(c *browser.Config) { dir = c.RunDir })
		l.NextUser(61234)
		b := browsertest.Launch(t, l, domain.SessionOptions{})
		info, err := os.Stat(filepath.Join(dir, b.ID, "files"))
		if err != nil {
			t.Fatal(err)
		}
		uid := info.Sys().(*syscall.Stat_t).Uid
		if seen[uid] {
			t.Errorf("both run as %d", uid)
		}
		seen[uid] = true
	}
}
