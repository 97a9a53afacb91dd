package browser_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
)

// outlives makes two launchers of one folder, as a server and the one that it is
// after a restart.
func outlives(t *testing.T, grace time.Duration, more ...func(*browser.Config)) (before, after *browser.Launcher, dir string) {
	t.Helper()
	dir = browsertest.RunDir(t)
	change := func(c *browser.Config) {
		c.RunDir, c.Grace = dir, grace
		for _, f := range more {
			f(c)
		}
	}
	const script = "globalThis.ours = (globalThis.ours || 0) + 1"
	return browsertest.Launcher(t, script, change), browsertest.Launcher(t, script, change), dir
}

// ours evaluates in our world of a frame.
func ours(t *testing.T, p *browser.Page, f browser.Frame, expression string) any {
	t.Helper()
	var res struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
	}
	if err := f.Session.Call(t.Context(), "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "contextId": f.Context}, &res); err != nil {
		t.Fatal(err)
	}
	return res.Result.Value
}

// until waits for a page to be so.
func until(t *testing.T, p *browser.Page, so func(frames []browser.Frame) bool) []browser.Frame {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		changed := p.Changed()
		if frames := p.Frames(); so(frames) {
			return frames
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("the page's frames are %+v", p.Frames())
		}
	}
}

// TestAttachGoesOn: a server that comes back has the same pages, frames and workers,
// which have noticed nothing, with what they were told of the session's options.
func TestAttachGoesOn(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/":
			host := strings.Replace(r.Host, "127.0.0.1", "localhost", 1) // another site
			_, _ = w.Write([]byte(`<title>main</title><iframe name=near src="/near"></iframe><iframe name=far src="http://` + host + `/far"></iframe>`))
		case "/far":
			back := strings.Replace(r.Host, "localhost", "127.0.0.1", 1)
			_, _ = w.Write([]byte(`<title>far</title><iframe name=deep src="/deep"></iframe><iframe name=back src="http://` + back + `/back"></iframe>`))
		default:
			_, _ = w.Write([]byte(`<title>` + r.URL.Path + `</title><p>` + r.Header.Get("X-Own")))
		}
	}))
	defer site.Close()
	before, after, dir := outlives(t, time.Minute)
	opt := domain.SessionOptions{
		Viewport: domain.Viewport{Width: 801, Height: 602}, Locale: "de-DE", Timezone: "Asia/Tokyo", ColorScheme: "dark",
		Headers: []domain.Header{{Name: "X-Own", Value: "mine"}}, Geolocation: &domain.Geolocation{Latitude: 1, Longitude: 2}, Permissions: []string{"geolocation"},
	}
	b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), opt)
	if err != nil {
		t.Fatal(err)
	}
	p := b.Page()
	evaluate(t, p, "1")
	if err := p.Call(t.Context(), "Page.navigate", map[string]any{"url": site.URL}, nil); err != nil {
		t.Fatal(err)
	}
	whole := func(frames []browser.Frame) bool {
		for _, f := range frames {
			if !f.Document.Reached["load"] || f.Context == 0 {
				return false
			}
		}
		return len(frames) == 5
	}
	until(t, p, whole)
	evaluate(t, p, `document.cookie = 'a=b'; window.kept = 'state'; window.noticed = [];
		for (const kind of ['resize', 'blur', 'visibilitychange', 'languagechange', 'pagehide']) addEventListener(kind, () => noticed.push(kind), true); 1`)
	evaluate(t, p, `window.open('/second', '', 'width=300,height=200'); 1`)
	for changed := p.Tabs().Changed(); p.Tabs().Count() < 2; changed = p.Tabs().Changed() {
		wait(t, changed)
	}
	second := p.Tabs().Open()[1]
	if got := evaluate(t, second, "innerWidth"); got != 300.0 {
		t.Errorf("the window is %v wide", got)
	}
	p.Tabs().AnswerAll(browser.DialogRule{Type: "confirm", Accept: true})
	p.Secrets.Add("hush-hush")
	p.Tabs().StepRuns()()
	b.Leave()
	wait(t, b.Done())

	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := after.Attach(stopped, b.ID, opt); !errors.Is(err, context.Canceled) { // by a server that is stopped again
		t.Errorf("attached with %v", err)
	}
	again, err := after.Attach(t.Context(), b.ID, opt)
	if err != nil {
		t.Fatal(err)
	}
	if again.PID() != b.PID() || again.Away() < 0 || again.Away() > time.Minute {
		t.Errorf("process %d, before %d, away %s", again.PID(), b.PID(), again.Away())
	}
	q := again.Page()
	if open := again.Tabs().Open(); len(open) != 2 || open[0] != q || open[1].Opener() != q || again.Tabs().Count() != 2 || again.Tabs().Unseen(1, q) != open[1] {
		t.Fatalf("tabs %+v", open)
	}
	if got := q.Secrets.Hide("it is hush-hush"); strings.Contains(got, "hush") {
		t.Errorf("a secret is told: %s", got)
	}
	for expression, want := range map[string]any{
		"document.cookie + kept + noticed":                                                                          "a=bstate",
		"innerWidth + 'x' + innerHeight":                                                                            "801x602",
		"Intl.DateTimeFormat().resolvedOptions().timeZone + (1234.5).toLocaleString()":                              "Asia/Tokyo1.234,5",
		"matchMedia('(prefers-color-scheme: dark)').matches":                                                        true,
		"fetch('/x').then(r => r.text()).then(x => x.includes('mine'))":                                             true,
		"new Promise(r => navigator.geolocation.getCurrentPosition(p => r(p.coords.longitude), e => r(e.message)))": 2.0,
		"confirm('?')": true,
	} {
		if got := evaluate(t, q, expression); got != want {
			t.Errorf("%s is %v, want %v", expression, got, want)
		}
	}
	if got := evaluate(t, again.Tabs().Open()[1], "innerWidth + Intl.DateTimeFormat().resolvedOptions().timeZone"); got != "300Asia/Tokyo" {
		t.Errorf("the other window is %v", got)
	}
	frames := until(t, q, whole)
	byURL := map[string]browser.Frame{}
	for _, f := range frames {
		url := ours(t, q, f, "location.pathname").(string)
		byURL[url] = f
		if got := ours(t, q, f, "ours"); got != 2.0 { // the script before has run in it
			t.Errorf("our world of %s: %v", url, got)
		}
	}
	main := q.Main()
	if main.Document.URL != site.URL+"/" || byURL["/near"].Parent != main.ID || byURL["/far"].Parent != main.ID || byURL["/deep"].Parent != byURL["/far"].ID || byURL["/back"].Parent != byURL["/far"].ID ||
		byURL["/far"].Session.ID == main.Session.ID || byURL["/deep"].Session.ID != byURL["/far"].Session.ID {
		t.Errorf("main %+v, frames %+v", main, byURL)
	}
	// What comes next is heard, and told.
	if err := q.Call(t.Context(), "Page.navigate", map[string]any{"url": site.URL + "/next"}, nil); err != nil {
		t.Fatal(err)
	}
	until(t, q, func(frames []browser.Frame) bool {
		return len(frames) == 1 && frames[0].Document.URL == site.URL+"/next" && frames[0].Document.Reached["load"] && frames[0].Context != 0
	})
	third, err := again.Tabs().New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := evaluate(t, third, "innerWidth + Intl.DateTimeFormat().resolvedOptions().timeZone"); got != "801Asia/Tokyo" {
		t.Errorf("a new tab is %v", got)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone(t, filepath.Join(dir, b.ID))
}

