package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

const (
	queueLength = 1024
	// A transaction takes in waiting changes until it has this many, or until
	// it has lasted this long: whoever is first in it waits for all of them.
	maxBatch  = 512
	batchTime = 10 * time.Millisecond
)

// errClosed is what a change on a closed store gets.
var errClosed = domain.Refuse(domain.CodeUnavailable, "the store is closed")

// change is a function that waits to be run by the writer.
type change struct {
	fn   func(*tx) error
	err  error
	done chan struct{}
}

// update runs fn in a transaction and returns when that is on disk, or with
// fn's own error when nothing of it is. While it waits for its turn, ctx can
// end it; after that it is told what became of it in any case. fn runs on the
// writer and must not wait for anything, least of all for another change.
func (s *Store) update(ctx context.Context, fn func(*tx) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	c := &change{fn: fn, done: make(chan struct{})}
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
	<-c.done
	return unusable(c.err)
}

// writer is the one goroutine that changes the database.
type writer struct {
	store    *Store
	conn     *sql.Conn
	stmts    map[string]*statement
	cache    *cache
	position int64 // of the last event
}

func newWriter(s *Store, conn *sql.Conn) *writer {
	return &writer{store: s, conn: conn, stmts: map[string]*statement{}, cache: newCache(), position: -1}
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
		batch = w.transact(append(batch[:0], first))
		clear(batch) // a change holds on to whatever its function does
	}
}

// transact runs the first change and those that wait behind it in one
// transaction, then tells everybody. A change that fails is undone alone; a
// commit that fails fails them all.
func (w *writer) transact(batch []*change) []*change {
	t := &tx{w: w}
	began := time.Now()
	err := w.exec("BEGIN IMMEDIATE")
	if err == nil {
		err = w.runOne(t, batch[0])
	}
	for end := time.Now().Add(batchTime); err == nil && len(batch) < maxBatch && time.Now().Before(end); {
		next := w.waiting()
		if next == nil {
			runtime.Gosched() // whoever is about to queue one can do it now
			if next = w.waiting(); next == nil {
				break
			}
		}
		batch = append(batch, next)
		err = w.runOne(t, next)
	}
	if err == nil {
		t.wrote = true // no savepoint: it counts or fails with all the rest
		err = t.flush()
	}
	var taker domain.Taker
	if p := w.store.taker.Load(); p != nil && err == nil {
		taker = *p
		t.unit.Reserve(taker, 0, func(*domain.Endpoint) bool { return true })
		w.store.leases.add(t.unit.Reserved()...) // before anybody can claim them
	}
	if err == nil {
		// What is written into a file that was removed must not be acknowledged.
		if err = w.store.file.check(); err == nil {
			err = w.exec("COMMIT")
		}
		if err != nil && taker != nil {
			w.store.leases.release(t.unit.Reserved()...)
			t.unit.Abandon(taker)
		}
	}
	w.store.tookTime(true, began)
	w.store.failed.Store(err != nil)
	if err != nil {
		err = unusable(fmt.Errorf("commit: %w", err))
		w.store.log.Error("a transaction failed", "changes", len(batch), "err", err)
		w.rollback()
	}
	// Before the callers have their answers: what they ask next is answered by
	// those who know of it.
	if err == nil {
		t.unit.Complete()
		t.unit.Tell(taker, w.store.ids.ID, w.store.notify)
	}
	for _, c := range batch {
		if err != nil {
			c.err = err
		}
		close(c.done)
	}
	return batch
}

func (w *writer) waiting() *change {
	select {
	case c := <-w.store.queue: // nil when closed
		return c
	default:
		return nil
	}
}

func (w *writer) rollback() {
	// What the cache learned in the transaction never happened.
	w.forget()
	if err := w.exec("ROLLBACK"); err != nil {
		w.store.log.Debug("roll back", "err", err) // SQLite has done it itself
	}
}

// forget has the writer read again what it remembered.
func (w *writer) forget() {
	w.cache.clear()
	w.position = -1
}

// runOne runs one change. Its own failure is in c.err; what it returns is the
// database's failure and ends the transaction.
func (w *writer) runOne(t *tx, c *change) error {
	before := t.collected()
	t.wrote, t.savepoint = false, false
	w.cache.touched = false
	if c.err = protect(c.fn, t); c.err == nil {
		t.succeeded = true
		if t.savepoint {
			return w.exec("RELEASE one")
		}
		return nil
	}
	t.reset(before)
	if w.cache.touched {
		w.forget()
	}
	if err := t.undo(); err != nil {
		return errors.Join(c.err, err)
	}
	return nil
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
