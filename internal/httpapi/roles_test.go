package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/httpapi"
)

// routesOf is every route that the API description has, as "METHOD /path", with
// the role that it says is needed.
func routesOf(t *testing.T) map[string]domain.Role {
	t.Helper()
	routes := map[string]domain.Role{}
	all, _ := description(t)
	for _, op := range all {
		text, _ := op.object["description"].(string)
		_, role, _ := strings.Cut(text, "Role: ")
		routes[op.method+" "+op.path] = domain.Role(strings.TrimSuffix(role, "."))
	}
	return routes
}

// TestEveryRouteHasARole walks every route of the description with a key of each
// role. A role that is too weak is refused before anything else is looked at;
// one that isn't gets past that.
func TestEveryRouteHasARole(t *testing.T) {
	routes := routesOf(t)
	table := httpapi.Roles()
	if len(table) != len(routes) {
		t.Errorf("%d routes are in the table, %d are described", len(table), len(routes))
	}
	onBothStores(t, func(r *rig) {
		r.newKey(domain.RoleOperator) // so that no walk revokes the last
		for route, needed := range routes {
			if table[route] != needed {
				t.Errorf("%s: the table says %q, the description %q", route, table[route], needed)
			}
			method, path, _ := strings.Cut(route, " ")
			for name := range strings.SplitSeq("sessionId stepId streamId artifactId eventId endpointId deliveryId keyId projectId nodeId", " ") {
				path = strings.ReplaceAll(path, "{"+name+"}", "none")
			}
			if strings.Contains(path, "{") {
				t.Fatalf("%s has a parameter that this test doesn't know", route)
			}
			if method != http.MethodGet && needed == domain.RoleViewer {
				t.Errorf("%s changes something, and whoever may only read may do it", route)
			}
			for _, role := range domain.Roles {
				// A body that is no JSON: who isn't refused for the role is for that.
				a := r.ask(method, path, "{", "Authorization: Bearer "+r.newKey(role))
				forbidden := a.status == http.StatusForbidden && a.body["code"] == "forbidden"
				if forbidden == role.May(needed) {
					t.Errorf("%s by a key of the role %s, which needs %s: %d %s", route, role, needed, a.status, a.raw)
				}
			}
			if a := r.ask(method, path, "{", "Authorization: Bearer bh_"+strings.Repeat("x", 40)); a.status != http.StatusUnauthorized {
				t.Errorf("%s without a key: %d", route, a.status)
			}
		}
	})
}

