package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Explanation says why a delivery is where it is, or why there is none.
type Explanation struct {
	Code     string // stable: a reason, or the state in lower case
	Sentence string
	NextAt   time.Time        // of the next try; zero: none is planned
	Endpoint string           // its id
	Delivery *domain.Delivery // nil: there is none
}

// History is what explanations are made of.
type History interface {
	Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error)
	Endpoints(ctx context.Context, project string, f domain.EndpointFilter) ([]domain.Endpoint, string, error)
	Event(ctx context.Context, project, id string) (domain.Event, error)
	Delivery(ctx context.Context, project, id string) (domain.Delivery, error)
	Deliveries(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error)
	Attempts(ctx context.Context, project, delivery string) ([]domain.Attempt, error)
}

// LaneState is what an engine is doing about an endpoint now.
type LaneState struct {
	Queued, Running int
	ClosedUntil     time.Time // it did not answer and is left alone; zero: it isn't
	ThrottledUntil  time.Time // its rate is used up; zero: it isn't
}

// State tells of the endpoint's lane.
func (e *Engine) State(endpoint string) LaneState {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, ok := e.lanes[endpoint]
	if !ok {
		return LaneState{}
	}
	return LaneState{len(l.queue), l.running, l.until, l.wait}
}

// Explainer explains deliveries.
type Explainer struct {
	History History
	State   func(endpoint string) LaneState
}

// Delivery explains one delivery.
func (x *Explainer) Delivery(ctx context.Context, project, id string) (Explanation, error) {
	d, err := x.History.Delivery(ctx, project, id)
	if err != nil {
		return Explanation{}, err
	}
	return x.delivery(ctx, d)
}

