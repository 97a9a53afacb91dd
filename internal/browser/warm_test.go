package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
)

var usual = domain.SessionOptions{Viewport: browser.Viewport}

// keepsOneReady is a launcher with a browser that is ready or on its way, and the
// folder of its browsers.
func keepsOneReady(t *testing.T) (l *browser.Launcher, dir string) {
	t.Helper()
	l = browsertest.Launcher(t, "globalThis.ours = 1", func(c *browser.Config) { c.Ready, c.Grace, dir = 1, time.Minute, c.RunDir })
	l.Fill()
	return l, dir
}

// TestABrowserThatIsReady becomes the session's, as it wants it, and is used once.
func TestABrowserThatIsReady(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<script>if (opener) opener.say(outerWidth + 'x' + outerHeight + ' of ' + screen.width + 'x' + screen.height)</script>`)
	}))
	defer site.Close()
	l, dir := keepsOneReady(t)
	opt := domain.SessionOptions{
		Browser: l.Browsers()[0], Viewport: domain.Viewport{Width: 801, Height: 602}, DeviceScaleFactor: 2, ColorScheme: "dark", Timezone: "Asia/Tokyo",
		Geolocation: &domain.Geolocation{Latitude: 48.5, Longitude: -11.25, Accuracy: 7}, Permissions: []string{"geolocation"},
	}
	var pids []int
	cold := 0
	if opt.Browser == browser.Chromium {
		cold = 2 // its screen can't be changed: two sessions show which is wanted
	}
	for n := range 4 {
		b := browsertest.Launch(t, l, opt)
		if _, err := os.Stat(filepath.Join(dir, b.ID)); (err == nil) != (n < cold) {
			t.Errorf("session %d: it was started for that: %t", n, err == nil)
		}
		for expression, want := range map[string]any{
			"innerWidth + 'x' + innerHeight":                     "801x602",
			"screen.width + 'x' + screen.height":                 "801x602",
			"outerWidth + 'x' + outerHeight":                     "801x602",
			"devicePixelRatio":                                   2.0,
			"matchMedia('(prefers-color-scheme: dark)').matches": true,
			"Intl.DateTimeFormat().resolvedOptions().timeZone":   "Asia/Tokyo",
			"typeof ours": "undefined",
			"document.hasFocus() && document.visibilityState": "visible",
			"navigator.userAgent.includes('Headless')":        false,
		} {
			if got := evaluate(t, b.Page(), expression); got != want {
				t.Errorf("%s is %v, want %v", expression, got, want)
			}
		}
		if opt.Browser == browser.Shell {
			// A window that a page opens is as large from its first script on.
			if failed := navigate(t, b.Page(), site.URL); failed != "" {
				t.Fatal(failed)
			}
			got := evaluate(t, b.Page(), `new Promise(done => { globalThis.say = done; open('/?popup') })`)
			if got != "801x602 of 801x602" {
				t.Errorf("a window that was opened is %v", got)
			}
		}
		pids = append(pids, b.PID())
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if pids[0] == pids[1] || pids[1] == pids[2] {
		t.Errorf("the processes are %d", pids)
	}
	l.Close()
	nothingIn(t, dir)
}

// nothingIn fails the test unless no browser is left.
func nothingIn(t *testing.T, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range left {
		gone(t, l)
	}
}

// TestAReadyBrowserThatHasEnded is nobody's: the session gets another.
func TestAReadyBrowserThatHasEnded(t *testing.T) {
	l, dir := keepsOneReady(t)
	browsertest.Launch(t, l, usual) // the next one is on its way
	for range 3 {
		for _, pid := range keepers(t, dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		b := browsertest.Launch(t, l, usual)
		if got := evaluate(t, b.Page(), "innerWidth"); got != 1280.0 {
			t.Errorf("it is %v wide", got)
		}
	}
}

// keepers are the processes of those of folders that no session has.
func keepers(t *testing.T, dir string) (pids []int) {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range processes {
		line, _ := os.ReadFile(file)
		_, of, ok := strings.Cut(string(line), `"dir":"`+dir+"/")
		folder, _, _ := strings.Cut(of, `"`)
		if _, err := os.Stat(filepath.Join(dir, folder, "session")); !ok || err == nil {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		pids = append(pids, pid)
	}
	return pids
}

// TestABrowserThatWasReadyOutlivesItsServer as any other does, by its session's id.
// One that is ready does not.
func TestABrowserThatWasReadyOutlivesItsServer(t *testing.T) {
	l, dir := keepsOneReady(t)
	b := browsertest.Launch(t, l, usual)
	evaluate(t, b.Page(), "globalThis.mark = 7")
	b.Leave()
	next := browsertest.Launcher(t, "globalThis.ours = 1", func(c *browser.Config) { c.RunDir, c.Grace = dir, time.Minute })
	if err := next.Sweep(t.Context(), func(id string) bool { return id == b.ID }); err != nil {
		t.Fatal(err)
	}
	again, err := next.Attach(t.Context(), b.ID, usual)
	if err != nil {
		t.Fatal(err)
	}
	if got := evaluate(t, again.Page(), "globalThis.mark"); got != 7.0 {
		t.Errorf("the page has %v", got)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
	l.Close()
	nothingIn(t, dir)
}

// TestATryIsOfAStart: a browser that is ready says nothing of whether another starts,
// and stays ready.
func TestATryIsOfAStart(t *testing.T) {
	l, dir := keepsOneReady(t)
	browsertest.Launch(t, l, usual).Close(t.Context()) // the next is made ready
	var spare []string
	for began := time.Now(); len(spare) == 0; spare, _ = filepath.Glob(filepath.Join(dir, "*", "keeper.sock")) {
		if time.Since(began) > time.Minute {
			t.Fatal("none is made ready")
		}
	}
	for range 2 {
		if err := l.Try(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", "keeper.sock")); !slices.Equal(left, spare) {
		t.Errorf("%v was ready, then %v", spare, left)
	}
}
