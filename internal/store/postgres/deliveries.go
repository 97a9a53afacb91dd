package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// A delivery as it is read: d is its row, e its event, p its endpoint, o its
// project and s the session, if there is one.
const (
	// deliveryRead is with whether somebody sends it.
	deliveryRead   = codec.DeliveryColumns + `, d.node <> 0`
	deliveryTables = ` FROM deliveries d JOIN events e ON e.project = d.project AND e.position = d.event
		JOIN endpoints p ON p.num = d.endpoint JOIN projects o ON o.num = d.project
		LEFT JOIN sessions s ON s.num = e.session `
	oneDelivery = `SELECT ` + deliveryRead + deliveryTables + `WHERE d.event = $1 AND d.endpoint = $2 AND o.id = $3`
)

// scanDelivery scans deliveryRead.
func (s *Store) scanDelivery(r codec.Scanner) (domain.Delivery, error) {
	var leased bool
	d, event, endpoint, err := codec.ScanDelivery(r, &leased)
	if err != nil {
		return d, err
	}
	if d.ID = s.ids.ID(work.Key{Event: event, Endpoint: endpoint}); leased {
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
	num, err := s.project(ctx, project)
	if errors.Is(err, domain.ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	query := `SELECT ` + deliveryRead + deliveryTables + `WHERE d.project = $1 AND (d.event, d.endpoint) < ($2, $3)`
	args := []any{num, before.Event, before.Endpoint}
	where := func(cond string, arg any) {
		args = append(args, arg)
		query += ` AND ` + strings.ReplaceAll(cond, "?", `$`+strconv.Itoa(len(args)))
	}
	if f.EndpointID != "" {
		where(`d.endpoint = (SELECT x.num FROM endpoints x JOIN projects y ON y.id = x.project_id WHERE y.num = $1 AND x.id = ?)`, f.EndpointID)
	}
	if f.SessionID != "" {
		where(`d.event IN (SELECT x.position FROM events x WHERE x.project = $1 AND x.session = (SELECT z.num FROM sessions z
			JOIN projects y ON y.id = z.project_id WHERE y.num = $1 AND z.id = ?))`, f.SessionID)
	}
	switch f.Status {
	case "":
	case domain.DeliveryFailed, domain.DeliveryCanceled:
		// Few among many: the condition of the index that holds just these.
		query += ` AND d.status IN ('FAILED', 'CANCELED')`
		where(`d.status = ?`, string(f.Status))
	case domain.DeliverySending:
		query += ` AND d.node <> 0`
	case domain.DeliveryPending:
		query += ` AND d.node = 0 AND d.ended_at = 0`
	default:
		where(`d.status = ?`, string(f.Status))
	}
	if f.EventID != "" {
		where(`d.event = (SELECT x.position FROM events x WHERE x.project = $1 AND x.id = ?)`, f.EventID)
	}
	if f.EventType != "" {
		where(`e.type = ?`, string(f.EventType))
	}
	if !f.From.IsZero() {
		where(`e.created_at >= ?`, codec.Micros(f.From))
	}
	if !f.To.IsZero() {
		where(`e.created_at < ?`, codec.Micros(f.To))
	}
	args = append(args, limit+1)
	query += ` ORDER BY d.event DESC, d.endpoint DESC LIMIT $` + strconv.Itoa(len(args))
	page, err := collect(ctx, s, s.scanDelivery, query, args...)
	if err != nil {
		return nil, "", fmt.Errorf("read deliveries: %w", err)
	}
	page, next := codec.Cut(page, limit, func(d domain.Delivery) string { return d.ID })
	return page, next, nil
}

// Delivery reads one delivery of a project.
func (s *Store) Delivery(ctx context.Context, project, id string) (domain.Delivery, error) {
	k := s.ids.Key(id)
	return s.scanDelivery(s.row(ctx, oneDelivery, k.Event, k.Endpoint, project))
}

// Ahead counts the deliveries that an ordered one waits for, up to
// [domain.AheadAtMost], and reads the first of them.
func (s *Store) Ahead(ctx context.Context, project, id string) (first domain.Delivery, n int, err error) {
	k := s.ids.Key(id)
	var event int64
	err = s.row(ctx, `SELECT COUNT(*), COALESCE(MIN(event), 0) FROM (
			SELECT x.event FROM deliveries d JOIN projects o ON o.num = d.project
			JOIN deliveries x ON x.project = d.project AND x.endpoint = d.endpoint AND x.ordered = d.ordered AND x.event < d.event
			WHERE d.event = $1 AND d.endpoint = $2 AND o.id = $3 AND x.ended_at = 0 AND x.ordered > 0 ORDER BY x.event LIMIT $4) q`,
		k.Event, k.Endpoint, project, domain.AheadAtMost).Scan(&n, &event)
	if err != nil {
		return first, 0, fmt.Errorf("read what is ahead: %w", err)
	}
	if n == 0 {
		return first, 0, nil
	}
	first, err = s.scanDelivery(s.row(ctx, oneDelivery, event, k.Endpoint, project))
	return first, n, err
}

// Attempts reads all attempts of a delivery, in order.
func (s *Store) Attempts(ctx context.Context, project, delivery string) ([]domain.Attempt, error) {
	return s.AttemptsPage(ctx, project, delivery, 0, math.MaxInt32)
}

// AttemptsPage reads up to limit attempts of a delivery after so many, in order.
func (s *Store) AttemptsPage(ctx context.Context, project, delivery string, after, limit int) ([]domain.Attempt, error) {
	k := s.ids.Key(delivery)
	number := after
	all, err := collect(ctx, s, func(r codec.Scanner) (domain.Attempt, error) {
		number++
		a := domain.Attempt{ProjectID: project, DeliveryID: delivery, Number: number}
		var packed []byte
		if err := r.Scan(&packed); err != nil {
			return a, err
		}
		return a, codec.Attempt{A: &a}.Scan(packed)
	}, `SELECT first FROM deliveries d JOIN projects o ON o.num = d.project
			WHERE o.id = $1 AND d.event = $2 AND d.endpoint = $3 AND first IS NOT NULL
		UNION ALL (SELECT a.packed FROM projects o JOIN attempts a ON a.project = o.num
			WHERE o.id = $1 AND a.event = $2 AND a.endpoint = $3 ORDER BY a.id) LIMIT $4 OFFSET $5`, project, k.Event, k.Endpoint, limit, after)
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

// headOf is the first of a session that has something open for an ordered
// endpoint, found as openSessions does.
const headOf = `(SELECT ctid FROM deliveries WHERE endpoint = $1 AND ended_at = 0 AND ordered > 0 AND ordered BETWEEN $2 AND $2
	ORDER BY ordered, event LIMIT 1)`

// lockTurn locks the first of the delivery's session, if that has an order: a
// claim that is under way gets what follows it as it was, or passes it by.
func (t *tx) lockTurn(project string, k work.Key) error {
	var ordered int64
	err := t.row(`SELECT d.ordered FROM deliveries d JOIN projects o ON o.num = d.project
		WHERE d.event = $1 AND d.endpoint = $2 AND o.id = $3`, k.Event, k.Endpoint, project).Scan(&ordered)
	if err != nil || ordered == 0 {
		return err
	}
	for open := true; open; {
		n, err := t.count(`SELECT 1 FROM deliveries WHERE ctid = `+headOf+` FOR UPDATE`, k.Endpoint, ordered)
		if err != nil || n > 0 {
			return err
		}
		// None is left, or it has changed while it was waited for.
		if err := t.row(`SELECT `+headOf+` IS NOT NULL`, k.Endpoint, ordered).Scan(&open); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) retry(project string, k work.Key, now time.Time) (domain.Delivery, error) {
	if err := t.lockTurn(project, k); err != nil {
		return domain.Delivery{}, fmt.Errorf("retry delivery: %w", err)
	}
	d, err := t.store.scanDelivery(t.row(oneDelivery+` FOR UPDATE OF d`, k.Event, k.Endpoint, project))
	if err != nil {
		return d, err
	}
	var num int64
	e, found := t.store.scanEndpoint(t.row(liveEndpoint+stays, project, d.EndpointID), &num)
	if err := t.unit.Retry(&d, &e, found, t.store.leases.onItsWay(k), now); err != nil {
		return d, err
	}
	if err := t.exec(`UPDATE deliveries d SET status = `+work.SendAgain.To()+`, reason = '', tries = 0, next_at = $4, ended_at = 0
		FROM projects o WHERE o.id = $3 AND d.project = o.num AND d.event = $1 AND d.endpoint = $2`,
		k.Event, k.Endpoint, project, codec.Micros(now)); err != nil {
		return d, fmt.Errorf("retry delivery: %w", err)
	}
	return d, nil
}
