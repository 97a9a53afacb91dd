package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/work"
)

// atOnce is how many rows one change of many works on: whoever has a million
// of them is not to hold up everybody else.
const atOnce = 500

// CancelDelivery gives a delivery up that has not ended. If it is being sent
// right now, that goes on, and is not tried again.
func (s *Store) CancelDelivery(ctx context.Context, project, id string, now time.Time) (domain.Delivery, error) {
	var d domain.Delivery
	err := s.update(ctx, func(t *tx) (err error) {
		d, err = t.cancel(project, s.ids.Key(id), now)
		return err
	})
	return d, err
}

func (t *tx) cancel(project string, k work.Key, now time.Time) (domain.Delivery, error) {
	d, err := t.w.store.scanDelivery(t.row(oneDelivery, k.Event, k.Endpoint, project))
	if err != nil {
		return d, err
	}
	if err := t.unit.Cancel(&d, now); err != nil {
		return d, err
	}
	if err := t.exec(writesLog(`UPDATE deliveries SET status = ?, reason = ?, ended_at = ? WHERE event = ? AND endpoint = ?`),
		d.Status, d.Reason, codec.Micros(d.EndedAt), k.Event, k.Endpoint); err != nil {
		return d, fmt.Errorf("cancel delivery: %w", err)
	}
	return d, t.endInline(work.Inline{Num: k.Endpoint, Ref: domain.EndpointRef{ProjectID: project, ID: d.EndpointID}, At: now})
}

// RetryDeliveries makes those that the filter picks due now, but for those that
// can't be sent, and says how many. Under an idempotency key that was used
// before it goes on where that stood, or returns *domain.Replay with the number.
func (s *Store) RetryDeliveries(ctx context.Context, project string, f domain.DeliveryFilter, now time.Time, idem *domain.Idempotency) (int, error) {
	return work.Each(ctx, s.update, work.Request{Project: project, Idempotency: idem}, f, s.Deliveries, func(t *tx, id string) error {
		_, err := t.retry(project, s.ids.Key(id), now)
		return err
	})
}

// CancelDeliveries gives up those that the filter picks and that have not
// ended, and says how many.
func (s *Store) CancelDeliveries(ctx context.Context, project string, f domain.DeliveryFilter, now time.Time) (int, error) {
	return work.Each(ctx, s.update, work.Request{Project: project}, f, s.Deliveries, func(t *tx, id string) error {
		_, err := t.cancel(project, s.ids.Key(id), now)
		return err
	})
}

// Recover has an endpoint sent what happened in a time and did not reach it:
// what was given up, and what it was not to get because it was disabled. It
// says how many deliveries that are. Under an idempotency key that was used
// before it goes on where that stood, or returns *domain.Replay with the number.
func (s *Store) Recover(ctx context.Context, project, endpoint string, since, until, now time.Time, idem *domain.Idempotency) (int, error) {
	r := work.Recovery{Since: since, Until: until}
	return work.Run(ctx, s.update, work.Request{Project: project, Idempotency: idem}, r.Start(), func(t *tx, at work.Progress) (work.Progress, error) {
		var num int64
		e, err := s.scanEndpoint(t.row(liveEndpointNum, project, endpoint), &num)
		if err != nil {
			return at, err
		}
		if e.Status == domain.EndpointDisabled {
			return at, e.Status.CheckSends()
		}
		entries, err := t.eventsAfter(project, at.Cursor)
		if err != nil {
			return at, err
		}
		for i := range entries {
			at.Cursor = entries[i].Event.ID
			if !r.Picks(&e, &entries[i].Event) {
				continue
			}
			added, err := t.again(&entries[i], &work.Endpoint{Endpoint: e, Num: num}, now)
			if err != nil {
				return at, err
			}
			at.Done += added
		}
		t.unit.Commit.Due = append(t.unit.Commit.Due, e.Ref())
		at.Ended = len(entries) < atOnce || r.Over(at.Cursor)
		return at, nil
	})
}

