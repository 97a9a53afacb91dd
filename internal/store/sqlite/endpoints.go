package sqlite

import (
	"context"
	"fmt"
	"iter"
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

// endpointCache is the endpoints that events may have to be delivered to, by
// project. Only the writer uses it, so it is as true as the transaction.
type endpointCache struct{ projects map[string]*projectEndpoints }

type projectEndpoints struct {
	all    []domain.Endpoint            // of every session
	inline map[string][]domain.Endpoint // by session, while it is open
}

func newEndpointCache() *endpointCache {
	return &endpointCache{projects: map[string]*projectEndpoints{}}
}

func (c *endpointCache) clear() { clear(c.projects) }

func (c *endpointCache) forget(project string) { delete(c.projects, project) }

func (c *endpointCache) forgetSession(project, session string) {
	if p, ok := c.projects[project]; ok {
		delete(p.inline, session)
	}
}

// of yields the endpoints that could want an event of the session.
func (c *endpointCache) of(t *tx, project, session string) (iter.Seq[*domain.Endpoint], error) {
	p, ok := c.projects[project]
	if !ok {
		rows, err := t.rows(`SELECT `+endpointColumns+` FROM endpoints e WHERE project_id = ? AND deleted_at = 0
			AND (session_id = '' OR EXISTS (SELECT 1 FROM sessions s WHERE s.project_id = e.project_id
				AND s.id = e.session_id AND s.status NOT IN ('CLOSED', 'FAILED')))`, project)
		all, err := collect(rows, err, scanEndpoint)
		if err != nil {
			return nil, fmt.Errorf("read endpoints: %w", err)
		}
		p = &projectEndpoints{inline: map[string][]domain.Endpoint{}}
		for _, e := range all {
			p.add(e)
		}
		// The session itself may have ended in this very transaction.
		if _, ok := p.inline[session]; !ok && session != "" {
			rows, err := t.rows(`SELECT `+endpointColumns+` FROM endpoints
				WHERE project_id = ? AND session_id = ? AND deleted_at = 0`, project, session)
			own, err := collect(rows, err, scanEndpoint)
			if err != nil {
				return nil, fmt.Errorf("read endpoints: %w", err)
			}
			for _, e := range own {
				p.add(e)
			}
		}
		c.projects[project] = p
	}
	return func(yield func(*domain.Endpoint) bool) {
		for i := range p.all {
			if !yield(&p.all[i]) {
				return
			}
		}
		own := p.inline[session]
		for i := range own {
			if !yield(&own[i]) {
				return
			}
		}
	}, nil
}

func (p *projectEndpoints) add(e domain.Endpoint) {
	if e.SessionID == "" {
		p.all = append(p.all, e)
	} else {
		p.inline[e.SessionID] = append(p.inline[e.SessionID], e)
	}
}

func (t *tx) insertEndpoint(e domain.Endpoint) error {
	err := t.exec(`INSERT INTO endpoints (`+endpointColumns+`, deleted_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,0)`,
		e.ProjectID, e.ID, e.SessionID, e.URL, jsonText(e.Events), e.Description, jsonText(e.Metadata), e.Status,
		e.DisabledReason, jsonText(e.Secrets), micros(e.CreatedAt), micros(e.UpdatedAt))
	if err != nil {
		return fmt.Errorf("insert endpoint: %w", err)
	}
	if p, ok := t.w.endpoints.projects[e.ProjectID]; ok {
		p.add(e)
	}
	return nil
}

// CreateEndpoint adds a webhook endpoint.
func (s *Store) CreateEndpoint(ctx context.Context, e domain.Endpoint, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.once(e.ProjectID, e.CreatedAt, idem); err != nil {
			return err
		}
		return t.insertEndpoint(e)
	})
}

// Endpoint reads one endpoint of a project that isn't deleted.
func (s *Store) Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return scanEndpoint(s.read.QueryRowContext(ctx, liveEndpoint, project, id))
}

// Endpoints reads a page, newest first, and the cursor of the next.
func (s *Store) Endpoints(ctx context.Context, project string, f domain.EndpointFilter) ([]domain.Endpoint, string, error) {
	before, err := decodeCursor(domain.PrefixEndpoint, f.Cursor)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+endpointColumns+` FROM endpoints
		WHERE project_id = ? AND id < ? AND deleted_at = 0 ORDER BY id DESC LIMIT ?`, project, before, f.Limit+1)
	page, err := collect(rows, err, scanEndpoint)
	if err != nil {
		return nil, "", fmt.Errorf("read endpoints: %w", err)
	}
	page, next := cut(page, f.Limit, func(e domain.Endpoint) string { return e.ID })
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
		c := &domain.EndpointChange{Endpoint: &e}
		if err := fn(c); err != nil {
			return err
		}
		if err := t.updateEndpoint(&e); err != nil {
			return err
		}
		if e.Status == domain.EndpointEnabled {
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
	t.w.endpoints.forget(e.ProjectID)
	return nil
}

// DeleteEndpoint deletes an endpoint and cancels what was to be sent to it.
// What was sent can still be looked at.
func (s *Store) DeleteEndpoint(ctx context.Context, project, id string, now time.Time) error {
	return s.update(ctx, func(t *tx) error {
		n, err := t.execCount(`UPDATE endpoints SET deleted_at = ? WHERE project_id = ? AND id = ? AND deleted_at = 0`,
			micros(now), project, id)
		if err != nil {
			return fmt.Errorf("delete endpoint: %w", err)
		}
		if n == 0 {
			return domain.ErrNotFound
		}
		t.w.endpoints.forget(project)
		err = t.exec(`UPDATE deliveries SET status = 'CANCELED', ended_at = ?
			WHERE project_id = ? AND endpoint_id = ? AND status IN ('PENDING', 'SENDING')`, micros(now), project, id)
		if err != nil {
			return fmt.Errorf("cancel deliveries: %w", err)
		}
		return nil
	})
}

// SendTest commits the draft as an event with one delivery, to the endpoint,
// whatever that subscribed to. It returns the delivery's id.
func (s *Store) SendTest(ctx context.Context, project, endpoint string, d domain.Draft, deliveryID string, idem *domain.Idempotency) error {
	return s.update(ctx, func(t *tx) error {
		e, err := scanEndpoint(t.row(liveEndpoint, project, endpoint))
		if err != nil {
			return err
		}
		if e.Status != domain.EndpointEnabled {
			return domain.Refuse(domain.CodeConflict, "the endpoint is disabled; enable it first")
		}
		if err := t.once(project, d.At, idem); err != nil {
			return err
		}
		n, err := t.projectSequence(project)
		if err != nil {
			return err
		}
		ev, err := t.insertEvent(d, n)
		if err != nil {
			return err
		}
		return t.insertDelivery(&ev, e.ID, deliveryID)
	})
}
