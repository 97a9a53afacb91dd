package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// A delivery as it is read: d is its row, e its event, p its endpoint, o its
// project and s the session, if there is one.
const (
	// deliveryJoins goes from d to the rest, always in this order.
	deliveryJoins = `CROSS JOIN events e ON e.position = d.event ` + deliveryNames
	deliveryNames = `CROSS JOIN endpoints p ON p.num = d.endpoint CROSS JOIN projects o ON o.num = e.project
		LEFT JOIN sessions s ON s.num = e.session `
)

var oneDelivery = readsLog(`SELECT ` + codec.DeliveryColumns + ` FROM deliveries d ` + deliveryJoins + `
	WHERE d.event = ? AND d.endpoint = ? AND o.id = ?`)

// scanDelivery scans [codec.DeliveryColumns].
func (s *Store) scanDelivery(r codec.Scanner) (domain.Delivery, error) {
	d, event, endpoint, err := codec.ScanDelivery(r)
	if err != nil {
		return d, err
	}
	k := work.Key{Event: event, Endpoint: endpoint}
	if d.ID = s.ids.ID(k); d.Status == domain.DeliveryPending && s.leases.has(k) {
		work.Lease(&d)
	}
	return d, nil
}

// Deliveries reads a page, newest first, and the cursor of the next.
func (s *Store) Deliveries(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error) {
	limit := codec.PageLimit(f.Limit)
	before, err := s.ids.Before(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	few := false
	if f.Status == domain.DeliveryPending && f.EndpointID != "" {
		if few, err = s.fewWait(ctx, project, f.EndpointID); err != nil {
			return nil, "", err
		}
	}
	query, order := s.deliveryQuery(f, few)
	args := []any{project, before.Event, before.Event, before.Endpoint}
	where := func(cond string, arg any) { query, args = query+" AND "+cond, append(args, arg) }
	if f.EndpointID != "" {
		where("p.id = ?", f.EndpointID)
	}
	if f.SessionID != "" {
		where("s.id = ?", f.SessionID)
	}
	switch f.Status {
	case "":
	case domain.DeliveryFailed, domain.DeliveryCanceled:
		// Few among many: the condition of the index that holds just these.
		where("d.status IN ('FAILED', 'CANCELED') AND d.status = ?", f.Status)
	case domain.DeliverySending:
		args = append([]any{s.leasedList()}, args...)
	default:
		where("d.status = ?", f.Status)
	}
	if f.EventID != "" {
		where("e.id = ?", f.EventID)
	}
	if f.EventType != "" {
		where("e.type = ?", f.EventType)
	}
	if !f.From.IsZero() {
		where("e.created_at >= ?", codec.Micros(f.From))
	}
	if !f.To.IsZero() {
		where("e.created_at < ?", codec.Micros(f.To))
	}
	rows, err := s.read.rows(ctx, query+order, args...)
	if err != nil {
		return nil, "", fmt.Errorf("read deliveries: %w", err)
	}
	defer rows.Close()
	var page []domain.Delivery
	for len(page) <= limit && rows.Next() {
		d, err := s.scanDelivery(rows)
		if err != nil {
			return nil, "", fmt.Errorf("read deliveries: %w", err)
		}
		// What is being sent is not told from what waits by its row.
		if f.Status == "" || f.Status == d.Status {
			page = append(page, d)
		}
	}
	if err := unusable(rows.Err()); err != nil {
		return nil, "", fmt.Errorf("read deliveries: %w", err)
	}
	page, next := codec.Cut(page, limit, func(d domain.Delivery) string { return d.ID })
	return page, next, nil
}

// fewEnough is how many deliveries a page is sorted of, at most.
const fewEnough = 1000

// fewWait says whether so few wait for an endpoint that a page of them is sorted: among
// a million that have ended they would be looked for in vain. Where more wait they are
// soon found.
func (s *Store) fewWait(ctx context.Context, project, endpoint string) (bool, error) {
	n := 0
	if err := s.read.row(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM endpoints p CROSS JOIN deliveries d INDEXED BY deliveries_open
		ON d.endpoint = p.num AND d.ended_at = 0 WHERE p.project_id = ? AND p.id = ? LIMIT ?)`, project, endpoint, fewEnough+1).Scan(&n); err != nil {
		return false, fmt.Errorf("read deliveries: %w", err)
	}
	return n <= fewEnough, nil
}

// deliveryQuery reads from the table whose index fits the filter best. few: what waits is
// little.
func (s *Store) deliveryQuery(f domain.DeliveryFilter, few bool) (query, order string) {
	const columns = `SELECT ` + codec.DeliveryColumns + ` FROM `
	const rest = ` AND (d.event < ? OR d.event = ? AND d.endpoint < ?)`
	switch {
	case f.Status == domain.DeliverySending:
		// The list is in order, and no longer than what fits into memory.
		return columns + `json_each(?) h CROSS JOIN deliveries d ON d.event = h.value ->> 0 AND d.endpoint = h.value ->> 1 ` +
			deliveryJoins + `WHERE o.id = ?` + rest, ``
	case few:
		return columns + `projects o CROSS JOIN endpoints p ON p.project_id = o.id
			CROSS JOIN deliveries d INDEXED BY deliveries_open ON d.endpoint = p.num AND d.ended_at = 0
			CROSS JOIN events e ON e.position = d.event LEFT JOIN sessions s ON s.num = e.session WHERE o.id = ?` + rest,
			` ORDER BY d.event DESC`
	case givenUp(f.Status) && f.EndpointID != "":
		return columns + `projects o CROSS JOIN endpoints p ON p.project_id = o.id
			CROSS JOIN deliveries d INDEXED BY deliveries_endpoint_given_up ON d.endpoint = p.num
			CROSS JOIN events e ON e.position = d.event LEFT JOIN sessions s ON s.num = e.session WHERE o.id = ?` + rest,
			` ORDER BY d.event DESC`
	case givenUp(f.Status):
		return columns + `projects o CROSS JOIN deliveries d INDEXED BY deliveries_given_up ON d.project = o.num
			CROSS JOIN events e ON e.position = d.event CROSS JOIN endpoints p ON p.num = d.endpoint
			LEFT JOIN sessions s ON s.num = e.session WHERE o.id = ?` + rest, ` ORDER BY d.event DESC, d.endpoint DESC`
	case f.EventID != "":
		return columns + `projects o CROSS JOIN events e INDEXED BY events_id ON e.project = o.num
			CROSS JOIN deliveries d ON d.event = e.position CROSS JOIN endpoints p ON p.num = d.endpoint
			LEFT JOIN sessions s ON s.num = e.session WHERE o.id = ?` + rest, ` ORDER BY d.endpoint DESC`
	case f.EndpointID != "":
		return columns + `projects o CROSS JOIN endpoints p ON p.project_id = o.id
			CROSS JOIN deliveries d INDEXED BY deliveries_endpoint ON d.endpoint = p.num
			CROSS JOIN events e ON e.position = d.event LEFT JOIN sessions s ON s.num = e.session WHERE o.id = ?` + rest,
			` ORDER BY d.event DESC`
	case f.SessionID != "":
		return columns + `projects o CROSS JOIN sessions s ON s.project_id = o.id
			CROSS JOIN events e INDEXED BY events_session ON e.project = o.num AND e.session = s.num
			CROSS JOIN deliveries d ON d.event = e.position CROSS JOIN endpoints p ON p.num = d.endpoint WHERE o.id = ?` + rest,
			` ORDER BY e.sequence DESC, d.endpoint DESC`
	default:
		return columns + `projects o CROSS JOIN events e INDEXED BY events_project ON e.project = o.num
			CROSS JOIN deliveries d ON d.event = e.position CROSS JOIN endpoints p ON p.num = d.endpoint
			LEFT JOIN sessions s ON s.num = e.session WHERE o.id = ?` + rest, ` ORDER BY e.position DESC, d.endpoint DESC`
	}
}

// givenUp says whether that is the state of few among many.
func givenUp(s domain.DeliveryStatus) bool {
	return s == domain.DeliveryFailed || s == domain.DeliveryCanceled
}

// leasedList is what is being sent, newest first, as JSON for a query.
func (s *Store) leasedList() string {
	keys := s.leases.all()
	slices.SortFunc(keys, func(a, b work.Key) int {
		return cmp.Or(cmp.Compare(b.Event, a.Event), cmp.Compare(b.Endpoint, a.Endpoint))
	})
	pairs := make([][2]int64, len(keys))
	for i, k := range keys {
		pairs[i] = [2]int64{k.Event, k.Endpoint}
	}
	return codec.Text(pairs)
}

// Delivery reads one delivery of a project.
func (s *Store) Delivery(ctx context.Context, project, id string) (domain.Delivery, error) {
	k := s.ids.Key(id)
	return s.scanDelivery(s.read.row(ctx, oneDelivery.text, k.Event, k.Endpoint, project))
}

// Ahead counts the deliveries that an ordered one waits for, up to
// [domain.AheadAtMost], and reads the first of them.
func (s *Store) Ahead(ctx context.Context, project, id string) (first domain.Delivery, n int, err error) {
	k := s.ids.Key(id)
	var event int64
	if err := s.read.row(ctx, `SELECT COUNT(*), COALESCE(MIN(event), 0) FROM (
			SELECT x.event FROM projects o CROSS JOIN deliveries d ON d.project = o.num AND d.event = ? AND d.endpoint = ?
			CROSS JOIN deliveries x INDEXED BY deliveries_ordered ON x.endpoint = d.endpoint AND x.ordered = d.ordered AND x.event < d.event
			WHERE o.id = ? AND x.ended_at = 0 AND x.ordered > 0 ORDER BY x.event LIMIT ?)`, k.Event, k.Endpoint, project, domain.AheadAtMost).Scan(&n, &event); err != nil {
		return first, 0, fmt.Errorf("read what is ahead: %w", err)
	}
	if n == 0 {
		return first, 0, nil
	}
	first, err = s.scanDelivery(s.read.row(ctx, oneDelivery.text, event, k.Endpoint, project))
	return first, n, err
}

// Attempts reads all attempts of a delivery, in order.
func (s *Store) Attempts(ctx context.Context, project, delivery string) ([]domain.Attempt, error) {
	return s.AttemptsPage(ctx, project, delivery, 0, math.MaxInt32)
}

// AttemptsPage reads up to limit attempts of a delivery after so many, in order.
func (s *Store) AttemptsPage(ctx context.Context, project, delivery string, after, limit int) ([]domain.Attempt, error) {
	k := s.ids.Key(delivery)
	rows, err := s.read.rows(ctx, `SELECT 1, d.first FROM deliveries d CROSS JOIN projects o ON o.num = d.project
			WHERE d.event = ?1 AND d.endpoint = ?2 AND o.id = ?3 AND d.first IS NOT NULL
		UNION ALL SELECT * FROM (SELECT a.number, a.packed FROM deliveries d CROSS JOIN projects o ON o.num = d.project
			CROSS JOIN attempts a ON a.event = d.event AND a.endpoint = d.endpoint
			WHERE d.event = ?1 AND d.endpoint = ?2 AND o.id = ?3 ORDER BY a.number) LIMIT ?4 OFFSET ?5`, k.Event, k.Endpoint, project, limit, after)
	all, err := collect(rows, err, func(r codec.Scanner) (domain.Attempt, error) {
		a := domain.Attempt{ProjectID: project, DeliveryID: delivery}
		return a, r.Scan(&a.Number, codec.Attempt{A: &a})
	})
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	return all, nil
}

// RetryDelivery makes a delivery due now, with the whole schedule before it.
func (s *Store) RetryDelivery(ctx context.Context, project, id string, now time.Time, idem *domain.Idempotency) (domain.Delivery, error) {
	var d domain.Delivery
	err := s.update(ctx, func(t *tx) (err error) {
		if err := t.recordKey(project, idem); err != nil {
			return err
		}
		d, err = t.retry(project, s.ids.Key(id), now)
		return err
	})
	return d, err
}

func (t *tx) retry(project string, k work.Key, now time.Time) (domain.Delivery, error) {
	s := t.w.store
	d, err := s.scanDelivery(t.row(oneDelivery, k.Event, k.Endpoint, project))
	if err != nil {
		return d, err
	}
	e, found := s.scanEndpoint(t.row(liveEndpoint, project, d.EndpointID))
	if err := t.unit.Retry(&d, &e, found, s.leases.has(k), now); err != nil {
		return d, err
	}
	return d, t.makeDue(k, now)
}

// makeDue has a delivery sent as if it were new.
func (t *tx) makeDue(k work.Key, now time.Time) error {
	if err := t.exec(writesLog(`UPDATE deliveries SET status = `+work.SendAgain.To()+`, reason = '', tries = 0, next_at = ?, ended_at = 0
		WHERE event = ? AND endpoint = ?`), codec.Micros(now), k.Event, k.Endpoint); err != nil {
		return fmt.Errorf("retry delivery: %w", err)
	}
	return nil
}
