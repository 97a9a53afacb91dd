package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	// seenEvery is how often it is recorded that a token is used.
	seenEvery = 5 * time.Minute

	// tokenPrefix tells a token from a key, after whose bh_ come letters and digits.
	tokenPrefix = "bh_in_"
)

// SignIn answers a key with a token that Authenticate takes in the key's place, until it
// is ended, isn't used for SignInIdle, is as old as SignInFor, or the key is revoked. It
// is a row of the store, so that it can be ended, on all servers, whoever has a copy.
func (s *Service) SignIn(ctx context.Context, secret string) (token string, _ domain.APIKey, err error) {
	key, known, err := s.find(ctx, secret)
	if err == nil && (!known || !key.RevokedAt.IsZero()) {
		err = errUnauthorized
	}
	if err != nil {
		return "", domain.APIKey{}, err
	}
	now := time.Now()
	if err := s.store.ForgetSignIns(ctx, now.Add(-domain.SignInIdle), now.Add(-domain.SignInFor)); err != nil {
		return "", key, err
	}
	token = tokenPrefix + rand.Text() + rand.Text()
	if err := s.store.CreateSignIn(ctx, domain.SignIn{Hash: hashed(token), KeyID: key.ID, CreatedAt: now, SeenAt: now}); err != nil {
		return "", key, fmt.Errorf("sign in: %w", err)
	}
	return token, key, nil
}

// SignOut ends a token; doing it twice is fine.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.store.EndSignIn(ctx, hashed(token))
}

func hashed(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

// signedIn finds the key that a token acts as.
func (s *Service) signedIn(ctx context.Context, token string) (domain.APIKey, bool, error) {
	in, err := s.store.SignIn(ctx, hashed(token))
	if errors.Is(err, domain.ErrNotFound) {
		return domain.APIKey{}, false, nil
	}
	if err != nil {
		return domain.APIKey{}, false, err
	}
	now := time.Now()
	if now.Sub(in.SeenAt) > domain.SignInIdle || now.Sub(in.CreatedAt) > domain.SignInFor {
		return domain.APIKey{}, false, nil
	}
	key, err := s.Key(ctx, in.KeyID)
	if err == nil && key.RevokedAt.IsZero() && now.Sub(in.SeenAt) > seenEvery {
		err = s.store.SeenSignIn(ctx, in.Hash, now)
	}
	return key, err == nil, err
}
