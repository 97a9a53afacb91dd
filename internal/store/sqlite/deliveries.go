package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const deliveryColumns = `project_id, id, event_id, event_type, session_id, endpoint_id, status, attempts, tries,
	next_at, created_at, ended_at`

func deliveryDest(d *domain.Delivery) []any {
	return []any{
		&d.ProjectID, &d.ID, &d.EventID, &d.EventType, &d.SessionID, &d.EndpointID, &d.Status,
		&d.Attempts, &d.Tries, timeColumn{&d.NextAt}, timeColumn{&d.CreatedAt}, timeColumn{&d.EndedAt},
	}
}

func scanDelivery(r scanner) (domain.Delivery, error) {
	var d domain.Delivery
	err := r.Scan(deliveryDest(&d)...)
	return d, missing(err)
}

func (t *tx) insertDelivery(e *domain.Event, endpoint, id string) error {
	at := micros(e.CreatedAt)
	err := t.exec(`INSERT INTO deliveries (`+deliveryColumns+`, event_position)
		VALUES (?,?,?,?,?,?,'PENDING',0,0,?,?,0,?)`,
		e.ProjectID, id, e.ID, e.Type, e.SessionID, endpoint, at, at, e.Position)
	if err != nil {
		return fmt.Errorf("insert delivery: %w", err)
	}
	t.known.Endpoints = append(t.known.Endpoints, endpoint)
	return nil
}

// Deliveries reads a page, newest first, and the cursor of the next.
func (s *Store) Deliveries(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error) {
	limit := pageLimit(f.Limit)
	before, err := decodeCursor(domain.PrefixDelivery, f.Cursor)
	if err != nil {
		return nil, "", err
	}
	query := `SELECT ` + deliveryColumns + ` FROM deliveries WHERE project_id = ? AND id < ?`
	args := []any{project, before}
	where := func(cond string, arg any) { query, args = query+" AND "+cond, append(args, arg) }
	if f.EndpointID != "" {
		where("endpoint_id = ?", f.EndpointID)
	}
	if f.SessionID != "" {
		where("session_id <> '' AND session_id = ?", f.SessionID)
	}
	switch f.Status {
	case "":
	case domain.DeliveryFailed, domain.DeliveryCanceled:
		// Few among many: the condition of the index that holds just these.
		where("status IN ('FAILED', 'CANCELED') AND status = ?", f.Status)
	default:
		where("status = ?", f.Status)
	}
	if f.EventType != "" {
		where("event_type = ?", f.EventType)
	}
	if !f.From.IsZero() {
		where("created_at >= ?", micros(f.From))
	}
	if !f.To.IsZero() {
		where("created_at < ?", micros(f.To))
	}
	rows, err := s.read.rows(ctx, query+` ORDER BY id DESC LIMIT ?`, append(args, limit+1)...)
	page, err := collect(rows, err, scanDelivery)
	if err != nil {
		return nil, "", fmt.Errorf("read deliveries: %w", err)
	}
	page, next := cut(page, limit, func(d domain.Delivery) string { return d.ID })
	return page, next, nil
}

const oneDelivery = `SELECT ` + deliveryColumns + ` FROM deliveries WHERE project_id = ? AND id = ?`

// Delivery reads one delivery of a project.
func (s *Store) Delivery(ctx context.Context, project, id string) (domain.Delivery, error) {
	return scanDelivery(s.read.row(ctx, oneDelivery, project, id))
}

// Attempts reads the tries of a delivery, in order.
func (s *Store) Attempts(ctx context.Context, project, delivery string) ([]domain.Attempt, error) {
	rows, err := s.read.rows(ctx, `SELECT project_id, delivery_id, number, id, started_at, duration, status_code,
		response, remote_addr, error_class, error FROM attempts WHERE project_id = ? AND delivery_id = ? ORDER BY number`,
		project, delivery)
	all, err := collect(rows, err, func(r scanner) (domain.Attempt, error) {
		var a domain.Attempt
		var us int64
		err := r.Scan(&a.ProjectID, &a.DeliveryID, &a.Number, &a.ID, timeColumn{&a.StartedAt}, &us, &a.StatusCode,
			&a.Response, &a.RemoteAddr, &a.ErrorClass, &a.Error)
		a.Duration = time.Duration(us) * time.Microsecond
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	return all, nil
}

// RetryDelivery makes a delivery due now, with the whole schedule before it.
func (s *Store) RetryDelivery(ctx context.Context, project, id string, now time.Time) (domain.Delivery, error) {
	var d domain.Delivery
	err := s.update(ctx, func(t *tx) error {
		var err error
		if d, err = scanDelivery(t.row(oneDelivery, project, id)); err != nil {
			return err
		}
		e, err := scanEndpoint(t.row(liveEndpoint, project, d.EndpointID))
		switch {
		case errors.Is(err, domain.ErrNotFound):
			return domain.Refuse(domain.CodeConflict, "the endpoint of this delivery was deleted")
		case err != nil:
			return err
		case e.Status != domain.EndpointEnabled:
			return domain.Refuse(domain.CodeConflict, "the endpoint of this delivery is disabled; enable it first")
		case d.Status == domain.DeliverySending:
			return domain.Refuse(domain.CodeConflict, "the delivery is being sent right now")
		}
		if d.Status != domain.DeliveryPending {
			if err := d.Move(domain.DeliveryPending); err != nil {
				return err
			}
		}
		d.Tries, d.NextAt, d.EndedAt = 0, now, time.Time{}
		if err := t.exec(`UPDATE deliveries SET status = ?, tries = 0, next_at = ?, ended_at = 0 WHERE project_id = ? AND id = ?`,
			d.Status, micros(now), project, id); err != nil {
			return fmt.Errorf("retry delivery: %w", err)
		}
		t.known.Endpoints = append(t.known.Endpoints, d.EndpointID)
		return nil
	})
	if err != nil {
		return domain.Delivery{}, err
	}
	return d, nil
}
