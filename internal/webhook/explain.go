package webhook

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	WaitsFor string           // the id of the delivery that comes before it, of an ordered endpoint
}

// History is what explanations are made of.
type History interface {
	Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error)
	Endpoints(ctx context.Context, project string, f domain.EndpointFilter) ([]domain.Endpoint, string, error)
	Event(ctx context.Context, project, id string) (domain.Event, error)
	Delivery(ctx context.Context, project, id string) (domain.Delivery, error)
	Deliveries(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error)
	AttemptsPage(ctx context.Context, project, delivery string, after, limit int) ([]domain.Attempt, error)
	// Ahead counts the deliveries that an ordered one waits for, up to
	// [domain.AheadAtMost], and reads the first of them.
	Ahead(ctx context.Context, project, delivery string) (first domain.Delivery, n int, err error)
}

// LaneState is what an engine is doing about an endpoint now.
type LaneState struct {
	Queued, InFlight int
	OpenUntil        time.Time // its circuit is open; zero: it isn't
	LimitedUntil     time.Time // its rate is used up; zero: it isn't
	ClaimsAt         time.Time // it asks the store for more; zero: not known
	Waits            bool      // the delivery is queued
	Sends            bool      // or is being sent
}

// State tells of the endpoint's lane, and of a delivery to it.
func (e *Engine) State(endpoint, delivery string) LaneState {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, ok := e.lanes[endpoint]
	if !ok {
		return LaneState{}
	}
	_, sending := l.sending[delivery]
	return LaneState{
		Queued: len(l.queue.jobs), InFlight: l.window.inFlight,
		OpenUntil: l.circuit.openUntil, LimitedUntil: l.rate.until, ClaimsAt: l.backlog.next,
		Waits: l.queue.contains(delivery), Sends: sending,
	}
}

// Explainer explains deliveries.
type Explainer struct {
	History History
	State   func(endpoint, delivery string) LaneState
}

// Delivery explains one delivery.
func (x *Explainer) Delivery(ctx context.Context, project, id string) (Explanation, error) {
	d, err := x.History.Delivery(ctx, project, id)
	if err != nil {
		return Explanation{}, err
	}
	return x.delivery(ctx, d)
}

// Where a page of [Explainer.Event] begins: among the deliveries, which come
// first, or among the endpoints that have none; a cursor of theirs follows.
const (
	fromDeliveries = "d."
	fromEndpoints  = "e."
)

// Event explains, for each endpoint that there is or that got it, what became
// of an event: up to limit at once, and the cursor of the next page. A page may
// have fewer, or none.
func (x *Explainer) Event(ctx context.Context, project, id, cursor string, limit int) (all []Explanation, next string, err error) {
	ev, err := x.History.Event(ctx, project, id)
	if err != nil {
		return nil, "", err
	}
	if err := ev.ReadBody(); err != nil {
		return nil, "", err
	}
	endpoints, later := strings.CutPrefix(cursor, fromEndpoints)
	if !later {
		endpoints = ""
		after, ok := strings.CutPrefix(cursor, fromDeliveries)
		if !ok && cursor != "" {
			return nil, "", domain.ErrCursor
		}
		page, next, err := x.History.Deliveries(ctx, project, domain.DeliveryFilter{EventID: id, Cursor: after, Limit: limit})
		if err != nil {
			return nil, "", err
		}
		for _, d := range page {
			one, err := x.delivery(ctx, d)
			if err != nil {
				return nil, "", err
			}
			all = append(all, one)
		}
		if next != "" {
			return all, fromDeliveries + next, nil
		}
		if len(all) >= limit {
			return all, fromEndpoints, nil
		}
		limit -= len(all)
	}
	page, next, err := x.History.Endpoints(ctx, project, domain.EndpointFilter{Cursor: endpoints, Limit: limit})
	if err != nil {
		return nil, "", err
	}
	for i := range page {
		e := &page[i]
		if e.SessionID != "" && e.SessionID != ev.SessionID {
			continue
		}
		got, _, err := x.History.Deliveries(ctx, project, domain.DeliveryFilter{EventID: id, EndpointID: e.ID, Limit: 1})
		if err != nil {
			return nil, "", err
		}
		if len(got) > 0 {
			continue
		}
		code, sentence := missed(e, &ev)
		all = append(all, Explanation{Code: code, Sentence: sentence, Endpoint: e.ID})
	}
	if next != "" {
		next = fromEndpoints + next
	}
	return all, next, nil
}

