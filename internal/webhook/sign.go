// Package webhook sends events to the endpoints that want them: it signs,
// sends, retries on a schedule and keeps every attempt. It also has the
// endpoints' own rules for the API.
//
// Signatures follow Standard Webhooks 1.0, so that any library of it verifies
// them: https://www.standardwebhooks.com
package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const secretBytes = 32

// NewSecret makes a signing secret: "whsec_" and 32 random bytes in base64.
func NewSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails: see crypto/rand
	return domain.SecretPrefix + base64.StdEncoding.EncodeToString(b)
}

const (
	minSecret = 24 // bytes of a secret that is given, by Standard Webhooks,
	maxSecret = 64 // and at most
)

// checkSecret refuses a given secret that Standard Webhooks doesn't know. It
// says nothing of the secret itself.
func checkSecret(field, secret string) error {
	text, ok := strings.CutPrefix(secret, domain.SecretPrefix)
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	// The decoder passes over line breaks; other libraries don't.
	if !ok || err != nil || base64.StdEncoding.EncodeToString(raw) != text {
		return domain.Invalid(field, "must be whsec_ and the base64 of %d to %d bytes", minSecret, maxSecret)
	}
	if len(raw) < minSecret || len(raw) > maxSecret {
		return domain.Invalid(field, "is of %d bytes; it must be of %d to %d", len(raw), minSecret, maxSecret)
	}
	return nil
}

// NewPrivateKey makes an ed25519 key: "whsk_" and its 64 bytes in base64.
func NewPrivateKey() string {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return domain.PrivateKeyPrefix + base64.StdEncoding.EncodeToString(private)
}

// PublicKey is the public half of a private key: 32 bytes.
func PublicKey(private string) (ed25519.PublicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(private, domain.PrivateKeyPrefix))
	if err != nil || len(raw) != ed25519.PrivateKeySize {
		return nil, errors.New("it is not an ed25519 private key")
	}
	return ed25519.PrivateKey(raw).Public().(ed25519.PublicKey), nil
}

// signer signs with the secrets of an endpoint.
type signer struct{ keys []key }

type key struct {
	macs    *sync.Pool         // of HMAC with the secret, which are costly to begin
	private ed25519.PrivateKey // or this
	expires time.Time          // zero: never
}

// newSigner fails for a secret that isn't one of NewSecret's or NewPrivateKey's.
func newSigner(secrets []domain.Secret) (signer, error) {
	s := signer{make([]key, len(secrets))}
	for i, secret := range secrets {
		_, text, _ := strings.Cut(secret.Value, "_")
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return s, fmt.Errorf("secret %d is not base64", i+1)
		}
		s.keys[i] = key{macs: &sync.Pool{New: func() any { return hmac.New(sha256.New, raw) }}, expires: secret.ExpiresAt}
		if strings.HasPrefix(secret.Value, domain.PrivateKeyPrefix) {
			if len(raw) != ed25519.PrivateKeySize {
				return s, fmt.Errorf("secret %d is not an ed25519 private key", i+1)
			}
			s.keys[i] = key{private: raw, expires: secret.ExpiresAt}
		}
	}
	return s, nil
}

// sign is the value of the webhook-signature header: for each live secret
// "v1," and the base64 of HMAC-SHA256 over "id.timestamp.body", for each live
// private key "v1a," and the base64 of the ed25519 signature of the same,
// separated by spaces.
func (s signer) sign(id string, at time.Time, body []byte) string {
	head := make([]byte, 0, 64)
	head = append(append(head, id...), '.')
	head = append(strconv.AppendInt(head, at.Unix(), 10), '.')
	out := make([]byte, 0, 64)
	for _, k := range s.keys {
		if !k.expires.IsZero() && !at.Before(k.expires) {
			continue
		}
		if k.private != nil {
			if len(out) > 0 {
				out = append(out, ' ')
			}
			out = append(out, "v1a,"...)
			out = base64.StdEncoding.AppendEncode(out, ed25519.Sign(k.private, append(head, body...)))
			continue
		}
		mac := k.macs.Get().(hash.Hash)
		mac.Reset()
		mac.Write(head)
		mac.Write(body)
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = append(out, "v1,"...)
		out = base64.StdEncoding.AppendEncode(out, mac.Sum(nil))
		k.macs.Put(mac)
	}
	return string(out)
}
