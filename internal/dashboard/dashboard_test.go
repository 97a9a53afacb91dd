package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

// fixture is a dashboard over an API that a test makes up.
type fixture struct {
	t      *testing.T
	pages  *Handler
	server *httptest.Server
	public string

	mu    sync.Mutex
	role  domain.Role
	in    map[string]bool // tokens
	calls []string        // of the API, with who called
}

const goodKey = "bh_good"

var errNo = domain.Refuse(domain.CodeUnauthorized, "no")

func (h *fixture) SignIn(_ context.Context, secret string) (string, domain.APIKey, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if secret != goodKey {
		return "", domain.APIKey{}, errNo
	}
	token := fmt.Sprintf("token%d", len(h.in))
	h.in[token] = true
	return token, domain.APIKey{}, nil
}

func (h *fixture) SignOut(_ context.Context, token string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.in, token)
	return nil
}

func (h *fixture) Authenticate(_ context.Context, token string) (domain.APIKey, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.in[token] {
		return domain.APIKey{}, errNo
	}
	return domain.APIKey{ID: "key_a", Name: "Ada", Role: h.role}, nil
}

// open builds it. api may be nil: an API that answers empty lists, and one session.
func open(t *testing.T, role domain.Role, api http.HandlerFunc) *fixture {
	t.Helper()
	h := &fixture{t: t, role: role, in: map[string]bool{}}
	if api == nil {
		api = answers
	}
	h.pages = &Handler{
		Keys: h, PublicURL: func() string { return h.public }, Stopping: t.Context().Done(), Version: "1", Log: slog.New(slog.DiscardHandler),
	}
	h.pages.Over(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.calls = append(h.calls, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		h.mu.Unlock()
		api(w, r)
	}))
	mux := http.NewServeMux()
	h.pages.Routes(mux)
	mux.HandleFunc("/", h.pages.Missing)
	h.server = httptest.NewServer(mux)
	h.public = h.server.URL
	t.Cleanup(h.server.Close)
	return h
}

// answers is an API with one session, which is READY.
func answers(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	session := map[string]any{
		"sessionId": "browser_abcdefghijklmnop", "status": "READY", "streamingUrl": "http://x/streams?id=t", "timeout": "30m0s", "idleTimeout": "5m0s",
		"metadata": map[string]string{}, "usage": map[string]any{}, "createdAt": "2026-01-02T03:04:05Z", "url": "https://example.com/<b>",
	}
	switch {
	case r.URL.Path == "/v1/sessions/browser_none":
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]any{"status": 404, "code": "not_found", "title": "Not found"})
	case r.URL.Path == "/v1/sessions":
		_ = json.NewEncoder(w).Encode(map[string]any{"data": []any{session}})
	case strings.HasSuffix(r.URL.Path, "/steps") || strings.HasSuffix(r.URL.Path, "s"):
		_ = json.NewEncoder(w).Encode(map[string]any{"data": []any{}})
	default:
		_ = json.NewEncoder(w).Encode(session)
	}
}

// ask makes a request, with a cookie if it is not empty. Header lines may follow.
func (h *fixture) ask(method, path string, form url.Values, cookie string, header ...string) (*http.Response, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", h.server.URL)
	}
	if cookie != "" {
		req.AddCookie(&http.Cookie{Name: "browserhook", Value: cookie})
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
		if value == "" {
			req.Header.Del(name)
		}
	}
	res, err := h.server.Client().Transport.RoundTrip(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res, string(body)
}

// filled fills in what patterns leave open.
var filled = strings.NewReplacer("{$}", "", "{id}", "browser_a", "{artifact}", "art_a", "{step}", "step_a")

func (h *fixture) signIn() string {
	h.t.Helper()
	res, _ := h.ask(http.MethodPost, signInPath, url.Values{"key": {" " + goodKey + "\n"}}, "")
	for _, c := range res.Cookies() {
		return c.Value
	}
	h.t.Fatal("there is no cookie")
	return ""
}

