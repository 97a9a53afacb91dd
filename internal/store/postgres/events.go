package postgres

import (
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// ofProject picks the events e of the project $1, by its number: the order of an
// index is then that of the project's rows.
const ofProject = `e.project = (SELECT num FROM projects WHERE id = $1)`

// appendAll appends events that are not part of a change of its session.
func (t *tx) appendAll(drafts []domain.Draft) error {
	return t.append(nil, work.Entries(drafts), nil)
}

// append makes events of entries, puts them into the log and makes a delivery for each
// endpoint that wants one; to overrides who that is. Its first round trip makes
// what else is queued too, its last is the commit's. It locks the projects' rows
// until then, so it comes last.
func (t *tx) append(queued *pgx.Batch, entries []work.Entry, to func(*domain.Event) []*work.Endpoint) error {
	logs := map[string]*projectLog{}
	for i := range entries {
		e := &entries[i]
		l, ok := logs[e.Draft.ProjectID]
		if !ok {
			l = &projectLog{id: e.Draft.ProjectID}
			logs[e.Draft.ProjectID] = l
		}
		l.entries = append(l.entries, e)
		if e.Draft.SessionID != "" && e.Sequence == 0 {
			if err := t.numberInSession(e); err != nil {
				return err
			}
		}
		if e.Sequence == 0 {
			l.unnumbered++
			continue
		}
		// As much as possible before the project is locked.
		if err := e.Make(); err != nil {
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
	if err := t.send(queued); err != nil {
		return fmt.Errorf("change sessions: %w", err)
	}
	for _, id := range ids {
		if err := t.appendIn(logs[id], to); err != nil {
			return err
		}
	}
	return nil
}

// numberInSession gives an entry its sequence that is not part of a change of
// its session.
func (t *tx) numberInSession(e *work.Entry) error {
	key := work.SessionKey{Project: e.Draft.ProjectID, ID: e.Draft.SessionID}
	last, ok := t.numbered[key]
	if !ok {
		s, err := codec.ScanSession(t.row(`SELECT `+sessionRead+`, num FROM sessions WHERE project_id = $1 AND id = $2 FOR UPDATE`, key.Project, key.ID), &last.num)
		if err != nil {
			return fmt.Errorf("number an event: %w", err)
		}
		last.sequence = s.Sequence
	}
	last.sequence++
	e.Session, e.Sequence = last.num, last.sequence
	if t.numbered == nil {
		t.numbered = map[work.SessionKey]numbered{}
	}
	t.numbered[key] = last
	return nil
}

// numbered is a session with the sequence of its last event, in a transaction.
type numbered struct{ num, sequence int64 }

// projectLog is what comes into the log of one project.
type projectLog struct {
	id         string
	entries    []*work.Entry
	unnumbered int64 // of them, without a session

	num, position, sequence, version int64 // of the project, after it
}

func (l *projectLog) queueLock(b *pgx.Batch) {
	b.Queue(`UPDATE projects SET position = position + $2, sequence = sequence + $3 WHERE id = $1
		RETURNING num, position, sequence, version`, l.id, len(l.entries), l.unnumbered).QueryRow(func(r pgx.Row) error {
		return foundRow{r}.Scan(&l.num, &l.position, &l.sequence, &l.version)
	})
}

func (t *tx) appendIn(l *projectLog, to func(*domain.Event) []*work.Endpoint) error {
	position, sequence := l.position-int64(len(l.entries)), l.sequence-l.unnumbered
	events := make([]*domain.Event, len(l.entries))
	for i, e := range l.entries {
		if e.Sequence == 0 {
			sequence++
			e.Sequence = sequence
			if err := e.Make(); err != nil {
				return err
			}
		}
		position++
		e.Project, e.Event.Position = l.num, position
		events[i] = &e.Event
	}
	var wanting [][]*work.Endpoint
	if to != nil {
		for _, e := range events {
			wanting = append(wanting, to(e))
		}
	} else {
		var err error
		if wanting, err = t.wanting(l.id, l.version, events); err != nil {
			return err
		}
	}
	t.queueEvents(l, wanting)
	return nil
}

// queueEvents has events and their deliveries written with the commit.
func (t *tx) queueEvents(l *projectLog, wanting [][]*work.Endpoint) {
	n := len(l.entries)
	var (
		positions, sessions, sequences, created = make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
		ids, types, traces                      = make([]string, n), make([]string, n), make([]string, n)
		bodies                                  = make([][]byte, n)
		d                                       newDeliveries
	)
	first := len(t.unit.Deliveries)
	for i, entry := range l.entries {
		e := &entry.Event
		positions[i], sessions[i], sequences[i], created[i] = e.Position, entry.Session, e.Sequence, codec.Micros(e.CreatedAt)
		ids[i], types[i], bodies[i], traces[i] = e.ID, string(e.Type), e.Body, string(e.Trace)
		t.unit.Deliver(entry, wanting[i]...)
	}
	t.unit.Append(l.entries...)
	t.last.Queue(`INSERT INTO events (project, position, session, sequence, id, type, body, created_at, trace)
		SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::bigint[], $9::text[])`,
		l.num, positions, sessions, sequences, ids, types, bodies, created, traces)
	if taker := t.store.taker(); taker != nil {
		t.unit.Reserve(taker, first, func(e *domain.Endpoint) bool { return !shared(e) })
	}
	for i := first; i < len(t.unit.Deliveries); i++ {
		d.add(&t.unit.Deliveries[i])
	}
	d.queue(&t.last, l.num, t.node)
}

// shared says whether the endpoint has a limit or an order that all nodes
// together must keep: its deliveries are claimed from the database alone.
func shared(e *domain.Endpoint) bool { return e.Ordered || e.RateLimit > 0 || e.Concurrency > 0 }

// newDeliveries are rows of deliveries, as columns.
type newDeliveries struct{ events, endpoints, ordered, due, leased []int64 }

func (d *newDeliveries) add(one *work.Delivery) {
	leased := int64(0)
	if one.Reserved {
		leased = 1
	}
	d.events, d.endpoints = append(d.events, one.Event.Position), append(d.endpoints, one.Endpoint.Num)
	d.ordered, d.due = append(d.ordered, one.Turn()), append(d.due, codec.Micros(one.Event.CreatedAt))
	d.leased = append(d.leased, leased)
}

func (d *newDeliveries) queue(b *pgx.Batch, project, node int64) {
	if len(d.events) == 0 {
		return
	}
	b.Queue(`INSERT INTO deliveries (project, event, endpoint, ordered, node, next_at, ended_at, attempts, tries, status, reason)
		SELECT $1, q.event, q.endpoint, q.ordered, q.leased * $2, q.due, 0, 0, 0, 'PENDING', ''
		FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) q (event, endpoint, ordered, due, leased)`,
		project, node, d.events, d.endpoints, d.ordered, d.due, d.leased)
}
