package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// errFresh: what is to be deleted is only being committed.
var errFresh = errors.New("the session has events that are being committed")

// ForgetSession deletes a session that has ended, with all that belongs to it:
// events, what was sent and is still to be sent, steps, links, its own webhook
// endpoint with the events about that, and the rows of its artifacts, whose files are noted as removed. It
// takes as many transactions as there is much; the session itself goes with the
// last.
func (s *Store) ForgetSession(ctx context.Context, project, id string, now time.Time) error {
	for {
		more := false
		err := s.update(ctx, func(t *tx) (err error) {
			more, err = t.forgetSession(project, id, now)
			return err
		})
		if err != nil && !errors.Is(err, errFresh) {
			return err
		}
		// It is half gone: the caller's going away doesn't stop the rest.
		ctx = context.WithoutCancel(ctx)
		if err == nil && !more {
			return nil // everybody knows: nothing of the session is sent any more
		}
	}
}

func (t *tx) forgetSession(project, id string, now time.Time) (more bool, err error) {
	s := session{project: project, id: id}
	var status domain.SessionStatus
	if err := t.row(reads(`SELECT num, status FROM sessions WHERE project_id = ? AND id = ?`), project, id).Scan(&s.num, &status); err != nil {
		return false, err
	}
	if !status.Ended() {
		return false, domain.Refuse(domain.CodeConflict, "the session is %s; close it first", status)
	}
	inline, err := t.inlineOf(s)
	if err != nil {
		return false, err
	}
	if t.collectedAbout(s, inline) {
		return false, errFresh
	}
	owner, err := t.w.cache.project(t, project)
	if err != nil {
		return false, err
	}
	if more, err = t.forgetEvents(readsLog(`SELECT position FROM events WHERE project = ? AND session = ? ORDER BY sequence LIMIT ?`), owner, s.num, atOnce); err != nil || more {
		return more, err
	}
	for _, e := range inline {
		if more, err = t.forgetEvents(newsOf, owner, e.id, atOnce); err != nil || more {
			return more, err
		}
	}
	if more, err = t.forgetRest(s); err != nil || more {
		return more, err
	}
	if err := t.removeFiles(s, "", now); err != nil {
		return false, err
	}
	if err := t.exec(writes(`DELETE FROM artifacts WHERE project_id = ? AND session_id = ?`), project, id); err != nil {
		return false, err
	}
	if err := t.exec(writes(`DELETE FROM sessions WHERE num = ?`), s.num); err != nil {
		return false, err
	}
	t.unit.Commit.Sessions = append(t.unit.Commit.Sessions, id)
	return false, nil
}

// newsOf finds the events about an endpoint: they belong to no session, and have
// the endpoint's metadata.
var newsOf = readsLog(`SELECT position FROM events INDEXED BY events_session WHERE project = ?1 AND session = 0
	AND instr(body, CAST(?2 AS BLOB)) > 0 AND json_extract(CAST(body AS TEXT), '$.data.endpointId') = ?2 LIMIT ?3`)

// inlineOf lists a session's own endpoint, if it has one.
func (t *tx) inlineOf(s session) ([]session, error) {
	rows, err := t.rows(reads(`SELECT num, id FROM endpoints WHERE project_id = ? AND session_id = ?`), s.project, s.id)
	return collect(rows, err, func(r codec.Scanner) (e session, err error) { return e, r.Scan(&e.num, &e.id) })
}

// collectedAbout says whether something of the session, or for or about its own
// endpoint, is to be told when the transaction is committed.
func (t *tx) collectedAbout(s session, inline []session) bool {
	return slices.ContainsFunc(t.unit.Entries, func(e *work.Entry) bool {
		return e.Session == s.num || slices.ContainsFunc(inline, func(own session) bool { return e.Event.EndpointID == own.id })
	}) || slices.ContainsFunc(t.unit.Deliveries, func(d work.Delivery) bool { return d.Endpoint.SessionID == s.id })
}

