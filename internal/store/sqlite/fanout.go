package sqlite

import (
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// fanOut makes a delivery for each endpoint that wants the event.
func (t *tx) fanOut(e *domain.Event, in numbers) error {
	var wanting []*cachedEndpoint
	for _, audience := range []string{"", e.SessionID} {
		endpoints, err := t.w.cache.endpointsOf(t, e.ProjectID, audience)
		if err != nil {
			return err
		}
		for _, ep := range endpoints {
			if ep.Wants(e) {
				wanting = append(wanting, ep)
			}
		}
		if e.SessionID == "" {
			break // it has no other audience
		}
	}
	t.makeDeliveries(e, in, wanting...)
	return nil
}

// makeDeliveries makes one delivery for each endpoint, due at once.
func (t *tx) makeDeliveries(e *domain.Event, in numbers, endpoints ...*cachedEndpoint) {
	for _, ep := range endpoints {
		t.known.made = append(t.known.made, made{event: e, in: in, endpoint: ep})
	}
}

func (t *tx) writeDeliveries(all []made) error {
	return t.many(len(all), insertDeliveries, func(args []any, i int) []any {
		m := &all[i]
		ordered := int64(0)
		if m.endpoint.Ordered {
			ordered = 1 + m.in.session
		}
		return append(args, m.event.Position, m.endpoint.num, m.in.project, ordered, codec.Micros(m.event.CreatedAt))
	})
}

var insertDeliveries = inserts("deliveries (event, endpoint, project, ordered, next_at, status, reason, attempts, tries, ended_at)",
	"(?,?,?,?,?,'PENDING','',0,0,0)")