// TestWhatWaitsForAServer: what a page asks while there is none is answered by the next,
// as the one before was told to.
func TestWhatWaitsForAServer(t *testing.T) {
	for _, tt := range []struct {
		name, does string
		tabs       int
		want       string // of what it gets
	}{
		{"a dialog", "prompt('?')", 1, "said"},
		{"a window", "open('about:blank').Intl.DateTimeFormat().resolvedOptions().timeZone", 2, "Asia/Tokyo"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opt := domain.SessionOptions{Viewport: browser.Viewport, Timezone: "Asia/Tokyo"}
			before, after, _ := outlives(t, time.Minute)
			b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), opt)
			if err != nil {
				t.Fatal(err)
			}
			b.Tabs().AnswerNext(browser.DialogRule{Accept: true, Text: new("said")})
			asked := make(chan bool, 10)
			site := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- true }))
			defer site.Close()
			evaluate(t, b.Page(), `setTimeout(() => { navigator.sendBeacon('`+site.URL+`'); window.got = `+tt.does+` }, 300), 1`)
			b.Leave()
			<-asked
			again, err := after.Attach(t.Context(), b.ID, opt)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = again.Close(context.WithoutCancel(t.Context())) }()
			if got := evaluate(t, again.Page(), `new Promise(done => { const look = () => window.got !== undefined ? done(got) : setTimeout(look, 10); look() })`); got != tt.want {
				t.Errorf("it got %v", got)
			}
			if open := again.Tabs().Open(); len(open) != tt.tabs || open[0] != again.Page() {
				t.Errorf("tabs %+v", open)
			}
		})
	}
}

