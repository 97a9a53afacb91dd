package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// Finish records attempts with what they did to their deliveries,
// applies what attempts have shown to the health of endpoints, and appends the events. A delivery that was
// canceled while it was being sent stays canceled; its attempt is kept. So is
// that of one that another node has taken over, which is delivered if this was,
// and else the other node's to decide. One that is PENDING without an attempt
// is given back untried.
func (s *Store) Finish(ctx context.Context, outcomes []domain.Outcome, drafts []domain.Draft) error {
	if err := work.CheckOutcomes(outcomes); err != nil {
		return err
	}
	rows, err := s.finished(ctx, outcomes)
	if err != nil {
		return err
	}
	// Before it is committed: from then on it can be claimed, and who claims it
	// must not find it leased.
	was := s.leases.take(rows.keys)
	rows.leasedAs(was)
	for range tries {
		if err = s.finish(ctx, rows, outcomes, drafts); !again(err) {
			break
		}
	}
	if err != nil {
		s.leases.restore(was)
		return away(err)
	}
	return nil
}

func (s *Store) finish(patience context.Context, rows *finishedRows, outcomes []domain.Outcome, drafts []domain.Draft) error {
	ctx, cancel := context.WithTimeout(patience, answerWithin)
	defer cancel()
	b := &pgx.Batch{}
	rows.queue(b)
	last := work.LastOf(outcomes, s.keys(outcomes), func(*domain.Delivery) bool { return false })
	ended, err := s.queueEnd(b, last)
	if err != nil {
		return err
	}
	t, err := s.begin(ctx, b)
	if err != nil {
		return fmt.Errorf("finish deliveries: %w", err)
	}
	defer t.end()
	if err := t.tellEnd(ended); err != nil {
		return err
	}
	disabled := false
	for i := range outcomes {
		more, err := t.applyHealth(&outcomes[i])
		if err != nil {
			return err
		}
		disabled = disabled || outcomes[i].Inline && len(more) > 0
		drafts = append(drafts[:len(drafts):len(drafts)], more...)
	}
	if drafts, err = work.Existing(drafts, t.deliveryExists); err != nil {
		return err
	}
	if disabled {
		if err := t.endInline(last...); err != nil {
			return err
		}
	}
	if err := t.appendAll(drafts); err != nil {
		return err
	}
	return t.commit(patience)
}

func (s *Store) keys(outcomes []domain.Outcome) []work.Key {
	keys := make([]work.Key, len(outcomes))
	for i := range outcomes {
		keys[i] = s.ids.Key(outcomes[i].Delivery.ID)
	}
	return keys
}

func (t *tx) deliveryExists(project, id string) (there bool, err error) {
	num, err := t.store.project(t.ctx, project)
	if err != nil {
		return false, err
	}
	k := t.store.ids.Key(id)
	if err := t.row(`SELECT EXISTS (SELECT 1 FROM deliveries WHERE project = $1 AND event = $2 AND endpoint = $3)`,
		num, k.Event, k.Endpoint).Scan(&there); err != nil {
		return false, fmt.Errorf("read delivery: %w", err)
	}
	return there, nil
}

// finishedRows are outcomes and attempts, as columns.
type finishedRows struct {
	keys []work.Key
	has  map[work.Key]bool
	next *finishedRows // second outcomes of the same: a claim was lost and made again

	projects, events, endpoints, nodes, tries, due, ended []int64
	statuses, reasons                                     []string
	attempts                                              []string // ids; empty: there was none
	packed                                                [][]byte
}

func (s *Store) finished(ctx context.Context, outcomes []domain.Outcome) (*finishedRows, error) {
	all := &finishedRows{has: make(map[work.Key]bool, len(outcomes))}
	for i := range outcomes {
		d, a := &outcomes[i].Delivery, &outcomes[i].Attempt
		project, err := s.project(ctx, d.ProjectID)
		if err != nil {
			return nil, err
		}
		k := s.ids.Key(d.ID)
		var packed []byte
		if a.ID != "" {
			packed = codec.PackAttempt(a)
		}
		r := all
		for r.has[k] {
			if r.next == nil {
				r.next = &finishedRows{has: map[work.Key]bool{}}
			}
			r = r.next
		}
		r.has[k] = true
		r.keys = append(r.keys, k)
		r.projects, r.events, r.endpoints = append(r.projects, project), append(r.events, k.Event), append(r.endpoints, k.Endpoint)
		r.nodes, r.tries = append(r.nodes, 0), append(r.tries, int64(d.Tries))
		r.due, r.ended = append(r.due, codec.Micros(d.NextAt)), append(r.ended, codec.Micros(d.EndedAt))
		r.statuses, r.reasons = append(r.statuses, string(d.Status)), append(r.reasons, d.Reason)
		r.attempts, r.packed = append(r.attempts, a.ID), append(r.packed, packed)
	}
	return all, nil
}

// leasedAs fills in to which node each was leased.
func (r *finishedRows) leasedAs(was map[work.Key]lease) {
	for ; r != nil; r = r.next {
		for i, k := range r.keys {
			r.nodes[i] = was[k].node
		}
	}
}

// ours: a delivery was neither ended nor taken over meanwhile.
const ours = `(d.ended_at = 0 AND (d.node = u.node AND u.node <> 0 OR u.status = 'DELIVERED'))`

// finishing writes outcomes, each row found and written once: a first attempt is
// kept in it, and what isn't in it afterwards was not the first.
var finishing = strings.ReplaceAll(`WITH done AS (
	UPDATE deliveries d SET attempts = d.attempts + (u.attempt <> '')::integer,
		first = CASE WHEN u.attempt <> '' THEN COALESCE(d.first, u.packed) ELSE d.first END,
		node = CASE WHEN ours THEN 0 ELSE d.node END,
		status = CASE WHEN ours THEN u.status ELSE d.status END,
		reason = CASE WHEN ours THEN u.reason ELSE d.reason END,
		tries = CASE WHEN ours THEN u.tries ELSE d.tries END,
		next_at = CASE WHEN ours THEN u.due ELSE d.next_at END,
		ended_at = CASE WHEN ours THEN u.ended ELSE d.ended_at END
	FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
		$8::text[], $9::text[], $10::text[], $11::bytea[]) u (project, event, endpoint, node, tries, due, ended, status, reason, attempt, packed)
	WHERE d.project = u.project AND d.event = u.event AND d.endpoint = u.endpoint
	RETURNING u.project, u.event, u.endpoint, u.attempt, u.packed, u.attempt <> '' AND d.first <> u.packed AS more)
	INSERT INTO attempts (project, event, endpoint, id, packed) SELECT project, event, endpoint, attempt, packed FROM done WHERE more`, "ours", ours)

func (r *finishedRows) queue(b *pgx.Batch) {
	b.Queue(finishing, r.projects, r.events, r.endpoints, r.nodes, r.tries, r.due, r.ended, r.statuses, r.reasons, r.attempts, r.packed)
	if r.next != nil {
		r.next.queue(b)
	}
}

// applyHealth changes an endpoint by what an attempt showed of its health.
func (t *tx) applyHealth(o *domain.Outcome) ([]domain.Draft, error) {
	if o.Health == domain.HealthUnknown {
		return nil, nil
	}
	var num int64
	e, err := t.store.scanEndpoint(t.row(liveEndpoint+` FOR UPDATE`, o.Delivery.ProjectID, o.Delivery.EndpointID), &num)
	if errors.Is(err, domain.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read endpoint: %w", err)
	}
	drafts, changed := work.ApplyHealth(&e, o)
	if !changed {
		return nil, nil
	}
	return drafts, t.updateEndpoint(&e)
}