// missed says why an endpoint has no delivery of an event.
func missed(e *domain.Endpoint, ev *domain.Event) (code, sentence string) {
	code = e.Misses(ev)
	if (code == "" || code == domain.MissDisabled) && e.CreatedAt.After(ev.CreatedAt) {
		return "created_later", "The endpoint was made after the event. " + recovers(e)
	}
	switch code {
	case domain.MissDisabled:
		return code, fmt.Sprintf("The endpoint is disabled (%s). %s", e.DisabledReason, recovers(e))
	case domain.MissOtherTest:
		return code, "The event is a test of another endpoint, and goes to that one alone."
	case domain.MissNotSubscribed:
		return code, fmt.Sprintf("The endpoint does not subscribe to %s: its events are %q.", ev.Type, []string(e.Events))
	case domain.MissFiltered:
		if ev.SessionID == "" {
			return code, "The event is about no session, so it has no session's metadata that would pass the endpoint's filter."
		}
		return code, "The session's metadata does not pass the endpoint's filter."
	case domain.MissItself:
		return code, "The event is about the endpoint itself; only others are told."
	default:
		return "changed_since", "The endpoint would get it now, so it was disabled, or had another subscription or filter, when the event happened. " + recovers(e)
	}
}

// recovers says how an endpoint gets what it missed.
func recovers(e *domain.Endpoint) string {
	if e.Status == domain.EndpointDisabled {
		return "When it is enabled again, its recover call sends what it missed."
	}
	return "Its recover call sends what it missed."
}

func (x *Explainer) delivery(ctx context.Context, d domain.Delivery) (Explanation, error) {
	out := Explanation{Endpoint: d.EndpointID, Delivery: &d}
	last, err := x.last(ctx, &d)
	if err != nil {
		return out, err
	}
	var endpoint *domain.Endpoint // nil: it was deleted
	e, err := x.History.Endpoint(ctx, d.ProjectID, d.EndpointID)
	switch {
	case err == nil:
		endpoint = &e
	case !errors.Is(err, domain.ErrNotFound):
		return out, err
	}
	lane := x.State(d.EndpointID, d.ID)
	sending := d.Status == domain.DeliverySending
	elsewhere := sending && !lane.Sends && !lane.Waits
	if elsewhere {
		// It may have been read in the moment before its outcome was recorded here.
		now, err := x.History.Delivery(ctx, d.ProjectID, d.ID)
		if err != nil {
			return out, err
		}
		if now.Status != d.Status || now.Attempts != d.Attempts {
			return x.delivery(ctx, now)
		}
	}
	switch {
	case sending && lane.Sends:
		out.Code, out.Sentence = "sending", fmt.Sprintf("It is being sent: attempt %d.", d.Attempts+1)
		return out, nil
	case !sending && d.Status != domain.DeliveryPending:
		out.Code, out.Sentence = ended(&d, endpoint, last)
		return out, nil
	case endpoint == nil && !elsewhere:
		out.Code, out.Sentence = domain.ReasonEndpointDeleted, "The endpoint was deleted; the delivery is about to be canceled."
		return out, nil
	}
	var first domain.Delivery
	ahead := 0
	if e.Ordered && e.Status == domain.EndpointEnabled {
		if first, ahead, err = x.History.Ahead(ctx, d.ProjectID, d.ID); err != nil {
			return out, err
		}
	}
	if ahead > 0 {
		out.Code, out.Sentence, out.WaitsFor = "waits_for_earlier", inTurn(&first, ahead, x.State(d.EndpointID, first.ID)), first.ID
		return out, nil
	}
	if elsewhere {
		out.Code, out.Sentence = "handed_out", "It is not this server that sends it: another has it and sends it when its turn comes there."
		return out, nil
	}
	out.Code, out.Sentence, out.NextAt = waiting(&d, endpoint, last, lane, time.Now())
	return out, nil
}

// last reads the last attempt of a delivery, nil when there is none.
func (x *Explainer) last(ctx context.Context, d *domain.Delivery) (*domain.Attempt, error) {
	if d.Attempts == 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	page, err := x.History.AttemptsPage(ctx, d.ProjectID, d.ID, d.Attempts-1, 1)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	return &page[0], nil
}

