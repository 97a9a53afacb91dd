package webhook

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	// defaultOverlap is how long an old secret signs beside the new one, and
	defaultOverlap = 24 * time.Hour
	// maxOverlap is how long it may.
	maxOverlap = 30 * 24 * time.Hour
	// maxLive is how many secrets, and how many key pairs, sign at once: each
	// makes every request longer.
	maxLive = 5
)

// RotateSecret gives the endpoint a new secret, and a new key pair if it has
// one; those before sign as well until the overlap is over, which is
// defaultOverlap when it is nil. As long as that would be too many it is refused,
// with the time from which it isn't.
func (s *Service) RotateSecret(ctx context.Context, project, id string, overlap *time.Duration, idem *domain.Idempotency) (domain.Endpoint, error) {
	beside := defaultOverlap
	set(&beside, overlap)
	if beside < 0 || beside > maxOverlap {
		return domain.Endpoint{}, domain.Invalid("overlap", "must be 0s to %s", maxOverlap)
	}
	if idem != nil {
		idem.Refs = []string{id}
	}
	e, err := s.change(ctx, project, id, func(c *domain.EndpointChange) error {
		c.Idempotency = idem
		secrets, err := rotate(c.Endpoint.Secrets, beside, time.Now())
		if err == nil {
			c.Endpoint.Secrets = secrets
		}
		return err
	})
	if made, again := idem.Again(err); again {
		return s.Endpoint(ctx, project, made[0])
	}
	return e, err
}

// rotate puts a new secret before those that are live, and a new key pair if
// there is one. Each of them stays until its time is over; that of the current
// ones comes with the overlap.
func rotate(old []domain.Secret, overlap time.Duration, now time.Time) ([]domain.Secret, error) {
	var symmetric, pairs kind
	for _, s := range old {
		if strings.HasPrefix(s.Value, domain.PrivateKeyPrefix) {
			pairs.add(s, now)
		} else {
			symmetric.add(s, now)
		}
	}
	if room := later(symmetric.room(overlap, now), pairs.room(overlap, now)); room.After(now) {
		refused := domain.Refuse(domain.CodeConflict, "%d secrets sign, each for as long as was said when it was replaced; the next rotation is possible at %s",
			maxLive, domain.FormatTime(room.Add(time.Millisecond-1)))
		refused.RetryAt = room
		return nil, refused
	}
	secrets := []domain.Secret{{Value: NewSecret()}}
	if len(pairs.current) > 0 {
		secrets = append(secrets, domain.Secret{Value: NewPrivateKey()})
	}
	for _, k := range []kind{symmetric, pairs} {
		for _, s := range k.current {
			if s.ExpiresAt = now.Add(overlap); overlap > 0 {
				secrets = append(secrets, s)
			}
		}
		secrets = append(secrets, k.replaced...)
	}
	return secrets, nil
}

// kind are the live secrets, or key pairs, of an endpoint.
type kind struct{ current, replaced []domain.Secret }

func (k *kind) add(s domain.Secret, now time.Time) {
	switch {
	case s.ExpiresAt.IsZero():
		k.current = append(k.current, s)
	case now.Before(s.ExpiresAt):
		k.replaced = append(k.replaced, s)
	}
}

// room is from when on a new one can join them.
func (k *kind) room(overlap time.Duration, now time.Time) time.Time {
	limit := maxLive - 1
	if overlap > 0 {
		limit -= len(k.current)
	}
	if len(k.replaced) <= limit {
		return now
	}
	ends := make([]time.Time, len(k.replaced))
	for i, s := range k.replaced {
		ends[i] = s.ExpiresAt
	}
	slices.SortFunc(ends, time.Time.Compare)
	return ends[len(ends)-limit-1]
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
