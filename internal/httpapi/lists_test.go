package httpapi_test

import (
	"strings"
	"testing"
)

// TestListsInRequestsAreBounded: what every event is matched with is short,
// whatever the body may hold.
func TestListsInRequestsAreBounded(t *testing.T) {
	onBothStores(t, func(r *rig) {
		const hooks = "/v1/webhook-endpoints"
		endpoint := r.made("POST", hooks, `{"url":"http://127.0.0.1:1/"}`, "endpointId")
		list := func(item string, n int) string {
			return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
		}
		many, long := list(`"webhook_test"`, 45_000), strings.Repeat("x", 600)
		for _, tt := range []struct{ method, target, body, field string }{
			{"POST", hooks, `{"url":"http://127.0.0.1:1/","events":` + many + `}`, "events"},
			{"POST", hooks, `{"url":"http://127.0.0.1:1/","events":["step_*","step_*"]}`, "events[1]"},
			{"PATCH", hooks + "/" + endpoint, `{"events":` + many + `}`, "events"},
			{"PATCH", hooks + "/" + endpoint, `{"events":["step_*","step_*"]}`, "events[1]"},
			{"POST", "/v1/sessions", `{"webhook":{"url":"http://127.0.0.1:1/","events":` + many + `}}`, "webhook.events"},
			{"POST", "/v1/sessions", `{"webhook":{"url":"http://127.0.0.1:1/","events":["*","*"]}}`, "webhook.events[1]"},
			{"PATCH", hooks + "/" + endpoint, `{"filter":{"metadata":{"` + long + `":["a"]}}}`, "filter.metadata"},
			{"PATCH", hooks + "/" + endpoint, `{"filter":{"metadata":{"a":["` + long + `"]}}}`, "filter.metadata.a[0]"},
			{"PATCH", hooks + "/" + endpoint, `{"filter":{"metadata":{"a":` + list(`"b"`, 21) + `}}}`, "filter.metadata.a"},
			{"PATCH", hooks + "/" + endpoint, `{"headers":` + list(`{"name":"X-A","value":"b"}`, 21) + `}`, "headers"},
			{"GET", "/v1/events?types=" + strings.TrimSuffix(strings.Repeat("step_failed,", 100), ","), "", "types"},
			{"GET", "/v1/events?types=" + strings.TrimSuffix(strings.Repeat("step_failed&types=", 100), "&types="), "", "types"},
		} {
			if a := r.ask(tt.method, tt.target, tt.body); a.status != 422 || a.field() != tt.field {
				t.Errorf("%s %s %.60s: %d %.200s", tt.method, tt.target[:min(len(tt.target), 40)], tt.body, a.status, a.raw)
			}
		}
	})
}
