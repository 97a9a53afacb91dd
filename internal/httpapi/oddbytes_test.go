package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

// fixtures are the ids of things that there are, by the name of the parameter.
func (r *rig) fixtures() map[string]string {
	r.t.Helper()
	session := r.made("POST", "/v1/sessions", `{"steps":[{"action":"reload"}]}`, "sessionId")
	endpoint := r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`, "endpointId")
	steps := r.ask("GET", "/v1/sessions/"+session+"/steps", "").body["data"].([]any)
	ids := map[string]string{
		"sessionId": session, "endpointId": endpoint, "stepId": steps[0].(object)["stepId"].(string),
		"streamId":   r.made("POST", "/v1/sessions/"+session+"/streams", "{}", "streamId"),
		"deliveryId": r.made("POST", "/v1/webhook-endpoints/"+endpoint+"/test", "", "deliveryId"),
	}
	ids["eventId"] = r.made("GET", "/v1/deliveries/"+ids["deliveryId"], "", "eventId")
	return ids
}

// fill puts ids into a path of the description; what there is none of gets "x".
func fill(path string, ids map[string]string) string {
	for before, rest, ok := strings.Cut(path, "{"); ok; before, rest, ok = strings.Cut(path, "{") {
		name, after, _ := strings.Cut(rest, "}")
		id := ids[name]
		if id == "" {
			id = "x"
		}
		path = before + id + after
	}
	return path
}

// leastBody is one that passes the description of what needs a body.
func leastBody(op described) string {
	body, ok := op.object["requestBody"].(object)
	if !ok || body["required"] != true {
		return ""
	}
	return "{}"
}

// TestOddBytesAnswerTheSame walks every route of the description, with bytes
// that are no text in each of its parameters: one store would take them and
// find nothing, the other fails.
func TestOddBytesAnswerTheSame(t *testing.T) {
	odd := []string{"%00", "%ff", "a%00b", "%C3%28", "%ED%A0%80", "%F5%80%80%80", "x%00'--"}
	all, _ := description(t)
	onBothStores(t, func(r *rig) {
		t := r.t
		r.key = r.newKey(domain.RoleOperator)
		ids := r.fixtures()
		tried := 0
		for _, op := range all {
			params, _ := op.object["parameters"].([]any)
			for _, p := range params {
				p := p.(object)
				name := p["name"].(string)
				for _, bytes := range odd {
					tried++
					target, status, field := fill(op.path, ids), http.StatusUnprocessableEntity, name
					var header []string
					switch p["in"] {
					case "path":
						target = fill(strings.Replace(op.path, "{"+name+"}", bytes, 1), ids)
						status, field = http.StatusNotFound, ""
					case "query":
						target += "?" + name + "=" + bytes
					case "header":
						plain, _ := url.PathUnescape(bytes)
						if strings.Contains(plain, "\x00") {
							continue // net/http refuses it before us
						}
						header = []string{name + ": " + plain}
					}
					a := r.ask(op.method, target, leastBody(op), header...)
					if a.status != status || a.field() != field || a.body["code"] == "internal" {
						t.Errorf("%s %s %q: %d %s", op.method, target, header, a.status, a.raw)
					}
				}
			}
		}
		if tried < 300 {
			t.Errorf("only %d were tried", tried)
		}
		for _, bytes := range odd {
			plain, _ := url.PathUnescape(bytes)
			for _, tt := range []struct {
				target, header string
				status         int
			}{
				{"/v1/events?sessionId=" + bytes, "Accept: text/event-stream", 422},
				{"/v1/events?after=" + bytes, "Accept: text/event-stream", 422},
				{"/v1/events?types=" + bytes, "Accept: text/event-stream", 422},
				{"/v1/events?" + bytes + "=1", "Accept: text/event-stream", 422},
				{"/v1/events", "Last-Event-ID: evt_" + plain, 422},
				{"/v1/sessions", "Authorization: Bearer " + plain + r.key, 401},
				{"/v1/sessions", "Authorization: Bearer " + r.key[:5] + plain + r.key[5:], 401},
				{"/v1/sessions", "Authorization: Bearer " + r.key + plain, 401},
				{"/v1/" + bytes, "X: y", 404},
				{"/" + bytes, "X: y", 404},
				{"/streams?id=" + bytes, "X: y", 404},
				{"/streams/ws?id=" + bytes, "X: y", 404},
				{"/streams?id=a&id=b", "X: y", 404},
				{"/streams/assets/" + bytes, "X: y", 404},
			} {
				if strings.Contains(tt.header, "\x00") {
					continue
				}
				header := []string{tt.header}
				if strings.HasPrefix(tt.header, "Last-Event-ID") {
					header = append(header, "Accept: text/event-stream")
				}
				if a := r.ask("GET", tt.target, "", header...); a.status != tt.status {
					t.Errorf("%s %q: %d %s", tt.target, tt.header, a.status, a.raw)
				}
			}
		}
		if log := r.log.String(); strings.Contains(log, `"level":"ERROR"`) {
			t.Errorf("the log has errors: %.2000s", log)
		}
	})
}

// TestUnknownQueryParametersAreRefused on every route of the description, and
// on those that are not in it.
func TestUnknownQueryParametersAreRefused(t *testing.T) {
	all, _ := description(t)
	onBothStores(t, func(r *rig) {
		t := r.t
		r.key = r.newKey(domain.RoleOperator)
		ids := r.fixtures()
		for _, op := range all {
			known := map[string]bool{}
			params, _ := op.object["parameters"].([]any)
			for _, p := range params {
				known[p.(object)["name"].(string)] = p.(object)["in"] == "query"
			}
			for _, name := range []string{"nope", "Limit", "limit ", "limit", "cursor", "types", "sessionid", "key"} {
				if known[name] {
					continue
				}
				a := r.ask(op.method, fill(op.path, ids)+"?"+url.QueryEscape(name)+"=1", leastBody(op))
				if a.status != 422 || a.field() != name {
					t.Errorf("%s %s?%s: %d %s", op.method, op.path, name, a.status, a.raw)
				}
			}
			for name, isQuery := range known {
				if !isQuery || name == "types" {
					continue
				}
				a := r.ask(op.method, fill(op.path, ids)+"?"+name+"=1&"+name+"=2", leastBody(op))
				if a.status != 422 || a.field() != name || !strings.Contains(a.raw, "more than once") {
					t.Errorf("%s %s: %s twice: %d %s", op.method, op.path, name, a.status, a.raw)
				}
			}
		}
		for _, target := range []string{"/healthz", "/readyz", "/openapi.json", "/docs", "/.well-known/jwks.json"} {
			if a := r.ask("GET", target+"?nope=1", ""); a.status != 422 || a.field() != "nope" {
				t.Errorf("%s: %d %s", target, a.status, a.raw)
			}
		}
		for _, target := range []string{"/v1/sessions?limit=%zz", "/v1/sessions?a;b", "/v1/sessions?%", "/healthz?%zz"} {
			if a := r.ask("GET", target, ""); a.status != 422 {
				t.Errorf("%s: %d %s", target, a.status, a.raw)
			}
		}
		if a := r.ask("GET", "/v1/events?limit=5", "", "Accept: text/event-stream"); a.status != 422 || a.field() != "limit" {
			t.Errorf("a stream with a limit: %d %s", a.status, a.raw)
		}
		if got := r.ask("GET", "/v1/sessions", "").body["data"].([]any); len(got) != 1 {
			t.Errorf("%d sessions were made", len(got)-1)
		}
	})
}

// TestRepeatedTypesAreHeard: each of them, in a list and in a stream.
func TestRepeatedTypesAreHeard(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		endpoint := r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`, "endpointId")
		r.made("POST", "/v1/webhook-endpoints/"+endpoint+"/test", "", "deliveryId")
		session := r.made("POST", "/v1/sessions", `{"steps":[{"action":"reload"}]}`, "sessionId")
		if a := r.ask("DELETE", "/v1/sessions/"+session, ""); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.raw)
		}
		r.wait("browser_closed")
		count := func(query string) int {
			t.Helper()
			a := r.ask("GET", "/v1/events?"+query, "")
			if a.status != 200 {
				t.Fatalf("%s: %d %s", query, a.status, a.raw)
			}
			return len(a.body["data"].([]any))
		}
		all := count("")
		tests, closed := count("types=webhook_test"), count("types=browser_closed")
		if tests != 1 || closed != 1 || all < 3 {
			t.Fatalf("%d tests, %d closed of %d", tests, closed, all)
		}
		for _, query := range []string{
			"types=webhook_test&types=browser_closed", "types=browser_closed&types=webhook_test", "types=webhook_test,browser_closed",
			"types=webhook_test,browser_closed&types=browser_failed",
		} {
			if n := count(query); n != 2 {
				t.Errorf("%s: %d", query, n)
			}
		}
		if n := count("types="); n != all {
			t.Errorf("no type: %d of %d", n, all)
		}
		for _, query := range []string{"types=webhook_test&types=", "types=&types=webhook_test", "types=webhook_test&types=nope", "types=webhook_test,"} {
			for _, accept := range []string{"application/json", "text/event-stream"} {
				if a := r.ask("GET", "/v1/events?"+query, "", "Accept: "+accept); a.status != 422 || a.field() != "types" {
					t.Errorf("%s as %s: %d %s", query, accept, a.status, a.raw)
				}
			}
		}
		if a := r.ask("GET", "/v1/deliveries?eventType=webhook_test,browser_closed", ""); a.status != 422 || a.field() != "eventType" {
			t.Errorf("two types where there can be one: %d %s", a.status, a.raw)
		}
	})
}