// TestOneLinkForManyLooks: whoever opens an ended session again and again sees its recording
// by one link, and by another when they ask for that; somebody else by their own.
func TestOneLinkForManyLooks(t *testing.T) {
	var keys []string
	h := open(t, domain.RoleProject, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			keys = append(keys, r.Header.Get("Idempotency-Key"))
		}
		answers(w, r)
	})
	cookie := h.signIn()
	for _, form := range []url.Values{{}, {}, {"anew": {"1"}}} {
		if res, _ := h.ask(http.MethodPost, "/sessions/browser_a/replay", form, cookie); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %v", res.StatusCode, res.Header)
		}
	}
	if len(keys) != 3 || keys[0] == "" || keys[0] != keys[1] || !strings.Contains(keys[0], "key_a") || keys[2] == keys[0] {
		t.Errorf("links are made by the keys %q", keys)
	}
}

// TestEveryPageIsClosedIn: what a browser is told of each page, whoever asks.
func TestEveryPageIsClosedIn(t *testing.T) {
	h := open(t, domain.RoleOperator, nil)
	token := h.signIn()
	paths := []string{signInPath, "/nothing", "/sessions/browser_none"}
	for _, p := range h.pages.pages() {
		if method, path, _ := strings.Cut(p.pattern, " "); method == http.MethodGet {
			paths = append(paths, filled.Replace(path))
		}
	}
	for _, path := range paths {
		for _, cookie := range []string{"", token} {
			res, body := h.ask(http.MethodGet, path, nil, cookie)
			if res.StatusCode == http.StatusSeeOther {
				continue
			}
			head := res.Header
			if !strings.HasPrefix(head.Get("Content-Type"), "text/html") {
				continue // a file, not a page
			}
			for name, want := range map[string]string{"Content-Security-Policy": policy, "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
				if head.Get(name) != want {
					t.Errorf("%s: %s: %s", path, name, head.Get(name))
				}
			}
			if !strings.Contains(body, "<title>") || !strings.Contains(body, "· browserhook</title>") || !strings.Contains(body, `rel="icon"`) {
				t.Errorf("%s has no title or icon of ours", path)
			}
			if strings.Contains(body, " style=") || strings.Contains(body, "<style") || strings.Contains(body, "onclick") || strings.Contains(body, "<script>") {
				t.Errorf("%s has something inline", path)
			}
			if len(body) > 150_000 {
				t.Errorf("%s has %d bytes", path, len(body))
			}
		}
	}
	for _, never := range []string{"unsafe", "http:", "*"} {
		if strings.Contains(policy, never) {
			t.Errorf("the policy allows %s", never)
		}
	}
}

// TestNobodyIsSentToSignIn: each page sends who isn't signed in there and back again,
// and no form does anything.
func TestNobodyIsSentToSignIn(t *testing.T) {
	h := open(t, domain.RoleOperator, nil)
	token := h.signIn()
	for _, cookie := range []string{"", "wrong"} {
		for _, p := range h.pages.pages() {
			method, path, _ := strings.Cut(p.pattern, " ")
			path = filled.Replace(path)
			res, _ := h.ask(method, path+"?a=b", nil, cookie)
			to := res.Header.Get("Location")
			if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, signInPath) {
				t.Errorf("%s %s: %d to %s", method, path, res.StatusCode, to)
			}
			if method == http.MethodGet && path != "/" && to != signInPath+"?next="+url.QueryEscape(path+"?a=b") {
				t.Errorf("%s: no way back: %s", path, to)
			}
			if res, _ := h.ask(method, path, nil, cookie, "X-In-Place: 1"); res.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s in place: %d", path, res.StatusCode)
			}
		}
	}
	if res, _ := h.ask(http.MethodGet, changesPath, nil, ""); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("changes: %d", res.StatusCode)
	}
	if len(h.calls) != 0 {
		t.Errorf("the API was called: %v", h.calls)
	}
	if res, _ := h.ask(http.MethodGet, "/", nil, token); res.StatusCode != http.StatusOK || len(h.calls) == 0 || !strings.HasSuffix(h.calls[0], " Bearer "+token) {
		t.Errorf("signed in: %d, %v", res.StatusCode, h.calls)
	}
	// The key is revoked, or it is ended elsewhere.
	_ = h.SignOut(t.Context(), token)
	res, _ := h.ask(http.MethodGet, "/", nil, token)
	if res.StatusCode != http.StatusSeeOther || len(res.Cookies()) != 1 || res.Cookies()[0].MaxAge >= 0 {
		t.Errorf("over: %d %v", res.StatusCode, res.Cookies())
	}
}

