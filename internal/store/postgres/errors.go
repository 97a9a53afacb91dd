package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/browserhook/browserhook/internal/domain"
)

// errAway is what callers get while the database can't be reached.
var errAway = domain.Refuse(domain.CodeUnavailable, "the database can't be reached; try again soon")

// errClosed is what a change on a closed store gets.
var errClosed = domain.Refuse(domain.CodeUnavailable, "the store is closed")

// awayError keeps what happened for the log, and is errAway for the caller.
type awayError struct{ err error }

func (e *awayError) Error() string   { return "the database can't be reached: " + e.err.Error() }
func (e *awayError) Unwrap() []error { return []error{errAway, e.err} }

// away marks an error as one of the database's being away: starting, stopping,
// full of connections, cut off, or not answering in time.
func away(err error) error {
	if _, already := errors.AsType[*awayError](err); already || !isAway(err) {
		return err
	}
	return &awayError{err}
}

func isAway(err error) bool {
	if err == nil {
		return false
	}
	if _, already := errors.AsType[*awayError](err); already {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Connection exceptions, insufficient resources, operator intervention
		// (57014 is a canceled query), a database that only reads.
		switch e.Code {
		case "57014", "25006", "25P03":
			return true
		default:
			return strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "53") || strings.HasPrefix(e.Code, "57P")
		}
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "closed pool")
}

// again says whether a transaction may be tried once more: it lost against
// another, and nothing of it has happened. One that numbered an event as
// another node had meanwhile lost too.
func again(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01" || e.Code == "23505" && e.ConstraintName == "events_session")
}

// hideURL keeps the password in a database URL out of an error about it.
func hideURL(err error) error {
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		return errors.New("it can't be read as postgres://user:password@host:port/database")
	}
	return err
}