// Event explains, for each endpoint that there is or that got it, what became
// of an event.
func (x *Explainer) Event(ctx context.Context, project, id string) ([]Explanation, error) {
	ev, err := x.History.Event(ctx, project, id)
	if err != nil {
		return nil, err
	}
	if err := ev.Remember(); err != nil {
		return nil, err
	}
	var all []Explanation
	reached := map[string]bool{}
	for cursor := ""; ; {
		page, next, err := x.History.Deliveries(ctx, project, domain.DeliveryFilter{EventID: id, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		for _, d := range page {
			one, err := x.delivery(ctx, d)
			if err != nil {
				return nil, err
			}
			reached[d.EndpointID] = true
			all = append(all, one)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	for cursor := ""; ; {
		page, next, err := x.History.Endpoints(ctx, project, domain.EndpointFilter{Cursor: cursor})
		if err != nil {
			return nil, err
		}
		for i := range page {
			e := &page[i]
			if reached[e.ID] || e.SessionID != "" && e.SessionID != ev.SessionID {
				continue
			}
			code, sentence := missed(e, &ev)
			all = append(all, Explanation{Code: code, Sentence: sentence, Endpoint: e.ID})
		}
		if cursor = next; cursor == "" {
			return all, nil
		}
	}
}

// missed says why an endpoint has no delivery of an event.
func missed(e *domain.Endpoint, ev *domain.Event) (code, sentence string) {
	if e.CreatedAt.After(ev.CreatedAt) {
		return "created_later", "The endpoint was made after the event. Its recover call sends what it missed."
	}
	switch code = e.Misses(ev); code {
	case domain.MissDisabled:
		return code, fmt.Sprintf("The endpoint is disabled (%s). When it is enabled again, its recover call sends what it missed.", e.DisabledReason)
	case domain.MissNotSubscribed:
		return code, fmt.Sprintf("The endpoint does not subscribe to %s: its events are %q.", ev.Type, []string(e.Events))
	case domain.MissFiltered:
		return code, "The session's metadata does not pass the endpoint's filter."
	case domain.MissItself:
		return code, "The event is about the endpoint itself; only others are told."
	default:
		return "changed_since", "The endpoint would get it now, so it was disabled, or had another subscription or filter, when the event happened. Its recover call sends what it missed."
	}
}

func (x *Explainer) delivery(ctx context.Context, d domain.Delivery) (Explanation, error) {
	attempts, err := x.History.Attempts(ctx, d.ProjectID, d.ID)
	if err != nil {
		return Explanation{}, err
	}
	out := Explanation{Endpoint: d.EndpointID, Delivery: &d}
	if d.Status != domain.DeliveryPending {
		out.Code, out.Sentence = settled(&d, attempts)
		return out, nil
	}
	e, err := x.History.Endpoint(ctx, d.ProjectID, d.EndpointID)
	if errors.Is(err, domain.ErrNotFound) {
		out.Code, out.Sentence = domain.ReasonEndpointDeleted, "The endpoint was deleted; the delivery is about to be canceled."
		return out, nil
	}
	if err != nil {
		return Explanation{}, err
	}
	ahead := 0
	if e.Ordered {
		if ahead, err = x.ahead(ctx, &d); err != nil {
			return Explanation{}, err
		}
	}
	out.Code, out.Sentence, out.NextAt = waiting(&d, &e, attempts, ahead, x.State(e.ID), time.Now())
	return out, nil
}

// aheadAtMost is how many earlier deliveries of a session are counted.
const aheadAtMost = 1000

// ahead counts the deliveries that an ordered one waits for.
func (x *Explainer) ahead(ctx context.Context, d *domain.Delivery) (n int, err error) {
	for _, status := range []domain.DeliveryStatus{domain.DeliveryPending, domain.DeliverySending} {
		page, _, err := x.History.Deliveries(ctx, d.ProjectID, domain.DeliveryFilter{
			EndpointID: d.EndpointID, SessionID: d.SessionID, Status: status, Limit: aheadAtMost,
		})
		if err != nil {
			return 0, err
		}
		for i := range page {
			if page[i].EventID < d.EventID {
				n++
			}
		}
	}
	return n, nil
}

// settled explains a delivery that nothing more is planned for.
func settled(d *domain.Delivery, attempts []domain.Attempt) (code, sentence string) {
	switch {
	case d.Status == domain.DeliverySending:
		return "sending", fmt.Sprintf("It is being sent: attempt %d.", d.Attempts+1)
	case d.Status == domain.DeliveryDelivered && len(attempts) > 0:
		a := attempts[len(attempts)-1]
		return "delivered", fmt.Sprintf("Attempt %d delivered it on %s: the endpoint answered %d after %d ms.",
			a.Number, domain.FormatTime(d.EndedAt), a.StatusCode, a.Duration.Milliseconds())
	case d.Reason == domain.ReasonExhausted:
		return d.Reason, fmt.Sprintf("It was given up after %d attempts; %s A retry sends it again.", d.Attempts, lastFailure(attempts))
	case d.Reason == domain.ReasonGone:
		return d.Reason, "The endpoint answered 410 Gone, which disables it. Enable it and retry if that was a mistake."
	case d.Reason == domain.ReasonExpired:
		return d.Reason, "It was skipped: its session had ended before it could be sent, and the endpoint skips what is stale (skipStale). A retry after that is changed sends it."
	case d.Reason == domain.ReasonRequested:
		return d.Reason, "It was canceled by a request. A retry sends it again."
	case d.Reason == domain.ReasonEndpointDeleted:
		return d.Reason, "The endpoint was deleted before it was sent."
	default:
		return "ended", fmt.Sprintf("It is %s.", d.Status)
	}
}

func lastFailure(attempts []domain.Attempt) string {
	if len(attempts) == 0 {
		return "none is recorded."
	}
	a := attempts[len(attempts)-1]
	return fmt.Sprintf("the last one failed (%s): %s.", a.ErrorClass, a.Error)
}

// waiting explains a delivery that is to be sent, and says when.
func waiting(d *domain.Delivery, e *domain.Endpoint, attempts []domain.Attempt, ahead int, lane LaneState, now time.Time) (code, sentence string, next time.Time) {
	switch {
	case e.Status == domain.EndpointDisabled:
		return "endpoint_disabled", fmt.Sprintf("It waits: the endpoint is disabled (%s). Enabling it sends what waits.", e.DisabledReason), next
	case e.Status == domain.EndpointPaused:
		return "endpoint_paused", "It waits: the endpoint is paused. Resuming it sends what waits.", next
	case ahead > 0:
		return "waits_for_earlier", fmt.Sprintf("It waits for its turn: the endpoint is ordered, and %d earlier events of the session are not delivered yet.", ahead), next
	case d.NextAt.After(now):
		return "retry_scheduled", fmt.Sprintf("It waits for its next try, %d of %d, on %s; %s",
			d.Tries+1, max(len(scheduleOf(&e.EndpointSettings)), d.Tries)+1, domain.FormatTime(d.NextAt), lastFailure(attempts)), d.NextAt
	case lane.ClosedUntil.After(now):
		return "endpoint_unreachable", fmt.Sprintf("It is due, but the endpoint did not answer lately and is left alone until %s.", domain.FormatTime(lane.ClosedUntil)), lane.ClosedUntil
	case lane.ThrottledUntil.After(now):
		return "rate_limited", fmt.Sprintf("It is due, and waits for the endpoint's limit of %d a second.", e.RateLimit), lane.ThrottledUntil
	default:
		return "due", fmt.Sprintf("It is due, and goes as soon as the %d before it are through.", lane.Queued+lane.Running), now
	}
}
