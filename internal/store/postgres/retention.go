package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// pruning is the lock under which one node at a time deletes what is old: the
// others would only wait for the same rows.
const pruning = 0x62680001

// alone says whether this node is the one that deletes, for this transaction.
func (t *tx) alone() (ok bool, err error) {
	err = t.row(`SELECT pg_try_advisory_xact_lock($1)`, pruning).Scan(&ok)
	return ok, err
}

// pass is [work.Pass] as long as no other node does it.
func pass[P comparable](ctx context.Context, s *Store, part func(t *tx, after P) (deleted int, next P, err error)) (deleted int, err error) {
	return work.Pass(ctx, s.update, func(t *tx, after P) (n int, next P, err error) {
		if ok, err := t.alone(); err != nil || !ok {
			return 0, next, err
		}
		return part(t, after)
	})
}

// PruneSessions deletes sessions that ended before, once [Store.Prune] has
// deleted their events: one of which something is still to be sent stays. Of
// one that has artifacts the row stays, until those are gone. Endpoints that
// were deleted before and of which no delivery is kept go too. It works some
// at a time, as long as no other node does, and says how many sessions it were.
func (s *Store) PruneSessions(ctx context.Context, before, now time.Time) (deleted int, err error) {
	deleted, err = pass(ctx, s, func(t *tx, after work.Place) (int, work.Place, error) {
		return t.pruneSessions(before, now, after)
	})
	if err != nil {
		return deleted, fmt.Errorf("delete old sessions: %w", err)
	}
	if _, err := pass(ctx, s, func(t *tx, after work.Place) (int, work.Place, error) {
		return t.pruneEndpoints(before, after)
	}); err != nil {
		return deleted, fmt.Errorf("delete old endpoints: %w", err)
	}
	return deleted, nil
}

// sessionsAtOnce is how many sessions a transaction prunes: each has steps.
const sessionsAtOnce = 20

func (t *tx) pruneSessions(before, now time.Time, after work.Place) (deleted int, next work.Place, err error) {
	type old struct {
		session
		at         int64
		busy, keep bool
	}
	all, err := rows(t, func(r codec.Scanner) (o old, err error) {
		err = r.Scan(&o.num, &o.project, &o.id, &o.at, &o.busy, &o.keep)
		return o, err
	}, `SELECT s.num, s.project_id, s.id, s.ended_at,
			EXISTS (SELECT 1 FROM events e WHERE e.project = (SELECT o.num FROM projects o WHERE o.id = s.project_id) AND e.session = s.num),
			EXISTS (SELECT 1 FROM artifacts a WHERE a.project_id = s.project_id AND a.session_id = s.id)
		FROM sessions s WHERE s.ended_at > 0 AND NOT s.pruned AND s.ended_at < $1 AND (s.ended_at, s.num) > ($2, $3)
		ORDER BY s.ended_at, s.num LIMIT $4 FOR UPDATE OF s`, codec.Micros(before), after.At, after.Num, sessionsAtOnce)
	if err != nil {
		return 0, next, err
	}
	return work.Prune(all, sessionsAtOnce, after, func(o *old) work.Place { return work.Place{At: o.at, Num: o.num} }, func(o *old) (gone, more bool, err error) {
		if !o.busy {
			o.busy, err = t.lockOwn(o.session)
		}
		if err != nil || o.busy {
			return false, false, err
		}
		if more, err := t.forgetRest(o.session); err != nil || more {
			return false, more, err // the rest of its steps first
		}
		return true, false, t.endPruning(o.session, o.keep, now)
	})
}

// lockOwn has nobody make something due to a session's own endpoints, or due
// again, before the transaction ends, and says whether something is.
func (t *tx) lockOwn(s session) (due bool, err error) {
	own, err := rows(t, scanNumber, `SELECT num FROM endpoints WHERE project_id = $1 AND session_id = $2 AND deleted_at = 0`, s.project, s.id)
	if err != nil || len(own) == 0 {
		return false, err
	}
	// Deliveries before endpoints, as everybody does.
	for _, query := range []string{
		`SELECT 1 FROM deliveries WHERE endpoint = ANY($1) ORDER BY event, endpoint FOR UPDATE`,
		`SELECT 1 FROM endpoints WHERE num = ANY($1) ORDER BY num FOR UPDATE`,
	} {
		if err := t.exec(query, own); err != nil {
			return false, err
		}
	}
	err = t.row(`SELECT EXISTS (SELECT 1 FROM deliveries WHERE endpoint = ANY($1) AND ended_at = 0)`, own).Scan(&due)
	return due, err
}

// endPruning deletes the row of a session, or keeps it for its artifacts, but not its
// log.
func (t *tx) endPruning(s session, keep bool, now time.Time) error {
	b := &pgx.Batch{}
	if keep {
		queueRemoveFiles(b, s, domain.LogFile, now)
		b.Queue(`UPDATE sessions SET pruned = true WHERE num = $1`, s.num)
		return t.send(b)
	}
	// A file may be left of a server that died before it had committed the row.
	queueRemoveFiles(b, s, "", now)
	b.Queue(`DELETE FROM sessions WHERE num = $1`, s.num)
	return t.send(b)
}

