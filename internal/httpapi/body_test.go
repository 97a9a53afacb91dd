package httpapi_test

import (
	"fmt"
	"runtime"
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

// TestWhatABadBodyCostsIsBounded: an error for each of a hundred thousand
// values, each with a path as long as its body, made an answer of 206 MB, and
// half a minute of work.
func TestWhatABadBodyCostsIsBounded(t *testing.T) {
	list := func(n int, one string) string { return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]" }
	own := func(name string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%s%d":1`, name, i)
		}
		return "{" + strings.TrimPrefix(b.String(), ",") + "}"
	}
	onBothStores(t, func(r *rig) {
		t := r.t
		for name, body := range map[string]string{
			"many values":              `{"events":` + list(100_000, "1") + `}`,
			"as many as are taken":     `{"events":` + list(49_000, "1") + `}`,
			"a long name":              `{"filter":{"metadata":{"` + strings.Repeat("n", 100_000) + `":` + list(10_000, `""`) + `}},"nope":1}`,
			"names as long as allowed": `{"filter":{"metadata":{"` + strings.Repeat("n", 256) + `":` + list(49_000, "1") + `}}}`,
			"nulls in them":            `{"filter":{"metadata":{"` + strings.Repeat("n", 256) + `":` + list(49_000, "null") + `}}}`,
			"names with dots":          `{"metadata":` + own(strings.Repeat("n", 50)+".", 10_000) + `}`,
			"names with brackets":      `{"metadata":` + own(strings.Repeat("n", 50)+"[", 10_000) + `}`,
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a := r.ask("POST", "/v1/webhook-endpoints", body)
			runtime.ReadMemStats(&after)
			if a.status/100 != 4 || len(a.raw) > 20_000 {
				t.Errorf("%s: %d, an answer of %d bytes", name, a.status, len(a.raw))
			}
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 200 {
				t.Errorf("%s: took %d MB", name, mb)
			}
		}
	})
}

// TestDotsInNamesOfTheUsersOwn don't lead paths astray.
func TestDotsInNamesOfTheUsersOwn(t *testing.T) {
	onBothStores(t, func(r *rig) {
		t := r.t
		for body, field := range map[string]string{
			`{"metadata":{"a.b":"x","c[0]":"y"},"onError":"shrug"}`: "onError", `{"metadata":{"a.b[1]":7}}`: "metadata.a.b[1]",
			`{"metadata":{"a.b":null}}`: "metadata.a.b", `{"metadata":{"a.b":"\u0000"}}`: "metadata.a.b",
		} {
			if a := r.ask("POST", "/v1/sessions", body); a.status != 422 || a.field() != field {
				t.Errorf("%s: %d %s", body, a.status, a.raw)
			}
		}
		a := r.ask("POST", "/v1/sessions", `{"metadata":{"a.b":"x","c[0]":"y"}}`)
		if a.status != 201 || fmt.Sprint(a.body["metadata"]) != "map[a.b:x c[0]:y]" {
			t.Errorf("%d %s", a.status, a.raw)
		}
	})
}

// TestAGetTakesNoBody, as no route does that isn't described with one: whoever
// puts the parameters there is told.
func TestAGetTakesNoBody(t *testing.T) {
	onBothStores(t, func(r *rig) {
		for _, path := range []string{"/v1/sessions", "/v1/sessions/none/steps", "/v1/events"} {
			for _, accept := range []string{"application/json", "text/event-stream"} {
				for _, tt := range []struct {
					body, kind string
					status     int
					field      string
				}{
					{`{"limit":1}`, "application/json", 422, "limit"},
					{`[1]`, "application/json", 422, ""},
					{`{`, "application/json", 400, ""},
					{`limit=1`, "text/plain", 415, ""},
					{strings.Repeat(" ", 1<<20+1), "application/json", 413, ""},
				} {
					a := r.ask("GET", path, tt.body, "Content-Type: "+tt.kind, "Accept: "+accept)
					if a.status != tt.status || a.field() != tt.field {
						r.t.Errorf("GET %s with %.20s for %s: %d %.300s", path, tt.body, accept, a.status, a.raw)
					}
				}
			}
		}
		if a := r.ask("GET", "/v1/sessions", ""); a.status != 200 {
			r.t.Errorf("without one: %d %s", a.status, a.raw)
		}
	})
}
