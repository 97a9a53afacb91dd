package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// atOnce is how many rows one change of many works on: whoever has a million
// of them is not to hold up everybody else.
const atOnce = 100

// CancelDelivery gives a delivery up that has not ended. If it is being sent
// right now, that goes on, and is not tried again.
func (s *Store) CancelDelivery(ctx context.Context, project, id string, now time.Time) (domain.Delivery, error) {
	var d domain.Delivery
	err := s.update(ctx, func(ctx context.Context, t *tx) (err error) {
		d, err = t.cancel(ctx, project, s.key(id), now)
		return err
	})
	return d, err
}

func (t *tx) cancel(ctx context.Context, project string, k deliveryKey, now time.Time) (domain.Delivery, error) {
	var d domain.Delivery
	if err := t.store.scanDelivery(t.row(ctx, oneDelivery+` FOR UPDATE OF d`, k.event, k.endpoint, project), &d); err != nil {
		return d, err
	}
	if err := d.Move(domain.DeliveryCanceled); err != nil {
		return d, domain.Refuse(domain.CodeConflict, "the delivery has ended: it is %s", d.Status)
	}
	d.Reason, d.EndedAt = domain.ReasonRequested, now
	ref := domain.EndpointRef{ProjectID: project, ID: d.EndpointID}
	b := &pgx.Batch{}
	b.Queue(`UPDATE deliveries d SET status = 'CANCELED', reason = $5, ended_at = $4, node = 0
		FROM projects o WHERE o.id = $3 AND d.project = o.num AND d.event = $1 AND d.endpoint = $2`,
		k.event, k.endpoint, project, codec.Micros(now), d.Reason)
	ended, err := t.store.queueEnd(b, []inlineEndpoint{{k.endpoint, ref, now}})
	if err != nil {
		return d, err
	}
	if err := t.send(ctx, b); err != nil {
		return d, fmt.Errorf("cancel delivery: %w", err)
	}
	t.known.Changed = append(t.known.Changed, ref)
	t.known.Due = append(t.known.Due, ref) // what waited for its turn behind it
	return d, t.tellEnd(ctx, ended)
}

// RetryDeliveries makes those that the filter picks due now, but for those that
// can't be sent, and says how many. Under an idempotency key that was used
// before it goes on where that stood, or returns *domain.Replay with the number.
func (s *Store) RetryDeliveries(ctx context.Context, project string, f domain.DeliveryFilter, now time.Time, idem *domain.Idempotency) (int, error) {
	return s.each(ctx, project, f, idem, func(ctx context.Context, t *tx, k deliveryKey) error {
		_, err := t.retry(ctx, project, k, now)
		return err
	})
}

// CancelDeliveries gives up those that the filter picks and that have not
// ended, and says how many.
func (s *Store) CancelDeliveries(ctx context.Context, project string, f domain.DeliveryFilter, now time.Time) (int, error) {
	return s.each(ctx, project, f, nil, func(ctx context.Context, t *tx, k deliveryKey) error {
		_, err := t.cancel(ctx, project, k, now)
		return err
	})
}

// each does something to all deliveries that the filter picks, some at a time,
// and counts those to which it could be done.
func (s *Store) each(ctx context.Context, project string, f domain.DeliveryFilter, idem *domain.Idempotency, do func(context.Context, *tx, deliveryKey) error) (int, error) {
	f.Limit = atOnce
	for at := (codec.Progress{}); ; {
		f.Cursor = at.Cursor
		page, next, err := s.Deliveries(ctx, project, f)
		if err != nil {
			return at.Done, err
		}
		reached := at
		err = s.update(ctx, func(ctx context.Context, t *tx) (err error) {
			if reached, err = t.resume(ctx, project, idem, at); err != nil || reached != at {
				return err // the same request has come further before: the page is another
			}
			for i := range page {
				err := do(ctx, t, s.key(page[i].ID))
				if errors.Is(err, domain.ErrNotFound) {
					continue // its session was forgotten since it was read
				}
				if _, refused := errors.AsType[*domain.Error](err); err != nil && (!refused || isAway(err)) {
					return err
				}
				if err == nil {
					reached.Done++
				}
			}
			reached.Cursor, reached.Ended = next, next == ""
			return t.reach(ctx, project, idem, reached)
		})
		if err != nil {
			return at.Done, err
		}
		if at = reached; at.Ended {
			return at.Done, nil
		}
	}
}