// TestAViewerSeesNoSecrets: whoever may only read finds neither secrets nor a way
// to control.
func TestAViewerSeesNoSecrets(t *testing.T) {
	onBothStores(t, func(r *rig) {
		made := r.ask("POST", "/v1/sessions", `{"url":"https://joe:hush-1@a.test/","steps":[
			{"action":"goto","url":"https://joe:hush-2@a.test/in?next=1"},
			{"action":"fill","target":"#password","value":"hush-3"},
			{"action":"type","value":"hush-4"},
			{"action":"select","target":"#card","values":["hush-5"]},
			{"action":"assert","target":"#password","value":"hush-6"},
			{"action":"setCookies","cookies":[{"name":"sid","value":"hush-7","url":"https://joe:hush-8@a.test/"}]}]}`)
		session, _ := made.body["sessionId"].(string)
		endpoint := r.ask("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:9/","headers":[{"name":"X-Token","value":"hush-hush","secret":true}]}`)
		link := r.ask("POST", "/v1/sessions/"+session+"/streams", `{"mode":"control"}`)
		secret, _ := endpoint.body["secret"].(string)
		control, _ := link.body["streamingUrl"].(string)
		if secret == "" || control == "" {
			t.Fatalf("%s %s %s", made.raw, endpoint.raw, link.raw)
		}
		endpointID := fmt.Sprint(endpoint.body["endpointId"])
		event := r.made("POST", "/v1/webhook-endpoints/"+endpointID+"/test", "", "eventId")
		steps := "/v1/sessions/" + session + "/steps"
		first := func(path, member string) string {
			one, _ := r.ask("GET", path, "").body["data"].([]any)[0].(map[string]any)
			id, _ := one[member].(string)
			return id
		}
		ids := strings.NewReplacer("{sessionId}", session, "{endpointId}", endpointID, "{eventId}", event,
			"{deliveryId}", first("/v1/deliveries", "deliveryId"), "{stepId}", first(steps, "stepId"))
		viewer := "Authorization: Bearer " + r.newKey(domain.RoleViewer)
		for route := range routesOf(t) {
			method, path, _ := strings.Cut(route, " ")
			if path = ids.Replace(path); method != http.MethodGet || strings.HasSuffix(path, "/{artifactId}") || strings.HasSuffix(path, "/video") { // there are no pictures
				continue
			}
			a := r.ask(method, path, "", viewer)
			if strings.Contains(a.raw, secret) || strings.Contains(a.raw, control) || strings.Contains(a.raw, "hush") || strings.Contains(a.raw, "joe") {
				t.Errorf("%s shows a secret: %s", route, a.raw)
			}
			if a.status != http.StatusOK && a.status != http.StatusForbidden {
				t.Errorf("%s: %d %s", route, a.status, a.raw)
			}
		}
		list, _ := r.ask("GET", steps, "", viewer).body["data"].([]any)
		for i, want := range []string{
			`map[action:goto url:https://a.test/]`, `map[action:goto url:https://a.test/in?next=1]`, `map[action:fill target:#password value:…]`,
			`map[action:type value:…]`, `map[action:select target:#card values:[…]]`, `map[action:assert target:#password value:…]`,
			`map[action:setCookies cookies:[map[name:sid url:https://a.test/ value:…]]]`,
		} {
			one, _ := list[i].(map[string]any)
			if got := fmt.Sprint(one["step"]); got != want {
				t.Errorf("step %d of a viewer's: %s, want %s", i, got, want)
			}
			id := fmt.Sprint(one["stepId"])
			if a := r.ask("GET", steps+"/"+id, "", viewer); fmt.Sprint(a.body["step"]) != want {
				t.Errorf("step %d of a viewer's alone: %s", i, a.raw)
			}
			if a := r.ask("GET", steps+"/"+id, ""); !strings.Contains(a.raw, "hush-") {
				t.Errorf("step %d of who gave it: %s", i, a.raw)
			}
		}
		if a := r.ask("GET", "/v1/sessions/"+session, ""); !strings.Contains(a.raw, "joe:hush-1@") {
			t.Errorf("the session of who made it: %s", a.raw)
		}
		for _, mode := range []string{"view", "control"} {
			if a := r.ask("POST", "/v1/sessions/"+session+"/streams", `{"mode":"`+mode+`"}`, viewer); a.status != http.StatusForbidden {
				t.Errorf("a viewer makes a link to %s: %d %s", mode, a.status, a.raw)
			}
		}
	})
}

// TestAViewerSeesNoBundle: what a page was like when a step failed may show what
// was typed into it; the pictures that steps took are for all.
func TestAViewerSeesNoBundle(t *testing.T) {
	onBothStores(t, func(r *rig) {
		id := r.made("POST", "/v1/sessions", `{"steps":[{"action":"reload"}]}`, "sessionId")
		kept := map[string]domain.Artifact{}
		if err := r.store.ChangeSession(t.Context(), r.project, id, func(c *domain.SessionChange) error {
			for _, kind := range []string{"screenshot", "failure"} {
				kept[kind] = domain.Artifact{ID: domain.NewID(domain.PrefixArtifact), ProjectID: r.project, SessionID: id, StepID: c.Open[0].ID, Kind: kind, CreatedAt: time.Now()}
				c.Artifacts = append(c.Artifacts, kept[kind])
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		viewer := "Authorization: Bearer " + r.newKey(domain.RoleViewer)
		ask := func(kind string, header ...string) reply {
			return r.ask("GET", "/v1/sessions/"+id+"/artifacts/"+kept[kind].ID, "", header...)
		}
		// The rig has no bytes: who may see them is told so.
		for kind, may := range map[string]bool{"screenshot": true, "failure": false} {
			if a := ask(kind, viewer); (a.status != http.StatusForbidden) != may {
				t.Errorf("a viewer and a %s: %d %s", kind, a.status, a.raw)
			}
			if a := ask(kind); a.status == http.StatusForbidden {
				t.Errorf("the project and a %s: %s", kind, a.raw)
			}
		}
	})
}
