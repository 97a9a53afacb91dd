package httpapi_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/dashboard"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/httpapi"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/store/sqlite/sqlitetest"
)

// Each route that isn't the API's, by what browsers are told of it. Who adds a page adds
// it here.
var (
	dashboardPages = []string{ // of whoever is signed in
		"GET /{$}", "GET /sessions", "GET /sessions/{id}", "GET /webhooks", "GET /webhooks/{id}", "GET /deliveries/{id}",
		"GET /event-types", "GET /event-types/{id}", "GET /keys", "GET /projects", "GET /nodes",
	}
	dashboardForms = []string{
		"POST /sessions", "POST /sessions/{id}/close", "POST /sessions/{id}/forget", "POST /sessions/{id}/control", "POST /sessions/{id}/replay",
		"POST /sessions/{id}/steps", "POST /sessions/{id}/steps/{step}/cancel", "POST /deliveries/{id}/retry", "POST /deliveries/{id}/cancel",
		"POST /webhooks", "POST /webhooks/{id}/rotate-secret", "POST /webhooks/{id}/state", "POST /webhooks/{id}/test", "POST /webhooks/{id}/recover",
		"POST /webhooks/{id}/retry", "POST /webhooks/{id}/delete", "POST /event-types/{id}/send", "POST /keys", "POST /keys/{id}/revoke",
		"POST /projects", "POST /projects/{id}/limit", "POST /nodes/{id}/drain", "POST /sign-in", "POST /sign-out",
	}
	dashboardData = []string{ // of whoever is signed in, and no page
		"GET /sessions/{id}/artifacts/{artifact}", "GET /sessions/{id}/network.har", "GET /actions.json", "GET /changes",
	}
	openPages = []string{"GET /sign-in", "GET /streams", "GET /docs", "GET /docs/{page...}"}
	linkData  = []string{ // of who has a link
		"GET /streams/ws", "GET /streams/picture", "GET /streams/recording", "GET /streams/recording/{segment}", "GET /streams/timeline",
		"GET /streams/results/{step}", "GET /streams/files/{file}",
	}
	openData = []string{
		"GET /streams/assets/{name}", "GET /favicon.ico", "GET /llms.txt", "GET /openapi.json", "GET /.well-known/jwks.json", "GET /healthz", "GET /readyz",
	}
)

