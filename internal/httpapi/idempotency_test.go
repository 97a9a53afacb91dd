package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// making is a call that makes something, or another under the same key.
type making struct {
	target, body string
	other        string // body; "": another operation
}

// makings are the operations that take an Idempotency-Key, each made ready.
func makings(r *rig) map[string]making {
	session := r.made("POST", "/v1/sessions", `{}`, "sessionId")
	hook := r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`, "endpointId")
	delivery := r.made("POST", "/v1/webhook-endpoints/"+hook+"/test", "", "deliveryId")
	since := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	return map[string]making{
		"create-session":     {"/v1/sessions", `{"webhook":{"url":"http://127.0.0.1:1/"},"steps":[{"action":"reload"}]}`, `{}`},
		"add-steps":          {"/v1/sessions/" + session + "/steps", `{"steps":[{"action":"reload"}]}`, `{"steps":[{"action":"back"}]}`},
		"create-stream":      {"/v1/sessions/" + session + "/streams", `{"mode":"view"}`, `{"mode":"control"}`},
		"rotate-connect-url": {"/v1/sessions/" + session + "/rotate-connect-url", "", ""},
		"create-endpoint":    {"/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/","keyPair":true}`, `{"url":"http://127.0.0.1:2/"}`},
		"rotate-secret":      {"/v1/webhook-endpoints/" + hook + "/rotate-secret", `{"overlap":"1h"}`, `{"overlap":"2h"}`},
		"recover-endpoint": {
			"/v1/webhook-endpoints/" + hook + "/recover", `{"since":"` + since + `"}`,
			`{"since":"` + since + `","until":"2036-01-01T00:00:00Z"}`,
		},
		"test-endpoint":    {"/v1/webhook-endpoints/" + hook + "/test", "", ""},
		"retry-delivery":   {"/v1/deliveries/" + delivery + "/retry", "", ""},
		"create-project":   {"/v1/projects", `{"name":"a"}`, `{"name":"b"}`},
		"create-key":       {"/v1/keys", `{"name":"a"}`, `{"name":"b"}`}, // the key itself is shown once
		"retry-deliveries": {"/v1/deliveries/retry", `{"endpointId":"` + hook + `"}`, `{"endpointId":"we_other"}`},
	}
}

// madeMembers are what tells things that were made from each other.
var madeMembers = []string{"sessionId", "connectUrl", "streamId", "endpointId", "secret", "publicKey", "deliveryId", "deliveries", "projectId", "keyId"}

func identity(body map[string]any) string {
	if list, ok := body["data"].([]any); ok && len(list) > 0 {
		body, _ = list[0].(map[string]any)
		return fmt.Sprint(body["stepId"])
	}
	var all []string
	for _, name := range madeMembers {
		if v, ok := body[name]; ok {
			all = append(all, fmt.Sprint(name, v))
		}
	}
	if inline, ok := body["webhook"].(map[string]any); ok {
		all = append(all, identity(inline))
	}
	return strings.Join(all, " ")
}

var pathParameter = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// TestEveryOperationReplaysOrRefusesIdempotencyKey walks the API's description:
// what declares the header makes nothing twice, what doesn't refuses it.
func TestEveryOperationReplaysOrRefusesIdempotencyKey(t *testing.T) {
	onBothStores(t, func(r *rig) {
		r.key = r.newKey(domain.RoleOperator)
		ready := makings(r)
		description := r.ask("GET", "/openapi.json", "").body
		paths, _ := description["paths"].(map[string]any)
		declared := 0
		for path, item := range paths {
			for method, raw := range item.(map[string]any) {
				op, _ := raw.(map[string]any)
				id, _ := op["operationId"].(string)
				params, _ := op["parameters"].([]any)
				takes := slices.ContainsFunc(params, func(p any) bool {
					param, _ := p.(map[string]any)
					return param["in"] == "header" && param["name"] == "Idempotency-Key"
				})
				method = strings.ToUpper(method)
				if takes {
					declared++
					m, ok := ready[id]
					if !ok {
						r.t.Errorf("%s takes a key, and nothing here tries it", id)
						continue
					}
					m.replays(r, id, method)
					continue
				}
				body := ""
				if method == http.MethodPost || method == http.MethodPatch {
					body = `{}`
				}
				target := pathParameter.ReplaceAllString(path, "x")
				if a := r.ask(method, target, body, "Idempotency-Key: k"); a.status != 422 || a.field() != "Idempotency-Key" {
					r.t.Errorf("%s (%s %s) takes the key and does nothing with it: %d %s", id, method, path, a.status, a.raw)
				}
			}
		}
		if declared < 9 || declared != len(ready) {
			r.t.Errorf("%d operations take a key, %d are tried", declared, len(ready))
		}
		if a := r.ask("GET", "/v1/events", "", "Accept: text/event-stream", "Idempotency-Key: k"); a.status != 422 || a.field() != "Idempotency-Key" {
			r.t.Errorf("a stream of events: %d %s", a.status, a.raw)
		}
	})
}

