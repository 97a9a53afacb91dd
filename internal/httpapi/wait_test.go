package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/httpapi"
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
			"wait=99999999999999999999999999": "wait=60", "WAIT=7": "wait=7", "wait = 7": "wait=7", `wait="7"`: "wait=7", "wait=7;a=b, wait=8": "wait=7",
			`a="b, wait=1", wait=7`: "wait=7", "respond-async\nwait=7": "wait=7",
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

// TestAWaitThatIsNoneIsRefused: whoever sends it relies on it.
func TestAWaitThatIsNoneIsRefused(t *testing.T) {
	onBothStores(t, func(r *rig) {
		steps := "/v1/sessions/" + r.made("POST", "/v1/sessions", `{}`, "sessionId") + "/steps"
		for _, prefer := range []string{"wait", "wait=", "wait=a", "wait=-1", "wait=+1", "wait=1.5", "wait=1s", `wait="`, `wait="1`, "a\nwait=x"} {
			a := r.ask("POST", steps, `{"steps":[{"action":"reload"}]}`, "Prefer: "+prefer)
			if a.status != http.StatusUnprocessableEntity || a.field() != "Prefer" {
				t.Errorf("%s: %d %s", prefer, a.status, a.raw)
			}
		}
	})
}

// FuzzPrefer: whatever stands in the header, the wait is none that is too long,
// and what follows the first changes nothing.
func FuzzPrefer(f *testing.F) {
	for _, seed := range []string{"", "wait=1", `wait="1"`, "WAIT = 99999999999999999999", `a="b, wait=1";c, wait`, `"`, `a="\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if wait, err := httpapi.PreferWait(text); wait < 0 || wait > time.Minute || err != nil && wait != 0 {
			t.Errorf("%q: %s %v", text, wait, err)
		}
		if wait, err := httpapi.PreferWait("wait=7, " + text); wait != 7*time.Second || err != nil {
			t.Errorf("%q after another: %s %v", text, wait, err)
		}
	})
}
