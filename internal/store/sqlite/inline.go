package sqlite

import (
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// endInline ends an endpoint that is a session's own, once that has ended and
// nothing more is due: whoever brings either about asks. What waits for one that
// is disabled isn't due, since nobody will enable it for events that don't come.
func (t *tx) endInline(num int64, ref domain.EndpointRef, now time.Time) error {
	forgotten, err := t.w.store.box.ForgetEndpoint(ref)
	if err != nil {
		return err
	}
	var session string
	err = missing(t.row(`UPDATE endpoints SET deleted_at = ?, sealed = ? WHERE num = ? AND session_id <> '' AND deleted_at = 0
		AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.project_id = endpoints.project_id AND s.id = endpoints.session_id AND s.ended_at = 0)
		AND (status = 'DISABLED' OR NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = endpoints.num AND d.ended_at = 0))
		RETURNING session_id`, codec.Micros(now), forgotten, num).Scan(&session))
	if errors.Is(err, domain.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end endpoint: %w", err)
	}
	t.gone(ref, session)
	for n := int64(atOnce); n == atOnce; {
		if n, err = t.cancelPending(num, now); err != nil {
			return err
		}
	}
	return nil
}

// endInlineAfter is endInline for what outcomes may have been the last of.
func (t *tx) endInlineAfter(outcomes []domain.Outcome, keys []deliveryKey) error {
	asked := map[int64]bool{}
	for i := range outcomes {
		o, d := &outcomes[i], &outcomes[i].Delivery
		if !o.Inline || untried(o) || asked[keys[i].endpoint] {
			continue
		}
		if _, open := t.w.cache.sessions[sessionKey{d.ProjectID, d.SessionID}]; open {
			continue
		}
		asked[keys[i].endpoint] = true
		now := d.EndedAt
		if now.IsZero() {
			now = o.Attempt.StartedAt
		}
		if err := t.endInline(keys[i].endpoint, domain.EndpointRef{ProjectID: d.ProjectID, ID: d.EndpointID}, now); err != nil {
			return err
		}
	}
	return nil
}

// gone makes known that an endpoint is no more.
func (t *tx) gone(ref domain.EndpointRef, session string) {
	t.w.cache.forgetEndpoints(ref.ProjectID, session)
	t.known.Changed, t.known.Gone = append(t.known.Changed, ref), append(t.known.Gone, ref)
}