// TestCookie: it is for this server's pages alone, holds nothing but a token, and ends.
func TestCookie(t *testing.T) {
	h := open(t, domain.RoleViewer, nil)
	form := url.Values{"key": {goodKey}}
	res, _ := h.ask(http.MethodPost, signInPath, form, "")
	c := res.Cookies()[0]
	if res.StatusCode != http.StatusSeeOther || c.Name != "browserhook" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || c.Value == goodKey {
		t.Errorf("%d %+v", res.StatusCode, c)
	}
	if res, _ := h.ask(http.MethodPost, signInPath, form, c.Value); res.StatusCode != http.StatusSeeOther || h.in[c.Value] {
		t.Error("signing in again leaves the first")
	}
	token := h.signIn()
	res, _ = h.ask(http.MethodPost, signOutPath, nil, token)
	if res.StatusCode != http.StatusSeeOther || h.in[token] || res.Cookies()[0].MaxAge >= 0 {
		t.Errorf("signed out: %d %+v, %v", res.StatusCode, res.Cookies(), h.in)
	}
	res, body := h.ask(http.MethodPost, signInPath, url.Values{"key": {"bh_wrong"}}, "")
	if res.StatusCode != http.StatusUnauthorized || len(res.Cookies()) != 0 || !strings.Contains(body, `role="alert"`) || strings.Contains(body, "bh_wrong") {
		t.Errorf("a wrong key: %d %v", res.StatusCode, res.Cookies())
	}
	h.public = "https://bh.example.com"
	res, _ = h.ask(http.MethodPost, signInPath, form, "")
	if c := res.Cookies()[0]; c.Name != "__Host-browserhook" || !c.Secure || c.Path != "/" || c.Domain != "" {
		t.Errorf("over https: %+v", c)
	}
}

// TestFormsOfOthers: no form does anything that isn't of a page of this server.
func TestFormsOfOthers(t *testing.T) {
	h := open(t, domain.RoleOperator, nil)
	token := h.signIn()
	posts := []string{signInPath, signOutPath}
	for _, p := range h.pages.pages() {
		if method, path, _ := strings.Cut(p.pattern, " "); method == http.MethodPost {
			posts = append(posts, filled.Replace(path))
		}
	}
	for _, path := range posts {
		for _, origin := range []string{"", "null", "https://evil.test", "http://" + strings.TrimPrefix(h.server.URL, "http://") + ".evil.test", "http://127.0.0.1"} {
			res, _ := h.ask(http.MethodPost, path, url.Values{"key": {goodKey}}, token, "Origin: "+origin)
			if res.StatusCode != http.StatusForbidden || len(res.Cookies()) != 0 {
				t.Errorf("%s from %q: %d %v", path, origin, res.StatusCode, res.Cookies())
			}
		}
	}
	if len(h.calls) != 0 || !h.in[token] {
		t.Errorf("something was done: %v", h.calls)
	}
	h.public = "https://bh.example.com"
	if res, _ := h.ask(http.MethodPost, signInPath, url.Values{"key": {goodKey}}, "", "Origin: https://bh.example.com"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("from the public address: %d", res.StatusCode)
	}
	h.public = "https://" + strings.TrimPrefix(h.server.URL, "http://")
	if res, _ := h.ask(http.MethodPost, signInPath, url.Values{"key": {goodKey}}, "", "Origin: "+h.server.URL); res.StatusCode != http.StatusForbidden {
		t.Errorf("from a page without TLS of a server that has it: %d", res.StatusCode)
	}
}

// TestNextIsOurs: signing in leads to a page of this server, wherever a link says.
func TestNextIsOurs(t *testing.T) {
	h := open(t, domain.RoleViewer, nil)
	for next, want := range map[string]string{
		"/sessions/a?b=c": "/sessions/a?b=c", "": "/", "https://evil.test/": "/", "//evil.test": "/", "/\\evil.test": "/", "\\\\evil.test": "/",
		"/\tevil": "/", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: x=y": "/", "evil": "/",
	} {
		res, _ := h.ask(http.MethodPost, signInPath, url.Values{"key": {goodKey}, "next": {next}}, "")
		if got := res.Header.Get("Location"); got != want {
			t.Errorf("%q leads to %q", next, got)
		}
		res, _ = h.ask(http.MethodGet, signInPath+"?next="+url.QueryEscape(next), nil, h.signIn())
		if got := res.Header.Get("Location"); got != want {
			t.Errorf("%q leads who is signed in to %q", next, got)
		}
	}
}