// session names a session, or its own endpoint, of which something is to be
// deleted.
type session struct {
	num         int64
	project, id string
}

// forgetEvents deletes the events that a query picks, with their deliveries,
// sent or not. more says that there were as many as asked for.
func (t *tx) forgetEvents(q query, args ...any) (more bool, err error) {
	rows, err := t.rows(q, args...)
	positions, err := collect(rows, err, func(r codec.Scanner) (p int64, err error) { return p, r.Scan(&p) })
	if err != nil || len(positions) == 0 {
		return false, err
	}
	// What the endpoints have of it in memory is gone.
	rows, err = t.rows(readsLog(`SELECT DISTINCT p.project_id, p.id FROM deliveries d JOIN endpoints p ON p.num = d.endpoint
		WHERE d.event IN (SELECT value FROM json_each(?)) AND d.ended_at = 0`), codec.Text(positions))
	open, err := collect(rows, err, func(r codec.Scanner) (ref domain.EndpointRef, err error) {
		err = r.Scan(&ref.ProjectID, &ref.ID)
		return ref, err
	})
	if err != nil {
		return false, err
	}
	t.unit.Commit.Changed = append(t.unit.Commit.Changed, open...)
	return len(positions) == atOnce, t.deleteEvents(positions)
}

// deleteEvents deletes events with their deliveries and attempts.
func (t *tx) deleteEvents(positions []int64) error {
	list := codec.Text(positions)
	for _, q := range []query{
		writesLog(`DELETE FROM attempts WHERE event IN (SELECT value FROM json_each(?))`),
		writesLog(`DELETE FROM deliveries WHERE event IN (SELECT value FROM json_each(?))`),
		writesLog(`DELETE FROM events WHERE position IN (SELECT value FROM json_each(?))`),
	} {
		if err := t.exec(q, list); err != nil {
			return fmt.Errorf("delete events: %w", err)
		}
	}
	return nil
}

// forgetRest deletes what else belongs to a session, but for its artifacts.
func (t *tx) forgetRest(s session) (more bool, err error) {
	n, err := t.execCount(writes(`DELETE FROM steps WHERE (project_id, session_id, idx) IN (SELECT project_id, session_id, idx FROM steps
		WHERE project_id = ? AND session_id = ? LIMIT ?)`), s.project, s.id, atOnce)
	if err != nil || n == atOnce {
		return true, err
	}
	for _, q := range []query{
		writes(`DELETE FROM streams WHERE project_id = ? AND session_id = ?`), writes(`DELETE FROM viewers WHERE project_id = ? AND session_id = ?`),
	} {
		if err := t.exec(q, s.project, s.id); err != nil {
			return false, err
		}
	}
	endpoints, err := t.inlineOf(s)
	if err != nil {
		return false, err
	}
	for _, e := range endpoints {
		t.gone(domain.EndpointRef{ProjectID: s.project, ID: e.id}, s.id)
		if err := t.forgetEndpoint(e.num); err != nil {
			return false, err
		}
	}
	t.w.cache.forgetSession(s.project, s.id)
	return false, nil
}

// forgetEndpoint deletes an endpoint with what was sent to it.
func (t *tx) forgetEndpoint(num int64) error {
	for _, q := range []query{
		writesLog(`DELETE FROM attempts WHERE (event, endpoint) IN (SELECT event, endpoint FROM deliveries WHERE endpoint = ?)`),
		writesLog(`DELETE FROM deliveries WHERE endpoint = ?`),
		writes(`DELETE FROM endpoints WHERE num = ?`),
	} {
		if err := t.exec(q, num); err != nil {
			return fmt.Errorf("delete endpoint: %w", err)
		}
	}
	return nil
}

// removeFiles notes that files are to go: of one artifact, or of all.
func (t *tx) removeFiles(s session, artifact string, now time.Time) error {
	return t.exec(writes(`INSERT INTO removed_files (project_id, session_id, artifact_id, removed_at) VALUES (?,?,?,?)`),
		s.project, s.id, artifact, codec.Micros(now))
}
