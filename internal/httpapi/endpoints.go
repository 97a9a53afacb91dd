package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/webhook"
)

type headerView struct {
	Name   string `json:"name" maxLength:"100" example:"X-Environment"`
	Value  string `json:"value,omitempty" maxLength:"2000" doc:"Not shown of a secret header; in a change, a secret header without a value keeps its own."`
	Secret bool   `json:"secret,omitempty" doc:"Encrypted in the database and never shown again."`
}

type filterView struct {
	Metadata map[string][]string `json:"metadata,omitempty" doc:"Members of the session's metadata, each with the values of which it must have one."`
}

type endpointView struct {
	EndpointID     string            `json:"endpointId"`
	SessionID      string            `json:"sessionId,omitempty" doc:"Of an inline webhook: the one session whose events it gets."`
	URL            string            `json:"url"`
	Events         []string          `json:"events" nullable:"false"`
	Filter         *filterView       `json:"filter,omitempty"`
	Ordered        bool              `json:"ordered"`
	RateLimit      int               `json:"rateLimit,omitempty"`
	Concurrency    int               `json:"concurrency,omitempty"`
	Headers        []headerView      `json:"headers,omitempty"`
	Description    string            `json:"description,omitempty"`
	Metadata       map[string]string `json:"metadata"`
	Status         string            `json:"status" enum:"ENABLED,PAUSED,DISABLED"`
	DisabledReason string            `json:"disabledReason,omitempty" enum:"gone,failing,requested"`
	FailingSince   string            `json:"failingSince,omitempty" doc:"No delivery has succeeded since."`
	PublicKey      string            `json:"publicKey,omitempty" doc:"Verifies its v1a signatures: whpk_ and base64. Also in /.well-known/jwks.json."`
	Secret         string            `json:"secret,omitempty" doc:"Signs its deliveries. Only in the answer to the call that made it."`
	CreatedAt      string            `json:"createdAt"`
	UpdatedAt      string            `json:"updatedAt"`
}

func viewEndpoint(e domain.Endpoint, secret bool) endpointView {
	v := endpointView{
		EndpointID: e.ID, SessionID: e.SessionID, URL: e.URL, Events: e.Events, Description: e.Description,
		Ordered: e.Ordered, RateLimit: e.RateLimit, Concurrency: e.Concurrency,
		Metadata: e.Metadata, Status: string(e.Status), DisabledReason: e.DisabledReason, FailingSince: stamp(e.FailingSince),
		CreatedAt: stamp(e.CreatedAt), UpdatedAt: stamp(e.UpdatedAt),
	}
	if v.Metadata == nil {
		v.Metadata = map[string]string{}
	}
	if len(e.Filter.Metadata) > 0 {
		v.Filter = &filterView{e.Filter.Metadata}
	}
	for _, h := range e.Headers {
		shown := headerView(h)
		if h.Secret {
			shown.Value = ""
		}
		v.Headers = append(v.Headers, shown)
	}
	for _, s := range e.Secrets {
		if !s.ExpiresAt.IsZero() {
			continue
		}
		if strings.HasPrefix(s.Value, domain.PrivateKeyPrefix) {
			if public, err := webhook.PublicKey(s.Value); err == nil {
				v.PublicKey = domain.PublicKeyPrefix + base64.StdEncoding.EncodeToString(public)
			}
		} else if secret {
			v.Secret = s.Value
		}
	}
	return v
}

func headers(views []headerView) []domain.Header {
	all := make([]domain.Header, len(views))
	for i, v := range views {
		all[i] = domain.Header(v)
	}
	return all
}

