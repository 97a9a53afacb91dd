package work

import (
	"errors"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// must is for transitions that the state table allows by what the caller has seen.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Lease marks a delivery that waits as being sent: that it is, is in no row's
// status.
func Lease(d *domain.Delivery) {
	if d.Status == domain.DeliveryPending {
		must(d.Transition(domain.DeliverySending))
	}
}

// Cancel decides that a user gives a delivery up. What has ended is refused.
func (u *Unit) Cancel(d *domain.Delivery, now time.Time) error {
	was := d.Status
	if err := d.Transition(domain.DeliveryCanceled); err != nil {
		return domain.Refuse(domain.CodeConflict, "the delivery has ended: it is %s", was)
	}
	d.Reason, d.EndedAt = domain.ReasonRequested, now
	ref := domain.EndpointRef{ProjectID: d.ProjectID, ID: d.EndpointID}
	u.Commit.Changed = append(u.Commit.Changed, ref)
	u.Commit.Due = append(u.Commit.Due, ref) // what waited for its turn behind it
	return nil
}

// Retry decides that a delivery is due now, with the whole schedule before it.
// e and found are its endpoint as it was read; leased says that somebody is
// sending it.
func (u *Unit) Retry(d *domain.Delivery, e *domain.Endpoint, found error, leased bool, now time.Time) error {
	switch {
	case errors.Is(found, domain.ErrNotFound):
		return domain.Refuse(domain.CodeConflict, "the endpoint of this delivery was deleted")
	case found != nil:
		return found
	case e.Status != domain.EndpointEnabled:
		return e.Status.CheckSends()
	case leased || d.Status == domain.DeliverySending:
		return domain.Refuse(domain.CodeConflict, "the delivery is being sent right now")
	}
	if d.Status != domain.DeliveryPending {
		if err := d.Transition(domain.DeliveryPending); err != nil {
			return err
		}
	}
	d.Tries, d.NextAt, d.EndedAt, d.Reason = 0, now, time.Time{}, ""
	u.Commit.Due = append(u.Commit.Due, e.Ref())
	return nil
}

// Inline is an endpoint that may be a session's own, and over.
type Inline struct {
	Num int64
	Ref domain.EndpointRef
	At  time.Time
}

// LastOf are the endpoints for which the outcomes, which are of the keys, may
// have been the last. more says that a delivery's session is known to be open.
func LastOf(outcomes []domain.Outcome, keys []Key, more func(*domain.Delivery) bool) (last []Inline) {
	seen := map[int64]bool{}
	for i := range outcomes {
		o, d := &outcomes[i], &outcomes[i].Delivery
		if !o.Inline || o.Released() || seen[keys[i].Endpoint] || more(d) {
			continue
		}
		seen[keys[i].Endpoint] = true
		at := d.EndedAt
		if at.IsZero() {
			at = o.Attempt.StartedAt
		}
		last = append(last, Inline{keys[i].Endpoint, domain.EndpointRef{ProjectID: d.ProjectID, ID: d.EndpointID}, at})
	}
	return last
}

// Existing drops events of deliveries that have been deleted meanwhile.
func Existing(drafts []domain.Draft, exists func(project, delivery string) (bool, error)) ([]domain.Draft, error) {
	kept := make([]domain.Draft, 0, len(drafts))
	for _, d := range drafts {
		if id := d.Data.DeliveryID; id != "" {
			if there, err := exists(d.ProjectID, id); err != nil {
				return nil, err
			} else if !there {
				continue
			}
		}
		kept = append(kept, d)
	}
	return kept, nil
}
