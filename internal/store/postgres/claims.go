package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// ReleaseClaims makes due again what this node had claimed, and cancels what
// wasn't canceled yet of endpoints that were deleted. It is for the start,
// before anything is claimed.
func (s *Store) ReleaseClaims(ctx context.Context) error {
	s.held.clear()
	if err := s.update(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, `UPDATE deliveries SET node = 0 WHERE node <> 0 AND node = $1`, s.node.Load())
	}); err != nil {
		return fmt.Errorf("release claims: %w", err)
	}
	deleted, err := collect(ctx, s, func(r pgx.Rows) (num int64, err error) { return num, r.Scan(&num) }, openEndpoints+`
		SELECT p.num FROM open JOIN endpoints p ON p.num = open.num WHERE p.deleted_at <> 0`)
	if err != nil {
		return fmt.Errorf("release claims: %w", err)
	}
	for _, num := range deleted {
		if err := s.cancelDeleted(ctx, num); err != nil {
			return err
		}
	}
	return nil
}

// openEndpoints goes from one endpoint that has something due, now or later, to
// the next through the index, however long each one's backlog is.
const openEndpoints = `WITH RECURSIVE open (num) AS (
	SELECT MIN(endpoint) FROM deliveries WHERE ended_at = 0 AND node = 0
	UNION ALL
	SELECT (SELECT MIN(endpoint) FROM deliveries WHERE ended_at = 0 AND node = 0 AND endpoint > open.num)
	FROM open WHERE open.num IS NOT NULL)`

// openSessions goes through the sessions that have something open for an
// ordered endpoint, $1, and reads the first of each.
const openSessions = `WITH RECURSIVE s (session) AS (
	SELECT MIN(ordered) FROM deliveries WHERE endpoint = $1 AND ended_at = 0 AND ordered > 0
	UNION ALL
	SELECT (SELECT MIN(ordered) FROM deliveries WHERE endpoint = $1 AND ended_at = 0 AND ordered > 0 AND ordered > s.session)
	FROM s WHERE s.session IS NOT NULL), heads AS (
	SELECT h.* FROM s CROSS JOIN LATERAL (SELECT project, event, ordered, node, next_at FROM deliveries
		WHERE endpoint = $1 AND ended_at = 0 AND ordered > 0 AND ordered = s.session ORDER BY event LIMIT 1) h)`

// DueEndpoints lists the endpoints that have something to send, now or later,
// that nobody holds.
func (s *Store) DueEndpoints(ctx context.Context) ([]domain.Due, error) {
	type open struct {
		num     int64
		ordered bool
		due     domain.Due
	}
	all, err := collect(ctx, s, func(r pgx.Rows) (open, error) {
		var o open
		return o, r.Scan(&o.num, &o.due.ProjectID, &o.due.EndpointID, &o.ordered, codec.Time{T: &o.due.At})
	}, openEndpoints+` SELECT p.num, p.project_id, p.id, p.ordered,
		(SELECT next_at FROM deliveries d WHERE d.endpoint = p.num AND ended_at = 0 AND node = 0 ORDER BY next_at, event LIMIT 1)
		FROM open JOIN endpoints p ON p.num = open.num`)
	if err != nil {
		return nil, fmt.Errorf("read due endpoints: %w", err)
	}
	var due []domain.Due
	for _, o := range all {
		if o.ordered {
			var at *int64
			err := s.row(ctx, openSessions+` SELECT MIN(next_at) FROM heads WHERE node = 0`, o.num).Scan(&at)
			if err != nil {
				return nil, fmt.Errorf("read due endpoints: %w", err)
			}
			if at == nil {
				continue // each session's first one is on its way
			}
			o.due.At = codec.FromMicros(*at)
		}
		due = append(due, o.due)
	}
	return due, nil
}

