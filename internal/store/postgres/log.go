package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/cursor"
)

// Events reads a page of events after the cursor, in the order of their
// commits.
func (s *Store) Events(ctx context.Context, project string, q domain.EventQuery) (domain.EventPage, error) {
	return s.places.Read(ctx, &cursor.Log{
		State: func(ctx context.Context) (cursor.State, error) { return s.logState(ctx, project) },
		At: func(ctx context.Context, num int64, id string) (int64, error) {
			return number(s.row(ctx, `SELECT position FROM events WHERE project = $1 AND id = $2`, num, id))
		},
		After: func(ctx context.Context, num int64, id string) (int64, error) {
			return number(s.row(ctx, `SELECT position FROM events WHERE project = $1 AND id > $2 ORDER BY id LIMIT 1`, num, id))
		},
		Open: func(ctx context.Context, session string) (bool, error) {
			n, err := number(s.row(ctx, `SELECT (ended_at = 0)::int FROM sessions WHERE project_id = $1 AND id = $2`, project, session))
			return n == 1, err
		},
		Page: func(ctx context.Context, num, after int64, q domain.EventQuery) ([]domain.Event, bool, error) {
			return s.logPage(ctx, project, num, after, q)
		},
	}, q)
}

// EventsEnd is the cursor after which there is nothing in the project's log yet.
func (s *Store) EventsEnd(ctx context.Context, project string) (string, error) {
	l, err := s.logState(ctx, project)
	return s.places.End(l), err
}

// logState reads what is known of a project's log.
func (s *Store) logState(ctx context.Context, project string) (l cursor.State, err error) {
	err = s.row(ctx, `SELECT num, position, pruned, pruned_id, prunes FROM projects WHERE id = $1`, project).
		Scan(&l.Project, &l.End, &l.Pruned, &l.PrunedID, &l.Prunes)
	if err != nil {
		return l, fmt.Errorf("read the log's end: %w", err)
	}
	return l, nil
}

// number scans one, 0 when there is no row.
func number(row codec.Scanner) (n int64, err error) {
	if err = row.Scan(&n); errors.Is(err, domain.ErrNotFound) {
		return 0, nil
	}
	return n, err
}

func (s *Store) logPage(ctx context.Context, project string, num, after int64, q domain.EventQuery) ([]domain.Event, bool, error) {
	types := make([]string, len(q.Types))
	for i, t := range q.Types {
		types[i] = string(t)
	}
	query := `SELECT ` + codec.EventColumns + ` FROM events e JOIN projects o ON o.num = e.project
		LEFT JOIN sessions s ON s.num = e.session WHERE e.project = $1 AND e.position > $2
		AND (cardinality($3::text[]) = 0 OR e.type = ANY($3)) ORDER BY e.position LIMIT $4`
	args := []any{num, after, types, q.Limit}
	if q.SessionID == "" && len(types) > 0 && !slices.ContainsFunc(q.Types, func(t domain.EventType) bool { return !rare(t) }) {
		// Those of each type in their order, of which the first count.
		query = `SELECT ` + codec.EventColumns + ` FROM (SELECT f.position FROM (SELECT DISTINCT type FROM unnest($3::text[]) u (type)) t
			CROSS JOIN LATERAL (SELECT x.position FROM events x WHERE x.project = $1 AND x.type = t.type AND ` + isRare + ` AND x.position > $2
				ORDER BY x.position LIMIT $4) f ORDER BY f.position LIMIT $4) w
			JOIN events e ON e.project = $1 AND e.position = w.position JOIN projects o ON o.num = e.project
			LEFT JOIN sessions s ON s.num = e.session ORDER BY e.position`
	}
	if q.SessionID != "" {
		query = `SELECT ` + codec.EventColumns + ` FROM events e JOIN projects o ON o.num = e.project JOIN sessions s ON s.num = e.session
			WHERE e.project = $1 AND e.position > $2 AND (cardinality($3::text[]) = 0 OR e.type = ANY($3))
			AND e.session = ` + theSession + ` AND e.sequence > ` + passedInSession + ` ORDER BY e.sequence LIMIT $4`
		args = append(args, project, q.SessionID)
	}
	found := 0
	page, err := collect(ctx, s, func(r codec.Scanner) (domain.Event, error) { return codec.ScanEvent(also{r, &found}) },
		upTo(`position, project, id, session, sequence, type, body, created_at`, query, `position`, `octet_length(body)`, codec.PageSize(q.Bytes)), args...)
	return page, len(page) < found, err
}

// LastEvents reads up to limit events of a session that came before a sequence (0: all
// did), the last first; fewer when they are long.
func (s *Store) LastEvents(ctx context.Context, project, session string, before int64, limit int) ([]domain.Event, error) {
	found := 0
	all, err := collect(ctx, s, func(r codec.Scanner) (domain.Event, error) { return codec.ScanEvent(also{r, &found}) },
		upTo(`position, project, id, session, sequence, type, body, created_at`, `SELECT `+codec.EventColumns+` FROM events e
			JOIN projects o ON o.num = e.project JOIN sessions s ON s.num = e.session
			WHERE `+ofProject+` AND e.session = (SELECT num FROM sessions WHERE project_id = $1 AND id = $2) AND e.sequence < $3
			ORDER BY e.sequence DESC LIMIT $4`, `sequence DESC`, `octet_length(body)`, codec.PageBytes),
		project, session, codec.Before(before), limit)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return all, nil
}

// upTo has a query of rows that can be long end with the one that reaches
// so many bytes. It names the query's columns, and selects with them how many
// rows there were. What is cut off isn't even read: lengths are known without.
func upTo(columns, query, order, length string, bytes int) string {
	return fmt.Sprintf(`SELECT %[1]s, found FROM (
		SELECT p.*, SUM(%[4]s) OVER (ORDER BY %[3]s) - %[4]s AS before, COUNT(*) OVER () AS found FROM (%[2]s) AS p (%[1]s)
		) AS q WHERE before < %[5]d ORDER BY %[3]s`, columns, query, order, length, bytes)
}

// also scans one column more than it is asked for.
type also struct {
	codec.Scanner
	last any
}

func (a also) Scan(dest ...any) error { return a.Scanner.Scan(append(dest, a.last)...) }

const (
	theSession = `(SELECT num FROM sessions WHERE project_id = $5 AND id = $6)`
	// passedInSession is the sequence of the session's last event up to the
	// position $2: that of the event there, if it is one of the session's, as it
	// is on the way from page to page, or else the first on the way back from
	// the end.
	passedInSession = `COALESCE(
		(SELECT x.sequence FROM events x WHERE x.project = $1 AND x.position = $2 AND x.session = ` + theSession + `),
		(SELECT x.sequence FROM events x WHERE $2 > 0 AND x.project = $1 AND x.session = ` + theSession + ` AND x.position <= $2
			ORDER BY x.sequence DESC LIMIT 1), 0)`
)

// Event reads one event of a project.
func (s *Store) Event(ctx context.Context, project, id string) (domain.Event, error) {
	return codec.ScanEvent(s.row(ctx, `SELECT `+codec.EventColumns+` FROM projects o JOIN events e ON e.project = o.num
		LEFT JOIN sessions s ON s.num = e.session WHERE o.id = $1 AND e.id = $2`, project, id))
}
