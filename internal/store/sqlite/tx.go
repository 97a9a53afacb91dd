package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// tx is what a change works with. It is valid only while the change runs.
//
// Entries of the log, deliveries and outcomes are collected, and written
// together: at the end of the transaction, or before a statement that has to see
// them. A change that does nothing else is undone by forgetting what it has
// collected; only one that writes more needs a savepoint.
type tx struct {
	w         *writer
	unit      work.Unit
	outcomes  []finished
	written   written // of what is collected
	succeeded bool    // at least one change did

	// Of the running change:
	wrote     bool
	savepoint bool
	before    written // when it began to write
}

// written is how much of what is collected is in the tables.
type written struct{ entries, deliveries, outcomes int }

// collected is how much was there before a change.
type collected struct {
	unit     work.Savepoint
	outcomes int
}

func (t *tx) collected() collected { return collected{t.unit.Savepoint(), len(t.outcomes)} }

// reset forgets what a change that failed has collected.
func (t *tx) reset(m collected) {
	t.unit.Reset(m.unit)
	t.outcomes = t.outcomes[:m.outcomes]
}

func (t *tx) exec(q query, args ...any) error {
	_, err := t.result(q, args...)
	return err
}

// execCount is exec for whoever needs to know how many rows it changed.
func (t *tx) execCount(q query, args ...any) (int, error) {
	res, err := t.result(q, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// insert is exec for whoever needs to know the number of the new row.
func (t *tx) insert(q query, args ...any) (int64, error) {
	res, err := t.result(q, args...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (t *tx) result(q query, args ...any) (sql.Result, error) {
	st, err := t.prepare(q)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(context.Background(), args...)
}

func (t *tx) rows(q query, args ...any) (*sql.Rows, error) {
	st, err := t.prepare(q)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(context.Background(), args...)
}

// prepare gets the transaction ready for the statement.
func (t *tx) prepare(q query) (*statement, error) {
	st, err := t.w.prepare(q)
	if err == nil && q.writes {
		err = t.begin()
	}
	if err == nil && q.log {
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

// flush writes what is collected and not in the tables yet.
func (t *tx) flush() error {
	all := written{len(t.unit.Entries), len(t.unit.Deliveries), len(t.outcomes)}
	if t.written == all {
		return nil
	}
	if err := t.begin(); err != nil {
		return err
	}
	if err := t.writeEvents(t.unit.Entries[t.written.entries:]); err != nil {
		return fmt.Errorf("insert events: %w", err)
	}
	if err := t.writeDeliveries(t.unit.Deliveries[t.written.deliveries:]); err != nil {
		return fmt.Errorf("insert deliveries: %w", err)
	}
	for _, e := range t.outcomes[t.written.outcomes:] {
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

func (t *tx) row(q query, args ...any) codec.Scanner {
	st, err := t.prepare(q)
	if err != nil {
		return failedRow{err}
	}
	return foundRow{st.QueryRowContext(context.Background(), args...)}
}

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }
