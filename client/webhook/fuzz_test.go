package webhook

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func formatUnix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// fuzzTime is when the seeds of the corpus were signed.
var fuzzTime = time.Unix(1_764_000_000, 0)

// FuzzVerify holds the verifier to the official library: what it accepts, that
// one accepts; and a good signature is found among whatever surrounds it.
func FuzzVerify(f *testing.F) {
	official, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		f.Fatal(err)
	}
	v, err := NewVerifier(secret)
	if err != nil {
		f.Fatal(err)
	}
	v.now = func() time.Time { return fuzzTime }
	good := signed(f, secret, "evt_1", fuzzTime, body)
	f.Add("evt_1", good.Get(HeaderTimestamp), good.Get(HeaderSignature), []byte(body))
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, content []byte) {
		h := http.Header{HeaderID: {id}, HeaderTimestamp: {timestamp}, HeaderSignature: {signature}}
		if v.Verify(content, h) == nil {
			if err := official.VerifyIgnoringTimestamp(content, h); err != nil {
				t.Errorf("accepted, and the official library says: %v", err)
			}
		}
		h = good.Clone()
		h.Set(HeaderSignature, signature+" "+good.Get(HeaderSignature)+" "+signature)
		if err := v.Verify([]byte(body), h); err != nil && !many(signature) {
			t.Errorf("a good signature is not found: %v", err)
		}
	})
}

// many says whether a signature after these may be one too many to be looked at.
func many(s string) bool { return len(s) >= maxSignatures-1 }

// FuzzParse never fails otherwise than by its error, and keeps what it was given.
func FuzzParse(f *testing.F) {
	f.Add([]byte(body))
	f.Fuzz(func(t *testing.T, content []byte) {
		e, err := Parse(content)
		if (err == nil) != (e.Data.EventType != "") || err == nil && string(e.Raw) != string(content) {
			t.Errorf("%+v, %v", e, err)
		}
	})
}
