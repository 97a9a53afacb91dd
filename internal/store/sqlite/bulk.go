package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// atOnce is how many rows one change of many works on: whoever has a million
// of them is not to hold up everybody else.
const atOnce = 500

// CancelDelivery gives a delivery up that has not ended. If it is being sent
// right now, that goes on, and is not tried again.
func (s *Store) CancelDelivery(ctx context.Context, project, id string, now time.Time) (domain.Delivery, error) {
	var d domain.Delivery
	err := s.update(ctx, func(t *tx) (err error) {
		d, err = t.cancel(project, s.key(id), now)
		return err
	})
	return d, err
}

func (t *tx) cancel(project string, k deliveryKey, now time.Time) (domain.Delivery, error) {
	var d domain.Delivery
	if err := t.w.store.scanDelivery(t.row(oneDelivery, k.event, k.endpoint, project), &d); err != nil {
		return d, err
	}
	if err := d.Move(domain.DeliveryCanceled); err != nil {
		return d, domain.Refuse(domain.CodeConflict, "the delivery has ended: it is %s", d.Status)
	}
	d.Reason, d.EndedAt = domain.ReasonRequested, now
	if err := t.exec(`UPDATE deliveries SET status = ?, reason = ?, ended_at = ? WHERE event = ? AND endpoint = ?`,
		d.Status, d.Reason, codec.Micros(d.EndedAt), k.event, k.endpoint); err != nil {
		return d, fmt.Errorf("cancel delivery: %w", err)
	}
	ref := domain.EndpointRef{ProjectID: project, ID: d.EndpointID}
	t.known.Changed = append(t.known.Changed, ref)
	t.known.Due = append(t.known.Due, ref) // what waited for its turn behind it
	return d, t.endInline(k.endpoint, ref, now)
}

// RetryDeliveries makes those that the filter picks due now, but for those that
// can't be sent, and says how many. Under an idempotency key that was used
// before it goes on where that stood, or returns *domain.Replay with the number.
func (s *Store) RetryDeliveries(ctx context.Context, project string, f domain.DeliveryFilter, now time.Time, idem *domain.Idempotency) (int, error) {
	return s.each(ctx, project, f, idem, func(t *tx, k deliveryKey) error {
		_, err := t.retry(project, k, now)
		return err
	})
}

// CancelDeliveries gives up those that the filter picks and that have not
// ended, and says how many.
func (s *Store) CancelDeliveries(ctx context.Context, project string, f domain.DeliveryFilter, now time.Time) (int, error) {
	return s.each(ctx, project, f, nil, func(t *tx, k deliveryKey) error {
		_, err := t.cancel(project, k, now)
		return err
	})
}

