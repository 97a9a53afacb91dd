package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// PruneSessions deletes sessions that ended before, once [Store.Prune] has
// deleted their events: one of which something is still to be sent stays. Of
// one that has artifacts the row stays, until those are gone. Endpoints that
// were deleted before and of which no delivery is kept go too. It works some
// at a time and says how many sessions it were.
func (s *Store) PruneSessions(ctx context.Context, before, now time.Time) (deleted int, err error) {
	deleted, err = work.Pass(ctx, s.update, func(t *tx, after work.Place) (int, work.Place, error) {
		return t.pruneSessions(before, now, after)
	})
	if err != nil {
		return deleted, fmt.Errorf("delete old sessions: %w", err)
	}
	if _, err := work.Pass(ctx, s.update, func(t *tx, after work.Place) (int, work.Place, error) {
		return t.pruneEndpoints(before, after)
	}); err != nil {
		return deleted, fmt.Errorf("delete old endpoints: %w", err)
	}
	return deleted, nil
}

// sessionsAtOnce is how many sessions a transaction prunes: each has steps.
const sessionsAtOnce = 50

func (t *tx) pruneSessions(before, now time.Time, after work.Place) (deleted int, next work.Place, err error) {
	type old struct {
		session
		at         int64
		busy, keep bool
	}
	rows, err := t.rows(readsLog(`SELECT s.num, s.project_id, s.id, s.ended_at,
			EXISTS (SELECT 1 FROM events e WHERE e.project = o.num AND e.session = s.num)
				OR EXISTS (SELECT 1 FROM endpoints p CROSS JOIN deliveries d ON d.endpoint = p.num AND d.ended_at = 0
					WHERE p.project_id = s.project_id AND p.session_id = s.id AND p.deleted_at = 0),
			EXISTS (SELECT 1 FROM artifacts a WHERE a.project_id = s.project_id AND a.session_id = s.id)
		FROM sessions s INDEXED BY sessions_ended CROSS JOIN projects o ON o.id = s.project_id
		WHERE s.ended_at > 0 AND s.pruned = 0 AND s.ended_at < ? AND (s.ended_at, s.num) > (?, ?) ORDER BY s.ended_at, s.num LIMIT ?`),
		codec.Micros(before), after.At, after.Num, sessionsAtOnce)
	all, err := collect(rows, err, func(r codec.Scanner) (o old, err error) {
		err = r.Scan(&o.num, &o.project, &o.id, &o.at, &o.busy, &o.keep)
		return o, err
	})
	if err != nil {
		return 0, next, err
	}
	return work.Prune(all, sessionsAtOnce, after, func(o *old) work.Place { return work.Place{At: o.at, Num: o.num} }, func(o *old) (gone, more bool, err error) {
		if o.busy {
			return false, false, nil
		}
		if more, err := t.forgetRest(o.session); err != nil || more {
			return false, more, err // the rest of its steps first
		}
		return true, false, t.endPruning(o.session, o.keep, now)
	})
}

// endPruning deletes the row of a session, or keeps it for its artifacts, but not its
// log.
func (t *tx) endPruning(s session, keep bool, now time.Time) error {
	if keep {
		if err := t.removeFiles(s, domain.LogFile, now); err != nil {
			return err
		}
		return t.exec(writes(`UPDATE sessions SET pruned = 1 WHERE num = ?`), s.num)
	}
	// A file may be left of a server that died before it had committed the row.
	if err := t.removeFiles(s, "", now); err != nil {
		return err
	}
	return t.exec(writes(`DELETE FROM sessions WHERE num = ?`), s.num)
}

