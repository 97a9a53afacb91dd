package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/test/harness"
)

// bad is a request that must be refused. In paths and bodies, {S} is a living
// session, {E} one that has ended, {P} a step of it, {W} an endpoint, {D} a
// delivery, {F} a session of another project, {X} an endpoint of another.
type bad struct {
	method, path, body string
	status             int
	code, field        string
}

const v = "/v1"

func badInputs() []bad {
	unknown := "browser_00000000000000000000000000"
	steps := func(step, field string) bad {
		return bad{"POST", v + "/sessions/{S}/steps", `{"steps":[{"action":"reload"},` + step + `]}`, 422, "invalid_request", strings.TrimSuffix("steps[1]."+field, ".")}
	}
	create := func(body, field string) bad { return bad{"POST", v + "/sessions", body, 422, "invalid_request", field} }
	hook := func(body, field string) bad {
		return bad{"POST", v + "/webhook-endpoints", body, 422, "invalid_request", field}
	}
	url := func(u string) bad { return hook(fmt.Sprintf(`{"url":%q}`, u), "url") }
	return []bad{
		// Bodies that are no requests.
		{"POST", v + "/sessions", `{`, 400, "malformed_body", ""},
		{"POST", v + "/sessions", `{"url":"data:,"} {}`, 400, "malformed_body", ""},
		{"POST", v + "/sessions", `{"locale":"de","locale":"en"}`, 400, "malformed_body", "locale"},
		{"POST", v + "/sessions", "{\"locale\":\"\xff\"}", 400, "malformed_body", "locale"},
		{"POST", v + "/sessions", strings.Repeat(`[`, 100), 400, "malformed_body", ""},
		{"POST", v + "/sessions", `{"userAgent":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "body_too_large", ""},
		{"POST", v + "/sessions", `[]`, 422, "invalid_request", ""},
		{"POST", v + "/sessions", `"x"`, 422, "invalid_request", ""},
		{"POST", v + "/sessions/{S}/steps", ``, 400, "malformed_body", ""},
		// Sessions.
		create(`{"foo":1}`, "foo"), create(`{"proxy":"http://p"}`, "proxy"), create(`{"record":true}`, "record"), create(`{"profileId":"x"}`, "profileId"),
		create(`{"url":5}`, "url"), create(`{"url":"file:///etc/passwd"}`, "url"), create(`{"url":"chrome://version"}`, "url"),
		create(`{"url":"javascript:1"}`, "url"), create(`{"url":"shop"}`, "url"), create(`{"url":"http://"}`, "url"),
		create(`{"viewport":{"width":99,"height":600}}`, "viewport.width"), create(`{"viewport":{"width":800,"height":5000}}`, "viewport.height"),
		create(`{"viewport":{"width":800}}`, "viewport.height"), create(`{"viewport":"big"}`, "viewport"),
		create(`{"userAgent":"a\nb"}`, "userAgent"), create(`{"locale":"!"}`, "locale"), create(`{"timezone":"Mars/Olympus"}`, "timezone"),
		create(`{"timezone":"Local"}`, "timezone"), create(`{"timezone":"../etc/passwd"}`, "timezone"),
		create(`{"timeout":"soon"}`, "timeout"), create(`{"timeout":"0s"}`, "timeout"), create(`{"timeout":"25h"}`, "timeout"), create(`{"timeout":30}`, "timeout"),
		create(`{"idleTimeout":"-1s"}`, "idleTimeout"), create(`{"metadata":{"a":1}}`, "metadata.a"), create(`{"metadata":[]}`, "metadata"),
		create(`{"metadata":{"`+strings.Repeat("k", 65)+`":""}}`, "metadata"), create(`{"metadata":{"a":"`+strings.Repeat("v", 513)+`"}}`, "metadata.a"),
		create(`{"onError":"shrug"}`, "onError"), create(`{"webhook":{}}`, "webhook.url"), create(`{"webhook":{"url":"http://10.0.0.1/"}}`, "webhook.url"),
		create(`{"webhook":{"url":"http://127.0.0.1/","events":["nope"]}}`, "webhook.events[0]"), create(`{"steps":[{"action":"goto"}]}`, "steps[0].url"),
		// Steps.
		steps(`{}`, "action"), steps(`{"action":"dance"}`, "action"), steps(`{"action":"click"}`, "target"), steps(`{"action":"click","target":"#a","url":"http://x/"}`, "url"),
		steps(`{"action":"click","target":"#a","why":1}`, "why"), steps(`{"action":"click","target":7}`, "target"), steps(`{"action":"click","target":"text="}`, "target"),
		steps(`{"action":"click","target":"role=buton"}`, "target"), steps(`{"action":"click","target":"#a","button":"thumb"}`, "button"),
		steps(`{"action":"click","target":"#a","modifiers":["Hyper"]}`, "modifiers[0]"), steps(`{"action":"click","target":"#a","timeout":"1h"}`, "timeout"),
		steps(`{"action":"click","target":"#a","timeout":5}`, "timeout"), steps(`{"action":"goto","url":"file:///"}`, "url"),
		steps(`{"action":"goto","url":"http://x/","waitUntil":"later"}`, "waitUntil"), steps(`{"action":"press","key":"Anything"}`, "key"),
		steps(`{"action":"fill","target":"#a"}`, "value"), steps(`{"action":"select","target":"#a"}`, ""), steps(`{"action":"scroll"}`, ""),
		steps(`{"action":"waitFor","target":"#a","state":"asleep"}`, "state"), steps(`{"action":"assert","target":"#a"}`, "target"),
		steps(`{"action":"assert","url":"x","count":1}`, "count"), steps(`{"action":"extract","fields":{"a":{"target":"b","type":"date"}}}`, "fields.a"),
		steps(`{"action":"screenshot","quality":50}`, "quality"), steps(`{"action":"screenshot","format":"gif"}`, "format"),
		steps(`{"action":"setCookies","cookies":[{"name":"a","value":"b","url":"http://x/","domain":"x"}]}`, "cookies[0].domain"),
		{"POST", v + "/sessions/{S}/steps", `{"steps":[]}`, 422, "invalid_request", "steps"},
		{"POST", v + "/sessions/{S}/steps", `{"steps":[` + strings.TrimSuffix(strings.Repeat(`{"action":"reload"},`, 101), ",") + `]}`, 422, "invalid_request", "steps"},
		{"POST", v + "/sessions/{E}/steps", `{"steps":[{"action":"reload"}]}`, 409, "session_ended", ""},
		{"POST", v + "/sessions/" + unknown + "/steps", `{"steps":[{"action":"reload"}]}`, 404, "not_found", ""},
		{"POST", v + "/sessions/{F}/steps", `{"steps":[{"action":"reload"}]}`, 404, "not_found", ""},
		{"POST", v + "/sessions/{E}/steps/{P}/cancel", ``, 409, "conflict", ""},
		{"POST", v + "/sessions/{S}/steps/{P}/cancel", ``, 404, "not_found", ""},
		// Endpoints.
		hook(`{}`, "url"), hook(`{"url":"http://127.0.0.1/","events":[]}`, "events"), hook(`{"url":"http://127.0.0.1/","events":["step_*","all"]}`, "events[1]"),
		hook(`{"url":"http://127.0.0.1/","ordered":"yes"}`, "ordered"), hook(`{"url":"http://127.0.0.1/","rateLimit":-1}`, "rateLimit"),
		hook(`{"url":"http://127.0.0.1/","rateLimit":1.5}`, "rateLimit"), hook(`{"url":"http://127.0.0.1/","concurrency":257}`, "concurrency"),
		hook(`{"url":"http://127.0.0.1/","headers":[{"name":"a b","value":"x"}]}`, "headers[0].name"),
		hook(`{"url":"http://127.0.0.1/","headers":[{"name":"webhook-id","value":"x"}]}`, "headers[0].name"),
		hook(`{"url":"http://127.0.0.1/","headers":[{"name":"X-A","value":"1"},{"name":"x-a","value":"2"}]}`, "headers[1].name"),
		hook(`{"url":"http://127.0.0.1/","headers":[{"name":"X-A","value":"a\r\nb"}]}`, "headers[0].value"),
		hook(`{"url":"http://127.0.0.1/","filter":{"metadata":{"a":[]}}}`, "filter.metadata.a"), hook(`{"url":"http://127.0.0.1/","filter":{"body":"x"}}`, "filter.body"),
		hook(`{"url":"http://127.0.0.1/","keyPair":1}`, "keyPair"), hook(`{"url":"http://127.0.0.1/","skipStale":"yes"}`, "skipStale"),
		hook(`{"url":"http://127.0.0.1/","secret":"whsec_c2hvcnQ="}`, "secret"), hook(`{"url":"http://127.0.0.1/","secret":"hunter2"}`, "secret"),
		hook(`{"url":"http://127.0.0.1/","retrySchedule":["5s","8d"]}`, "retrySchedule[1]"), hook(`{"url":"http://127.0.0.1/","retrySchedule":["169h"]}`, "retrySchedule[0]"),
		create(`{"webhook":{"url":"http://127.0.0.1/","secret":"whsec_c2hvcnQ="}}`, "webhook.secret"),
		{"PATCH", v + "/webhook-endpoints/{W}", `{"secret":"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}`, 422, "invalid_request", "secret"},
		{"PATCH", v + "/webhook-endpoints/{W}", `{"ordered":true}`, 422, "invalid_request", "ordered"},
		{"POST", v + "/webhook-endpoints/{W}/rotate-secret", `{"overlap":"31d"}`, 422, "invalid_request", "overlap"},
		{"POST", v + "/webhook-endpoints/{W}/rotate-secret", `{"overlap":"721h"}`, 422, "invalid_request", "overlap"},
		{"POST", v + "/webhook-endpoints/{W}/recover", `{}`, 422, "invalid_request", "since"},
		{"POST", v + "/webhook-endpoints/{W}/recover", `{"since":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"}`, 422, "invalid_request", "since"},
		{"POST", v + "/webhook-endpoints/{X}/recover", `{"since":"2026-01-01T00:00:00Z"}`, 404, "not_found", ""},
		{"POST", v + "/webhook-endpoints/{X}/pause", ``, 404, "not_found", ""}, {"POST", v + "/webhook-endpoints/{X}/resume", ``, 404, "not_found", ""},
		{"POST", v + "/webhook-endpoints/{X}/disable", ``, 404, "not_found", ""}, {"POST", v + "/webhook-endpoints/{X}/enable", ``, 404, "not_found", ""},
		{"POST", v + "/deliveries/retry", `{}`, 422, "invalid_request", ""}, {"POST", v + "/deliveries/cancel", `{}`, 422, "invalid_request", ""},
		{"POST", v + "/deliveries/retry", `{"endpoint":"we_1"}`, 422, "invalid_request", "endpoint"},
		{"POST", v + "/deliveries/cancel", `{"status":"DELIVERED"}`, 422, "invalid_request", "status"},
		{"POST", v + "/deliveries/retry", `{"eventType":"nope"}`, 422, "invalid_request", "eventType"},
		{"POST", v + "/deliveries/dlv_1/cancel", ``, 404, "not_found", ""}, {"GET", v + "/deliveries/dlv_1/explain", ``, 404, "not_found", ""},
		{"GET", v + "/events/evt_1/explain", ``, 404, "not_found", ""},
		hook(`{"url":"http://127.0.0.1/","description":"`+strings.Repeat("d", 501)+`"}`, "description"),
		url(""), url("ftp://x.test/"), url("http://user:pw@x.test/"), url("http://10.0.0.1/"), url("http://192.168.1.1/"), url("http://169.254.169.254/latest"),
		url("http://[::ffff:10.0.0.1]/"), url("http://0x7f.1/"), url("http://2130706433/"), url("http://0177.0.0.1/"), url("http://127.1/"),
		url("http://[fe80::1%25eth0]/"), url("http://100.64.0.1/"), url("http://[64:ff9b::a00:1]/"), url("http://x.test:99999/"), url("/hook"),
		{"PATCH", v + "/webhook-endpoints/{W}", `{"url":"http://10.0.0.1/"}`, 422, "invalid_request", "url"},
		{"PATCH", v + "/webhook-endpoints/{W}", `{"status":"DISABLED"}`, 422, "invalid_request", "status"},
		{"PATCH", v + "/webhook-endpoints/{X}", `{"description":"mine"}`, 404, "not_found", ""},
		{"DELETE", v + "/webhook-endpoints/{X}", ``, 404, "not_found", ""},
		{"POST", v + "/webhook-endpoints/{X}/rotate-secret", ``, 404, "not_found", ""},
		{"POST", v + "/webhook-endpoints/nope/test", ``, 404, "not_found", ""},
		// Reading.
		{"GET", v + "/sessions/" + unknown, ``, 404, "not_found", ""}, {"GET", v + "/sessions/{F}", ``, 404, "not_found", ""},
		{"DELETE", v + "/sessions/{F}", ``, 404, "not_found", ""}, {"GET", v + "/sessions/{F}/steps", ``, 404, "not_found", ""},
		{"GET", v + "/sessions/{F}/artifacts", ``, 404, "not_found", ""}, {"GET", v + "/sessions/{S}/artifacts/art_1", ``, 404, "not_found", ""},
		{"POST", v + "/sessions/{F}/streams", `{}`, 404, "not_found", ""}, {"POST", v + "/sessions/{S}/streams", `{"mode":"drive"}`, 422, "invalid_request", "mode"},
		{"POST", v + "/sessions/{S}/streams", `{"expiresIn":"2d"}`, 422, "invalid_request", "expiresIn"}, {"POST", v + "/sessions/{E}/streams", `{}`, 409, "session_ended", ""},
		{"DELETE", v + "/sessions/{S}/streams/str_1", ``, 404, "not_found", ""},
		{"GET", v + "/sessions?limit=0", ``, 422, "invalid_request", "limit"}, {"GET", v + "/sessions?limit=1000", ``, 422, "invalid_request", "limit"},
		{"GET", v + "/sessions?limit=x", ``, 422, "invalid_request", "limit"}, {"GET", v + "/sessions?cursor=%21", ``, 422, "invalid_request", "cursor"},
		{"GET", v + "/sessions?status=GONE", ``, 422, "invalid_request", "status"}, {"GET", v + "/sessions/{S}/steps?cursor=x", ``, 422, "invalid_request", "cursor"},
		{"GET", v + "/events?after=evt_1", ``, 422, "invalid_request", "after"}, {"GET", v + "/events?types=nope", ``, 422, "invalid_request", "types"},
		{"GET", v + "/deliveries?status=LOST", ``, 422, "invalid_request", "status"}, {"GET", v + "/deliveries?from=yesterday", ``, 422, "invalid_request", "from"},
		{"GET", v + "/deliveries?eventType=nope", ``, 422, "invalid_request", "eventType"}, {"GET", v + "/deliveries/dlv_1", ``, 404, "not_found", ""},
		{"POST", v + "/deliveries/dlv_1/retry", ``, 404, "not_found", ""}, {"GET", v + "/deliveries/dlv_1/attempts", ``, 404, "not_found", ""},
		{"GET", v + "/profiles", ``, 404, "not_found", ""}, {"GET", "/nothing", ``, 404, "not_found", ""},
		{"PUT", v + "/sessions", `{}`, 405, "method_not_allowed", ""}, {"POST", v + "/events", `{}`, 405, "method_not_allowed", ""},
	}
}

func TestBadInputs(t *testing.T) {
	dir := harness.Beside(t)
	data := filepath.Join(dir, "data")
	server := harness.Start(t, data)
	c := server.Client()
	bin, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), bin, "keys", "create", "--data", data, "--project", "other").Output()
	if err != nil {
		t.Fatalf("make a key: %v", err)
	}
	other := &harness.Client{URL: c.URL, Key: strings.TrimSpace(string(out))}
	must := func(c *harness.Client, method, path string, body any) obj {
		t.Helper()
		got, err := c.Do(t.Context(), method, path, body)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	session := func(c *harness.Client, body obj) string {
		return must(c, "POST", v+"/sessions", body).String("sessionId")
	}
	names := map[string]string{"{S}": session(c, obj{}), "{E}": session(c, obj{"steps": []obj{{"action": "reload"}}}), "{F}": session(other, obj{})}
	// They are sent nothing, which would change them meanwhile: that they fail.
	silent := obj{"url": "http://127.0.0.1:1/", "events": []string{"webhook_test"}}
	names["{W}"] = must(c, "POST", v+"/webhook-endpoints", silent).String("endpointId")
	names["{X}"] = must(other, "POST", v+"/webhook-endpoints", silent).String("endpointId")
	names["{P}"] = must(c, "GET", v+"/sessions/"+names["{E}"]+"/steps", nil).List("data")[0].String("stepId")
	must(c, "DELETE", v+"/sessions/"+names["{E}"], nil)
	for name, state := range map[string]string{"{S}": "READY", "{E}": "CLOSED"} {
		if _, err := c.WaitSession(t.Context(), names[name], state); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := other.WaitSession(t.Context(), names["{F}"], "READY"); err != nil {
		t.Fatal(err)
	}
	everything := func() (all []obj) {
		for _, c := range []*harness.Client{c, other} {
			for _, path := range []string{"/sessions", "/webhook-endpoints", "/events?limit=1000", "/sessions/" + names["{S}"] + "/steps"} {
				got, err := c.Do(t.Context(), "GET", v+path, nil)
				if err != nil && c == other {
					continue // not theirs
				}
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, got)
			}
		}
		return all
	}
	before := everything()
	fill := func(s string) string {
		for name, value := range names {
			s = strings.ReplaceAll(s, name, value)
		}
		return s
	}
	table := badInputs()
	if len(table) < 60 {
		t.Fatalf("only %d", len(table))
	}
	for _, tt := range table {
		name := fmt.Sprintf("%s %s %.60s", tt.method, tt.path, tt.body)
		got, header := problem(t, c, tt.method, fill(tt.path), fill(tt.body), nil)
		field := ""
		if errs := got.List("errors"); len(errs) > 0 {
			field = errs[0].String("field")
		}
		if got["status"] != float64(tt.status) || got.String("code") != tt.code || field != tt.field {
			t.Errorf("%s\n got %v %v %q: %v\nwant %d %s %q", name, got["status"], got["code"], field, got["detail"], tt.status, tt.code, tt.field)
		}
		if header.Get("Content-Type") != "application/problem+json" || got.String("title") == "" || got.String("type") == "" {
			t.Errorf("%s: not a problem: %v", name, got)
		}
	}
	for name, h := range map[string]http.Header{
		"no key": {"Authorization": nil}, "no bearer": {"Authorization": {"Basic x"}}, "short": {"Authorization": {"Bearer bh_"}},
		"wrong": {"Authorization": {"Bearer " + harness.Key[:len(harness.Key)-1] + "1"}},
	} {
		if got, header := problem(t, c, "GET", v+"/sessions", "", h); got.String("code") != "unauthorized" || header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got, _ := problem(t, c, "POST", v+"/sessions", `{}`, http.Header{"Content-Type": {"text/plain"}}); got.String("code") != "unsupported_media_type" {
		t.Errorf("text: %v", got)
	}
	if got, _ := problem(t, c, "POST", v+"/sessions", `{}`, http.Header{"Idempotency-Key": {"a b"}}); got.String("code") != "invalid_request" {
		t.Errorf("a key with a space: %v", got)
	}
	if got, _ := problem(t, c, "POST", v+"/sessions/"+names["{S}"]+"/steps", `{"steps":[{"action":"reload"}]}`, http.Header{"Prefer": {"wait=x"}}); got.String("code") != "invalid_request" {
		t.Errorf("wait=x: %v", got)
	}
	if diff := cmp.Diff(before, everything()); diff != "" {
		t.Errorf("something changed: %s", diff)
	}
}

func problem(t *testing.T, c *harness.Client, method, path, body string, header http.Header) (obj, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	req.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		req.Header[name] = values
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got obj
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Errorf("%s %s answered %d %s", method, path, res.StatusCode, raw)
	}
	return got, res.Header
}
