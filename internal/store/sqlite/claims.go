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
)

// OfferTo has new deliveries handed to t, as far as it reserves them; the others
// are left for [Store.Claim].
func (s *Store) OfferTo(t domain.Taker) { s.taker.Store(&t) }

// ReleaseClaims makes due again what a dead server had claimed, and cancels
// what it hadn't yet of the endpoints that it deleted. It is for the start,
// before anything is claimed.
func (s *Store) ReleaseClaims(ctx context.Context) error {
	s.held.clear()
	return s.update(ctx, func(t *tx) error {
		if err := t.exec(`UPDATE deliveries SET status = 'CANCELED', reason = 'endpoint_deleted',
			ended_at = (SELECT deleted_at FROM endpoints p WHERE p.num = endpoint)
			WHERE ended_at = 0 AND endpoint IN (SELECT num FROM endpoints WHERE deleted_at <> 0)`); err != nil {
			return fmt.Errorf("cancel deliveries: %w", err)
		}
		return nil
	})
}

// DueEndpoints lists the endpoints that have something to send, now or later.
func (s *Store) DueEndpoints(ctx context.Context) ([]domain.Due, error) {
	// From one endpoint to the next through the index, however long each
	// one's backlog is.
	type open struct {
		num     int64
		ordered bool
		due     domain.Due
	}
	rows, err := s.read.rows(ctx, `WITH RECURSIVE open (num) AS (
			SELECT MIN(endpoint) FROM deliveries WHERE ended_at = 0
			UNION ALL
			SELECT (SELECT MIN(endpoint) FROM deliveries WHERE ended_at = 0 AND endpoint > open.num)
			FROM open WHERE open.num IS NOT NULL)
		SELECT p.num, p.project_id, p.id, p.settings ->> '$.ordered' IS NOT NULL FROM open JOIN endpoints p ON p.num = open.num`)
	all, err := collect(rows, err, func(r codec.Scanner) (open, error) {
		var o open
		return o, r.Scan(&o.num, &o.due.ProjectID, &o.due.EndpointID, &o.ordered)
	})
	if err != nil {
		return nil, fmt.Errorf("read due endpoints: %w", err)
	}
	var due []domain.Due
	for _, o := range all {
		var next time.Time
		hold := s.hold
		if o.ordered {
			hold = s.holdOrdered
		}
		if _, next, err = hold(ctx, o.num, time.Time{}, 0); err != nil {
			return nil, fmt.Errorf("read due endpoints: %w", err)
		}
		if !next.IsZero() {
			o.due.At = next
			due = append(due, o.due)
		}
	}
	return due, nil
}

// Claim takes due deliveries of the endpoint, the longest due first, as many as
// there is room for, for the caller alone to send. An endpoint that is disabled
// or deleted has none.
func (s *Store) Claim(ctx context.Context, endpoint string, now time.Time, room domain.Room) (domain.Claim, error) {
	var c domain.Claim
	var num int64
	e, err := s.scanEndpoint(s.read.row(ctx, `SELECT `+endpointColumns+`, num FROM endpoints WHERE id = ? AND deleted_at = 0`, endpoint), &num)
	if errors.Is(err, domain.ErrNotFound) || err == nil && e.Status != domain.EndpointEnabled {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("claim: %w", err)
	}
	hold := s.hold
	if e.Ordered {
		hold = s.holdOrdered
	}
	events, next, err := hold(ctx, num, now, room.Deliveries)
	if err != nil {
		return c, fmt.Errorf("claim: %w", err)
	}
	more := false
	if c.Jobs, more, err = s.jobs(ctx, &e, num, events, room.Bytes); err != nil {
		return c, fmt.Errorf("claim: %w", err)
	}
	if c.Next = next; more {
		c.Next = now
	}
	return c, nil
}

// hold marks up to limit deliveries that are due as being sent, and says when
// the one after them is due; zero when there is none.
func (s *Store) hold(ctx context.Context, endpoint int64, now time.Time, limit int) (events []int64, next time.Time, err error) {
	type row struct{ event, at int64 }
	skip := s.held.begin(endpoint)
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
	free := s.held.end(endpoint, due, limit)
	if err != nil {
		return nil, next, err
	}
	for _, one := range all {
		taken, ok := free[one.event]
		switch {
		case taken:
			events = append(events, one.event)
		case ok || one.at > codec.Micros(now) && !s.held.has(deliveryKey{one.event, endpoint}):
			return events, codec.FromMicros(one.at), nil
		}
	}
	return events, next, nil
}

// orderedRun is how many deliveries of one session are claimed together.
const orderedRun = 32

