package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestWhoMayConnect is what lets a program in, what doesn't, and what sends it away.
func TestWhoMayConnect(t *testing.T) {
	dir := harness.Isolate(t)
	site, _ := forPrograms(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	receiver := harness.NewReceiver(t)
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"url": site + "/page", "webhook": obj{"url": receiver.URL}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+made.String("sessionId")+"/steps", obj{"steps": []obj{{"action": "waitFor", "target": "#go"}}}); err != nil {
		t.Fatal(err)
	}
	id, address := made.String("sessionId"), made.String("connectUrl")
	bareAddress, _, _ := strings.Cut(address, "?")
	httpAddress := "http" + strings.TrimPrefix(bareAddress, "ws")
	_, query, _ := strings.Cut(address, "?")

	get := func(url string, header ...string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	key := "Bearer " + harness.Key
	for _, tt := range []struct {
		url    string
		header []string
		status int
		holds  string
	}{
		{httpAddress + "/json/version?" + query, nil, 200, `"webSocketDebuggerUrl": "` + address + `"`},
		{httpAddress + "/json/version/?" + query, nil, 200, `"Protocol-Version": "1.3"`},
		{httpAddress + "/json/list?" + query, nil, 200, site + "/page"},
		{httpAddress + "/json/version", []string{"Authorization", key}, 200, `"webSocketDebuggerUrl": "` + bareAddress + `"`},
		{httpAddress + "/json/version", nil, 401, "connectUrl"},
		{httpAddress + "/json/version", []string{"Authorization", key + "x"}, 401, ""},
		{httpAddress + "/json/version?token=nothing", []string{"Authorization", key}, 404, ""},
		{httpAddress + "/json/version?token=%00", nil, 404, ""},
		{httpAddress + "/json/version?" + query + "&" + query, nil, 404, ""},
		{strings.Replace(httpAddress, id, "browser_other", 1) + "/json/version?" + query, nil, 404, ""},
		{httpAddress + "?" + query, nil, 426, "WebSocket"},
		{httpAddress + "/json/version?" + query, []string{"Origin", "https://evil.example"}, 403, "origin"},
	} {
		if status, body := get(tt.url, tt.header...); status != tt.status || !strings.Contains(body, tt.holds) {
			t.Errorf("%s %v: %d %s; want %d and %q", tt.url, tt.header, status, body, tt.status, tt.holds)
		}
	}

	dial := func(url string) *protocol { return connect(t, url) }
	one := dial(address)
	if got := one.call("Browser.getVersion", ""); !strings.Contains(got, "protocolVersion") {
		t.Errorf("getVersion: %s", got)
	}
	if got := one.call("Browser.crash", ""); !strings.Contains(got, "is not for a client of a session") {
		t.Errorf("crash: %s", got)
	}
	// Another connectUrl in its place: who came by the old one is sent away.
	renewed, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/rotate-connect-url", nil)
	if err != nil || renewed.String("connectUrl") == address || renewed.String("connectUrl") == "" {
		t.Fatalf("%v, %v", renewed, err)
	}
	if why := one.over(); !strings.Contains(why, "the connectUrl is another one now") {
		t.Errorf("it ended: %s", why)
	}
	if status, _ := get(httpAddress + "/json/version?" + query); status != 404 {
		t.Errorf("the old one: %d", status)
	}
	// A program that closes the browser ends the session, with its events.
	two, three := dial(renewed.String("connectUrl")), dial(renewed.String("connectUrl"))
	if got := two.call("Browser.close", ""); got != "{}" {
		t.Errorf("close: %s", got)
	}
	for _, p := range []*protocol{two, three} {
		if why := p.over(); !strings.Contains(why, "ended") {
			t.Errorf("it ended: %s", why)
		}
	}
	if _, err := c.WaitSession(t.Context(), id, "CLOSED"); err != nil {
		t.Fatal(err)
	}
	after, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id, nil)
	if err != nil || after.String("closeReason") != "requested" || after.String("connectUrl") != "" {
		t.Errorf("%v, %v", after, err)
	}
	all := receiver.Wait(t, "browser_closed", func(d []harness.Delivery) bool { return len(harness.OfType(d, "browser_closed")) == 1 })
	for _, d := range all {
		if bytes.Contains(d.Body, []byte("/connect/")) {
			t.Errorf("a webhook tells the connectUrl: %s", d.Body)
		}
	}
	_, renewedQuery, _ := strings.Cut(renewed.String("connectUrl"), "?")
	if status, body := get(httpAddress + "/json/version?" + renewedQuery); status != 409 && status != 410 || !strings.Contains(body, "ended") {
		t.Errorf("an ended session: %d %s", status, body)
	}
}

