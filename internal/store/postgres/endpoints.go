package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/work"
)

// scanEndpoint scans [codec.EndpointColumns] and what more the query selects.
func (s *Store) scanEndpoint(r codec.Scanner, more ...any) (domain.Endpoint, error) {
	e, sealed, err := codec.ScanEndpoint(r, more...)
	if err != nil {
		return e, err
	}
	return e, s.Box.OpenEndpoint(sealed, &e)
}

const liveEndpoint = `SELECT ` + codec.EndpointColumns + `, num FROM endpoints WHERE project_id = $1 AND id = $2 AND deleted_at = 0`

// stays has an endpoint not end or be deleted before the transaction does.
const stays = ` FOR SHARE`

// insertEndpoint adds an endpoint. Nobody has asked for those of a new session
// yet; for any other the project's version goes up.
func (t *tx) insertEndpoint(e domain.Endpoint) error {
	sealed, err := t.store.Box.SealEndpoint(&e)
	if err != nil {
		return err
	}
	version := int64(0)
	if e.SessionID == "" {
		if version, err = t.newVersion(e.ProjectID); err != nil {
			return err
		}
	}
	err = t.exec(`INSERT INTO endpoints (`+codec.EndpointColumns+`, signs, ordered, version, deleted_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,0)`,
		e.ProjectID, e.ID, e.SessionID, codec.Text(e.EndpointSettings), sealed, string(e.Status), e.DisabledReason,
		codec.Micros(e.FailingSince), codec.Micros(e.FailingTold), codec.Micros(e.CreatedAt), codec.Micros(e.UpdatedAt),
		e.HasKeyPair(), e.Ordered, version)
	if err != nil {
		return fmt.Errorf("insert endpoint: %w", err)
	}
	t.unit.EndpointAdded(&e)
	return nil
}

// newVersion tells that the project's endpoints change, to whoever adds
// events to it after this.
func (t *tx) newVersion(project string) (version int64, err error) {
	if err := t.row(`UPDATE projects SET version = version + 1 WHERE id = $1 RETURNING version`, project).Scan(&version); err != nil {
		return 0, fmt.Errorf("change endpoints: %w", err)
	}
	return version, nil
}

// CreateEndpoint adds a webhook endpoint.
func (s *Store) CreateEndpoint(ctx context.Context, e domain.Endpoint, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.recordKey(e.ProjectID, idem); err != nil {
			return err
		}
		return t.insertEndpoint(e)
	})
}

// Endpoint reads one endpoint of a project that isn't deleted.
func (s *Store) Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error) {
	var num int64
	return s.scanEndpoint(s.row(ctx, liveEndpoint, project, id), &num)
}

// Endpoints reads a page, newest first, and the cursor of the next.
func (s *Store) Endpoints(ctx context.Context, project string, f domain.EndpointFilter) ([]domain.Endpoint, string, error) {
	limit := codec.PageLimit(f.Limit)
	before, err := codec.DecodeCursor(domain.PrefixEndpoint, f.Cursor)
	if err != nil {
		return nil, "", err
	}
	found := 0
	page, err := collect(ctx, s, func(r codec.Scanner) (domain.Endpoint, error) { return s.scanEndpoint(r, &found) },
		upTo(codec.EndpointColumns, `SELECT `+codec.EndpointColumns+` FROM endpoints
			WHERE project_id = $1 AND id < $2 AND deleted_at = 0 ORDER BY id DESC LIMIT $3`,
			`id DESC`, `(octet_length(settings) + octet_length(sealed))`, codec.PageBytes), project, before, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("read endpoints: %w", err)
	}
	page, next := codec.CutLong(page, limit, len(page) < found, func(e domain.Endpoint) string { return e.ID })
	return page, next, nil
}

// ChangeEndpoint loads an endpoint, lets fn decide and commits what it
// decided. One that is enabled has its pending deliveries due at once. A
// request under an idempotency key that was used before gives *domain.Replay
// whatever fn says about the endpoint now. fn may run more than once.
func (s *Store) ChangeEndpoint(ctx context.Context, project, id string, fn func(*domain.EndpointChange) error) error {
	return s.update(ctx, func(t *tx) error {
		var num int64
		e, err := s.scanEndpoint(t.row(liveEndpoint+` FOR UPDATE`, project, id), &num)
		if err != nil {
			return err
		}
		was := work.Before(&e)
		c := &domain.EndpointChange{Endpoint: &e}
		refused := fn(c)
		if err := t.recordKey(project, c.Idempotency); err != nil {
			return err
		}
		if refused != nil {
			return refused
		}
		if err := t.updateEndpoint(&e); err != nil {
			return err
		}
		if t.unit.EndpointChanged(was, &e) {
			if err := t.endInline(work.Inline{Num: num, Ref: e.Ref(), At: e.UpdatedAt}); err != nil {
				return err
			}
		}
		return t.appendAll(c.Drafts)
	})
}

