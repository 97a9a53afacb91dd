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
	deliveryRead  = codec.DeliveryColumns + `, d.node <> 0`
	deliveryJoins = ` JOIN events e ON e.project = d.project AND e.position = d.event
		JOIN endpoints p ON p.num = d.endpoint JOIN projects o ON o.num = d.project
		LEFT JOIN sessions s ON s.num = e.session`
	oneDelivery = `SELECT ` + deliveryRead + ` FROM deliveries d` + deliveryJoins + ` WHERE d.event = $1 AND d.endpoint = $2 AND o.id = $3`
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

// Deliveries reads a page, newest first, and the cursor of the next. It looks at no more
// than [domain.LooksAtMost] deliveries: a page of what is rarer is short, and has a cursor.
// Those of one event or session, and those that are being sent, it looks at all of.
func (s *Store) Deliveries(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error) {
	page, next, err := s.deliveries(ctx, project, f)
	if errors.Is(err, domain.ErrNotFound) {
		return nil, "", nil // there is no such project, or endpoint of its
	}
	if err != nil {
		return nil, "", fmt.Errorf("read deliveries: %w", err)
	}
	return page, next, nil
}

func (s *Store) deliveries(ctx context.Context, project string, f domain.DeliveryFilter) (page []domain.Delivery, next string, err error) {
	p := picking{DeliveryFilter: f}
	if p.before, err = s.ids.Before(f.Cursor); err != nil {
		return nil, "", err
	}
	if p.project, err = s.project(ctx, project); err != nil {
		return nil, "", err
	}
	if f.EndpointID != "" {
		if err := s.row(ctx, `SELECT num FROM endpoints WHERE project_id = $1 AND id = $2`, project, f.EndpointID).Scan(&p.endpoint); err != nil {
			return nil, "", err
		}
	}
	if some, err := s.within(ctx, &p); err != nil || !some {
		return nil, "", err
	}
	found := f.EventID != "" || f.SessionID != "" || f.Status == domain.DeliverySending || !p.picks()
	if f.Status == domain.DeliveryPending && !found {
		// Among a million that have ended the few that wait would be looked for in vain;
		// where more wait they are soon found.
		n := 0
		q := query{args: []any{p.project}}
		count := p.open() + `SELECT COUNT(*) FROM (SELECT 1` + p.waiting(&q) + ` LIMIT ` + q.arg(fewEnough+1) + `) few`
		if err := s.row(ctx, count, q.args...).Scan(&n); err != nil {
			return nil, "", err
		}
		p.few = n <= fewEnough
	}
	if found || p.few {
		return s.pick(ctx, &p, work.Key{})
	}
	for _, most := range []int{looksAtFirst, domain.LooksAtMost} {
		walk, q := p.walk()
		walk += ` LIMIT 1 OFFSET ` + q.arg(most-1)
		var floor work.Key
		err := s.row(ctx, walk, q.args...).Scan(&floor.Event, &floor.Endpoint)
		if err != nil && !errors.Is(err, domain.ErrNotFound) {
			return nil, "", err
		}
		if page, next, err = s.pick(ctx, &p, floor); err != nil || next != "" || floor.Event == 0 {
			return page, next, err
		}
		floor.Endpoint = max(floor.Endpoint, 1)
		next = codec.EncodeCursor(s.ids.ID(floor))
	}
	return page, next, nil
}

const (
	// looksAtFirst is how many deliveries are looked at before many are: they mostly
	// suffice.
	looksAtFirst = 100
	// fewEnough is of how many that wait a page is sorted, at most.
	fewEnough = 1000
)

// picking is which deliveries a page is of: those of a filter, before one of them.
type picking struct {
	domain.DeliveryFilter
	before            work.Key
	project, endpoint int64
	since             int64 // the position of an event before which there is none of the filter
	few               bool  // what waits is little
}

// within finds where in the log the time of the filter is, and whether anything may be
// there.
func (s *Store) within(ctx context.Context, p *picking) (some bool, err error) {
	p.since, p.before, some, err = work.Within(p.From, p.To, p.before, func(id string) (position int64, err error) {
		return number(s.row(ctx, `SELECT position FROM events WHERE project = $1 AND id > $2 ORDER BY id LIMIT 1`, p.project, id))
	})
	return some, err
}

// query is one with its arguments.
type query struct{ args []any }

// arg adds one, and is its name.
func (q *query) arg(v any) string {
	q.args = append(q.args, v)
	return `$` + strconv.Itoa(len(q.args))
}

// args are those that all queries have: $1 the project, ($2, $3) before which delivery, and
// ($4, $5) from which one on.
func (p *picking) args(floor work.Key) []any {
	return []any{p.project, p.before.Event, p.before.Endpoint, max(floor.Event, p.since), floor.Endpoint}
}

// picks says whether there may be few deliveries of the filter among those that are gone
// through.
func (p *picking) picks() bool {
	return p.Status != "" || p.EventType != "" || !p.From.IsZero() || !p.To.IsZero()
}

// rare says whether events of the type are in the index events_rare, and are the way to
// the deliveries.
func (p *picking) rare() bool {
	return rare(p.EventType) && p.endpoint == 0 && !givenUp(p.Status) && !p.few && p.EventID == "" && p.SessionID == ""
}

// isRare is what that index holds: the events but for those of steps that begin and
// complete, which are the most.
const isRare = `x.type NOT IN ('step_started', 'step_completed')`

