package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestHowAnEndpointDoes reads statistics that were counted, an event, and what a receiver
// makes of examples.
func TestHowAnEndpointDoes(t *testing.T) {
	var got string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Header.Get("Webhook-Id") + " " + string(body)
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "short and stout")
	}))
	t.Cleanup(receiver.Close)
	onBothStores(t, func(r *rig) {
		id := r.made("POST", "/v1/webhook-endpoints", `{"url":"`+receiver.URL+`"}`, "endpointId")
		at := "/v1/webhook-endpoints/" + id
		span := domain.EndpointSpan{Endpoint: domain.EndpointRef{ProjectID: r.project, ID: id}}
		span.From, span.Waiting = time.Now().Truncate(domain.StatsSpan), 7
		span.Note(&domain.Outcome{Delivery: domain.Delivery{Status: domain.DeliveryDelivered}, Attempt: domain.Attempt{ID: "att_a", Duration: time.Second}})
		if err := r.store.AddStats(t.Context(), []domain.EndpointSpan{span}); err != nil {
			t.Fatal(err)
		}
		for period, seconds := range map[string]string{"": "1800", "?period=1h": "300", "?period=7d": "7200"} {
			if a := r.ask("GET", at+"/stats"+period, ""); a.status != 200 || !strings.Contains(a.raw, `"barSeconds":`+seconds) || strings.Count(a.raw, `"succeeded":1,`) != 2 {
				t.Errorf("stats%s: %d %.300s", period, a.status, a.raw)
			}
		}
		for target, status := range map[string]int{at + "/stats?period=1y": 422, "/v1/webhook-endpoints/we_none/stats": 404} {
			if a := r.ask("GET", target, ""); a.status != status {
				t.Errorf("%s: %d %.200s", target, a.status, a.raw)
			}
		}
		a := r.ask("POST", at+"/send-example", `{"eventType":"step_failed"}`)
		if a.status != 200 || !strings.Contains(a.raw, `"delivered":false`) || !strings.Contains(a.raw, `"statusCode":418`) || !strings.Contains(a.raw, "short and stout") {
			t.Errorf("an example: %d %s", a.status, a.raw)
		}
		event, body, _ := strings.Cut(got, " ")
		if !strings.Contains(a.raw, `"eventId":"`+event+`"`) || !strings.Contains(body, `"id":"`+event+`"`) || !strings.Contains(body, `"eventType":"step_failed"`) {
			t.Errorf("sent %q, answered %s", got, a.raw)
		}
		if a := r.ask("GET", "/v1/events", ""); !strings.Contains(a.raw, `"data":[]`) {
			t.Errorf("the log has the example: %s", a.raw)
		}
		if a := r.ask("POST", at+"/send-example", `{"eventType":"step_danced"}`); a.status != 422 || a.field() != "eventType" {
			t.Errorf("an example of nothing: %d %s", a.status, a.raw)
		}
		r.ask("POST", at+"/test", "")
		log := r.ask("GET", "/v1/events", "").raw
		_, rest, _ := strings.Cut(log, `"id":"evt_`)
		one, _, _ := strings.Cut(rest, `"`)
		if a := r.ask("GET", "/v1/events/evt_"+one, ""); a.status != 200 || !strings.Contains(log, strings.TrimSpace(a.raw)) {
			t.Errorf("an event: %d %s, in the log %s", a.status, a.raw, log)
		}
		if a := r.ask("GET", "/v1/events/evt_none", ""); a.status != 404 {
			t.Errorf("no event: %d %s", a.status, a.raw)
		}
		if a := r.ask("POST", at+"/pause", ""); a.status != 200 {
			t.Fatal(a.raw)
		}
		if a := r.ask("POST", at+"/send-example", `{"eventType":"step_failed"}`); a.status != 409 {
			t.Errorf("an example for a paused endpoint: %d %s", a.status, a.raw)
		}
	})
}