func (t *tx) pruneEndpoints(before time.Time, after work.Place) (deleted int, next work.Place, err error) {
	type old struct {
		num, at int64
		used    bool
	}
	rows, err := t.rows(readsLog(`SELECT p.num, p.deleted_at, EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = p.num)
		FROM endpoints p INDEXED BY endpoints_deleted WHERE p.deleted_at > 0 AND p.deleted_at < ? AND (p.deleted_at, p.num) > (?, ?)
		ORDER BY p.deleted_at, p.num LIMIT ?`), codec.Micros(before), after.At, after.Num, atOnce)
	all, err := collect(rows, err, func(r codec.Scanner) (o old, err error) {
		err = r.Scan(&o.num, &o.at, &o.used)
		return o, err
	})
	if err != nil {
		return 0, next, err
	}
	return work.Prune(all, atOnce, after, func(o *old) work.Place { return work.Place{At: o.at, Num: o.num} }, func(o *old) (gone, more bool, err error) {
		if o.used {
			return false, false, nil
		}
		if err := t.exec(writes(`DELETE FROM endpoint_stats WHERE endpoint = ?`), o.num); err != nil {
			return false, false, err
		}
		return true, false, t.exec(writes(`DELETE FROM endpoints WHERE num = ?`), o.num)
	})
}

// PruneArtifacts deletes the rows of artifacts that were made before, some at a
// time, and notes their files as removed. A session whose row was kept for
// them goes with the last. It says how many it were.
func (s *Store) PruneArtifacts(ctx context.Context, before, now time.Time) (int, error) {
	deleted, err := work.Repeat(ctx, s.update, atOnce, func(t *tx) (int, error) { return t.pruneArtifacts(before, now) })
	if err != nil {
		return deleted, fmt.Errorf("delete old artifacts: %w", err)
	}
	return deleted, nil
}

func (t *tx) pruneArtifacts(before, now time.Time) (int, error) {
	rows, err := t.rows(reads(`SELECT project_id, session_id, id FROM artifacts INDEXED BY artifacts_age WHERE created_at < ?
		ORDER BY created_at LIMIT ?`), codec.Micros(before), atOnce)
	all, err := collect(rows, err, func(r codec.Scanner) (a domain.Artifact, err error) {
		err = r.Scan(&a.ProjectID, &a.SessionID, &a.ID)
		return a, err
	})
	if err != nil {
		return 0, err
	}
	for _, a := range all {
		s := session{project: a.ProjectID, id: a.SessionID}
		if err := t.removeFiles(s, a.ID, now); err != nil {
			return 0, err
		}
		if err := t.exec(writes(`DELETE FROM artifacts WHERE project_id = ? AND session_id = ? AND id = ?`), a.ProjectID, a.SessionID, a.ID); err != nil {
			return 0, err
		}
		err := t.row(reads(`SELECT num FROM sessions s WHERE project_id = ?1 AND id = ?2 AND pruned = 1
			AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.project_id = ?1 AND a.session_id = ?2)`), s.project, s.id).Scan(&s.num)
		if errors.Is(err, domain.ErrNotFound) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if err := t.endPruning(s, false, now); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// RemovedFiles lists some of the files whose rows are gone, with numbers after
// the given one, in order.
func (s *Store) RemovedFiles(ctx context.Context, after int64, limit int) ([]domain.RemovedFiles, error) {
	rows, err := s.read.rows(ctx, `SELECT `+codec.RemovedFilesColumns+` FROM removed_files WHERE num > ? ORDER BY num LIMIT ?`, after, limit)
	all, err := collect(rows, err, codec.ScanRemovedFiles)
	if err != nil {
		return nil, fmt.Errorf("read removed files: %w", err)
	}
	return all, nil
}

// ForgetRemovedFiles says that the files up to a number are gone. This server
// alone has them.
func (s *Store) ForgetRemovedFiles(ctx context.Context, upto int64, _ time.Time) error {
	_, err := work.Repeat(ctx, s.update, atOnce, func(t *tx) (int, error) {
		return t.execCount(writes(`DELETE FROM removed_files WHERE num IN (SELECT num FROM removed_files WHERE num <= ? ORDER BY num LIMIT ?)`), upto, atOnce)
	})
	if err != nil {
		return fmt.Errorf("forget removed files: %w", err)
	}
	return nil
}