// policies are those of pages, by how they begin.
var policies = []struct{ path, csp, referrer, cache string }{
	{"/streams", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'", "no-referrer", "no-store"},
	{"/docs", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", "same-origin", "no-cache"},
	{"/", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", "same-origin", "no-store"},
}

// inline is what no page has in its text.
var inline = regexp.MustCompile(`(?i)<style|<script[^>]*>[^<\s]|\son[a-z]+="|\sstyle="|"javascript:|<base|<meta http-equiv="content`)

// TestWhatBrowsersAreToldOfEveryRoute: each page is closed in, may not be framed by
// others and has nothing inline; no route sends anybody to another server or sets a
// cookie but where one signs in and out; a cookie alone does nothing at the API; and no
// form does anything that another site has sent.
func TestWhatBrowsersAreToldOfEveryRoute(t *testing.T) {
	box, err := seal.New(seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, box, func(t *testing.T, notify func(domain.Commit), log *slog.Logger) (apiStore, error) {
		return sqlite.Open(context.Background(), sqlitetest.File(t), box, notify, log)
	})
	pages := &dashboard.Handler{Keys: r.access, PublicURL: r.config.PublicURL, Stopping: t.Context().Done(), Version: "test", Log: r.config.Log}
	r.config.Dashboard = pages
	routes := httpapi.New(r.config)
	pages.Over(routes)

	session := r.ask(http.MethodPost, "/v1/sessions", `{"url":"https://example.com/<script>alert(1)</script>"}`)
	link, _ := session.body["streamingUrl"].(string)
	_, token, _ := strings.Cut(link, "id=")
	id, _ := session.body["sessionId"].(string)
	endpoint := r.made(http.MethodPost, "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/<b>"}`, "endpointId")
	delivery := r.made(http.MethodPost, "/v1/webhook-endpoints/"+endpoint+"/test", "", "deliveryId")
	fill := func(pattern string) (method, path string) {
		method, path, _ = strings.Cut(pattern, " ")
		kind, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		path = strings.NewReplacer(
			"{$}", "", "{id}", map[string]string{"sessions": id, "webhooks": endpoint, "deliveries": delivery, "event-types": "browser_ready", "keys": "key_a", "projects": "proj_a", "nodes": "node_a"}[kind],
			"{artifact}", "art_a", "{step}", "0", "{page...}", "quickstart", "{segment}", "art_a", "{file}", "art_a", "{name}", "page.js",
		).Replace(path)
		if strings.HasPrefix(path, "/streams") {
			path += "?id=" + token
		}
		return method, path
	}
	const other = "https://evil.test"
	ask := func(method, target, cookie, origin string, form url.Values) *http.Response {
		t.Helper()
		// What follows the log ends at once.
		ctx, cancel := context.WithCancel(t.Context())
		q := httptest.NewRequestWithContext(ctx, method, "http://browserhook.test/", strings.NewReader(form.Encode()))
		if q.URL, err = url.ParseRequestURI(target); err != nil {
			t.Fatal(err)
		}
		q.RequestURI = target
		q.Header.Set("Accept", "text/html")
		if strings.HasSuffix(q.URL.Path, "/changes") {
			cancel()
		}
		defer cancel()
		if method == http.MethodPost {
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if origin != "" {
			q.Header.Set("Origin", origin)
		}
		if cookie != "" {
			q.AddCookie(&http.Cookie{Name: "browserhook", Value: cookie})
		}
		w := httptest.NewRecorder()
		routes.ServeHTTP(w, q)
		res := w.Result()
		where := method + " " + target
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: pages of %s may read it", where, got)
		}
		if got := res.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options is %q", where, got)
		}
		if to, err := url.Parse(res.Header.Get("Location")); err != nil || to.Host != "" || to.Scheme != "" || strings.HasPrefix(strings.ReplaceAll(to.Path, `\`, "/"), "//") {
			t.Errorf("%s sends to %q", where, res.Header.Get("Location"))
		}
		for _, c := range res.Cookies() {
			if c.Value != "" && (method != http.MethodPost || target != "/sign-in") || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Domain != "" {
				t.Errorf("%s sets the cookie %v", where, c)
			}
		}
		if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && res.StatusCode/100 != 3 {
			i := slices.IndexFunc(policies, func(p struct{ path, csp, referrer, cache string }) bool { return strings.HasPrefix(q.URL.Path, p.path) })
			for name, want := range map[string]string{"Content-Security-Policy": policies[i].csp, "Referrer-Policy": policies[i].referrer, "Cache-Control": policies[i].cache} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s: %s is %q", where, name, got)
				}
			}
			if found := inline.FindString(w.Body.String()); found != "" {
				t.Errorf("%s has %s", where, found)
			}
		}
		return res
	}
	isPage := func(res *http.Response) bool { return strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") }
	operator := r.newKey(domain.RoleOperator)
	res := ask(http.MethodPost, "/sign-in", "", "http://browserhook.test", url.Values{"key": {operator}})
	if len(res.Cookies()) != 1 {
		t.Fatalf("signing in answers %d %v", res.StatusCode, res.Header)
	}
	mine := res.Cookies()[0].Value

	// Each recording has a link of its own, and whoever looks again has the same.
	second := r.made(http.MethodPost, "/v1/sessions", `{}`, "sessionId")
	var links []string
	for _, one := range []string{id, second, id} {
		res := ask(http.MethodPost, "/sessions/"+one+"/replay", mine, "http://browserhook.test", url.Values{})
		if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/streams?") {
			t.Fatalf("the recording of %s: %d %v", one, res.StatusCode, res.Header)
		}
		links = append(links, res.Header.Get("Location"))
	}
	if links[0] != links[2] || links[0] == links[1] {
		t.Errorf("the links are %q", links)
	}

	missing := map[string]bool{}
	for _, pattern := range httpapi.Patterns(r.config) {
		missing[pattern] = true
	}
	if len(missing) < 80 {
		t.Fatalf("there are only %d routes: %v", len(missing), missing)
	}
	each := func(patterns []string, check func(pattern, method, path string)) {
		for _, pattern := range patterns {
			if !missing[pattern] {
				t.Errorf("there is no route %s", pattern)
			}
			delete(missing, pattern)
			method, path := fill(pattern)
			check(pattern, method, path)
		}
	}
	away := func(path string) string { // as it is written in a link elsewhere
		if strings.Contains(path, "?") {
			return path + "&next=" + url.QueryEscape(other)
		}
		return path + "?next=" + url.QueryEscape(other)
	}
	each(dashboardPages, func(pattern, method, path string) {
		if res := ask(method, path, mine, other, nil); res.StatusCode != http.StatusOK || !isPage(res) || len(res.Cookies()) > 0 {
			t.Errorf("%s: %d %v", pattern, res.StatusCode, res.Header)
		}
		for _, cookie := range []string{"", "wrong"} {
			if res := ask(method, away(path), cookie, "", nil); res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/sign-in") {
				t.Errorf("%s shows nobody %d %v", pattern, res.StatusCode, res.Header)
			}
		}
	})
	each(dashboardForms, func(pattern, method, path string) {
		for _, origin := range []string{"", "null", other, "http://browserhook.test.evil.test", "https://browserhook.test:8443"} {
			if res := ask(method, path, mine, origin, url.Values{"key": {operator}, "next": {other}}); res.StatusCode != http.StatusForbidden || len(res.Cookies()) > 0 {
				t.Errorf("%s from %q: %d %v", pattern, origin, res.StatusCode, res.Header)
			}
		}
		if res := ask(method, path, "", "http://browserhook.test", url.Values{"key": {"bh_wrong"}}); path != "/sign-in" && res.StatusCode != http.StatusSeeOther {
			t.Errorf("%s by nobody: %d", pattern, res.StatusCode)
		}
	})
	each(dashboardData, func(pattern, method, path string) {
		if res := ask(method, path, mine, "", nil); isPage(res) && res.StatusCode == http.StatusOK {
			t.Errorf("%s is a page", pattern)
		}
		if res := ask(method, path, "", "", nil); res.StatusCode != http.StatusSeeOther && res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s tells nobody %d", pattern, res.StatusCode)
		}
	})
	each(openPages, func(pattern, method, path string) {
		for _, origin := range []string{"", other} {
			if res := ask(method, away(path), "", origin, nil); res.StatusCode != http.StatusOK && path != "/docs" && path != "/docs/quickstart" || !isPage(res) && res.StatusCode == http.StatusOK {
				t.Errorf("%s: %d %v", pattern, res.StatusCode, res.Header)
			}
		}
		if res := ask(method, path, mine, "", nil); res.StatusCode != http.StatusOK && path != "/sign-in" || len(res.Cookies()) > 0 {
			t.Errorf("%s: %d %v", pattern, res.StatusCode, res.Header)
		}
	})
	each(linkData, func(pattern, method, path string) {
		for _, at := range []string{path, strings.ReplaceAll(path, token, "nothing")} {
			if res := ask(method, at, mine, "", nil); isPage(res) || len(res.Cookies()) > 0 {
				t.Errorf("%s: %d %v", pattern, res.StatusCode, res.Header)
			}
		}
	})
	each(openData, func(pattern, method, path string) {
		if res := ask(method, path, mine, "", nil); isPage(res) && res.StatusCode == http.StatusOK || res.StatusCode >= 400 {
			t.Errorf("%s: %d %v", pattern, res.StatusCode, res.Header)
		}
	})
	for pattern := range missing {
		method, path := fill(pattern)
		switch {
		case strings.HasPrefix(path, "/v1/"), path == "/metrics": // who has signed in has no key there
			if res := ask(method, path, mine, other, nil); res.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s with a cookie: %d", pattern, res.StatusCode)
			}
		case strings.HasPrefix(path, "/assets/"):
			if res := ask(method, path, mine, "", nil); isPage(res) || len(res.Cookies()) > 0 {
				t.Errorf("%s: %d %v", pattern, res.StatusCode, res.Header)
			}
		default:
			t.Errorf("%s isn't in the table of what browsers are told", pattern)
		}
	}
	for _, path := range []string{"//evil.test", "//evil.test/..", "/%5C%5Cevil.test", "/docs//evil.test/", "/sessions//evil.test/.."} {
		for _, cookie := range []string{"", mine} {
			ask(http.MethodGet, path, cookie, "", nil) // which looks where it leads
		}
	}
	for _, next := range []string{other, "//evil.test", `/\evil.test`, "/\tevil", "javascript:alert(1)", "http:evil.test"} {
		res := ask(http.MethodPost, "/sign-in", "", "http://browserhook.test", url.Values{"key": {operator}, "next": {next}})
		if to := res.Header.Get("Location"); to != "/" {
			t.Errorf("signing in leads to %q for %q", to, next)
		}
	}
	if res := ask(http.MethodGet, "/", mine, "", nil); res.StatusCode != http.StatusOK {
		t.Errorf("another site has signed somebody out: %d", res.StatusCode)
	}
	if a := r.ask(http.MethodGet, "/v1/sessions/"+id, ""); a.body["status"] != "STARTING" && a.body["status"] != "QUEUED" {
		t.Errorf("another site has ended a session: %s", a.raw)
	}
}
