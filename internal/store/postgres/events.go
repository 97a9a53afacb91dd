package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

const eventColumns = `e.position, o.id, e.id, COALESCE(s.id, ''), e.sequence, e.type, e.body, e.created_at`

// ofProject picks the events e of the project $1, by its number: the order of an
// index is then that of the project's rows.
const ofProject = `e.project = (SELECT num FROM projects WHERE id = $1)`

// scanEvent reads eventColumns and what more the query selects.
func scanEvent(r codec.Scanner, more ...any) (domain.Event, error) {
	var e domain.Event
	err := r.Scan(append([]any{
		&e.Position, &e.ProjectID, &e.ID, &e.SessionID, &e.Sequence, &e.Type, &e.Body, codec.Time{T: &e.CreatedAt},
	}, more...)...)
	return e, missing(err)
}

// pending is a draft on its way into the log.
type pending struct {
	draft    domain.Draft
	session  int64 // its number, or 0
	sequence int64 // in the session; 0: to be found
	event    domain.Event
}

// appendAll appends news that is not part of a change of its session.
func (t *tx) appendAll(ctx context.Context, news []domain.Draft) error {
	all := make([]pending, len(news))
	for i, d := range news {
		all[i].draft = d
	}
	return t.append(ctx, nil, all, nil)
}

// append makes events of drafts, puts them into the log and makes a delivery for each
// endpoint that wants one; to overrides who that is. Its first round trip makes
// what else is queued too, its last is the commit's. It locks the projects' rows
// until then, so it comes last.
func (t *tx) append(ctx context.Context, queued *pgx.Batch, news []pending, to func(*domain.Event) []*cachedEndpoint) error {
	logs := map[string]*projectLog{}
	for i := range news {
		d := &news[i].draft
		l, ok := logs[d.ProjectID]
		if !ok {
			l = &projectLog{id: d.ProjectID}
			logs[d.ProjectID] = l
		}
		l.news = append(l.news, &news[i])
		if d.SessionID != "" && news[i].sequence == 0 {
			if err := t.numberInSession(ctx, &news[i]); err != nil {
				return err
			}
		}
		if news[i].sequence == 0 {
			l.unnumbered++
			continue
		}
		// As much as possible before the project is locked.
		if err := news[i].seal(); err != nil {
			return err
		}
	}
	if queued == nil {
		queued = &pgx.Batch{}
	}
	// In one order everywhere, so that no two transactions wait for each other.
	ids := slices.Sorted(maps.Keys(logs))
	for _, id := range ids {
		logs[id].queueLock(queued)
	}
	if queued.Len() == 0 {
		return nil
	}
	if err := t.send(ctx, queued); err != nil {
		return fmt.Errorf("change sessions: %w", err)
	}
	for _, id := range ids {
		if err := t.appendIn(ctx, logs[id], to); err != nil {
			return err
		}
	}
	return nil
}

// numberInSession gives an event its sequence that is not part of a change of
// its session.
func (t *tx) numberInSession(ctx context.Context, p *pending) error {
	key := sessionKey{p.draft.ProjectID, p.draft.SessionID}
	known, ok := t.numbered[key]
	if !ok {
		s, err := scanSession(t.row(ctx, `SELECT `+sessionRead+`, num FROM sessions WHERE project_id = $1 AND id = $2 FOR UPDATE`, key.project, key.id), &known.num)
		if err != nil {
			return fmt.Errorf("number an event: %w", err)
		}
		known.sequence = s.Sequence
	}
	known.sequence++
	p.session, p.sequence = known.num, known.sequence
	if t.numbered == nil {
		t.numbered = map[sessionKey]numbered{}
	}
	t.numbered[key] = known
	return nil
}

// numbered is a session with the sequence of its last event, in a transaction.
type numbered struct{ num, sequence int64 }

// projectLog is what comes into the log of one project.
type projectLog struct {
	id         string
	news       []*pending
	unnumbered int64 // of them, without a session

	num, position, sequence, version int64 // of the project, after it
}