func (m making) replays(r *rig, id, method string) {
	r.t.Helper()
	key := "Idempotency-Key: " + id
	first, again := r.ask(method, m.target, m.body, key), r.ask(method, m.target, m.body, key)
	if first.status/100 != 2 || first.header.Get("Idempotency-Replayed") != "" {
		r.t.Errorf("%s: %d %s", id, first.status, first.raw)
		return
	}
	if again.status != first.status || again.header.Get("Idempotency-Replayed") != "true" || identity(again.body) != identity(first.body) || identity(first.body) == "" {
		r.t.Errorf("%s answers\n%d %s\nand then\n%d %s", id, first.status, first.raw, again.status, again.raw)
	}
	target, body := m.target, m.other
	if body == "" {
		target, body = "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`
	}
	if other := r.ask(method, target, body, key); other.status != 409 || other.body["code"] != string(domain.CodeIdempotency) {
		r.t.Errorf("%s, another request: %d %s", id, other.status, other.raw)
	}
}

// TestIdempotencyKeyIsOneKey: an empty one, or two, would be a call that isn't
// safe to repeat though it looks so.
func TestIdempotencyKeyIsOneKey(t *testing.T) {
	onBothStores(t, func(r *rig) {
		for _, keys := range [][]string{{""}, {"a", "b"}, {"a b"}, {"ü"}, {strings.Repeat("k", 256)}} {
			req, err := http.NewRequestWithContext(t.Context(), "POST", r.URL+"/v1/webhook-endpoints", strings.NewReader(`{"url":"http://127.0.0.1:1/"}`))
			if err != nil {
				r.t.Fatal(err)
			}
			req.Header = http.Header{"Idempotency-Key": keys, "Authorization": {"Bearer " + r.key}, "Content-Type": {"application/json"}}
			res, err := r.Client().Do(req)
			if err != nil {
				r.t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != 422 {
				r.t.Errorf("%q: %d", keys, res.StatusCode)
			}
		}
		if list, _ := r.ask("GET", "/v1/webhook-endpoints", "").body["data"].([]any); len(list) > 0 {
			r.t.Errorf("%d endpoints were made", len(list))
		}
	})
}

// TestRotationIsRefusedWithTheTime: the sixth live secret has to wait, and what
// the first rotation answered can be asked for again.
func TestRotationIsRefusedWithTheTime(t *testing.T) {
	onBothStores(t, func(r *rig) {
		hook := r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/","keyPair":true}`, "endpointId")
		path := "/v1/webhook-endpoints/" + hook + "/rotate-secret"
		for range 4 {
			r.made("POST", path, `{"overlap":"1h"}`, "secret")
		}
		a := r.ask("POST", path, `{"overlap":"1h"}`)
		at, err := time.Parse(time.RFC3339, fmt.Sprint(a.body["retryAt"]))
		wait, bad := time.ParseDuration(a.header.Get("Retry-After") + "s")
		if a.status != 409 || err != nil || bad != nil || !strings.Contains(a.raw, "possible at "+fmt.Sprint(a.body["retryAt"])) {
			r.t.Fatalf("%d %s %v", a.status, a.raw, a.header)
		}
		if until := time.Until(at); until < 59*time.Minute || until > time.Hour || wait < until-time.Second || wait > until+2*time.Second {
			r.t.Errorf("at %s, which is in %s; after %s", at, until, wait)
		}
		e, err := r.store.Endpoint(t.Context(), r.project, hook)
		if err != nil || len(e.Secrets) != 10 {
			r.t.Errorf("%d secrets and keys, %v", len(e.Secrets), err)
		}
	})
}

// TestAGivenSecretIsShownOnceAndToldNowhere: the answers that made an endpoint
// with it hold it, no other does, nor does an error or the log.
func TestAGivenSecretIsShownOnceAndToldNowhere(t *testing.T) {
	const secret = "whsec_Z2l2ZW4gYnkgd2hvZXZlciByZWNlaXZlcw=="
	onBothStores(t, func(r *rig) {
		made := r.ask("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/","secret":"`+secret+`"}`, "Idempotency-Key: a")
		again := r.ask("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/","secret":"`+secret+`"}`, "Idempotency-Key: a")
		inline := r.ask("POST", "/v1/sessions", `{"webhook":{"url":"http://127.0.0.1:1/","secret":"`+secret+`"}}`)
		for what, a := range map[string]reply{"made": made, "replayed": again, "inline": inline} {
			if a.status != 201 || strings.Count(a.raw, secret) != 1 {
				r.t.Errorf("%s: %d %s", what, a.status, a.raw)
			}
		}
		id := fmt.Sprint(made.body["endpointId"])
		for _, a := range []reply{
			r.ask("GET", "/v1/webhook-endpoints", ""), r.ask("GET", "/v1/webhook-endpoints/"+id, ""),
			r.ask("PATCH", "/v1/webhook-endpoints/"+id, `{"description":"d"}`), r.ask("GET", "/v1/events", ""),
		} {
			if a.status != 200 || strings.Contains(a.raw, secret[10:]) {
				r.t.Errorf("%d %s", a.status, a.raw)
			}
		}
		for _, bad := range []string{
			secret[:len(secret)-1], strings.TrimPrefix(secret, "whsec_"), "whsk_" + secret[6:], secret + `\n`, secret[:30], secret + strings.Repeat("A", 80),
		} {
			for field, body := range map[string]string{
				"secret":         `{"url":"http://127.0.0.1:1/","secret":"` + bad + `"}`,
				"webhook.secret": `{"webhook":{"url":"http://127.0.0.1:1/","secret":"` + bad + `"}}`,
			} {
				target := "/v1/sessions"
				if field == "secret" {
					target = "/v1/webhook-endpoints"
				}
				if a := r.ask("POST", target, body); a.status != 422 || a.field() != field || strings.Contains(a.raw, secret[10:20]) {
					r.t.Errorf("%s: %d %s", bad, a.status, a.raw)
				}
			}
		}
		if strings.Contains(r.log.String(), secret[10:20]) {
			r.t.Error("the log tells it")
		}
	})
}

