// Package webhook sends events to the endpoints that want them: it signs,
// sends, retries on a schedule and keeps every attempt. It also has the
// endpoints' own rules for the API.
//
// Signatures follow Standard Webhooks 1.0, so that any library of it verifies
// them: https://www.standardwebhooks.com
package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	secretPrefix = "whsec_"
	secretBytes  = 32
)

// NewSecret makes a signing secret: "whsec_" and 32 random bytes in base64.
func NewSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails: see crypto/rand
	return secretPrefix + base64.StdEncoding.EncodeToString(b)
}

// signer signs with the secrets of an endpoint.
type signer struct{ keys []key }

type key struct {
	secret  []byte
	expires time.Time // zero: never
}

// newSigner fails for a secret that isn't one of NewSecret's.
func newSigner(secrets []domain.Secret) (signer, error) {
	s := signer{make([]key, len(secrets))}
	for i, secret := range secrets {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret.Value, secretPrefix))
		if err != nil {
			return s, fmt.Errorf("secret %d is not base64", i+1)
		}
		s.keys[i] = key{raw, secret.ExpiresAt}
	}
	return s, nil
}

// sign is the value of the webhook-signature header: for each live secret
// "v1," and the base64 of HMAC-SHA256 over "id.timestamp.body", separated by
// spaces.
func (s signer) sign(id string, at time.Time, body []byte) string {
	head := make([]byte, 0, 64)
	head = append(append(head, id...), '.')
	head = append(strconv.AppendInt(head, at.Unix(), 10), '.')
	out := make([]byte, 0, 64)
	for _, k := range s.keys {
		if !k.expires.IsZero() && !at.Before(k.expires) {
			continue
		}
		mac := hmac.New(sha256.New, k.secret)
		mac.Write(head)
		mac.Write(body)
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = append(out, "v1,"...)
		out = base64.StdEncoding.AppendEncode(out, mac.Sum(nil))
	}
	return string(out)
}
