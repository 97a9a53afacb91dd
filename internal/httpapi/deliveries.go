package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/webhook"
)

// Deliveries is the service of deliveries.
type Deliveries interface {
	Delivery(ctx context.Context, project, id string) (domain.Delivery, error)
	Deliveries(ctx context.Context, project string, f domain.DeliveryFilter) ([]domain.Delivery, string, error)
	AttemptsPage(ctx context.Context, project, delivery string, after, limit int) ([]domain.Attempt, error)
	Retry(ctx context.Context, project, id string, idem *domain.Idempotency) (domain.Delivery, error)
	Cancel(ctx context.Context, project, id string) (domain.Delivery, error)
	RetryMany(ctx context.Context, project string, f domain.DeliveryFilter, idem *domain.Idempotency) (int, error)
	CancelMany(ctx context.Context, project string, f domain.DeliveryFilter) (int, error)
	Recover(ctx context.Context, project, endpoint string, since, until time.Time, idem *domain.Idempotency) (int, error)
}

// Explain says why.
type Explain interface {
	Delivery(ctx context.Context, project, id string) (webhook.Explanation, error)
	Event(ctx context.Context, project, id, cursor string, limit int) ([]webhook.Explanation, string, error)
}

type countOutput struct {
	Replayed
	Body struct {
		Deliveries int `json:"deliveries" doc:"How many it was done to."`
	}
}

func counted(n int, idem *domain.Idempotency) *countOutput {
	out := &countOutput{Replayed: replayed(idem)}
	out.Body.Deliveries = n
	return out
}

type deliveryView struct {
	DeliveryID    string `json:"deliveryId" doc:"The delivery."`
	EventID       string `json:"eventId" doc:"Also the webhook-id header."`
	EventType     string `json:"eventType" doc:"The event's type."`
	SessionID     string `json:"sessionId,omitempty" doc:"The event's session, if it is of one."`
	EndpointID    string `json:"endpointId" doc:"The endpoint that it goes to."`
	Status        string `json:"status" enum:"PENDING,SENDING,DELIVERED,FAILED,CANCELED" doc:"How far it is. PENDING waits for its turn or for its next try."`
	Attempts      int    `json:"attempts" doc:"How many tries there were."`
	NextAttemptAt string `json:"nextAttemptAt,omitempty" doc:"When it is tried next."`
	CreatedAt     string `json:"createdAt" doc:"When it was made."`
	EndedAt       string `json:"endedAt,omitempty" doc:"When it was delivered or given up."`
	Reason        string `json:"reason,omitempty" enum:"exhausted,gone,expired,requested,endpoint_deleted" doc:"Why it is FAILED or CANCELED."`
}

func viewDelivery(d domain.Delivery) deliveryView {
	v := deliveryView{
		DeliveryID: d.ID, EventID: d.EventID, EventType: string(d.EventType), SessionID: d.SessionID, EndpointID: d.EndpointID,
		Status: string(d.Status), Attempts: d.Attempts, CreatedAt: stamp(d.CreatedAt), EndedAt: stamp(d.EndedAt),
		Reason: d.Reason,
	}
	if d.Status == domain.DeliveryPending {
		v.NextAttemptAt = stamp(d.NextAt)
	}
	return v
}

type deliveryOutput struct {
	Replayed
	Body deliveryView
}

// DeliveryPath names the delivery of a route. It is exported because huma fills in no unexported embedded
// struct.
type DeliveryPath struct {
	DeliveryID string `path:"deliveryId" maxLength:"64" doc:"The delivery."`
}

type attemptView struct {
	AttemptID string `json:"attemptId" doc:"The attempt."`
	Number    int    `json:"number" doc:"Which try it was; the first is 1."`
	Outcome
}

// Outcome is what came of sending something once.
type Outcome struct {
	StartedAt     string `json:"startedAt" doc:"When it began."`
	DurationMs    int64  `json:"durationMs" doc:"Milliseconds, until the answer or the failure."`
	StatusCode    int    `json:"statusCode,omitempty" doc:"Of the answer; not there without one."`
	Response      string `json:"response,omitempty" doc:"The first 16 KiB of the answer's body."`
	RemoteAddress string `json:"remoteAddress,omitempty" doc:"The address and port that it went to."`
	ErrorClass    string `json:"errorClass,omitempty" enum:"timeout,dns,connect,tls,blocked,redirect,status,protocol,proxy,internal" doc:"What kind of failure it was; not there when it was delivered."`
	Error         string `json:"error,omitempty" doc:"What went wrong, in a sentence."`
}

