package webhook

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// FuzzRetryAfter: whatever a receiver asks for, the next try is neither before
// its time nor later than a day.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "5", "-1", "Tue, 24 Nov 2026 12:01:00 GMT", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if d := retryAfter(value, now); d < 0 || d > maxRetryAfter {
			t.Errorf("%q: %s", value, d)
		}
		answer := egress.Answer{StatusCode: 503, Header: http.Header{"Retry-After": {value}}}
		o := decide(domain.Delivery{Status: domain.DeliverySending}, schedule, answer, &egress.Error{Class: egress.ClassStatus}, now, now, 0)
		if wait := o.Delivery.NextAt.Sub(now); wait < schedule[0] || wait > maxRetryAfter {
			t.Errorf("%q: sent again after %s", value, wait)
		}
	})
}

// FuzzSettings: what the API accepts as an endpoint's settings is within its
// bounds, and picks the same events after it was stored.
func FuzzSettings(f *testing.F) {
	const metadata = `{"env":"prod","team":"a"}`
	for _, settings := range []string{
		`{"url":"https://example.com/hook","events":["*"]}`,
		`{"url":"https://example.com/hook","events":["step_*","browser_ready"],"filter":{"metadata":{"env":["prod","staging"],"team":["a"]}}}`,
		`{"url":"https://example.com/hook","events":["*"],"retrySchedule":[5000000000,604800000000000],"skipStale":true}`,
		`{"url":"https://example.com/hook","events":["*"],"retrySchedule":[],"secret":"whsec_x"}`,
		`{"url":"https://example.com/hook","events":["*"],"retrySchedule":[0,-1]}`,
		`{"url":"https://example.com","events":["**"],"filter":{"metadata":{"":[]}},"rateLimit":-1,"concurrency":1e9}`,
		`{"url":"https://example.com","events":[],"filter":{"metadata":null},"metadata":{"\u0000":"\ud800"}}`,
	} {
		f.Add(settings, metadata, string(domain.EventStepStarted))
	}
	s := NewService(nil, egress.NewGuard())
	f.Fuzz(func(t *testing.T, settings, metadata, event string) {
		var w, stored domain.EndpointSettings
		have := map[string]string{}
		if json.Unmarshal([]byte(settings), &w) != nil || json.Unmarshal([]byte(metadata), &have) != nil {
			return
		}
		w.Filter.Matches(have)
		w.Events.Matches(domain.EventType(event))
		if s.check("", &w) != nil {
			return
		}
		if len(w.Filter.Metadata) > maxFilter || len(w.Metadata) > domain.MaxMetadata || w.RateLimit < 0 || w.Concurrency < 0 || len(w.Events) == 0 {
			t.Fatalf("accepted: %+v", w)
		}
		for _, wait := range w.RetrySchedule {
			if wait < minRetryWait || wait > maxRetryWait || len(w.RetrySchedule) > maxRetries {
				t.Fatalf("accepted: %v", w.RetrySchedule)
			}
		}
		raw, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &stored); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(scheduleOf(&w), scheduleOf(&stored)) || w.SkipStale != stored.SkipStale {
			t.Fatalf("%s: tried after %v before it was stored and %v after", raw, scheduleOf(&w), scheduleOf(&stored))
		}
		e := domain.Event{Type: domain.EventType(event), Metadata: have}
		before, after := domain.Endpoint{EndpointSettings: w}, domain.Endpoint{EndpointSettings: stored}
		if before.Misses(&e) != after.Misses(&e) {
			t.Fatalf("%s: %q before it was stored and %q after", raw, before.Misses(&e), after.Misses(&e))
		}
		// A member more never lets through what one less didn't.
		stricter := w
		stricter.Filter.Metadata = map[string][]string{"there is none": {"x"}}
		for name, values := range w.Filter.Metadata {
			stricter.Filter.Metadata[name] = values
		}
		if stricter.Filter.Matches(have) && !w.Filter.Matches(have) {
			t.Fatalf("%s lets more through with a condition more", raw)
		}
	})
}

// FuzzSign: whatever the secret, the id and the body are, the header either
// isn't made or is verified by the official library and by nothing but ed25519.
func FuzzSign(f *testing.F) {
	f.Add([]byte("0123456789abcdef01234567"), "evt_1", int64(1764000000), []byte(`{"a":1}`))
	f.Add([]byte{0}, "a.b c,d", int64(-1), []byte("\x00\xff"))
	f.Add([]byte{}, "", int64(0), []byte{})
	f.Fuzz(func(t *testing.T, secret []byte, id string, unix int64, body []byte) {
		text := base64.StdEncoding.EncodeToString(secret)
		if _, err := newSigner([]domain.Secret{{Value: domain.PrivateKeyPrefix + text}}); (err == nil) != (len(secret) == ed25519.PrivateKeySize) {
			t.Fatalf("a private key of %d bytes: %v", len(secret), err)
		}
		_, _ = newSigner([]domain.Secret{{Value: string(secret)}}) // doesn't panic
		seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
		private := ed25519.NewKeyFromSeed(seed)
		s, err := newSigner([]domain.Secret{{Value: domain.SecretPrefix + text}, {Value: domain.PrivateKeyPrefix + base64.StdEncoding.EncodeToString(private)}})
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(unix, 0)
		header := s.sign(id, at, body)
		parts := strings.Split(header, " ")
		if len(parts) != 2 || !strings.HasPrefix(parts[0], "v1,") || !strings.HasPrefix(parts[1], "v1a,") {
			t.Fatalf("the header is %q", header)
		}
		signature, err := base64.StdEncoding.DecodeString(parts[1][len("v1a,"):])
		if err != nil || !ed25519.Verify(private.Public().(ed25519.PublicKey), []byte(id+"."+itoa(unix)+"."+string(body)), signature) {
			t.Errorf("v1a doesn't verify: %q", header)
		}
		hook, err := standardwebhooks.NewWebhookRaw(secret)
		if err != nil {
			return
		}
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {itoa(unix)}, "Webhook-Signature": {header}}
		if id != "" && hook.VerifyIgnoringTimestamp(body, h) != nil {
			t.Errorf("the library refuses %q", header)
		}
	})
}
