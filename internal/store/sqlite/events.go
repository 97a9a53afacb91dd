package sqlite

import (
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

const eventColumns = `e.position, o.id, e.id, COALESCE(s.id, ''), e.sequence, e.type, e.body, e.created_at`

// scanEvent reads eventColumns and what more the query selects.
func scanEvent(r codec.Scanner, more ...any) (domain.Event, error) {
	var e domain.Event
	err := r.Scan(append([]any{
		&e.Position, &e.ProjectID, &e.ID, &e.SessionID, &e.Sequence, &e.Type, &e.Body, codec.Time{T: &e.CreatedAt},
	}, more...)...)
	return e, missing(err)
}

// append makes an event of a draft, puts it into the log and makes a delivery for each
// endpoint that wants it. session is the number of its session, or 0.
func (t *tx) append(d domain.Draft, session, sequence int64) error {
	e, in, err := t.makeEvent(d, session, sequence)
	if err != nil {
		return err
	}
	return t.fanOut(e, in)
}

func (t *tx) makeEvent(d domain.Draft, session, sequence int64) (*domain.Event, numbers, error) {
	in := numbers{session: session}
	e, err := d.Event(sequence)
	if err != nil {
		return nil, in, err
	}
	if in.project, err = t.w.cache.project(t, d.ProjectID); err != nil {
		return nil, in, err
	}
	if e.Position, err = t.nextPosition(); err != nil {
		return nil, in, err
	}
	t.known.Events, t.known.in = append(t.known.Events, e), append(t.known.in, in)
	return &e, in, nil
}

func (t *tx) writeEvents(events []domain.Event, in []numbers) error {
	return t.many(len(events), insertEvents, func(args []any, i int) []any {
		e := &events[i]
		return append(args, e.Position, in[i].project, in[i].session, e.Sequence, e.ID, string(e.Type), e.Body, codec.Micros(e.CreatedAt))
	})
}

var insertEvents = inserts("events (position, project, session, sequence, id, type, body, created_at)", "(?,?,?,?,?,?,?,?)")

func (t *tx) nextPosition() (int64, error) {
	if t.w.position < 0 {
		if err := t.row(`SELECT MAX(COALESCE((SELECT MAX(position) FROM events), 0), given) FROM positions`).Scan(&t.w.position); err != nil {
			return 0, fmt.Errorf("read the log's end: %w", err)
		}
	}
	t.w.cache.touched = true
	t.w.position++
	return t.w.position, nil
}

// appendAll appends news that is not part of a change of its session.
func (t *tx) appendAll(news []domain.Draft) error {
	for _, d := range news {
		if d.SessionID == "" {
			n, err := t.numberInProject(d.ProjectID)
			if err != nil {
				return err
			}
			if err := t.append(d, 0, n); err != nil {
				return err
			}
			continue
		}
		s, err := t.w.cache.session(t, d.ProjectID, d.SessionID)
		if err != nil {
			return fmt.Errorf("number an event: %w", err)
		}
		s.row.Sequence++
		if err := t.append(d, s.num, s.row.Sequence); err != nil {
			return err
		}
		t.w.cache.saved(s, nil)
	}
	return nil
}

// numberInProject gives an event without a session its sequence.
func (t *tx) numberInProject(project string) (n int64, err error) {
	if err := t.row(`UPDATE projects SET sequence = sequence + 1 WHERE id = ? RETURNING sequence`, project).Scan(&n); err != nil {
		return 0, fmt.Errorf("number an event: %w", missing(err))
	}
	return n, nil
}
