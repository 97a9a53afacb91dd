package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
			return number(s.read.row(ctx, `SELECT position FROM events WHERE project = ? AND id = ?`, num, id))
		},
		After: func(ctx context.Context, num int64, id string) (int64, error) {
			return number(s.read.row(ctx, `SELECT position FROM events WHERE project = ? AND id > ? ORDER BY id LIMIT 1`, num, id))
		},
		Open: func(ctx context.Context, session string) (bool, error) {
			n, err := number(s.read.row(ctx, `SELECT ended_at = 0 FROM sessions WHERE project_id = ? AND id = ?`, project, session))
			return n == 1, err
		},
		Page: s.logPage,
	}, q)
}

// EventsEnd is the cursor after which there is nothing in the project's log yet.
func (s *Store) EventsEnd(ctx context.Context, project string) (string, error) {
	l, err := s.logState(ctx, project)
	return s.places.End(l), err
}

// logState reads what is known of a project's log. Its end is that of all
// projects' logs, which have their positions from one writer.
func (s *Store) logState(ctx context.Context, project string) (l cursor.State, err error) {
	err = s.read.row(ctx, `SELECT num, MAX(COALESCE((SELECT MAX(position) FROM events), 0), (SELECT given FROM positions)), pruned, pruned_id, prunes
		FROM projects WHERE id = ?`, project).Scan(&l.Project, &l.End, &l.Pruned, &l.PrunedID, &l.Prunes)
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

func (s *Store) logPage(ctx context.Context, project, after int64, q domain.EventQuery) ([]domain.Event, bool, error) {
	types := ""
	if len(q.Types) > 0 {
		types = codec.Text(q.Types)
	}
	query := `SELECT ` + codec.EventColumns + ` FROM projects o CROSS JOIN events e INDEXED BY events_project ON e.project = o.num
		LEFT JOIN sessions s ON s.num = e.session WHERE o.num = ?1 AND e.position > ?2
		AND (?3 = '' OR e.type IN (SELECT value FROM json_each(?3))) ORDER BY e.position LIMIT ?4`
	args := []any{project, after, types, q.Limit}
	if q.SessionID == "" && types != "" && !slices.ContainsFunc(q.Types, func(t domain.EventType) bool { return !rare(t) }) {
		// Those of each type in their order, of which the first count.
		var each []string
		for i, t := range slices.Compact(slices.Sorted(slices.Values(q.Types))) {
			each = append(each, fmt.Sprintf(`SELECT * FROM (SELECT e.position AS position FROM events e INDEXED BY events_rare
				WHERE e.project = ?1 AND `+isRare+` AND e.type = ?%d AND e.position > ?2 ORDER BY e.position LIMIT ?4)`, 5+i))
			args = append(args, t)
		}
		query = `SELECT ` + codec.EventColumns + ` FROM (` + strings.Join(each, ` UNION ALL `) + ` ORDER BY position LIMIT ?4) w
			CROSS JOIN events e ON e.position = w.position CROSS JOIN projects o ON o.num = e.project
			LEFT JOIN sessions s ON s.num = e.session WHERE ?3 <> ''`
	}
	if q.SessionID != "" {
		query = `SELECT ` + codec.EventColumns + ` FROM projects o CROSS JOIN sessions s ON s.project_id = o.id
			CROSS JOIN events e INDEXED BY events_session ON e.project = o.num AND e.session = s.num
			WHERE o.num = ?1 AND s.id = ?5 AND e.position > ?2 AND e.sequence > ` + passedInSession + `
			AND (?3 = '' OR e.type IN (SELECT value FROM json_each(?3))) ORDER BY e.sequence LIMIT ?4`
		args = append(args, q.SessionID)
	}
	rows, err := s.read.rows(ctx, query, args...)
	return collectPage(rows, err, codec.PageSize(q.Bytes), func(r codec.Scanner) (domain.Event, error) { return codec.ScanEvent(r) }, func(e *domain.Event) int { return len(e.Body) })
}

// LastEvents reads up to limit events of a session that came before a sequence (0: all
// did), the last first; fewer when they are long.
func (s *Store) LastEvents(ctx context.Context, project, session string, before int64, limit int) ([]domain.Event, error) {
	rows, err := s.read.rows(ctx, `SELECT `+codec.EventColumns+` FROM projects o CROSS JOIN sessions s ON s.project_id = o.id
		CROSS JOIN events e INDEXED BY events_session ON e.project = o.num AND e.session = s.num
		WHERE o.id = ? AND s.id = ? AND e.sequence < ? ORDER BY e.sequence DESC LIMIT ?`, project, session, codec.Before(before), limit)
	all, _, err := collectPage(rows, err, codec.PageBytes, func(r codec.Scanner) (domain.Event, error) { return codec.ScanEvent(r) }, func(e *domain.Event) int { return len(e.Body) })
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return all, nil
}

// passedInSession is the sequence of the last event of the session s up to the
// position ?2: that of the event there, if it is one of the session's, as it is
// on the way from page to page, or else the first on the way back from the end.
const passedInSession = `COALESCE(
	(SELECT x.sequence FROM events x WHERE x.position = ?2 AND x.session = s.num),
	(SELECT x.sequence FROM events x INDEXED BY events_session WHERE ?2 > 0 AND x.project = ?1 AND x.session = s.num AND x.position <= ?2
		ORDER BY x.sequence DESC LIMIT 1), 0)`

// Event reads one event of a project.
func (s *Store) Event(ctx context.Context, project, id string) (domain.Event, error) {
	return codec.ScanEvent(s.read.row(ctx, `SELECT `+codec.EventColumns+` FROM projects o CROSS JOIN events e ON e.project = o.num
		LEFT JOIN sessions s ON s.num = e.session WHERE o.id = ? AND e.id = ?`, project, id))
}