// TestRetryScheduleAndSkipStale are set, shown, changed, kept and cleared.
func TestRetryScheduleAndSkipStale(t *testing.T) {
	onBothStores(t, func(r *rig) {
		plain := r.ask("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/","retrySchedule":null}`)
		if _, shown := plain.body["retrySchedule"]; plain.status != 201 || shown || plain.body["skipStale"] != false {
			r.t.Errorf("by default: %d %s", plain.status, plain.raw)
		}
		id := r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/","retrySchedule":["5s","90m"],"skipStale":true}`, "endpointId")
		path := "/v1/webhook-endpoints/" + id
		for _, turn := range []struct {
			change, schedule string
			skips            bool
		}{
			{`{}`, "[5s 1h30m]", true}, {`{"description":"d"}`, "[5s 1h30m]", true}, {`{"retrySchedule":[]}`, "[]", true},
			{`{"retrySchedule":["168h","1h0m1s","1m"],"skipStale":false}`, "[168h 1h0m1s 1m]", false}, {`{"retrySchedule":null}`, "<nil>", false},
		} {
			changed, read := r.ask("PATCH", path, turn.change), r.ask("GET", path, "")
			for _, a := range []reply{changed, read} {
				if a.status != 200 || fmt.Sprint(a.body["retrySchedule"]) != turn.schedule || a.body["skipStale"] != turn.skips {
					r.t.Errorf("after %s: %d %s", turn.change, a.status, a.raw)
				}
			}
		}
		for value, field := range map[string]string{
			`["0s"]`: "retrySchedule[0]", `["5s","169h"]`: "retrySchedule[1]", `["soon"]`: "retrySchedule[0]", `[5]`: "retrySchedule[0]",
			`"5s"`: "retrySchedule", `["1s"` + strings.Repeat(`,"1s"`, 20) + `]`: "retrySchedule",
		} {
			for method, target := range map[string]string{"POST": "/v1/webhook-endpoints", "PATCH": path} {
				if a := r.ask(method, target, `{"url":"http://127.0.0.1:1/","retrySchedule":`+value+`}`); a.status != 422 || a.field() != field {
					r.t.Errorf("%s %s: %d %s", method, value, a.status, a.raw)
				}
			}
		}
	})
}

