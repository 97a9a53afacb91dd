package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// query is a statement that a change makes, and says what the transaction has
// to be ready for. TestStatementsDoWhatTheySay asks SQLite whether it is true.
type query struct {
	text   string
	writes bool // it must be possible to undo it alone
	log    bool // it reads or writes events, deliveries or attempts: what is collected of them must be in the tables
	bare   bool // no change makes it, but the writer or flush: there is nothing to make ready
}

func reads(text string) query     { return query{text: text} }
func readsLog(text string) query  { return query{text: text, log: true} }
func writes(text string) query    { return query{text: text, writes: true} }
func writesLog(text string) query { return query{text: text, writes: true, log: true} }

// statement is a prepared one.
type statement struct {
	*sql.Stmt
	query query
}

// prepare prepares a statement, which is kept: the code bounds their number.
func (w *writer) prepare(q query) (*statement, error) {
	if st, ok := w.stmts[q.text]; ok {
		return st, nil
	}
	prepared, err := w.conn.PrepareContext(context.Background(), q.text)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", q.text, err)
	}
	st := &statement{prepared, q}
	w.stmts[q.text] = st
	return st, nil
}

// exec runs a statement as it is: one that writes what was collected, or that
// begins or ends something. The writer's statements are not bound to a caller's
// context: once begun, a transaction ends.
func (w *writer) exec(text string, args ...any) error {
	_, err := w.result(text, args...)
	return err
}

func (w *writer) result(text string, args ...any) (sql.Result, error) {
	st, err := w.prepare(query{text: text, bare: true})
	if err != nil {
		return nil, err
	}
	return st.ExecContext(context.Background(), args...)
}