// inTurn explains a delivery that waits for its turn after others.
func inTurn(first *domain.Delivery, n int, lane LaneState) string {
	of, count := "of the session", fmt.Sprint(n)
	if first.SessionID == "" {
		of = "of events without a session"
	}
	if n >= domain.AheadAtMost {
		count = fmt.Sprintf("%d or more", domain.AheadAtMost)
	}
	what := "is due"
	switch {
	case lane.Sends:
		what = "is being sent"
	case first.Status == domain.DeliverySending && !lane.Waits:
		what = "is with another server"
	case first.NextAt.After(time.Now()):
		what = "is tried again on " + domain.FormatTime(first.NextAt)
	}
	return fmt.Sprintf("It waits for its turn: the endpoint is ordered, and %s earlier %s %s not through yet; the first of them, %s (event %s), %s.",
		count, plural(n, "delivery", "deliveries"), of+plural(n, " is", " are"), first.ID, first.EventID, what)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// ended explains a delivery that nothing more is planned for. The endpoint is
// nil when it was deleted.
func ended(d *domain.Delivery, e *domain.Endpoint, last *domain.Attempt) (code, sentence string) {
	again := "A retry sends it again."
	switch {
	case e == nil:
		again = "It can't be sent again: the endpoint was deleted."
	case e.Status == domain.EndpointDisabled:
		again = "Once the endpoint is enabled, a retry sends it again."
	case e.Status == domain.EndpointPaused:
		again = "Once the endpoint is resumed, a retry sends it again."
	}
	switch {
	case d.Status == domain.DeliveryDelivered && last != nil:
		return "delivered", fmt.Sprintf("Attempt %d delivered it on %s: the endpoint answered %d after %d ms.",
			last.Number, domain.FormatTime(d.EndedAt), last.StatusCode, last.Duration.Milliseconds())
	case d.Reason == domain.ReasonExhausted:
		return d.Reason, fmt.Sprintf("It was given up after %d attempts; %s %s", d.Attempts, lastFailure(last), again)
	case d.Reason == domain.ReasonGone:
		return d.Reason, "The endpoint answered 410 Gone, which disables it. " + again
	case d.Reason == domain.ReasonExpired:
		if e != nil && e.SkipStale {
			again = "A retry after that is changed sends it."
		}
		return d.Reason, "It was skipped: its session had ended before it could be sent, and the endpoint skips what is stale (skipStale). " + again
	case d.Reason == domain.ReasonRequested:
		return d.Reason, "It was canceled by a request. " + again
	case d.Reason == domain.ReasonEndpointDeleted:
		return d.Reason, "The endpoint was deleted before it was sent."
	default:
		return "ended", fmt.Sprintf("It is %s.", d.Status)
	}
}

func lastFailure(last *domain.Attempt) string {
	if last == nil {
		return "none is recorded."
	}
	return fmt.Sprintf("the last one failed (%s): %s.", last.ErrorClass, last.Error)
}

// waiting explains a delivery that is to be sent, and says when.
func waiting(d *domain.Delivery, e *domain.Endpoint, last *domain.Attempt, lane LaneState, now time.Time) (code, sentence string, next time.Time) {
	limited := lane.LimitedUntil
	if e.RateLimit > 0 && lane.ClaimsAt.After(limited) {
		limited = lane.ClaimsAt // servers that share a database keep the rate there
	}
	switch {
	case e.Status == domain.EndpointDisabled:
		return "endpoint_disabled", fmt.Sprintf("It waits: the endpoint is disabled (%s). Enabling it sends what waits.", e.DisabledReason), next
	case e.Status == domain.EndpointPaused:
		return "endpoint_paused", "It waits: the endpoint is paused. Resuming it sends what waits.", next
	case d.NextAt.After(now):
		return "retry_scheduled", fmt.Sprintf("It waits for its next try, %d of %d, on %s; %s",
			d.Tries+1, max(len(scheduleOf(&e.EndpointSettings)), d.Tries)+1, domain.FormatTime(d.NextAt), lastFailure(last)), d.NextAt
	case lane.OpenUntil.After(now):
		return "endpoint_unreachable", fmt.Sprintf("It is due, but the endpoint did not answer lately and is left alone until %s.", domain.FormatTime(lane.OpenUntil)), lane.OpenUntil
	case limited.After(now):
		return "rate_limited", fmt.Sprintf("It is due, and waits for the endpoint's limit of %d a second.", e.RateLimit), limited
	default:
		return "due", fmt.Sprintf("It is due, and goes when its turn comes; %d are being sent to the endpoint, and %d more are ready.", lane.InFlight, lane.Queued), now
	}
}
