package httpapi_test

import (
	"net/http"
	"testing"
	"time"
)

// waiting asks for a step of a session that never gets a browser, and to wait
// for it. It returns when the request waits.
func (r *rig) waiting(session, prefer string) <-chan reply {
	r.t.Helper()
	path := "/v1/sessions/" + session + "/steps"
	answered := make(chan reply, 1)
	go func() { answered <- r.ask("POST", path, `{"steps":[{"action":"reload"}]}`, "Prefer: "+prefer) }()
	for steps := []any(nil); len(steps) == 0; <-time.After(time.Millisecond) {
		steps, _ = r.ask("GET", path, "").body["data"].([]any)
	}
	return answered
}

// TestAWaitIsBoundedAndSaysSo: nobody waits longer than a minute, and the answer
// names the time that counted.
func TestAWaitIsBoundedAndSaysSo(t *testing.T) {
	onBothStores(t, func(r *rig) {
		for prefer, applied := range map[string]string{
			"wait=61": "wait=60", "wait=99999999999": "wait=60", "wait=60": "wait=60", "respond-async, wait=30": "wait=30",
		} {
			session := r.made("POST", "/v1/sessions", `{}`, "sessionId")
			answered := r.waiting(session, prefer)
			r.ask("DELETE", "/v1/sessions/"+session, "") // so that it needn't be waited for
			if a := <-answered; a.status != http.StatusOK || a.header.Get("Preference-Applied") != applied {
				t.Errorf("%s: %d %q %s", prefer, a.status, a.header.Get("Preference-Applied"), a.raw)
			}
		}
	})
}

// TestWaitingRequestsGetTheir202WhenTheServerStops, with the steps as they are.
func TestWaitingRequestsGetTheir202WhenTheServerStops(t *testing.T) {
	onBothStores(t, func(r *rig) {
		answered := r.waiting(r.made("POST", "/v1/sessions", `{}`, "sessionId"), "wait=60")
		r.drain()
		a := <-answered
		steps, _ := a.body["data"].([]any)
		if a.status != http.StatusAccepted || len(steps) != 1 || steps[0].(map[string]any)["status"] != "PENDING" {
			t.Errorf("%d %s", a.status, a.raw)
		}
	})
}
