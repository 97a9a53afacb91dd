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
)

// tx is a transaction and what its commit will make known.
type tx struct {
	store    *Store
	conn     *pgxpool.Conn
	node     int64 // our number when it began
	hand     int64 // by which new deliveries are held
	xid      int64
	known    domain.Commit
	made     []made
	last     pgx.Batch // goes with the commit
	numbered map[sessionKey]numbered
	// audiences are the endpoints of projects as this transaction sees them.
	audiences map[string]*audience
}

// made is a new delivery.
type made struct {
	event    *domain.Event
	endpoint *cachedEndpoint
	reserved bool // it will be handed to whoever takes new ones
}

// tries is how often a transaction is begun that loses against another.
const tries = 10

// update runs fn in a transaction and returns when that is on disk, or with
// fn's own error when nothing of it is. fn may run more than once. When the
// database is lost in the moment of the commit and doesn't come back within the
// time of an answer, it returns that the database is away, and what became of
// the change is not known.
func (s *Store) update(ctx context.Context, fn func(context.Context, *tx) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var err error
	for range tries {
		if err = s.once(ctx, fn); !again(err) {
			break
		}
	}
	return away(err)
}

func (s *Store) once(ctx context.Context, fn func(context.Context, *tx) error) error {
	if s.running.Err() != nil {
		return errClosed
	}
	t, err := s.begin(ctx, nil)
	if err != nil {
		return err
	}
	defer t.end()
	if err := fn(ctx, t); err != nil {
		return err
	}
	return t.commit(ctx, ctx)
}

// begin begins a transaction with what is queued, if anything, in one round
// trip.
func (s *Store) begin(ctx context.Context, queued *pgx.Batch) (*tx, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	t := &tx{store: s, conn: conn, node: s.node.Load()}
	b := &pgx.Batch{}
	b.Queue(`BEGIN`)
	b.Queue(`SELECT pg_current_xact_id()::text::bigint`).QueryRow(func(r pgx.Row) error { return r.Scan(&t.xid) })
	if queued != nil {
		b.QueuedQueries = append(b.QueuedQueries, queued.QueuedQueries...)
	}
	if err := t.send(ctx, b); err != nil {
		t.end()
		return nil, err
	}
	return t, nil
}

// send makes the queued statements in one round trip.
func (t *tx) send(ctx context.Context, b *pgx.Batch) error { return t.conn.SendBatch(ctx, b).Close() }

