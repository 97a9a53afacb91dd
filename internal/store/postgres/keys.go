package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

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
	return s.update(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.count(ctx, `INSERT INTO projects (id, name, created_at) VALUES ($1,$2,$3) ON CONFLICT (name) DO NOTHING`,
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
	all, err := collect(ctx, s, func(r pgx.Rows) (domain.Project, error) { return scanProject(r) },
		`SELECT id, name, created_at FROM projects ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read projects: %w", err)
	}
	return all, nil
}

// ProjectByName finds a project.
func (s *Store) ProjectByName(ctx context.Context, name string) (domain.Project, error) {
	return scanProject(s.row(ctx, `SELECT id, name, created_at FROM projects WHERE name = $1`, name))
}

const keyColumns = `project_id, id, name, prefix, hash, created_at, revoked_at`

func scanKey(r codec.Scanner) (domain.APIKey, error) {
	var k domain.APIKey
	err := r.Scan(&k.ProjectID, &k.ID, &k.Name, &k.Prefix, &k.Hash, codec.Time{T: &k.CreatedAt}, codec.Time{T: &k.RevokedAt})
	return k, missing(err)
}

func rowOfKey(r pgx.Rows) (domain.APIKey, error) { return scanKey(r) }

// CreateKey adds an API key.
func (s *Store) CreateKey(ctx context.Context, k domain.APIKey) error {
	return s.update(ctx, func(ctx context.Context, t *tx) error {
		err := t.exec(ctx, `INSERT INTO api_keys (`+keyColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
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
	all, err := collect(ctx, s, rowOfKey, `SELECT `+keyColumns+` FROM api_keys WHERE prefix = $1`, prefix)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return all, nil
}

// Keys reads the keys of a project, oldest first.
func (s *Store) Keys(ctx context.Context, project string) ([]domain.APIKey, error) {
	all, err := collect(ctx, s, rowOfKey, `SELECT `+keyColumns+` FROM api_keys WHERE project_id = $1 ORDER BY id`, project)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return all, nil
}

// RevokeKey makes a key invalid from now on. Doing it twice is fine.
func (s *Store) RevokeKey(ctx context.Context, project, id string, now time.Time) error {
	return s.update(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.count(ctx, `UPDATE api_keys SET revoked_at = CASE revoked_at WHEN 0 THEN $3 ELSE revoked_at END
			WHERE project_id = $1 AND id = $2`, project, id, codec.Micros(now))
		if err != nil {
			return fmt.Errorf("revoke key: %w", err)
		}
		if n == 0 {
			return domain.ErrNotFound
		}
		return nil
	})
}
