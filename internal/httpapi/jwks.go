package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/webhook"
)

// PublicKeys are those of the endpoints that sign with a pair.
type PublicKeys interface {
	Set(ctx context.Context) (webhook.JWKS, error)
}

// keys publishes the public keys of all endpoints that have a pair, to anybody.
func (s *server) keys(w http.ResponseWriter, r *http.Request) {
	set, err := s.PublicKeys.Set(r.Context())
	if err != nil {
		s.problem(r.Context(), err).write(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/jwk-set+json")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("ETag", set.ETag)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(set.Body))
}
