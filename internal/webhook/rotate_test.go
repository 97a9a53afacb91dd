package webhook

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// TestRotationNeverDropsALiveSecret rotates at any time, with any overlap: each
// secret signs exactly as long as was said when it was replaced, a rotation is
// refused only when there is no room, and then the time that it names is the
// first at which it works.
func TestRotationNeverDropsALiveSecret(t *testing.T) {
	type turn struct{ wait, overlap time.Duration }
	turns := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) turn {
		return turn{
			rapid.SampledFrom([]time.Duration{0, time.Nanosecond, time.Second, 7 * time.Minute, time.Hour}).Draw(r, "wait"),
			rapid.SampledFrom([]time.Duration{0, time.Second, 10 * time.Minute, 3 * time.Hour, defaultOverlap}).Draw(r, "overlap"),
		}
	}), 1, 40)
	rapid.Check(t, func(r *rapid.T) {
		secrets := []domain.Secret{{Value: NewSecret()}}
		keyPair := rapid.Bool().Draw(r, "keyPair")
		if keyPair {
			secrets = append(secrets, domain.Secret{Value: NewPrivateKey()})
		}
		now := time.Date(2026, 3, 4, 5, 6, 7, 891_234_567, time.UTC)
		promised := map[string]time.Time{} // of those that were replaced
		for _, turn := range turns.Draw(r, "turns") {
			now = now.Add(turn.wait)
			before := slices.Clone(secrets)
			after, err := rotate(secrets, turn.overlap, now)
			if err != nil {
				e, ok := errors.AsType[*domain.Error](err)
				if !ok || e.Code != domain.CodeConflict || !e.RetryAt.After(now) {
					r.Fatalf("refused with %v", err)
				}
				if _, err := rotate(before, turn.overlap, e.RetryAt.Add(-time.Nanosecond)); err == nil {
					r.Fatalf("it works before %s", e.RetryAt)
				}
				if _, err := rotate(before, turn.overlap, e.RetryAt); err != nil {
					r.Fatalf("it doesn't work at %s: %v", e.RetryAt, err)
				}
				continue
			}
			secrets = after
			for _, old := range before {
				if old.ExpiresAt.IsZero() {
					promised[old.Value] = now.Add(turn.overlap)
				}
			}
			maps.DeleteFunc(promised, func(_ string, until time.Time) bool { return !now.Before(until) })
			live := map[string]time.Time{}
			count := map[bool]int{}
			for _, secret := range secrets {
				count[strings.HasPrefix(secret.Value, domain.PrivateKeyPrefix)]++
				if !secret.ExpiresAt.IsZero() {
					live[secret.Value] = secret.ExpiresAt
				}
			}
			if !maps.EqualFunc(live, promised, time.Time.Equal) {
				r.Fatalf("%d are live, %d were promised to be", len(live), len(promised))
			}
			if count[false] > maxLive || count[true] > maxLive || (count[true] > 0) != keyPair {
				r.Fatalf("%v sign", count)
			}
			if _, err := newSigner(secrets); err != nil {
				r.Fatal(err)
			}
		}
	})
}

// TestTheSixthLiveSecretIsRefused is the simplest story: with a day's overlap
// there is no room for a sixth before the first has had its day.
func TestTheSixthLiveSecretIsRefused(t *testing.T) {
	now := time.Now()
	secrets := []domain.Secret{{Value: NewSecret()}, {Value: NewPrivateKey()}}
	for i := range maxLive - 1 {
		var err error
		if secrets, err = rotate(secrets, defaultOverlap, now.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if len(secrets) != 2*maxLive {
		t.Fatalf("%d secrets and keys", len(secrets))
	}
	_, err := rotate(secrets, defaultOverlap, now.Add(time.Hour))
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || !e.RetryAt.Equal(now.Add(defaultOverlap)) {
		t.Fatalf("got %v, %v", err, e)
	}
}

// FuzzGivenSecret: what is accepted is what every library of Standard Webhooks
// reads as the same bytes; what isn't is not repeated in the error.
func FuzzGivenSecret(f *testing.F) {
	for _, n := range []int{0, 23, 24, 32, 64, 65} {
		f.Add(domain.SecretPrefix + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, n)))
	}
	f.Add("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\n")
	f.Add("whsec_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_")
	f.Add(NewPrivateKey())
	f.Fuzz(func(t *testing.T, secret string) {
		err := checkSecret("secret", secret)
		raw, ok := strings.CutPrefix(secret, domain.SecretPrefix)
		if err != nil {
			if len(raw) > 8 && strings.Contains(err.Error(), raw) {
				t.Errorf("the error tells the secret: %v", err)
			}
			return
		}
		decoded, bad := base64.StdEncoding.DecodeString(raw)
		if !ok || bad != nil || len(decoded) < 24 || len(decoded) > 64 || strings.ContainsAny(secret, "\r\n") {
			t.Errorf("%q is accepted", secret)
		}
		if _, err := newSigner([]domain.Secret{{Value: secret}}); err != nil {
			t.Error(err)
		}
	})
}

// TestAGivenSecretIsUsed: it is the endpoint's, and stays out of what is
// encoded of it.
func TestAGivenSecretIsUsed(t *testing.T) {
	secret := domain.SecretPrefix + base64.StdEncoding.EncodeToString([]byte("known to the receiver already"))
	s := NewService(nil, egress.NewGuard())
	m := Making{Secret: secret, EndpointSettings: domain.EndpointSettings{URL: "https://example.com/", Events: domain.Subscription{"*"}}}
	e, err := s.New("proj_1", "browser_1", "webhook.", m)
	if err != nil || len(e.Secrets) != 1 || e.Secrets[0].Value != secret {
		t.Fatalf("%v, %v", e.Secrets, err)
	}
	settings, err := json.Marshal(e.EndpointSettings)
	if err != nil || strings.Contains(string(settings), secret) {
		t.Errorf("%s, %v", settings, err)
	}
	m.Secret = "whsec_c2hvcnQ="
	if _, err := s.New("proj_1", "browser_1", "webhook.", m); err == nil {
		t.Error("five bytes are accepted")
	} else if refused, ok := errors.AsType[*domain.Error](err); !ok || refused.Field != "webhook.secret" {
		t.Errorf("got %v", err)
	}
}
