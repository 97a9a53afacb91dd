package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// CreateProject adds a project. Names are unique. by is the project of whoever
// asks, to which idem belongs.
func (s *Store) CreateProject(ctx context.Context, p domain.Project, by string, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.recordKey(by, idem); err != nil {
			return err
		}
		n, err := t.execCount(writes(`INSERT INTO projects (`+codec.ProjectColumns+`) VALUES (?,?,?,?) ON CONFLICT (name) DO NOTHING`),
			p.ID, p.Name, codec.Micros(p.CreatedAt), p.Sessions)
		if err != nil {
			return fmt.Errorf("insert project: %w", err)
		}
		if n == 0 {
			return domain.Refuse(domain.CodeConflict, "there is a project of that name")
		}
		return nil
	})
}

// LimitProject says how many sessions of a project may have a browser at once; 0: any
// number. ErrNotFound: there is no such project.
func (s *Store) LimitProject(ctx context.Context, id string, sessions int) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.execCount(writes(`UPDATE projects SET sessions = ? WHERE id = ?`), sessions, id)
		if err != nil {
			return fmt.Errorf("limit a project: %w", err)
		}
		if n == 0 {
			return domain.ErrNotFound
		}
		t.unit.Commit.Queue = true
		return nil
	})
}

// Projects reads all projects, oldest first.
func (s *Store) Projects(ctx context.Context) ([]domain.Project, error) {
	rows, err := s.read.rows(ctx, `SELECT `+codec.ProjectColumns+` FROM projects ORDER BY id`)
	all, err := collect(rows, err, codec.ScanProject)
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
	rows, err := s.read.rows(ctx, `SELECT `+codec.ProjectColumns+` FROM projects WHERE id < ? ORDER BY id DESC LIMIT ?`, before, limit+1)
	all, err := collect(rows, err, codec.ScanProject)
	if err != nil {
		return nil, "", fmt.Errorf("read projects: %w", err)
	}
	all, next := codec.Cut(all, limit, func(p domain.Project) string { return p.ID })
	return all, next, nil
}

// Project reads one project.
func (s *Store) Project(ctx context.Context, id string) (domain.Project, error) {
	return codec.ScanProject(s.read.row(ctx, `SELECT `+codec.ProjectColumns+` FROM projects WHERE id = ?`, id))
}

// ProjectByName finds a project.
func (s *Store) ProjectByName(ctx context.Context, name string) (domain.Project, error) {
	return codec.ScanProject(s.read.row(ctx, `SELECT `+codec.ProjectColumns+` FROM projects WHERE name = ?`, name))
}

// CreateKey adds an API key. by is the project of whoever asks, to which idem
// belongs. ErrNotFound: there is no project for it.
func (s *Store) CreateKey(ctx context.Context, k domain.APIKey, by string, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.recordKey(by, idem); err != nil {
			return err
		}
		n, err := t.execCount(writes(`INSERT INTO api_keys (`+codec.KeyColumns+`) SELECT id, ?,?,?,?,?,?,? FROM projects WHERE id = ?`),
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
	rows, err := s.quick.rows(ctx, `SELECT `+codec.KeyColumns+` FROM api_keys WHERE prefix = ?`, prefix)
	all, err := collect(rows, err, codec.ScanKey)
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
	rows, err := s.read.rows(ctx, `SELECT `+codec.KeyColumns+` FROM api_keys WHERE id < ? ORDER BY id DESC LIMIT ?`, before, limit+1)
	all, err := collect(rows, err, codec.ScanKey)
	if err != nil {
		return nil, "", fmt.Errorf("read keys: %w", err)
	}
	all, next := codec.Cut(all, limit, func(k domain.APIKey) string { return k.ID })
	return all, next, nil
}

// Key reads one key, of whichever project.
func (s *Store) Key(ctx context.Context, id string) (domain.APIKey, error) {
	return codec.ScanKey(s.read.row(ctx, `SELECT `+codec.KeyColumns+` FROM api_keys WHERE id = ?`, id))
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
		if err := t.row(reads(`SELECT role, revoked_at FROM api_keys WHERE id = ?`), id).Scan(&role, &revoked); err != nil || revoked != 0 {
			return err
		}
		if role == domain.RoleOperator && !last {
			var others int
			if err := t.row(reads(`SELECT COUNT(*) FROM api_keys WHERE role = 'operator' AND revoked_at = 0 AND id <> ?`), id).Scan(&others); err != nil {
				return fmt.Errorf("count operators' keys: %w", err)
			}
			if others == 0 {
				return domain.ErrLastOperator
			}
		}
		if err := t.exec(writes(`UPDATE api_keys SET revoked_at = ? WHERE id = ?`), codec.Micros(now), id); err != nil {
			return fmt.Errorf("revoke key: %w", err)
		}
		rows, err := t.rows(writes(`UPDATE streams SET revoked_at = ? WHERE key_id <> '' AND key_id = ? AND revoked_at = 0 RETURNING session_id`), codec.Micros(now), id)
		sessions, err := collect(rows, err, func(r codec.Scanner) (session string, err error) {
			err = r.Scan(&session)
			return session, err
		})
		if err != nil {
			return fmt.Errorf("revoke a key's links: %w", err)
		}
		t.unit.Commit.Sessions = append(t.unit.Commit.Sessions, sessions...)
		t.unit.Commit.Keys = append(t.unit.Commit.Keys, id)
		return nil
	})
}

// CreateSignIn adds somebody who is signed in.
func (s *Store) CreateSignIn(ctx context.Context, in domain.SignIn) error {
	return s.update(ctx, func(t *tx) error {
		err := t.exec(writes(`INSERT INTO sign_ins (`+codec.SignInColumns+`) VALUES (?,?,?,?)`), in.Hash, in.KeyID, codec.Micros(in.CreatedAt), codec.Micros(in.SeenAt))
		if err != nil {
			return fmt.Errorf("insert sign-in: %w", err)
		}
		return nil
	})
}

// SignIn finds who is signed in by the hash of their token.
func (s *Store) SignIn(ctx context.Context, hash []byte) (domain.SignIn, error) {
	return codec.ScanSignIn(s.quick.row(ctx, `SELECT `+codec.SignInColumns+` FROM sign_ins WHERE hash = ?`, hash))
}

// SeenSignIn says when it was used. One that is over is missed by nobody.
func (s *Store) SeenSignIn(ctx context.Context, hash []byte, now time.Time) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.exec(writes(`UPDATE sign_ins SET seen_at = ? WHERE hash = ?`), codec.Micros(now), hash); err != nil {
			return fmt.Errorf("see sign-in: %w", err)
		}
		return nil
	})
}

// EndSignIn ends one; doing it twice is fine.
func (s *Store) EndSignIn(ctx context.Context, hash []byte) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.exec(writes(`DELETE FROM sign_ins WHERE hash = ?`), hash); err != nil {
			return fmt.Errorf("end sign-in: %w", err)
		}
		return nil
	})
}

// ForgetSignIns ends those that were used or made last before.
func (s *Store) ForgetSignIns(ctx context.Context, seen, made time.Time) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.exec(writes(`DELETE FROM sign_ins WHERE seen_at < ? OR created_at < ?`), codec.Micros(seen), codec.Micros(made)); err != nil {
			return fmt.Errorf("forget sign-ins: %w", err)
		}
		return nil
	})
}