// TestADownloadIsTakenByTheNext server's step, whether it was whole before or not, or
// began while no server was there.
func TestADownloadIsTakenByTheNext(t *testing.T) {
	goOn := make(chan struct{})
	finish := sync.OnceFunc(func() { close(goOn) })
	later := make(chan struct{})                  // closed when one begins while no server is there
	first := strings.Repeat("the first ", 10_000) // enough not to be waited for
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="`+r.URL.Path[1:]+`.txt"`)
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = io.WriteString(w, first)
		if r.URL.Path == "/later" {
			close(later)
		}
		if r.URL.Path == "/slow" {
			w.(http.Flusher).Flush()
			<-goOn
		}
		_, _ = w.Write([]byte("and the last"))
	}))
	defer site.Close()
	defer finish()
	var mu sync.Mutex
	kept := map[string]browser.Download{} // where both servers look
	before, after, dir := outlives(t, time.Minute, func(c *browser.Config) {
		c.Keep = func(_ context.Context, _ string, d *browser.Download, file io.Reader) error {
			mu.Lock()
			defer mu.Unlock()
			if one, ok := kept[d.ArtifactID]; ok {
				d.SHA256 = one.SHA256
				return nil
			}
			if file == nil {
				return domain.ErrNotFound
			}
			all, err := io.ReadAll(file)
			sum := sha256.Sum256(all)
			d.SHA256 = hex.EncodeToString(sum[:])
			kept[d.ArtifactID] = *d
			return err
		}
	})
	b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
	if err != nil {
		t.Fatal(err)
	}
	files := func() (names []string) {
		all, _ := os.ReadDir(filepath.Join(dir, b.ID, "files", "downloads"))
		for _, f := range all {
			names = append(names, f.Name())
		}
		return names
	}
	for i, file := range []string{"quick", "slow"} {
		evaluate(t, b.Page(), `location = '`+site.URL+`/`+file+`', 1`)
		under := func(name string) bool { return strings.HasSuffix(name, ".crdownload") }
		for late := time.Now().Add(20 * time.Second); b.Tabs().Downloads() <= i || file == "slow" && !slices.ContainsFunc(files(), under); {
			if <-time.After(5 * time.Millisecond); time.Now().After(late) {
				t.Fatalf("files %v", files())
			}
		}
	}
	lay := files()
	evaluate(t, b.Page(), `setTimeout(() => { location = '`+site.URL+`/later' }, 300), 1`)
	b.Leave()
	<-later
	known := func(name string) bool { return slices.Contains(lay, name) }
	for late := time.Now().Add(20 * time.Second); !slices.ContainsFunc(files(), func(name string) bool { return !known(name) }); {
		if <-time.After(5 * time.Millisecond); time.Now().After(late) {
			t.Fatalf("files %v", files())
		}
	}
	again, err := after.Attach(t.Context(), b.ID, small)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close(context.WithoutCancel(t.Context())) }()
	finish()
	sum := sha256.Sum256([]byte(first + "and the last"))
	whole := hex.EncodeToString(sum[:])
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, want := range []string{"quick.txt", "slow.txt", "download"} {
		one, err := again.Tabs().Download(ctx, 0, nil)
		if want == "download" && err == nil && one.Name == "later.txt" {
			want = one.Name // the browser has told of it only now
		}
		if err != nil || one.Name != want || one.SHA256 != whole || !one.By(again.Page(), 1) {
			t.Errorf("%+v, %v", one, err)
		}
	}
	if again.Tabs().Downloads() != 3 || len(kept) != 3 || len(files()) > 0 {
		t.Errorf("%d downloads, files %v", again.Tabs().Downloads(), files())
	}
}

// TestAttachToABusyPage and one that has crashed: the one is waited for, the other is
// replaced.
func TestAttachToABusyPage(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	site := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-goOn
	}))
	defer site.Close()
	finish := sync.OnceFunc(func() { close(goOn) })
	defer finish()
	before, after, _ := outlives(t, time.Minute)
	b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
	if err != nil {
		t.Fatal(err)
	}
	evaluate(t, b.Page(), `window.kept = 42; setTimeout(() => { const r = new XMLHttpRequest(); r.open('GET', '`+site.URL+`', false); try { r.send() } catch {} }), 1`)
	wait(t, asked) // it does nothing else until it is answered
	b.Leave()
	again, err := after.Attach(t.Context(), b.ID, small)
	if err != nil {
		t.Fatal(err)
	}
	busy := again.Page()
	select {
	case <-busy.Prepared():
		t.Error("it was not busy")
	default:
	}
	finish()
	if got := evaluate(t, busy, "kept"); got != 42.0 {
		t.Errorf("its page has %v", got)
	}
	if _, err := busy.Send("Page.crash", nil); err != nil {
		t.Fatal(err)
	}
	wait(t, busy.Crashed())
	again.Leave()
	third, err := before.Attach(t.Context(), b.ID, small)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = third.Close(context.WithoutCancel(t.Context())) }()
	wait(t, third.Tabs().Open()[0].Closed())
	fresh, err := third.Tabs().Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := evaluate(t, fresh, "location.href"); got != "about:blank" {
		t.Errorf("the tab in its place is at %v", got)
	}
}

// TestSweepSparesWhatIsKept: it can be attached to.
func TestSweepSparesWhatIsKept(t *testing.T) {
	before, after, dir := outlives(t, time.Minute)
	kept, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
	if err != nil {
		t.Fatal(err)
	}
	swept, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
	if err != nil {
		t.Fatal(err)
	}
	kept.Leave()
	swept.Leave()
	if err := after.Sweep(t.Context(), func(id string) bool { return id == kept.ID }); err != nil {
		t.Fatal(err)
	}
	gone(t, filepath.Join(dir, swept.ID))
	again, err := after.Attach(t.Context(), kept.ID, small)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestNothingIsLeftAfterTheGracePeriod without a server: no process, folder, socket.
func TestNothingIsLeftAfterTheGracePeriod(t *testing.T) {
	before, after, dir := outlives(t, 500*time.Millisecond)
	b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
	if err != nil {
		t.Fatal(err)
	}
	pid := b.PID()
	b.Leave()
	if _, err := os.Stat(filepath.Join("/proc", itoa(pid))); err != nil {
		t.Errorf("the browser ended with its server: %v", err)
	}
	folder := filepath.Join(dir, b.ID)
	for late := time.Now().Add(20 * time.Second); time.Now().Before(late); {
		if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	gone(t, folder)
	// One that has ended is there until its parent, who may be process 1, has heard.
	if raw, err := os.ReadFile(filepath.Join("/proc", itoa(pid), "stat")); err == nil && !strings.Contains(string(raw), ") Z ") {
		t.Errorf("the browser is there still: %s", raw)
	}
	if _, err := after.Attach(t.Context(), b.ID, small); err == nil {
		t.Error("attached to nothing")
	}
}

// TestWhatIsNotOursIsNotAttachedTo, and nothing of it is left.
func TestWhatIsNotOursIsNotAttachedTo(t *testing.T) {
	for _, tt := range []struct {
		name, why string
		change    func(t *testing.T, folder string)
	}{
		{"another key", "key", func(t *testing.T, folder string) {
			if err := os.WriteFile(filepath.Join(folder, "key"), []byte("guessed"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"a folder that others write to", "not as a server makes it", func(t *testing.T, folder string) {
			if err := os.Chmod(folder, 0o777); err != nil {
				t.Fatal(err)
			}
		}},
		{"no key", "no such file", func(t *testing.T, folder string) {
			if err := os.Remove(filepath.Join(folder, "key")); err != nil {
				t.Fatal(err)
			}
		}},
		{"no socket", "no such file", func(t *testing.T, folder string) {
			if err := os.Remove(filepath.Join(folder, "keeper.sock")); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after, dir := outlives(t, time.Minute)
			b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
			if err != nil {
				t.Fatal(err)
			}
			b.Leave()
			folder := filepath.Join(dir, b.ID)
			tt.change(t, folder)
			if _, err := after.Attach(t.Context(), b.ID, small); err == nil || !strings.Contains(err.Error(), tt.why) {
				t.Errorf("got %v", err)
			}
			gone(t, folder)
		})
	}
}

// TestABrowserOfAnEarlierServer that has no rules for browsers, and starts keepers of after
// an upgrade, goes where that expects it to. Its next server says so.
func TestABrowserOfAnEarlierServer(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>here</title>")
	}))
	t.Cleanup(site.Close)
	script := filepath.Join(browsertest.RunDir(t), "keeper")
	if err := os.WriteFile(script, []byte(`#!/bin/sh
self=$1
shift
case "$1" in
{*) set -- "$(printf %s "$1" | sed 's/,"forwards":true//; s/,"namespace":true//')";;
esac
exec "$self" keeper "$@"
`), 0o755); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	var dir string
	before := browsertest.Launcher(t, "", func(c *browser.Config) {
		c.Keeper, c.NoNamespace, c.Allow, c.Grace, dir = []string{script, browsertest.Self(t)}, true, nil, time.Minute, c.RunDir
	})
	after := browsertest.Launcher(t, "", func(c *browser.Config) {
		c.RunDir, c.Grace, c.Log = dir, time.Minute, slog.New(slog.NewTextHandler(&log, nil))
	})
	b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), domain.SessionOptions{Viewport: browser.Viewport})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, b.Page().Prepared())
	if err := b.Page().Call(t.Context(), "Page.navigate", map[string]any{"url": site.URL}, nil); err != nil {
		t.Fatal(err)
	}
	evaluate(t, b.Page(), "new Promise(r => document.readyState == 'complete' ? r(1) : addEventListener('load', () => r(1)))")
	if got := evaluate(t, b.Page(), "document.title"); got != "here" {
		t.Errorf("the page is %v", got)
	}
	b.Leave()
	if b, err = after.Attach(t.Context(), b.ID, domain.SessionOptions{Viewport: browser.Viewport}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "it reaches what this machine does") || !strings.Contains(log.String(), b.ID) {
		t.Errorf("its server says %q", log.String())
	}
}
