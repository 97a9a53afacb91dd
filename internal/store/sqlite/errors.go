package sqlite

import (
	lib "modernc.org/sqlite/lib"

	"github.com/browserhook/browserhook/internal/domain"
)

// errFull is what callers get while the disk is full.
var errFull = domain.Refuse(domain.CodeUnavailable, "the disk is full; nothing was changed")

// fullError keeps what happened for the log, and is errFull for the caller.
type fullError struct{ err error }

func (e *fullError) Error() string   { return "the disk is full: " + e.err.Error() }
func (e *fullError) Unwrap() []error { return []error{errFull, e.err} }

// full marks an error as one of a disk that has no room.
func full(err error) error {
	if errorCode(err) != lib.SQLITE_FULL {
		return err
	}
	return &fullError{err}
}