// Claim takes up to limit due deliveries of the endpoint, the longest due
// first, for this node alone to send. An endpoint that is disabled or deleted
// has none.
func (s *Store) Claim(ctx context.Context, endpoint string, now time.Time, limit int) (domain.Claim, error) {
	c := claim{now: now, limit: limit}
	e, err := s.scanEndpoint(s.row(ctx, `SELECT `+endpointColumns+`, num FROM endpoints WHERE id = $1 AND deleted_at = 0`, endpoint), &c.endpoint)
	if errors.Is(err, domain.ErrNotFound) || err == nil && e.Status != domain.EndpointEnabled {
		return domain.Claim{}, nil
	}
	if err != nil {
		return domain.Claim{}, fmt.Errorf("claim: %w", err)
	}
	c.as = &e
	if c.project, err = s.project(ctx, e.ProjectID); err != nil {
		return domain.Claim{}, fmt.Errorf("claim: %w", err)
	}
	var got domain.Claim
	err = s.update(ctx, func(ctx context.Context, t *tx) (err error) {
		got, err = t.claim(ctx, c)
		return err
	})
	if err != nil {
		for i := range got.Jobs {
			s.held.release(s.key(got.Jobs[i].Delivery.ID))
		}
		return domain.Claim{}, fmt.Errorf("claim: %w", err)
	}
	return got, nil
}

type claim struct {
	as                *domain.Endpoint
	project, endpoint int64
	now               time.Time
	limit             int
}

func (t *tx) claim(ctx context.Context, c claim) (domain.Claim, error) {
	// A claim that is lost with the database's last moments is made again.
	if err := t.exec(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
		return domain.Claim{}, err
	}
	var wait time.Duration // until there may be more than is free now
	if shared(c.as) {
		var err error
		if c.limit, wait, err = t.allowed(ctx, c); err != nil {
			return domain.Claim{}, err
		}
	}
	pick, next := t.pick, t.next
	if c.as.Ordered {
		pick, next = t.pickOrdered, t.nextOrdered
	}
	var got domain.Claim
	if c.limit > 0 {
		var err error
		if got.Jobs, err = pick(ctx, c); err != nil {
			return got, err
		}
	}
	node := t.store.node.Load()
	for i := range got.Jobs {
		t.store.held.add(t.store.key(got.Jobs[i].Delivery.ID), node)
	}
	if err := t.spend(ctx, c, len(got.Jobs)); err != nil {
		return got, err
	}
	at, err := next(ctx, c)
	if err != nil {
		return got, err
	}
	if at != 0 {
		got.Next = codec.FromMicros(at)
		if later := time.Now().Add(wait); wait > 0 && got.Next.Before(later) {
			got.Next = later
		}
	}
	return got, nil
}

// jobs are claimed rows with all that sending them needs. d is the claimed
// row; what it returns isn't in order.
const claimed = ` RETURNING d.event, o.id, e.id, e.type, COALESCE(s.id, ''), d.attempts, d.tries, d.next_at, e.created_at, e.body,
	COALESCE(s.ended_at, 0) > 0`

func (t *tx) jobs(ctx context.Context, c claim, query string, args ...any) ([]domain.Job, error) {
	s := t.store
	jobs, err := rows(ctx, t, func(r pgx.Rows) (domain.Job, error) {
		j := domain.Job{Endpoint: c.as, Delivery: domain.Delivery{EndpointID: c.as.ID, Status: domain.DeliverySending}}
		d := &j.Delivery
		var event int64
		var ended bool
		err := r.Scan(&event, &d.ProjectID, &d.EventID, &d.EventType, &d.SessionID, &d.Attempts, &d.Tries,
			codec.Time{T: &d.NextAt}, codec.Time{T: &d.CreatedAt}, &j.Body, &ended)
		d.ID = s.ids.Seal(event, c.endpoint)
		j.Expired = d.Expires(ended)
		return j, err
	}, query, args...)
	if c.as.Ordered {
		slices.SortFunc(jobs, func(a, b domain.Job) int { return cmp.Compare(s.key(a.Delivery.ID).event, s.key(b.Delivery.ID).event) })
		return jobs, err
	}
	sorted(jobs, func(j *domain.Job) deliveryKey { return s.key(j.Delivery.ID) })
	return jobs, err
}

