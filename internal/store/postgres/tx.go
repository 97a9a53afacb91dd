package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// tx is a transaction and what its commit will tell.
type tx struct {
	store    *Store
	ctx      context.Context //nolint:containedctx // until the transaction ends
	conn     *pgxpool.Conn
	began    time.Time
	node     int64 // our number when it began
	grant    int64 // by which new deliveries are leased
	xid      int64
	unit     work.Unit
	last     pgx.Batch // goes with the commit
	numbered map[work.SessionKey]numbered
	// audiences are the endpoints of projects as this transaction sees them.
	audiences map[string]*audience
}

// tries is how often a transaction is begun that loses against another.
const tries = 10

// update runs fn in a transaction and returns when that is on disk, or with
// fn's own error when nothing of it is. fn may run more than once. When the
// database is lost in the moment of the commit and doesn't come back within the
// time of an answer, it returns that the database is away, and what became of
// the change is not known.
func (s *Store) update(ctx context.Context, fn func(*tx) error) error {
	return s.updateOver(ctx, s.pool, fn)
}

// updateOver is update over a connection of one of our pools.
func (s *Store) updateOver(ctx context.Context, pool *pgxpool.Pool, fn func(*tx) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var err error
	for range tries {
		if err = s.try(ctx, pool, fn); !again(err) {
			break
		}
	}
	return away(err)
}

func (s *Store) try(ctx context.Context, pool *pgxpool.Pool, fn func(*tx) error) error {
	if s.running.Err() != nil {
		return errClosed
	}
	t, err := s.beginOver(ctx, pool, nil)
	if err != nil {
		return err
	}
	defer t.end()
	if err := fn(t); err != nil {
		return err
	}
	return t.commit(ctx)
}

// begin begins a transaction with what is queued, if anything, in one round
// trip.
func (s *Store) begin(ctx context.Context, queued *pgx.Batch) (*tx, error) {
	return s.beginOver(ctx, s.pool, queued)
}

func (s *Store) beginOver(ctx context.Context, pool *pgxpool.Pool, queued *pgx.Batch) (*tx, error) {
	began := time.Now()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	t := &tx{store: s, ctx: ctx, conn: conn, began: began, node: s.node.Load()}
	b := &pgx.Batch{}
	b.Queue(`BEGIN`)
	b.Queue(`SELECT pg_current_xact_id()::text::bigint`).QueryRow(func(r pgx.Row) error { return r.Scan(&t.xid) })
	if queued != nil {
		b.QueuedQueries = append(b.QueuedQueries, queued.QueuedQueries...)
	}
	if err := t.send(b); err != nil {
		t.end()
		return nil, err
	}
	return t, nil
}

// send makes the queued statements in one round trip.
func (t *tx) send(b *pgx.Batch) error { return t.conn.SendBatch(t.ctx, b).Close() }

// end gives the connection back; what wasn't committed is undone.
func (t *tx) end() {
	if t.conn == nil {
		return
	}
	t.abandon()
	if t.conn.Conn().PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.store.running), time.Second)
		defer cancel()
		if _, err := t.conn.Exec(ctx, `ROLLBACK`); err != nil {
			_ = t.conn.Conn().Close(ctx)
		}
	}
	t.conn.Release()
	t.conn = nil
}

