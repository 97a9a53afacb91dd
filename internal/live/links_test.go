package live_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// TestALinkForOneIsItsFirstViewers, who may come again, and whose coming and going is
// recorded; anybody else is told why it opens nothing.
func TestALinkForOneIsItsFirstViewers(t *testing.T) {
	h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}, once: "me"}
	server := h.open(t)
	for range 2 {
		conn := look(t, server, "a&viewer=me")
		if _, err := state(t, conn); err != nil {
			t.Fatal(err)
		}
		gone := h.gone
		_ = conn.Close(websocket.StatusNormalClosure, "")
		<-gone
	}
	for _, other := range []string{"a&viewer=other", "a"} {
		if sent := ended(t, look(t, server, other)); sent.Code != 4001 || sent.Reason != "the link was used" {
			t.Errorf("%s was sent away as %d %q", other, sent.Code, sent.Reason)
		}
	}
	if len(h.seen) != 2 || h.seen[1].Address != "127.0.0.1" || h.seen[1].LeftAt.IsZero() || h.seen[1].StreamID != "str_a" {
		t.Errorf("recorded %+v", h.seen)
	}
}

// TestWhoMayFrameALivePage: the server's own pages, and the origins that are allowed; and all of them only what
// is to be looked at.
func TestWhoMayFrameALivePage(t *testing.T) {
	for _, tt := range []struct {
		embed []string
		mode  domain.StreamMode
		want  string
	}{
		{nil, domain.StreamView, "'self'"},
		{[]string{"https://a.test", "https://b.test:8443"}, domain.StreamView, "'self' https://a.test https://b.test:8443"},
		{[]string{"https://a.test", "https://b.test:8443"}, domain.StreamControl, "'self' https://a.test https://b.test:8443"},
		{[]string{"*", "https://a.test"}, domain.StreamView, "'self' * https://a.test"},
		{[]string{"*", "https://a.test"}, domain.StreamControl, "'self' https://a.test"},
		{[]string{"*"}, domain.StreamControl, "'self'"},
	} {
		h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}, mode: tt.mode, embed: tt.embed}
		for _, id := range []string{"a", "nothing"} {
			res, err := http.Get(h.open(t).URL + "/streams?id=" + id)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			_, got, _ := strings.Cut(res.Header.Get("Content-Security-Policy"), "frame-ancestors ")
			if id == "a" && got != tt.want || res.Header.Get("Referrer-Policy") != "no-referrer" || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v, %s: framed by %s; %v", tt.embed, tt.mode, got, res.Header)
			}
		}
	}
}

// TestAPageWithALivePageInAFrame is that of docs/live.md: it hears how things are there, if
// its origin may have it; in no other page there is anything to see.
func TestAPageWithALivePageInAFrame(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	b := browsertest.Launch(t, l, domain.SessionOptions{})
	page := b.Page()
	run := func(s step.Spec) {
		t.Helper()
		s.Timeout = patience.String()
		if _, f := step.Run(t.Context(), page, &s, nil); f != nil {
			t.Fatalf("%s %s: %+v", s.Action, s.Target, f)
		}
	}
	document, err := os.ReadFile("../../docs/live.md")
	_, sample, _ := strings.Cut(string(document), "```html\n")
	sample, _, ok := strings.Cut(sample, "```")
	if err != nil || !ok {
		t.Fatalf("docs/live.md has no page: %v", err)
	}
	h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}}
	var live *httptest.Server
	above := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<link rel=icon href="data:,"><ol></ol><script>
			console.log = (text) => { const li = document.createElement("li"); li.textContent = text; document.querySelector("ol").append(li) }</script>%s`,
			strings.NewReplacer("https://browsers.example.com", live.URL, "id=…", "id=a").Replace(sample))
	})
	allowed, other := httptest.NewServer(above), httptest.NewServer(above)
	t.Cleanup(allowed.Close)
	t.Cleanup(other.Close)
	h.embed = []string{allowed.URL}
	live = h.open(t)
	run(step.Spec{Action: "goto", URL: allowed.URL})
	text := "READY"
	run(step.Spec{Action: "assert", Target: "li >> nth=-1", Text: &text})
	h.change(func() { h.status = domain.SessionClosed })
	text = "CLOSED"
	run(step.Spec{Action: "assert", Target: "li >> nth=-1", Text: &text})

	seen := len(h.seen)
	run(step.Spec{Action: "goto", URL: other.URL})
	run(step.Spec{Action: "evaluate", Expression: "new Promise(done => setTimeout(done, 300))"})
	none := 0
	run(step.Spec{Action: "assert", Target: "li", Count: &none})
	if len(h.seen) != seen {
		t.Error("the live page was opened in a page that may not have it")
	}
}

// TestEveryLivePageIsClosedIn: whatever the link opens, the page takes nothing but the
// server's own files, tells nobody its address, is kept nowhere, sets no cookie and has
// no script or style in its text.
func TestEveryLivePageIsClosedIn(t *testing.T) {
	h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}}
	server := h.open(t)
	inline := regexp.MustCompile(`(?i)<style|<script[^>]*>[^<]|\son[a-z]+=|\sstyle=|javascript:|https?://`)
	for _, tt := range []struct {
		query string
		mode  domain.StreamMode
		fail  error
		want  int
	}{
		{"a", domain.StreamView, nil, 200}, {"a", domain.StreamControl, nil, 200}, {"b", "", nil, 404}, {"", "", nil, 404}, {"a&id=b", "", nil, 404},
		{"a", "", domain.ErrStreamOver, 410}, {"a", "", errAway, 503}, {"%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "", nil, 404}, {"a&next=https://evil.test", domain.StreamView, nil, 200},
	} {
		h.change(func() { h.mode, h.fail = tt.mode, tt.fail })
		res, err := http.Get(server.URL + "/streams?id=" + tt.query)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != tt.want {
			t.Errorf("%s: %d, %v", tt.query, res.StatusCode, err)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
			"Referrer-Policy":         "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Set-Cookie": "", "Location": "", "Access-Control-Allow-Origin": "",
			"Content-Type": "text/html; charset=utf-8",
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", tt.query, name, got)
			}
		}
		if found := inline.Find(body); found != nil {
			t.Errorf("%s: the page has %s", tt.query, found)
		}
		for _, file := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(string(body), -1) {
			if file[1] == "/" { // where one signs in, which is another's
				continue
			}
			of, err := http.Get(server.URL + file[1])
			if err != nil {
				t.Fatal(err)
			}
			of.Body.Close()
			if of.StatusCode != 200 || of.Header.Get("X-Content-Type-Options") != "nosniff" || len(of.Cookies()) > 0 {
				t.Errorf("%s: %d %v", file[1], of.StatusCode, of.Header)
			}
		}
	}
}