func viewOutcome(a domain.Attempt) Outcome {
	return Outcome{stamp(a.StartedAt), a.Duration.Milliseconds(), a.StatusCode, string(a.Response), a.RemoteAddr, a.ErrorClass, a.Error}
}

func (s *server) deliveryRoutes() {
	operation(s, http.MethodGet, "/deliveries", "list-deliveries", "List deliveries, newest first", 200,
		func(ctx context.Context, in *struct {
			Paging
			EndpointID string    `query:"endpointId" maxLength:"64" doc:"Only those to this endpoint."`
			Status     string    `query:"status" enum:"PENDING,SENDING,DELIVERED,FAILED,CANCELED" doc:"Only those that are so."`
			EventType  string    `query:"eventType" maxLength:"64" doc:"Only those of events of this type."`
			EventID    string    `query:"eventId" maxLength:"64" doc:"Only those of this event."`
			SessionID  string    `query:"sessionId" maxLength:"64" doc:"Only those of events of this session."`
			From       time.Time `query:"from" doc:"Created at or after."`
			To         time.Time `query:"to" doc:"Created before."`
		}) (*pageOutput[deliveryView], error) {
			f, err := picked(in.EndpointID, in.Status, in.EventType, in.EventID, in.SessionID, in.From, in.To)
			if err != nil {
				return nil, err
			}
			f.Cursor, f.Limit = in.Cursor, in.Limit
			rows, next, err := s.Deliveries.Deliveries(ctx, project(ctx), f)
			if err != nil {
				return nil, err
			}
			return pageOf(rows, next, viewDelivery), nil
		})
	// Exported because huma fills in no unexported embedded struct.
	type Many struct {
		Body struct {
			EndpointID string     `json:"endpointId,omitempty" minLength:"1" maxLength:"64" doc:"Only those to this endpoint."`
			Status     string     `json:"status,omitempty" enum:"PENDING,DELIVERED,FAILED,CANCELED" doc:"Only those that are so."`
			EventType  string     `json:"eventType,omitempty" minLength:"1" maxLength:"64" doc:"Only those of events of this type."`
			EventID    string     `json:"eventId,omitempty" minLength:"1" maxLength:"64" doc:"Only those of this event."`
			SessionID  string     `json:"sessionId,omitempty" minLength:"1" maxLength:"64" doc:"Only those of events of this session."`
			From       *time.Time `json:"from,omitempty" nullable:"false" doc:"Created at or after."`
			To         *time.Time `json:"to,omitempty" nullable:"false" doc:"Created before."`
		}
	}
	pick := func(in *Many) (domain.DeliveryFilter, error) {
		b := &in.Body
		from, err := moment("from", b.From)
		if err != nil {
			return domain.DeliveryFilter{}, err
		}
		to, err := moment("to", b.To)
		if err != nil {
			return domain.DeliveryFilter{}, err
		}
		return picked(b.EndpointID, b.Status, b.EventType, b.EventID, b.SessionID, from, to)
	}
	operation(s, http.MethodPost, "/deliveries/retry", "retry-deliveries", "Send many deliveries again", 202,
		func(ctx context.Context, in *struct {
			Many
			Creating
		}) (*countOutput, error) {
			idem, err := in.idempotency(ctx, "POST /v1/deliveries/retry")
			if err != nil {
				return nil, err
			}
			f, err := pick(&in.Many)
			if err != nil {
				return nil, err
			}
			n, err := s.Deliveries.RetryMany(ctx, project(ctx), f, idem)
			return counted(n, idem), err
		}, refuseNull)
	operation(s, http.MethodPost, "/deliveries/cancel", "cancel-deliveries", "Give up many deliveries that have not ended", 200,
		func(ctx context.Context, in *Many) (*countOutput, error) {
			f, err := pick(in)
			if err != nil {
				return nil, err
			}
			n, err := s.Deliveries.CancelMany(ctx, project(ctx), f)
			return counted(n, nil), err
		}, refuseNull)
	operation(s, http.MethodGet, "/deliveries/{deliveryId}", "get-delivery", "Read a delivery", 200,
		func(ctx context.Context, in *DeliveryPath) (*deliveryOutput, error) {
			d, err := s.Deliveries.Delivery(ctx, project(ctx), in.DeliveryID)
			return &deliveryOutput{Body: viewDelivery(d)}, err
		})
	operation(s, http.MethodGet, "/deliveries/{deliveryId}/attempts", "list-attempts", "List the attempts of a delivery", 200,
		func(ctx context.Context, in *struct {
			DeliveryPath
			Paging
		}) (*pageOutput[attemptView], error) {
			if _, err := s.Deliveries.Delivery(ctx, project(ctx), in.DeliveryID); err != nil {
				return nil, err
			}
			after, err := in.number(0)
			if err != nil {
				return nil, err
			}
			if err := s.takeSlot(ctx); err != nil {
				return nil, err
			}
			rows, err := s.Deliveries.AttemptsPage(ctx, project(ctx), in.DeliveryID, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			next := ""
			if len(rows) > in.Limit {
				rows = rows[:in.Limit]
				next = strconv.Itoa(rows[in.Limit-1].Number)
			}
			return pageOf(rows, next, func(a domain.Attempt) attemptView {
				return attemptView{a.ID, a.Number, viewOutcome(a)}
			}), nil
		})
	operation(s, http.MethodPost, "/deliveries/{deliveryId}/cancel", "cancel-delivery", "Give up a delivery that has not ended", 200,
		func(ctx context.Context, in *DeliveryPath) (*deliveryOutput, error) {
			d, err := s.Deliveries.Cancel(ctx, project(ctx), in.DeliveryID)
			return &deliveryOutput{Body: viewDelivery(d)}, err
		})
	operation(s, http.MethodPost, "/deliveries/{deliveryId}/retry", "retry-delivery", "Send a delivery again, now", 202,
		func(ctx context.Context, in *struct {
			DeliveryPath
			Creating
		}) (*deliveryOutput, error) {
			idem, err := in.idempotency(ctx, "POST /v1/deliveries/"+in.DeliveryID+"/retry")
			if err != nil {
				return nil, err
			}
			d, err := s.Deliveries.Retry(ctx, project(ctx), in.DeliveryID, idem)
			return &deliveryOutput{replayed(idem), viewDelivery(d)}, err
		})
}

// moment is a time that was given, or zero. The zero times of Go and of Unix are
// what a program sends that has none, and would bound nothing.
func moment(field string, given *time.Time) (time.Time, error) {
	if given == nil {
		return time.Time{}, nil
	}
	if given.Unix() <= 0 {
		return time.Time{}, domain.Invalid(field, "must be after 1970-01-01")
	}
	return *given, nil
}

func picked(endpoint, status, kind, event, session string, from, to time.Time) (domain.DeliveryFilter, error) {
	f := domain.DeliveryFilter{
		EndpointID: endpoint, Status: domain.DeliveryStatus(status), EventID: event, SessionID: session, From: from, To: to,
	}
	if kind != "" {
		var err error
		if f.EventType, err = eventType("eventType", kind); err != nil {
			return f, err
		}
	}
	return f, nil
}

type explanationView struct {
	Code          string        `json:"code" doc:"Stable."`
	Explanation   string        `json:"explanation" doc:"A sentence or two."`
	NextAttemptAt string        `json:"nextAttemptAt,omitempty" doc:"When it is tried next."`
	EndpointID    string        `json:"endpointId" doc:"The endpoint that it is about."`
	Delivery      *deliveryView `json:"delivery,omitempty" doc:"Not there when the endpoint was not to get it."`
	WaitsFor      string        `json:"waitsFor,omitempty" doc:"Of an ordered endpoint: the id of the earliest delivery that has to be delivered or given up before this one is sent."`
}

func viewExplanation(x webhook.Explanation) explanationView {
	v := explanationView{Code: x.Code, Explanation: x.Sentence, NextAttemptAt: stamp(x.NextAt), EndpointID: x.Endpoint, WaitsFor: x.WaitsFor}
	if x.Delivery != nil {
		d := viewDelivery(*x.Delivery)
		v.Delivery = &d
	}
	return v
}

func (s *server) explainRoutes() {
	operation(s, http.MethodGet, "/deliveries/{deliveryId}/explain", "explain-delivery", "Explain where a delivery is", 200,
		func(ctx context.Context, in *DeliveryPath) (*struct{ Body explanationView }, error) {
			x, err := s.Explain.Delivery(ctx, project(ctx), in.DeliveryID)
			return &struct{ Body explanationView }{viewExplanation(x)}, err
		})
	operation(s, http.MethodGet, "/events/{eventId}/explain", "explain-event", "Explain who gets an event", 200,
		func(ctx context.Context, in *struct {
			EventID string `path:"eventId" maxLength:"64" doc:"The event."`
			Paging
		}) (*pageOutput[explanationView], error) {
			if err := s.takeSlot(ctx); err != nil {
				return nil, err
			}
			all, next, err := s.Explain.Event(ctx, project(ctx), in.EventID, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return pageOf(all, next, viewExplanation), nil
		})
}
