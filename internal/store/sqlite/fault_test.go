package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/sqlite"
	"github.com/browserhook/browserhook/internal/store/storetest"
)

var drivers atomic.Int64

// TestFaults has every statement of every operation fail in turn.
func TestFaults(t *testing.T) {
	plain, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	storetest.RunFaults(t, func(tb testing.TB) (storetest.Open, storetest.Breaker) {
		faulty := &faultyDriver{Driver: plain.Driver()}
		name := fmt.Sprintf("%s %d", tb.Name(), drivers.Add(1)) // -count runs it again
		sql.Register(name, faulty)
		path := filepath.Join(tb.TempDir(), "browserhook.db")
		return func(notify func(domain.Commit)) (storetest.Store, error) {
			defer sqlite.OpenThrough(name)()
			return sqlite.Open(context.Background(), path, killedBox, notify, slog.New(slog.DiscardHandler))
		}, faulty
	}, "")
}

var errDisk = errors.New("disk I/O error")

// faultyDriver has a statement fail before it is run.
type faultyDriver struct {
	driver.Driver
	left atomic.Int64 // statements until then; 0 or less: not armed, or done
}

func (d *faultyDriver) Arm(n int)    { d.left.Store(int64(n)) }
func (d *faultyDriver) Disarm() bool { return d.left.Swap(0) < 0 }

// fails counts a statement.
func (d *faultyDriver) fails() bool {
	for {
		n := d.left.Load()
		switch {
		case n <= 0:
			return false
		case n == 1 && d.left.CompareAndSwap(1, -1):
			return true
		case n > 1 && d.left.CompareAndSwap(n, n-1):
			return false
		}
	}
}

func (d *faultyDriver) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return &faultyConn{c.(fullConn), d}, nil
}

// fullConn is what the real one can do and is used.
type fullConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

type faultyConn struct {
	fullConn
	driver *faultyDriver
}

func (c *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.fullConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &faultyStmt{s.(fullStmt), c.driver}, nil
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.driver.fails() {
		return nil, errDisk
	}
	return c.fullConn.ExecContext(ctx, query, args)
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.driver.fails() {
		return nil, errDisk
	}
	return c.fullConn.QueryContext(ctx, query, args)
}

type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type faultyStmt struct {
	fullStmt
	driver *faultyDriver
}

func (s *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if s.driver.fails() {
		return nil, errDisk
	}
	return s.fullStmt.ExecContext(ctx, args)
}

func (s *faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if s.driver.fails() {
		return nil, errDisk
	}
	return s.fullStmt.QueryContext(ctx, args)
}
