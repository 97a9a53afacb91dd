package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

var errAway = domain.Refuse(domain.CodeUnavailable, "the database can't be reached; try again soon")

// TestALinkIsOverOrCanNotBeKnown: a store that is away says nothing about a
// link, and whoever looks comes back.
func TestALinkIsOverOrCanNotBeKnown(t *testing.T) {
	h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}}
	server := h.open(t)
	for _, tt := range []struct {
		id           string
		fail         error
		page, socket int
	}{
		{"a", nil, 200, 101}, {"b", nil, 404, 404}, {"a", domain.ErrStreamOver, 410, 404},
		{"a", errAway, 503, 503}, {"a", context.DeadlineExceeded, 503, 503}, {"a", errors.New("disk I/O error"), 503, 503},
	} {
		h.set(tt.fail)
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			req, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/streams?id="+tt.id, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != tt.page || (res.Header.Get("Retry-After") != "") != (tt.page == 503) ||
				method == http.MethodGet && strings.Contains(string(body), `http-equiv="refresh"`) != (tt.page == 503) {
				t.Errorf("%s %s, %v: status %d\n%s", method, tt.id, tt.fail, res.StatusCode, body)
			}
		}
		conn, res, err := websocket.Dial(t.Context(), strings.Replace(server.URL, "http", "ws", 1)+"/streams/ws?id="+tt.id, nil)
		if res == nil || res.StatusCode != tt.socket {
			t.Errorf("socket %s, %v: %v", tt.id, tt.fail, err)
		}
		if conn != nil {
			_ = conn.CloseNow()
		}
	}
}

type shown struct {
	Status string
	URL    string
	Steps  []struct{ Action, Target, Error string }
	Driver struct {
		Name string
		Mine bool
	}
	Tabs []struct{ Current, Shown, Popup bool }
}

// state reads the next one.
func state(t *testing.T, conn *websocket.Conn) (s shown, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		kind, raw, err := conn.Read(ctx)
		if err != nil {
			return s, err
		}
		if kind == websocket.MessageBinary {
			_ = conn.Write(ctx, websocket.MessageText, []byte(`{"type":"drawn"}`))
		}
		var said struct{ Type string }
		if kind == websocket.MessageText && json.Unmarshal(raw, &said) == nil && said.Type == "state" {
			return s, json.Unmarshal(raw, &s)
		}
	}
}

// TestViewersStayWhileTheStoreIsAway, hear what was new when it is back, and
// are sent away when the link is over.
func TestViewersStayWhileTheStoreIsAway(t *testing.T) {
	h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}}
	conn := look(t, h.open(t), "a")
	if s, err := state(t, conn); err != nil || len(s.Steps) != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	looked := h.looked()
	h.change(func() { h.fail, h.steps = errAway, []domain.Step{{Action: "reload"}} })
	for range 2 { // it asks, and asks again
		<-looked
		looked = h.looked()
	}
	h.set(nil)
	if s, err := state(t, conn); err != nil || len(s.Steps) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	h.change(func() { h.revoked = time.Now() })
	if _, err := state(t, conn); websocket.CloseStatus(err) != 4001 {
		t.Errorf("got %v", err)
	}
}

// TestLinksHideCredentials: whoever has a link for looking sees where the page
// is, and neither passwords nor tokens; a link for control shows tokens, as the
// page itself does.
func TestLinksHideCredentials(t *testing.T) {
	params := func(s step.Spec) json.RawMessage { return s.Params() }
	why := &domain.Failure{Message: "Timed out.", Seen: "the address is https://u:pass@x.test/in?token=secret#secret"}
	h := &fakeSessions{pages: map[string]*browser.Page{"a": nil}, steps: []domain.Step{
		{Index: 0, Action: "goto", Params: params(step.Spec{Action: "goto", URL: "https://u:pass@x.test/in?token=secret#secret"})},
		{Index: 1, Action: "waitFor", Params: params(step.Spec{Action: "waitFor", URL: "*/in?token=secret"}), Error: why},
		{Index: 2, Action: "click", Params: params(step.Spec{Action: "click", Target: `a[href="https://u:pass@x.test/?token=secret"]`})},
		{Index: 3, Action: "goto", Params: params(step.Spec{Action: "goto", URL: "https://x.test/"}), Error: &domain.Failure{Message: "No https://u:pass@x.test/?secret."}},
	}}
	server := h.open(t)
	for mode, want := range map[domain.StreamMode]string{
		domain.StreamView: `[{goto https://x.test/in?… } {waitFor */in?… the address is https://x.test/in?…} ` +
			`{click a[href="https://x.test/?…"] } {goto https://x.test/ No https://x.test/?…}]`,
		domain.StreamControl: `[{goto https://x.test/in?token=secret#secret } {waitFor */in?token=secret the address is https://x.test/in?token=secret#secret} ` +
			`{click a[href="https://x.test/?token=secret"] } {goto https://x.test/ No https://x.test/?secret.}]`,
	} {
		h.change(func() { h.mode = mode })
		s, err := state(t, look(t, server, "a"))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(s.Steps); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", mode, got, want)
		}
	}
}

// TestTheLivePageComesBack opens the page itself: it says that the server is
// not available, comes back when it is, and says when the link is over.
func TestTheLivePageComesBack(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	seen, viewer := browsertest.Launch(t, l, domain.SessionOptions{}), browsertest.Launch(t, l, domain.SessionOptions{})
	run := func(p *browser.Page, s step.Spec) {
		t.Helper()
		s.Timeout = patience.String()
		if _, f := step.Run(t.Context(), p, &s, nil); f != nil {
			t.Fatalf("%s %s: %+v", s.Action, s.Target, f)
		}
	}
	run(seen.Page(), step.Spec{Action: "goto", URL: "data:text/html,<h1>shown"})
	h := &fakeSessions{pages: map[string]*browser.Page{"a": seen.Page()}, mode: domain.StreamView}
	server := h.open(t)
	pill := func(text string) {
		t.Helper()
		run(viewer.Page(), step.Spec{Action: "assert", Target: "#status", Text: &text})
	}
	message := func(text string) {
		t.Helper()
		run(viewer.Page(), step.Spec{Action: "assert", Target: "#message", Text: &text})
	}
	run(viewer.Page(), step.Spec{Action: "goto", URL: server.URL + "/streams?id=a"})
	pill("Live")
	h.set(errAway)
	h.hangUp()
	pill("Server unavailable")
	message("not available")
	h.set(nil)
	pill("Live")
	h.set(domain.ErrStreamOver)
	h.hangUp()
	pill("Link is over")
	message("This link is over")

	h.set(nil)
	run(viewer.Page(), step.Spec{Action: "goto", URL: server.URL + "/streams?id=a"})
	pill("Live")
	h.change(func() { h.expires = time.Now() })
	h.hangUp()
	pill("Link is over")
	message("This link has expired")
	h.change(func() { h.expires = time.Time{} })

	h.set(errAway)
	run(viewer.Page(), step.Spec{Action: "goto", URL: server.URL + "/streams?id=a"})
	text := "comes back by itself"
	run(viewer.Page(), step.Spec{Action: "assert", Text: &text})
	h.set(nil)
	pill("Live")
}
