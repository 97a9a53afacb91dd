package httpapi_test

import (
	"testing"
)

// TestAddressesAreStoredAsTheyGoOut: what is shown of an address is what is
// asked for.
func TestAddressesAreStoredAsTheyGoOut(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		const given, want = "HTTP://127.0.0.1:1/a b?c=d e&f=50%", "http://127.0.0.1:1/a%20b?c=d%20e&f=50%25"
		first := func(a reply, list string) object {
			some, _ := a.body[list].([]any)
			if len(some) == 0 {
				t.Fatalf("%d %s", a.status, a.raw)
			}
			return some[0].(object)
		}
		for name, got := range map[string]func() any{
			"endpoint": func() any {
				id := r.made("POST", "/v1/webhook-endpoints", `{"url":"`+given+`"}`, "endpointId")
				return r.ask("GET", "/v1/webhook-endpoints/"+id, "").body["url"]
			},
			"changed endpoint": func() any {
				id := r.made("POST", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1:1/"}`, "endpointId")
				return r.ask("PATCH", "/v1/webhook-endpoints/"+id, `{"url":"`+given+`"}`).body["url"]
			},
			"inline webhook": func() any {
				return r.ask("POST", "/v1/sessions", `{"webhook":{"url":"`+given+`"}}`).body["webhook"].(object)["url"]
			},
			"session": func() any { return r.ask("POST", "/v1/sessions", `{"url":"`+given+`"}`).body["url"] },
			"session's first step": func() any {
				id := r.made("POST", "/v1/sessions", `{"url":"`+given+`"}`, "sessionId")
				return first(r.ask("GET", "/v1/sessions/"+id+"/steps", ""), "data")["step"].(object)["url"]
			},
			"goto": func() any {
				return first(r.ask("POST", "/v1/sessions", `{"steps":[{"action":"goto","url":"`+given+`"}]}`), "steps")["step"].(object)["url"]
			},
			"cookie": func() any {
				a := r.ask("POST", "/v1/sessions", `{"steps":[{"action":"setCookies","cookies":[{"name":"a","value":"b","url":"`+given+`"}]}]}`)
				return first(a, "steps")["step"].(object)["cookies"].([]any)[0].(object)["url"]
			},
		} {
			if got := got(); got != want {
				t.Errorf("%s: %v, want %s", name, got, want)
			}
		}
		for _, url := range []string{"data:text/html,<p>a b", "about:blank"} {
			if a := r.ask("POST", "/v1/sessions", `{"url":"`+url+`"}`); a.body["url"] != url {
				t.Errorf("%s: %d %s", url, a.status, a.raw)
			}
		}
	})
}
