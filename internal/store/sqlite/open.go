package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"syscall"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/store/schema"
)

// makeFile makes the file, readable by its owner only, unless it is there.
func makeFile(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func connect(path, pragma string, conns int) (*sql.DB, error) {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)", // another process may be adding a key
		"journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)", "wal_autocheckpoint(4000)", pragma,
	}}
	db, err := sql.Open(driver, "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

var errForeign = errors.New("it is the database of another program")

func migrate(ctx context.Context, db *sql.DB) error {
	p, _, err := migrationsOf(ctx, db)
	if err != nil {
		return err
	}
	return schema.Migrate(ctx, p)
}

// migrationsOf are those for a database, which has tables or is empty.
func migrationsOf(ctx context.Context, db *sql.DB) (p *goose.Provider, empty bool, err error) {
	var tables, ours int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(name = ?), 0) FROM sqlite_schema WHERE type = 'table'`,
		schema.Table).Scan(&tables, &ours); err != nil {
		return nil, false, err
	}
	if tables > 0 && ours == 0 {
		return nil, false, errForeign
	}
	files, err := fs.Sub(migrations, "migrations")
	if err == nil {
		p, err = goose.NewProvider(database.DialectSQLite3, db, files)
	}
	if err != nil {
		return nil, false, fmt.Errorf("migrate database: %w", err)
	}
	return p, tables == 0, nil
}

// Look opens the file, which is there, to see whether it can be opened and of which
// version it is. It changes nothing. The error is [Open]'s.
func Look(ctx context.Context, path string) (t schema.Tables, err error) {
	if t, err = look(ctx, path); err != nil {
		return t, openError(path, err)
	}
	return t, nil
}

func look(ctx context.Context, path string) (t schema.Tables, err error) {
	if err := makeFile(path); err != nil { // it is there, and can be written
		return t, err
	}
	how := "?mode=ro&_pragma=busy_timeout(10000)"
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		how += "&immutable=1" // nobody has it open: no files beside it are made
	}
	db, err := sql.Open(driver, "file:"+(&url.URL{Path: path}).EscapedPath()+how)
	if err != nil {
		return t, err
	}
	defer db.Close()
	p, empty, err := migrationsOf(ctx, db)
	if err != nil || empty {
		return t, err
	}
	var have int64
	if err := db.QueryRowContext(ctx, schema.Version).Scan(&have); err != nil {
		return t, err
	}
	return schema.Compare(have, p)
}

// openError says why the file can't be opened, and what to do.
func openError(path string, err error) error {
	if _, told := errors.AsType[*advice.Error](err); told {
		return err
	}
	why, do := err.Error(), "See that the disk is in order, or restore the file from a backup."
	// When there is no room for what it maps into memory, SQLite doesn't say so.
	noRoom := errorCode(err) == lib.SQLITE_IOERR && free(path) < little
	switch code := errorCode(err); {
	case errors.Is(err, syscall.EISDIR):
		why, do = "it is a folder", "Move it away: the server makes a file there."
	case errors.Is(err, fs.ErrPermission), code == lib.SQLITE_PERM, code == lib.SQLITE_AUTH:
		why, do = "permission denied", fmt.Sprintf("Give the file and its folder to the user who runs the server: %s.", whoami())
	case errors.Is(err, syscall.EROFS), code == lib.SQLITE_READONLY:
		why, do = "it can only be read", fmt.Sprintf("Let the user who runs the server write it and its folder (%s), and see that the disk is not read-only.", whoami())
	case errors.Is(err, syscall.ENOSPC), code == lib.SQLITE_FULL, noRoom:
		why, do = "the disk is full", "Make room on it, and start the server again."
	case errors.Is(err, fs.ErrNotExist):
		why, do = "its folder does not exist", "Make the folder, or name another with --data."
	case errors.Is(err, errForeign):
		do = "Name another folder with --data, or move the file away."
	case code == lib.SQLITE_NOTADB:
		why, do = "it is not an SQLite database", "Restore it from a backup, or move it away to begin with an empty one."
	case code == lib.SQLITE_CORRUPT:
		why, do = "it is damaged", "Restore it from a backup, or move it away to begin with an empty one."
	case code == lib.SQLITE_CANTOPEN:
		why, do = "a file beside it (-wal or -shm) can't be opened", fmt.Sprintf("Give all files of the folder to the user who runs the server: %s.", whoami())
	case code == lib.SQLITE_BUSY || code == lib.SQLITE_LOCKED:
		why, do = "another program has locked it", "End that program, and start the server again."
	}
	return advice.Add(&OpenError{path, why, err}, do)
}

// OpenError is a database file that can't be opened.
type OpenError struct {
	Path string
	Why  string
	Err  error
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("the database %s can't be opened: %s", e.Path, e.Why)
}
func (e *OpenError) Unwrap() error { return e.Err }

// little is how many free bytes are so few that a write is likely to fail.
const little = 256 << 10

// free is how many bytes of the disk of a file are free.
func free(path string) uint64 {
	var fs syscall.Statfs_t
	if syscall.Statfs(path, &fs) != nil {
		return math.MaxUint64
	}
	return fs.Bavail * uint64(fs.Bsize) //nolint:gosec // a size is positive
}

func whoami() string { return fmt.Sprintf("user id %d", os.Getuid()) }

// errorCode is SQLite's primary code for what happened; 0: it wasn't SQLite.
func errorCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}
