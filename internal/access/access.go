// Package access is API keys: it makes, finds, lists and revokes them, and ends
// what a revoked one holds open.
package access

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Reader reads projects and their keys.
type Reader interface {
	ProjectsPage(ctx context.Context, f domain.PageFilter) ([]domain.Project, string, error)
	Project(ctx context.Context, id string) (domain.Project, error)
	ProjectByName(ctx context.Context, name string) (domain.Project, error)
	KeysByPrefix(ctx context.Context, prefix string) ([]domain.APIKey, error)
	Keys(ctx context.Context, f domain.PageFilter) ([]domain.APIKey, string, error)
	Key(ctx context.Context, id string) (domain.APIKey, error)
	RevokedKeys(ctx context.Context, ids []string) ([]string, error)
}

// Store is where projects and their keys are.
type Store interface {
	Reader
	CreateProject(ctx context.Context, p domain.Project, by string, idem *domain.Idempotency) error
	LimitProject(ctx context.Context, id string, sessions int) error
	CreateKey(ctx context.Context, k domain.APIKey, by string, idem *domain.Idempotency) error
	RevokeKey(ctx context.Context, id string, now time.Time, last bool) error
	CreateSignIn(ctx context.Context, in domain.SignIn) error
	SignIn(ctx context.Context, hash []byte) (domain.SignIn, error)
	SeenSignIn(ctx context.Context, hash []byte, now time.Time) error
	EndSignIn(ctx context.Context, hash []byte) error
	ForgetSignIns(ctx context.Context, seen, made time.Time) error
}

// Service is the keys of one server's database, whether the server runs or not. It
// answers reads as the store does.
type Service struct {
	Reader
	store Store
	uses  uses
}

// New makes a service. Run ends what revoked keys hold open.
func New(store Store) *Service {
	return &Service{Reader: store, store: store, uses: uses{open: map[string]map[*use]struct{}{}, look: make(chan struct{}, 1)}}
}

const (
	// DefaultProject is the project of the first key.
	DefaultProject = "default"

	maxName = 100 // bytes of a project's or a key's name
	maxKey  = 256 // bytes of a key
)

// NewKey is what a key is made with.
type NewKey struct {
	Project string      // id; empty: that of whoever asks
	Name    string      // may be empty
	Role    domain.Role // empty: RoleProject
}

// CreateKey makes a key. The key itself is nowhere but in the answer, and not in
// that of a call that is repeated: whoever has lost it revokes it and makes
// another. by is the project of whoever asks, to which idem belongs.
func (s *Service) CreateKey(ctx context.Context, n NewKey, by string, idem *domain.Idempotency) (domain.APIKey, string, error) {
	n.Project, n.Role = cmp.Or(n.Project, by), cmp.Or(n.Role, domain.RoleProject)
	if err := checkName("name", n.Name, 0); err != nil {
		return domain.APIKey{}, "", err
	}
	if !n.Role.May(domain.RoleViewer) {
		return domain.APIKey{}, "", domain.Invalid("role", "%q is none of viewer, project, operator", n.Role)
	}
	secret := newSecret()
	key := row(n, secret)
	if idem != nil {
		idem.Refs = []string{key.ID}
	}
	err := s.store.CreateKey(ctx, key, by, idem)
	if made, again := idem.Again(err); again {
		key, err := s.Key(ctx, made[0])
		return key, "", err
	}
	if errors.Is(err, domain.ErrNotFound) {
		return key, "", domain.Invalid("projectId", "is not the id of a project")
	}
	if err != nil {
		return key, "", fmt.Errorf("store the key: %w", err)
	}
	return key, secret, nil
}

// NewProject is what a project is made with.
type NewProject struct {
	Name     string
	Sessions int // that may have a browser at once; 0: any number
}

// CreateProject makes a project. by is the project of whoever asks, to which idem
// belongs.
func (s *Service) CreateProject(ctx context.Context, n NewProject, by string, idem *domain.Idempotency) (domain.Project, error) {
	if err := checkName("name", n.Name, 1); err != nil {
		return domain.Project{}, err
	}
	if err := checkSessions(n.Sessions); err != nil {
		return domain.Project{}, err
	}
	p := domain.Project{ID: domain.NewID(domain.PrefixProject), Name: n.Name, Sessions: n.Sessions, CreatedAt: time.Now()}
	if idem != nil {
		idem.Refs = []string{p.ID}
	}
	err := s.store.CreateProject(ctx, p, by, idem)
	if made, again := idem.Again(err); again {
		return s.Project(ctx, made[0])
	}
	if err != nil {
		return p, fmt.Errorf("project %q: %w", n.Name, err)
	}
	return p, nil
}