func filter(v *filterView) domain.Filter {
	if v == nil {
		return domain.Filter{}
	}
	return domain.Filter{Metadata: v.Metadata}
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
				Filter      *filterView       `json:"filter,omitempty" doc:"Only events of sessions whose metadata passes."`
				Ordered     bool              `json:"ordered,omitempty" doc:"A session's events one after the other, each when the one before is delivered or given up. Can't be changed later."`
				RateLimit   int               `json:"rateLimit,omitempty" minimum:"0" maximum:"10000" doc:"Deliveries a second; 0: no limit."`
				Concurrency int               `json:"concurrency,omitempty" minimum:"0" maximum:"256" doc:"Requests at once; 0: as many as it copes with, up to 32."`
				Headers     []headerView      `json:"headers,omitempty" maxItems:"20" nullable:"false" doc:"Sent with each delivery."`
				KeyPair     bool              `json:"keyPair,omitempty" doc:"Sign with an ed25519 key pair too (v1a)."`
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
			e, err := s.Endpoints.Create(ctx, project(ctx), domain.EndpointSettings{
				URL: in.Body.URL, Events: events, Description: in.Body.Description, Metadata: in.Body.Metadata,
				Filter: filter(in.Body.Filter), Ordered: in.Body.Ordered, RateLimit: in.Body.RateLimit,
				Concurrency: in.Body.Concurrency, Headers: headers(in.Body.Headers),
			}, in.Body.KeyPair, idem)
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
				Filter      *filterView        `json:"filter,omitempty" nullable:"false"`
				RateLimit   *int               `json:"rateLimit,omitempty" minimum:"0" maximum:"10000" nullable:"false"`
				Concurrency *int               `json:"concurrency,omitempty" minimum:"0" maximum:"256" nullable:"false"`
				Headers     *[]headerView      `json:"headers,omitempty" maxItems:"20" nullable:"false" doc:"Replaces all of them."`
				Description *string            `json:"description,omitempty" nullable:"false"`
				Metadata    *map[string]string `json:"metadata,omitempty" nullable:"false"`
			}
		}) (*endpointOutput, error) {
			change := webhook.Change{
				URL: in.Body.URL, Events: (*domain.Subscription)(in.Body.Events), Description: in.Body.Description,
				Metadata: in.Body.Metadata, RateLimit: in.Body.RateLimit, Concurrency: in.Body.Concurrency,
			}
			if in.Body.Filter != nil {
				f := filter(in.Body.Filter)
				change.Filter = &f
			}
			if in.Body.Headers != nil {
				h := headers(*in.Body.Headers)
				change.Headers = &h
			}
			e, err := s.Endpoints.Update(ctx, project(ctx), in.EndpointID, change)
			return &endpointOutput{Body: viewEndpoint(e, false)}, err
		})
	operation(s, http.MethodDelete, path+"/{endpointId}", "delete-endpoint", "Delete a webhook endpoint and cancel what waits for it", 204,
		func(ctx context.Context, in *EndpointPath) (*empty, error) {
			return nil, s.Store.DeleteEndpoint(ctx, project(ctx), in.EndpointID, time.Now())
		})
	operation(s, http.MethodPost, path+"/{endpointId}/rotate-secret", "rotate-secret", "Give an endpoint a new secret; the old one signs too for a while", 200,
		func(ctx context.Context, in *struct {
			EndpointPath
			Body *struct {
				Overlap string `json:"overlap,omitempty" default:"24h" maxLength:"20" doc:"How long the old secret signs beside the new one: 0s to 720h."`
			}
		}) (*endpointOutput, error) {
			overlap := webhook.DefaultOverlap
			if in.Body != nil && in.Body.Overlap != "" {
				var err error
				if overlap, err = time.ParseDuration(in.Body.Overlap); err != nil {
					return nil, domain.Invalid("overlap", "%q is not a duration such as 24h", in.Body.Overlap)
				}
			}
			e, err := s.Endpoints.RotateSecret(ctx, project(ctx), in.EndpointID, overlap)
			return &endpointOutput{Body: viewEndpoint(e, true)}, err
		})
	for name, change := range map[string]struct {
		summary string
		do      func(context.Context, string, string) (domain.Endpoint, error)
	}{
		"enable":  {"Let a disabled endpoint receive again", endpointsOf(s).Enable},
		"disable": {"Have an endpoint receive nothing; what happens passes it by", endpointsOf(s).Disable},
		"pause":   {"Have everything wait that an endpoint is to receive", endpointsOf(s).Pause},
		"resume":  {"Send what has waited for a paused endpoint", endpointsOf(s).Resume},
	} {
		operation(s, http.MethodPost, path+"/{endpointId}/"+name, name+"-endpoint", change.summary, 200,
			func(ctx context.Context, in *EndpointPath) (*endpointOutput, error) {
				e, err := change.do(ctx, project(ctx), in.EndpointID)
				return &endpointOutput{Body: viewEndpoint(e, false)}, err
			})
	}
	operation(s, http.MethodPost, path+"/{endpointId}/recover", "recover-endpoint", "Send an endpoint what it missed in a time", 202,
		func(ctx context.Context, in *struct {
			EndpointPath
			Body struct {
				Since time.Time `json:"since"`
				Until time.Time `json:"until,omitempty" doc:"Now, by default."`
			}
		}) (*countOutput, error) {
			now := time.Now()
			if in.Body.Until.IsZero() {
				in.Body.Until = now
			}
			if !in.Body.Since.Before(in.Body.Until) {
				return nil, domain.Invalid("since", "must be before until")
			}
			n, err := s.Store.Recover(ctx, project(ctx), in.EndpointID, in.Body.Since, in.Body.Until, now)
			return count(n), err
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

type countOutput struct {
	Body struct {
		Deliveries int `json:"deliveries" doc:"How many it was done to."`
	}
}

func count(n int) *countOutput {
	out := &countOutput{}
	out.Body.Deliveries = n
	return out
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
			EventID    string    `query:"eventId" maxLength:"64"`
			SessionID  string    `query:"sessionId" maxLength:"64"`
			From       time.Time `query:"from" doc:"Created at or after."`
			To         time.Time `query:"to" doc:"Created before."`
		}) (*pageOutput[deliveryView], error) {
			f, err := picked(in.EndpointID, in.Status, in.EventType, in.EventID, in.SessionID, in.From, in.To)
			if err != nil {
				return nil, err
			}
			f.Cursor, f.Limit = in.Cursor, in.Limit
			rows, next, err := s.Store.Deliveries(ctx, project(ctx), f)
			if err != nil {
				return nil, err
			}
			return pageOf(rows, next, viewDelivery), nil
		})
	type many struct {
		Body struct {
			EndpointID string    `json:"endpointId,omitempty" maxLength:"64"`
			Status     string    `json:"status,omitempty" enum:"PENDING,DELIVERED,FAILED,CANCELED"`
			EventType  string    `json:"eventType,omitempty" maxLength:"64"`
			EventID    string    `json:"eventId,omitempty" maxLength:"64"`
			SessionID  string    `json:"sessionId,omitempty" maxLength:"64"`
			From       time.Time `json:"from,omitempty" doc:"Created at or after."`
			To         time.Time `json:"to,omitempty" doc:"Created before."`
		}
	}
	// A mistyped request must not reach everything there is.
	pick := func(in *many) (domain.DeliveryFilter, error) {
		b := &in.Body
		f, err := picked(b.EndpointID, b.Status, b.EventType, b.EventID, b.SessionID, b.From, b.To)
		if err == nil && f == (domain.DeliveryFilter{}) {
			err = domain.Invalid("", "name at least one of endpointId, status, eventType, eventId, sessionId, from, to")
		}
		return f, err
	}
	operation(s, http.MethodPost, "/deliveries/retry", "retry-deliveries", "Send many deliveries again; FAILED ones, unless a status is named", 202,
		func(ctx context.Context, in *many) (*countOutput, error) {
			f, err := pick(in)
			if err != nil {
				return nil, err
			}
			if f.Status == "" {
				f.Status = domain.DeliveryFailed
			}
			n, err := s.Store.RetryDeliveries(ctx, project(ctx), f, time.Now())
			return count(n), err
		})
	operation(s, http.MethodPost, "/deliveries/cancel", "cancel-deliveries", "Give up many deliveries that have not ended", 200,
		func(ctx context.Context, in *many) (*countOutput, error) {
			f, err := pick(in)
			if err != nil {
				return nil, err
			}
			if f.Status != "" && f.Status != domain.DeliveryPending {
				return nil, domain.Invalid("status", "only PENDING deliveries can be canceled")
			}
			f.Status = domain.DeliveryPending
			n, err := s.Store.CancelDeliveries(ctx, project(ctx), f, time.Now())
			return count(n), err
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
	operation(s, http.MethodPost, "/deliveries/{deliveryId}/cancel", "cancel-delivery", "Give up a delivery that has not ended", 200,
		func(ctx context.Context, in *DeliveryPath) (*deliveryOutput, error) {
			d, err := s.Store.CancelDelivery(ctx, project(ctx), in.DeliveryID, time.Now())
			return &deliveryOutput{Body: viewDelivery(d)}, err
		})
	operation(s, http.MethodPost, "/deliveries/{deliveryId}/retry", "retry-delivery", "Send a delivery again, now", 202,
		func(ctx context.Context, in *DeliveryPath) (*deliveryOutput, error) {
			d, err := s.Store.RetryDelivery(ctx, project(ctx), in.DeliveryID, time.Now())
			return &deliveryOutput{Body: viewDelivery(d)}, err
		})
}

func picked(endpoint, status, eventType, event, session string, from, to time.Time) (domain.DeliveryFilter, error) {
	f := domain.DeliveryFilter{
		EndpointID: endpoint, Status: domain.DeliveryStatus(status), EventID: event, SessionID: session, From: from, To: to,
	}
	if eventType != "" {
		types, err := eventTypes([]string{eventType})
		if err != nil {
			return f, domain.Invalid("eventType", "%q is not an event type; see GET /v1/event-types", eventType)
		}
		f.EventType = types[0]
	}
	return f, nil
}

type explanationView struct {
	Code          string        `json:"code" doc:"Stable."`
	Explanation   string        `json:"explanation" doc:"A sentence or two."`
	NextAttemptAt string        `json:"nextAttemptAt,omitempty"`
	EndpointID    string        `json:"endpointId"`
	Delivery      *deliveryView `json:"delivery,omitempty" doc:"Not there when the endpoint was not to get it."`
}

func viewExplanation(x webhook.Explanation) explanationView {
	v := explanationView{Code: x.Code, Explanation: x.Sentence, NextAttemptAt: stamp(x.NextAt), EndpointID: x.Endpoint}
	if x.Delivery != nil {
		d := viewDelivery(*x.Delivery)
		v.Delivery = &d
	}
	return v
}

func (s *server) explainRoutes() {
	operation(s, http.MethodGet, "/deliveries/{deliveryId}/explain", "explain-delivery", "Say why a delivery is where it is, and what happens next", 200,
		func(ctx context.Context, in *DeliveryPath) (*struct{ Body explanationView }, error) {
			x, err := s.Explain.Delivery(ctx, project(ctx), in.DeliveryID)
			return &struct{ Body explanationView }{viewExplanation(x)}, err
		})
	operation(s, http.MethodGet, "/events/{eventId}/explain", "explain-event", "Say of each endpoint why it got an event or didn't", 200,
		func(ctx context.Context, in *struct {
			EventID string `path:"eventId" maxLength:"64"`
		}) (*pageOutput[explanationView], error) {
			all, err := s.Explain.Event(ctx, project(ctx), in.EventID)
			if err != nil {
				return nil, err
			}
			return pageOf(all, "", viewExplanation), nil
		})
}

// endpointsOf is the service when a request comes: there is none while only
// the description is made.
func endpointsOf(s *server) endpointActions { return endpointActions{s} }

type endpointActions struct{ s *server }

func (a endpointActions) Enable(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return a.s.Endpoints.Enable(ctx, project, id)
}

func (a endpointActions) Disable(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return a.s.Endpoints.Disable(ctx, project, id)
}

func (a endpointActions) Pause(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return a.s.Endpoints.Pause(ctx, project, id)
}

func (a endpointActions) Resume(ctx context.Context, project, id string) (domain.Endpoint, error) {
	return a.s.Endpoints.Resume(ctx, project, id)
}

// keys publishes the public keys of all endpoints that have a pair, as RFC 7517.
func (s *server) keys(w http.ResponseWriter, r *http.Request) {
	type jwk struct {
		Kty string `json:"kty"`
		Crv string `json:"crv"`
		Alg string `json:"alg"`
		Use string `json:"use"`
		Kid string `json:"kid"` // the endpoint's id
		X   string `json:"x"`
	}
	endpoints, err := s.Store.SigningEndpoints(r.Context())
	if err != nil {
		s.problem(r.Context(), err).write(w)
		return
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	now := time.Now()
	for _, e := range endpoints {
		for _, secret := range e.Secrets {
			public, err := webhook.PublicKey(secret.Value)
			if err != nil || !strings.HasPrefix(secret.Value, domain.PrivateKeyPrefix) || !secret.ExpiresAt.IsZero() && now.After(secret.ExpiresAt) {
				continue
			}
			set.Keys = append(set.Keys, jwk{"OKP", "Ed25519", "EdDSA", "sig", e.ID, base64.RawURLEncoding.EncodeToString(public)})
		}
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "max-age=300")
	if err := json.NewEncoder(w).Encode(set); err != nil {
		s.Log.Debug("write keys", "err", err)
	}
}
