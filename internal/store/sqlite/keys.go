package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

func scanProject(r codec.Scanner) (domain.Project, error) {
	var p domain.Project
	err := r.Scan(&p.ID, &p.Name, codec.Time{T: &p.CreatedAt})
	return p, missing(err)
}

// CreateProject adds a project. Names are unique.
func (s *Store) CreateProject(ctx context.Context, p domain.Project) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.execCount(`INSERT INTO projects (id, name, created_at) VALUES (?,?,?) ON CONFLICT (name) DO NOTHING`,
			p.ID, p.Name, codec.Micros(p.CreatedAt))
		if err != nil {
			return fmt.Errorf("insert project: %w", err)
		}
		if n == 0 {
			return domain.Refuse(domain.CodeConflict, "there is a project of that name")
		}
		return nil
	})
}

// Projects reads all projects, oldest first.
func (s *Store) Projects(ctx context.Context) ([]domain.Project, error) {
	rows, err := s.read.rows(ctx, `SELECT id, name, created_at FROM projects ORDER BY id`)
	all, err := collect(rows, err, scanProject)
	if err != nil {
		return nil, fmt.Errorf("read projects: %w", err)
	}
	return all, nil
}

// ProjectByName finds a project.
func (s *Store) ProjectByName(ctx context.Context, name string) (domain.Project, error) {
	return scanProject(s.read.row(ctx, `SELECT id, name, created_at FROM projects WHERE name = ?`, name))
}

const keyColumns = `project_id, id, name, prefix, hash, created_at, revoked_at`

func scanKey(r codec.Scanner) (domain.APIKey, error) {
	var k domain.APIKey
	err := r.Scan(&k.ProjectID, &k.ID, &k.Name, &k.Prefix, &k.Hash, codec.Time{T: &k.CreatedAt}, codec.Time{T: &k.RevokedAt})
	return k, missing(err)
}

// CreateKey adds an API key.
func (s *Store) CreateKey(ctx context.Context, k domain.APIKey) error {
	return s.update(ctx, func(t *tx) error {
		err := t.exec(`INSERT INTO api_keys (`+keyColumns+`) VALUES (?,?,?,?,?,?,?)`,
			k.ProjectID, k.ID, k.Name, k.Prefix, k.Hash, codec.Micros(k.CreatedAt), codec.Micros(k.RevokedAt))
		if err != nil {
			return fmt.Errorf("insert key: %w", err)
		}
		return nil
	})
}

// KeysByPrefix finds the keys, of any project, that begin like this; revoked
// ones too.
func (s *Store) KeysByPrefix(ctx context.Context, prefix string) ([]domain.APIKey, error) {
	rows, err := s.read.rows(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE prefix = ?`, prefix)
	all, err := collect(rows, err, scanKey)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return all, nil
}

// Keys reads the keys of a project, oldest first.
func (s *Store) Keys(ctx context.Context, project string) ([]domain.APIKey, error) {
	rows, err := s.read.rows(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE project_id = ? ORDER BY id`, project)
	all, err := collect(rows, err, scanKey)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return all, nil
}

// RevokeKey makes a key invalid from now on. Doing it twice is fine.
func (s *Store) RevokeKey(ctx context.Context, project, id string, now time.Time) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.execCount(`UPDATE api_keys SET revoked_at = CASE revoked_at WHEN 0 THEN ? ELSE revoked_at END
			WHERE project_id = ? AND id = ?`, codec.Micros(now), project, id)
		if err != nil {
			return fmt.Errorf("revoke key: %w", err)
		}
		if n == 0 {
			return domain.ErrNotFound
		}
		return nil
	})
}

// once records the idempotency key of a creating call, or says that the call
// was made before. A nil key is a call that may be repeated at will. A key is
// remembered until ForgetIdempotency.
func (t *tx) once(project string, i *domain.Idempotency) error {
	if err := t.replayed(project, i); err != nil || i == nil {
		return err
	}
	return t.remember(project, i, i.Refs)
}

// replayed says that a call was made before.
func (t *tx) replayed(project string, i *domain.Idempotency) error {
	if i == nil {
		return nil
	}
	var fingerprint string
	var refs []string
	err := missing(t.row(`SELECT fingerprint, refs FROM idempotency WHERE project_id = ? AND key = ?`,
		project, i.Key).Scan(&fingerprint, codec.JSON{Dest: &refs}))
	switch {
	case err == nil && t.w.store.box.Knows(fingerprint, i.Fingerprint):
		return &domain.Replay{Refs: refs}
	case err == nil:
		return domain.Refuse(domain.CodeIdempotency, "this Idempotency-Key was used for a different request")
	case !errors.Is(err, domain.ErrNotFound):
		return fmt.Errorf("read idempotency key: %w", err)
	}
	return nil
}

func (t *tx) remember(project string, i *domain.Idempotency, refs []string) error {
	err := t.exec(`INSERT INTO idempotency (project_id, key, fingerprint, refs, created_at) VALUES (?,?,?,?,?)`,
		project, i.Key, t.w.store.box.Tag(i.Fingerprint), codec.Text(refs), codec.Micros(time.Now()))
	if err != nil {
		return fmt.Errorf("store idempotency key: %w", err)
	}
	return nil
}

// ForgetIdempotency deletes the keys that were used before the given time, some
// at a time.
func (s *Store) ForgetIdempotency(ctx context.Context, before time.Time) error {
	for n := int64(atOnce); n == atOnce; {
		if err := s.update(ctx, func(t *tx) (err error) {
			n, err = t.execCount(`DELETE FROM idempotency WHERE (project_id, key) IN (SELECT project_id, key FROM idempotency
				WHERE created_at < ? ORDER BY created_at LIMIT ?)`, codec.Micros(before), atOnce)
			return err
		}); err != nil {
			return fmt.Errorf("forget idempotency keys: %w", err)
		}
	}
	return nil
}
