package access

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// keys is a store of keys in memory.
type keys struct {
	Store

	kept []domain.APIKey
	made []string // what an earlier call made, if there was one
}

func (s *keys) CreateKey(_ context.Context, k domain.APIKey, _ string, _ *domain.Idempotency) error {
	if s.made != nil {
		return &domain.Replay{Refs: s.made}
	}
	s.kept = append(s.kept, k)
	return nil
}

func (s *keys) Key(_ context.Context, id string) (domain.APIKey, error) {
	for _, k := range s.kept {
		if k.ID == id {
			return k, nil
		}
	}
	return domain.APIKey{}, domain.ErrNotFound
}

func (s *keys) KeysByPrefix(_ context.Context, prefix string) (found []domain.APIKey, err error) {
	for _, k := range s.kept {
		if k.Prefix == prefix {
			found = append(found, k)
		}
	}
	return found, nil
}

// TestKeysAreMadeAndFound: without more it is one of the caller's project that may
// change what is in it; made again it is the same, and its secret is not told.
func TestKeysAreMadeAndFound(t *testing.T) {
	store := &keys{}
	s := New(store)
	key, secret, err := s.CreateKey(t.Context(), NewKey{}, "proj_mine", nil)
	if err != nil || key.ProjectID != "proj_mine" || key.Role != domain.RoleProject || !strings.HasPrefix(secret, key.Prefix) || strings.Contains(string(key.Hash), secret) {
		t.Fatalf("%+v %q, %v", key, secret, err)
	}
	theirs, _, err := s.CreateKey(t.Context(), NewKey{Project: "proj_theirs", Role: domain.RoleViewer}, "proj_mine", nil)
	if err != nil || theirs.ProjectID != "proj_theirs" || theirs.Role != domain.RoleViewer {
		t.Errorf("%+v, %v", theirs, err)
	}
	if found, err := s.Authenticate(t.Context(), secret); err != nil || found.ID != key.ID {
		t.Errorf("%+v, %v", found, err)
	}
	for _, wrong := range []string{"", secret[:len(secret)-1], secret + "x", key.Prefix, strings.Repeat("x", maxKey+1)} {
		if _, err := s.Authenticate(t.Context(), wrong); !errors.Is(err, errUnauthorized) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	store.made = []string{key.ID}
	idem := &domain.Idempotency{}
	if again, secret, err := s.CreateKey(t.Context(), NewKey{}, "proj_mine", idem); err != nil || again.ID != key.ID || secret != "" || !idem.Replayed {
		t.Errorf("again: %+v %q, %v, %+v", again, secret, err, idem)
	}
	for field, n := range map[string]NewKey{"name": {Name: "a\nb"}, "role": {Role: "owner"}} {
		_, _, err := s.CreateKey(t.Context(), n, "proj_mine", nil)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Field != field {
			t.Errorf("%+v: %v", n, err)
		}
	}
}

// TestWhatAKeyHoldsEndsWithIt, and nothing else does.
func TestWhatAKeyHoldsEndsWithIt(t *testing.T) {
	s := New(&keys{})
	held, done := s.WithKey(t.Context(), "key_1")
	other, doneOther := s.WithKey(t.Context(), "key_2")
	nobodys, doneNobodys := s.WithKey(t.Context(), "")
	defer doneOther()
	defer doneNobodys()
	s.Notify(domain.Commit{Keys: []string{"key_1", "", "key_3"}})
	if !errors.Is(context.Cause(held), domain.ErrKeyRevoked) || other.Err() != nil || nobodys.Err() != nil {
		t.Errorf("%v, %v, %v", context.Cause(held), other.Err(), nobodys.Err())
	}
	done()
	if len(s.uses.open) != 1 {
		t.Errorf("%d keys hold something", len(s.uses.open))
	}
}

// TestNothingIsChangedPastTheService: of its store it has the reading half alone.
func TestNothingIsChangedPastTheService(t *testing.T) {
	if _, ok := any(New(&keys{})).(interface {
		RevokeKey(ctx context.Context, id string, now time.Time, last bool) error
	}); ok {
		t.Error("a key can be revoked beside Revoke")
	}
}