// pick claims what is due, past what another node is claiming right now.
func (t *tx) pick(ctx context.Context, c claim) ([]domain.Job, error) {
	return t.jobs(ctx, c, `WITH picked AS (SELECT event FROM deliveries WHERE endpoint = $1 AND ended_at = 0 AND node = 0 AND next_at <= $2
			ORDER BY next_at, event LIMIT $3 FOR UPDATE SKIP LOCKED)
		UPDATE deliveries d SET node = $4 FROM picked JOIN events e ON e.project = $5 AND e.position = picked.event
			JOIN projects o ON o.num = e.project LEFT JOIN sessions s ON s.num = e.session
		WHERE d.project = $5 AND d.event = picked.event AND d.endpoint = $1`+claimed,
		c.endpoint, codec.Micros(c.now), c.limit, t.store.node.Load(), c.project)
}

// next is when the endpoint has the first delivery due that is left.
func (t *tx) next(ctx context.Context, c claim) (at int64, err error) {
	err = t.row(ctx, `SELECT COALESCE((SELECT next_at FROM deliveries WHERE endpoint = $1 AND ended_at = 0 AND node = 0
		ORDER BY next_at, event LIMIT 1), 0)`, c.endpoint).Scan(&at)
	return at, err
}

// orderedRun is how many deliveries of one session are claimed together.
const orderedRun = 32

// pickOrdered claims the first of each session that has not ended, if it is due
// and nobody holds it, and those that follow it. Whoever has locked a session's
// first may claim what follows: every other node passes the session by.
func (t *tx) pickOrdered(ctx context.Context, c claim) ([]domain.Job, error) {
	heads, err := rows(ctx, t, func(r pgx.Rows) (session int64, err error) { return session, r.Scan(&session) },
		openSessions+` SELECT d.ordered FROM heads h JOIN deliveries d ON d.project = h.project AND d.event = h.event AND d.endpoint = $1
			WHERE d.ended_at = 0 AND d.node = 0 AND d.next_at <= $2 AND h.node = 0 AND h.next_at <= $2
			ORDER BY d.event LIMIT $3 FOR UPDATE OF d SKIP LOCKED`,
		c.endpoint, codec.Micros(c.now), c.limit)
	if err != nil || len(heads) == 0 {
		return nil, err
	}
	// Seen anew, after the locks: a head that was read before another node was
	// done with it isn't one any more.
	return t.jobs(ctx, c, `WITH runs AS (SELECT q.session, d.event, d.node, d.next_at FROM unnest($2::bigint[]) q (session)
			CROSS JOIN LATERAL (SELECT event, node, next_at FROM deliveries
				WHERE endpoint = $1 AND ended_at = 0 AND ordered > 0 AND ordered = q.session ORDER BY event LIMIT $6) d),
		picked AS (SELECT r.event FROM runs r WHERE r.node = 0
			AND NOT EXISTS (SELECT 1 FROM runs h WHERE h.session = r.session AND h.event <= r.event AND (h.node <> 0 OR h.next_at > $7))
			ORDER BY r.event LIMIT $3)
		UPDATE deliveries d SET node = $4 FROM picked JOIN events e ON e.project = $5 AND e.position = picked.event
			JOIN projects o ON o.num = e.project LEFT JOIN sessions s ON s.num = e.session
		WHERE d.project = $5 AND d.event = picked.event AND d.endpoint = $1 AND d.node = 0 AND d.ended_at = 0`+claimed,
		c.endpoint, heads, c.limit, t.store.node.Load(), c.project, orderedRun, codec.Micros(c.now))
}

func (t *tx) nextOrdered(ctx context.Context, c claim) (at int64, err error) {
	err = t.row(ctx, openSessions+` SELECT COALESCE((SELECT MIN(next_at) FROM heads WHERE node = 0), 0)`, c.endpoint).Scan(&at)
	return at, err
}
