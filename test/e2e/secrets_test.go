package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestNoSecretIsLogged has a server use every kind of secret, some of them in
// vain, and looks for them in all that it has said at the finest level.
func TestNoSecretIsLogged(t *testing.T) {
	dir := harness.Isolate(t)
	master := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("hush", 8)))
	t.Setenv("BROWSERHOOK_MASTER_KEY", master)
	t.Setenv("BROWSERHOOK_HUSHVARIABLE", "hush-variable") // none of ours: it is told of
	server := harness.Start(t, filepath.Join(dir, "data"), "--log-level=debug", "--log-format=json")
	c := server.Client()
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("hush", 8)))
	receiver := harness.NewReceiver(t)
	receiver.Answer = func(int64) int { return http.StatusInternalServerError }
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/webhook-endpoints", obj{
		"url": receiver.URL + "?token=hush-query", "secret": secret, "keyPair": true,
		"headers": []obj{{"name": "Authorization", "value": "hush-header", "secret": true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.With("Prefer", "wait=30").Do(t.Context(), http.MethodPost, "/v1/sessions", obj{
		"url": c.URL + "/docs?key=hush-page",
		"steps": []obj{
			{"action": "evaluate", "expression": `document.body.innerHTML = "<input id=a type=password>"`},
			{"action": "fill", "target": "#a", "value": "hush-fill"},
			{"action": "fill", "target": "#a", "value": "hush-secret", "secret": true},
			{"action": "setCookies", "cookies": []obj{{"name": "a", "value": "hush-cookie", "secret": true}}},
			{"action": "evaluate", "expression": "[a.value, document.cookie]"},
			{"action": "screenshot"},
			{"action": "type", "target": "#nothing-there", "value": "hush-type", "timeout": "100ms", "secret": true},
		},
		"headers":         []obj{{"name": "X-Token", "value": "hush-sent", "secret": true}},
		"httpCredentials": obj{"username": "hush-user", "password": "hush-password"},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := session.String("sessionId")
	receiver.Wait(t, "the step that fails", func(d []harness.Delivery) bool { return len(harness.OfType(d, "step_failed")) > 0 })
	link, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/streams", obj{"mode": "control"})
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{link.String("streamingUrl"), session.String("streamingUrl"), c.URL + "/streams?id=hush-token", "http" + strings.TrimPrefix(session.String("connectUrl"), "ws"), c.URL + "/connect/browser_a/json/version?token=hush-connect", c.URL + "/v1/sessions?key=hush-query"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer bh_hushhushhushhushhushhushhushhush")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+id, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitSession(t.Context(), id, "CLOSED"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/sessions/" + id, "/v1/sessions/" + id + "/steps?limit=100", "/v1/events?sessionId=" + id + "&limit=100"} {
		got, err := c.Do(t.Context(), http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := json.Marshal(got)
		for _, secret := range []string{"hush-secret", "hush-cookie", "hush-type", "hush-sent", "hush-user", "hush-password"} {
			if strings.Contains(string(raw), secret) {
				t.Errorf("%s tells %s: %s", path, secret, raw)
			}
		}
	}
	for _, d := range receiver.Deliveries() {
		if strings.Contains(string(d.Body), "hush-secret") || strings.Contains(string(d.Body), "hush-cookie") {
			t.Errorf("a webhook tells a secret: %s", d.Body)
		}
	}
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
	_, control, _ := strings.Cut(link.String("streamingUrl"), "id=")
	_, view, _ := strings.Cut(session.String("streamingUrl"), "id=")
	_, connect, _ := strings.Cut(session.String("connectUrl"), "token=")
	said := server.Output()
	for _, line := range strings.Split(strings.TrimSpace(said), "\n") {
		for name, value := range map[string]string{
			"the API key": c.Key, "the master key": master, "a webhook's secret": strings.TrimPrefix(secret, "whsec_"),
			"a private key": "whsk_", "what was sent or typed": "hush-", "a refused key": "hushhush", "a link for control": control, "a link": view, "a connectUrl": connect,
		} {
			if value == "" || strings.Contains(line, value) {
				t.Errorf("%s (%q) is in %s", name, value, line)
			}
		}
	}
	for _, want := range []string{`"msg":"an endpoint fails"`, `"endpoint":"` + made.String("endpointId") + `"`, `"msg":"request"`, "BROWSERHOOK_HUSHVARIABLE is no setting", `"msg":"stopped"`} {
		if !strings.Contains(said, want) {
			t.Errorf("%s is not in the log", want)
		}
	}
}

// TestWhatABrowserHasStoredIsKeptEncrypted, and is for who may do more than look.
func TestWhatABrowserHasStoredIsKeptEncrypted(t *testing.T) {
	dir := harness.Isolate(t)
	data := filepath.Join(dir, "data")
	server := harness.Start(t, data)
	c := server.Client()
	receiver := harness.NewReceiver(t)
	session, err := c.With("Prefer", "wait=30").Do(t.Context(), http.MethodPost, "/v1/sessions", obj{
		"url": c.URL + "/docs", "webhook": obj{"url": receiver.URL},
		"steps": []obj{
			{"action": "storage", "do": "set", "storageState": obj{
				"cookies": []obj{{"name": "sid", "value": "hush-cookie", "domain": "127.0.0.1", "path": "/"}},
				"origins": []obj{{"origin": c.URL, "localStorage": []obj{{"name": "token", "value": "hush-item"}}}},
			}},
			{"action": "evaluate", "expression": `localStorage.setItem("large", "x".repeat(2 << 20))`},
			{"action": "storage", "do": "get"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	id := session.String("sessionId")
	done := receiver.Wait(t, "what was kept", func(d []harness.Delivery) bool { return len(harness.OfType(d, "step_completed")) == 4 })
	for _, d := range done {
		if strings.Contains(string(d.Body), "hush") {
			t.Errorf("a webhook tells it: %s", d.Body)
		}
	}
	list, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id+"/artifacts", nil)
	if err != nil {
		t.Fatal(err)
	}
	artifact := list.List("data")[0].String("artifactId")
	path := "/v1/sessions/" + id + "/artifacts/" + artifact
	state, err := c.Do(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := json.Marshal(state); !strings.Contains(string(raw), "hush-cookie") || !strings.Contains(string(raw), "hush-item") {
		t.Errorf("it is %s", raw)
	}
	steps, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id+"/steps", nil)
	if raw, _ := json.Marshal(steps); err != nil || strings.Contains(string(raw), "hush") {
		t.Errorf("the steps are told as %s, %v", raw, err)
	}
	// It is put back without going over the wire, where it would be too large; for nobody
	// of another project.
	back := []obj{
		{"action": "storage", "do": "clear"}, {"action": "storage", "do": "set", "artifactId": artifact, "sessionId": id, "timeout": "20s"},
		{"action": "evaluate", "expression": "[localStorage.token.length, localStorage.large.length, document.cookie.length]"},
	}
	put, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": back})
	if raw, _ := json.Marshal(put); err != nil || !strings.Contains(string(raw), `"result":[9,2097152,15]`) {
		t.Errorf("it was put back: %.3000s, %v", raw, err)
	}
	project, err := c.Do(t.Context(), http.MethodPost, "/v1/projects", obj{"name": "elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := c.Do(t.Context(), http.MethodPost, "/v1/keys", obj{"projectId": project.String("projectId")})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := (&harness.Client{URL: c.URL, Key: key.String("key")}).With("Prefer", "wait=60")
	theirs, err := elsewhere.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := elsewhere.Do(t.Context(), http.MethodPost, "/v1/sessions/"+theirs.String("sessionId")+"/steps", obj{"steps": back[1:2]})
	if raw, _ := json.Marshal(got); err != nil || !strings.Contains(string(raw), `"artifact_not_found"`) {
		t.Errorf("another project's storage: %s, %v", raw, err)
	}
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/keys", obj{"role": "viewer"})
	if err != nil {
		t.Fatal(err)
	}
	viewer := &harness.Client{URL: c.URL, Key: made.String("key")}
	if _, err := viewer.Do(t.Context(), http.MethodGet, path, nil); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a viewer fetches it: %v", err)
	}
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
	err = filepath.WalkDir(data, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		if bytes.Contains(content, []byte("hush-")) {
			t.Errorf("%s has it", file)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
