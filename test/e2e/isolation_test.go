package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/browserhook/browserhook/internal/hop"
	"github.com/browserhook/browserhook/test/harness"
)

// ask makes a request with headers, and reads the answer.
func ask(t *testing.T, method, url, body string, header http.Header) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header.Clone()
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// routes is every route of the API's description, as "METHOD /path".
func routes(t *testing.T) (all []string) {
	t.Helper()
	raw, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method := range methods {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	if len(all) < 30 {
		t.Fatalf("only %d routes", len(all))
	}
	return all
}

// TestTwoProjectsOnTwoNodes: of a project whose session is on one server, another
// project reaches nothing, through either server: by no route of the API's
// description, by no link, token, artifact, socket or call of the protocol.
func TestTwoProjectsOnTwoNodes(t *testing.T) {
	dir := harness.Beside(t)
	site := shop(t)
	nodes := startTwo(t, dir, "--max-sessions=3")
	owner := nodes.a.Client()
	ctx := t.Context()
	do := func(c *harness.Client, method, path string, body any) obj {
		t.Helper()
		got, err := c.Do(ctx, method, path, body)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	receiver := harness.NewReceiver(t)
	endpoint := do(owner, http.MethodPost, "/v1/webhook-endpoints", obj{"url": receiver.URL, "events": []string{"*"}})
	session := openAt(t, nodes.a, obj{"url": site, "metadata": obj{"of": "theOwner"}})
	id := session.String("sessionId")
	link := do(owner, http.MethodPost, "/v1/sessions/"+id+"/streams", obj{"mode": "control"})
	steps := do(owner.With("Prefer", "wait=60"), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "screenshot"}}}).List("data")
	receiver.Wait(t, "the picture", func(d []harness.Delivery) bool { return len(harness.OfType(d, "step_completed")) >= 2 })
	first := func(path, member string) string {
		return do(owner, http.MethodGet, path, nil).List("data")[0].String(member)
	}
	ids := map[string]string{
		"sessionId": id, "stepId": steps[0].String("stepId"), "streamId": link.String("streamId"), "endpointId": endpoint.String("endpointId"),
		"artifactId": first("/v1/sessions/"+id+"/artifacts", "artifactId"), "deliveryId": first("/v1/deliveries", "deliveryId"), "eventId": first("/v1/events", "id"),
		"keyId": first("/v1/keys", "keyId"), "projectId": first("/v1/projects", "projectId"), "nodeId": first("/v1/nodes", "nodeId"),
	}
	before := do(owner, http.MethodGet, "/v1/sessions/"+id+"/steps", nil)

	project := do(owner, http.MethodPost, "/v1/projects", obj{"name": "intruder"}).String("projectId")
	intruder := &harness.Client{URL: nodes.b.URL, Key: do(owner, http.MethodPost, "/v1/keys", obj{"projectId": project}).String("key")}
	theirs := do(intruder, http.MethodPost, "/v1/sessions", obj{"url": site})
	if _, err := intruder.WaitSession(ctx, theirs.String("sessionId"), "READY"); err != nil {
		t.Fatal(err)
	}
	tokenOf := func(link string) string { _, token, _ := strings.Cut(link, "="); return token }
	secrets := []string{"theOwner", tokenOf(session.String("streamingUrl")), tokenOf(session.String("connectUrl")), tokenOf(link.String("streamingUrl")), endpoint.String("secret")}
	for name, value := range ids {
		if value == "" {
			t.Fatalf("there is no %s", name)
		}
		secrets = append(secrets, value)
	}
	asked := 0
	reaches := func(what string, want func(status int) bool, status int, answer, said string) {
		t.Helper()
		asked++
		if !want(status) {
			t.Errorf("%s: %d %s", what, status, answer)
		}
		for _, secret := range secrets {
			if strings.Contains(answer, secret) && !strings.Contains(said, secret) {
				t.Errorf("%s tells %s: %d %s", what, secret, status, answer)
			}
		}
	}
	none := func(status int) bool { return status == http.StatusNotFound || status == http.StatusForbidden }
	bodies := map[string]string{
		"POST /v1/sessions": `{}`, "POST /v1/projects": `{"name":"x"}`, "POST /v1/keys": `{}`, "POST /v1/webhook-endpoints": `{"url":"` + receiver.URL + `"}`,
		"POST /v1/sessions/{sessionId}/steps":                  `{"steps":[{"action":"reload"}]}`,
		"POST /v1/sessions/{sessionId}/streams":                `{"mode":"control"}`,
		"POST /v1/webhook-endpoints/{endpointId}/recover":      `{"since":"` + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339) + `"}`,
		"PATCH /v1/webhook-endpoints/{endpointId}":             `{"description":"mine"}`,
		"POST /v1/webhook-endpoints/{endpointId}/send-example": `{"eventType":"browser_ready"}`,
		"PATCH /v1/projects/{projectId}":                       `{"sessions":1}`,
		"POST /v1/deliveries/retry":                            `{"endpointId":"` + ids["endpointId"] + `"}`,
		"POST /v1/deliveries/cancel":                           `{"endpointId":"` + ids["endpointId"] + `"}`,
	}
	filters := []string{"sessionId", "endpointId", "eventId"}
	for _, node := range []*harness.Server{nodes.a, nodes.b} {
		key := http.Header{"Authorization": {"Bearer " + intruder.Key}}
		for _, route := range routes(t) {
			method, path, _ := strings.Cut(route, " ")
			of := path
			for name, value := range ids {
				of = strings.ReplaceAll(of, "{"+name+"}", value)
			}
			if strings.Contains(of, "{") {
				t.Fatalf("%s has a parameter that this test doesn't know", route)
			}
			want := none
			if of == path { // a list, or what makes something of one's own
				want = func(status int) bool { return status < 500 && status != http.StatusUnauthorized }
			}
			status, answer := ask(t, method, node.URL+of, bodies[route], key)
			reaches(route, want, status, answer, of+bodies[route])
			if method == http.MethodGet && (path == "/v1/events" || path == "/v1/deliveries") {
				for _, filter := range filters {
					status, answer := ask(t, method, node.URL+of+"?"+filter+"="+ids[filter], "", key)
					reaches(route+" by "+filter, func(status int) bool { return status < 500 }, status, answer, ids[filter])
				}
			}
		}
		// Links and sockets: what one project has opens nothing of another's.
		own := tokenOf(theirs.String("connectUrl"))
		for _, path := range []string{
			"/connect/" + id, "/connect/" + id + "/json/version", "/connect/" + id + "/json/list", "/connect/" + id + "/devtools/page/x",
			"/connect/" + id + "?token=" + own, "/connect/" + id + "/json/list?token=" + own, "/connect/" + theirs.String("sessionId") + "?token=" + tokenOf(session.String("connectUrl")),
			"/streams?id=" + own, "/streams/ws?id=" + own, "/streams?id=" + id, "/streams/ws?id=" + id, "/streams?id=" + intruder.Key, "/streams/ws?id=" + ids["streamId"],
		} {
			status, answer := ask(t, http.MethodGet, node.URL+path, "", key)
			reaches("GET "+path, none, status, answer, path)
		}
		// Who says that another server has sent it is not believed.
		for _, said := range []string{"", "v=1", "v=1;from=a;to=b;t=1;id=req;body=;mac=", fmt.Sprintf("v=1;from=a;to=b;t=%d;id=req;body=00;mac=00", time.Now().Unix())} {
			forged := key.Clone()
			forged.Set(hop.Header, said)
			status, answer := ask(t, http.MethodGet, node.URL+"/v1/sessions/"+id, "", forged)
			reaches("a hop "+said, func(status int) bool { return status == http.StatusForbidden }, status, answer, id)
		}
	}
	// A program in its own browser finds nothing of another's.
	targets := do(owner, http.MethodGet, "/v1/sessions/"+id, nil)
	program := connect(t, through(nodes.a, theirs.String("connectUrl")))
	status, list := ask(t, http.MethodGet, strings.Replace("http"+strings.TrimPrefix(through(nodes.a, session.String("connectUrl")), "ws"), "?", "/json/list?", 1), "", nil)
	_, target, _ := strings.Cut(list, `"id": "`)
	if target, _, _ = strings.Cut(target, `"`); status != http.StatusOK || target == "" {
		t.Fatalf("the owner's targets: %d %s", status, list)
	}
	secrets = append(secrets, target)
	for _, call := range []string{"Target.getTargets", "Target.getTargetInfo", "Target.attachToTarget", "Target.closeTarget", "Target.activateTarget", "Storage.getCookies"} {
		params := ""
		if strings.HasSuffix(call, "Target") || strings.HasSuffix(call, "Info") {
			params = `{"targetId":"` + target + `"}`
		}
		answer := program.call(call, params)
		reaches(call, func(int) bool { return params == "" || strings.Contains(answer, `"code"`) }, 0, answer, params)
	}
	if asked < 120 {
		t.Errorf("only %d were tried", asked)
	}
	if after := do(owner, http.MethodGet, "/v1/sessions/"+id, nil); fmt.Sprint(after) != fmt.Sprint(targets) || after.String("status") != "READY" {
		t.Errorf("the owner's session is %v", after)
	}
	if after := do(owner, http.MethodGet, "/v1/sessions/"+id+"/steps", nil); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("its steps are %v", after)
	}
	for _, node := range []*harness.Server{nodes.a, nodes.b} {
		if status, _ := get(t, through(node, link.String("streamingUrl"))); status != http.StatusOK {
			t.Errorf("the owner's link: %d", status)
		}
	}
}
