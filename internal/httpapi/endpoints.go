package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/webhook"
)

type endpointView struct {
	EndpointID     string            `json:"endpointId"`
	SessionID      string            `json:"sessionId,omitempty" doc:"Of an inline webhook: the one session whose events it gets."`
	URL            string            `json:"url"`
	Events         []string          `json:"events" nullable:"false"`
	Description    string            `json:"description,omitempty"`
	Metadata       map[string]string `json:"metadata"`
	Status         string            `json:"status" enum:"ENABLED,DISABLED"`
	DisabledReason string            `json:"disabledReason,omitempty" enum:"gone"`
	Secret         string            `json:"secret,omitempty" doc:"Signs its deliveries. Only in the answer to the call that made it."`
	CreatedAt      string            `json:"createdAt"`
	UpdatedAt      string            `json:"updatedAt"`
}

func viewEndpoint(e domain.Endpoint, secret bool) endpointView {
	v := endpointView{
		EndpointID: e.ID, SessionID: e.SessionID, URL: e.URL, Events: e.Events, Description: e.Description,
		Metadata: e.Metadata, Status: string(e.Status), DisabledReason: e.DisabledReason,
		CreatedAt: stamp(e.CreatedAt), UpdatedAt: stamp(e.UpdatedAt),
	}
	if v.Metadata == nil {
		v.Metadata = map[string]string{}
	}
	if secret && len(e.Secrets) > 0 {
		v.Secret = e.Secrets[0].Value
	}
	return v
}

type endpointOutput struct {
	Replayed
	Body endpointView
}

// EndpointPath names the endpoint of a route. It is exported because huma fills in no unexported embedded
// struct.
type EndpointPath struct {
	EndpointID string `path:"endpointId" maxLength:"64"`
}

