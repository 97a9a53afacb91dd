package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// OfferTo has new deliveries handed off to t, as far as it reserves them; the
// others are left for [Store.Claim].
func (s *Store) OfferTo(t domain.Taker) { s.taker.Store(&t) }

// ReleaseClaims makes due again what a dead server had claimed, and cancels
// what it hadn't yet of the endpoints that it deleted. It is for the start,
// before anything is claimed.
func (s *Store) ReleaseClaims(ctx context.Context) error {
	s.leases.clear()
	return s.update(ctx, func(t *tx) error {
		if err := t.exec(writesLog(`UPDATE deliveries SET status = ` + work.CancelOpen.To() + `, reason = 'endpoint_deleted',
			ended_at = (SELECT deleted_at FROM endpoints p WHERE p.num = endpoint)
			WHERE ended_at = 0 AND endpoint IN (SELECT num FROM endpoints WHERE deleted_at <> 0)`)); err != nil {
			return fmt.Errorf("cancel deliveries: %w", err)
		}
		return nil
	})
}

// openEndpoints goes from one endpoint that has something to send to the next
// through the index, however long each one's backlog is.
const openEndpoints = `open (num) AS (
	SELECT MIN(endpoint) FROM deliveries WHERE ended_at = 0
	UNION ALL
	SELECT (SELECT MIN(endpoint) FROM deliveries WHERE ended_at = 0 AND endpoint > open.num)
	FROM open WHERE open.num IS NOT NULL)`

// DueEndpoints lists the endpoints that have something to send, now or later.
func (s *Store) DueEndpoints(ctx context.Context) ([]domain.Due, error) {
	type open struct {
		num     int64
		ordered bool
		due     domain.Due
	}
	rows, err := s.read.rows(ctx, `WITH RECURSIVE `+openEndpoints+` SELECT p.num, p.project_id, p.id, p.settings ->> '$.ordered' IS NOT NULL FROM open JOIN endpoints p ON p.num = open.num`)
	all, err := collect(rows, err, func(r codec.Scanner) (open, error) {
		var o open
		return o, r.Scan(&o.num, &o.due.ProjectID, &o.due.EndpointID, &o.ordered)
	})
	if err != nil {
		return nil, fmt.Errorf("read due endpoints: %w", err)
	}
	var due []domain.Due
	for _, o := range all {
		l, err := s.lease(ctx, o.num, o.ordered, time.Time{}, 0)
		if err != nil {
			return nil, fmt.Errorf("read due endpoints: %w", err)
		}
		if !l.next.IsZero() {
			o.due.At = l.next
			due = append(due, o.due)
		}
	}
	return due, nil
}

// Claim takes due deliveries of the endpoint, the longest due first, as many as
// there is room for, for the caller alone to send. An endpoint that is disabled
// or deleted has none.
func (s *Store) Claim(ctx context.Context, endpoint string, now time.Time, room domain.Capacity) (domain.Claim, error) {
	var c domain.Claim
	var num int64
	e, err := s.scanEndpoint(s.read.row(ctx, `SELECT `+codec.EndpointColumns+`, num FROM endpoints WHERE id = ? AND deleted_at = 0`, endpoint), &num)
	if errors.Is(err, domain.ErrNotFound) || err == nil && e.Status != domain.EndpointEnabled {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("claim: %w", err)
	}
	l, err := s.lease(ctx, num, e.Ordered, now, room.Deliveries)
	if err != nil {
		return c, fmt.Errorf("claim: %w", err)
	}
	jobs, more, err := s.jobs(ctx, &e, num, l.events, room.Bytes)
	if err != nil {
		return c, fmt.Errorf("claim: %w", err)
	}
	if more {
		l.next = now
	}
	if e.Ordered {
		if more {
			l.enough = l.sessions[len(jobs)-1]
		}
		s.turns.Stop(num, l.enough, l.newest)
	}
	return domain.Claim{Jobs: jobs, Next: l.next}, nil
}

// leased is what a claim has leased.
type leased struct {
	events []int64
	next   time.Time // when the one after them is due; zero when there is none

	// Of an ordered endpoint:
	sessions []int64 // of the events
	enough   int64   // the last of them, when others may have something due
	newest   int64   // that has something open
}

