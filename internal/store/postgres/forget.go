package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// ForgetSession deletes a session that has ended, with all that belongs to it:
// events, what was sent and is still to be sent, steps, links, its own webhook
// endpoint with the events about that, and the rows of its artifacts, whose files are noted as removed. It
// takes as many transactions as there is much; the session itself goes with the
// last.
func (s *Store) ForgetSession(ctx context.Context, project, id string, now time.Time) error {
	owner, err := s.project(ctx, project)
	if err != nil {
		return err
	}
	for more := true; more; {
		if err := s.update(ctx, func(t *tx) (err error) {
			more, err = t.forgetSession(owner, project, id, now)
			return err
		}); err != nil {
			return err
		}
		// It is half gone: the caller's going away doesn't stop the rest.
		ctx = context.WithoutCancel(ctx)
	}
	return nil
}

func (t *tx) forgetSession(owner int64, project, id string, now time.Time) (more bool, err error) {
	s := session{project: project, id: id}
	var status string
	if err := t.row(`SELECT num, status FROM sessions WHERE project_id = $1 AND id = $2 FOR UPDATE`, project, id).Scan(&s.num, &status); err != nil {
		return false, err
	}
	if !domain.SessionStatus(status).Ended() {
		return false, domain.Refuse(domain.CodeConflict, "the session is %s; close it first", status)
	}
	if more, err = t.forgetEvents(owner, `SELECT position FROM events WHERE project = $1 AND session = $2
		ORDER BY sequence LIMIT $3 FOR UPDATE`, owner, s.num, atOnce); err != nil || more {
		return more, err
	}
	inline, err := t.inlineOf(s)
	if err != nil {
		return false, err
	}
	if more, err = t.forgetRest(s); err != nil || more {
		return more, err
	}
	// Nobody can add to these now that the endpoint is gone.
	for _, e := range inline {
		for more := true; more; {
			if more, err = t.forgetEvents(owner, newsOf, owner, e.id, atOnce); err != nil {
				return false, err
			}
		}
	}
	b := &pgx.Batch{}
	queueRemoveFiles(b, s, "", now)
	b.Queue(`DELETE FROM artifacts WHERE project_id = $1 AND session_id = $2`, project, id)
	b.Queue(`DELETE FROM sessions WHERE num = $1`, s.num)
	t.unit.Commit.Sessions = append(t.unit.Commit.Sessions, id)
	return false, t.send(b)
}

// session names a session, or its own endpoint, of which something is to be
// deleted.
type session struct {
	num         int64
	project, id string
}

// newsOf finds the events about an endpoint: they belong to no session, and have
// the endpoint's metadata.
const newsOf = `SELECT position FROM events WHERE project = $1 AND session = 0
	AND position(convert_to($2, 'UTF8') IN body) > 0 AND convert_from(body, 'UTF8')::json #>> '{data,endpointId}' = $2
	ORDER BY sequence LIMIT $3 FOR UPDATE`

// inlineOf lists a session's own endpoint, if it has one.
func (t *tx) inlineOf(s session) ([]session, error) {
	return rows(t, func(r codec.Scanner) (e session, err error) { return e, r.Scan(&e.num, &e.id) },
		`SELECT num, id FROM endpoints WHERE project_id = $1 AND session_id = $2`, s.project, s.id)
}

// forgetEvents deletes the events that a query picks and locks, so that nobody
// makes deliveries of them meanwhile, with their deliveries, sent or not. more
// says that there were as many as asked for.
func (t *tx) forgetEvents(owner int64, query string, args ...any) (more bool, err error) {
	positions, err := rows(t, scanNumber, query, args...)
	if err != nil || len(positions) == 0 {
		return false, err
	}
	// What the endpoints have of it in memory is gone.
	open, err := rows(t, scanRef, `SELECT DISTINCT p.project_id, p.id FROM deliveries d JOIN endpoints p ON p.num = d.endpoint
		WHERE d.project = $1 AND d.event = ANY($2) AND d.ended_at = 0`, owner, positions)
	if err != nil {
		return false, err
	}
	t.unit.Commit.Changed = append(t.unit.Commit.Changed, open...)
	b := &pgx.Batch{}
	queueDeleteEvents(b, owner, positions)
	if err := t.send(b); err != nil {
		return false, fmt.Errorf("delete events: %w", err)
	}
	return len(positions) == atOnce, nil
}

// queueDeleteEvents deletes events with their deliveries, and with their
// attempts: these last, when nobody can add one to a delivery any more.
func queueDeleteEvents(b *pgx.Batch, owner int64, positions []int64) {
	b.Queue(`DELETE FROM deliveries WHERE project = $1 AND event = ANY($2)`, owner, positions)
	b.Queue(`DELETE FROM attempts WHERE project = $1 AND event = ANY($2)`, owner, positions)
	b.Queue(`DELETE FROM events WHERE project = $1 AND position = ANY($2)`, owner, positions)
}

func scanNumber(r codec.Scanner) (n int64, err error) { return n, r.Scan(&n) }

func scanRef(r codec.Scanner) (ref domain.EndpointRef, err error) {
	return ref, r.Scan(&ref.ProjectID, &ref.ID)
}

// forgetRest deletes what else belongs to a session, but for its artifacts.
func (t *tx) forgetRest(s session) (more bool, err error) {
	n, err := t.count(`DELETE FROM steps WHERE project_id = $1 AND session_id = $2 AND idx IN
		(SELECT idx FROM steps WHERE project_id = $1 AND session_id = $2 ORDER BY idx LIMIT $3)`, s.project, s.id, atOnce)
	if err != nil || n == atOnce {
		return true, err
	}
	endpoints, err := t.inlineOf(s)
	if err != nil {
		return false, err
	}
	b := &pgx.Batch{}
	b.Queue(`DELETE FROM streams WHERE project_id = $1 AND session_id = $2`, s.project, s.id)
	b.Queue(`DELETE FROM viewers WHERE project_id = $1 AND session_id = $2`, s.project, s.id)
	for _, e := range endpoints {
		ref := domain.EndpointRef{ProjectID: s.project, ID: e.id}
		t.unit.Gone(ref)
		// Only tests of it are left; their attempts go with them.
		b.Queue(`WITH gone AS (DELETE FROM deliveries WHERE endpoint = $1 RETURNING project, event)
			DELETE FROM attempts a USING gone g WHERE a.project = g.project AND a.event = g.event AND a.endpoint = $1`, e.num)
		b.Queue(`DELETE FROM endpoint_paces WHERE endpoint = $1`, e.num)
		b.Queue(`DELETE FROM endpoints WHERE num = $1`, e.num)
	}
	return false, t.send(b)
}

// queueRemoveFiles notes that files are to go: of one artifact, or of all.
func queueRemoveFiles(b *pgx.Batch, s session, artifact string, now time.Time) {
	b.Queue(`INSERT INTO removed_files (project_id, session_id, artifact_id, removed_at) VALUES ($1, $2, $3, $4)`,
		s.project, s.id, artifact, codec.Micros(now))
}