// LimitProject says how many sessions of a project may have a browser at once; 0: any
// number, nil: as before. Further ones wait, and those that have one keep it.
func (s *Service) LimitProject(ctx context.Context, id string, sessions *int) (domain.Project, error) {
	if sessions != nil {
		if err := checkSessions(*sessions); err != nil {
			return domain.Project{}, err
		}
		if err := s.store.LimitProject(ctx, id, *sessions); err != nil {
			return domain.Project{}, fmt.Errorf("limit a project: %w", err)
		}
	}
	return s.Project(ctx, id)
}

// maxSessions is how many a project may have at once, if that is limited.
const maxSessions = 100_000

func checkSessions(n int) error {
	if n < 0 || n > maxSessions {
		return domain.Invalid("sessions", "must be from 0 to %d", maxSessions)
	}
	return nil
}

// EnsureProject finds a project by its name or makes it.
func (s *Service) EnsureProject(ctx context.Context, name string) (domain.Project, error) {
	p, err := s.ProjectByName(ctx, name)
	if errors.Is(err, domain.ErrNotFound) {
		return s.CreateProject(ctx, NewProject{Name: name}, "", nil)
	}
	return p, err
}

// First makes sure that there is a key: the wanted one, which is then an
// operator's, or, when none is wanted and there is none at all, a new one, which
// it returns.
func (s *Service) First(ctx context.Context, wanted string) (string, error) {
	if wanted == "" {
		some, _, err := s.Keys(ctx, domain.PageFilter{Limit: 1})
		if err != nil || len(some) > 0 {
			return "", err
		}
	} else if _, known, err := s.find(ctx, wanted); err != nil || known {
		return "", err
	}
	p, err := s.EnsureProject(ctx, DefaultProject)
	if err != nil {
		return "", err
	}
	n := NewKey{Project: p.ID, Name: "first", Role: domain.RoleOperator}
	if wanted == "" {
		_, key, err := s.CreateKey(ctx, n, "", nil)
		return key, err
	}
	n.Name = "from the settings"
	return "", s.store.CreateKey(ctx, row(n, wanted), "", nil)
}

// Authenticate finds the key that a request came with, itself or as a token of
// SignIn. One that there isn't, that has been revoked, or a token that is over, is
// refused as unauthorized.
func (s *Service) Authenticate(ctx context.Context, secret string) (domain.APIKey, error) {
	find := s.find
	if strings.HasPrefix(secret, tokenPrefix) {
		find = s.signedIn
	}
	key, known, err := find(ctx, secret)
	if err == nil && (!known || !key.RevokedAt.IsZero()) {
		err = errUnauthorized
	}
	return key, err
}

var errUnauthorized = domain.Refuse(domain.CodeUnauthorized, "there is no such API key")

// find looks a key up by its readable start and compares hashes, in constant
// time.
func (s *Service) find(ctx context.Context, secret string) (domain.APIKey, bool, error) {
	if len(secret) <= domain.KeyPrefixLength || len(secret) > maxKey {
		return domain.APIKey{}, false, nil
	}
	found, err := s.KeysByPrefix(ctx, secret[:domain.KeyPrefixLength])
	if err != nil {
		return domain.APIKey{}, false, err
	}
	hash := sha256.Sum256([]byte(secret))
	for _, k := range found {
		if subtle.ConstantTimeCompare(k.Hash, hash[:]) == 1 {
			return k, true, nil
		}
	}
	return domain.APIKey{}, false, nil
}

// Revoke makes a key invalid, with what it holds open and the live links that
// were made with it. The last one of an operator's is refused, unless last
// allows it.
func (s *Service) Revoke(ctx context.Context, id string, last bool) error {
	return s.store.RevokeKey(ctx, id, time.Now(), last)
}

func checkName(field, name string, least int) error {
	if len(name) < least || len(name) > maxName {
		return domain.Invalid(field, "must have %d to %d bytes", least, maxName)
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return domain.Invalid(field, "must be text without control characters")
		}
	}
	return nil
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// newSecret is "bh_" and 40 letters and digits: more than 230 random bits.
func newSecret() string {
	key := make([]byte, 0, 43)
	key = append(key, "bh_"...)
	var b [64]byte
	for len(key) < 43 {
		rand.Read(b[:])
		for _, x := range b {
			// 248 is the largest multiple of 62 in a byte: no letter is likelier.
			if x < 248 && len(key) < 43 {
				key = append(key, alphabet[int(x)%len(alphabet)])
			}
		}
	}
	return string(key)
}

func row(n NewKey, secret string) domain.APIKey {
	hash := sha256.Sum256([]byte(secret))
	return domain.APIKey{
		ID: domain.NewID(domain.PrefixKey), ProjectID: n.Project, Role: n.Role, Name: n.Name,
		Prefix: secret[:domain.KeyPrefixLength], Hash: hash[:], CreatedAt: time.Now(),
	}
}
