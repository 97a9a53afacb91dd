package webhook

import (
	"context"
	"errors"
	"fmt"

	"github.com/browserhook/browserhook/internal/domain"
)

// Examples sends endpoints examples of events, to see what their receivers make of them.
// Such an event has not happened: it is in no log, has no delivery and is tried once.
type Examples struct {
	endpoints EndpointReader
	attempts  attempts
}

// NewExamples makes the service.
func NewExamples(endpoints EndpointReader, sender Sender, version string) *Examples {
	return &Examples{endpoints, attempts{sender: sender, userAgent: "browserhook/" + version}}
}

// errLeft is for a request whose caller has gone.
var errLeft = errors.New("the caller has left")

// Send sends an endpoint a body under an event's id, signed as any, and says what came of
// it. An endpoint that receives nothing now is refused.
func (x *Examples) Send(ctx context.Context, project, endpoint string, e domain.Event) (domain.Attempt, error) {
	to, err := x.endpoints.Endpoint(ctx, project, endpoint)
	if err != nil {
		return domain.Attempt{}, err
	}
	if err := to.Status.CheckSends(); err != nil {
		return domain.Attempt{}, err
	}
	job := domain.Job{Endpoint: &to, Body: e.Body, Delivery: domain.Delivery{
		ProjectID: project, EventID: e.ID, EventType: e.Type, EndpointID: endpoint, Status: domain.DeliverySending,
	}}
	r, _ := x.attempts.make(ctx, &templateCache{}, &job)
	if r.outcome.Released() {
		return domain.Attempt{}, fmt.Errorf("send an example: %w", errors.Join(errLeft, ctx.Err()))
	}
	return r.outcome.Attempt, nil
}
