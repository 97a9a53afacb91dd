package sqlite

import (
	"errors"

	lib "modernc.org/sqlite/lib"

	"github.com/browserhook/browserhook/internal/domain"
)

// What callers get while the file can't be used. Nothing was changed then.
var (
	errFull       = domain.Refuse(domain.CodeUnavailable, "the disk is full; nothing was changed")
	errUnwritable = domain.Refuse(domain.CodeUnavailable, "the database can't be written; nothing was changed")
	errDamaged    = domain.Refuse(domain.CodeUnavailable, "the database is damaged; nothing was changed")
	errGone       = domain.Refuse(domain.CodeUnavailable, "the database file is gone from where it was; nothing was changed")
)

// unusableError keeps what happened for the log, and is one of those above for
// the caller.
type unusableError struct {
	as  *domain.Error
	err error
}

func (e *unusableError) Error() string   { return e.as.Message + ": " + e.err.Error() }
func (e *unusableError) Unwrap() []error { return []error{e.as, e.err} }

// unusable marks an error as one of a file that can't be used as it is.
func unusable(err error) error {
	if _, already := errors.AsType[*unusableError](err); already {
		return err
	}
	var as *domain.Error
	switch errorCode(err) {
	case lib.SQLITE_FULL:
		as = errFull
	case lib.SQLITE_IOERR, lib.SQLITE_BUSY, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM, lib.SQLITE_AUTH:
		as = errUnwritable
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		as = errDamaged
	default:
		return err
	}
	return &unusableError{as, err}
}
