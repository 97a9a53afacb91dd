package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// PruneSessions deletes sessions that ended before, once [Store.Prune] has
// deleted their events: one of which something is still to be sent stays. Of
// one that has artifacts the row stays, until those are gone. Endpoints that
// were deleted before and of which no delivery is kept go too. It works some
// at a time and says how many sessions it were.
func (s *Store) PruneSessions(ctx context.Context, before, now time.Time) (deleted int, err error) {
	for after := (place{}); ; {
		n := 0
		var next place
		err := s.update(ctx, func(t *tx) (err error) {
			n, next, err = t.pruneSessions(before, now, after)
			return err
		})
		if err != nil {
			return deleted, fmt.Errorf("delete old sessions: %w", err)
		}
		if deleted += n; next == (place{}) {
			break
		}
		after = next
	}
	for after := (place{}); ; {
		var next place
		err := s.update(ctx, func(t *tx) (err error) {
			next, err = t.pruneEndpoints(before, after)
			return err
		})
		if err != nil {
			return deleted, fmt.Errorf("delete old endpoints: %w", err)
		}
		if next == (place{}) {
			return deleted, nil
		}
		after = next
	}
}

// place is where a pass through old rows is: by time, then by number.
type place struct{ at, num int64 }

// sessionsAtOnce is how many sessions a transaction prunes: each has steps.
const sessionsAtOnce = 50

func (t *tx) pruneSessions(before, now time.Time, after place) (deleted int, next place, err error) {
	type old struct {
		doomed
		place
		busy, keep bool
	}
	rows, err := t.rows(`SELECT s.num, s.project_id, s.id, s.ended_at,
			EXISTS (SELECT 1 FROM events e WHERE e.project = o.num AND e.session = s.num)
				OR EXISTS (SELECT 1 FROM endpoints p CROSS JOIN deliveries d ON d.endpoint = p.num AND d.ended_at = 0
					WHERE p.project_id = s.project_id AND p.session_id = s.id AND p.deleted_at = 0),
			EXISTS (SELECT 1 FROM artifacts a WHERE a.project_id = s.project_id AND a.session_id = s.id)
		FROM sessions s INDEXED BY sessions_ended CROSS JOIN projects o ON o.id = s.project_id
		WHERE s.ended_at > 0 AND s.pruned = 0 AND s.ended_at < ? AND (s.ended_at, s.num) > (?, ?) ORDER BY s.ended_at, s.num LIMIT ?`,
		codec.Micros(before), after.at, after.num, sessionsAtOnce)
	all, err := collect(rows, err, func(r codec.Scanner) (o old, err error) {
		err = r.Scan(&o.doomed.num, &o.project, &o.id, &o.at, &o.busy, &o.keep)
		o.place.num = o.doomed.num
		return o, err
	})
	if err != nil {
		return 0, next, err
	}
	for _, o := range all {
		if !o.busy {
			more, err := t.forgetRest(o.doomed)
			if err != nil {
				return deleted, next, err
			}
			if more {
				return deleted, orStart(after), nil // the rest of its steps first
			}
			if err := t.endPruning(o.doomed, o.keep, now); err != nil {
				return deleted, next, err
			}
			deleted++
		}
		after = o.place
	}
	if len(all) == sessionsAtOnce {
		next = after
	}
	return deleted, next, nil
}

// orStart is a place that isn't the zero one, which would end the pass.
func orStart(p place) place {
	if p == (place{}) {
		return place{at: 0, num: -1}
	}
	return p
}

// endPruning deletes the row of a session, or keeps it for its artifacts.
func (t *tx) endPruning(s doomed, keep bool, now time.Time) error {
	if keep {
		return t.exec(`UPDATE sessions SET pruned = 1 WHERE num = ?`, s.num)
	}
	// A file may be left of a server that died before it had committed the row.
	if err := t.removeFiles(s, "", now); err != nil {
		return err
	}
	return t.exec(`DELETE FROM sessions WHERE num = ?`, s.num)
}

