package webhook

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwzJGRsFSY4Us="
	other  = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAAAAAAAAAAA="
	body   = `{"sessionId":"browser_iwnx132n1","type":"browser","data":{"eventType":"browser_ready","status":"READY"}}`
)

// signed is a request's header as the official library makes it.
func signed(t testing.TB, secret, id string, at time.Time, body string) http.Header {
	t.Helper()
	hook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := hook.Sign(id, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, formatUnix(at))
	h.Set(HeaderSignature, signature)
	return h
}

func TestVerify(t *testing.T) {
	now := time.Now()
	with := func(name, value string) func(http.Header) {
		return func(h http.Header) { h.Set(name, value) }
	}
	after := func(d time.Duration) http.Header { return signed(t, secret, "evt_1", now.Add(d), body) }
	for _, c := range []struct {
		name    string
		secrets []string
		header  http.Header
		change  func(http.Header)
		body    string
		want    error
	}{
		{name: "as the official library signs it"},
		{name: "another body", body: body + " ", want: ErrSignature},
		{name: "no body", body: "{}", want: ErrSignature},
		{name: "another secret", secrets: []string{other}, want: ErrSignature},
		{name: "one of two secrets", secrets: []string{other, secret}},
		{name: "another id", change: with(HeaderID, "evt_2"), want: ErrSignature},
		{name: "another time", change: with(HeaderTimestamp, formatUnix(now.Add(time.Second))), want: ErrSignature},
		{name: "no id", change: with(HeaderID, ""), want: ErrHeader},
		{name: "no time", change: with(HeaderTimestamp, ""), want: ErrHeader},
		{name: "no signature", change: with(HeaderSignature, ""), want: ErrHeader},
		{name: "a dot in the id", header: signed(t, secret, "evt.1", now, body), want: ErrHeader},
		{name: "a time that is none", change: with(HeaderTimestamp, "now"), want: ErrHeader},
		{name: "a time with a sign", change: with(HeaderTimestamp, "+"+formatUnix(now)), want: ErrHeader},
		{name: "a negative time", change: with(HeaderTimestamp, "-9223372036854775808"), want: ErrHeader},
		{name: "the last time there is", change: with(HeaderTimestamp, "9223372036854775807"), want: ErrTooNew},
		{name: "the first time there is", change: with(HeaderTimestamp, "0"), want: ErrTooOld},
		{name: "almost too old", header: after(-DefaultTolerance + 5*time.Second)},
		{name: "too old", header: after(-DefaultTolerance - 5*time.Second), want: ErrTooOld},
		{name: "almost too new", header: after(DefaultTolerance - 5*time.Second)},
		{name: "too new", header: after(DefaultTolerance + 5*time.Second), want: ErrTooNew},
		{name: "a signature of another version", change: with(HeaderSignature, "v2,AAAA"), want: ErrSignature},
		{name: "a signature without a version", change: func(h http.Header) {
			h.Set(HeaderSignature, strings.TrimPrefix(h.Get(HeaderSignature), "v1,"))
		}, want: ErrSignature},
		{name: "the right one as v1a", change: func(h http.Header) {
			h.Set(HeaderSignature, strings.Replace(h.Get(HeaderSignature), "v1,", "v1a,", 1))
		}, want: ErrSignature},
		{name: "an empty signature", change: with(HeaderSignature, "v1,"), want: ErrSignature},
		{name: "nothing but spaces", change: with(HeaderSignature, "   "), want: ErrSignature},
		{name: "the right one after others", change: func(h http.Header) {
			h.Set(HeaderSignature, "v1,AAAA v2,? v1a,AAAA , v1 "+h.Get(HeaderSignature))
		}},
		{name: "very many", change: func(h http.Header) {
			h.Set(HeaderSignature, strings.Repeat("v1a,AAAA ", 100)+h.Get(HeaderSignature))
		}, want: ErrHeader},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, b, secrets := c.header, body, []string{secret}
			if h == nil {
				h = signed(t, secret, "evt_1", now, body)
			}
			if c.change != nil {
				c.change(h)
			}
			if c.body != "" {
				b = c.body
			}
			if c.secrets != nil {
				secrets = c.secrets
			}
			if err := Verify([]byte(b), h, secrets...); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestVerifyByPublicKey signs as the specification of v1a says.
func TestVerifyByPublicKey(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := signed(t, secret, "evt_1", time.Now(), body)
	message := "evt_1." + h.Get(HeaderTimestamp) + "." + body
	symmetric := h.Get(HeaderSignature)
	asymmetric := "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(message)))
	key := "whpk_" + base64.StdEncoding.EncodeToString(public)
	for _, c := range []struct {
		name, signature, secret string
		ok                      bool
	}{
		{"both, by the key", symmetric + " " + asymmetric, key, true},
		{"both, by the secret", asymmetric + " " + symmetric, secret, true},
		{"the other kind alone", symmetric, key, false},
		{"not as v1", "v1," + asymmetric[4:], key, false},
		{"cut off", asymmetric[:50], key, false},
	} {
		h.Set(HeaderSignature, c.signature)
		if err := Verify([]byte(body), h, c.secret); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	h.Set(HeaderSignature, asymmetric)
	if err := Verify([]byte(body+" "), h, key); !errors.Is(err, ErrSignature) {
		t.Errorf("with another body: %v", err)
	}
}

func TestTolerance(t *testing.T) {
	v, err := NewVerifier(secret)
	if err != nil {
		t.Fatal(err)
	}
	v.Tolerance = time.Hour
	if err := v.Verify([]byte(body), signed(t, secret, "evt_1", time.Now().Add(-50*time.Minute), body)); err != nil {
		t.Error(err)
	}
	v.Tolerance = time.Minute
	err = v.Verify([]byte(body), signed(t, secret, "evt_1", time.Now().Add(-90*time.Minute), body))
	if !errors.Is(err, ErrTooOld) || !strings.Contains(err.Error(), "1h30m") {
		t.Error(err)
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	for secret, want := range map[string]string{
		"":              "secret 1: is empty",
		"whsec_":        "has 0 bytes",
		"whsec_AAAA":    "has 3 bytes",
		"whsec_?":       "is not whsec_ and base64",
		"whpk_AAAA":     "is not whpk_ and the base64",
		"whsk_" + "AAA": "is a private key",
	} {
		if _, err := NewVerifier(secret); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", secret, err)
		}
	}
	if _, err := NewVerifier(); err == nil {
		t.Error("a verifier needs a secret")
	}
	if _, err := NewVerifier(strings.TrimPrefix(secret, "whsec_") + "\n"); err != nil {
		t.Errorf("as the libraries take it, without the prefix: %v", err)
	}
}
