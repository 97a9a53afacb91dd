package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/browserhook/browserhook/internal/domain"
)

// Creating is the input of calls that make something and may be repeated.
type Creating struct {
	Key string `header:"Idempotency-Key" maxLength:"255" doc:"Makes the call safe to repeat for 24 hours: the same key and body make nothing twice."`
}

// idempotency is the record of a call, or nil when it has no key. what names
// the route with its ids.
func (c Creating) idempotency(ctx context.Context, what string) (*domain.Idempotency, error) {
	if c.Key == "" {
		return nil, nil //nolint:nilnil // no key, no record
	}
	if !visible(c.Key) {
		return nil, domain.Invalid("Idempotency-Key", "must be printable characters without spaces")
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n", what)
	hash.Write(requestBody(ctx))
	return &domain.Idempotency{Key: c.Key, Fingerprint: hex.EncodeToString(hash.Sum(nil))}, nil
}

// makes says whether the input is that of a call that makes something.
func makes[I any]() bool {
	_, ok := reflect.TypeFor[I]().FieldByName("Creating")
	return ok
}

// idempotencyKey refuses the header where it would do nothing: whoever sends it
// relies on it.
func idempotencyKey(makes bool) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		if p := checkIdempotencyKey(r, makes); p != nil {
			p.write(w)
			return
		}
		next(ctx)
	}
}

func checkIdempotencyKey(r *http.Request, makes bool) *Problem {
	const name = "Idempotency-Key"
	var message string
	switch values := r.Header.Values(name); {
	case len(values) == 0:
		return nil
	case !makes:
		message = "has no meaning here: the call makes nothing, and can be repeated as it is"
	case len(values) > 1 || values[0] == "":
		message = "must be one key"
	default:
		return nil
	}
	return refuseField(name, message)
}

// Replayed is what an answer carries that made nothing.
type Replayed struct {
	Replayed string `header:"Idempotency-Replayed" doc:"true when the call had been made before."`
}

// location is where what a path below /v1 names is.
func (s *server) location(path string) string { return s.base() + "/v1" + path }

func replayed(idem *domain.Idempotency) Replayed {
	if idem == nil || !idem.Replayed {
		return Replayed{}
	}
	return Replayed{"true"}
}
