package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
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
// Those of one event or session, and those that are being sent, it looks at all of.
func (s *Store) Deliveries(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error) {
	page, next, err := s.deliveries(ctx, project, f)
	if err != nil {
		return nil, "", fmt.Errorf("read deliveries: %w", err)
	}
	return page, next, nil
}

func (s *Store) deliveries(ctx context.Context, project string, f domain.DeliveryFilter) (page []domain.Delivery, next string, err error) {
	p := picking{DeliveryFilter: f, project: project}
	if p.before, err = s.ids.Before(f.Cursor); err != nil {
		return nil, "", err
	}
	if some, err := s.within(ctx, &p); err != nil || !some {
		return nil, "", err
	}
	found := f.EventID != "" || f.SessionID != "" || f.Status == domain.DeliverySending
	if f.Status == domain.DeliveryPending && !found {
		if p.few, err = s.fewWait(ctx, project, f.EndpointID); err != nil {
			return nil, "", err
		}
	}
	if found || p.few {
		return s.pick(ctx, &p, work.Key{})
	}
	first := min(max(looksAtFirst, codec.PageLimit(f.Limit)+1), domain.LooksAtMost)
	for _, most := range []int{first, domain.LooksAtMost} {
		floor, err := s.floor(ctx, &p, most)
		if err != nil {
			return nil, "", err
		}
		if page, next, err = s.pick(ctx, &p, floor); err != nil || next != "" || floor.Event == 0 {
			return page, next, err
		}
		next = codec.EncodeCursor(s.ids.ID(floor))
	}
	return page, next, nil
}

// picking is which deliveries a page is of: those of a filter, before one of them.
type picking struct {
	domain.DeliveryFilter
	project string
	before  work.Key
	since   int64 // the position of an event before which there is none of the filter
	few     bool  // what waits is little
}

// within finds where in the log the time of the filter is, and whether anything may be
// there.
func (s *Store) within(ctx context.Context, p *picking) (some bool, err error) {
	p.since, p.before, some, err = work.Within(p.From, p.To, p.before, func(id string) (position int64, err error) {
		return number(s.read.row(ctx, `SELECT e.position FROM projects o CROSS JOIN events e INDEXED BY events_id ON e.project = o.num
			WHERE o.id = ? AND e.id > ? ORDER BY e.id LIMIT 1`, p.project, id))
	})
	return some, err
}

// arguments are those of a query.
type arguments []any

// add adds one, and is its name.
func (a *arguments) add(v any) string {
	*a = append(*a, v)
	return "?" + strconv.Itoa(len(*a))
}

// floor is the last of so many deliveries that are looked at, or of all those of as many
// events, which may have none. It is zero when there are no more than that.
func (s *Store) floor(ctx context.Context, p *picking, most int) (floor work.Key, err error) {
	if p.throughEvents() {
		var args arguments
		floor.Endpoint = 1 // all of that event's
		query := `SELECT e.position ` + p.events(&args, ``, p.since) + ` ORDER BY e.position DESC LIMIT 1 OFFSET ` + args.add(most-1)
		if floor.Event, err = number(s.read.row(ctx, query, args...)); err != nil {
			return work.Key{}, err
		}
	}
	var args arguments
	query := s.walk(p, &args, floor) + ` LIMIT 1 OFFSET ` + args.add(most-1)
	if err := s.read.row(ctx, query, args...).Scan(&floor.Event, &floor.Endpoint); err != nil && !errors.Is(err, domain.ErrNotFound) {
		return work.Key{}, err
	}
	return floor, nil
}

// pick reads a page of those from floor on, so that what comes after it is what is before
// floor, whatever has come and gone since that was found.
func (s *Store) pick(ctx context.Context, p *picking, floor work.Key) (page []domain.Delivery, next string, err error) {
	var args arguments
	// Without LIMIT the order may be left out.
	query := `SELECT ` + codec.DeliveryColumns + ` FROM (` + s.walk(p, &args, floor) + ` LIMIT -1) w
		CROSS JOIN deliveries d ON d.event = w.event AND d.endpoint = w.endpoint ` + deliveryJoins + `WHERE o.id = ` + args.add(p.project)
	where := func(cond string, arg any) { query += " AND " + cond + args.add(arg) }
	if p.EndpointID != "" {
		where("p.id = ", p.EndpointID)
	}
	if p.SessionID != "" {
		where("s.id = ", p.SessionID)
	}
	if p.Status != "" && p.Status != domain.DeliverySending {
		where("d.status = ", p.Status)
	}
	if p.EventID != "" {
		where("e.id = ", p.EventID)
	}
	if p.EventType != "" {
		where("e.type = ", p.EventType)
	}
	if !p.From.IsZero() {
		where("e.created_at >= ", codec.Micros(p.From))
	}
	if !p.To.IsZero() {
		where("e.created_at < ", codec.Micros(p.To))
	}
	rows, err := s.read.rows(ctx, query, args...)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	limit := codec.PageLimit(p.Limit)
	for len(page) <= limit && rows.Next() {
		d, err := s.scanDelivery(rows)
		if err != nil {
			return nil, "", err
		}
		// What is being sent is not told from what waits by its row.
		if p.Status == "" || p.Status == d.Status {
			page = append(page, d)
		}
	}
	page, next = codec.Cut(page, limit, func(d domain.Delivery) string { return d.ID })
	return page, next, unusable(rows.Err())
}

const (
	// looksAtFirst is how many deliveries are looked at before many are: they mostly
	// suffice.
	looksAtFirst = 100
	// fewEnough is of how many that wait a page is sorted, at most.
	fewEnough = 1000
)