// commit ends the transaction and tells everybody. When the connection breaks
// on the way, it finds out what became of it, for as long as the caller has
// patience; after that behind their back.
func (t *tx) commit(patience context.Context) error {
	t.queueNotes(&t.last)
	mark := t.queueMark(&t.last)
	t.last.Queue(`COMMIT`)
	// Before anybody can claim them.
	t.grant = t.store.leases.grant()
	t.store.leases.expect(t.grant, t.node, t.unit.Reserved()...)
	err := t.send(&t.last)
	t.store.tookTime(true, t.began)
	if err == nil {
		t.committed()
		return nil
	}
	if !isAway(err) && t.conn.Conn().PgConn().TxStatus() == 'E' {
		t.undone()
		return err
	}
	rest := *t
	t.unit.Deliveries = nil // not end's to release
	// The connection is of no more use, and asking takes another.
	_ = t.conn.Conn().Close(t.ctx)
	t.conn.Release()
	t.conn = nil
	learned := make(chan bool, 1)
	t.store.wg.Go(func() {
		happened := rest.store.happened(rest.ctx, rest.xid, mark)
		if happened {
			rest.committed()
		} else {
			rest.undone()
			rest.abandon()
		}
		learned <- happened
	})
	select {
	case happened := <-learned:
		if happened {
			return nil
		}
	case <-patience.Done():
	}
	return err
}

// committed tells everybody.
func (t *tx) committed() {
	t.store.leases.confirm(t.grant, t.unit.Reserved()...)
	t.store.cache.remember(t.audiences)
	t.unit.Tell(t.store.taker(), t.store.ids.ID, t.store.Notify)
}

func (t *tx) undone() { t.store.leases.undo(t.grant, t.unit.Reserved()...) }

// abandon tells the taker that what it reserved isn't to come.
func (t *tx) abandon() { t.unit.Abandon(t.store.taker()) }

// mark is what a transaction leaves behind to be recognized by: its number
// among those of its connection.
type mark struct {
	connection string
	number     int64
}

// marked is the name under which a connection keeps its last mark.
const marked = "browserhook mark"

// queueMark has the transaction leave its mark.
func (t *tx) queueMark(b *pgx.Batch) mark {
	kept := t.conn.Conn().PgConn().CustomData()
	m, ok := kept[marked].(mark)
	if !ok {
		m.connection = domain.NewID("conn")
	}
	m.number++
	kept[marked] = m
	b.Queue(`INSERT INTO marks VALUES ($1, $2, now()) ON CONFLICT (connection) DO UPDATE SET number = $2, made_at = now()`, m.connection, m.number)
	return m
}

// happened says what became of a transaction whose end nobody heard. It asks
// until it knows, or until the store is closed, or soon before.
func (s *Store) happened(ctx context.Context, xid int64, m mark) bool {
	const long = time.Second
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, long) {
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectWithin)
		made, err := s.left(asking, xid, m)
		cancel()
		if err == nil {
			return made
		}
		if wait >= long {
			s.Log.Warn("ask what became of a commit; trying again", "err", err)
		}
		select {
		case <-time.After(wait):
		case <-s.doubt.Done():
			return false
		}
	}
}

var errInProgress = errors.New("the transaction is in progress")

// left says whether a transaction that has ended has left its mark.
func (s *Store) left(ctx context.Context, xid int64, m mark) (made bool, err error) {
	var status *string
	err = s.pool.QueryRow(ctx, `SELECT pg_xact_status($1::text::xid8)`, fmt.Sprint(xid)).Scan(&status)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "22023" {
		err = nil // no such transaction: it was lost
	}
	if err == nil && status != nil && *status == "in progress" {
		err = errInProgress
	}
	if err != nil {
		return false, err
	}
	// Only now, so that what it left can be seen.
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM marks WHERE connection = $1 AND number = $2)`, m.connection, m.number).Scan(&made)
	return made, err
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.conn.Exec(t.ctx, query, args...)
	return err
}

// count is exec for whoever needs to know how many rows it changed.
func (t *tx) count(query string, args ...any) (int, error) {
	tag, err := t.conn.Exec(t.ctx, query, args...)
	return int(tag.RowsAffected()), err
}

func (t *tx) row(query string, args ...any) codec.Scanner {
	return foundRow{t.conn.QueryRow(t.ctx, query, args...)}
}

// rows asks for several rows within the transaction.
func rows[T any](t *tx, scan func(codec.Scanner) (T, error), query string, args ...any) ([]T, error) {
	found, err := t.conn.Query(t.ctx, query, args...)
	return gather(found, err, scan)
}
