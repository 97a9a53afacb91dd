package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// tx is what a change works with. It is valid only while the change runs.
//
// Events, deliveries and outcomes are collected in known, and written together: at
// the end of the transaction, or before a statement that has to see them. A
// change that does nothing else is undone by forgetting what it has collected;
// only one that writes more needs a savepoint.
type tx struct {
	w         *writer
	known     known
	written   written // of known
	succeeded bool    // at least one change did

	// Of the running change:
	wrote     bool
	savepoint bool
	before    written // when it began to write
}

// written is how much of what is known is in the tables.
type written struct{ events, made, ended int }

func (t *tx) exec(query string, args ...any) error {
	_, err := t.result(query, args...)
	return err
}

// execCount is exec for whoever needs to know how many rows it changed.
func (t *tx) execCount(query string, args ...any) (int64, error) {
	res, err := t.result(query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insert is exec for whoever needs to know the number of the new row.
func (t *tx) insert(query string, args ...any) (int64, error) {
	res, err := t.result(query, args...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (t *tx) result(query string, args ...any) (sql.Result, error) {
	st, err := t.prepare(query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(context.Background(), args...)
}

func (t *tx) rows(query string, args ...any) (*sql.Rows, error) {
	st, err := t.prepare(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(context.Background(), args...)
}

// prepare gets the transaction ready for the statement.
func (t *tx) prepare(query string) (*statement, error) {
	st, err := t.w.prepare(query)
	if err == nil && st.writes {
		err = t.begin()
	}
	if err == nil && st.log {
		err = t.flush()
	}
	return st, err
}

// begin makes sure that what the running change writes can be undone alone.
func (t *tx) begin() error {
	if t.wrote {
		return nil
	}
	t.wrote, t.before = true, t.written
	// Until a change has succeeded, there is nothing that the failure of
	// another must leave alone.
	t.savepoint = t.succeeded
	if !t.savepoint {
		return nil
	}
	return t.w.exec("SAVEPOINT one")
}

// undo undoes what the running change has written.
func (t *tx) undo() error {
	if !t.wrote {
		return nil
	}
	t.written = t.before
	undo := []string{"ROLLBACK", "BEGIN IMMEDIATE"}
	if t.savepoint {
		undo = []string{"ROLLBACK TO one", "RELEASE one"}
	}
	for _, query := range undo {
		if err := t.w.exec(query); err != nil {
			return err
		}
	}
	return nil
}

// flush writes what is known and not in the tables yet.
func (t *tx) flush() error {
	all := written{len(t.known.Events), len(t.known.made), len(t.known.ended)}
	if t.written == all {
		return nil
	}
	if err := t.begin(); err != nil {
		return err
	}
	if err := t.writeEvents(t.known.Events[t.written.events:], t.known.in[t.written.events:]); err != nil {
		return fmt.Errorf("insert events: %w", err)
	}
	if err := t.writeDeliveries(t.known.made[t.written.made:]); err != nil {
		return fmt.Errorf("insert deliveries: %w", err)
	}
	for _, e := range t.known.ended[t.written.ended:] {
		if err := t.writeOutcome(e.key, e.outcome); err != nil {
			return fmt.Errorf("finish delivery: %w", err)
		}
	}
	t.written = all
	return nil
}

// atATime are the numbers of rows for which there are statements.
var atATime = [...]int{64, 8, 1}

// inserts makes a statement for each of them. OR FAIL saves SQLite a journal of
// the statement: what an error leaves half done is undone with the whole change.
func inserts(into, values string) (queries [len(atATime)]string) {
	for i, rows := range atATime {
		queries[i] = "INSERT OR FAIL INTO " + into + " VALUES " + strings.Repeat(values+",", rows-1) + values
	}
	return queries
}

// many runs inserts of n rows; args appends the values of one.
func (t *tx) many(n int, queries [len(atATime)]string, args func([]any, int) []any) error {
	values := make([]any, 0, 512)
	for done, size := 0, 0; done < n; {
		rows := atATime[size]
		if n-done < rows {
			size++
			continue
		}
		values = values[:0]
		for i := range rows {
			values = args(values, done+i)
		}
		if err := t.w.exec(queries[size], values...); err != nil {
			return err
		}
		done += rows
	}
	return nil
}

func (t *tx) row(query string, args ...any) codec.Scanner {
	st, err := t.prepare(query)
	if err != nil {
		return failedRow{err}
	}
	return st.QueryRowContext(context.Background(), args...)
}

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

// known collects what a commit makes known, and forgets what a change that
// failed had added.
type known struct {
	domain.Commit
	in    []numbers // of the events
	made  []made
	ended []ended
}

// numbers are what the tables call the project and the session of an event.
type numbers struct{ project, session int64 }

// made is a new delivery.
type made struct {
	event    *domain.Event
	in       numbers
	endpoint *cachedEndpoint
	old      bool // the event is: it waits in the store for its turn
	taken    bool // will be handed over, so that nobody is to claim it
}

// mark is how much was known before a change.
type mark struct{ events, due, changed, gone, sessions, keys, made, ended int }

func (k *known) mark() mark {
	return mark{len(k.Events), len(k.Due), len(k.Changed), len(k.Gone), len(k.Sessions), len(k.Keys), len(k.made), len(k.ended)}
}

func (k *known) reset(m mark) {
	k.Events, k.in, k.Due, k.Changed = k.Events[:m.events], k.in[:m.events], k.Due[:m.due], k.Changed[:m.changed]
	k.Gone = k.Gone[:m.gone]
	k.Sessions, k.Keys, k.made, k.ended = k.Sessions[:m.sessions], k.Keys[:m.keys], k.made[:m.made], k.ended[:m.ended]
}

// reserve asks which of the new deliveries will be taken.
func (k *known) reserve(t domain.Taker) {
	for i := range k.made {
		m := &k.made[i]
		m.taken = !m.old && t.Reserve(&m.endpoint.Endpoint, len(m.event.Body))
	}
}

// reserved are the endpoints of those that will be.
func (k *known) reserved() (refs []domain.EndpointRef) {
	for _, m := range k.made {
		if m.taken {
			refs = append(refs, m.endpoint.Ref())
		}
	}
	return refs
}

// keys are the rows of those that will be.
func (k *known) keys() []deliveryKey {
	keys := make([]deliveryKey, 0, len(k.made))
	for _, m := range k.made {
		if m.taken {
			keys = append(keys, deliveryKey{m.event.Position, m.endpoint.num})
		}
	}
	return keys
}

// tell hands on what there is to know, each endpoint and session named once.
// New deliveries that are taken are handed over first.
func (s *Store) tell(k *known, taker domain.Taker) {
	jobs := make([]domain.Job, 0, len(k.made))
	for _, m := range k.made {
		if m.taken {
			jobs = append(jobs, domain.Job{Endpoint: &m.endpoint.Endpoint, Body: m.event.Body, Delivery: domain.Delivery{
				ID: s.ids.Encode(m.event.Position, m.endpoint.num), ProjectID: m.event.ProjectID, EventID: m.event.ID,
				EventType: m.event.Type, SessionID: m.event.SessionID, EndpointID: m.endpoint.ID,
				Status: domain.DeliverySending, NextAt: m.event.CreatedAt, CreatedAt: m.event.CreatedAt,
			}})
		} else {
			k.Due = append(k.Due, m.endpoint.Ref())
		}
	}
	if len(jobs) > 0 {
		taker.Take(jobs)
	}
	if len(k.Events)+len(k.Due)+len(k.Changed)+len(k.Sessions)+len(k.Keys) == 0 && !k.KeyPairs {
		return
	}
	for i := range k.Events {
		k.Projects = append(k.Projects, k.Events[i].ProjectID)
	}
	k.Due, k.Changed, k.Gone = codec.Unique(k.Due), codec.Unique(k.Changed), codec.Unique(k.Gone)
	k.Sessions, k.Projects = codec.Unique(k.Sessions), codec.Unique(k.Projects)
	s.notify(k.Commit)
}