func (t *tx) updateEndpoint(e *domain.Endpoint) error {
	sealed, err := t.store.Box.SealEndpoint(e)
	if err != nil {
		return err
	}
	version, err := t.newVersion(e.ProjectID)
	if err != nil {
		return err
	}
	err = t.exec(`UPDATE endpoints SET settings = $3, sealed = $4, status = $5, disabled_reason = $6, failing_since = $7,
		failing_told = $8, updated_at = $9, signs = $10, ordered = $11, version = $12 WHERE project_id = $1 AND id = $2`,
		e.ProjectID, e.ID, codec.Text(e.EndpointSettings), sealed, string(e.Status), e.DisabledReason, codec.Micros(e.FailingSince),
		codec.Micros(e.FailingTold), codec.Micros(e.UpdatedAt), e.HasKeyPair(), e.Ordered, version)
	if err != nil {
		return fmt.Errorf("update endpoint: %w", err)
	}
	t.unit.Commit.Changed = append(t.unit.Commit.Changed, e.Ref())
	return nil
}

// DeleteEndpoint deletes an endpoint, forgets its secrets and cancels what was
// to be sent to it. What was sent can still be looked at.
func (s *Store) DeleteEndpoint(ctx context.Context, project, id string, now time.Time) error {
	ref := domain.EndpointRef{ProjectID: project, ID: id}
	forgotten, err := s.Box.ForgetEndpoint(ref)
	if err != nil {
		return err
	}
	var num int64
	err = s.update(ctx, func(t *tx) error {
		if err := t.row(`UPDATE endpoints SET deleted_at = $3, sealed = $4 WHERE project_id = $1 AND id = $2 AND deleted_at = 0
			RETURNING num, signs`, project, id, codec.Micros(now), forgotten).Scan(&num, &t.unit.Commit.KeyPairs); err != nil {
			return err
		}
		t.unit.Gone(ref)
		version, err := t.newVersion(project)
		if err != nil {
			return err
		}
		return t.exec(`UPDATE endpoints SET version = $2 WHERE num = $1`, num, version)
	})
	if err != nil {
		return err
	}
	// The endpoint is deleted: the caller's going away doesn't stop the rest.
	return s.cancelDeleted(context.WithoutCancel(ctx), num)
}

// cancelDeleted cancels what is left of an endpoint that was deleted, some at a
// time.
func (s *Store) cancelDeleted(ctx context.Context, num int64) error {
	_, err := work.Repeat(ctx, s.update, atOnce, func(t *tx) (int, error) {
		return t.count(`UPDATE deliveries d SET status = `+work.CancelOpen.To()+`, reason = 'endpoint_deleted', node = 0, ended_at = p.deleted_at
			FROM endpoints p, (SELECT project, event FROM deliveries WHERE endpoint = $1 AND ended_at = 0 LIMIT $2 FOR UPDATE) q
			WHERE p.num = $1 AND d.project = q.project AND d.event = q.event AND d.endpoint = $1`, num, atOnce)
	})
	if err != nil {
		return fmt.Errorf("cancel deliveries: %w", err)
	}
	return nil
}

// SendTest commits the draft as an event with one delivery, to the endpoint,
// whatever that subscribed to, and returns the delivery's id. The idempotency
// key remembers that id.
func (s *Store) SendTest(ctx context.Context, project, endpoint string, d domain.Draft, idem *domain.Idempotency) (string, error) {
	var delivery string
	err := s.update(ctx, func(t *tx) error {
		if err := t.replayed(project, idem); err != nil {
			return err
		}
		var num int64
		e, err := s.scanEndpoint(t.row(liveEndpoint+stays, project, endpoint), &num)
		if err != nil {
			return err
		}
		if e.Status != domain.EndpointEnabled {
			return e.Status.CheckSends()
		}
		entries := work.Entries([]domain.Draft{d})
		if err := t.append(nil, entries, func(*domain.Event) []*work.Endpoint { return []*work.Endpoint{{Endpoint: e, Num: num}} }); err != nil {
			return err
		}
		delivery = s.ids.ID(work.Key{Event: entries[0].Event.Position, Endpoint: num})
		if idem == nil {
			return nil
		}
		return t.insertKey(project, idem, []string{delivery})
	})
	return delivery, err
}

// SigningEndpoints reads the endpoints of all projects that have a key pair.
func (s *Store) SigningEndpoints(ctx context.Context) ([]domain.Endpoint, error) {
	all, err := collect(ctx, s, func(r codec.Scanner) (domain.Endpoint, error) { return s.scanEndpoint(r) },
		`SELECT `+codec.EndpointColumns+` FROM endpoints WHERE signs AND deleted_at = 0 ORDER BY num`)
	if err != nil {
		return nil, fmt.Errorf("read endpoints: %w", err)
	}
	return all, nil
}

// Reseal encrypts with the first master key what was encrypted with another,
// so that the others can be forgotten.
func (s *Store) Reseal(ctx context.Context) (int, error) {
	done, err := work.Pass(ctx, s.update, func(t *tx, after int64) (int, int64, error) {
		all, err := rows(t, seal.ScanRow, `SELECT num, project_id, id, sealed FROM endpoints WHERE num > $1 AND deleted_at = 0 ORDER BY num LIMIT $2 FOR UPDATE`, after, atOnce)
		if err != nil {
			return 0, 0, err
		}
		return s.Box.Reseal(all, func(num int64, sealed []byte) error {
			return t.exec(`UPDATE endpoints SET sealed = $2 WHERE num = $1`, num, sealed)
		})
	})
	if err != nil {
		return done, fmt.Errorf("encrypt with the new master key: %w", err)
	}
	return done, nil
}
