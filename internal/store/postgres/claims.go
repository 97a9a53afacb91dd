package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// ReleaseClaims makes due again what this node had claimed, and cancels what
// wasn't canceled yet of endpoints that were deleted. It is for the start,
// before anything is claimed.
func (s *Store) ReleaseClaims(ctx context.Context) error {
	s.leases.clear()
	if err := s.update(ctx, func(t *tx) error {
		return t.exec(`UPDATE deliveries SET node = 0 WHERE node <> 0 AND node = $1`, s.node.Load())
	}); err != nil {
		return fmt.Errorf("release claims: %w", err)
	}
	deleted, err := collect(ctx, s, func(r codec.Scanner) (num int64, err error) { return num, r.Scan(&num) }, openEndpoints+`
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
// ordered endpoint, $1, from after $2 up to $3, and reads the first of each, no
// more of them than are asked for. The order that it asks for is that of
// deliveries_ordered alone: see byOrder.
const openSessions = `WITH RECURSIVE s (session) AS (
	SELECT (SELECT ordered FROM deliveries WHERE endpoint = $1 AND ended_at = 0 AND ordered > 0 AND ordered > $2 AND ordered <= $3
		ORDER BY ordered, event LIMIT 1)
	UNION ALL
	SELECT (SELECT ordered FROM deliveries WHERE endpoint = $1 AND ended_at = 0 AND ordered > 0 AND ordered > s.session AND ordered <= $3
		ORDER BY ordered, event LIMIT 1)
	FROM s WHERE s.session IS NOT NULL), heads AS (
	SELECT s.session, h.* FROM s CROSS JOIN LATERAL (SELECT ctid AS place, event, node, next_at FROM deliveries
		WHERE endpoint = $1 AND ended_at = 0 AND ordered > 0 AND ordered BETWEEN s.session AND s.session ORDER BY ordered, event LIMIT 1) h)`

// byOrder has a transaction read in the order of an index rather than sort what
// it believes to be few rows.
const byOrder = `SET LOCAL enable_sort = off`

// DueEndpoints lists the endpoints that have something to send, now or later,
// that nobody has leased.
func (s *Store) DueEndpoints(ctx context.Context) ([]domain.Due, error) {
	type open struct {
		num     int64
		ordered bool
		due     domain.Due
	}
	all, err := collect(ctx, s, func(r codec.Scanner) (open, error) {
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
			err := s.row(ctx, openSessions+` SELECT MIN(next_at) FROM heads WHERE node = 0`, o.num, 0, math.MaxInt64).Scan(&at)
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

// Claim takes due deliveries of the endpoint, the longest due first, as many as
// there is room for, for this node alone to send. An endpoint that is disabled
// or deleted has none.
func (s *Store) Claim(ctx context.Context, endpoint string, now time.Time, room domain.Capacity) (domain.Claim, error) {
	c := claim{node: s.node.Load(), now: now, limit: room.Deliveries, bytes: room.Bytes}
	e, err := s.scanEndpoint(s.row(ctx, `SELECT `+codec.EndpointColumns+`, num FROM endpoints WHERE id = $1 AND deleted_at = 0`, endpoint), &c.endpoint)
	if errors.Is(err, domain.ErrNotFound) || err == nil && e.Status != domain.EndpointEnabled {
		return domain.Claim{}, nil
	}
	if err != nil {
		return domain.Claim{}, fmt.Errorf("claim: %w", err)
	}
	c.as = &e
	got, err := s.claim(ctx, c)
	if err != nil {
		return domain.Claim{}, fmt.Errorf("claim: %w", away(err))
	}
	return got, nil
}

type claim struct {
	node     int64 // for which
	as       *domain.Endpoint
	endpoint int64
	now      time.Time
	limit    int
	bytes    int
}

func (s *Store) claim(patience context.Context, c claim) (domain.Claim, error) {
	ctx, cancel := context.WithTimeout(patience, answerWithin)
	defer cancel()
	var got domain.Claim
	var at int64 // when the first one that is left is due
	b := &pgx.Batch{}
	// A claim that is lost with the database's last moments is made again.
	b.Queue(`SET LOCAL synchronous_commit = off`)
	if c.as.Ordered {
		b.Queue(byOrder)
	}
	alone := !shared(c.as)
	if alone {
		s.queuePick(b, c, &got.Jobs)
		queueNext(b, c, &at)
	}
	t, err := s.begin(ctx, b)
	if err != nil {
		return got, err
	}
	defer t.end()
	var wait time.Duration // until there may be more than is allowed now
	if !alone {
		if wait, err = t.pickAllowed(c, &got.Jobs, &at); err != nil {
			return got, err
		}
	}
	var keys []work.Key
	grant := s.leases.grant()
	got.Jobs = slices.DeleteFunc(got.Jobs, func(j domain.Job) bool {
		k := s.ids.Key(j.Delivery.ID)
		if s.leases.claim(grant, c.node, k) {
			return true // its outcome is to count for the new claim
		}
		keys = append(keys, k)
		return false
	})
	if err := t.commit(patience); err != nil {
		s.leases.undo(grant, keys...)
		return domain.Claim{}, err
	}
	if at != 0 {
		got.Next = codec.FromMicros(at)
		if later := time.Now().Add(wait); wait > 0 && got.Next.Before(later) {
			got.Next = later
		}
	}
	return got, nil
}

// pickAllowed picks for an endpoint whose order or limits all nodes keep
// together.
func (t *tx) pickAllowed(c claim, jobs *[]domain.Job, at *int64) (wait time.Duration, err error) {
	if c.limit, wait, err = t.allowed(c); err != nil {
		return 0, err
	}
	if c.as.Ordered {
		err = t.pickOrdered(c, jobs, at)
	} else {
		b := &pgx.Batch{}
		t.store.queuePick(b, c, jobs)
		queueNext(b, c, at)
		err = t.send(b)
	}
	if err != nil {
		return 0, err
	}
	if len(*jobs) < c.limit {
		wait = 0 // there were no more, or no room for them
	}
	return wait, t.spend(c, len(*jobs))
}

// claimed is what claiming rows returns, in no order, with all that sending
// them needs.
const claimed = ` RETURNING d.event, d.ordered, e.id, e.type, COALESCE(s.id, ''), d.attempts, d.tries, d.next_at, e.created_at, e.body, e.trace,
	COALESCE(s.ended_at, 0) > 0`

// queueJobs claims rows. sessions, if not nil, is told those of an ordered
// endpoint that the rows belong to, as they have it.
func (s *Store) queueJobs(b *pgx.Batch, c claim, jobs *[]domain.Job, sessions map[int64]bool, query string, args ...any) {
	b.Queue(query+claimed, args...).Query(func(rows pgx.Rows) error {
		var events []int64
		for rows.Next() {
			j := domain.Job{Endpoint: c.as, Delivery: domain.Delivery{ProjectID: c.as.ProjectID, EndpointID: c.as.ID, Status: domain.DeliveryPending}}
			d := &j.Delivery
			work.Lease(d)
			var event, session int64
			var ended bool
			if err := rows.Scan(&event, &session, &d.EventID, &d.EventType, &d.SessionID, &d.Attempts, &d.Tries,
				codec.Time{T: &d.NextAt}, codec.Time{T: &d.CreatedAt}, &j.Body, &j.Trace, &ended); err != nil {
				return err
			}
			d.ID = s.ids.ID(work.Key{Event: event, Endpoint: c.endpoint})
			j.Expired = j.Endpoint.SkipStale && d.Stale(ended)
			*jobs, events = append(*jobs, j), append(events, event)
			if sessions != nil {
				sessions[session] = true
			}
		}
		inTurn(*jobs, events, c.as.Ordered)
		return rows.Err()
	})
}

// inTurn puts jobs in the order in which they are due, or if they are ordered,
// in that of their events.
func inTurn(jobs []domain.Job, events []int64, ordered bool) {
	at := make([]int, len(jobs))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(a, b int) int {
		if ordered {
			return cmp.Compare(events[a], events[b])
		}
		return cmp.Or(jobs[a].Delivery.NextAt.Compare(jobs[b].Delivery.NextAt), cmp.Compare(events[a], events[b]))
	})
	before := slices.Clone(jobs)
	for i, from := range at {
		jobs[i] = before[from]
	}
}

// claimRows takes the rows at the places that follow. They are found by place alone,
// and no other condition has an index, nor can the events be found but by them,
// so that no other way can look cheaper to the planner, whatever it believes of
// the tables. A row that has changed since its place was read is claimed as it
// is now or, if this PostgreSQL looks at its place again, left for the next claim.
const claimRows = `UPDATE deliveries d SET node = $4 FROM events e LEFT JOIN sessions s ON s.num = e.session
	WHERE e.project = d.project + 0 AND e.position = d.event + 0 AND d.node + d.ended_at = 0 AND d.ctid = ANY(ARRAY`

// withinCapacity are the places among picked, in their turn, whose bodies there is
// room for, $5 bytes in all, and the first in any case.
const withinCapacity = `SELECT place FROM (SELECT place, SUM((SELECT octet_length(body) FROM events e WHERE e.project = picked.project AND e.position = picked.event))
	OVER (ORDER BY turn, event) AS bytes, ROW_NUMBER() OVER (ORDER BY turn, event) AS nth FROM picked) q WHERE bytes <= $5 OR nth = 1`

// queuePick claims what is due, past what another node is claiming right now.
func (s *Store) queuePick(b *pgx.Batch, c claim, jobs *[]domain.Job) {
	s.queueJobs(b, c, jobs, nil, claimRows+`(WITH picked AS (SELECT ctid AS place, project, event, next_at AS turn FROM deliveries
				WHERE endpoint = $1 AND ended_at = 0 AND node = 0 AND next_at <= $2
				ORDER BY next_at, event LIMIT $3 FOR UPDATE SKIP LOCKED) `+withinCapacity+`))`,
		c.endpoint, codec.Micros(c.now), c.limit, c.node, c.bytes)
}

func queueNext(b *pgx.Batch, c claim, at *int64) {
	b.Queue(`SELECT COALESCE((SELECT next_at FROM deliveries WHERE endpoint = $1 AND ended_at = 0 AND node = 0
		ORDER BY next_at, event LIMIT 1), 0)`, c.endpoint).QueryRow(func(r pgx.Row) error { return r.Scan(at) })
}

// orderedRun is how many deliveries of one session are claimed together, at most.
const orderedRun = 32

// pickOrdered claims the first of each session that has not ended, if it is due
// and nobody has leased it, and those that follow it. Whoever has locked a session's
// first may claim what follows: every other node passes the session by. It
// begins after the session where this node's last claim had enough, so that each
// has its turn, and what a claim costs depends on what it gets, not on how many
// wait.
func (t *tx) pickOrdered(c claim, jobs *[]domain.Job, at *int64) error {
	var heads []int64
	for _, span := range t.store.turns.Spans(c.endpoint) {
		if len(heads) == c.limit {
			break
		}
		more, err := t.heads(c, span[0], span[1], c.limit-len(heads))
		if err != nil {
			return err
		}
		heads = append(heads, more...)
	}
	b := &pgx.Batch{}
	got := map[int64]bool{}
	var newest int64
	b.Queue(`SELECT COALESCE((SELECT ordered FROM deliveries WHERE endpoint = $1 AND ended_at = 0 AND ordered > 0
		ORDER BY ordered DESC, event DESC LIMIT 1), 0)`, c.endpoint).QueryRow(func(r pgx.Row) error { return r.Scan(&newest) })
	if len(heads) > 0 {
		run := min(orderedRun, (c.limit+len(heads)-1)/len(heads)) // no more is read than may be claimed
		// Seen anew, after the locks: a head that was read before another node was
		// done with it isn't one any more.
		t.store.queueJobs(b, c, jobs, got, claimRows+`(WITH runs AS (SELECT q.session, q.turn, d.place, d.project, d.event, d.node, d.next_at
				FROM unnest($2::bigint[]) WITH ORDINALITY q (session, turn)
				CROSS JOIN LATERAL (SELECT ctid AS place, project, event, node, next_at FROM deliveries
					WHERE endpoint = $1 AND ended_at = 0 AND ordered > 0 AND ordered BETWEEN q.session AND q.session
					ORDER BY ordered, event LIMIT $6) d),
			picked AS (SELECT r.place, r.turn, r.project, r.event FROM runs r WHERE r.node = 0
				AND NOT EXISTS (SELECT 1 FROM runs h WHERE h.session = r.session AND h.event <= r.event AND (h.node <> 0 OR h.next_at > $7))
				ORDER BY r.turn, r.event LIMIT $3) `+withinCapacity+`))`,
			c.endpoint, heads, c.limit, c.node, c.bytes, run, codec.Micros(c.now))
	}
	full := len(heads) > 0 && len(heads) == c.limit
	if full {
		*at = codec.Micros(c.now) // others may be due
	} else {
		b.Queue(openSessions+` SELECT COALESCE((SELECT MIN(next_at) FROM heads WHERE node = 0), 0)`, c.endpoint, 0, math.MaxInt64).
			QueryRow(func(r pgx.Row) error { return r.Scan(at) })
	}
	if err := t.send(b); err != nil {
		return err
	}
	if c.limit == 0 {
		return nil
	}
	enough := int64(0)
	if full || len(got) < len(heads) {
		for _, session := range heads {
			if got[session] {
				enough = session
			}
		}
	}
	t.store.turns.Stop(c.endpoint, enough, newest)
	return nil
}

// heads locks the first deliveries of sessions, if they are due and nobody has
// leased them, and gives the sessions in turn.
func (t *tx) heads(c claim, after, upto int64, limit int) ([]int64, error) {
	heads, err := rows(t, func(r codec.Scanner) (session int64, err error) { return session, r.Scan(&session) },
		openSessions+` SELECT d.ordered FROM deliveries d WHERE d.node + d.ended_at = 0 AND d.next_at + 0 <= $4 -- as in claimRows
			AND d.ctid = ANY(ARRAY(SELECT place FROM heads WHERE node = 0 AND next_at <= $4 LIMIT $5))
			FOR UPDATE OF d SKIP LOCKED`,
		c.endpoint, after, upto, codec.Micros(c.now), limit)
	slices.Sort(heads)
	return heads, err
}
