package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const endpointColumns = `project_id, id, session_id, url, events, description, metadata, status, disabled_reason,
	secrets, created_at, updated_at`

// scanEndpoint reads endpointColumns and what more the query selects.
func scanEndpoint(r scanner, more ...any) (domain.Endpoint, error) {
	var e domain.Endpoint
	err := r.Scan(append([]any{
		&e.ProjectID, &e.ID, &e.SessionID, &e.URL, jsonColumn{&e.Events}, &e.Description,
		jsonColumn{&e.Metadata}, &e.Status, &e.DisabledReason, jsonColumn{&e.Secrets},
		timeColumn{&e.CreatedAt}, timeColumn{&e.UpdatedAt},
	}, more...)...)
	return e, missing(err)
}

const liveEndpoint = `SELECT ` + endpointColumns + ` FROM endpoints WHERE project_id = ? AND id = ? AND deleted_at = 0`

const liveEndpointNum = `SELECT ` + endpointColumns + `, num FROM endpoints WHERE project_id = ? AND id = ? AND deleted_at = 0`

func (t *tx) insertEndpoint(e domain.Endpoint) error {
	err := t.exec(`INSERT INTO endpoints (`+endpointColumns+`, deleted_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,0)`,
		e.ProjectID, e.ID, e.SessionID, e.URL, jsonText(e.Events), e.Description, jsonText(e.Metadata), e.Status,
		e.DisabledReason, jsonText(e.Secrets), micros(e.CreatedAt), micros(e.UpdatedAt))
	if err != nil {
		return fmt.Errorf("insert endpoint: %w", err)
	}
	t.w.cache.forgetEndpoints(e.ProjectID, e.SessionID)
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
	page, err := collect(rows, err, func(r scanner) (domain.Endpoint, error) { return scanEndpoint(r) })
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
			t.known.Due = append(t.known.Due, e.Ref())
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
	t.known.Changed = append(t.known.Changed, e.Ref())
	t.w.cache.forgetEndpoints(e.ProjectID, e.SessionID)
	return nil
}

// cancelAtOnce is how many deliveries one change cancels: whoever deletes an
// endpoint with a million of them is not to hold up everybody else.
const cancelAtOnce = 2000

// DeleteEndpoint deletes an endpoint and cancels what was to be sent to it.
// What was sent can still be looked at.
func (s *Store) DeleteEndpoint(ctx context.Context, project, id string, now time.Time) error {
	var num, canceled int64
	err := s.update(ctx, func(t *tx) error {
		var session string
		err := t.row(`UPDATE endpoints SET deleted_at = ? WHERE project_id = ? AND id = ? AND deleted_at = 0
			RETURNING session_id, num`, micros(now), project, id).Scan(&session, &num)
		if err != nil {
			return missing(err)
		}
		t.w.cache.forgetEndpoints(project, session)
		t.known.Changed = append(t.known.Changed, domain.EndpointRef{ProjectID: project, ID: id})
		canceled, err = t.cancelPending(num, now)
		return err
	})
	// The endpoint is deleted: the caller's going away doesn't stop the rest.
	ctx = context.WithoutCancel(ctx)
	for err == nil && canceled == cancelAtOnce {
		err = s.update(ctx, func(t *tx) error {
			var err error
			canceled, err = t.cancelPending(num, now)
			return err
		})
	}
	return err
}

func (t *tx) cancelPending(endpoint int64, now time.Time) (int64, error) {
	n, err := t.execCount(`UPDATE deliveries SET status = 'CANCELED', ended_at = ? WHERE (event, endpoint) IN
		(SELECT event, endpoint FROM deliveries WHERE endpoint = ? AND ended_at = 0 LIMIT ?)`,
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
	var delivery string
	err := s.update(ctx, func(t *tx) error {
		if err := t.replayed(project, idem); err != nil {
			return err
		}
		var num int64
		e, err := scanEndpoint(t.row(liveEndpointNum, project, endpoint), &num)
		if err != nil {
			return err
		}
		if e.Status != domain.EndpointEnabled {
			return domain.Refuse(domain.CodeConflict, "the endpoint is disabled; enable it first")
		}
		n, err := t.numberInProject(project)
		if err != nil {
			return err
		}
		ev, err := t.insertEvent(d, 0, n)
		if err != nil {
			return err
		}
		if err := t.insertDeliveries(&ev, []*cachedEndpoint{{e, num}}); err != nil {
			return err
		}
		delivery = s.ids.Seal(ev.Position, num)
		if idem == nil {
			return nil
		}
		return t.remember(project, idem, []string{delivery})
	})
	return delivery, err
}