func rare(t domain.EventType) bool {
	return t != "" && t != domain.EventStepStarted && t != domain.EventStepCompleted
}

// givenUp says whether that is the state of few among many.
func givenUp(s domain.DeliveryStatus) bool {
	return s == domain.DeliveryFailed || s == domain.DeliveryCanceled
}

// walk goes through the keys of deliveries, or of events, the newest first, by the index
// that fits the filter best.
func (p *picking) walk() (walk string, q query) {
	if p.rare() {
		q.args = []any{p.project, p.before.Event, p.since, string(p.EventType)}
		return `SELECT x.position, 0::bigint FROM events x WHERE x.project = $1 AND x.position <= $2 AND x.position >= $3 AND ` + isRare + ` AND x.type = $4 ORDER BY x.position DESC`, q
	}
	q.args = p.args(work.Key{})
	walk = `SELECT d.event, d.endpoint FROM deliveries d WHERE ` + within
	if p.endpoint > 0 {
		walk += ` AND d.endpoint = ` + q.arg(p.endpoint)
	}
	if givenUp(p.Status) {
		walk += ` AND d.status IN ('FAILED', 'CANCELED')`
	}
	return walk + ` ORDER BY d.event DESC, d.endpoint DESC`, q
}

const within = `d.project = $1 AND d.event <= $2 AND d.event >= $4 AND (d.event, d.endpoint) < ($2, $3) AND (d.event, d.endpoint) >= ($4, $5)`

// open is what [picking.waiting] needs before it.
func (p *picking) open() string {
	if p.endpoint > 0 {
		return ``
	}
	return openEndpoints + ` `
}

// waiting is from where what waits for the endpoint, or for all of the project, is read, d.
// The order is that of the index.
func (p *picking) waiting(q *query) string {
	one := `(SELECT x.* FROM deliveries x WHERE x.project = $1 AND x.endpoint = %s AND x.ended_at = 0 AND x.node = 0 ORDER BY x.endpoint, x.next_at, x.event LIMIT ` + q.arg(fewEnough+1) + `) d`
	if p.endpoint > 0 {
		return ` FROM ` + fmt.Sprintf(one, q.arg(p.endpoint))
	}
	return ` FROM open JOIN endpoints y ON y.num = open.num JOIN projects z ON z.id = y.project_id AND z.num = $1
		CROSS JOIN LATERAL ` + fmt.Sprintf(one, `open.num`)
}

// pick reads a page of those from floor on.
func (s *Store) pick(ctx context.Context, p *picking, floor work.Key) ([]domain.Delivery, string, error) {
	q := query{args: p.args(floor)}
	with, from := ``, ` FROM deliveries d`
	switch {
	case p.few:
		with, from = p.open(), p.waiting(&q)
	case p.rare():
		from = ` FROM (SELECT x.position FROM events x WHERE x.project = $1 AND x.position <= $2 AND x.position >= $4 AND ` + isRare + ` AND x.type = ` + q.arg(string(p.EventType)) + `
			ORDER BY x.position DESC LIMIT ` + q.arg(domain.LooksAtMost) + `) w JOIN deliveries d ON d.event = w.position`
	case p.SessionID != "":
		// Its events first, however few: what stands behind OFFSET isn't mixed with the rest.
		from = ` FROM (SELECT x.position FROM events x WHERE x.project = $1 AND x.session = (SELECT z.num FROM sessions z
			JOIN projects y ON y.id = z.project_id WHERE y.num = $1 AND z.id = ` + q.arg(p.SessionID) + `) OFFSET 0) w JOIN deliveries d ON d.event = w.position`
	}
	where := ` WHERE ` + within
	and := func(cond string, arg any) { where += ` AND ` + strings.ReplaceAll(cond, "?", q.arg(arg)) }
	if p.endpoint > 0 {
		and(`d.endpoint = ?`, p.endpoint)
	}
	switch p.Status {
	case "":
	case domain.DeliveryFailed, domain.DeliveryCanceled:
		// Few among many: the condition of the index that holds just these.
		where += ` AND d.status IN ('FAILED', 'CANCELED')`
		and(`d.status = ?`, string(p.Status))
	case domain.DeliverySending:
		where += ` AND d.node <> 0`
	case domain.DeliveryPending:
		where += ` AND d.node = 0 AND d.ended_at = 0`
	default:
		and(`d.status = ?`, string(p.Status))
	}
	if p.EventID != "" {
		and(`d.event = (SELECT x.position FROM events x WHERE x.project = $1 AND x.id = ?)`, p.EventID)
	}
	if p.EventType != "" {
		and(`e.type = ?`, string(p.EventType))
	}
	if !p.From.IsZero() {
		and(`e.created_at >= ?`, codec.Micros(p.From))
	}
	if !p.To.IsZero() {
		and(`e.created_at < ?`, codec.Micros(p.To))
	}
	limit := codec.PageLimit(p.Limit)
	read := with + `SELECT ` + deliveryRead + from + deliveryJoins + where + ` ORDER BY d.event DESC, d.endpoint DESC LIMIT ` + q.arg(limit+1)
	page, err := collect(ctx, s, s.scanDelivery, read, q.args...)
	page, next := codec.Cut(page, limit, func(d domain.Delivery) string { return d.ID })
	return page, next, err
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
