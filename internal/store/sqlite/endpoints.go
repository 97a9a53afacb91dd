package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// scanEndpoint scans [codec.EndpointColumns] and what more the query selects.
func (s *Store) scanEndpoint(r codec.Scanner, more ...any) (domain.Endpoint, error) {
	e, sealed, err := codec.ScanEndpoint(r, more...)
	if err != nil {
		return e, err
	}
	return e, s.box.OpenEndpoint(sealed, &e)
}

var (
	liveEndpoint    = reads(`SELECT ` + codec.EndpointColumns + ` FROM endpoints WHERE project_id = ? AND id = ? AND deleted_at = 0`)
	liveEndpointNum = reads(`SELECT ` + codec.EndpointColumns + `, num FROM endpoints WHERE project_id = ? AND id = ? AND deleted_at = 0`)
)

func (t *tx) insertEndpoint(e domain.Endpoint) error {
	sealed, err := t.w.store.box.SealEndpoint(&e)
	if err != nil {
		return err
	}
	err = t.exec(writes(`INSERT INTO endpoints (`+codec.EndpointColumns+`, signs, deleted_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,0)`),
		e.ProjectID, e.ID, e.SessionID, codec.Text(e.EndpointSettings), sealed, e.Status, e.DisabledReason,
		codec.Micros(e.FailingSince), codec.Micros(e.FailingTold), codec.Micros(e.CreatedAt), codec.Micros(e.UpdatedAt), e.HasKeyPair())
	if err != nil {
		return fmt.Errorf("insert endpoint: %w", err)
	}
	t.unit.EndpointAdded(&e)
	t.w.cache.forgetEndpoints(e.ProjectID, e.SessionID)
	return nil
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
	return s.scanEndpoint(s.read.row(ctx, liveEndpoint.text, project, id))
}

// Endpoints reads a page, newest first, and the cursor of the next.
func (s *Store) Endpoints(ctx context.Context, project string, f domain.EndpointFilter) ([]domain.Endpoint, string, error) {
	limit := codec.PageLimit(f.Limit)
	before, err := codec.DecodeCursor(domain.PrefixEndpoint, f.Cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.read.rows(ctx, `SELECT `+codec.EndpointColumns+` FROM endpoints
		WHERE project_id = ? AND id < ? AND deleted_at = 0 ORDER BY id DESC LIMIT ?`, project, before, limit+1)
	page, more, err := collectPage(rows, err, codec.PageBytes, func(r codec.Scanner) (domain.Endpoint, error) { return s.scanEndpoint(r) }, codec.EndpointBytes)
	if err != nil {
		return nil, "", fmt.Errorf("read endpoints: %w", err)
	}
	page, next := codec.CutLong(page, limit, more, func(e domain.Endpoint) string { return e.ID })
	return page, next, nil
}

// ChangeEndpoint loads an endpoint, lets fn decide and commits what it
// decided. One that is enabled has its pending deliveries due at once. A
// request under an idempotency key that was used before gives *domain.Replay
// whatever fn says about the endpoint now.
func (s *Store) ChangeEndpoint(ctx context.Context, project, id string, fn func(*domain.EndpointChange) error) error {
	return s.update(ctx, func(t *tx) error {
		var num int64
		e, err := s.scanEndpoint(t.row(liveEndpointNum, project, id), &num)
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
	sealed, err := t.w.store.box.SealEndpoint(e)
	if err != nil {
		return err
	}
	err = t.exec(writes(`UPDATE endpoints SET settings = ?, sealed = ?, status = ?, disabled_reason = ?, failing_since = ?,
		failing_told = ?, updated_at = ?, signs = ? WHERE project_id = ? AND id = ?`),
		codec.Text(e.EndpointSettings), sealed, e.Status, e.DisabledReason, codec.Micros(e.FailingSince), codec.Micros(e.FailingTold),
		codec.Micros(e.UpdatedAt), e.HasKeyPair(), e.ProjectID, e.ID)
	if err != nil {
		return fmt.Errorf("update endpoint: %w", err)
	}
	t.unit.Commit.Changed = append(t.unit.Commit.Changed, e.Ref())
	t.w.cache.forgetEndpoints(e.ProjectID, e.SessionID)
	return nil
}

// DeleteEndpoint deletes an endpoint, forgets its secrets and cancels what was
// to be sent to it. What was sent can still be looked at.
func (s *Store) DeleteEndpoint(ctx context.Context, project, id string, now time.Time) error {
	ref := domain.EndpointRef{ProjectID: project, ID: id}
	forgotten, err := s.box.ForgetEndpoint(ref)
	if err != nil {
		return err
	}
	var num int64
	canceled := 0
	err = s.update(ctx, func(t *tx) error {
		var session string
		var signs bool
		err := t.row(writes(`UPDATE endpoints SET deleted_at = ?, sealed = ? WHERE project_id = ? AND id = ? AND deleted_at = 0
			RETURNING session_id, num, signs`), codec.Micros(now), forgotten, project, id).Scan(&session, &num, &signs)
		if err != nil {
			return err
		}
		t.unit.Commit.KeyPairs = t.unit.Commit.KeyPairs || signs
		t.gone(ref, session)
		canceled, err = t.cancelOpen(num, now)
		return err
	})
	if err != nil || canceled < atOnce {
		return err
	}
	// The endpoint is deleted: the caller's going away doesn't stop the rest.
	_, err = work.Repeat(context.WithoutCancel(ctx), s.update, atOnce, func(t *tx) (int, error) { return t.cancelOpen(num, now) })
	return err
}

// cancelOpen cancels some of what is still to be sent to an endpoint that is no
// more.
func (t *tx) cancelOpen(endpoint int64, now time.Time) (int, error) {
	n, err := t.execCount(writesLog(`UPDATE deliveries SET status = `+work.CancelOpen.To()+`, reason = 'endpoint_deleted', ended_at = ? WHERE (event, endpoint) IN
		(SELECT event, endpoint FROM deliveries WHERE endpoint = ? AND ended_at = 0 LIMIT ?)`),
		codec.Micros(now), endpoint, atOnce)
	if err != nil {
		return 0, fmt.Errorf("cancel deliveries: %w", err)
	}
	return n, nil
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
		e, err := s.scanEndpoint(t.row(liveEndpointNum, project, endpoint), &num)
		if err != nil {
			return err
		}
		if e.Status != domain.EndpointEnabled {
			return e.Status.CheckSends()
		}
		entry := &work.Entry{Draft: d}
		if entry.Sequence, err = t.numberInProject(project); err != nil {
			return err
		}
		if err := t.place(entry); err != nil {
			return err
		}
		t.unit.Deliver(entry, &work.Endpoint{Endpoint: e, Num: num})
		delivery = s.ids.ID(work.Key{Event: entry.Event.Position, Endpoint: num})
		if idem == nil {
			return nil
		}
		return t.insertKey(project, idem, []string{delivery})
	})
	return delivery, err
}

// SigningEndpoints reads the endpoints of all projects that have a key pair.
func (s *Store) SigningEndpoints(ctx context.Context) ([]domain.Endpoint, error) {
	rows, err := s.read.rows(ctx, `SELECT `+codec.EndpointColumns+` FROM endpoints WHERE signs = 1 AND deleted_at = 0 ORDER BY num`)
	all, err := collect(rows, err, func(r codec.Scanner) (domain.Endpoint, error) { return s.scanEndpoint(r) })
	if err != nil {
		return nil, fmt.Errorf("read endpoints: %w", err)
	}
	return all, nil
}
