package sqlite

import (
	"cmp"
	"context"
	"errors"
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
	deliveryJoins = `CROSS JOIN events e ON e.position = d.event CROSS JOIN endpoints p ON p.num = d.endpoint
		CROSS JOIN projects o ON o.num = e.project LEFT JOIN sessions s ON s.num = e.session `
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

// Deliveries reads a page, newest first, and the cursor of the next. It looks at no more
// than [domain.LooksAtMost] deliveries: a page of what is rarer is short, and has a cursor.
func (s *Store) Deliveries(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error) {
	limit := codec.PageLimit(f.Limit)
	before, err := s.ids.Before(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	few := false
	if f.Status == domain.DeliveryPending && f.EventID == "" && f.SessionID == "" {
		if few, err = s.fewWait(ctx, project, f.EndpointID); err != nil {
			return nil, "", err
		}
	}
	walk, walked, floor, err := s.walk(ctx, project, f, before, few)
	if err != nil {
		return nil, "", fmt.Errorf("read deliveries: %w", err)
	}
	query := `SELECT ` + codec.DeliveryColumns + ` FROM (` + walk + ` LIMIT ?) w
		CROSS JOIN deliveries d ON d.event = w.event AND d.endpoint = w.endpoint ` + deliveryJoins + `WHERE o.id = ?`
	args := append(slices.Clone(walked), domain.LooksAtMost, project)
	where := func(cond string, arg any) { query, args = query+" AND "+cond, append(args, arg) }
	if f.EndpointID != "" {
		where("p.id = ?", f.EndpointID)
	}
	if f.SessionID != "" {
		where("s.id = ?", f.SessionID)
	}
	if f.Status != "" && f.Status != domain.DeliverySending {
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
	rows, err := s.read.rows(ctx, query, args...)
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
	if len(page) > limit {
		page, next := codec.Cut(page, limit, func(d domain.Delivery) string { return d.ID })
		return page, next, nil
	}
	var last work.Key
	err = s.read.row(ctx, walk+` LIMIT 1 OFFSET ?`, append(walked, domain.LooksAtMost-1)...).Scan(&last.Event, &last.Endpoint)
	switch {
	case err == nil:
	case !errors.Is(err, domain.ErrNotFound):
		return nil, "", fmt.Errorf("read deliveries: %w", err)
	case floor > 0:
		last = work.Key{Event: floor, Endpoint: 1} // all of that event's were looked at
	default:
		return page, "", nil
	}
	return page, codec.EncodeCursor(s.ids.ID(last)), nil
}

// fewEnough is how many deliveries a page is sorted of, at most.
const fewEnough = 1000

// fewWait says whether so few wait for an endpoint, or for all of the project, that a page
// of them is sorted: among a million that have ended they would be looked for in vain.
// Where more wait they are soon found.
func (s *Store) fewWait(ctx context.Context, project, endpoint string) (bool, error) {
	n := 0
	from, args := waitingOf(project, endpoint)
	if err := s.read.row(ctx, `SELECT COUNT(*) FROM (SELECT 1 `+from+` LIMIT ?)`, append(args, fewEnough+1)...).Scan(&n); err != nil {
		return false, fmt.Errorf("read deliveries: %w", err)
	}
	return n <= fewEnough, nil
}

// waitingOf is from where what waits is read, d.
func waitingOf(project, endpoint string) (from string, args []any) {
	if endpoint != "" {
		return `FROM endpoints p CROSS JOIN deliveries d INDEXED BY deliveries_open ON d.endpoint = p.num AND d.ended_at = 0
			WHERE p.project_id = ? AND p.id = ?`, []any{project, endpoint}
	}
	return `FROM (WITH RECURSIVE ` + openEndpoints + ` SELECT num FROM open) q CROSS JOIN endpoints p ON p.num = q.num
		CROSS JOIN deliveries d INDEXED BY deliveries_open ON d.endpoint = p.num AND d.ended_at = 0 WHERE p.project_id = ?`, []any{project}
}

// walk goes through keys of deliveries before one, the newest first, by the index that
// fits the filter best; not all that it meets are of the filter. few: what waits is little.
// Where it goes through events, which may have no deliveries, it goes no further than
// floor; 0: to the end.
func (s *Store) walk(ctx context.Context, project string, f domain.DeliveryFilter, before work.Key, few bool) (query string, args []any, floor int64, err error) {
	const keys = `SELECT d.event AS event, d.endpoint AS endpoint `
	var order string
	switch {
	case f.Status == domain.DeliverySending:
		// The list is in order, and no longer than what fits into memory.
		query, args = keys+`FROM (SELECT value ->> 0 AS event, value ->> 1 AS endpoint FROM json_each(?)) d WHERE TRUE`, []any{s.leasedList()}
	case few:
		query, args = waitingOf(project, f.EndpointID)
		query, order = keys+query, ` ORDER BY d.event DESC, d.endpoint DESC`
	case givenUp(f.Status) && f.EndpointID != "":
		query, args = keys+`FROM endpoints p CROSS JOIN deliveries d INDEXED BY deliveries_endpoint_given_up ON d.endpoint = p.num
			WHERE p.project_id = ? AND p.id = ? AND d.status IN ('FAILED', 'CANCELED')`, []any{project, f.EndpointID}
		order = ` ORDER BY d.event DESC`
	case givenUp(f.Status) && f.EventID == "" && f.SessionID == "":
		query, args = keys+`FROM projects o CROSS JOIN deliveries d INDEXED BY deliveries_given_up ON d.project = o.num
			WHERE o.id = ? AND d.status IN ('FAILED', 'CANCELED')`, []any{project}
		order = ` ORDER BY d.event DESC, d.endpoint DESC`
	case f.EventID != "":
		query, args = keys+`FROM projects o CROSS JOIN events e INDEXED BY events_id ON e.project = o.num
			CROSS JOIN deliveries d ON d.event = e.position WHERE o.id = ? AND e.id = ?`, []any{project, f.EventID}
		order = ` ORDER BY d.endpoint DESC`
	case f.EndpointID != "":
		query, args = keys+`FROM endpoints p CROSS JOIN deliveries d INDEXED BY deliveries_endpoint ON d.endpoint = p.num
			WHERE p.project_id = ? AND p.id = ?`, []any{project, f.EndpointID}
		order = ` ORDER BY d.event DESC`
	case f.SessionID != "":
		query, args = keys+`FROM projects o CROSS JOIN sessions s ON s.project_id = o.id
			CROSS JOIN events e INDEXED BY events_session ON e.project = o.num AND e.session = s.num
			CROSS JOIN deliveries d ON d.event = e.position WHERE o.id = ? AND s.id = ?`, []any{project, f.SessionID}
		order = ` ORDER BY e.sequence DESC, d.endpoint DESC`
	default:
		log := `FROM projects o CROSS JOIN events e INDEXED BY events_project ON e.project = o.num `
		is := `WHERE o.id = ? AND e.position <= ?`
		args = []any{project, before.Event}
		if rare(f.EventType) {
			log = `FROM projects o CROSS JOIN events e INDEXED BY events_rare ON e.project = o.num `
			is, args = is+` AND `+isRare+` AND e.type = ?`, append(args, f.EventType)
		}
		if floor, err = number(s.read.row(ctx, `SELECT e.position `+log+is+` ORDER BY e.position DESC LIMIT 1 OFFSET ?`,
			append(slices.Clone(args), domain.LooksAtMost-1)...)); err != nil {
			return "", nil, 0, err
		}
		query, args = keys+log+`CROSS JOIN deliveries d ON d.event = e.position `+is+` AND e.position >= ?`, append(args, floor)
		order = ` ORDER BY e.position DESC, d.endpoint DESC`
	}
	return query + ` AND d.event <= ? AND (d.event < ? OR d.endpoint < ?)` + order,
		append(args, before.Event, before.Event, before.Endpoint), floor, nil
}

// isRare is what the index events_rare holds: the events e but for those of steps that
// begin and complete, which are the most.
const isRare = `e.type NOT IN ('step_started', 'step_completed')`

// rare says whether there is a type, and it is none of those.
func rare(t domain.EventType) bool {
	return t != "" && t != domain.EventStepStarted && t != domain.EventStepCompleted
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
