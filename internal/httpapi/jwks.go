package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/webhook"
)

// keys publishes the public keys of all endpoints that have a pair, as RFC 7517.
func (s *server) keys(w http.ResponseWriter, r *http.Request) {
	type jwk struct {
		Kty string `json:"kty"`
		Crv string `json:"crv"`
		Alg string `json:"alg"`
		Use string `json:"use"`
		Kid string `json:"kid"` // the endpoint's id
		X   string `json:"x"`
	}
	endpoints, err := s.Store.SigningEndpoints(r.Context())
	if err != nil {
		s.problem(r.Context(), err).write(w)
		return
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	now := time.Now()
	for _, e := range endpoints {
		for _, secret := range e.Secrets {
			public, err := webhook.PublicKey(secret.Value)
			if err != nil || !strings.HasPrefix(secret.Value, domain.PrivateKeyPrefix) || !secret.ExpiresAt.IsZero() && now.After(secret.ExpiresAt) {
				continue
			}
			set.Keys = append(set.Keys, jwk{"OKP", "Ed25519", "EdDSA", "sig", e.ID, base64.RawURLEncoding.EncodeToString(public)})
		}
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "max-age=300")
	if err := json.NewEncoder(w).Encode(set); err != nil {
		s.Log.Debug("write keys", "err", err)
	}
}
