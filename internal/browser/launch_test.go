package browser_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
)

func TestMain(m *testing.M) {
	browsertest.Main()
	os.Exit(m.Run())
}

var small = domain.SessionOptions{Viewport: domain.Viewport{Width: 800, Height: 600}}

func evaluate(t *testing.T, p *browser.Page, expression string) any {
	t.Helper()
	<-p.Prepared()
	var res struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
	}
	err := p.Call(t.Context(), "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &res)
	if err != nil {
		t.Fatal(err)
	}
	return res.Result.Value
}

// gone fails the test unless the folder and every process of it is gone.
func gone(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there", dir)
	}
	if n := keeper.KillSession(dir); n != 0 {
		t.Errorf("%d processes were left", n)
	}
}

func TestOptionsReachThePage(t *testing.T) {
	l := browsertest.Launcher(t, "globalThis.ours = 1", nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{
		Viewport: domain.Viewport{Width: 801, Height: 602}, UserAgent: "robot/1", Locale: "de-DE", Timezone: "Asia/Tokyo",
	})
	for expression, want := range map[string]any{
		"innerWidth + 'x' + innerHeight":                   "801x602",
		"navigator.userAgent":                              "robot/1",
		"navigator.language":                               "de-DE",
		"(1234.5).toLocaleString()":                        "1.234,5",
		"Intl.DateTimeFormat().resolvedOptions().timeZone": "Asia/Tokyo",
		"typeof ours":                                      "undefined", // our world is not the page's
		"document.hasFocus() && document.visibilityState":  "visible",
	} {
		if got := evaluate(t, b.Page(), expression); got != want {
			t.Errorf("%s is %v, want %v", expression, got, want)
		}
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	var dir string
	l := browsertest.Launcher(t, "", func(c *browser.Config) { dir = c.RunDir })
	before := descriptors(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			b, err := l.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
			if err != nil {
				t.Error(err)
				return
			}
			for range 2 { // twice is fine
				if err := b.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
			gone(t, filepath.Join(dir, b.ID))
		})
	}
	wg.Wait()
	runtime.GC()
	if after := descriptors(t); after > before {
		t.Errorf("%d file descriptors before, %d after", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(fds)
}

func TestCrashIsToldWithItsSignal(t *testing.T) {
	var dir string
	l := browsertest.Launcher(t, "", func(c *browser.Config) { dir = c.RunDir })
	b := browsertest.Launch(t, l, small)
	if err := syscall.Kill(b.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait(t, b.Done())
	if e := b.Exit(); e.Code != browser.CodeCrashed || !strings.Contains(e.Message, "signal 9") {
		t.Errorf("got %+v", e)
	}
	gone(t, filepath.Join(dir, b.ID))
}

func TestKilledKeeperTakesTheBrowserAlong(t *testing.T) {
	var dir string
	l := browsertest.Launcher(t, "", func(c *browser.Config) { dir = c.RunDir })
	b := browsertest.Launch(t, l, small)
	stat, err := os.ReadFile(filepath.Join("/proc", itoa(b.PID()), "stat"))
	if err != nil {
		t.Fatal(err)
	}
	parent := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))[1]
	if err := syscall.Kill(atoi(t, parent), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait(t, b.Done())
	if e := b.Exit(); e.Code != browser.CodeCrashed || !strings.Contains(e.Message, "keeper") {
		t.Errorf("got %+v", e)
	}
	gone(t, filepath.Join(dir, b.ID))
}

func wait(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

func script(t *testing.T, body string) string {
	t.Helper()
	file := filepath.Join(browsertest.RunDir(t), "fake-chromium")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n[ \"$1\" = --version ] && echo Fake 1 && exit\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestBrowsersThatDoNotStart(t *testing.T) {
	for _, tt := range []struct {
		name, body, code, message, line string
	}{
		{"ends at once", "echo it broke >&2; exit 7", browser.CodeStartFailed, "exit code 7", "it broke"},
		{"is killed", "kill -9 $$", browser.CodeStartFailed, "signal 9", ""},
		{"hangs", "echo still here >&2; exec sleep 1000", browser.CodeStartTimeout, "did not answer", ""},
		{"says nonsense", "echo nonsense >&4; sleep 1000", browser.CodeStartTimeout, "did not answer", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var dir string
			l := browsertest.Launcher(t, "", func(c *browser.Config) {
				c.Chromium, dir = script(t, tt.body), c.RunDir
				if tt.code == browser.CodeStartTimeout { // the others end by themselves, when their keeper has started
					c.StartTimeout = 1500 * time.Millisecond
				}
			})
			id := domain.NewID(domain.PrefixSession)
			_, err := l.Launch(t.Context(), id, small)
			f, ok := errors.AsType[*domain.Failure](err)
			if !ok || f.Code != tt.code || !strings.Contains(f.Message, tt.message) ||
				!strings.Contains(strings.Join(f.Lines, "\n"), tt.line) {
				t.Errorf("got %+v (%v)", f, err)
			}
			gone(t, filepath.Join(dir, id))
		})
	}
	t.Run("is not there", func(t *testing.T) {
		l := browsertest.Launcher(t, "", func(c *browser.Config) { c.Chromium = "/no/such/chromium" })
		_, err := l.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
		if f, ok := errors.AsType[*domain.Failure](err); !ok || f.Code != browser.CodeStartFailed || !strings.Contains(f.Message, "no such file") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("is canceled", func(t *testing.T) {
		l := browsertest.Launcher(t, "", func(c *browser.Config) { c.Chromium = script(t, "exec sleep 1000") })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if _, err := l.Launch(ctx, domain.NewID(domain.PrefixSession), small); err == nil {
			t.Error("no error")
		}
	})
}

func TestSweepEndsWhatADeadServerLeft(t *testing.T) {
	var dir string
	l := browsertest.Launcher(t, "", func(c *browser.Config) { dir = c.RunDir })
	b := browsertest.Launch(t, l, small)
	info, err := os.Stat(filepath.Join(dir, b.ID, "files"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Sweep(t.Context(), func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	// Its user tells them all, whatever they call themselves.
	if uid := info.Sys().(*syscall.Stat_t).Uid; os.Getuid() == 0 {
		if left := processesOf(t, uid); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	wait(t, b.Done())
	gone(t, filepath.Join(dir, b.ID))
}

func processesOf(t *testing.T, uid uint32) (all []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(raw), fmt.Sprintf("\nUid:\t%d\t", uid)) && !strings.Contains(string(raw), "\nState:\tZ") {
			all = append(all, file)
		}
	}
	return all
}

func TestALongFolderName(t *testing.T) {
	long := filepath.Join(browsertest.RunDir(t), strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o711); err != nil {
		t.Fatal(err)
	}
	l := browsertest.Launcher(t, "", func(c *browser.Config) { c.RunDir = long })
	browsertest.Launch(t, l, small)
}

func TestOneBrowserCanNotReadAnothersFiles(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("browsers share the server's user unless that is root")
	}
	var dir string
	l := browsertest.Launcher(t, "", func(c *browser.Config) { dir = c.RunDir })
	a, b := browsertest.Launch(t, l, small), browsertest.Launch(t, l, small)
	owner := func(b *browser.Browser) uint32 {
		info, err := os.Stat(filepath.Join(dir, b.ID, "files"))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("mode %v", info.Mode())
		}
		return info.Sys().(*syscall.Stat_t).Uid
	}
	if owner(a) == owner(b) || owner(a) == 0 {
		t.Errorf("users %d and %d", owner(a), owner(b))
	}
}

// TestProbeOfAProgramThatOthersCantReach: as root the server may lie in a folder
// that the browsers' users can't enter. Whether there is a sandbox is found out
// all the same, rather than left to a Chromium that then doesn't start.
func TestProbeOfAProgramThatOthersCantReach(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "keeper")
	for code, want := range map[int]bool{0: true, 1: true, keeper.NoNamespace: false} {
		if err := os.WriteFile(file, fmt.Appendf(nil, "#!/bin/sh\n[ \"$1 $2\" = 'keeper probe' ] && exit %d\n", code), 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := browser.NewLauncher(t.Context(), browser.Config{Keeper: []string{file, "keeper"}, Chromium: "/bin/true", Log: slog.New(slog.DiscardHandler)})
		if err != nil || l.Sandbox != want {
			t.Errorf("a probe that ends with %d: a sandbox %t, %v", code, l.Sandbox, err)
		}
	}
}
