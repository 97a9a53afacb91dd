package oracle

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
)

// report is what one context, a document or a worker, says of the browser in
// its first script, and what a server sees of it. What only documents have is
// empty of workers.
type report struct {
	UserAgent, Brands, Hints         string
	Languages, Locale, Number        string
	Timezone, Clock                  string
	Size, Screen, Scheme             string
	SentUserAgent, SentHints, Accept string
}

// reporting makes a script that reports under a name.
const reporting = `(async who => {
  const n = navigator, d = n.userAgentData, page = typeof document !== 'undefined'
  const say = {
    UserAgent: n.userAgent, Brands: d.brands.map(b => b.brand + ' ' + b.version).join(),
    Languages: n.languages.join(), Locale: Intl.NumberFormat().resolvedOptions().locale, Number: (1234.5).toLocaleString(),
    Timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, Clock: String(new Date(0)),
    Size: page && self === top ? innerWidth + 'x' + innerHeight : '',
    Screen: page ? screen.width + 'x' + screen.height + ' at ' + devicePixelRatio : '',
    Scheme: page ? ['dark', 'light'].filter(s => matchMedia('(prefers-color-scheme: ' + s + ')').matches).join() : '',
  }
  const h = await d.getHighEntropyValues(['architecture', 'bitness', 'formFactors', 'fullVersionList', 'model', 'platformVersion', 'wow64'])
  say.Hints = [h.platform, h.platformVersion, h.architecture, h.bitness, h.wow64, h.model, h.formFactors, h.mobile, ...h.fullVersionList.map(b => b.brand + ' ' + b.version)].join()
  await fetch('/said?' + who, {method: 'POST', body: JSON.stringify(say)})
})`

// reports serves pages and workers that report, and takes what they say.
type reports struct {
	*httptest.Server
	other string // another site's address of the same

	mu      sync.Mutex
	all     map[string]report
	scripts map[string]string // how workers' scripts were asked for
	more    chan struct{}
	heard   chan struct{} // closed when all were
}

func serveReports(t *testing.T) *reports {
	t.Helper()
	s := &reports{all: map[string]report{}, scripts: map[string]string{}, more: make(chan struct{}, 100), heard: make(chan struct{})}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	s.other = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	return s
}

func (s *reports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	switch script, isScript := strings.CutSuffix(name, ".js"); {
	case name == "all": // asked for by who may close the browser then
		<-s.heard
	case name == "said":
		var said report
		raw, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(raw, &said)
		said.SentUserAgent, said.Accept = r.UserAgent(), r.Header.Get("Accept-Language")
		said.SentHints = strings.Join([]string{r.Header.Get("Sec-Ch-Ua"), r.Header.Get("Sec-Ch-Ua-Platform"), r.Header.Get("Sec-Ch-Ua-Mobile")}, " ")
		s.mu.Lock()
		s.all[r.URL.RawQuery] = said
		s.mu.Unlock()
		s.more <- struct{}{}
	case isScript:
		s.mu.Lock()
		s.scripts[script] = r.UserAgent() + " " + r.Header.Get("Accept-Language")
		s.mu.Unlock()
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, "%s('%s' + location.search)\n", reporting, script)
		if script == "worker" && r.URL.RawQuery == "" {
			fmt.Fprint(w, "new Worker('worker.js?nested')\n")
		}
		if script == "service" {
			fmt.Fprint(w, "onfetch = e => { if (e.request.url.endsWith('/through')) e.respondWith(new Response('through')) }\n")
		}
	default:
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!doctype html><link rel=icon href='data:,'><script>%s('%s')</script>", reporting, name)
		switch name {
		case "page":
			fmt.Fprintf(w, `<iframe src=/frame></iframe><iframe src='%[1]s/far'></iframe>
				<script>new Worker('/worker.js'); new SharedWorker('/shared.js'); navigator.serviceWorker.register('/service.js')
				onclick = () => open('/popup'); oncontextmenu = () => open('%[1]s/far-popup', '', 'noopener')
				onauxclick = e => { if (e.button === 1) open('/small-popup', '', 'width=300,height=200') }</script>`, s.other)
		case "far":
			fmt.Fprint(w, `<script>new Worker('/worker.js?far'); new SharedWorker('/shared.js?far'); navigator.serviceWorker.register('/service.js?far')</script>`)
		}
	}
}

// hear waits for who is named and lets go of who asks for all.
func (s *reports) hear(t *testing.T, who []string) {
	defer close(s.heard)
	s.wait(t, who)
}