// TestProgramsStayInTheSession: what would read the machine's files, or rule the
// browser from a window of its own, is answered by us.
func TestProgramsStayInTheSession(t *testing.T) {
	dir := harness.Isolate(t)
	site, _ := forPrograms(t)
	secret := filepath.Join(dir, "secret.txt")
	if err := os.WriteFile(secret, []byte("the machine's"), 0o644); err != nil {
		t.Fatal(err)
	}
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	made, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"url": site + "/page"})
	if err != nil {
		t.Fatal(err)
	}
	id := made.String("sessionId")
	if _, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "waitFor", "target": "#go"}}}); err != nil {
		t.Fatal(err)
	}
	ready, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := connect(t, made.String("connectUrl"))
	var targets struct {
		TargetInfos []struct{ TargetID, Type, URL string }
	}
	if err := json.Unmarshal([]byte(p.call("Target.getTargets", `{"filter":[{}]}`)), &targets); err != nil {
		t.Fatal(err)
	}
	page, own := "", 0
	for _, target := range targets.TargetInfos {
		var attached struct{ SessionID string }
		_ = json.Unmarshal([]byte(p.call("Target.attachToTarget", fmt.Sprintf(`{"targetId":%q,"flatten":true}`, target.TargetID))), &attached)
		usable := !strings.Contains(p.callIn(attached.SessionID, "Runtime.evaluate", `{"expression":"1"}`), "Session with given id not found")
		switch {
		case target.Type == "page" && usable:
			page = attached.SessionID
		case strings.HasPrefix(target.URL, "chrome"):
			if own++; usable {
				t.Errorf("%s %s can be used", target.Type, target.URL)
			}
		}
	}
	if page == "" || own == 0 && ready.String("browser") == "chromium" {
		t.Fatalf("page session %q, %d windows of the program's own: nothing would be tried", page, own)
	}
	for _, try := range []struct{ method, params string }{
		{"Page.navigate", `{"url":"file://` + secret + `"}`},
		{"Page.navigate", `{"url":"view-source:file://` + secret + `"}`},
		{"Page.navigate", `{"url":"about:version"}`},
		{"Page.navigate", `{"url":"chrome://version"}`},
		{"Input.dispatchDragEvent", `{"type":"dragEnter","x":20,"y":20,"data":{"items":[],"files":["` + secret + `"],"dragOperationsMask":1}}`},
		{"Target.openDevTools", `{"targetId":"x"}`},
		{"Tethering.bind", `{"port":45678}`},
		{"Extensions.loadUnpacked", `{"path":"/"}`},
	} {
		if got := p.callIn(page, try.method, try.params); !strings.Contains(got, `"code":-32000`) {
			t.Errorf("%s %s: %s", try.method, try.params, got)
		}
	}
	// By the page itself, or by what it may be told, as little.
	for _, expression := range []string{
		`location.href = 'file://` + secret + `'; 1`, `open('file://` + secret + `'); 1`, `open('chrome://version'); 1`,
		`fetch('file://` + secret + `').then(r => r.text()).catch(() => 'no')`,
	} {
		if got := p.callIn(page, "Runtime.evaluate", fmt.Sprintf(`{"expression":%q,"awaitPromise":true,"returnByValue":true,"userGesture":true}`, expression)); strings.Contains(got, "the machine's") {
			t.Errorf("%s: %s", expression, got)
		}
	}
	got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "assert", "url": site + "/page"}}})
	if err != nil || got.List("data")[0].String("status") != "COMPLETED" {
		t.Errorf("the session is elsewhere: %v, %v", got, err)
	}

	// A step on a page that a program closes goes on in the next, and says so.
	waits := make(chan obj, 1)
	go func() {
		got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "waitFor", "target": "#never", "timeout": "3s"}}})
		if err != nil {
			t.Error(err)
			got = obj{}
		}
		waits <- got
	}()
	if err := harness.Until(t.Context(), func() (bool, error) {
		all, err := c.All(t.Context(), "/v1/sessions/"+id+"/steps")
		return len(all) > 0 && all[len(all)-1].String("status") == "RUNNING", err
	}); err != nil {
		t.Fatal(err)
	}
	for _, target := range targets.TargetInfos {
		if target.Type == "page" {
			p.call("Target.closeTarget", fmt.Sprintf(`{"targetId":%q}`, target.TargetID))
		}
	}
	if failed := (<-waits).List("data"); len(failed) != 1 || failed[0].String("status") != "FAILED" || !strings.Contains(fmt.Sprint(failed[0]["error"]), "The tab in which the step began was closed") {
		t.Errorf("the step says %v", failed)
	}
	if got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "goto", "url": site + "/page"}}}); err != nil || got.List("data")[0].String("status") != "COMPLETED" {
		t.Errorf("the next step: %v, %v", got, err)
	}

	// Downloads are the session's own again soon after a program that kept them has
	// left.
	if got := p.call("Browser.setDownloadBehavior", `{"behavior":"deny"}`); got != "{}" {
		t.Errorf("%s", got)
	}
	_ = p.ws.CloseNow()
	if err := harness.Until(t.Context(), func() (bool, error) {
		got, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{
			{"action": "click", "target": "#load", "download": true, "timeout": "5s"},
		}})
		return err == nil && got.List("data")[0].String("status") == "COMPLETED", err
	}); err != nil {
		t.Error(err)
	}
}