// each does something to all deliveries that the filter picks, some at a time,
// and counts those to which it could be done.
func (s *Store) each(ctx context.Context, project string, f domain.DeliveryFilter, idem *domain.Idempotency, do func(*tx, deliveryKey) error) (int, error) {
	f.Limit = atOnce
	for at := (codec.Progress{}); ; {
		f.Cursor = at.Cursor
		page, next, err := s.Deliveries(ctx, project, f)
		if err != nil {
			return at.Done, err
		}
		reached := at
		err = s.update(ctx, func(t *tx) (err error) {
			if reached, err = t.resume(project, idem, at); err != nil || reached != at {
				return err // the same request has come further before: the page is another
			}
			for i := range page {
				err := do(t, s.key(page[i].ID))
				if errors.Is(err, domain.ErrNotFound) {
					continue // its session was forgotten since it was read
				}
				if _, refused := errors.AsType[*domain.Error](err); err != nil && !refused {
					return err
				}
				if err == nil {
					reached.Done++
				}
			}
			reached.Cursor, reached.Ended = next, next == ""
			return t.reach(project, idem, reached)
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
		err := s.update(ctx, func(t *tx) (err error) {
			if reached, err = t.resume(project, idem, at); err != nil {
				return err
			}
			var num int64
			e, err := s.scanEndpoint(t.row(liveEndpointNum, project, endpoint), &num)
			if err != nil {
				return err
			}
			if e.Status == domain.EndpointDisabled {
				return e.Status.CheckSends()
			}
			events, sessions, err := t.eventsAfter(project, reached.Cursor)
			if err != nil {
				return err
			}
			for i := range events {
				ev := &events[i]
				reached.Cursor = ev.ID
				if ev.CreatedAt.Before(since) || !ev.CreatedAt.Before(until) || !e.Wants(ev) {
					continue
				}
				added, err := t.again(ev, sessions[i], &cachedEndpoint{e, num}, now)
				if err != nil {
					return err
				}
				reached.Done += added
			}
			t.known.Due = append(t.known.Due, e.Ref())
			reached.Ended = len(events) < atOnce || reached.Cursor > domain.IDAt(domain.PrefixEvent, until.Add(time.Minute))
			return t.reach(project, idem, reached)
		})
		if err != nil {
			return at.Done, err
		}
		if at = reached; at.Ended {
			return at.Done, nil
		}
	}
}

// eventsAfter reads some events with ids after the given one, and the numbers
// of their sessions.
func (t *tx) eventsAfter(project, after string) (events []domain.Event, sessions []int64, err error) {
	rows, err := t.rows(`SELECT `+eventColumns+`, e.session FROM projects o
		CROSS JOIN events e INDEXED BY events_id ON e.project = o.num LEFT JOIN sessions s ON s.num = e.session
		WHERE o.id = ? AND e.id > ? ORDER BY e.id LIMIT ?`, project, after, atOnce)
	if err != nil {
		return nil, nil, fmt.Errorf("read events: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var session int64
		e, err := scanEvent(rows, &session)
		if err != nil {
			return nil, nil, fmt.Errorf("read events: %w", err)
		}
		if err := e.ReadBody(); err != nil {
			return nil, nil, err
		}
		events, sessions = append(events, e), append(sessions, session)
	}
	return events, sessions, unusable(rows.Err())
}

// again makes an event due for an endpoint, unless it has been or will be sent.
func (t *tx) again(e *domain.Event, session int64, ep *cachedEndpoint, now time.Time) (added int, err error) {
	var status domain.DeliveryStatus
	err = missing(t.row(`SELECT status FROM deliveries WHERE event = ? AND endpoint = ?`, e.Position, ep.num).Scan(&status))
	switch {
	case errors.Is(err, domain.ErrNotFound):
		project, err := t.w.cache.project(t, e.ProjectID)
		t.known.made = append(t.known.made, made{event: e, in: numbers{project, session}, endpoint: ep, old: true})
		return 1, err
	case err != nil:
		return 0, fmt.Errorf("read delivery: %w", err)
	case status != domain.DeliveryFailed && status != domain.DeliveryCanceled:
		return 0, nil
	}
	if k := (deliveryKey{e.Position, ep.num}); t.w.store.held.has(k) {
		return 0, nil
	} else if err := t.makeDue(k, now); err != nil {
		return 0, err
	}
	return 1, nil
}

// Prune deletes some events that are older, with their deliveries and
// attempts, and says whether there may be more. What belongs to a session that
// has not ended stays, and what is still to be sent.
func (s *Store) Prune(ctx context.Context, before time.Time) (deleted int, err error) {
	projects, err := s.Projects(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range projects {
		for after := ""; ; {
			n, last := 0, ""
			err := s.update(ctx, func(t *tx) (err error) {
				n, last, err = t.prune(p.ID, after, before)
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

func (t *tx) prune(project, after string, before time.Time) (deleted int, last string, err error) {
	type old struct {
		position int64
		id       string
		free     bool
	}
	rows, err := t.rows(`SELECT e.position, e.id, e.created_at < ?1 AND (s.num IS NULL OR s.ended_at > 0)
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.position AND d.ended_at = 0)
		FROM projects o CROSS JOIN events e INDEXED BY events_id ON e.project = o.num LEFT JOIN sessions s ON s.num = e.session
		WHERE o.id = ?2 AND e.id > ?3 AND e.id < ?4 ORDER BY e.id LIMIT ?5`,
		codec.Micros(before), project, after, domain.IDAt(domain.PrefixEvent, before), atOnce)
	all, err := collect(rows, err, func(r codec.Scanner) (old, error) {
		var o old
		return o, r.Scan(&o.position, &o.id, &o.free)
	})
	if err != nil || len(all) == 0 {
		return 0, "", err
	}
	var free []int64
	var latest old
	for _, o := range all {
		if last = o.id; o.free {
			free = append(free, o.position)
			if o.position > latest.position {
				latest = o
			}
		}
	}
	if len(free) == 0 {
		return 0, last, nil
	}
	list := codec.Text(free)
	for _, query := range []string{
		`DELETE FROM attempts WHERE event IN (SELECT value FROM json_each(?))`,
		`DELETE FROM deliveries WHERE event IN (SELECT value FROM json_each(?))`,
		`DELETE FROM events WHERE position IN (SELECT value FROM json_each(?))`,
	} {
		if err := t.exec(query, list); err != nil {
			return 0, "", err
		}
	}
	if err := t.exec(`UPDATE projects SET prunes = prunes + 1, pruned = MAX(pruned, ?2), pruned_id = iif(?2 > pruned, ?3, pruned_id)
		WHERE id = ?1`, project, latest.position, latest.id); err != nil {
		return 0, "", err
	}
	return len(free), last, nil
}

// Reseal encrypts with the first master key what was encrypted with another,
// so that the others can be forgotten.
func (s *Store) Reseal(ctx context.Context) (int, error) {
	done := 0
	for after := int64(0); ; {
		last := int64(0)
		err := s.update(ctx, func(t *tx) error {
			type row struct {
				num         int64
				project, id string
				sealed      []byte
			}
			rows, err := t.rows(`SELECT num, project_id, id, sealed FROM endpoints WHERE num > ? AND deleted_at = 0 ORDER BY num LIMIT ?`, after, atOnce)
			all, err := collect(rows, err, func(r codec.Scanner) (row, error) {
				var one row
				return one, r.Scan(&one.num, &one.project, &one.id, &one.sealed)
			})
			if err != nil {
				return err
			}
			for _, r := range all {
				last = r.num
				if s.box.Current(r.sealed) {
					continue
				}
				e := domain.Endpoint{ID: r.id, ProjectID: r.project}
				if err := s.box.OpenEndpoint(r.sealed, &e); err != nil {
					return err
				}
				sealed, err := s.box.SealEndpoint(&e)
				if err != nil {
					return err
				}
				if err := t.exec(`UPDATE endpoints SET sealed = ? WHERE num = ?`, sealed, r.num); err != nil {
					return err
				}
				done++
			}
			return nil
		})
		if err != nil {
			return done, fmt.Errorf("encrypt with the new master key: %w", err)
		}
		if last == 0 {
			return done, nil
		}
		after = last
	}
}