// eventsAfter reads some events with ids after the given one.
func (t *tx) eventsAfter(project, after string) ([]work.Entry, error) {
	rows, err := t.rows(readsLog(`SELECT `+codec.EventColumns+`, o.num, e.session FROM projects o
		CROSS JOIN events e INDEXED BY events_id ON e.project = o.num LEFT JOIN sessions s ON s.num = e.session
		WHERE o.id = ? AND e.id > ? ORDER BY e.id LIMIT ?`), project, after, atOnce)
	entries, err := collect(rows, err, func(r codec.Scanner) (e work.Entry, err error) {
		if e.Event, err = codec.ScanEvent(r, &e.Project, &e.Session); err != nil {
			return e, err
		}
		return e, e.Event.ReadBody()
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return entries, nil
}

// again makes an event due for an endpoint, unless it has been or will be sent.
func (t *tx) again(e *work.Entry, ep *work.Endpoint, now time.Time) (added int, err error) {
	k := work.Key{Event: e.Event.Position, Endpoint: ep.Num}
	var status domain.DeliveryStatus
	err = t.row(readsLog(`SELECT status FROM deliveries WHERE event = ? AND endpoint = ?`), k.Event, k.Endpoint).Scan(&status)
	switch {
	case errors.Is(err, domain.ErrNotFound):
		t.unit.DeliverAgain(e, ep)
		return 1, nil
	case err != nil:
		return 0, fmt.Errorf("read delivery: %w", err)
	case !work.SendAgain.Changes(status) || t.w.store.leases.has(k):
		return 0, nil
	}
	return 1, t.makeDue(k, now)
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
		n, err := work.Pass(ctx, s.update, func(t *tx, after string) (int, string, error) { return t.prune(p.ID, after, before) })
		if deleted += n; err != nil {
			return deleted, fmt.Errorf("prune: %w", err)
		}
	}
	return deleted, nil
}

func (t *tx) prune(project, after string, before time.Time) (deleted int, last string, err error) {
	rows, err := t.rows(readsLog(`SELECT e.position, e.id, e.created_at < ?1 AND (s.num IS NULL OR s.ended_at > 0)
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.position AND d.ended_at = 0)
		FROM projects o CROSS JOIN events e INDEXED BY events_id ON e.project = o.num LEFT JOIN sessions s ON s.num = e.session
		WHERE o.id = ?2 AND e.id > ?3 AND e.id < ?4 ORDER BY e.id LIMIT ?5`),
		codec.Micros(before), project, after, domain.IDAt(domain.PrefixEvent, before), atOnce)
	all, err := collect(rows, err, func(r codec.Scanner) (o work.Old, err error) {
		err = r.Scan(&o.Position, &o.ID, &o.Free)
		return o, err
	})
	if err != nil || len(all) == 0 {
		return 0, "", err
	}
	last = all[len(all)-1].ID
	free, latest := work.Free(all, nil)
	if len(free) == 0 {
		return 0, last, nil
	}
	if err := t.deleteEvents(free); err != nil {
		return 0, "", err
	}
	if err := t.exec(writes(`UPDATE projects SET prunes = prunes + 1, pruned = MAX(pruned, ?2), pruned_id = iif(?2 > pruned, ?3, pruned_id)
		WHERE id = ?1`), project, latest.Position, latest.ID); err != nil {
		return 0, "", err
	}
	return len(free), last, nil
}

// Reseal encrypts with the first master key what was encrypted with another,
// so that the others can be forgotten.
func (s *Store) Reseal(ctx context.Context) (int, error) {
	done, err := work.Pass(ctx, s.update, func(t *tx, after int64) (int, int64, error) {
		rows, err := t.rows(reads(`SELECT num, project_id, id, sealed FROM endpoints WHERE num > ? AND deleted_at = 0 ORDER BY num LIMIT ?`), after, atOnce)
		all, err := collect(rows, err, seal.ScanRow)
		if err != nil {
			return 0, 0, err
		}
		return s.box.Reseal(all, func(num int64, sealed []byte) error {
			return t.exec(writes(`UPDATE endpoints SET sealed = ? WHERE num = ?`), sealed, num)
		})
	})
	if err != nil {
		return done, fmt.Errorf("encrypt with the new master key: %w", err)
	}
	return done, nil
}
