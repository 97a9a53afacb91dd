// Package postgres keeps all state in a PostgreSQL database that several
// servers can share.
//
// Changes of sessions and outcomes of deliveries come in crowds, so each kind
// is committed in batches: one transaction of a few round trips for hundreds,
// decided in memory over rows that it has locked. Everything else is a
// transaction of its own.
//
// A server is a node. It leases the deliveries that it is about to send, by its
// number in their rows; a heartbeat shows that it lives, and the others take
// over what a dead one had leased. What one commits it tells the others by NOTIFY.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/cursor"
	"github.com/browserhook/browserhook/internal/store/schema"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/work"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// connections of one node's pool, at most.
	maxConnections = 16
	// vitalConnections are those beside it of what must not wait for requests.
	vitalConnections = 2
	connectWithin    = 5 * time.Second
	// answerWithin bounds each question to the database.
	answerWithin = 10 * time.Second
)

// planning has every query go by the index that it was written for. A queue
// grows and shrinks faster than the planner's statistics follow: without this,
// it reads whole tables that were small when it last looked. And a node that
// freezes in the middle of a transaction must not hold up the others.
const planning = `SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off;
	SET enable_hashjoin = off; SET enable_mergejoin = off;
	SET idle_in_transaction_session_timeout = '5s'`

// Config says which database, and who asks.
type Config struct {
	URL string // postgres://…
	// Node is a name that no other node has, the same at every start. Without
	// one the store doesn't join: it can look after projects and keys only.
	Node string
	// Keep is how long the node's browsers outlive it: when it is dead, the others
	// leave it its READY sessions for as long.
	Keep time.Duration
	Box  *seal.Box
	// Notify is called after each commit of this node; it must not block.
	Notify func(domain.Commit)
	// Signal is called with what comes from the other nodes, or of this node's
	// place among them; it must not block. nil: nobody asks.
	Signal func(domain.Signal)
	Log    *slog.Logger

	dial   pgconn.DialFunc // nil: pgx's own; tests have connections break
	tracer pgx.QueryTracer // nil: none; tests see what is asked
}

// Store is the database. Its methods are safe for concurrent use.
type Store struct {
	Config
	rhythm rhythm
	pool   *pgxpool.Pool
	vital  *pgxpool.Pool // for beats and claims of sessions alone
	ids    work.IDs
	places *cursor.Places
	cache  *cache
	leases *leases
	turns  work.Turns            // of sessions, at ordered endpoints
	unwell atomic.Pointer[error] // why the last beat failed; nil: it didn't
	node   atomic.Int64          // our number, as the deliveries that we have leased have it
	self   atomic.Pointer[func() domain.Node]
	others atomic.Bool // there are other nodes that start sessions, as of the last beat
	// draining: this node is to finish, until it is started anew.
	draining atomic.Bool
	// numbers are those that it ever was. A session that has one of them is ours:
	// whoever takes it over gives it another.
	numbers sync.Map
	offer   atomic.Pointer[domain.Taker]
	took    atomic.Pointer[func(bool, time.Duration)]

	writer  *writer
	running context.Context //nolint:containedctx // until Close, for what runs in the background
	stop    context.CancelFunc
	doubt   context.Context //nolint:containedctx // until what became of a commit is not asked any more
	giveUp  context.CancelFunc
	hurried sync.Once
	last    *time.Timer // gives up, from Hurry on
	wg      sync.WaitGroup
	closing sync.Once
}

// Open connects to the database, brings its tables up to date and joins the
// nodes that use it.
func Open(ctx context.Context, cfg Config) (*Store, error) { return open(ctx, cfg, usual) }

func urlError(err error) error {
	return advice.Add(fmt.Errorf("the database URL is wrong: %w", hideURL(err)), "Mend --database-url.")
}

func open(ctx context.Context, cfg Config, r rhythm) (*Store, error) {
	pc, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, urlError(err)
	}
	pc.MaxConns = max(pc.MaxConns, maxConnections)
	pc.MaxConnIdleTime = 5 * time.Minute
	if pc.ConnConfig.ConnectTimeout == 0 {
		pc.ConnConfig.ConnectTimeout = connectWithin
	}
	if pc.ConnConfig.RuntimeParams["application_name"] == "" {
		pc.ConnConfig.RuntimeParams["application_name"] = "browserhook"
	}
	pc.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, planning)
		return err
	}
	if cfg.dial != nil {
		pc.ConnConfig.DialFunc = cfg.dial
	}
	pc.ConnConfig.Tracer = cfg.tracer
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	few := pc.Copy()
	few.MaxConns, few.MinConns, few.MinIdleConns = vitalConnections, 0, 0
	vital, err := pgxpool.NewWithConfig(ctx, few)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	if cfg.Signal == nil {
		cfg.Signal = func(domain.Signal) {}
	}
	s := &Store{Config: cfg, rhythm: r, pool: pool, vital: vital, cache: newCache(), leases: newLeases()}
	s.running, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.doubt, s.giveUp = context.WithCancel(s.running)
	if err := s.start(ctx); err != nil {
		s.stop()
		vital.Close()
		pool.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return migrateError(err)
	}
	if s.Node == "" {
		return nil
	}
	if err := s.identify(ctx); err != nil {
		return err
	}
	if err := s.join(ctx); err != nil {
		return err
	}
	s.writer = newWriter(s)
	listening := make(chan struct{})
	s.wg.Go(func() { s.listen(listening) })
	s.wg.Go(s.beat)
	go s.writer.run()
	select {
	case <-listening:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

func (s *Store) migrate(ctx context.Context) error {
	p, err := provider(s.pool)
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	defer p.Close()
	for range tries { // servers that run may be changing what is changed
		if err = schema.Migrate(ctx, p); !again(err) {
			break
		}
	}
	return err
}

// provider has the migrations for a database. It is to be closed.
func provider(pool *pgxpool.Pool) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	// Several nodes may start at once.
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(database.DialectPostgres, stdlib.OpenDBFromPool(pool), files, goose.WithSessionLocker(locker))
}

