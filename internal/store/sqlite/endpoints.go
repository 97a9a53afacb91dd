package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const endpointColumns = `project_id, id, session_id, url, events, description, metadata, status, disabled_reason,
	secrets, created_at, updated_at`

func scanEndpoint(r scanner) (domain.Endpoint, error) {
	var e domain.Endpoint
	err := r.Scan(&e.ProjectID, &e.ID, &e.SessionID, &e.URL, jsonColumn{&e.Events}, &e.Description,
		jsonColumn{&e.Metadata}, &e.Status, &e.DisabledReason, jsonColumn{&e.Secrets},
		timeColumn{&e.CreatedAt}, timeColumn{&e.UpdatedAt})
	return e, missing(err)
}

const liveEndpoint = `SELECT ` + endpointColumns + ` FROM endpoints WHERE project_id = ? AND id = ? AND deleted_at = 0`

func (t *tx) insertEndpoint(e domain.Endpoint) error {
	err := t.exec(`INSERT INTO endpoints (`+endpointColumns+`, deleted_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,0)`,
		e.ProjectID, e.ID, e.SessionID, e.URL, jsonText(e.Events), e.Description, jsonText(e.Metadata), e.Status,
		e.DisabledReason, jsonText(e.Secrets), micros(e.CreatedAt), micros(e.UpdatedAt))
	if err != nil {
		return fmt.Errorf("insert endpoint: %w", err)
	}
	t.w.endpoints.forget(e.ProjectID, e.SessionID, e.ID)
	return nil
}

// CreateEndpoint adds a webhook endpoint.
func (s *Store) CreateEndpoint(ctx context.Context, e domain.Endpoint, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.once(e.ProjectID, idem); err != nil {
			return err
		}
		return t.insertEndpoint(e)
	})
}

// Endpoint reads one endpoint of a project that isn't deleted.
func (s *Store) Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return scanEndpoint(s.read.row(ctx, liveEndpoint, project, id))
}

// Endpoints reads a page, newest first, and the cursor of the next.
func (s *Store) Endpoints(ctx context.Context, project string, f domain.EndpointFilter) ([]domain.Endpoint, string, error) {
	limit := pageLimit(f.Limit)
	before, err := decodeCursor(domain.PrefixEndpoint, f.Cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.read.rows(ctx, `SELECT `+endpointColumns+` FROM endpoints
		WHERE project_id = ? AND id < ? AND deleted_at = 0 ORDER BY id DESC LIMIT ?`, project, before, limit+1)
	page, err := collect(rows, err, scanEndpoint)
	if err != nil {
		return nil, "", fmt.Errorf("read endpoints: %w", err)
	}
	page, next := cut(page, limit, func(e domain.Endpoint) string { return e.ID })
	return page, next, nil
}

// ChangeEndpoint loads an endpoint, lets fn decide and commits what it
// decided. One that is enabled has its pending deliveries due at once.
func (s *Store) ChangeEndpoint(ctx context.Context, project, id string, fn func(*domain.EndpointChange) error) error {
	return s.update(ctx, func(t *tx) error {
		e, err := scanEndpoint(t.row(liveEndpoint, project, id))
		if err != nil {
			return err
		}
		was := e.Status
		c := &domain.EndpointChange{Endpoint: &e}
		if err := fn(c); err != nil {
			return err
		}
		if err := t.updateEndpoint(&e); err != nil {
			return err
		}
		if e.Status == domain.EndpointEnabled && was != e.Status {
			t.known.Endpoints = append(t.known.Endpoints, e.ID)
		}
		return t.appendAll(c.News)
	})
}

func (t *tx) updateEndpoint(e *domain.Endpoint) error {
	err := t.exec(`UPDATE endpoints SET url = ?, events = ?, description = ?, metadata = ?, status = ?,
		disabled_reason = ?, secrets = ?, updated_at = ? WHERE project_id = ? AND id = ?`,
		e.URL, jsonText(e.Events), e.Description, jsonText(e.Metadata), e.Status, e.DisabledReason,
		jsonText(e.Secrets), micros(e.UpdatedAt), e.ProjectID, e.ID)
	if err != nil {
		return fmt.Errorf("update endpoint: %w", err)
	}
	t.w.endpoints.forget(e.ProjectID, e.SessionID, e.ID)
	return nil
}

// cancelAtOnce is how many deliveries one change cancels: whoever deletes an
// endpoint with a million of them is not to hold up everybody else.
const cancelAtOnce = 2000

// DeleteEndpoint deletes an endpoint and cancels what was to be sent to it.
// What was sent can still be looked at.
func (s *Store) DeleteEndpoint(ctx context.Context, project, id string, now time.Time) error {
	var canceled int64
	err := s.update(ctx, func(t *tx) error {
		var session string
		err := t.row(`UPDATE endpoints SET deleted_at = ? WHERE project_id = ? AND id = ? AND deleted_at = 0
			RETURNING session_id`, micros(now), project, id).Scan(&session)
		if err != nil {
			return missing(err)
		}
		t.w.endpoints.forget(project, session, id)
		if err := t.exec(`UPDATE deliveries SET status = 'CANCELED', ended_at = ?
			WHERE endpoint_id = ? AND ended_at = 0 AND status = 'SENDING'`, micros(now), id); err != nil {
			return fmt.Errorf("cancel deliveries: %w", err)
		}
		canceled, err = t.cancelPending(id, now)
		return err
	})
	// The endpoint is deleted: the caller's going away doesn't stop the rest.
	ctx = context.WithoutCancel(ctx)
	for err == nil && canceled == cancelAtOnce {
		err = s.update(ctx, func(t *tx) error {
			var err error
			canceled, err = t.cancelPending(id, now)
			return err
		})
	}
	return err
}

func (t *tx) cancelPending(endpoint string, now time.Time) (int64, error) {
	n, err := t.execCount(`UPDATE deliveries SET status = 'CANCELED', ended_at = ? WHERE (project_id, id) IN
		(SELECT project_id, id FROM deliveries WHERE endpoint_id = ? AND ended_at = 0 LIMIT ?)`,
		micros(now), endpoint, cancelAtOnce)
	if err != nil {
		return 0, fmt.Errorf("cancel deliveries: %w", err)
	}
	return n, nil
}

// SendTest commits the draft as an event with one delivery, to the endpoint,
// whatever that subscribed to, and returns the delivery's id. The idempotency
// key remembers that id.
func (s *Store) SendTest(ctx context.Context, project, endpoint string, d domain.Draft, idem *domain.Idempotency) (string, error) {
	delivery := domain.NewID(domain.PrefixDelivery)
	if idem != nil {
		with := *idem
		with.Refs = []string{delivery}
		idem = &with
	}
	err := s.update(ctx, func(t *tx) error {
		if err := t.once(project, idem); err != nil {
			return err
		}
		e, err := scanEndpoint(t.row(liveEndpoint, project, endpoint))
		if err != nil {
			return err
		}
		if e.Status != domain.EndpointEnabled {
			return domain.Refuse(domain.CodeConflict, "the endpoint is disabled; enable it first")
		}
		n, err := t.number(project, "")
		if err != nil {
			return err
		}
		ev, err := t.insertEvent(d, n)
		if err != nil {
			return err
		}
		return t.insertDelivery(&ev, e.ID, delivery)
	})
	if err != nil {
		return "", err
	}
	return delivery, nil
}
