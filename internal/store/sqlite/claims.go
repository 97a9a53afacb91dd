package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// ReleaseClaims makes due again what a dead server had claimed. It is for the
// start, before anything is claimed.
func (s *Store) ReleaseClaims(ctx context.Context) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.exec(`UPDATE deliveries SET status = 'PENDING' WHERE status = 'SENDING'`); err != nil {
			return fmt.Errorf("release claims: %w", err)
		}
		return nil
	})
}

// DueEndpoints lists the endpoints that have something to send, now or later.
func (s *Store) DueEndpoints(ctx context.Context) ([]domain.Due, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT endpoint_id, MIN(next_at) FROM deliveries
		WHERE status = 'PENDING' GROUP BY endpoint_id`)
	all, err := collect(rows, err, func(r scanner) (domain.Due, error) {
		var d domain.Due
		return d, r.Scan(&d.EndpointID, timeColumn{&d.At})
	})
	if err != nil {
		return nil, fmt.Errorf("read due endpoints: %w", err)
	}
	return all, nil
}

// Claim takes up to limit due deliveries of the endpoint, the longest due
// first, for the caller alone to send. An endpoint that is disabled or deleted
// has none.
func (s *Store) Claim(ctx context.Context, endpoint string, now time.Time, limit int) (domain.Claim, error) {
	var c domain.Claim
	err := s.update(ctx, func(t *tx) error {
		c = domain.Claim{}
		var project string
		err := missing(t.row(`SELECT project_id FROM deliveries WHERE endpoint_id = ? AND status = 'PENDING' LIMIT 1`,
			endpoint).Scan(&project))
		if errors.Is(err, domain.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		e, err := scanEndpoint(t.row(liveEndpoint, project, endpoint))
		if errors.Is(err, domain.ErrNotFound) || err == nil && e.Status != domain.EndpointEnabled {
			return nil
		}
		if err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		c.Endpoint = e
		rows, err := t.rows(`SELECT d.project_id, d.id, d.event_id, d.event_type, d.session_id, d.endpoint_id, d.status,
			d.attempts, d.tries, d.next_at, d.created_at, d.ended_at, e.body
			FROM deliveries d JOIN events e ON e.position = d.event_position
			WHERE d.endpoint_id = ? AND d.status = 'PENDING' AND d.next_at <= ?
			ORDER BY d.next_at, d.id LIMIT ?`, endpoint, micros(now), limit)
		c.Jobs, err = collect(rows, err, func(r scanner) (domain.Job, error) {
			var j domain.Job
			return j, r.Scan(append(deliveryDest(&j.Delivery), &j.Body)...)
		})
		if err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		for i := range c.Jobs {
			d := &c.Jobs[i].Delivery
			if err := d.Move(domain.DeliverySending); err != nil {
				return err
			}
			if err := t.exec(`UPDATE deliveries SET status = 'SENDING' WHERE project_id = ? AND id = ?`, d.ProjectID, d.ID); err != nil {
				return fmt.Errorf("claim: %w", err)
			}
		}
		var next sql.NullInt64
		if err := t.row(`SELECT MIN(next_at) FROM deliveries WHERE endpoint_id = ? AND status = 'PENDING'`, endpoint).Scan(&next); err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		c.Next = fromMicros(next.Int64)
		return nil
	})
	return c, err
}

// Finish records attempts with what they did to their deliveries, disables
// the endpoints that asked for it, and appends the news. A delivery that was
// canceled while it was being sent stays canceled; its attempt is kept.
func (s *Store) Finish(ctx context.Context, outcomes []domain.Outcome, news []domain.Draft) error {
	return s.update(ctx, func(t *tx) error {
		for i := range outcomes {
			if err := t.finish(&outcomes[i]); err != nil {
				return err
			}
		}
		return t.appendAll(news)
	})
}

func (t *tx) finish(o *domain.Outcome) error {
	d, a := &o.Delivery, &o.Attempt
	n, err := t.execCount(`UPDATE deliveries SET status = ?, attempts = ?, tries = ?, next_at = ?, ended_at = ?
		WHERE project_id = ? AND id = ? AND status = 'SENDING'`,
		d.Status, d.Attempts, d.Tries, micros(d.NextAt), micros(d.EndedAt), d.ProjectID, d.ID)
	if err != nil {
		return fmt.Errorf("finish delivery: %w", err)
	}
	if a.ID == "" {
		return nil // given back without a try
	}
	if n == 0 {
		if err := t.exec(`UPDATE deliveries SET attempts = ? WHERE project_id = ? AND id = ?`, d.Attempts, d.ProjectID, d.ID); err != nil {
			return fmt.Errorf("finish delivery: %w", err)
		}
	}
	response := a.Response
	if response == nil {
		response = []byte{}
	}
	err = t.exec(`INSERT INTO attempts (project_id, delivery_id, number, id, started_at, duration, status_code, response,
		remote_addr, error_class, error) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
		a.ProjectID, a.DeliveryID, a.Number, a.ID, micros(a.StartedAt), a.Duration.Microseconds(), a.StatusCode,
		response, a.RemoteAddr, a.ErrorClass, a.Error)
	if err != nil {
		return fmt.Errorf("insert attempt: %w", err)
	}
	if o.Disable == "" {
		return nil
	}
	e, err := scanEndpoint(t.row(liveEndpoint, d.ProjectID, d.EndpointID))
	if errors.Is(err, domain.ErrNotFound) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return fmt.Errorf("disable endpoint: %w", err)
	}
	e.Status, e.DisabledReason, e.UpdatedAt = domain.EndpointDisabled, o.Disable, a.StartedAt
	return t.updateEndpoint(&e)
}
