package httpapi_test

import (
	"strings"
	"testing"
)

// TestWhatIsPolledIsSentOnce: an answer that the caller has already isn't sent
// again, until it is another.
func TestWhatIsPolledIsSentOnce(t *testing.T) {
	onBothStores(t, func(r *rig) {
		session := r.made("POST", "/v1/sessions", `{"steps":[{"action":"reload"}]}`, "sessionId")
		r.made("DELETE", "/v1/sessions/"+session, "", "sessionId")
		r.wait("browser_closed") // nothing changes any more
		endpoint := r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`, "endpointId")
		for _, target := range []string{
			"/v1/sessions/" + session, "/v1/sessions/" + session + "/steps", "/v1/sessions", "/v1/webhook-endpoints/" + endpoint,
			"/v1/deliveries", "/v1/event-types", "/v1/events?cursor=beginning&sessionId=" + session,
		} {
			first := r.ask("GET", target, "")
			tag := first.header.Get("ETag")
			if first.status != 200 || !strings.HasPrefix(tag, `"`) {
				t.Errorf("%s: %d %q", target, first.status, tag)
				continue
			}
			for _, seen := range []string{tag, "W/" + tag, `"other", ` + tag, `"other"` + "\n" + tag, "*"} {
				again := r.ask("GET", target, "", "If-None-Match: "+seen)
				if again.status != 304 || again.raw != "" || again.header.Get("ETag") != tag || again.header.Get("Content-Type") != "" {
					t.Errorf("%s, seen %s: %d %q %v", target, seen, again.status, again.raw, again.header)
				}
			}
			if other := r.ask("GET", target, "", `If-None-Match: "other"`); other.status != 200 || other.raw != first.raw {
				t.Errorf("%s: %d %s", target, other.status, other.raw)
			}
		}
		tag := r.ask("GET", "/v1/webhook-endpoints/"+endpoint, "").header.Get("ETag")
		r.ask("PATCH", "/v1/webhook-endpoints/"+endpoint, `{"description":"another"}`)
		if a := r.ask("GET", "/v1/webhook-endpoints/"+endpoint, "", "If-None-Match: "+tag); a.status != 200 || a.body["description"] != "another" {
			t.Errorf("one that has changed: %d %s", a.status, a.raw)
		}
		if a := r.ask("GET", "/v1/sessions/browser_none", "", "If-None-Match: *"); a.status != 404 || a.header.Get("ETag") != "" {
			t.Errorf("one that there isn't: %d %v", a.status, a.header)
		}
	})
}
