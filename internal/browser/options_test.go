package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestOptions uses one browser that has all of them.
func TestOptions(t *testing.T) {
	var mu sync.Mutex
	heard := map[string]http.Header{} // by path, of the last request
	asked := map[string]int{}
	more := make(chan struct{}, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, given := r.BasicAuth()
		mu.Lock()
		if r.Method != http.MethodOptions {
			heard[r.URL.Path] = r.Header.Clone()
			asked[r.URL.Path]++
		}
		mu.Unlock()
		select {
		case more <- struct{}{}:
		default:
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Headers", "*")
		switch {
		case r.Method != http.MethodOptions && strings.HasPrefix(r.URL.Path, "/login") && (user != "joe" || password != "hush" || r.URL.Path == "/login/never"):
			w.Header().Set("WWW-Authenticate", `Basic realm="`+r.URL.Path+`"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, "who are you? ", given)
		case strings.HasSuffix(r.URL.Path, ".js"):
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, "fetch(new URL('said-by-'+location.pathname.slice(1), location))")
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "in")
		}
	})
	srv := httptest.NewTLSServer(handler) // with a certificate that nobody knows
	defer srv.Close()
	here, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	other := "https://localhost:" + here.Port()
	l := browsertest.Launcher(t, "", nil)
	all := make([]string, 0, len(browser.Permissions))
	for name := range browser.Permissions {
		all = append(all, name)
	}
	b := browsertest.Launch(t, l, domain.SessionOptions{
		DeviceScaleFactor: 2, IgnoreCertErrors: true, Permissions: all,
		Geolocation: &domain.Geolocation{Latitude: 48.5, Longitude: -11.25, Accuracy: 7},
		Headers:     []domain.Header{{Name: "X-Tenant", Value: "acme"}, {Name: "X-Token", Value: "hush", Secret: true}},
		Credentials: &domain.HTTPCredentials{Username: "joe", Password: "hush", Origin: srv.URL},
	})
	p := b.Page()
	evaluate(t, p, "1")
	open := func(url string) any {
		t.Helper()
		var res struct {
			Error string `json:"errorText"`
		}
		if err := p.Call(t.Context(), "Page.navigate", map[string]any{"url": url}, &res); err != nil {
			t.Fatal(err)
		}
		if res.Error != "" {
			return res.Error
		}
		// The answer comes when the document begins.
		return evaluate(t, p, "new Promise(done => { const look = () => document.readyState === 'complete' ? done(document.body.innerText) : setTimeout(look, 5); look() })")
	}
	if got := open(srv.URL + "/login"); got != "in" {
		t.Errorf("a login: %v", got)
	}
	for _, is := range [][3]string{
		{"fetch", "fetch('/login/fetch').then(r => r.text())", "in"},
		{"another origin", "fetch('" + other + "/login/other').then(r => r.status)", "401"},
		{"who never takes it", "fetch('/login/never').then(r => r.text())", "who are you? true"},
		{"where nobody asks", "fetch('/plain').then(r => r.text())", "in"},
		{"a frame of another origin", "new Promise(done => { const f = document.createElement('iframe'); f.onload = done; f.src = '" + other + "/frame'; document.body.append(f) }).then(() => 1)", "1"},
		{"a worker", "new Worker('/worker.js') && 1", "1"},
		{"a shared worker", "new SharedWorker('/shared.js') && 1", "1"},
		{"a service worker", "navigator.serviceWorker.register('/service.js').then(() => 1)", "1"},
		{"the place", "new Promise((done, no) => navigator.geolocation.getCurrentPosition(p => done([p.coords.latitude, p.coords.longitude, p.coords.accuracy].join()), e => no(e.message)))", "48.5,-11.25,7"},
		{"what was granted", "Promise.all(['geolocation', 'camera', 'notifications', 'clipboard-read'].map(name => navigator.permissions.query({name}))).then(all => all.map(p => p.state).join())", "granted,granted,granted,granted"},
		{"the scale", "devicePixelRatio", "2"},
	} {
		if got := fmt.Sprint(evaluate(t, p, is[1])); got != is[2] {
			t.Errorf("%s: %s, want %s", is[0], got, is[2])
		}
	}
	// Whoever makes a request says who it is of.
	for _, path := range []string{"/login", "/plain", "/login/other", "/frame", "/worker.js", "/said-by-worker.js", "/said-by-shared.js", "/said-by-service.js"} {
		for late := time.After(20 * time.Second); ; { // a worker runs when it does
			mu.Lock()
			got, ok := heard[path]
			mu.Unlock()
			if ok && (got.Get("X-Tenant") != "acme" || got.Get("X-Token") != "hush") {
				t.Errorf("%s was asked for with %v", path, got)
			}
			if ok {
				break
			}
			select {
			case <-more:
			case <-late:
				t.Fatalf("nobody asked for %s", path)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if asked["/login/never"] > 2 {
		t.Errorf("what isn't taken was sent %d times", asked["/login/never"])
	}
	if heard["/login/other"].Get("Authorization") != "" {
		t.Error("another origin got the credentials")
	}
}