// fewWait says whether so few wait for an endpoint, or for all of the project, that a page
// of them is sorted: among a million that have ended they would be looked for in vain.
// Where more wait they are soon found.
func (s *Store) fewWait(ctx context.Context, project, endpoint string) (bool, error) {
	n := 0
	var args arguments
	query := `SELECT COUNT(*) FROM (SELECT 1 ` + waitingOf(&args, project, endpoint) + ` LIMIT ` + args.add(fewEnough+1) + `)`
	err := s.read.row(ctx, query, args...).Scan(&n)
	return n <= fewEnough, err
}

// waitingOf is from where what waits is read, d.
func waitingOf(args *arguments, project, endpoint string) string {
	if endpoint != "" {
		return `FROM endpoints p CROSS JOIN deliveries d INDEXED BY deliveries_open ON d.endpoint = p.num AND d.ended_at = 0
			WHERE p.project_id = ` + args.add(project) + ` AND p.id = ` + args.add(endpoint)
	}
	return `FROM (WITH RECURSIVE ` + openEndpoints + ` SELECT num FROM open) q CROSS JOIN endpoints p ON p.num = q.num
		CROSS JOIN deliveries d INDEXED BY deliveries_open ON d.endpoint = p.num AND d.ended_at = 0 WHERE p.project_id = ` + args.add(project)
}

// throughEvents says whether deliveries are reached by their events, since no index of
// their own has just those.
func (p *picking) throughEvents() bool {
	return p.EventID == "" && p.SessionID == "" && p.EndpointID == "" && p.Status != domain.DeliverySending && !p.few && !givenUp(p.Status)
}

// events is from where the events e from a position on are read, those of a type that is
// rare alone, with what is joined to them.
func (p *picking) events(args *arguments, join string, from int64) string {
	index, is := `events_project`, ``
	if rare(p.EventType) {
		index, is = `events_rare`, ` AND `+isRare+` AND e.type = `+args.add(p.EventType)
	}
	return `FROM projects o CROSS JOIN events e INDEXED BY ` + index + ` ON e.project = o.num ` + join +
		`WHERE o.id = ` + args.add(p.project) + is + ` AND e.position <= ` + args.add(p.before.Event) + ` AND e.position >= ` + args.add(from)
}

// walk goes through keys of deliveries before one and from floor on, the newest first, by
// the index that fits the filter best; not all that it meets are of the filter.
func (s *Store) walk(p *picking, args *arguments, floor work.Key) string {
	floor.Event = max(floor.Event, p.since)
	query, order := `SELECT d.event AS event, d.endpoint AS endpoint `, ``
	switch {
	case p.Status == domain.DeliverySending:
		// The list is in order, and no longer than what fits into memory.
		query += `FROM (SELECT value ->> 0 AS event, value ->> 1 AS endpoint FROM json_each(` + args.add(s.leasedList()) + `)) d WHERE TRUE`
	case p.few:
		query += waitingOf(args, p.project, p.EndpointID)
		order = ` ORDER BY d.event DESC, d.endpoint DESC`
	case p.EventID != "":
		query += `FROM projects o CROSS JOIN events e INDEXED BY events_id ON e.project = o.num
			CROSS JOIN deliveries d ON d.event = e.position WHERE o.id = ` + args.add(p.project) + ` AND e.id = ` + args.add(p.EventID)
		order = ` ORDER BY d.endpoint DESC`
	case p.SessionID != "":
		query += `FROM projects o CROSS JOIN sessions s ON s.project_id = o.id
			CROSS JOIN events e INDEXED BY events_session ON e.project = o.num AND e.session = s.num
			CROSS JOIN deliveries d ON d.event = e.position WHERE o.id = ` + args.add(p.project) + ` AND s.id = ` + args.add(p.SessionID)
		order = ` ORDER BY e.sequence DESC, d.endpoint DESC`
	case givenUp(p.Status) && p.EndpointID != "":
		query += `FROM endpoints p CROSS JOIN deliveries d INDEXED BY deliveries_endpoint_given_up ON d.endpoint = p.num
			WHERE p.project_id = ` + args.add(p.project) + ` AND p.id = ` + args.add(p.EndpointID) + ` AND d.status IN ('FAILED', 'CANCELED')`
		order = ` ORDER BY d.event DESC`
	case givenUp(p.Status):
		query += `FROM projects o CROSS JOIN deliveries d INDEXED BY deliveries_given_up ON d.project = o.num
			WHERE o.id = ` + args.add(p.project) + ` AND d.status IN ('FAILED', 'CANCELED')`
		order = ` ORDER BY d.event DESC, d.endpoint DESC`
	case p.EndpointID != "":
		query += `FROM endpoints p CROSS JOIN deliveries d INDEXED BY deliveries_endpoint ON d.endpoint = p.num
			WHERE p.project_id = ` + args.add(p.project) + ` AND p.id = ` + args.add(p.EndpointID)
		order = ` ORDER BY d.event DESC`
	default:
		query += p.events(args, `CROSS JOIN deliveries d ON d.event = e.position `, floor.Event)
		order = ` ORDER BY e.position DESC, d.endpoint DESC`
	}
	before, from := args.add(p.before.Event), args.add(floor.Event)
	return query + ` AND d.event <= ` + before + ` AND (d.event < ` + before + ` OR d.endpoint < ` + args.add(p.before.Endpoint) + `)
		AND d.event >= ` + from + ` AND (d.event > ` + from + ` OR d.endpoint >= ` + args.add(floor.Endpoint) + `)` + order
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
