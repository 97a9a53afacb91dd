package access

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// signIns is a store of keys and sign-ins in memory.
type signIns struct {
	keys

	in   map[string]domain.SignIn // by hash
	seen int
}

func (s *signIns) CreateSignIn(_ context.Context, in domain.SignIn) error {
	s.in[string(in.Hash)] = in
	return nil
}

func (s *signIns) SignIn(_ context.Context, hash []byte) (domain.SignIn, error) {
	in, ok := s.in[string(hash)]
	if !ok {
		return in, domain.ErrNotFound
	}
	return in, nil
}

func (s *signIns) SeenSignIn(_ context.Context, hash []byte, now time.Time) error {
	in := s.in[string(hash)]
	in.SeenAt = now
	s.in[string(hash)] = in
	s.seen++
	return nil
}

func (s *signIns) EndSignIn(_ context.Context, hash []byte) error {
	delete(s.in, string(hash))
	return nil
}

func (s *signIns) ForgetSignIns(context.Context, time.Time, time.Time) error { return nil }

// TestSignIn: a token acts as its key, and its use is recorded now and then, until it is
// ended, unused for too long, too old, or its key is revoked.
func TestSignIn(t *testing.T) {
	for name, c := range map[string]struct {
		end func(s *Service, store *signIns, token string)
		ok  bool
	}{
		"used": {func(s *Service, _ *signIns, token string) {
			for range 24 {
				time.Sleep(time.Hour)
				if _, err := s.Authenticate(t.Context(), token); err != nil {
					t.Error(err)
				}
			}
		}, true},
		"ended": {func(s *Service, _ *signIns, token string) {
			for range 2 {
				if err := s.SignOut(t.Context(), token); err != nil {
					t.Error(err)
				}
			}
		}, false},
		"unused": {func(*Service, *signIns, string) { time.Sleep(domain.SignInIdle + time.Second) }, false},
		"old": {func(s *Service, _ *signIns, token string) {
			for range 7 * 24 {
				time.Sleep(time.Hour)
				_, _ = s.Authenticate(t.Context(), token)
			}
			time.Sleep(time.Second)
		}, false},
		"of a revoked key": {func(_ *Service, store *signIns, _ string) { store.kept[0].RevokedAt = time.Now() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &signIns{in: map[string]domain.SignIn{}}
				s := New(store)
				key, secret, err := s.CreateKey(t.Context(), NewKey{}, "proj_mine", nil)
				if err != nil {
					t.Fatal(err)
				}
				token, as, err := s.SignIn(t.Context(), secret)
				if err != nil || as.ID != key.ID {
					t.Fatalf("%+v, %v", as, err)
				}
				for range 10 {
					if found, err := s.Authenticate(t.Context(), token); err != nil || found.ID != key.ID {
						t.Fatalf("%+v, %v", found, err)
					}
				}
				if store.seen != 0 {
					t.Errorf("each use of the first minutes is recorded: %d", store.seen)
				}
				c.end(s, store, token)
				found, err := s.Authenticate(t.Context(), token)
				if c.ok && (err != nil || found.ID != key.ID) || !c.ok && !errors.Is(err, errUnauthorized) {
					t.Errorf("%+v, %v", found, err)
				}
			})
		})
	}
	s := New(&signIns{})
	for _, wrong := range []string{"", "bh_wrongwrongwrong", tokenPrefix + "x"} {
		if _, _, err := s.SignIn(t.Context(), wrong); !errors.Is(err, errUnauthorized) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
