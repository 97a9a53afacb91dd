package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// ReleaseClaims makes due again what a dead server had claimed, and cancels
// what it hadn't yet of the endpoints that it deleted. It is for the start,
// before anything is claimed.
func (s *Store) ReleaseClaims(ctx context.Context) error {
	return s.update(ctx, func(t *tx) error {
		if err := t.exec(`UPDATE deliveries SET status = 'PENDING' WHERE ended_at = 0 AND status = 'SENDING'`); err != nil {
			return fmt.Errorf("release claims: %w", err)
		}
		if err := t.exec(`UPDATE deliveries SET status = 'CANCELED',
			ended_at = (SELECT deleted_at FROM endpoints e WHERE e.id = endpoint_id)
			WHERE ended_at = 0 AND status = 'PENDING' AND endpoint_id IN (SELECT id FROM endpoints WHERE deleted_at <> 0)`); err != nil {
			return fmt.Errorf("cancel deliveries: %w", err)
		}
		return nil
	})
}

// DueEndpoints lists the endpoints that have something to send, now or later.
func (s *Store) DueEndpoints(ctx context.Context) ([]domain.Due, error) {
	// From one endpoint to the next through the index, however long each
	// one's backlog is.
	rows, err := s.read.rows(ctx, `WITH RECURSIVE open (id) AS (
			SELECT MIN(endpoint_id) FROM deliveries WHERE ended_at = 0
			UNION ALL
			SELECT (SELECT MIN(endpoint_id) FROM deliveries WHERE ended_at = 0 AND endpoint_id > open.id)
			FROM open WHERE open.id IS NOT NULL)
		SELECT project_id, endpoint_id, next_at FROM open JOIN deliveries d ON d.project_id = (
			SELECT project_id FROM endpoints e WHERE e.id = open.id) AND d.id = (`+nextPending("id", "open.id")+`)`)
	all, err := collect(rows, err, func(r scanner) (domain.Due, error) {
		var d domain.Due
		return d, r.Scan(&d.ProjectID, &d.EndpointID, timeColumn{&d.At})
	})
	if err != nil {
		return nil, fmt.Errorf("read due endpoints: %w", err)
	}
	return all, nil
}

// Claim takes up to limit due deliveries of the endpoint, the longest due
// first, for the caller alone to send. An endpoint that is disabled or deleted
// has none. The claim's endpoint is shared: it must not be changed.
func (s *Store) Claim(ctx context.Context, endpoint string, now time.Time, limit int) (domain.Claim, error) {
	var c domain.Claim
	err := s.update(ctx, func(t *tx) error {
		e, err := t.w.endpoints.one(t, endpoint)
		if errors.Is(err, domain.ErrNotFound) || err == nil && e.Status != domain.EndpointEnabled {
			return nil
		}
		if err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		c.Endpoint = *e
		if c.Jobs, err = t.claim(endpoint, now, limit); err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		err = t.row(nextPending("next_at", "?"), endpoint).Scan(timeColumn{&c.Next})
		if err = missing(err); err != nil && !errors.Is(err, domain.ErrNotFound) {
			return fmt.Errorf("claim: %w", err)
		}
		return nil
	})
	if err != nil {
		return domain.Claim{}, err
	}
	return c, nil
}

// nextPending selects a column of the delivery that an endpoint has next.
func nextPending(column, endpoint string) string {
	return `SELECT ` + column + ` FROM deliveries WHERE endpoint_id = ` + endpoint + `
		AND ended_at = 0 AND status = 'PENDING' ORDER BY next_at, id LIMIT 1`
}

func (t *tx) claim(endpoint string, now time.Time, limit int) ([]domain.Job, error) {
	rows, err := t.rows(`SELECT d.project_id, d.id, d.event_id, d.event_type, d.session_id, d.endpoint_id, d.status,
		d.attempts, d.tries, d.next_at, d.created_at, d.ended_at, e.body
		FROM deliveries d JOIN events e ON e.position = d.event_position
		WHERE d.endpoint_id = ? AND d.ended_at = 0 AND d.status = 'PENDING' AND d.next_at <= ?
		ORDER BY d.next_at, d.id LIMIT ?`, endpoint, micros(now), limit)
	jobs, err := collect(rows, err, func(r scanner) (domain.Job, error) {
		var j domain.Job
		return j, r.Scan(append(deliveryDest(&j.Delivery), &j.Body)...)
	})
	if err != nil {
		return nil, err
	}
	if len(jobs) == 0 {
		return nil, nil
	}
	ids := make([]string, len(jobs))
	for i := range jobs {
		d := &jobs[i].Delivery
		ids[i] = d.ID
		if err := d.Move(domain.DeliverySending); err != nil {
			return nil, err
		}
	}
	// An endpoint's deliveries are all of its project.
	err = t.exec(`UPDATE deliveries SET status = 'SENDING' WHERE project_id = ? AND id IN (SELECT value FROM json_each(?))`,
		jobs[0].Delivery.ProjectID, jsonText(ids))
	return jobs, err
}

// Finish records attempts with what they did to their deliveries, disables
// the endpoints that asked for it, and appends the news. A delivery that was
// canceled while it was being sent stays canceled; its attempt is kept. An
// outcome whose attempt has no id gives a delivery back untried.
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
	if errors.Is(err, domain.ErrNotFound) || err == nil && e.Status == domain.EndpointDisabled {
		return nil // somebody was faster
	}
	if err != nil {
		return fmt.Errorf("disable endpoint: %w", err)
	}
	e.Status, e.DisabledReason, e.UpdatedAt = domain.EndpointDisabled, o.Disable, a.StartedAt
	return t.updateEndpoint(&e)
}