// TestRoles: what a role may not do isn't offered, and is refused.
func TestRoles(t *testing.T) {
	for _, role := range domain.Roles {
		h := open(t, role, nil)
		token := h.signIn()
		for _, p := range h.pages.pages() {
			method, path, _ := strings.Cut(p.pattern, " ")
			path = filled.Replace(path)
			before := len(h.calls)
			res, body := h.ask(method, path, nil, token)
			may := p.role == "" || role.May(p.role)
			if !may && (res.StatusCode != http.StatusForbidden || len(h.calls) != before) {
				t.Errorf("%s %s as %s: %d", method, path, role, res.StatusCode)
			}
			if may && res.StatusCode == http.StatusForbidden {
				t.Errorf("%s %s as %s is refused", method, path, role)
			}
			if method != http.MethodGet {
				continue
			}
			for _, post := range h.pages.pages() {
				method, path, _ := strings.Cut(post.pattern, " ")
				path, _, _ = strings.Cut(strings.ReplaceAll(path, "{id}", "browser_abcdefghijklmnop"), "{")
				if method == http.MethodPost && !role.May(post.role) && strings.Contains(body, `method="post" action="`+path) {
					t.Errorf("%s offers %s to %s", p.pattern, path, role)
				}
			}
		}
	}
}

// TestWhatTheServerSays is text on the page, whatever is in it; and what it refuses is
// told.
func TestWhatTheServerSays(t *testing.T) {
	h := open(t, domain.RoleProject, nil)
	_, body := h.ask(http.MethodGet, "/", nil, h.signIn())
	if strings.Contains(body, "/<b>") || !strings.Contains(body, "/&lt;b&gt;") {
		t.Error("an address is written as HTML")
	}
	h = open(t, domain.RoleProject, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(map[string]any{"status": 409, "code": "conflict", "title": "Conflict", "detail": "The session <b>has</b> ended."})
	})
	token := h.signIn()
	res, body := h.ask(http.MethodPost, "/sessions/browser_a/close", nil, token)
	if res.StatusCode != http.StatusConflict || !strings.Contains(body, "The session &lt;b&gt;has&lt;/b&gt; ended.") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	res, body = h.ask(http.MethodPost, "/sessions/browser_a/close", nil, token, "X-In-Place: 1")
	if res.StatusCode != http.StatusConflict || !strings.Contains(body, `"detail":"The session`) {
		t.Errorf("in place: %d %s", res.StatusCode, body)
	}
}

// TestPartsOfAnEndedSession: what comes after in a tab is found by that tab's cursor, and
// no other list is asked for it.
func TestPartsOfAnEndedSession(t *testing.T) {
	h := open(t, domain.RoleProject, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		rows, cursor := []any{}, r.URL.Query().Get("cursor")
		switch r.URL.Path {
		case "/v1/sessions/browser_a":
			_ = json.NewEncoder(w).Encode(map[string]any{"sessionId": "browser_a", "status": "CLOSED", "usage": map[string]any{}})
			return
		case "/v1/sessions/browser_a/artifacts":
			if cursor != "" && cursor != "files2" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"data": rows, "nextCursor": "files2"})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": rows, "nextCursor": ""})
	})
	token := h.signIn()
	for path, older := range map[string]bool{"": false, "?tab=network&cursor=log2": false, "?tab=files": true, "?tab=files&cursor=files2": true} {
		res, body := h.ask(http.MethodGet, "/sessions/browser_a"+path, nil, token)
		if res.StatusCode != http.StatusOK || strings.Contains(body, "cursor=files2") != older {
			t.Errorf("%q: %d, the next files offered: %t", path, res.StatusCode, !older)
		}
	}
}

// TestChangesThatBreakOff: a stream that the API breaks off before it begins is answered.
func TestChangesThatBreakOff(t *testing.T) {
	h := open(t, domain.RoleViewer, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if res, _ := h.ask(http.MethodGet, changesPath, nil, h.signIn()); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("answered %d", res.StatusCode)
	}
}