// lease marks up to limit deliveries that are due as being sent.
func (s *Store) lease(ctx context.Context, endpoint int64, ordered bool, now time.Time, limit int) (l leased, err error) {
	if ordered {
		return s.leaseOrdered(ctx, endpoint, now, limit)
	}
	type row struct{ event, at int64 }
	skip := s.leases.begin(endpoint)
	rows, err := s.read.rows(ctx, `SELECT event, next_at FROM deliveries WHERE endpoint = ? AND ended_at = 0
		ORDER BY next_at, event LIMIT ?`, endpoint, skip+limit+1)
	all, err := collect(rows, err, func(r codec.Scanner) (row, error) {
		var one row
		return one, r.Scan(&one.event, &one.at)
	})
	var due []int64
	for _, one := range all {
		if one.at <= codec.Micros(now) {
			due = append(due, one.event)
		}
	}
	free := s.leases.end(endpoint, due, limit)
	if err != nil {
		return l, err
	}
	for _, one := range all {
		taken, ok := free[one.event]
		switch {
		case taken:
			l.events = append(l.events, one.event)
		case ok || one.at > codec.Micros(now) && !s.leases.has(work.Key{Event: one.event, Endpoint: endpoint}):
			l.next = codec.FromMicros(one.at)
			return l, nil
		}
	}
	return l, nil
}

// orderedRun is how many deliveries of one session are claimed together.
const orderedRun = 32

// leaseOrdered is lease for an endpoint that is to get each session's events in
// turn: the first of a session that has not ended, if it is due and nobody
// has it, and those that follow it. It begins after the session where the
// last claim had enough, so that each has its turn, and what a claim costs
// depends on what it gets, not on how many wait.
func (s *Store) leaseOrdered(ctx context.Context, endpoint int64, now time.Time, limit int) (l leased, err error) {
	type row struct{ session, event, at int64 }
	scan := func(r codec.Scanner) (one row, err error) { return one, r.Scan(&one.session, &one.event, &one.at) }
	const open = `SELECT ordered, event, next_at FROM deliveries WHERE endpoint = ? AND ended_at = 0 AND ordered > 0 `
	s.leases.begin(endpoint)
	var events []int64
	sessions := map[int64]int64{} // of the events
	defer func() {
		if err != nil {
			events = nil
		}
		free := s.leases.end(endpoint, events, limit)
		for _, event := range events {
			if free[event] {
				l.events, l.sessions = append(l.events, event), append(l.sessions, sessions[event])
			}
		}
	}()
	last, err := scan(s.read.row(ctx, open+`ORDER BY ordered DESC LIMIT 1`, endpoint))
	if err != nil {
		if errors.Is(err, domain.ErrNotFound) {
			err = nil
		}
		return l, err
	}
	l.newest = last.session
	for _, span := range s.turns.Spans(endpoint) {
		for after := span[0]; after < span[1]; {
			rows, err := s.read.rows(ctx, open+`AND ordered > ? AND ordered <= ? ORDER BY ordered, event LIMIT ?`, endpoint, after, span[1], orderedRun)
			page, err := collect(rows, err, scan)
			if err != nil {
				return l, err
			}
			if len(page) == 0 {
				break
			}
			for len(page) > 0 {
				if len(events) >= limit && limit > 0 {
					l.enough, l.next = after, now
					return l, nil
				}
				head := page[0]
				after = head.session
				n := slices.IndexFunc(page, func(r row) bool { return r.session != after })
				if n < 0 {
					n = len(page)
				}
				run := page[:n]
				page = page[n:]
				if s.leases.busy(endpoint, head.event) {
					continue
				}
				if head.at > codec.Micros(now) || limit == 0 {
					if at := codec.FromMicros(head.at); l.next.IsZero() || at.Before(l.next) {
						l.next = at
					}
					continue
				}
				for _, one := range run[:min(len(run), limit-len(events))] {
					if one.at > codec.Micros(now) {
						break // it has failed, and one before it was asked for again
					}
					events = append(events, one.event)
					sessions[one.event] = one.session
				}
			}
		}
	}
	return l, nil
}

// jobs reads what sending the leased deliveries needs, in their order, until the
// bodies have so many bytes. The others, and what has been canceled meanwhile,
// are given back.
func (s *Store) jobs(ctx context.Context, e *domain.Endpoint, endpoint int64, events []int64, bytes int) (jobs []domain.Job, more bool, err error) {
	if len(events) == 0 {
		return nil, false, nil
	}
	if jobs, more, err = s.readJobs(ctx, e, endpoint, events, bytes); err != nil {
		jobs, more = nil, false
	}
	if len(jobs) == len(events) {
		return jobs, more, err
	}
	back := map[work.Key]bool{}
	for _, event := range events {
		back[work.Key{Event: event, Endpoint: endpoint}] = true
	}
	for i := range jobs {
		delete(back, s.ids.Key(jobs[i].Delivery.ID))
	}
	for k := range back {
		s.leases.release(k)
	}
	return jobs, more, err
}