func (t *tx) pruneEndpoints(before time.Time, after work.Place) (deleted int, next work.Place, err error) {
	type old struct {
		num, at int64
		used    bool
	}
	all, err := rows(t, func(r codec.Scanner) (o old, err error) {
		err = r.Scan(&o.num, &o.at, &o.used)
		return o, err
	}, `SELECT p.num, p.deleted_at, EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = p.num)
		FROM endpoints p WHERE p.deleted_at > 0 AND p.deleted_at < $1 AND (p.deleted_at, p.num) > ($2, $3)
		ORDER BY p.deleted_at, p.num LIMIT $4`, codec.Micros(before), after.At, after.Num, atOnce)
	if err != nil {
		return 0, next, err
	}
	var unused []int64
	deleted, next, err = work.Prune(all, atOnce, after, func(o *old) work.Place { return work.Place{At: o.at, Num: o.num} }, func(o *old) (gone, more bool, err error) {
		if !o.used {
			unused = append(unused, o.num)
		}
		return !o.used, false, nil
	})
	if err != nil || len(unused) == 0 {
		return deleted, next, err
	}
	b := &pgx.Batch{}
	b.Queue(`DELETE FROM endpoint_paces WHERE endpoint = ANY($1)`, unused)
	b.Queue(`DELETE FROM endpoint_stats WHERE endpoint = ANY($1)`, unused)
	b.Queue(`DELETE FROM endpoints WHERE num = ANY($1)`, unused)
	return deleted, next, t.send(b)
}

// PruneArtifacts deletes the rows of artifacts that were made before, some at a
// time, as long as no other node does, and notes their files as removed. A
// session whose row was kept for them goes with the last. It says how many it
// were.
func (s *Store) PruneArtifacts(ctx context.Context, before, now time.Time) (int, error) {
	deleted, err := pass(ctx, s, func(t *tx, _ bool) (int, bool, error) {
		n, err := t.pruneArtifacts(before, now)
		return n, n == atOnce, err // from the start again: these are gone
	})
	if err != nil {
		return deleted, fmt.Errorf("delete old artifacts: %w", err)
	}
	return deleted, nil
}

func (t *tx) pruneArtifacts(before, now time.Time) (int, error) {
	all, err := rows(t, func(r codec.Scanner) (a domain.Artifact, err error) {
		return a, r.Scan(&a.ProjectID, &a.SessionID, &a.ID)
	}, `SELECT project_id, session_id, id FROM artifacts WHERE created_at < $1 ORDER BY created_at LIMIT $2`, codec.Micros(before), atOnce)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	b := &pgx.Batch{}
	touched := map[session]bool{}
	for _, a := range all {
		s := session{project: a.ProjectID, id: a.SessionID}
		touched[s] = true
		queueRemoveFiles(b, s, a.ID, now)
		b.Queue(`DELETE FROM artifacts WHERE project_id = $1 AND session_id = $2 AND id = $3`, a.ProjectID, a.SessionID, a.ID)
	}
	if err := t.send(b); err != nil {
		return 0, err
	}
	for s := range touched {
		kept, err := rows(t, scanNumber, `SELECT num FROM sessions s WHERE project_id = $1 AND id = $2 AND pruned
			AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.project_id = $1 AND a.session_id = $2) FOR UPDATE`, s.project, s.id)
		if err != nil {
			return 0, err
		}
		for _, s.num = range kept {
			if err := t.endPruning(s, false, now); err != nil {
				return 0, err
			}
		}
	}
	return len(all), nil
}

// RemovedFiles lists some of the files whose rows are gone, with numbers after
// the given one, in order.
func (s *Store) RemovedFiles(ctx context.Context, after int64, limit int) ([]domain.RemovedFiles, error) {
	all, err := collect(ctx, s, codec.ScanRemovedFiles, `SELECT `+codec.RemovedFilesColumns+` FROM removed_files WHERE num > $1 ORDER BY num LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read removed files: %w", err)
	}
	return all, nil
}

// ForgetRemovedFiles says that the files up to a number are gone as far as this
// node has them. The others have theirs, and aren't known here, so only what was removed
// before a time is forgotten.
func (s *Store) ForgetRemovedFiles(ctx context.Context, upto int64, before time.Time) error {
	_, err := work.Repeat(ctx, s.update, atOnce, func(t *tx) (int, error) {
		return t.count(`DELETE FROM removed_files WHERE num IN (SELECT num FROM removed_files
			WHERE num <= $1 AND removed_at < $2 ORDER BY num LIMIT $3)`, upto, codec.Micros(before), atOnce)
	})
	if err != nil {
		return fmt.Errorf("forget removed files: %w", err)
	}
	return nil
}
