// Package sqlite keeps all state in one SQLite file.
//
// One goroutine writes. Changes queue up for it, and those that wait are
// committed together, each undone alone when it fails: a flush of the disk is
// paid once for many. Whoever made a change hears of it only when it is on
// disk, and the rest of the server only after that. Reads have connections of
// their own and see the last commit.
//
// The driver is modernc.org/sqlite through database/sql: pure Go, no cgo. Rows
// inserted and updated per second in transactions of 420 rows (WAL, FULL,
// smaller tables than these), point reads per second, and the process's resident memory
// afterwards, medians of three runs on two cores of an EPYC server:
//
//	modernc.org/sqlite v1.62, database/sql       196,000   106,000   31 MB
//	ncruces/go-sqlite3 v0.37, database/sql       181,000   112,000   25 MB
//	ncruces/go-sqlite3 v0.37, its own API        195,000   171,000   24 MB
//	zombiezen.com/go/sqlite v1.4 over modernc    218,000   153,000   31 MB
//
// A tenth more was not worth a second way of talking to databases beside the
// one that the migrations and every reader know.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver, registered as "sqlite"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/cursor"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/work"
)

//go:embed migrations/*.sql
var migrations embed.FS

// driver is the registered name of SQLite's; tests put one in front that fails.
var driver = "sqlite"

// readers is how many reads run at once; more wait.
const readers = 4

// Store is the database. Its methods are safe for concurrent use.
type Store struct {
	log    *slog.Logger
	notify func(domain.Commit)

	file   file
	failed atomic.Bool // the last transaction, because of the file
	read   reader
	quick  reader  // for what must not wait behind long reads: who asks, and whether we are well
	write  *sql.DB // one connection, the writer's
	ids    work.IDs
	places *cursor.Places
	box    *seal.Box // of endpoints' secrets
	leases *leases
	turns  work.Turns                   // of sessions, at ordered endpoints
	taker  atomic.Pointer[domain.Taker] // nil: nobody takes new deliveries
	took   atomic.Pointer[func(bool, time.Duration)]

	mu     sync.RWMutex // guards closed against senders on queue
	closed bool
	queue  chan *change
	done   chan struct{} // the writer has ended
}

// Open opens or makes the file, readable by its owner only, and brings its
// tables up to date. notify is called after each commit; it must not
// block. The error says what is wrong and, as an
// [advice.Error], what to do.
func Open(ctx context.Context, path string, box *seal.Box, notify func(domain.Commit), log *slog.Logger) (*Store, error) {
	s := &Store{log: log, notify: notify, box: box, queue: make(chan *change, queueLength), done: make(chan struct{}), leases: newLeases()}
	conn, err := s.start(ctx, path)
	if err != nil {
		return nil, openError(path, err)
	}
	go newWriter(s, conn).run()
	return s, nil
}

func (s *Store) start(ctx context.Context, path string) (conn *sql.Conn, err error) {
	if err := makeFile(path); err != nil {
		return nil, err
	}
	s.file.path = path
	if s.file.main, err = os.Stat(path); err != nil {
		return nil, err
	}
	if s.write, err = connect(path, "cache_size(-16000)", 1); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.write.Close()
		}
	}()
	if err := migrate(ctx, s.write); err != nil {
		return nil, err
	}
	var key []byte
	if err := s.write.QueryRowContext(ctx, "SELECT key FROM delivery_ids").Scan(&key); err != nil {
		return nil, err
	}
	if s.ids, err = work.NewIDs(key); err != nil {
		return nil, err
	}
	if s.places, err = cursor.New(key); err != nil {
		return nil, err
	}
	if conn, err = s.write.Conn(ctx); err != nil {
		return nil, err
	}
	if s.read.db, err = connect(path, "query_only(1)", readers); err != nil {
		conn.Close()
		return nil, err
	}
	s.read.took, s.quick.took = s.tookTime, s.tookTime
	if s.quick.db, err = connect(path, "query_only(1)", 1); err != nil {
		s.read.db.Close()
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// Close commits what is queued and closes the file. Changes that come later
// are refused.
func (s *Store) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.queue)
	}
	s.mu.Unlock()
	<-s.done
	return errors.Join(s.read.db.Close(), s.quick.db.Close(), s.write.Close())
}