func (s *server) endpointRoutes() {
	const path = "/webhook-endpoints"
	operation(s, http.MethodPost, path, "create-endpoint", "Add a webhook endpoint; the answer holds its secret", 201,
		func(ctx context.Context, in *struct {
			Creating
			Body struct {
				URL         string            `json:"url" example:"https://example.com/hooks"`
				Events      []string          `json:"events,omitempty" doc:"Event types, browser_*, step_* or *; all by default." nullable:"false"`
				Description string            `json:"description,omitempty" maxLength:"500"`
				Metadata    map[string]string `json:"metadata,omitempty"`
			}
			RawBody []byte
		}) (*endpointOutput, error) {
			idem, err := in.idempotency("POST /v1"+path, in.RawBody)
			if err != nil {
				return nil, err
			}
			events := in.Body.Events
			if events == nil {
				events = []string{"*"}
			}
			e, err := s.Endpoints.Create(ctx, project(ctx), webhook.Settings{
				URL: in.Body.URL, Events: events, Description: in.Body.Description, Metadata: in.Body.Metadata,
			}, idem)
			if err != nil {
				return replay(err, func(refs []string) (*endpointOutput, error) {
					e, err := s.Store.Endpoint(ctx, project(ctx), refs[0])
					return &endpointOutput{Replayed{"true"}, viewEndpoint(e, true)}, err
				})
			}
			return &endpointOutput{Body: viewEndpoint(e, true)}, nil
		})
	operation(s, http.MethodGet, path, "list-endpoints", "List webhook endpoints, newest first", 200,
		func(ctx context.Context, in *Paging) (*pageOutput[endpointView], error) {
			rows, next, err := s.Store.Endpoints(ctx, project(ctx), domain.EndpointFilter{Cursor: in.Cursor, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			return pageOf(rows, next, func(e domain.Endpoint) endpointView { return viewEndpoint(e, false) }), nil
		})
	operation(s, http.MethodGet, path+"/{endpointId}", "get-endpoint", "Read a webhook endpoint", 200,
		func(ctx context.Context, in *EndpointPath) (*endpointOutput, error) {
			e, err := s.Store.Endpoint(ctx, project(ctx), in.EndpointID)
			return &endpointOutput{Body: viewEndpoint(e, false)}, err
		})
	operation(s, http.MethodPatch, path+"/{endpointId}", "update-endpoint", "Change a webhook endpoint", 200,
		func(ctx context.Context, in *struct {
			EndpointPath
			Body struct {
				URL         *string            `json:"url,omitempty" nullable:"false"`
				Events      *[]string          `json:"events,omitempty" nullable:"false"`
				Description *string            `json:"description,omitempty" nullable:"false"`
				Metadata    *map[string]string `json:"metadata,omitempty" nullable:"false"`
			}
		}) (*endpointOutput, error) {
			e, err := s.Endpoints.Update(ctx, project(ctx), in.EndpointID, webhook.Change{
				URL: in.Body.URL, Events: (*domain.Subscription)(in.Body.Events), Description: in.Body.Description, Metadata: in.Body.Metadata,
			})
			return &endpointOutput{Body: viewEndpoint(e, false)}, err
		})
	operation(s, http.MethodDelete, path+"/{endpointId}", "delete-endpoint", "Delete a webhook endpoint and cancel what waits for it", 204,
		func(ctx context.Context, in *EndpointPath) (*empty, error) {
			return nil, s.Store.DeleteEndpoint(ctx, project(ctx), in.EndpointID, time.Now())
		})
	operation(s, http.MethodPost, path+"/{endpointId}/rotate-secret", "rotate-secret", "Give an endpoint a new secret; the old one signs too for a day", 200,
		func(ctx context.Context, in *EndpointPath) (*endpointOutput, error) {
			e, err := s.Endpoints.RotateSecret(ctx, project(ctx), in.EndpointID, webhook.DefaultOverlap)
			return &endpointOutput{Body: viewEndpoint(e, true)}, err
		})
	operation(s, http.MethodPost, path+"/{endpointId}/enable", "enable-endpoint", "Let a disabled endpoint receive again", 200,
		func(ctx context.Context, in *EndpointPath) (*endpointOutput, error) {
			e, err := s.Endpoints.Enable(ctx, project(ctx), in.EndpointID)
			return &endpointOutput{Body: viewEndpoint(e, false)}, err
		})
	operation(s, http.MethodPost, path+"/{endpointId}/test", "test-endpoint", "Send a webhook_test event to an endpoint", 202,
		func(ctx context.Context, in *struct {
			EndpointPath
			Creating
		}) (*deliveryOutput, error) {
			idem, err := in.idempotency("POST /v1"+path+"/"+in.EndpointID+"/test", nil)
			if err != nil {
				return nil, err
			}
			id, err := s.Endpoints.Test(ctx, project(ctx), in.EndpointID, idem)
			again := ""
			if err != nil {
				ref, err := replay(err, func(refs []string) (*string, error) { return &refs[0], nil })
				if err != nil {
					return nil, err
				}
				id, again = *ref, "true"
			}
			d, err := s.Store.Delivery(ctx, project(ctx), id)
			return &deliveryOutput{Replayed{again}, viewDelivery(d)}, err
		})
}

type deliveryView struct {
	DeliveryID    string `json:"deliveryId"`
	EventID       string `json:"eventId" doc:"Also the webhook-id header."`
	EventType     string `json:"eventType"`
	SessionID     string `json:"sessionId,omitempty"`
	EndpointID    string `json:"endpointId"`
	Status        string `json:"status" enum:"PENDING,SENDING,DELIVERED,FAILED,CANCELED"`
	Attempts      int    `json:"attempts"`
	NextAttemptAt string `json:"nextAttemptAt,omitempty"`
	CreatedAt     string `json:"createdAt"`
	EndedAt       string `json:"endedAt,omitempty"`
}

func viewDelivery(d domain.Delivery) deliveryView {
	v := deliveryView{
		DeliveryID: d.ID, EventID: d.EventID, EventType: string(d.EventType), SessionID: d.SessionID, EndpointID: d.EndpointID,
		Status: string(d.Status), Attempts: d.Attempts, CreatedAt: stamp(d.CreatedAt), EndedAt: stamp(d.EndedAt),
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
	DeliveryID string `path:"deliveryId" maxLength:"64"`
}

type attemptView struct {
	AttemptID     string `json:"attemptId"`
	Number        int    `json:"number"`
	StartedAt     string `json:"startedAt"`
	DurationMs    int64  `json:"durationMs"`
	StatusCode    int    `json:"statusCode,omitempty" doc:"Of the answer; not there without one."`
	Response      string `json:"response,omitempty" doc:"The first 16 KiB of the answer's body."`
	RemoteAddress string `json:"remoteAddress,omitempty"`
	ErrorClass    string `json:"errorClass,omitempty" enum:"timeout,dns,connect,tls,blocked,redirect,status,protocol,internal"`
	Error         string `json:"error,omitempty"`
}

func (s *server) deliveryRoutes() {
	operation(s, http.MethodGet, "/deliveries", "list-deliveries", "List deliveries, newest first", 200,
		func(ctx context.Context, in *struct {
			Paging
			EndpointID string    `query:"endpointId" maxLength:"64"`
			Status     string    `query:"status" enum:"PENDING,SENDING,DELIVERED,FAILED,CANCELED"`
			EventType  string    `query:"eventType" maxLength:"64"`
			SessionID  string    `query:"sessionId" maxLength:"64"`
			From       time.Time `query:"from" doc:"Created at or after."`
			To         time.Time `query:"to" doc:"Created before."`
		}) (*pageOutput[deliveryView], error) {
			f := domain.DeliveryFilter{
				EndpointID: in.EndpointID, Status: domain.DeliveryStatus(in.Status), SessionID: in.SessionID,
				From: in.From, To: in.To, Cursor: in.Cursor, Limit: in.Limit,
			}
			if in.EventType != "" {
				types, err := eventTypes([]string{in.EventType})
				if err != nil {
					return nil, domain.Invalid("eventType", "%q is not an event type; see GET /v1/event-types", in.EventType)
				}
				f.EventType = types[0]
			}
			rows, next, err := s.Store.Deliveries(ctx, project(ctx), f)
			if err != nil {
				return nil, err
			}
			return pageOf(rows, next, viewDelivery), nil
		})
	operation(s, http.MethodGet, "/deliveries/{deliveryId}", "get-delivery", "Read a delivery", 200,
		func(ctx context.Context, in *DeliveryPath) (*deliveryOutput, error) {
			d, err := s.Store.Delivery(ctx, project(ctx), in.DeliveryID)
			return &deliveryOutput{Body: viewDelivery(d)}, err
		})
	operation(s, http.MethodGet, "/deliveries/{deliveryId}/attempts", "list-attempts", "List the attempts of a delivery", 200,
		func(ctx context.Context, in *DeliveryPath) (*pageOutput[attemptView], error) {
			if _, err := s.Store.Delivery(ctx, project(ctx), in.DeliveryID); err != nil {
				return nil, err
			}
			rows, err := s.Store.Attempts(ctx, project(ctx), in.DeliveryID)
			if err != nil {
				return nil, err
			}
			return pageOf(rows, "", func(a domain.Attempt) attemptView {
				return attemptView{
					a.ID, a.Number, stamp(a.StartedAt), a.Duration.Milliseconds(), a.StatusCode, string(a.Response),
					a.RemoteAddr, a.ErrorClass, a.Error,
				}
			}), nil
		})
	operation(s, http.MethodPost, "/deliveries/{deliveryId}/retry", "retry-delivery", "Send a delivery again, now", 202,
		func(ctx context.Context, in *DeliveryPath) (*deliveryOutput, error) {
			d, err := s.Store.RetryDelivery(ctx, project(ctx), in.DeliveryID, time.Now())
			return &deliveryOutput{Body: viewDelivery(d)}, err
		})
}
