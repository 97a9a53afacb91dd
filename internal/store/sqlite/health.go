package sqlite

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"
)

// file is the database's place on the disk. SQLite goes on writing into a file
// that was removed, and what it writes there is lost.
type file struct {
	path    string
	main    os.FileInfo
	journal atomic.Pointer[fs.FileInfo] // of the write-ahead log, once there is one
}

// check says whether what SQLite has open is still what is in its place.
func (f *file) check() error {
	now, err := os.Stat(f.path)
	if err != nil {
		return &unusableError{errGone, err}
	}
	if !os.SameFile(f.main, now) {
		return &unusableError{errGone, fmt.Errorf("%s is another file than before", f.path)}
	}
	now, err = os.Stat(f.path + "-wal")
	was := f.journal.Load()
	switch {
	case was == nil && err == nil:
		f.journal.CompareAndSwap(nil, &now)
	case was != nil && err != nil:
		return &unusableError{errGone, err}
	case was != nil && !os.SameFile(*was, now):
		return &unusableError{errGone, fmt.Errorf("%s-wal is another file than before", f.path)}
	}
	return nil
}

// readOnly says whether the file system takes no writes.
func (f *file) readOnly() bool {
	var fs syscall.Statfs_t
	const readOnly = 1 // ST_RDONLY
	return syscall.Statfs(f.path, &fs) == nil && fs.Flags&readOnly != 0
}

// Ping says whether the database can be read and written. It writes only when
// there is reason to doubt that.
func (s *Store) Ping(ctx context.Context) error {
	if s.isClosed() {
		return errClosed
	}
	if err := s.file.check(); err != nil {
		return err
	}
	if s.file.readOnly() {
		return &unusableError{errUnwritable, syscall.EROFS}
	}
	if free(s.file.path) < little {
		return &unusableError{errFull, syscall.ENOSPC}
	}
	if s.failed.Load() {
		if err := s.update(ctx, func(t *tx) error { return t.exec(writes(`UPDATE delivery_ids SET key = key`)) }); err != nil {
			return err
		}
	}
	var tables int
	return s.quick.row(ctx, "SELECT COUNT(*) FROM sqlite_schema").Scan(&tables)
}

func (s *Store) isClosed() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closed
}
