package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	queueLength = 1024
	maxBatch    = 512
)

// errClosed is what a change on a closed store gets.
var errClosed = errors.New("the store is closed")

// change is a function that waits to be run by the writer.
type change struct {
	fn  func(*tx) error
	err chan error
}

// update runs fn in a transaction and returns when that is on disk, or with
// fn's own error when nothing of it is. While it waits for its turn, ctx can
// end it; after that it is told what became of it in any case.
func (s *Store) update(ctx context.Context, fn func(*tx) error) error {
	c := &change{fn: fn, err: make(chan error, 1)}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return errClosed
	}
	select {
	case s.queue <- c:
		s.mu.RUnlock()
	case <-ctx.Done():
		s.mu.RUnlock()
		return context.Cause(ctx)
	}
	return <-c.err
}

// writer is the one goroutine that changes the database.
type writer struct {
	store     *Store
	conn      *sql.Conn
	stmts     map[string]*sql.Stmt
	endpoints *endpointCache
}

func newWriter(s *Store, conn *sql.Conn) *writer {
	return &writer{store: s, conn: conn, stmts: map[string]*sql.Stmt{}, endpoints: newEndpointCache()}
}

func (w *writer) run() {
	defer close(w.store.done)
	defer func() {
		for _, st := range w.stmts {
			st.Close()
		}
		w.conn.Close()
	}()
	batch := make([]*change, 0, maxBatch)
	for first := range w.store.queue {
		batch = append(batch[:0], first)
	fill:
		for len(batch) < maxBatch {
			select {
			case c, ok := <-w.store.queue:
				if !ok {
					break fill
				}
				batch = append(batch, c)
			default:
				break fill
			}
		}
		w.commit(batch)
	}
}

// commit runs the changes of a batch in one transaction. A change that fails
// is undone alone; a commit that fails fails them all.
func (w *writer) commit(batch []*change) {
	t := &tx{w: w}
	errs := make([]error, len(batch))
	err := w.exec("BEGIN IMMEDIATE")
	if err == nil {
		for i, c := range batch {
			if errs[i], err = w.runOne(t, c, len(batch) > 1); err != nil {
				break
			}
		}
	}
	if err == nil && len(batch) == 1 && errs[0] != nil {
		// The only change failed: there is nothing to commit.
		w.rollback()
	} else if err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		w.rollback()
		err = fmt.Errorf("commit: %w", err)
	}
	for i, c := range batch {
		if err != nil {
			errs[i] = err
		}
		c.err <- errs[i]
	}
	if err == nil && !t.known.empty() {
		w.store.notify(t.known.Commit)
	}
}

func (w *writer) rollback() {
	// What the cache learned in the transaction never happened.
	w.endpoints.clear()
	if err := w.exec("ROLLBACK"); err != nil {
		w.store.log.Debug("roll back", "err", err) // SQLite has done it itself
	}
}

// runOne runs one change, within a savepoint when it isn't alone. The second
// error is the database's and ends the batch.
func (w *writer) runOne(t *tx, c *change, nested bool) (failed, broken error) {
	if nested {
		if err := w.exec("SAVEPOINT one"); err != nil {
			return nil, err
		}
	}
	before := t.known.mark()
	err := protect(c.fn, t)
	if !nested {
		return err, nil
	}
	if err != nil {
		t.known.reset(before)
		w.endpoints.clear()
		if e := w.exec("ROLLBACK TO one"); e != nil {
			return nil, errors.Join(err, e)
		}
	}
	return err, w.exec("RELEASE one")
}

// protect turns a panic of one caller's function into that caller's error.
func protect(fn func(*tx) error, t *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(t)
}

// The writer's statements are not bound to a caller's context: once begun, a
// transaction ends.
func (w *writer) exec(query string, args ...any) error {
	st, err := w.prepare(query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(context.Background(), args...)
	return err
}

func (w *writer) prepare(query string) (*sql.Stmt, error) {
	if st, ok := w.stmts[query]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	w.stmts[query] = st
	return st, nil
}

// tx is what a change works with. It is valid only while the change runs.
type tx struct {
	w     *writer
	known known
}

func (t *tx) exec(query string, args ...any) error { return t.w.exec(query, args...) }

// execCount is exec for whoever needs to know how many rows it changed.
func (t *tx) execCount(query string, args ...any) (int64, error) {
	st, err := t.w.prepare(query)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *tx) rows(query string, args ...any) (*sql.Rows, error) {
	st, err := t.w.prepare(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(context.Background(), args...)
}

func (t *tx) row(query string, args ...any) scanner {
	st, err := t.w.prepare(query)
	if err != nil {
		return failedRow{err}
	}
	return st.QueryRowContext(context.Background(), args...)
}

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

// known collects what a commit makes known, and forgets what a change that
// failed had added.
type known struct{ domain.Commit }

type mark struct{ events, endpoints, sessions int }

func (k *known) mark() mark {
	return mark{len(k.Events), len(k.Endpoints), len(k.Sessions)}
}

func (k *known) reset(m mark) {
	k.Events, k.Endpoints, k.Sessions = k.Events[:m.events], k.Endpoints[:m.endpoints], k.Sessions[:m.sessions]
}

func (k *known) empty() bool {
	return len(k.Events) == 0 && len(k.Endpoints) == 0 && len(k.Sessions) == 0
}
