package webhook

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// SigningStore is what public keys are read from.
type SigningStore interface {
	SigningEndpoints(ctx context.Context) ([]domain.Endpoint, error)
}

// PublicKeys are the public keys of all endpoints that have a pair, as one JWK
// Set (RFC 7517). Anybody may ask for it, so it is kept in memory, and read
// anew only after a commit that changed a pair.
type PublicKeys struct {
	store   SigningStore
	changes atomic.Int64 // that it was told of

	mu     sync.Mutex
	seen   int64 // changes that the keys have
	loaded bool
	failed time.Time // when they could last not be read
	keys   []publicKey
	set    JWKS
	until  time.Time // a key of the set ends; zero: none does
}

// JWKS is a JWK Set, written, and its entity tag for when it is asked for again.
type JWKS struct{ Body, ETag string }

const (
	loadWithin = 5 * time.Second // reading them may take so long,
	loadAgain  = time.Second     // and is not tried again before this if it failed
)

// NewPublicKeys makes the set; nothing is read before it is asked for.
func NewPublicKeys(store SigningStore) *PublicKeys { return &PublicKeys{store: store} }

// Notify hears of commits. It doesn't block.
func (k *PublicKeys) Notify(c domain.Commit) {
	if c.KeyPairs {
		k.changes.Add(1)
	}
}

// Signal hears of those of other servers. It doesn't block.
func (k *PublicKeys) Signal(s domain.Signal) {
	if s.Elsewhere.KeyPairs || s.Missed {
		k.changes.Add(1)
	}
}

// Set is the set as it is now. While the store is away it is the last that was read.
func (k *PublicKeys) Set(ctx context.Context) (JWKS, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if changes := k.changes.Load(); (!k.loaded || changes != k.seen) && (k.failed.IsZero() || now.Sub(k.failed) >= loadAgain) {
		if err := k.load(ctx, changes); err != nil && !k.loaded {
			return JWKS{}, err
		}
	}
	if !k.loaded {
		return JWKS{}, domain.Refuse(domain.CodeUnavailable, "the store does not answer; try again soon")
	}
	if k.set.Body == "" || !k.until.IsZero() && !now.Before(k.until) {
		k.write(now)
	}
	return k.set, nil
}

// load reads the keys as of so many changes. Whoever asks first pays for all, so
// their going away doesn't stop it.
func (k *PublicKeys) load(ctx context.Context, changes int64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadWithin)
	defer cancel()
	endpoints, err := k.store.SigningEndpoints(ctx)
	if err != nil {
		k.failed = time.Now()
		return fmt.Errorf("read public keys: %w", err)
	}
	var keys []publicKey
	for i := range endpoints {
		for _, secret := range endpoints[i].Secrets {
			if !strings.HasPrefix(secret.Value, domain.PrivateKeyPrefix) {
				continue
			}
			public, err := PublicKey(secret.Value)
			if err != nil {
				k.failed = time.Now()
				return fmt.Errorf("read public keys: endpoint %s: %w", endpoints[i].ID, err)
			}
			keys = append(keys, publicKey{newJWK(public), secret.ExpiresAt})
		}
	}
	k.keys, k.seen, k.loaded, k.failed, k.set = keys, changes, true, time.Time{}, JWKS{}
	return nil
}

// write spells the keys that live. Their order, that of their ids, says nothing
// of whose they are or how old.
func (k *PublicKeys) write(now time.Time) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	k.until = time.Time{}
	for _, key := range k.keys {
		switch end := key.expires; {
		case end.IsZero():
		case !now.Before(end):
			continue
		case k.until.IsZero() || end.Before(k.until):
			k.until = end
		}
		set.Keys = append(set.Keys, key.jwk)
	}
	slices.SortFunc(set.Keys, func(a, b jwk) int { return strings.Compare(a.Kid, b.Kid) })
	body, err := json.Marshal(set)
	if err != nil {
		panic(fmt.Sprintf("marshal public keys: %v", err)) // strings marshal
	}
	sum := sha256.Sum256(body)
	k.set = JWKS{Body: string(body), ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

type publicKey struct {
	jwk
	expires time.Time // zero: it is a current one
}

// jwk is an ed25519 key as RFC 8037 writes it.
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	Alg string `json:"alg"`
	Use string `json:"use"`
	Kid string `json:"kid"`
	X   string `json:"x"`
}

func newJWK(key ed25519.PublicKey) jwk {
	return jwk{"OKP", "Ed25519", "EdDSA", "sig", Thumbprint(key), base64.RawURLEncoding.EncodeToString(key)}
}

// Thumbprint is what a public key is called in the JWK Set: its RFC 7638
// thumbprint, the SHA-256 of its members in their one spelling, in base64url.
func Thumbprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(key) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
