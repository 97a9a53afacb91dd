package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// atOnce is how many rows one change of many works on: whoever has a million
// of them is not to hold up everybody else.
const atOnce = 100

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
	d, err := t.store.scanDelivery(t.row(oneDelivery+` FOR UPDATE OF d`, k.Event, k.Endpoint, project))
	if err != nil {
		return d, err
	}
	if err := t.unit.Cancel(&d, now); err != nil {
		return d, err
	}
	b := &pgx.Batch{}
	b.Queue(`UPDATE deliveries d SET status = $6, reason = $5, ended_at = $4, node = 0
		FROM projects o WHERE o.id = $3 AND d.project = o.num AND d.event = $1 AND d.endpoint = $2`,
		k.Event, k.Endpoint, project, codec.Micros(d.EndedAt), d.Reason, string(d.Status))
	ended, err := t.store.queueEnd(b, []work.Inline{{Num: k.Endpoint, Ref: domain.EndpointRef{ProjectID: project, ID: d.EndpointID}, At: now}})
	if err != nil {
		return d, err
	}
	if err := t.send(b); err != nil {
		return d, fmt.Errorf("cancel delivery: %w", err)
	}
	return d, t.tellEnd(ended)
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
		e, err := s.scanEndpoint(t.row(liveEndpoint+stays, project, endpoint), &num)
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
		var lost []work.Entry
		for i := range entries {
			if at.Cursor = entries[i].Event.ID; r.Picks(&e, &entries[i].Event) {
				lost = append(lost, entries[i])
			}
		}
		added, err := t.again(lost, &work.Endpoint{Endpoint: e, Num: num}, now)
		if err != nil {
			return at, err
		}
		t.unit.Commit.Due = append(t.unit.Commit.Due, e.Ref())
		at.Done += added
		at.Ended = len(entries) < atOnce || r.Over(at.Cursor)
		return at, nil
	})
}

// eventsAfter reads some events with ids after the given one. They are not
// deleted before the transaction ends, so that no delivery of one is left.
func (t *tx) eventsAfter(project, after string) ([]work.Entry, error) {
	entries, err := rows(t, func(r codec.Scanner) (e work.Entry, err error) {
		if e.Event, err = codec.ScanEvent(r, &e.Project, &e.Session); err != nil {
			return e, err
		}
		return e, e.Event.ReadBody()
	}, `SELECT `+codec.EventColumns+`, o.num, e.session FROM events e JOIN projects o ON o.num = e.project LEFT JOIN sessions s ON s.num = e.session
		WHERE `+ofProject+` AND e.id > $2 ORDER BY e.id LIMIT $3 FOR KEY SHARE OF e`, project, after, atOnce)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return entries, nil
}

// again makes events of one project due for an endpoint, but for those that have
// been or will be sent, and counts them.
func (t *tx) again(entries []work.Entry, ep *work.Endpoint, now time.Time) (int, error) {
	if len(entries) == 0 {
		return 0, nil
	}
	var again work.Unit
	var d newDeliveries
	for i := range entries {
		again.DeliverAgain(&entries[i], ep)
		d.add(&again.Deliveries[i])
	}
	n, err := t.count(`INSERT INTO deliveries AS d (project, event, endpoint, ordered, node, next_at, ended_at, attempts, tries, status, reason)
		SELECT $1, q.event, $2, q.ordered, 0, $3, 0, 0, 0, 'PENDING', '' FROM unnest($4::bigint[], $5::bigint[]) q (event, ordered)
		ON CONFLICT (project, event, endpoint) DO UPDATE SET status = `+work.SendAgain.To()+`, reason = '', tries = 0, next_at = $3, ended_at = 0
		WHERE d.status IN (`+work.SendAgain.From()+`)`, entries[0].Project, ep.Num, codec.Micros(now), d.events, d.ordered)
	if err != nil {
		return 0, fmt.Errorf("recover deliveries: %w", err)
	}
	return n, nil
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
		n, err := pass(ctx, s, func(t *tx, after string) (int, string, error) { return t.prune(p.ID, after, before) })
		if deleted += n; err != nil {
			return deleted, fmt.Errorf("prune: %w", err)
		}
	}
	return deleted, nil
}

func (t *tx) prune(project, after string, before time.Time) (deleted int, last string, err error) {
	owner, err := t.store.project(t.ctx, project)
	if err != nil {
		return 0, "", err
	}
	all, err := rows(t, func(r codec.Scanner) (o work.Old, err error) {
		err = r.Scan(&o.Position, &o.ID, &o.Free)
		return o, err
	}, `SELECT e.position, e.id, e.created_at < $2 AND (s.num IS NULL OR s.ended_at > 0)
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.project = $1 AND d.event = e.position AND d.ended_at = 0)
		FROM events e LEFT JOIN sessions s ON s.num = e.session
		WHERE e.project = $1 AND e.id > $3 AND e.id < $4 ORDER BY e.id LIMIT $5`,
		owner, codec.Micros(before), after, domain.IDAt(domain.PrefixEvent, before), atOnce)
	if err != nil || len(all) == 0 {
		return 0, "", err
	}
	last = all[len(all)-1].ID
	positions, _ := work.Free(all, nil)
	if len(positions) == 0 {
		return 0, last, nil
	}
	open, err := t.lockEvents(owner, positions)
	if err != nil {
		return 0, "", err
	}
	free, latest := work.Free(all, open)
	if len(free) == 0 {
		return 0, last, nil
	}
	b := &pgx.Batch{}
	queueDeleteEvents(b, owner, free)
	// Last, since it locks the project's row.
	b.Queue(`UPDATE projects SET prunes = prunes + 1, pruned = GREATEST(pruned, $2), pruned_id = CASE WHEN $2 > pruned THEN $3 ELSE pruned_id END
		WHERE num = $1`, owner, latest.Position, latest.ID)
	return len(free), last, t.send(b)
}

// lockEvents has nobody make deliveries of the events, or make those due again
// that have ended, before the transaction ends; of which of them something is
// still to be sent is as whoever did so meanwhile has left it.
func (t *tx) lockEvents(owner int64, positions []int64) (open map[int64]bool, err error) {
	if err := t.exec(`SELECT 1 FROM events WHERE project = $1 AND position = ANY($2) ORDER BY position FOR UPDATE`, owner, positions); err != nil {
		return nil, err
	}
	type delivery struct {
		event int64
		ended bool
	}
	all, err := rows(t, func(r codec.Scanner) (d delivery, err error) { return d, r.Scan(&d.event, &d.ended) },
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