// TestAnInlineEndpointEndsWithItsSession: it is in no list any more, and the
// call that made it can still be repeated.
func TestAnInlineEndpointEndsWithItsSession(t *testing.T) {
	onBothStores(t, func(r *rig) {
		const body = `{"webhook":{"url":"http://127.0.0.1:1/","events":["browser_crashed"]}}`
		made := r.ask("POST", "/v1/sessions", body, "Idempotency-Key: a")
		inline, _ := made.body["webhook"].(map[string]any)
		path := "/v1/webhook-endpoints/" + fmt.Sprint(inline["endpointId"])
		if a := r.ask("GET", path, ""); a.status != 200 || a.body["sessionId"] != made.body["sessionId"] {
			r.t.Fatalf("%d %s", a.status, a.raw)
		}
		r.ask("DELETE", "/v1/sessions/"+fmt.Sprint(made.body["sessionId"]), "")
		r.wait("browser_closed")
		if list, _ := r.ask("GET", "/v1/webhook-endpoints", "").body["data"].([]any); len(list) != 0 {
			r.t.Errorf("listed: %v", list)
		}
		if a := r.ask("GET", path, ""); a.status != 404 {
			r.t.Errorf("%d %s", a.status, a.raw)
		}
		again := r.ask("POST", "/v1/sessions", body, "Idempotency-Key: a")
		if again.status != 201 || again.body["sessionId"] != made.body["sessionId"] || again.body["webhook"] != nil {
			r.t.Errorf("repeated: %d %s", again.status, again.raw)
		}
	})
}

// TestARepeatedSessionHasTheStepsOfItsRequest: those and no others, as they are by
// then, whatever was added meanwhile and however long they have become.
func TestARepeatedSessionHasTheStepsOfItsRequest(t *testing.T) {
	onBothStores(t, func(r *rig) {
		for name, body := range map[string]string{
			"address": `{"url":"https://x.test/","steps":[{"action":"evaluate","expression":"1"},{"action":"evaluate","expression":"1"},{"action":"evaluate","expression":"1"}]}`,
			"steps":   `{"steps":[{"action":"evaluate","expression":"1"},{"action":"evaluate","expression":"1"},{"action":"evaluate","expression":"1"}]}`,
			"none":    `{}`, "only": `{"url":"https://x.test/"}`,
		} {
			r.t.Run(name, func(t *testing.T) {
				steps := func(a reply) (ids, said []string) {
					list, _ := a.body["steps"].([]any)
					for _, one := range list {
						st, _ := one.(map[string]any)
						ids = append(ids, fmt.Sprint(st["stepId"]))
						said = append(said, fmt.Sprintf("%v %d", st["status"], len(fmt.Sprint(st["result"]))))
					}
					return ids, said
				}
				first := r.ask("POST", "/v1/sessions", body, "Idempotency-Key: "+name)
				id := fmt.Sprint(first.body["sessionId"])
				if a := r.ask("POST", "/v1/sessions/"+id+"/steps", `{"steps":[{"action":"evaluate","expression":"1"},{"action":"evaluate","expression":"1"}]}`); a.status != 202 {
					t.Fatalf("%d %s", a.status, a.raw)
				}
				const long = 3 << 20 // two are more than a page
				if err := r.store.ChangeSession(t.Context(), r.project, id, func(c *domain.SessionChange) error {
					for _, st := range c.Open {
						st.Status, st.Result = domain.StepCompleted, json.RawMessage(`"`+strings.Repeat("x", long)+`"`)
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				again := r.ask("POST", "/v1/sessions", body, "Idempotency-Key: "+name)
				want, _ := steps(first)
				got, said := steps(again)
				if again.status != 201 || again.header.Get("Idempotency-Replayed") != "true" || !slices.Equal(got, want) || len(want) != strings.Count(body, "action") {
					t.Errorf("%d: the first answer has %v, the second %v", again.status, want, got)
				}
				whole, bare := fmt.Sprintf("COMPLETED %d", long), "COMPLETED "+fmt.Sprint(len("<nil>"))
				if all := []string{whole, whole, bare}; !slices.Equal(said, all[:len(want)]) {
					t.Errorf("they are %v", said)
				}
			})
		}
	})
}