const proof = "browserhook"

// identify reads what is the same for all nodes, and makes sure that they have
// one master key.
func (s *Store) identify(ctx context.Context) error {
	var key, sealed []byte
	if err := s.pool.QueryRow(ctx, `SELECT delivery_key, proof FROM identity`).Scan(&key, &sealed); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	var err error
	if s.ids, err = work.NewIDs(key); err != nil {
		return err
	}
	if s.places, err = cursor.New(key); err != nil {
		return err
	}
	if len(sealed) > 0 {
		if _, err := s.Box.Open(sealed, proof); err != nil {
			return advice.Add(fmt.Errorf("the database belongs to servers with another master key: %w", err),
				"Give this server theirs: what their master.key holds, as --master-key.")
		}
		if s.Box.Current(sealed) {
			return nil
		}
	}
	tag, err := s.pool.Exec(ctx, `UPDATE identity SET proof = $1 WHERE proof = $2`, s.Box.Seal([]byte(proof), proof), sealed)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return s.identify(ctx) // another node was first, perhaps with another key
	}
	return nil
}

// OfferTo has every new delivery that needs nobody else's consent handed off to
// the taker as soon as it is committed.
func (s *Store) OfferTo(t domain.Taker) { s.offer.Store(&t) }

// taker is who takes new deliveries; nil: nobody does.
func (s *Store) taker() domain.Taker {
	if t := s.offer.Load(); t != nil {
		return *t
	}
	return nil
}

// Hurry says that the store is to be closed soon: what became of a commit whose
// answer was lost is asked for some seconds more, and then left for the next
// start to see.
func (s *Store) Hurry() {
	s.hurried.Do(func() { s.last = time.AfterFunc(s.rhythm.lost, s.giveUp) })
}

// Close commits what is queued, gives back what this node has leased, and
// disconnects. Changes that come later are refused. While the database is away
// it gives up after some seconds, with an error.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		s.Hurry()
		defer s.last.Stop()
		if s.writer != nil {
			s.writer.close()
			select {
			case <-s.writer.done:
			case <-time.After(s.rhythm.lost): // the database is away
			}
		}
		s.stop()
		if s.writer != nil {
			<-s.writer.done
		}
		s.wg.Wait()
		if s.Node != "" {
			err = s.leave()
		}
		s.vital.Close()
		s.pool.Close()
	})
	return err
}

// Ping says whether the database answers and, as the last beat saw it, can be
// written.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.unwell.Load(); err != nil {
		return *err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return away(s.pool.Ping(ctx))
}

// rows asks for several rows and scans them.
func collect[T any](ctx context.Context, s *Store, scan func(codec.Scanner) (T, error), query string, args ...any) ([]T, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	defer s.tookTime(false, time.Now())
	rows, err := s.pool.Query(ctx, query, args...)
	return gather(rows, err, scan)
}

// gather scans every row and closes them.
func gather[T any](rows pgx.Rows, err error, scan func(codec.Scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, away(err)
	}
	defer rows.Close()
	all, err := codec.ScanAll(rows, scan)
	if err != nil {
		return nil, err
	}
	return all, away(rows.Err())
}

// row asks for one row.
func (s *Store) row(ctx context.Context, query string, args ...any) oneRow {
	return oneRow{s, ctx, query, args}
}

type oneRow struct {
	store *Store
	ctx   context.Context //nolint:containedctx // between asking and scanning
	query string
	args  []any
}

// Scan implements [codec.Scanner].
func (r oneRow) Scan(dest ...any) error {
	ctx, cancel := context.WithTimeout(r.ctx, answerWithin)
	defer cancel()
	defer r.store.tookTime(false, time.Now())
	return away(foundRow{r.store.pool.QueryRow(ctx, r.query, r.args...)}.Scan(dest...))
}

// foundRow is a row that tells of one that isn't there as the domain does.
type foundRow struct{ pgx.Row }

// Scan implements [codec.Scanner].
func (r foundRow) Scan(dest ...any) error {
	err := r.Row.Scan(dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return domain.ErrNotFound
	}
	return err
}