// TestOneResultIsRead: a session's page holds the result of the step that is looked at,
// and of no other, however many there are.
func TestOneResultIsRead(t *testing.T) {
	h := open(t, domain.RoleProject, func(w http.ResponseWriter, r *http.Request) {
		step := func(id, result string) map[string]any {
			return map[string]any{"stepId": id, "status": "COMPLETED", "startedAt": "2026-01-02T03:04:05Z", "result": result}
		}
		w.Header().Set("Content-Type", "application/json")
		switch strings.TrimPrefix(r.URL.Path, "/v1/sessions/browser_abcdefghijklmnop") {
		case "/steps":
			_ = json.NewEncoder(w).Encode(map[string]any{"data": []any{step("step_a", "listed"), step("step_b", "listed")}})
		case "/steps/step_a":
			_ = json.NewEncoder(w).Encode(step("step_a", "asked for"))
		default:
			answers(w, r)
		}
	})
	res, body := h.ask(http.MethodGet, "/sessions/browser_abcdefghijklmnop?step=step_a", nil, h.signIn())
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "asked for") || strings.Contains(body, "listed") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

var (
	forms   = regexp.MustCompile(`(?s)<form[^>]*>.*?</form>`)
	buttons = regexp.MustCompile(`<button[^>]*>`)
	anchors = regexp.MustCompile(`<a [^>]*>`)
)

// TestWithoutScripts: what a page offers is links and forms that lead to pages; what needs
// a script is hidden until there is one.
func TestWithoutScripts(t *testing.T) {
	h := open(t, domain.RoleOperator, nil)
	token := h.signIn()
	seen := 0
	for _, p := range h.pages.pages() {
		method, path, _ := strings.Cut(p.pattern, " ")
		res, body := h.ask(method, filled.Replace(path), nil, token)
		if p.act != nil {
			if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther && !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || res.StatusCode == http.StatusSeeOther && !strings.HasPrefix(to, "/") {
				t.Errorf("%s is answered with %d, %s", p.pattern, res.StatusCode, res.Header.Get("Content-Type"))
			}
			continue
		}
		if method != http.MethodGet || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			continue
		}
		for _, form := range forms.FindAllString(body, -1) {
			seen++
			head, _, _ := strings.Cut(form, ">")
			if strings.Contains(head, `method="dialog"`) {
				continue // is in one that only a script opens
			}
			sent := false
			for _, b := range buttons.FindAllString(form, -1) {
				sent = sent || !strings.Contains(b, `type="button"`)
			}
			if !sent || !strings.Contains(head, `method="get"`) && !strings.Contains(head, ` action="/`) {
				t.Errorf("%s: a form that can't be sent: %s", p.pattern, form)
			}
		}
		for _, b := range buttons.FindAllString(body, -1) {
			if strings.Contains(b, `type="button"`) && !strings.Contains(b, " hidden") {
				t.Errorf("%s: a button that does nothing: %s", p.pattern, b)
			}
		}
		for _, a := range anchors.FindAllString(body, -1) {
			if !strings.Contains(a, ` href="`) {
				t.Errorf("%s: a link that leads nowhere: %s", p.pattern, a)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d forms were looked at", seen)
	}
}

// TestHowOftenTheAPIIsAsked: a list is asked for once, however much is in it.
func TestHowOftenTheAPIIsAsked(t *testing.T) {
	var steps []string
	h := open(t, domain.RoleOperator, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		var data []any
		if strings.HasSuffix(r.URL.Path, "/steps") {
			steps = append(steps, r.URL.RawQuery)
		}
		if r.URL.Path == "/v1/webhook-endpoints" {
			for i := range 20 {
				data = append(data, map[string]any{"endpointId": fmt.Sprintf("we_%d", i), "url": "https://example.com", "status": "ENABLED", "stats": map[string]any{"total": map[string]any{"succeeded": 3, "failed": 1}}})
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"data": data, "nextCursor": "more"})
			return
		}
		answers(w, r)
	})
	token := h.signIn()
	for path, most := range map[string]int{"/": 2, "/sessions": 1, "/sessions/browser_a": 2, "/webhooks": 1, "/keys": 2, "/nodes": 1} {
		before := len(h.calls)
		res, body := h.ask(http.MethodGet, path, nil, token)
		if asked := h.calls[before:]; res.StatusCode != http.StatusOK || len(asked) > most {
			t.Errorf("%s: %d, after %v", path, res.StatusCode, asked)
		}
		if path == "/webhooks" && strings.Count(body, "75 %") != 20 {
			t.Errorf("the endpoints don't say how they did: %s", body)
		}
	}
	for _, query := range steps {
		if !strings.Contains(query, "newest=true") {
			t.Errorf("steps are read with their results: %s", query)
		}
	}
	if len(steps) == 0 {
		t.Error("no steps were read")
	}
}