func (l *projectLog) queueLock(b *pgx.Batch) {
	b.Queue(`UPDATE projects SET position = position + $2, sequence = sequence + $3 WHERE id = $1
		RETURNING num, position, sequence, version`, l.id, len(l.news), l.unnumbered).QueryRow(func(r pgx.Row) error {
		return missing(r.Scan(&l.num, &l.position, &l.sequence, &l.version))
	})
}

func (t *tx) appendIn(ctx context.Context, l *projectLog, to func(*domain.Event) []*cachedEndpoint) error {
	position, sequence := l.position-int64(len(l.news)), l.sequence-l.unnumbered
	events := make([]*domain.Event, len(l.news))
	for i, n := range l.news {
		if n.sequence == 0 {
			sequence++
			n.sequence = sequence
			if err := n.seal(); err != nil {
				return err
			}
		}
		position++
		n.event.Position = position
		events[i] = &n.event
	}
	var wanting [][]*cachedEndpoint
	if to != nil {
		for _, e := range events {
			wanting = append(wanting, to(e))
		}
	} else {
		var err error
		if wanting, err = t.wanting(ctx, l.id, l.version, events); err != nil {
			return err
		}
	}
	t.queueEvents(l, wanting)
	return nil
}

func (p *pending) seal() (err error) {
	p.event, err = p.draft.Event(p.sequence)
	return err
}

// queueEvents has events and their deliveries written with the commit.
func (t *tx) queueEvents(l *projectLog, wanting [][]*cachedEndpoint) {
	n := len(l.news)
	var (
		positions, sessions, sequences, created = make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
		ids, types                              = make([]string, n), make([]string, n)
		bodies                                  = make([][]byte, n)
		d                                       newDeliveries
	)
	for i, p := range l.news {
		e := &p.event
		positions[i], sessions[i], sequences[i], created[i] = e.Position, p.session, e.Sequence, codec.Micros(e.CreatedAt)
		ids[i], types[i], bodies[i] = e.ID, string(e.Type), e.Body
		t.known.Events = append(t.known.Events, *e)
		for _, ep := range wanting[i] {
			d.add(t.deliver(e, ep), p.session)
		}
	}
	t.last.Queue(`INSERT INTO events (project, position, session, sequence, id, type, body, created_at)
		SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::bigint[])`,
		l.num, positions, sessions, sequences, ids, types, bodies, created)
	d.queue(&t.last, l.num, t.node)
}

// deliver notes a new delivery. Whoever takes new ones is asked to keep a place
// for it, unless the nodes have to agree on when it goes.
func (t *tx) deliver(e *domain.Event, ep *cachedEndpoint) *made {
	m := made{event: e, endpoint: ep}
	if taker := t.store.offer.Load(); taker != nil && !shared(&ep.Endpoint) {
		m.reserved = (*taker).Reserve(&ep.Endpoint, len(e.Body))
	}
	t.made = append(t.made, m)
	return &t.made[len(t.made)-1]
}

// shared says whether the endpoint has a limit or an order that all nodes
// together must keep: its deliveries are claimed from the database alone.
func shared(e *domain.Endpoint) bool { return e.Ordered || e.RateLimit > 0 || e.Concurrency > 0 }

// newDeliveries are rows of deliveries, as columns.
type newDeliveries struct{ events, endpoints, ordered, due, held []int64 }

func (d *newDeliveries) add(m *made, session int64) {
	ordered, held := int64(0), int64(0)
	if m.endpoint.Ordered {
		ordered = 1 + session
	}
	if m.reserved {
		held = 1
	}
	d.events, d.endpoints = append(d.events, m.event.Position), append(d.endpoints, m.endpoint.num)
	d.ordered, d.due = append(d.ordered, ordered), append(d.due, codec.Micros(m.event.CreatedAt))
	d.held = append(d.held, held)
}

func (d *newDeliveries) queue(b *pgx.Batch, project, node int64) {
	if len(d.events) == 0 {
		return
	}
	b.Queue(`INSERT INTO deliveries (project, event, endpoint, ordered, node, next_at, ended_at, attempts, tries, status, reason)
		SELECT $1, q.event, q.endpoint, q.ordered, q.held * $2, q.due, 0, 0, 0, 'PENDING', ''
		FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) q (event, endpoint, ordered, due, held)`,
		project, node, d.events, d.endpoints, d.ordered, d.due, d.held)
}
