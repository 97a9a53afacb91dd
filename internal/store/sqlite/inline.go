package sqlite

import (
	"errors"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
	"github.com/browserhook/browserhook/internal/store/work"
)

// endInline ends an endpoint that is a session's own, once that has ended and
// nothing more is due: whoever brings either about asks. What waits for one that
// is disabled isn't due, since nobody will enable it for events that don't come.
func (t *tx) endInline(p work.Inline) error {
	forgotten, err := t.w.store.box.ForgetEndpoint(p.Ref)
	if err != nil {
		return err
	}
	var session string
	err = t.row(writesLog(`UPDATE endpoints SET deleted_at = ?, sealed = ? WHERE num = ? AND session_id <> '' AND deleted_at = 0
		AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.project_id = endpoints.project_id AND s.id = endpoints.session_id AND s.ended_at = 0)
		AND (status = 'DISABLED' OR NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = endpoints.num AND d.ended_at = 0))
		RETURNING session_id`), codec.Micros(p.At), forgotten, p.Num).Scan(&session)
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end endpoint: %w", err)
	}
	t.gone(p.Ref, session)
	for n := atOnce; n == atOnce; {
		if n, err = t.cancelOpen(p.Num, p.At); err != nil {
			return err
		}
	}
	return nil
}

// endInlineAfter is endInline for what outcomes may have been the last of, of
// sessions that have ended.
func (t *tx) endInlineAfter(outcomes []domain.Outcome, keys []work.Key) error {
	open := func(d *domain.Delivery) bool {
		_, ok := t.w.cache.sessions[work.SessionKey{Project: d.ProjectID, ID: d.SessionID}]
		return ok
	}
	for _, p := range work.LastOf(outcomes, keys, open) {
		if err := t.endInline(p); err != nil {
			return err
		}
	}
	return nil
}

// gone tells that an endpoint is no more.
func (t *tx) gone(ref domain.EndpointRef, session string) {
	t.w.cache.forgetEndpoints(ref.ProjectID, session)
	t.unit.Gone(ref)
}
