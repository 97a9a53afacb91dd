package httpapi_test

import (
	"strings"
	"testing"
)

// TestBodiesAreReadStrictly: what the schema was asked about is what is read.
func TestBodiesAreReadStrictly(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		session := r.made("POST", "/v1/sessions", `{"viewport":{"width":800.0,"height":6e2}}`, "sessionId")
		steps := "/v1/sessions/" + session + "/steps"
		for _, tt := range []struct {
			name, target, body string
			status             int
			field              string
		}{
			{"a case variant beside the member", "/v1/sessions", `{"viewport":{"width":500,"Width":-5,"height":500}}`, 422, "viewport.Width"},
			{"a case variant alone", "/v1/sessions", `{"Viewport":{"width":500,"height":500}}`, 422, "Viewport"},
			{"a case variant in a step", steps, `{"steps":[{"action":"goto","URL":"file:///etc/passwd","url":"http://a.test/"}]}`, 422, "steps[0].URL"},
			{"a case variant in a field of extract", steps, `{"steps":[{"action":"extract","fields":{"a":{"target":"b","Type":"x"}}}]}`, 422, "steps[0].fields.a"},
			{"a case variant in a filter", "/v1/deliveries/cancel", `{"eventId":"evt_1","EventId":"evt_2"}`, 422, "EventId"},
			{"a member twice", "/v1/sessions", `{"viewport":{"width":500,"width":-5,"height":500}}`, 400, "viewport.width"},
			{"a member twice in metadata", "/v1/sessions", `{"metadata":{"0":"a","0":"b"}}`, 400, "metadata.0"},
			{"no UTF-8", "/v1/sessions", "{\"metadata\":{\"a\":\"\xff\"}}", 400, "metadata.a"},
			{"a lone surrogate", "/v1/sessions", `{"metadata":{"a":"\ud83d"}}`, 400, "metadata.a"},
			{"NUL", "/v1/sessions", `{"metadata":{"a":"\u0000"}}`, 422, "metadata.a"},
			{"NUL in a name", "/v1/sessions", `{"metadata":{"a\u0000":""}}`, 422, `metadata."a\x00"`},
			{"NUL in a step", steps, `{"steps":[{"action":"type","value":"a\u0000"}]}`, 422, "steps[0].value"},
			{"an integer of 1e400", "/v1/sessions", `{"viewport":{"width":1e400,"height":500}}`, 422, "viewport.width"},
			{"an integer of 1e9999999", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1/","rateLimit":1e9999999}`, 422, "rateLimit"},
			{"an integer of many digits", "/v1/webhook-endpoints", `{"url":"http://127.0.0.1/","rateLimit":` + strings.Repeat("9", 1000) + `}`, 422, "rateLimit"},
			{"an integer that no int holds", steps, `{"steps":[{"action":"reload"},{"action":"assert","target":"a","count":1e300}]}`, 422, "steps[1].count"},
			{"an integer that no float64 holds", steps, `{"steps":[{"action":"assert","target":"a","count":9007199254740993}]}`, 422, "steps[0].count"},
			{"a float64 out of range", steps, `{"steps":[{"action":"scroll","y":-1e999}]}`, 422, "steps[0].y"},
			{"deeper than 32", "/v1/sessions", `{"metadata":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, 400, ""},
			{"a second value", "/v1/sessions", `{}{}`, 400, ""},
			{"an unknown member", "/v1/sessions", `{"webhook":{"url":"http://127.0.0.1/","event":[]}}`, 422, "webhook.event"},
			{"a time that only a lax reader takes", "/v1/webhook-endpoints/x/recover", `{"since":"2026-01-01T00:00:00,5Z"}`, 422, "since"},
		} {
			a := r.ask("POST", tt.target, tt.body)
			if a.status != tt.status || a.field() != tt.field {
				t.Errorf("%s: %d %q %s", tt.name, a.status, a.field(), a.raw)
			}
		}
		if n := strings.Count(r.ask("GET", "/v1/sessions", "").raw, `"sessionId"`); n != 1 {
			t.Errorf("%d sessions were made", n)
		}
	})
}
