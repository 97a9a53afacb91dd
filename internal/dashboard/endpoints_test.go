package dashboard

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// hooks is an API with one endpoint, which fails now and then, and what was sent to it.
func hooks(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	at := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	endpoint := map[string]any{
		"endpointId": "we_a", "url": "https://example.com/<hook>", "events": []string{"*"}, "status": "ENABLED", "failingSince": at, "metadata": map[string]string{}, "createdAt": at,
	}
	delivery := map[string]any{"deliveryId": "dlv_a", "eventId": "evt_a", "eventType": "step_failed", "endpointId": "we_a", "status": "FAILED", "attempts": 2, "createdAt": at}
	answer := map[string]any{}
	list := func(all ...any) { answer = map[string]any{"data": all} }
	switch path := strings.TrimPrefix(r.URL.Path, "/v1"); r.Method + " " + path {
	case "GET /webhook-endpoints":
		if r.URL.Query().Get("stats") == "24h" {
			endpoint["stats"] = map[string]any{"period": "24h", "waiting": 10_000, "total": map[string]any{"from": at, "succeeded": 66_000, "failed": 6}}
		}
		list(endpoint)
	case "GET /webhook-endpoints/we_a":
		answer = endpoint
	case "POST /webhook-endpoints", "POST /webhook-endpoints/we_a/rotate-secret":
		endpoint["secret"] = "whsec_once"
		answer = endpoint
	case "GET /webhook-endpoints/we_a/stats":
		bars := []any{}
		for i := range 12 {
			bars = append(bars, map[string]any{"from": at, "succeeded": 1000 * i, "failed": i % 2, "medianMs": 20, "p95Ms": 80, "waiting": i})
		}
		answer = map[string]any{"period": "1h", "barSeconds": 300, "bars": bars, "waiting": 10_000, "total": map[string]any{"from": at, "succeeded": 66_000, "failed": 6, "medianMs": 20, "p95Ms": 80}}
	case "POST /webhook-endpoints/we_a/recover":
		answer = map[string]any{"deliveries": 1234}
	case "POST /webhook-endpoints/we_a/send-example":
		answer = map[string]any{"eventId": "evt_x", "delivered": false, "statusCode": 418, "durationMs": 7, "response": "<b>short</b>", "startedAt": at, "error": "It answered 418."}
	case "GET /deliveries":
		list(delivery)
	case "GET /deliveries/dlv_a":
		answer = delivery
	case "GET /deliveries/dlv_a/explain":
		answer = map[string]any{"code": "exhausted", "explanation": "It was given up after 2 attempts.", "endpointId": "we_a"}
	case "GET /deliveries/dlv_a/attempts":
		list(map[string]any{"attemptId": "att_1", "number": 1, "startedAt": at, "durationMs": 15_000, "errorClass": "timeout", "error": "No answer."},
			map[string]any{"attemptId": "att_2", "number": 2, "startedAt": at, "durationMs": 9, "statusCode": 500, "errorClass": "status", "response": "<i>no</i>"})
	case "GET /events/evt_a":
		_, _ = io.WriteString(w, `{"sessionId":"browser_a","type":"step","data":{"eventType":"step_failed"},"id":"evt_a","timestamp":"`+at+`","sequence":1}`)
		return
	case "GET /event-types":
		list(map[string]any{"type": "step_failed", "kind": "step", "schema": map[string]any{"type": "object"}, "example": map[string]any{"a": 1}})
	case "POST /keys":
		answer = map[string]any{"keyId": "key_b", "key": "bh_once", "name": "ci", "role": "viewer", "createdAt": at}
	case "GET /keys":
		list(map[string]any{"keyId": "key_b", "name": "ci", "role": "viewer", "prefix": "bh_abcd", "projectId": "proj_a", "createdAt": at})
	case "GET /projects":
		list(map[string]any{"projectId": "proj_a", "name": "shop", "createdAt": at, "sessions": 5})
	case "GET /nodes":
		list(map[string]any{"nodeId": "node_1", "state": "READY", "sessions": 2, "freeSlots": 3, "startedAt": at, "lastSeen": at})
	default:
		w.WriteHeader(http.StatusNotFound)
		answer = map[string]any{"status": 404, "code": "not_found", "title": "Not found"}
	}
	if json.NewEncoder(w).Encode(answer) != nil {
		panic(fmt.Sprintf("%v", answer))
	}
}