func (t *tx) pruneEndpoints(before time.Time, after place) (next place, err error) {
	type old struct {
		place
		used bool
	}
	rows, err := t.rows(`SELECT p.num, p.deleted_at, EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = p.num)
		FROM endpoints p INDEXED BY endpoints_deleted WHERE p.deleted_at > 0 AND p.deleted_at < ? AND (p.deleted_at, p.num) > (?, ?)
		ORDER BY p.deleted_at, p.num LIMIT ?`, codec.Micros(before), after.at, after.num, atOnce)
	all, err := collect(rows, err, func(r codec.Scanner) (o old, err error) { return o, r.Scan(&o.num, &o.at, &o.used) })
	if err != nil {
		return next, err
	}
	for _, o := range all {
		if after = o.place; o.used {
			continue
		}
		if err := t.exec(`DELETE FROM endpoints WHERE num = ?`, o.num); err != nil {
			return next, err
		}
	}
	if len(all) == atOnce {
		next = after
	}
	return next, nil
}

// PruneArtifacts deletes the rows of artifacts that were made before, some at a
// time, and notes their files as removed. A session whose row was kept for
// them goes with the last. It says how many it were.
func (s *Store) PruneArtifacts(ctx context.Context, before, now time.Time) (deleted int, err error) {
	for {
		n := 0
		err := s.update(ctx, func(t *tx) (err error) {
			n, err = t.pruneArtifacts(before, now)
			return err
		})
		if err != nil {
			return deleted, fmt.Errorf("delete old artifacts: %w", err)
		}
		if deleted += n; n < atOnce {
			return deleted, nil
		}
	}
}

func (t *tx) pruneArtifacts(before, now time.Time) (int, error) {
	rows, err := t.rows(`SELECT project_id, session_id, id FROM artifacts INDEXED BY artifacts_age WHERE created_at < ?
		ORDER BY created_at LIMIT ?`, codec.Micros(before), atOnce)
	all, err := collect(rows, err, func(r codec.Scanner) (a domain.Artifact, err error) {
		return a, r.Scan(&a.ProjectID, &a.SessionID, &a.ID)
	})
	if err != nil {
		return 0, err
	}
	for _, a := range all {
		s := doomed{project: a.ProjectID, id: a.SessionID}
		if err := t.removeFiles(s, a.ID, now); err != nil {
			return 0, err
		}
		if err := t.exec(`DELETE FROM artifacts WHERE project_id = ? AND session_id = ? AND id = ?`, a.ProjectID, a.SessionID, a.ID); err != nil {
			return 0, err
		}
		err := t.row(`SELECT num FROM sessions s WHERE project_id = ?1 AND id = ?2 AND pruned = 1
			AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.project_id = ?1 AND a.session_id = ?2)`, s.project, s.id).Scan(&s.num)
		if missing(err) == domain.ErrNotFound { //nolint:errorlint // it is that one itself
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
	rows, err := s.read.rows(ctx, `SELECT num, project_id, session_id, artifact_id, removed_at FROM removed_files WHERE num > ? ORDER BY num LIMIT ?`, after, limit)
	all, err := collect(rows, err, func(r codec.Scanner) (f domain.RemovedFiles, err error) {
		return f, r.Scan(&f.Num, &f.ProjectID, &f.SessionID, &f.ArtifactID, codec.Time{T: &f.RemovedAt})
	})
	if err != nil {
		return nil, fmt.Errorf("read removed files: %w", err)
	}
	return all, nil
}

// ForgetRemovedFiles says that the files up to a number are gone. This server
// alone has them.
func (s *Store) ForgetRemovedFiles(ctx context.Context, upto int64, _ time.Time) error {
	for n := int64(atOnce); n == atOnce; {
		if err := s.update(ctx, func(t *tx) (err error) {
			n, err = t.execCount(`DELETE FROM removed_files WHERE num IN (SELECT num FROM removed_files WHERE num <= ? ORDER BY num LIMIT ?)`, upto, atOnce)
			return err
		}); err != nil {
			return fmt.Errorf("forget removed files: %w", err)
		}
	}
	return nil
}
