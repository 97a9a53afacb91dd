package postgres

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// endings are those of them that a transaction has ended.
type endings struct {
	gone     []domain.EndpointRef
	disabled []int64 // for which something may still wait
}

// lockInline has whoever ends a session and whoever ends what is due to its
// endpoint take turns: the later one sees what the other has done. It comes
// before the project's row is locked.
const lockInline = `SELECT 1 FROM endpoints WHERE num = ANY($1) AND session_id <> '' AND deleted_at = 0 ORDER BY num FOR UPDATE`

// endInline ends those of the endpoints whose session has ended and to which
// nothing more is due. What waits for one that is disabled isn't due, since
// nobody will enable it for events that don't come.
const endInline = `UPDATE endpoints p SET deleted_at = q.at, sealed = q.sealed
	FROM unnest($1::bigint[], $2::bytea[], $3::bigint[]) q (num, sealed, at)
	WHERE p.num = q.num AND p.session_id <> '' AND p.deleted_at = 0
	AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.project_id = p.project_id AND s.id = p.session_id AND s.ended_at = 0)
	AND (p.status = 'DISABLED'
		OR NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = p.num AND d.ended_at = 0 AND d.node = 0)
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = p.num AND d.ended_at = 0 AND d.node <> 0))
	RETURNING p.num, p.project_id, p.id, p.status = 'DISABLED'`

// queueEnd ends those of the endpoints that are over. Events that they could be
// sent don't come any more, so the project's version stays.
func (s *Store) queueEnd(b *pgx.Batch, all []work.Inline) (*endings, error) {
	var e endings
	if len(all) == 0 {
		return &e, nil
	}
	nums, at, sealed := make([]int64, len(all)), make([]int64, len(all)), make([][]byte, len(all))
	for i, p := range all {
		var err error
		if sealed[i], err = s.Box.ForgetEndpoint(p.Ref); err != nil {
			return nil, err
		}
		nums[i], at[i] = p.Num, codec.Micros(p.At)
	}
	b.Queue(lockInline, nums)
	b.Queue(endInline, nums, sealed, at).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var num int64
			var ref domain.EndpointRef
			var disabled bool
			if err := rows.Scan(&num, &ref.ProjectID, &ref.ID, &disabled); err != nil {
				return err
			}
			if e.gone = append(e.gone, ref); disabled {
				e.disabled = append(e.disabled, num)
			}
		}
		return rows.Err()
	})
	return &e, nil
}

// tellEnd tells what has ended.
func (t *tx) tellEnd(e *endings) error {
	t.unit.Gone(e.gone...)
	if len(e.disabled) == 0 {
		return nil
	}
	if err := t.exec(`UPDATE deliveries d SET status = `+work.CancelOpen.To()+`, reason = 'endpoint_deleted', node = 0, ended_at = p.deleted_at
		FROM endpoints p WHERE p.num = ANY($1) AND d.endpoint = p.num AND d.ended_at = 0`, e.disabled); err != nil {
		return fmt.Errorf("cancel deliveries: %w", err)
	}
	return nil
}

// endInline ends those of the endpoints that are over.
func (t *tx) endInline(all ...work.Inline) error {
	if len(all) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	e, err := t.store.queueEnd(b, all)
	if err != nil {
		return err
	}
	if err := t.send(b); err != nil {
		return fmt.Errorf("end endpoints: %w", err)
	}
	return t.tellEnd(e)
}

// queueLockInline locks the endpoints of the sessions that the changes end.
func (w *batch) queueLockInline(b *pgx.Batch) *[]work.Inline {
	var all []work.Inline
	var projects, ids []string
	ended := map[work.SessionKey]time.Time{}
	for k, s := range w.sessions {
		if s.Ends() {
			projects, ids = append(projects, k.Project), append(ids, k.ID)
			ended[k] = s.Row.EndedAt
		}
	}
	if len(ids) > 0 {
		b.Queue(`SELECT num, project_id, id, session_id FROM endpoints WHERE (project_id, session_id) IN
			(SELECT * FROM unnest($1::text[], $2::text[])) AND deleted_at = 0 ORDER BY num FOR UPDATE`, projects, ids).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var p work.Inline
				var session string
				if err := rows.Scan(&p.Num, &p.Ref.ProjectID, &p.Ref.ID, &session); err != nil {
					return err
				}
				p.At = ended[work.SessionKey{Project: p.Ref.ProjectID, ID: session}]
				all = append(all, p)
			}
			return rows.Err()
		})
	}
	return &all
}

// endOwn ends those of the endpoints for which the changes have nothing more.
func (w *batch) endOwn(all []work.Inline) error {
	due := map[int64]bool{}
	for i := range w.unit.Deliveries {
		due[w.unit.Deliveries[i].Endpoint.Num] = true
	}
	var over []work.Inline
	for _, p := range all {
		if !due[p.Num] {
			over = append(over, p)
		}
	}
	return w.endInline(over...)
}
