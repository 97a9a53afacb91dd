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

// CreateProject adds a project. Names are unique. by is the project of whoever
// asks, to which idem belongs.
func (s *Store) CreateProject(ctx context.Context, p domain.Project, by string, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.once(by, idem); err != nil {
			return err
		}
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

// ProjectsPage reads a page of all projects, newest first.
func (s *Store) ProjectsPage(ctx context.Context, f domain.PageFilter) ([]domain.Project, string, error) {
	before, err := codec.DecodeCursor(domain.PrefixProject, f.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := codec.PageLimit(f.Limit)
	rows, err := s.read.rows(ctx, `SELECT id, name, created_at FROM projects WHERE id < ? ORDER BY id DESC LIMIT ?`, before, limit+1)
	all, err := collect(rows, err, scanProject)
	if err != nil {
		return nil, "", fmt.Errorf("read projects: %w", err)
	}
	all, next := codec.Cut(all, limit, func(p domain.Project) string { return p.ID })
	return all, next, nil
}

// Project reads one project.
func (s *Store) Project(ctx context.Context, id string) (domain.Project, error) {
	return scanProject(s.read.row(ctx, `SELECT id, name, created_at FROM projects WHERE id = ?`, id))
}

// ProjectByName finds a project.
func (s *Store) ProjectByName(ctx context.Context, name string) (domain.Project, error) {
	return scanProject(s.read.row(ctx, `SELECT id, name, created_at FROM projects WHERE name = ?`, name))
}

const keyColumns = `project_id, id, role, name, prefix, hash, created_at, revoked_at`

func scanKey(r codec.Scanner) (domain.APIKey, error) {
	var k domain.APIKey
	err := r.Scan(&k.ProjectID, &k.ID, &k.Role, &k.Name, &k.Prefix, &k.Hash, codec.Time{T: &k.CreatedAt}, codec.Time{T: &k.RevokedAt})
	return k, missing(err)
}

// CreateKey adds an API key. by is the project of whoever asks, to which idem
// belongs. ErrNotFound: there is no project for it.
func (s *Store) CreateKey(ctx context.Context, k domain.APIKey, by string, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.once(by, idem); err != nil {
			return err
		}
		n, err := t.execCount(`INSERT INTO api_keys (`+keyColumns+`) SELECT id, ?,?,?,?,?,?,? FROM projects WHERE id = ?`,
			k.ID, string(k.Role), k.Name, k.Prefix, k.Hash, codec.Micros(k.CreatedAt), codec.Micros(k.RevokedAt), k.ProjectID)
		if err != nil {
			return fmt.Errorf("insert key: %w", err)
		}
		if n == 0 {
			return domain.ErrNotFound
		}
		return nil
	})
}

// KeysByPrefix finds the keys, of any project, that begin like this; revoked
// ones too.
func (s *Store) KeysByPrefix(ctx context.Context, prefix string) ([]domain.APIKey, error) {
	rows, err := s.quick.rows(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE prefix = ?`, prefix)
	all, err := collect(rows, err, scanKey)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return all, nil
}

// Keys reads a page of the keys of all projects, newest first.
func (s *Store) Keys(ctx context.Context, f domain.PageFilter) ([]domain.APIKey, string, error) {
	before, err := codec.DecodeCursor(domain.PrefixKey, f.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := codec.PageLimit(f.Limit)
	rows, err := s.read.rows(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE id < ? ORDER BY id DESC LIMIT ?`, before, limit+1)
	all, err := collect(rows, err, scanKey)
	if err != nil {
		return nil, "", fmt.Errorf("read keys: %w", err)
	}
	all, next := codec.Cut(all, limit, func(k domain.APIKey) string { return k.ID })
	return all, next, nil
}

// Key reads one key, of whichever project.
func (s *Store) Key(ctx context.Context, id string) (domain.APIKey, error) {
	return scanKey(s.read.row(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE id = ?`, id))
}

// RevokedKeys says which of the keys are revoked.
func (s *Store) RevokedKeys(ctx context.Context, ids []string) ([]string, error) {
	rows, err := s.read.rows(ctx, `SELECT id FROM api_keys WHERE id IN (SELECT value FROM json_each(?)) AND revoked_at <> 0`, codec.Text(ids))
	revoked, err := collect(rows, err, func(r codec.Scanner) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("read revoked keys: %w", err)
	}
	return revoked, nil
}

// RevokeKey makes a key invalid from now on, and the live links that were made
// with it. Doing it twice is fine. The last key of an operator's is refused as
// a conflict, unless last allows it.
func (s *Store) RevokeKey(ctx context.Context, id string, now time.Time, last bool) error {
	return s.update(ctx, func(t *tx) error {
		var role domain.Role
		var revoked int64
		if err := missing(t.row(`SELECT role, revoked_at FROM api_keys WHERE id = ?`, id).Scan(&role, &revoked)); err != nil || revoked != 0 {
			return err
		}
		if role == domain.RoleOperator && !last {
			var others int
			if err := t.row(`SELECT COUNT(*) FROM api_keys WHERE role = 'operator' AND revoked_at = 0 AND id <> ?`, id).Scan(&others); err != nil {
				return fmt.Errorf("count operators' keys: %w", err)
			}
			if others == 0 {
				return domain.ErrLastOperator
			}
		}
		if err := t.exec(`UPDATE api_keys SET revoked_at = ? WHERE id = ?`, codec.Micros(now), id); err != nil {
			return fmt.Errorf("revoke key: %w", err)
		}
		rows, err := t.rows(`UPDATE streams SET revoked_at = ? WHERE key_id <> '' AND key_id = ? AND revoked_at = 0 RETURNING session_id`, codec.Micros(now), id)
		sessions, err := collect(rows, err, func(r codec.Scanner) (session string, err error) {
			err = r.Scan(&session)
			return session, err
		})
		if err != nil {
			return fmt.Errorf("revoke a key's links: %w", err)
		}
		t.known.Sessions = append(t.known.Sessions, sessions...)
		t.known.Keys = append(t.known.Keys, id)
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
	case err == nil && t.w.store.box.MatchesTag(fingerprint, i.Fingerprint):
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