// end gives the connection back; what wasn't committed is undone.
func (t *tx) end() {
	if t.conn == nil {
		return
	}
	t.release()
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
func (t *tx) commit(ctx, patience context.Context) error {
	t.queueNews(&t.last)
	mark := t.queueMark(&t.last)
	t.last.Queue(`COMMIT`)
	t.hold()
	err := t.send(ctx, &t.last)
	if err == nil {
		t.committed()
		return nil
	}
	if !isAway(err) && t.conn.Conn().PgConn().TxStatus() == 'E' {
		t.unhold()
		return err
	}
	rest := *t
	t.made = nil // not end's to release
	// The connection is of no more use, and asking takes another.
	_ = t.conn.Conn().Close(ctx)
	t.conn.Release()
	t.conn = nil
	known := make(chan bool, 1)
	go func() {
		happened := rest.store.happened(ctx, rest.xid, mark)
		if happened {
			rest.committed()
		} else {
			rest.unhold()
			rest.release()
		}
		known <- happened
	}()
	select {
	case happened := <-known:
		if happened {
			return nil
		}
	case <-patience.Done():
	}
	return err
}

// committed tells everybody.
func (t *tx) committed() {
	t.store.held.confirm(t.hand, t.reserved()...)
	t.store.cache.remember(t.audiences)
	t.tell()
}

// mark is what a transaction leaves behind by which it is known: its number
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

func (t *tx) exec(ctx context.Context, query string, args ...any) error {
	_, err := t.conn.Exec(ctx, query, args...)
	return err
}

// count is exec for whoever needs to know how many rows it changed.
func (t *tx) count(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := t.conn.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (t *tx) row(ctx context.Context, query string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, query, args...)
}

// rows asks for several rows within the transaction.
func rows[T any](ctx context.Context, t *tx, scan func(pgx.Rows) (T, error), query string, args ...any) ([]T, error) {
	found, err := t.conn.Query(ctx, query, args...)
	return gather(found, err, scan)
}

// hold remembers what will be handed over, before anybody can claim it.
func (t *tx) hold() {
	t.hand = t.store.held.hand()
	t.store.held.expect(t.hand, t.node, t.reserved()...)
}

func (t *tx) unhold() { t.store.held.undo(t.hand, t.reserved()...) }

// reserved are the new deliveries that will be handed over.
func (t *tx) reserved() (keys []deliveryKey) {
	for i := range t.made {
		if t.made[i].reserved {
			keys = append(keys, t.made[i].key())
		}
	}
	return keys
}

// release tells the taker that what it reserved isn't to come.
func (t *tx) release() {
	var back []domain.EndpointRef
	for i := range t.made {
		if t.made[i].reserved {
			back = append(back, t.made[i].endpoint.Ref())
		}
	}
	if taker := t.store.offer.Load(); taker != nil && len(back) > 0 {
		(*taker).Release(back)
	}
	t.made = nil
}

func (m *made) key() deliveryKey { return deliveryKey{m.event.Position, m.endpoint.num} }

// tell hands over the new deliveries that are to be taken, and then what else
// there is to know, each thing named once.
func (t *tx) tell() {
	s := t.store
	var jobs []domain.Job
	for i := range t.made {
		m := &t.made[i]
		if !m.reserved {
			continue
		}
		jobs = append(jobs, domain.Job{Endpoint: &m.endpoint.Endpoint, Body: m.event.Body, Delivery: domain.Delivery{
			ID: s.ids.Encode(m.event.Position, m.endpoint.num), ProjectID: m.event.ProjectID, EventID: m.event.ID,
			EventType: m.event.Type, SessionID: m.event.SessionID, EndpointID: m.endpoint.ID,
			Status: domain.DeliverySending, NextAt: m.event.CreatedAt, CreatedAt: m.event.CreatedAt,
		}})
	}
	t.made = nil
	if len(jobs) > 0 {
		(*s.offer.Load()).Take(jobs)
	}
	k := &t.known
	if len(k.Events)+len(k.Due)+len(k.Changed)+len(k.Sessions)+len(k.Keys) > 0 || k.KeyPairs {
		s.Notify(*k)
	}
}

// tidy names each thing once, before it is told.
func (t *tx) tidy() {
	for i := range t.made {
		if !t.made[i].reserved {
			t.known.Due = append(t.known.Due, t.made[i].endpoint.Ref())
		}
	}
	k := &t.known
	for i := range k.Events {
		k.Projects = append(k.Projects, k.Events[i].ProjectID)
	}
	k.Due, k.Changed, k.Gone = codec.Unique(k.Due), codec.Unique(k.Changed), codec.Unique(k.Gone)
	k.Sessions, k.Projects = codec.Unique(k.Sessions), codec.Unique(k.Projects)
}

// keysAtOnce is how many idempotency keys are deleted in one transaction.
const keysAtOnce = 1000

// once records the idempotency key of a creating call, or says that the call
// was made before. A nil key is a call that may be repeated at will. A key is
// remembered until ForgetIdempotency.
func (t *tx) once(ctx context.Context, project string, i *domain.Idempotency) error {
	if i == nil {
		return nil
	}
	return t.remember(ctx, project, i, i.Refs)
}

// remember is once for refs that became known only now.
func (t *tx) remember(ctx context.Context, project string, i *domain.Idempotency, refs []string) error {
	n, err := t.count(ctx, `INSERT INTO idempotency (project_id, key, fingerprint, refs, created_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (project_id, key) DO NOTHING`, project, i.Key, t.store.Box.Tag(i.Fingerprint), codec.Text(refs), codec.Micros(time.Now()))
	if err != nil {
		return fmt.Errorf("store idempotency key: %w", err)
	}
	if n == 0 {
		return t.replayed(ctx, project, i)
	}
	return nil
}

// replayed says that a call was made before.
func (t *tx) replayed(ctx context.Context, project string, i *domain.Idempotency) error {
	if i == nil {
		return nil
	}
	var fingerprint string
	var refs []string
	err := missing(t.row(ctx, `SELECT fingerprint, refs FROM idempotency WHERE project_id = $1 AND key = $2`,
		project, i.Key).Scan(&fingerprint, codec.JSON{Dest: &refs}))
	switch {
	case err == nil && t.store.Box.MatchesTag(fingerprint, i.Fingerprint):
		return &domain.Replay{Refs: refs}
	case err == nil:
		return domain.Refuse(domain.CodeIdempotency, "this Idempotency-Key was used for a different request")
	case !errors.Is(err, domain.ErrNotFound):
		return fmt.Errorf("read idempotency key: %w", err)
	}
	return nil
}

// ForgetIdempotency deletes the keys that were used before the given time, some
// at a time, and the marks of connections that ended long ago.
func (s *Store) ForgetIdempotency(ctx context.Context, before time.Time) error {
	for n := int64(keysAtOnce); n == keysAtOnce; {
		if err := s.update(ctx, func(ctx context.Context, t *tx) (err error) {
			n, err = t.count(ctx, `DELETE FROM idempotency WHERE (project_id, key) IN (SELECT project_id, key FROM idempotency
				WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, codec.Micros(before), keysAtOnce)
			return err
		}); err != nil {
			return fmt.Errorf("forget idempotency keys: %w", err)
		}
	}
	return s.update(ctx, func(ctx context.Context, t *tx) error {
		if err := t.exec(ctx, `DELETE FROM marks WHERE made_at < now() - interval '2 days'`); err != nil {
			return fmt.Errorf("forget marks: %w", err)
		}
		return nil
	})
}
