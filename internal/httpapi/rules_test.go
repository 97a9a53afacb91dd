package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/httpapi"
)

// some is a rig with one of everything, and the parameters of paths that name it.
func (r *rig) some() map[string]string {
	r.t.Helper()
	r.key = r.newKey(domain.RoleOperator)
	session := r.made("POST", "/v1/sessions", `{"steps":[{"action":"reload"}]}`, "sessionId")
	link := r.made("POST", "/v1/sessions/"+session+"/streams", `{}`, "streamId")
	artifact := domain.Artifact{ID: domain.NewID(domain.PrefixArtifact), ProjectID: r.project, SessionID: session, Kind: "screenshot", ContentType: "image/png", Size: 1, CreatedAt: time.Now()}
	if err := r.store.ChangeSession(r.t.Context(), r.project, session, func(c *domain.SessionChange) error {
		artifact.StepID = c.Open[0].ID
		c.Artifacts = append(c.Artifacts, artifact)
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	r.made("DELETE", "/v1/sessions/"+session, "", "sessionId")
	r.wait("browser_closed") // nothing changes any more
	endpoint := r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`, "endpointId")
	r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`, "endpointId")
	delivery := r.made("POST", "/v1/webhook-endpoints/"+endpoint+"/test", "", "deliveryId")
	first := func(target, member string) string {
		a := r.ask("GET", target, "")
		list, _ := a.body["data"].([]any)
		if len(list) == 0 {
			r.t.Fatalf("%s: %d %s", target, a.status, a.raw)
		}
		id, _ := list[0].(map[string]any)[member].(string)
		return id
	}
	return map[string]string{
		"sessionId": session, "stepId": first("/v1/sessions/"+session+"/steps", "stepId"), "artifactId": artifact.ID, "endpointId": endpoint, "deliveryId": delivery,
		"eventId": first("/v1/events?cursor=beginning", "id"), "keyId": first("/v1/keys", "keyId"), "projectId": first("/v1/projects", "projectId"), "nodeId": "node_1", "streamId": link,
	}
}

// at is an operation's address, of what some has made.
func (op described) at(t *testing.T, ids map[string]string) string {
	t.Helper()
	return pathParameter.ReplaceAllStringFunc(op.path, func(name string) string {
		id, ok := ids[strings.Trim(name, "{}")]
		if !ok {
			t.Errorf("%s: there is no %s", op.id, name)
		}
		return id
	})
}

// parameter is one of the operation's; nil if it has none of the name.
func (op described) parameter(name string) object {
	all, _ := op.object["parameters"].([]any)
	for _, p := range all {
		if p := p.(object); p["name"] == name {
			return p["schema"].(object)
		}
	}
	return nil
}

// TestEveryRouteKeepsTheRules that all have: what is read as JSON has an ETag, by which it
// isn't sent again; what has a list has pages, by the same cursor and the same limit; and
// a page of an origin that the operator names may use it.
func TestEveryRouteKeepsTheRules(t *testing.T) {
	all, _ := description(t)
	onBothStores(t, func(r *rig) {
		ids := r.some()
		const app = "https://app.example.com"
		cfg := r.config
		cfg.Origins = []string{app}
		shared := httpapi.New(cfg)
		read, lists := 0, 0
		for _, op := range all {
			at := op.at(t, ids)
			req := httptest.NewRequestWithContext(t.Context(), http.MethodOptions, at, nil)
			for name, value := range map[string]string{"Origin": app, "Access-Control-Request-Method": op.method, "Access-Control-Request-Headers": "authorization,content-type"} {
				req.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			shared.ServeHTTP(w, req)
			if methods := w.Header().Get("Access-Control-Allow-Methods"); w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Origin") != app || !strings.Contains(methods, op.method) {
				t.Errorf("%s may not be used by a page: %d %v", op.id, w.Code, w.Header())
			}
			ok, _ := op.object["responses"].(object)["200"].(object)
			content, _ := ok["content"].(object)
			_, isJSON := content["application/json"].(object)
			if op.method != http.MethodGet || !isJSON || op.id == "get-artifact" || op.id == "get-recording-video" {
				continue
			}
			read++
			if period := op.parameter("period"); period != nil {
				at += "?period=1h"
			}
			if op.id == "list-events" {
				at += "?cursor=beginning&sessionId=" + ids["sessionId"]
			}
			first := r.ask("GET", at, "")
			if first.status == http.StatusNotFound && op.id == "get-recording" {
				continue // the session has none
			}
			tag := first.header.Get("ETag")
			_, tagged := ok["headers"].(object)["ETag"]
			if first.status != http.StatusOK || tagged != (tag != "") || !tagged && op.id != "read-logs" { // of a log, each reading may be long
				t.Errorf("%s: %d with the ETag %q, described: %t: %s", op.id, first.status, tag, tagged, first.raw)
			} else if again := r.ask("GET", at, "", "If-None-Match: "+tag); tagged && again.status != http.StatusNotModified && again.header.Get("ETag") == tag {
				t.Errorf("%s is sent again: %d", op.id, again.status)
			}
			if _, ok := first.body["data"].([]any); ok {
				lists++
				r.hasPages(op, at, first)
			}
		}
		if read < 20 || lists < 12 {
			t.Errorf("%d routes are read, of which %d are lists", read, lists)
		}
	})
}

// hasPages reads a list by pages of one, and asks for what none may answer.
func (r *rig) hasPages(op described, at string, whole reply) {
	r.t.Helper()
	limit, cursor := op.parameter("limit"), op.parameter("cursor")
	if limit == nil || cursor == nil || limit["minimum"] == nil || limit["maximum"] == nil || limit["default"] == nil || cursor["type"] != "string" {
		r.t.Errorf("%s has the limit %v and the cursor %v", op.id, limit, cursor)
		return
	}
	u, err := url.Parse(at)
	if err != nil {
		r.t.Fatal(err)
	}
	ask := func(name, value string) reply {
		q := u.Query()
		q.Set("limit", "1")
		q.Set(name, value)
		return r.ask("GET", u.Path+"?"+q.Encode(), "")
	}
	for _, wrong := range [][2]string{{"limit", "0"}, {"limit", "100000"}, {"limit", "x"}, {"cursor", "odd"}} {
		if a := ask(wrong[0], wrong[1]); a.status != http.StatusUnprocessableEntity || a.field() != wrong[0] {
			r.t.Errorf("%s with %s=%s: %d %s", op.id, wrong[0], wrong[1], a.status, a.raw)
		}
	}
	want, _ := whole.body["data"].([]any)
	var got []any
	page := ask("limit", "1")
	for {
		data, _ := page.body["data"].([]any)
		if page.status != http.StatusOK || len(data) > 1 {
			r.t.Fatalf("%s: %d %s", op.id, page.status, page.raw)
		}
		got = append(got, data...)
		next, _ := page.body["nextCursor"].(string)
		if next == "" || len(data) == 0 {
			break
		}
		page = ask("cursor", next)
	}
	none := slices.Contains([]string{"list-viewers", "list-attempts", "read-logs"}, op.id) // nobody looks, and nothing is sent
	if none != (len(want) == 0) || len(want) != len(got) || len(got) > 0 && !alike(want, got) {
		r.t.Errorf("%s by pages of one is %d things, not these %d", op.id, len(got), len(want))
	}
}
