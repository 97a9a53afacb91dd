package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Keys makes, lists and revokes API keys in a server's database, whether the
// server runs or not.
type Keys struct{ store keyStore }

type keyStore interface {
	CreateProject(ctx context.Context, p domain.Project) error
	Projects(ctx context.Context) ([]domain.Project, error)
	ProjectByName(ctx context.Context, name string) (domain.Project, error)
	CreateKey(ctx context.Context, k domain.APIKey) error
	KeysByPrefix(ctx context.Context, prefix string) ([]domain.APIKey, error)
	Keys(ctx context.Context, project string) ([]domain.APIKey, error)
	RevokeKey(ctx context.Context, project, id string, now time.Time) error
	Close() error
}

// OpenKeys opens the database in a data folder, or with a URL that one; it
// doesn't make a new one.
func OpenKeys(ctx context.Context, data, url string) (*Keys, error) {
	store, err := openKeyStore(ctx, data, url)
	if err != nil {
		return nil, err
	}
	return &Keys{store: store}, nil
}

// Close closes the database.
func (k *Keys) Close() error { return k.store.Close() }

// Create makes a key for the project, which is made too when there is none of
// that name. The key itself is nowhere but in the answer.
func (k *Keys) Create(ctx context.Context, project, name string) (string, error) {
	p, err := k.project(ctx, project)
	if err != nil {
		return "", err
	}
	key := newAPIKey()
	if err := k.store.CreateKey(ctx, apiKey(p.ID, name, key)); err != nil {
		return "", fmt.Errorf("store the key: %w", err)
	}
	return key, nil
}

// defaultProject is the project of the first key.
const defaultProject = "default"

// ensure makes the given key valid for the project, if it isn't yet.
func (k *Keys) ensure(ctx context.Context, project, key string) error {
	want := apiKey("", "from the settings", key)
	found, err := k.store.KeysByPrefix(ctx, want.Prefix)
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	for _, have := range found {
		if subtle.ConstantTimeCompare(have.Hash, want.Hash) == 1 {
			return nil
		}
	}
	p, err := k.project(ctx, project)
	if err != nil {
		return err
	}
	want.ProjectID = p.ID
	return k.store.CreateKey(ctx, want)
}

// project finds a project by its name or makes it.
func (k *Keys) project(ctx context.Context, name string) (domain.Project, error) {
	p, err := k.store.ProjectByName(ctx, name)
	if errors.Is(err, domain.ErrNotFound) {
		p = domain.Project{ID: domain.NewID(domain.PrefixProject), Name: name, CreatedAt: time.Now()}
		err = k.store.CreateProject(ctx, p)
	}
	if err != nil {
		return p, fmt.Errorf("project %q: %w", name, err)
	}
	return p, nil
}

// ListedKey is a key as an operator sees it.
type ListedKey struct {
	domain.APIKey
	Project string // its name
}

// List returns the keys of every project.
func (k *Keys) List(ctx context.Context) ([]ListedKey, error) {
	projects, err := k.store.Projects(ctx)
	if err != nil {
		return nil, fmt.Errorf("projects: %w", err)
	}
	var all []ListedKey
	for _, p := range projects {
		keys, err := k.store.Keys(ctx, p.ID)
		if err != nil {
			return nil, fmt.Errorf("keys of %s: %w", p.Name, err)
		}
		for _, key := range keys {
			all = append(all, ListedKey{APIKey: key, Project: p.Name})
		}
	}
	return all, nil
}

// Revoke makes the key with the id invalid.
func (k *Keys) Revoke(ctx context.Context, id string) error {
	all, err := k.List(ctx)
	if err != nil {
		return err
	}
	for _, key := range all {
		if key.ID == id {
			return k.store.RevokeKey(ctx, key.ProjectID, id, time.Now())
		}
	}
	return fmt.Errorf("there is no key %q", id)
}

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// newAPIKey is "bh_" and 40 letters and digits: more than 230 random bits.
func newAPIKey() string {
	key := make([]byte, 0, 43)
	key = append(key, "bh_"...)
	var b [64]byte
	for len(key) < 43 {
		rand.Read(b[:])
		for _, x := range b {
			// 248 is the largest multiple of 62 in a byte: no letter is likelier.
			if x < 248 && len(key) < 43 {
				key = append(key, keyAlphabet[int(x)%len(keyAlphabet)])
			}
		}
	}
	return string(key)
}

func apiKey(project, name, key string) domain.APIKey {
	hash := sha256.Sum256([]byte(key))
	return domain.APIKey{
		ID: domain.NewID(domain.PrefixKey), ProjectID: project, Name: name,
		Prefix: key[:domain.KeyPrefixLength], Hash: hash[:], CreatedAt: time.Now(),
	}
}
