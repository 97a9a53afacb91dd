package step_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestNavigations: goto in all its forms says what came of it, and the next
// step finds a page that works.
func TestNavigations(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := func(status int, body string) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>`, r.URL.Path, `</title>`, body)
		}
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/redirect2", http.StatusFound)
		case "/redirect2":
			http.Redirect(w, r, "/", http.StatusMovedPermanently)
		case "/circle":
			http.Redirect(w, r, "/circle", http.StatusFound)
		case "/refresh":
			page(200, `<meta http-equiv=refresh content="0;url=/">`)
		case "/refresh-header":
			w.Header().Set("Refresh", "0;url=/")
			page(200, ``)
		case "/script":
			page(200, `<script>location.replace('/')</script>`)
		case "/push":
			page(200, `<script>history.pushState({}, '', '/pushed')</script>`)
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		case "/reset":
			w.WriteHeader(http.StatusResetContent)
		case "/missing":
			page(404, `<p>no such page</p>`)
		case "/broken":
			page(500, `<p>broken</p>`)
		case "/empty404":
			w.WriteHeader(404)
		case "/auth":
			if _, _, ok := r.BasicAuth(); !ok {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				page(401, `<p>who are you?</p>`)
				return
			}
			page(200, `<p>welcome</p>`)
		case "/file":
			w.Header().Set("Content-Disposition", "attachment")
			fmt.Fprint(w, "file")
		case "/closes":
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				c.Close()
			}
		case "/hangs":
			<-r.Context().Done()
		case "/half":
			page(200, `<p>half</p><script>window.half = 1</script>`+strings.Repeat(" ", 4096))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		default:
			page(200, `<p>here</p>`)
		}
	}))
	t.Cleanup(site.Close)
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(tls.Close)
	gone := refusing(t)
	b := start(t)
	for _, tt := range []struct {
		url, code string
		status    int
		at        string // where the page is then
	}{
		{"/", "", 200, "/"},
		{"/redirect", "", 200, "/"},
		{"/push", "", 200, "/pushed"},
		{"/#place", "", 200, "/#place"},
		{"/missing", "", 404, "/missing"},
		{"/broken", "", 500, "/broken"},
		{"about:blank", "", 0, "about:blank"},
		{"data:text/html,<p>data</p>", "", 0, "data:text/html,<p>data</p>"},
		{"/none", "navigation_aborted", 0, ""},
		{"/file", step.CodeIsDownload, 0, ""},
		{"/circle", "too_many_redirects", 0, ""},
		{"/closes", "response_invalid", 0, ""},
		{"http://nowhere.invalid/", "name_not_resolved", 0, ""},
		{tls.URL, "certificate_invalid", 0, ""},
		{"https" + strings.TrimPrefix(site.URL, "http"), "tls_failed", 0, ""},
		{gone, "connection_failed", 0, ""},
		{"http://127.0.0.1:1/", "address_blocked", 0, ""},
		{"/hangs", "timeout", 0, ""},
		{"/half", "timeout", 0, ""},
	} {
		t.Run(tt.url, func(t *testing.T) {
			b := &bench{t: t, page: b.page}
			absolute := func(url string) string {
				if strings.HasPrefix(url, "/") {
					return site.URL + url
				}
				return url
			}
			s := step.Spec{Action: "goto", URL: absolute(tt.url), Timeout: "30s"}
			if tt.code == "timeout" {
				s.Timeout = "400ms"
			}
			res, why := b.run(s)
			switch {
			case tt.code != "":
				if why == nil || why.Code != tt.code {
					t.Errorf("got %s, %+v", res, why)
				}
			case why != nil:
				t.Errorf("%+v", why)
			case !strings.Contains(res, `{"url":"`+absolute(tt.at)+`"`) || (tt.status > 0) != strings.Contains(res, fmt.Sprintf(`"status":%d`, tt.status)):
				t.Errorf("got %s", res)
			}
			b.must(`{"action":"goto","url":"` + site.URL + `/?next"}`)
			b.must(`{"action":"click","target":"text=here"}`)
		})
	}
	// What a page does by itself is waited for by the next step.
	for _, path := range []string{"/refresh", "/refresh-header", "/script"} {
		b.must(`{"action":"goto","url":"` + site.URL + path + `"}`)
		b.must(`{"action":"click","target":"text=here"}`)
		b.must(`{"action":"assert","url":"` + site.URL + `/"}`)
	}
	// A page that is there while something of it never comes can be used.
	if _, why := b.try(`{"action":"goto","url":"` + site.URL + `/half","timeout":"400ms"}`); why == nil {
		t.Error("half a page was loaded")
	}
	b.must(`{"action":"click","target":"text=half"}`)
	b.must(`{"action":"goto","url":"` + site.URL + `/half","waitUntil":"commit"}`)
	b.must(`{"action":"goto","url":"` + strings.Replace(site.URL, "//", "//user:pass@", 1) + `/auth"}`)
	b.must(`{"action":"assert","text":"welcome"}`)
}

// TestBlockedPages fail, though pages have asked for so much that is blocked that not all
// of it is told.
func TestBlockedPages(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Browserhook-Refused", "says the server")
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://10.0.0.1/", http.StatusFound)
			return
		}
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>site</title>`)
	}))
	t.Cleanup(site.Close)
	b := borrow(t)
	b.must(`{"action":"goto","url":"` + site.URL + `"}`) // whatever that says
	b.must(`{"action":"evaluate","expression":"Promise.all(Array.from({ length: 300 }, (_, i) => fetch('http://10.0.0.2/' + i, { mode: 'no-cors' }))).then(() => 1)","timeout":"30s"}`)
	for _, address := range []string{"http://10.0.0.1/", site.URL + "/away"} {
		res, why := b.run(step.Spec{Action: "goto", URL: address, Timeout: "30s"})
		if why == nil || why.Code != "address_blocked" || !strings.Contains(why.Message, "10.0.0.1: the target is private address space") {
			t.Errorf("%s: %s, %+v", address, res, why)
		}
	}
	if res, why := b.run(step.Spec{Action: "goto", URL: site.URL, Timeout: "30s"}); why != nil {
		t.Errorf("%s, %+v", res, why)
	}
}

// TestAPageThatAsksWhoItIs is a page to the headless shell, and none to the whole
// browser.
func TestAPageThatAsksWhoItIs(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, "who are you?")
	}))
	t.Cleanup(site.Close)
	l := browsertest.Launcher(t, step.Script(), nil)
	for program, code := range map[string]string{browser.Shell: "", browser.Chromium: "authentication_required"} {
		t.Run(program, func(t *testing.T) {
			if l.Programs[program] == "" {
				t.Skip("it is not installed")
			}
			b := &bench{t: t, page: browsertest.Launch(t, l, domain.SessionOptions{Browser: program}).Page()}
			res, why := b.run(step.Spec{Action: "goto", URL: site.URL, Timeout: "30s"})
			if code != "" && (why == nil || why.Code != code) || code == "" && !strings.Contains(res, `"status":401`) {
				t.Errorf("got %s, %+v", res, why)
			}
		})
	}
}

// refusing is an address where nobody listens: its port is bound, so that nobody else
// gets it meanwhile.
func refusing(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
}

// TestAPageThatIsOnItsWayIsSentElsewhere at once, though nobody can ask it anything before.
func TestAPageThatIsOnItsWayIsSentElsewhere(t *testing.T) {
	asked := make(chan struct{}, 10)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hangs" {
			asked <- struct{}{}
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><a href=/hangs>Go</a>`)
	}))
	t.Cleanup(site.Close)
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL + "/first"})
	for _, next := range []step.Spec{{Action: "goto", URL: site.URL + "/next"}, {Action: "reload"}, {Action: "back"}} {
		b.value("document.querySelector('a').click()")
		<-asked
		// Less than a page is given to end its scripts.
		next.Timeout = "4s"
		b.do(next)
		if got, want := b.value("location.pathname"), map[string]string{"goto": `"/next"`, "reload": `"/next"`, "back": `"/first"`}[next.Action]; got != want {
			t.Errorf("after %s it is at %s, want %s", next.Action, got, want)
		}
	}
}