// Recover has an endpoint sent what happened in a time and did not reach it:
// what was given up, and what it was not to get because it was disabled. It
// says how many deliveries that are. Under an idempotency key that was used
// before it goes on where that stood, or returns *domain.Replay with the number.
func (s *Store) Recover(ctx context.Context, project, endpoint string, since, until, now time.Time, idem *domain.Idempotency) (int, error) {
	at := codec.Progress{Cursor: domain.IDAt(domain.PrefixEvent, since.Add(-time.Minute))}
	for {
		reached := at
		err := s.update(ctx, func(ctx context.Context, t *tx) (err error) {
			if reached, err = t.resume(ctx, project, idem, at); err != nil {
				return err
			}
			var num int64
			e, err := s.scanEndpoint(t.row(ctx, liveEndpoint+stays, project, endpoint), &num)
			if err != nil {
				return err
			}
			if e.Status == domain.EndpointDisabled {
				return e.Status.CheckSends()
			}
			owner, err := s.project(ctx, project)
			if err != nil {
				return err
			}
			events, err := t.eventsAfter(ctx, project, reached.Cursor)
			if err != nil {
				return err
			}
			var lost []storedEvent
			for i := range events {
				ev := &events[i]
				reached.Cursor = ev.ID
				if !ev.CreatedAt.Before(since) && ev.CreatedAt.Before(until) && e.Wants(&ev.Event) {
					lost = append(lost, *ev)
				}
			}
			count, err := t.again(ctx, owner, lost, &cachedEndpoint{e, num}, now)
			if err != nil {
				return err
			}
			t.known.Due = append(t.known.Due, e.Ref())
			reached.Done += count
			reached.Ended = len(events) < atOnce || reached.Cursor > domain.IDAt(domain.PrefixEvent, until.Add(time.Minute))
			return t.reach(ctx, project, idem, reached)
		})
		if err != nil {
			return at.Done, err
		}
		if at = reached; at.Ended {
			return at.Done, nil
		}
	}
}

// storedEvent is an event with the number of its session.
type storedEvent struct {
	domain.Event
	session int64
}

// eventsAfter reads some events with ids after the given one. They are not
// deleted before the transaction ends, so that no delivery of one is left.
func (t *tx) eventsAfter(ctx context.Context, project, after string) ([]storedEvent, error) {
	all, err := rows(ctx, t, func(r pgx.Rows) (storedEvent, error) {
		var e storedEvent
		var err error
		if e.Event, err = scanEvent(r, &e.session); err != nil {
			return e, err
		}
		return e, e.ReadBody()
	}, `SELECT `+eventColumns+`, e.session FROM events e JOIN projects o ON o.num = e.project LEFT JOIN sessions s ON s.num = e.session
		WHERE `+ofProject+` AND e.id > $2 ORDER BY e.id LIMIT $3 FOR KEY SHARE OF e`, project, after, atOnce)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return all, nil
}

// again makes events due for an endpoint, but for those that have been or will
// be sent, and counts them.
func (t *tx) again(ctx context.Context, project int64, events []storedEvent, ep *cachedEndpoint, now time.Time) (int, error) {
	var d newDeliveries
	for i := range events {
		d.add(&made{event: &events[i].Event, endpoint: ep}, events[i].session)
	}
	if len(d.events) == 0 {
		return 0, nil
	}
	n, err := t.count(ctx, `INSERT INTO deliveries AS d (project, event, endpoint, ordered, node, next_at, ended_at, attempts, tries, status, reason)
		SELECT $1, q.event, $2, q.ordered, 0, $3, 0, 0, 0, 'PENDING', '' FROM unnest($4::bigint[], $5::bigint[]) q (event, ordered)
		ON CONFLICT (project, event, endpoint) DO UPDATE SET status = 'PENDING', reason = '', tries = 0, next_at = $3, ended_at = 0
		WHERE d.status IN ('FAILED', 'CANCELED')`, project, ep.num, codec.Micros(now), d.events, d.ordered)
	if err != nil {
		return 0, fmt.Errorf("recover deliveries: %w", err)
	}
	return int(n), nil
}