func (s *reports) forget(who ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range who {
		delete(s.all, name)
	}
}

// wait returns what everybody said when all of them have.
func (s *reports) wait(t *testing.T, who []string) map[string]report {
	t.Helper()
	for late := time.After(enough); ; {
		s.mu.Lock()
		all := maps.Clone(s.all)
		s.mu.Unlock()
		missing := slices.DeleteFunc(slices.Clone(who), func(name string) bool { _, ok := all[name]; return ok })
		if len(missing) == 0 {
			return all
		}
		select {
		case <-s.more:
		case <-late:
			t.Errorf("nothing was heard of %v", missing)
			return all
		}
	}
}

const windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.1.2 Safari/537.36"

var (
	inWorkers = []string{"worker", "worker?nested", "worker?far", "shared", "shared?far", "service", "service?far"}
	everybody = append([]string{"page", "frame", "far", "popup", "far-popup", "small-popup"}, inWorkers...)
)

// TestEmulationEverywhere: a page could tell by any context of its own that
// another says something else of the browser.
func TestEmulationEverywhere(t *testing.T) {
	s := serveReports(t)
	l := browsertest.Launcher(t, "", func(c *browser.Config) { c.Ready = 1 })
	var p *browser.Page
	for range 3 { // the last gets one that was ready, as the others had asked for
		p = browsertest.Launch(t, l, domain.SessionOptions{
			Viewport: domain.Viewport{Width: 801, Height: 602}, DeviceScaleFactor: 2, ColorScheme: "dark",
			UserAgent: windows, Locale: "de-AT", Timezone: "Asia/Tokyo",
		}).Page()
	}
	<-p.Prepared()
	call := func(method string, params object) (value any) {
		t.Helper()
		var res struct {
			Result struct {
				Value any `json:"value"`
			} `json:"result"`
		}
		if err := p.Call(t.Context(), method, params, &res); err != nil {
			t.Fatal(err)
		}
		return res.Result.Value
	}
	call("Page.navigate", object{"url": s.URL + "/page"})
	s.wait(t, []string{"worker", "shared"}) // the page has been read
	for _, button := range []string{"left", "middle", "right"} {
		if err := p.Click(t.Context(), 700, 500, button, 1, 0); err != nil {
			t.Fatal(err)
		}
	}
	all := s.wait(t, everybody)
	for who, got := range all {
		if diff := cmp.Diff(emulated(who), got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", who, diff)
		}
	}
	for script, got := range s.scripts {
		if !strings.HasPrefix(got, windows+" de-AT") {
			t.Errorf("the script of the %s worker was asked for as %s", script, got)
		}
	}
	t.Run("a service worker that starts again", func(t *testing.T) {
		// An earlier attachment must not hold it: the page's requests wait for it.
		evaluate := func(expression string) any {
			return call("Runtime.evaluate", object{"expression": expression, "awaitPromise": true, "returnByValue": true})
		}
		evaluate("navigator.serviceWorker.ready.then(() => 1)")
		s.forget("page", "service")
		call("ServiceWorker.enable", nil)
		call("ServiceWorker.stopAllWorkers", nil)
		call("Page.reload", nil)
		again := s.wait(t, []string{"page", "service"})["service"]
		if got := evaluate("fetch('/through').then(r => r.text())"); got != "through" {
			t.Errorf("got %v", got)
		}
		if diff := cmp.Diff(all["service"], again); diff != "" {
			t.Errorf("(-before +after)\n%s", diff)
		}
	})
	t.Run("Playwright", func(t *testing.T) {
		theirs := serveReports(t)
		told := slices.DeleteFunc(slices.Clone(everybody), func(who string) bool {
			// Playwright tells shared workers nothing, and some never run. A
			// worker's own workers it tells too late at times.
			return strings.HasPrefix(who, "shared") || strings.HasPrefix(who, "service") || who == "worker?nested"
		})
		go theirs.hear(t, told)
		_, err := node(t.Context(), "emulation.mjs", browsertest.Path(t, l), object{"url": theirs.URL, "options": object{
			"viewport": object{"width": 801, "height": 602}, "deviceScaleFactor": 2, "colorScheme": "dark",
			"userAgent": windows, "locale": "de-AT", "timezoneId": "Asia/Tokyo",
		}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range told {
			got, want := theirs.all[who], all[who]
			// It says that it is the Chromium that it is, and in workers none.
			got.Brands, got.Hints, got.SentHints = want.Brands, want.Hints, want.SentHints
			if who == "far" {
				got.Screen = want.Screen // it leaves another site's frames the real one
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: (-ours +theirs)\n%s", who, diff)
			}
		}
	})
}

// TestByDefaultEverywhere: without options both browsers say everywhere what the
// whole one says with a window: its own brands, and that it is no headless one.
func TestByDefaultEverywhere(t *testing.T) {
	l := browsertest.Launcher(t, "", nil)
	var whole map[string]report
	for _, program := range []string{browser.Chromium, browser.Shell} {
		t.Run(program, func(t *testing.T) {
			if l.Programs[program] == "" {
				t.Skip("it is not installed")
			}
			s := serveReports(t)
			p := browsertest.Launch(t, l, domain.SessionOptions{Browser: program}).Page()
			<-p.Prepared()
			if err := p.Call(t.Context(), "Page.navigate", object{"url": s.URL + "/page"}, nil); err != nil {
				t.Fatal(err)
			}
			s.wait(t, []string{"worker", "shared"}) // the page has been read
			for _, button := range []string{"left", "middle", "right"} {
				if err := p.Click(t.Context(), 700, 500, button, 1, 0); err != nil {
					t.Fatal(err)
				}
			}
			all := s.wait(t, everybody)
			for who, got := range all {
				version := regexp.MustCompile(`Chromium (\d+)`).FindString(got.Brands)
				if want := "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" + strings.TrimPrefix(version, "Chromium ") + ".0.0.0 Safari/537.36"; got.UserAgent != want || got.SentUserAgent != want {
					t.Errorf("%s: %s, and sends %s", who, got.UserAgent, got.SentUserAgent)
				}
				if said := fmt.Sprint(got); version == "" || strings.Contains(said, "Headless") || strings.Contains(said, "Google") || got.Languages != "en-US,en" || got.Accept != "en-US,en;q=0.9" {
					t.Errorf("%s: %+v", who, got)
				}
				if diff := cmp.Diff(whole[who], got); whole != nil && diff != "" {
					t.Errorf("%s: (-whole +shell)\n%s", who, diff)
				}
			}
			for script, got := range s.scripts {
				if want := all["page"].UserAgent + " en-US,en;q=0.9"; got != want {
					t.Errorf("the script of the %s worker was asked for as %s", script, got)
				}
			}
			if program == browser.Chromium {
				whole = all
				sameAsByItself(t, l.Programs[program], all["page"])
			}
		})
	}
}

// sameAsByItself compares what the whole browser says of its brands with what it
// does when nobody tells it anything.
func sameAsByItself(t *testing.T, program string, got report) {
	t.Helper()
	s := serveReports(t)
	go s.hear(t, []string{"page"})
	if _, err := node(t.Context(), "emulation.mjs", program, object{"url": s.URL}, 1); err != nil {
		t.Fatal(err)
	}
	own := s.all["page"]
	if !strings.Contains(own.UserAgent, "Headless") {
		t.Errorf("it was told to be %s", own.UserAgent)
	}
	if own.Brands != got.Brands || own.Hints != got.Hints || own.SentHints != got.SentHints {
		t.Errorf("by itself it says %+v, and when it is told %+v", own, got)
	}
}

// emulated is what a context should say.
func emulated(who string) report {
	want := report{
		UserAgent: windows, Brands: "Chromium 140,Not=A?Brand 24,Google Chrome 140",
		Hints:     "Windows,10.0,x86,64,false,,Desktop,false,Chromium 140.0.1.2,Not=A?Brand 24.0.0.0,Google Chrome 140.0.1.2",
		Languages: "de-AT", Locale: "de-AT", Number: "1\u00a0234,5", Timezone: "Asia/Tokyo",
		Clock: "Thu Jan 01 1970 09:00:00 GMT+0900 (Japanische Normalzeit)", SentUserAgent: windows, Accept: "de-AT",
		SentHints: `"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140" "Windows" ?0`,
		Screen:    "801x602 at 2", Scheme: "dark",
	}
	switch {
	case slices.Contains(inWorkers, who):
		want.SentHints, want.Screen, want.Scheme = "  ", "", "" // Chromium itself sends none from workers
	case who == "small-popup":
		want.Size, want.Screen = "300x200", "300x200 at 2" // that it was opened with
	case who == "page" || strings.HasSuffix(who, "popup"):
		want.Size = "801x602"
	}
	return want
}
