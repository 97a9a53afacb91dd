package work

import (
	"slices"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// EndpointWas is what counts of an endpoint as it was before a change.
type EndpointWas struct {
	status  domain.EndpointStatus
	secrets []domain.Secret
}

// Before remembers an endpoint that is about to be changed.
func Before(e *domain.Endpoint) EndpointWas { return EndpointWas{e.Status, slices.Clone(e.Secrets)} }

// EndpointAdded tells of a new endpoint.
func (u *Unit) EndpointAdded(e *domain.Endpoint) {
	u.Commit.KeyPairs = u.Commit.KeyPairs || e.HasKeyPair()
}

// EndpointChanged tells of a change that a user has made. over says that the
// endpoint is a session's own and gets nothing more for now: it may end.
func (u *Unit) EndpointChanged(was EndpointWas, e *domain.Endpoint) (over bool) {
	c := &u.Commit
	c.KeyPairs = c.KeyPairs || e.HasKeyPair() && !domain.SameSecrets(e.Secrets, was.secrets)
	if e.Status == domain.EndpointEnabled && was.status != e.Status {
		c.Due = append(c.Due, e.Ref())
	}
	return e.SessionID != "" && e.Status == domain.EndpointDisabled
}

// ApplyHealth changes an endpoint by what an attempt has shown of its health.
func ApplyHealth(e *domain.Endpoint, o *domain.Outcome) (drafts []domain.Draft, changed bool) {
	if drafts, changed = e.ApplyHealth(o.Health, o.Attempt.StartedAt); changed {
		e.UpdatedAt = o.Attempt.StartedAt
	}
	return drafts, changed
}

// Recovery is a span of time: what happened in it and did not reach an endpoint is to be
// sent to it.
type Recovery struct{ Since, Until time.Time }

// slack is how far an event's id may be from the time of its event.
const slack = time.Minute

// Start is before the first event that may be in it.
func (r Recovery) Start() Progress {
	return Progress{Cursor: domain.IDAt(domain.PrefixEvent, r.Since.Add(-slack))}
}

// Picks says whether the endpoint is to get the event.
func (r Recovery) Picks(e *domain.Endpoint, ev *domain.Event) bool {
	return !ev.CreatedAt.Before(r.Since) && ev.CreatedAt.Before(r.Until) && e.Wants(ev)
}

// Over says whether no event with a greater id is in it.
func (r Recovery) Over(id string) bool {
	return id > domain.IDAt(domain.PrefixEvent, r.Until.Add(slack))
}