// TestPagesOfWebhooks: what each says of an endpoint that fails, and what its form does.
func TestPagesOfWebhooks(t *testing.T) {
	h := open(t, domain.RoleOperator, hooks)
	token := h.signIn()
	for _, tt := range []struct {
		method, path string
		form         url.Values
		has          []string
	}{
		{"GET", "/webhooks", nil, []string{"https://example.com/&lt;hook&gt;", `data-status="failing"`, "99.9 %", "10,000 or more"}},
		{"GET", "/webhooks/we_a?period=1h&status=FAILED", nil, []string{
			`<svg class="plot" role="img"`, "66,000 attempts succeeded and 6 failed.", "Half of the attempts took 20 ms at most", "As a table", "Retry all that failed", "status=FAILED", "Nothing has been delivered since",
		}},
		{"GET", "/webhooks/we_a?sent=1234", nil, []string{"1,234 deliveries are sent again", "<progress"}},
		{"GET", "/webhooks/we_a?sent=0", nil, []string{"There was nothing to send again."}},
		{"GET", "/deliveries/dlv_a", nil, []string{"It was given up after 2 attempts.", "timeout", "&lt;i&gt;no&lt;/i&gt;", "webhook-id: evt_a", "Send again", `&#34;step_failed&#34;`}},
		{"GET", "/event-types", nil, []string{"step_failed"}},
		{"GET", "/event-types/step_failed?to=we_a", nil, []string{"Send me this", `value="we_a" selected`, "JSON Schema"}},
		{"POST", "/event-types/step_failed/send", url.Values{"to": {"we_a"}}, []string{"It was answered 418 after 7 ms.", "&lt;b&gt;short&lt;/b&gt;"}},
		{"POST", "/webhooks", url.Values{"url": {"https://example.com"}}, []string{"whsec_once", "not again"}},
		{"POST", "/webhooks/we_a/rotate-secret", url.Values{"overlap": {"1h"}}, []string{"whsec_once", "for 1h"}},
		{"POST", "/keys", url.Values{"name": {"ci"}}, []string{"bh_once"}},
		{"GET", "/keys", nil, []string{"ci", "shop", "Revoke"}},
		{"GET", "/projects", nil, []string{"shop", `value="5"`}},
		{"GET", "/nodes", nil, []string{"<meter", "2 of 5"}},
	} {
		res, body := h.ask(tt.method, tt.path, tt.form, token)
		if res.StatusCode != http.StatusOK || len(body) > 150_000 {
			t.Errorf("%s %s: %d, %d bytes", tt.method, tt.path, res.StatusCode, len(body))
		}
		for _, want := range tt.has {
			if !strings.Contains(body, want) {
				t.Errorf("%s %s doesn't say %q", tt.method, tt.path, want)
			}
		}
		if strings.Contains(body, "whsec_once") != (tt.method == "POST" && strings.HasPrefix(tt.path, "/webhooks")) {
			t.Errorf("%s %s: the secret is where it isn't made, or not where it is", tt.method, tt.path)
		}
	}
	res, _ := h.ask("POST", "/webhooks/we_a/recover", url.Values{"back": {"24h"}}, token)
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != "/webhooks/we_a?sent=1234" {
		t.Errorf("recovered: %d to %s", res.StatusCode, to)
	}
	for path, form := range map[string]url.Values{"/webhooks/we_a/recover": {"back": {"yesterday"}}, "/webhooks/we_a/state": {"do": {"dance"}}, "/projects/proj_a/limit": {"sessions": {"many"}}, "/event-types/step_failed/send": {}} {
		if res, body := h.ask("POST", path, form, token); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s %v: %d %.200s", path, form, res.StatusCode, body)
		}
	}
}