// holdOrdered is hold for an endpoint that is to get each session's events in
// turn: the first of a session that has not ended, if it is due and nobody
// holds it, and those that follow it. It begins after the session where the
// last claim had enough, so that each has its turn, and what a claim costs
// depends on what it gets, not on how many wait.
func (s *Store) holdOrdered(ctx context.Context, endpoint int64, now time.Time, limit int) (events []int64, next time.Time, err error) {
	type row struct{ session, event, at int64 }
	s.held.begin(endpoint)
	var due []int64
	var enough int64 // the last session, when others may have something due
walk:
	for _, span := range s.turns.Spans(endpoint) {
		for after := span[0]; after < span[1]; {
			var page []row
			rows, queryErr := s.read.rows(ctx, `SELECT ordered, event, next_at FROM deliveries WHERE endpoint = ? AND ended_at = 0 AND ordered > 0
				AND ordered > ? AND ordered <= ? ORDER BY ordered, event LIMIT ?`, endpoint, after, span[1], orderedRun)
			page, err = collect(rows, queryErr, func(r codec.Scanner) (one row, err error) { return one, r.Scan(&one.session, &one.event, &one.at) })
			if err != nil {
				break walk
			}
			if len(page) == 0 {
				break
			}
			for len(page) > 0 {
				if len(due) >= limit && limit > 0 {
					enough, next = after, now
					break walk
				}
				head := page[0]
				after = head.session
				n := slices.IndexFunc(page, func(r row) bool { return r.session != after })
				if n < 0 {
					n = len(page)
				}
				run := page[:n]
				page = page[n:]
				if s.held.busy(endpoint, head.event) {
					continue
				}
				if head.at > codec.Micros(now) || limit == 0 {
					if at := codec.FromMicros(head.at); next.IsZero() || at.Before(next) {
						next = at
					}
					continue
				}
				for _, one := range run[:min(len(run), limit-len(due))] {
					if one.at > codec.Micros(now) {
						break // it has failed, and one before it was asked for again
					}
					due = append(due, one.event)
				}
			}
		}
	}
	if limit > 0 && err == nil {
		err = s.turns.Stop(endpoint, enough, func() (newest int64, err error) {
			return newest, s.read.row(ctx, `SELECT ordered FROM deliveries WHERE endpoint = ? AND ended_at = 0 AND ordered > 0
				ORDER BY ordered DESC LIMIT 1`, endpoint).Scan(&newest)
		})
	}
	if err != nil {
		due = nil
	}
	free := s.held.end(endpoint, due, limit)
	for _, event := range due {
		if free[event] {
			events = append(events, event)
		}
	}
	return events, next, err
}

// jobs reads what sending the held deliveries needs, in their order, until the
// bodies have so many bytes. The others, and what has been canceled meanwhile,
// are given back.
func (s *Store) jobs(ctx context.Context, e *domain.Endpoint, endpoint int64, events []int64, bytes int) (jobs []domain.Job, more bool, err error) {
	if len(events) == 0 {
		return nil, false, nil
	}
	jobs, more, err = s.readJobs(ctx, e, endpoint, events, bytes)
	if err == nil && len(jobs) == len(events) {
		return jobs, false, nil
	}
	back := map[deliveryKey]bool{}
	for _, event := range events {
		back[deliveryKey{event, endpoint}] = true
	}
	if err == nil {
		for i := range jobs {
			delete(back, s.key(jobs[i].Delivery.ID))
		}
	}
	for k := range back {
		s.held.release(k)
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
			d.reason, e.body, COALESCE(s.ended_at, 0) > 0
		FROM json_each(?) j CROSS JOIN deliveries d ON d.event = j.value AND d.endpoint = ?
		CROSS JOIN events e ON e.position = d.event LEFT JOIN sessions s ON s.num = e.session WHERE d.ended_at = 0`, list.String(), endpoint)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for rows.Next() {
		j := domain.Job{Endpoint: e, Delivery: domain.Delivery{ProjectID: e.ProjectID, EndpointID: e.ID, Status: domain.DeliverySending}}
		d := &j.Delivery
		var event int64
		var ended bool
		if err := rows.Scan(&event, &d.EventID, &d.EventType, &d.SessionID, &d.Attempts, &d.Tries, codec.Time{T: &d.NextAt}, codec.Time{T: &d.CreatedAt},
			&d.Reason, &j.Body, &ended); err != nil {
			return nil, false, err
		}
		if bytes -= len(j.Body); bytes < 0 && len(jobs) > 0 {
			return jobs, true, nil
		}
		d.ID = s.ids.Seal(event, endpoint)
		j.Expired = d.Expires(ended)
		jobs = append(jobs, j)
	}
	return jobs, false, rows.Err()
}

// Finish records attempts with what they did to their deliveries, has the
// endpoints heed what they showed, and appends the news. A delivery that was
// canceled while it was being sent stays canceled; its attempt is kept. One
// that is PENDING without an attempt is given back untried.
func (s *Store) Finish(ctx context.Context, outcomes []domain.Outcome, news []domain.Draft) error {
	keys := make([]deliveryKey, len(outcomes))
	back := 0
	for i := range outcomes {
		keys[i] = s.key(outcomes[i].Delivery.ID)
		if untried(&outcomes[i]) {
			back++
		}
	}
	if back < len(outcomes) || len(news) > 0 {
		err := s.update(ctx, func(t *tx) error {
			for i := range outcomes {
				if untried(&outcomes[i]) {
					continue
				}
				t.known.ended = append(t.known.ended, ended{keys[i], &outcomes[i]})
				if err := t.heed(&outcomes[i]); err != nil {
					return err
				}
			}
			return t.appendAll(news)
		})
		if err != nil {
			return err
		}
	}
	s.held.release(keys...)
	return nil
}

func untried(o *domain.Outcome) bool {
	return o.Attempt.ID == "" && o.Delivery.Status == domain.DeliveryPending
}

// heed has the endpoint heed what the attempt has shown.
func (t *tx) heed(o *domain.Outcome) error {
	if o.Attempt.ID == "" || o.Sign == domain.SignNone {
		return nil
	}
	e, err := t.w.store.scanEndpoint(t.row(liveEndpoint, o.Delivery.ProjectID, o.Delivery.EndpointID))
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read endpoint: %w", err)
	}
	news, changed := e.Heed(o.Sign, o.Attempt.StartedAt)
	if !changed {
		return nil
	}
	e.UpdatedAt = o.Attempt.StartedAt
	if err := t.updateEndpoint(&e); err != nil {
		return err
	}
	return t.appendAll(news)
}