// Prune deletes events that are older, with their deliveries and attempts, and
// says how many. What belongs to a session that has not ended stays, and what
// is still to be sent.
func (s *Store) Prune(ctx context.Context, before time.Time) (deleted int, err error) {
	projects, err := s.Projects(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range projects {
		for after := ""; ; {
			n, last := 0, ""
			err := s.update(ctx, func(ctx context.Context, t *tx) (err error) {
				n, last, err = t.prune(ctx, p.ID, after, before)
				return err
			})
			if err != nil {
				return deleted, fmt.Errorf("prune: %w", err)
			}
			if deleted += n; last == "" {
				break
			}
			after = last
		}
	}
	return deleted, nil
}

func (t *tx) prune(ctx context.Context, project, after string, before time.Time) (deleted int, last string, err error) {
	type old struct {
		position int64
		id       string
		free     bool
	}
	if ok, err := t.alone(ctx); err != nil || !ok {
		return 0, "", err // another node is at it
	}
	owner, err := t.store.project(ctx, project)
	if err != nil {
		return 0, "", err
	}
	all, err := rows(ctx, t, func(r pgx.Rows) (old, error) {
		var o old
		return o, r.Scan(&o.position, &o.id, &o.free)
	}, `SELECT e.position, e.id, e.created_at < $2 AND (s.num IS NULL OR s.ended_at > 0)
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.project = $1 AND d.event = e.position AND d.ended_at = 0)
		FROM events e LEFT JOIN sessions s ON s.num = e.session
		WHERE e.project = $1 AND e.id > $3 AND e.id < $4 ORDER BY e.id LIMIT $5`,
		owner, codec.Micros(before), after, domain.IDAt(domain.PrefixEvent, before), atOnce)
	if err != nil || len(all) == 0 {
		return 0, "", err
	}
	last = all[len(all)-1].id
	var positions []int64
	for _, o := range all {
		if o.free {
			positions = append(positions, o.position)
		}
	}
	if len(positions) == 0 {
		return 0, last, nil
	}
	open, err := t.lockEvents(ctx, owner, positions)
	if err != nil {
		return 0, "", err
	}
	var free []int64
	var latest old
	for _, o := range all {
		if !o.free || open[o.position] {
			continue
		}
		free = append(free, o.position)
		if o.position > latest.position {
			latest = o
		}
	}
	if len(free) == 0 {
		return 0, last, nil
	}
	b := &pgx.Batch{}
	queueDeleteEvents(b, owner, free)
	// Last, since it locks the project's row.
	b.Queue(`UPDATE projects SET prunes = prunes + 1, pruned = GREATEST(pruned, $2), pruned_id = CASE WHEN $2 > pruned THEN $3 ELSE pruned_id END
		WHERE num = $1`, owner, latest.position, latest.id)
	return len(free), last, t.conn.SendBatch(ctx, b).Close()
}

// lockEvents has nobody make deliveries of the events, or make those due again
// that have ended, before the transaction ends; of which of them something is
// still to be sent is as whoever did so meanwhile has left it.
func (t *tx) lockEvents(ctx context.Context, owner int64, positions []int64) (open map[int64]bool, err error) {
	if err := t.exec(ctx, `SELECT 1 FROM events WHERE project = $1 AND position = ANY($2) ORDER BY position FOR UPDATE`, owner, positions); err != nil {
		return nil, err
	}
	type delivery struct {
		event int64
		ended bool
	}
	all, err := rows(ctx, t, func(r pgx.Rows) (d delivery, err error) { return d, r.Scan(&d.event, &d.ended) },
		`SELECT event, ended_at > 0 FROM deliveries WHERE project = $1 AND event = ANY($2) ORDER BY event, endpoint FOR UPDATE`, owner, positions)
	if err != nil {
		return nil, err
	}
	open = map[int64]bool{}
	for _, d := range all {
		if !d.ended {
			open[d.event] = true
		}
	}
	return open, nil
}
