package e2e

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// TestEndpointControls goes through what an operator can do about an endpoint,
// and asks at each turn why things are as they are.
func TestEndpointControls(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	do := func(method, path string, body any) harness.Object {
		t.Helper()
		got, err := c.Do(t.Context(), method, "/v1"+path, body)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	receiver, down := harness.NewReceiver(t), harness.NewReceiver(t)
	down.Answer = func(int64) int { return http.StatusInternalServerError }
	made := do("POST", "/webhook-endpoints", obj{
		"url": receiver.URL, "events": []string{"step_*", "webhook_test", "browser_closed"}, "ordered": true, "keyPair": true,
		"headers": []obj{{"name": "x-env", "value": "test"}, {"name": "Authorization", "value": "Bearer hidden", "secret": true}},
		"filter":  obj{"metadata": obj{"team": []string{"a"}}},
	})
	id := made.String("endpointId")
	if strings.Contains(raw(t, do("GET", "/webhook-endpoints/"+id, nil)), "hidden") {
		t.Error("a secret header is shown")
	}
	failing := do("POST", "/webhook-endpoints", obj{"url": down.URL, "events": []string{"step_completed"}}).String("endpointId")

	run := func(team string) string {
		t.Helper()
		s := do("POST", "/sessions", obj{"metadata": obj{"team": team}, "steps": []obj{{"action": "evaluate", "expression": "1"}, {"action": "evaluate", "expression": "2"}}})
		if _, err := c.WaitSession(t.Context(), s.String("sessionId"), "READY"); err != nil {
			t.Fatal(err)
		}
		return s.String("sessionId")
	}
	pause := do("POST", "/webhook-endpoints/"+id+"/pause", nil)
	if pause.String("status") != "PAUSED" {
		t.Errorf("paused: %v", pause)
	}
	session := run("a")
	other := run("b")
	steps := func(session string) []harness.Object {
		t.Helper()
		var done []harness.Object
		if err := harness.Until(t.Context(), func() (bool, error) {
			all, err := c.Do(t.Context(), "GET", "/v1/events?sessionId="+session+"&types=step_completed", nil)
			done = all.List("data")
			return len(done) == 2, err
		}); err != nil {
			t.Fatal(err)
		}
		return done
	}
	codes := func(event string) map[string]string {
		t.Helper()
		got := map[string]string{}
		for _, x := range do("GET", "/events/"+event+"/explain", nil).List("data") {
			got[x.String("endpointId")] = x.String("code")
			if !strings.HasSuffix(x.String("explanation"), ".") {
				t.Errorf("no sentence: %v", x)
			}
		}
		return got
	}
	completed, others := steps(session), steps(other)
	if got := codes(completed[0].String("id"))[id]; got != "endpoint_paused" {
		t.Errorf("while paused: %s", got)
	}
	if got := codes(others[0].String("id"))[id]; got != "filtered" {
		t.Errorf("another team's: %s", got)
	}
	if n := len(receiver.Deliveries()); n > 0 {
		t.Errorf("%d were sent while paused", n)
	}
	do("POST", "/webhook-endpoints/"+id+"/resume", nil)
	got := receiver.Wait(t, "four events", func(d []harness.Delivery) bool { return len(d) == 4 })
	var sequences []float64
	for _, d := range got {
		sequences = append(sequences, d.Event["sequence"].(float64))
		if d.Event.String("sessionId") != session || d.Header.Get("X-Env") != "test" || d.Header.Get("Authorization") != "Bearer hidden" {
			t.Errorf("got %v %s", d.Header, d.Body)
		}
		verifyAsymmetric(t, made.String("publicKey"), d)
	}
	if !slices.IsSorted(sequences) {
		t.Errorf("not in order: %v", sequences)
	}
	if err := harness.Until(t.Context(), func() (bool, error) { return codes(completed[0].String("id"))[id] == "delivered", nil }); err != nil {
		t.Errorf("after resuming: %v", codes(completed[0].String("id")))
	}

	// The other endpoint fails; what waits can be given up and sent again.
	if err := harness.Until(t.Context(), func() (bool, error) {
		return codes(completed[0].String("id"))[failing] == "retry_scheduled", nil
	}); err != nil {
		t.Errorf("of a failure: %v", codes(completed[0].String("id")))
	}
	if since := do("GET", "/webhook-endpoints/"+failing, nil).String("failingSince"); since == "" {
		t.Error("it is not said to be failing")
	}
	if n := do("POST", "/deliveries/cancel", obj{"endpointId": failing})["deliveries"]; n != 4.0 {
		t.Errorf("%v canceled", n)
	}
	if got := codes(completed[0].String("id"))[failing]; got != "requested" {
		t.Errorf("canceled: %s", got)
	}
	do("POST", "/webhook-endpoints/"+failing+"/disable", nil)
	third := run("c")
	missed := steps(third)
	if got := codes(missed[0].String("id"))[failing]; got != "endpoint_disabled" {
		t.Errorf("while disabled: %s", got)
	}
	do("POST", "/webhook-endpoints/"+failing+"/enable", nil)
	do("PATCH", "/webhook-endpoints/"+failing, obj{"url": receiver.URL})
	if n := do("POST", "/webhook-endpoints/"+failing+"/recover", obj{"since": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)})["deliveries"]; n != 6.0 {
		t.Errorf("%v recovered", n)
	}
	receiver.Wait(t, "what was missed", func(d []harness.Delivery) bool { return len(d) == 10 })

	// The key is published; a rotation has both keys sign for as long as asked.
	keys := httpGet(t, server.URL+"/.well-known/jwks.json").List("keys")
	if len(keys) != 1 || keys[0].String("kid") != made.String("publicKeyId") || made.String("publicKeyId") == "" || keys[0].String("crv") != "Ed25519" {
		t.Errorf("keys: %v", keys)
	} else if x, err := base64.RawURLEncoding.DecodeString(keys[0].String("x")); err != nil {
		t.Errorf("x: %v", err)
	} else {
		verifyAsymmetric(t, "whpk_"+base64.StdEncoding.EncodeToString(x), receiver.Deliveries()[0])
	}
	rotated := do("POST", "/webhook-endpoints/"+id+"/rotate-secret", obj{"overlap": "1h"})
	if rotated.String("secret") == made.String("secret") || rotated.String("publicKey") == made.String("publicKey") {
		t.Error("nothing was rotated")
	}
	seen := len(receiver.Deliveries())
	do("POST", "/webhook-endpoints/"+id+"/test", nil)
	d := receiver.Wait(t, "a test", func(d []harness.Delivery) bool { return len(d) > seen })[seen]
	verifyAsymmetric(t, made.String("publicKey"), d)
	verifyAsymmetric(t, rotated.String("publicKey"), d)
	if n := len(strings.Fields(d.Header.Get("webhook-signature"))); n != 4 {
		t.Errorf("%d signatures, want those of two secrets and two keys", n)
	}
	if n := len(httpGet(t, server.URL+"/.well-known/jwks.json").List("keys")); n != 2 {
		t.Errorf("%d keys published", n)
	}
}

// verifyAsymmetric checks a v1a signature by nothing but the specification:
// ed25519 over "id.timestamp.body", base64, one of several separated by spaces.
func verifyAsymmetric(t *testing.T, public string, d harness.Delivery) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(public, "whpk_"))
	if err != nil || len(key) != ed25519.PublicKeySize {
		t.Fatalf("%q is not a public key", public)
	}
	signed := d.Header.Get("webhook-id") + "." + d.Header.Get("webhook-timestamp") + "." + string(d.Body)
	for _, part := range strings.Fields(d.Header.Get("webhook-signature")) {
		text, ok := strings.CutPrefix(part, "v1a,")
		signature, err := base64.StdEncoding.DecodeString(text)
		if ok && err == nil && ed25519.Verify(key, []byte(signed), signature) {
			return
		}
	}
	t.Errorf("no v1a signature verifies: %s", d.Header.Get("webhook-signature"))
}

func httpGet(t *testing.T, url string) harness.Object {
	t.Helper()
	got, err := (&harness.Client{URL: url}).Do(t.Context(), http.MethodGet, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func raw(t *testing.T, o harness.Object) string {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
