package sqlite

import (
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// append makes events of entries, puts them into the log and makes a delivery
// for each endpoint that wants one.
func (t *tx) append(entries []work.Entry) error {
	for i := range entries {
		e := &entries[i]
		var other *work.Session
		if e.Sequence == 0 {
			var err error
			if other, err = t.number(e); err != nil {
				return err
			}
		}
		if err := t.place(e); err != nil {
			return err
		}
		wanting, err := t.w.cache.wanting(t, &e.Event)
		if err != nil {
			return err
		}
		t.unit.Deliver(e, wanting...)
		if other != nil {
			t.w.cache.saved(other)
		}
	}
	return nil
}

// appendAll appends events that are not part of a change of its session.
func (t *tx) appendAll(drafts []domain.Draft) error { return t.append(work.Entries(drafts)) }

// place makes the event of an entry and puts it at the end of the log.
func (t *tx) place(e *work.Entry) (err error) {
	if err := e.Make(); err != nil {
		return err
	}
	if e.Project, err = t.w.cache.project(t, e.Draft.ProjectID); err != nil {
		return err
	}
	if e.Event.Position, err = t.nextPosition(); err != nil {
		return err
	}
	t.unit.Append(e)
	return nil
}

func (t *tx) writeEvents(entries []*work.Entry) error {
	return t.many(len(entries), insertEvents, func(args []any, i int) []any {
		in, e := entries[i], &entries[i].Event
		return append(args, e.Position, in.Project, in.Session, e.Sequence, e.ID, string(e.Type), e.Body, codec.Micros(e.CreatedAt), string(e.Trace))
	})
}

var insertEvents = inserts("events (position, project, session, sequence, id, type, body, created_at, trace)", "(?,?,?,?,?,?,?,?,?)")

func (t *tx) writeDeliveries(all []work.Delivery) error {
	return t.many(len(all), insertDeliveries, func(args []any, i int) []any {
		d := &all[i]
		return append(args, d.Event.Position, d.Endpoint.Num, d.Project, d.Turn(), codec.Micros(d.Event.CreatedAt))
	})
}

var insertDeliveries = inserts("deliveries (event, endpoint, project, ordered, next_at, status, reason, attempts, tries, ended_at)",
	"(?,?,?,?,?,'PENDING','',0,0,0)")

func (t *tx) nextPosition() (int64, error) {
	if t.w.position < 0 {
		if err := t.row(readsLog(`SELECT MAX(COALESCE((SELECT MAX(position) FROM events), 0), given) FROM positions`)).Scan(&t.w.position); err != nil {
			return 0, fmt.Errorf("read the log's end: %w", err)
		}
	}
	t.w.cache.touched = true
	t.w.position++
	return t.w.position, nil
}

// number gives an entry its sequence that is not part of a change of its
// session, which it returns.
func (t *tx) number(e *work.Entry) (s *work.Session, err error) {
	if e.Draft.SessionID == "" {
		e.Sequence, err = t.numberInProject(e.Draft.ProjectID)
		return nil, err
	}
	if s, err = t.w.cache.session(t, e.Draft.ProjectID, e.Draft.SessionID); err != nil {
		return nil, fmt.Errorf("number an event: %w", err)
	}
	t.w.cache.touched = true
	s.Row.Sequence++
	e.Session, e.Sequence = s.Num, s.Row.Sequence
	return s, nil
}

// numberInProject gives an event without a session its sequence.
func (t *tx) numberInProject(project string) (n int64, err error) {
	if err := t.row(writes(`UPDATE projects SET sequence = sequence + 1 WHERE id = ? RETURNING sequence`), project).Scan(&n); err != nil {
		return 0, fmt.Errorf("number an event: %w", err)
	}
	return n, nil
}