// readJobs is jobs without giving anything back.
func (s *Store) readJobs(ctx context.Context, e *domain.Endpoint, endpoint int64, events []int64, bytes int) (jobs []domain.Job, more bool, err error) {
	var list strings.Builder
	list.WriteByte('[')
	for i, event := range events {
		if i > 0 {
			list.WriteByte(',')
		}
		fmt.Fprint(&list, event)
	}
	list.WriteByte(']')
	// Only what differs from one to the other: whatever had to wait is read here.
	rows, err := s.read.rows(ctx, `SELECT d.event, e.id, e.type, COALESCE(s.id, ''), d.attempts, d.tries, d.next_at, e.created_at,
			d.reason, e.body, e.trace, COALESCE(s.ended_at, 0) > 0
		FROM json_each(?) j CROSS JOIN deliveries d ON d.event = j.value AND d.endpoint = ?
		CROSS JOIN events e ON e.position = d.event LEFT JOIN sessions s ON s.num = e.session WHERE d.ended_at = 0`, list.String(), endpoint)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for rows.Next() {
		j := domain.Job{Endpoint: e, Delivery: domain.Delivery{ProjectID: e.ProjectID, EndpointID: e.ID, Status: domain.DeliveryPending}}
		d := &j.Delivery
		work.Lease(d)
		var event int64
		var ended bool
		if err := rows.Scan(&event, &d.EventID, &d.EventType, &d.SessionID, &d.Attempts, &d.Tries, codec.Time{T: &d.NextAt}, codec.Time{T: &d.CreatedAt},
			&d.Reason, &j.Body, &j.Trace, &ended); err != nil {
			return nil, false, err
		}
		if bytes -= len(j.Body); bytes < 0 && len(jobs) > 0 {
			return jobs, true, nil
		}
		d.ID = s.ids.ID(work.Key{Event: event, Endpoint: endpoint})
		j.Expired = j.Endpoint.SkipStale && d.Stale(ended)
		jobs = append(jobs, j)
	}
	return jobs, false, unusable(rows.Err())
}

// Finish records attempts with what they did to their deliveries,
// applies what attempts have shown to the health of endpoints, and appends the events. A delivery that was
// canceled while it was being sent stays canceled; its attempt is kept. One
// that is PENDING without an attempt is given back untried.
func (s *Store) Finish(ctx context.Context, outcomes []domain.Outcome, drafts []domain.Draft) error {
	keys := make([]work.Key, len(outcomes))
	back := 0
	if err := work.CheckOutcomes(outcomes); err != nil {
		return err
	}
	for i := range outcomes {
		keys[i] = s.ids.Key(outcomes[i].Delivery.ID)
		if outcomes[i].Released() {
			back++
		}
	}
	if back < len(outcomes) || len(drafts) > 0 {
		err := s.update(ctx, func(t *tx) error {
			for i := range outcomes {
				if outcomes[i].Released() {
					continue
				}
				t.outcomes = append(t.outcomes, finished{keys[i], &outcomes[i]})
				if err := t.applyHealth(&outcomes[i]); err != nil {
					return err
				}
			}
			drafts, err := work.Existing(drafts, t.deliveryExists)
			if err != nil {
				return err
			}
			if err := t.endInlineAfter(outcomes, keys); err != nil {
				return err
			}
			return t.appendAll(drafts)
		})
		if err != nil {
			return err
		}
	}
	s.leases.release(keys...)
	return nil
}

func (t *tx) deliveryExists(_, id string) (there bool, err error) {
	k := t.w.store.ids.Key(id)
	if err := t.row(readsLog(`SELECT EXISTS (SELECT 1 FROM deliveries WHERE event = ? AND endpoint = ?)`), k.Event, k.Endpoint).Scan(&there); err != nil {
		return false, fmt.Errorf("read delivery: %w", err)
	}
	return there, nil
}

// applyHealth changes the endpoint by what the attempt has shown of its health.
func (t *tx) applyHealth(o *domain.Outcome) error {
	if o.Attempt.ID == "" || o.Health == domain.HealthUnknown {
		return nil
	}
	e, err := t.w.store.scanEndpoint(t.row(liveEndpoint, o.Delivery.ProjectID, o.Delivery.EndpointID))
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read endpoint: %w", err)
	}
	drafts, changed := work.ApplyHealth(&e, o)
	if !changed {
		return nil
	}
	if err := t.updateEndpoint(&e); err != nil {
		return err
	}
	return t.appendAll(drafts)
}
