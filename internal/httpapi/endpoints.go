package httpapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/webhook"
)

// Endpoints is the service of webhook endpoints.
type Endpoints interface {
	Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error)
	Endpoints(ctx context.Context, project string, f domain.EndpointFilter) ([]domain.Endpoint, string, error)
	Create(ctx context.Context, project string, m webhook.Making, idem *domain.Idempotency) (domain.Endpoint, error)
	Update(ctx context.Context, project, id string, c webhook.Change) (domain.Endpoint, error)
	Delete(ctx context.Context, project, id string) error
	RotateSecret(ctx context.Context, project, id string, overlap *time.Duration, idem *domain.Idempotency) (domain.Endpoint, error)
	Enable(ctx context.Context, project, id string) (domain.Endpoint, error)
	Disable(ctx context.Context, project, id string) (domain.Endpoint, error)
	Pause(ctx context.Context, project, id string) (domain.Endpoint, error)
	Resume(ctx context.Context, project, id string) (domain.Endpoint, error)
	Test(ctx context.Context, project, id string, idem *domain.Idempotency) (domain.Delivery, error)
}

type headerView struct {
	Name   string `json:"name" maxLength:"100" example:"X-Environment" doc:"The header's name."`
	Value  string `json:"value,omitempty" maxLength:"2000" doc:"Not shown of a secret header; in a change, a secret header without a value keeps its own."`
	Secret bool   `json:"secret,omitempty" doc:"Encrypted in the database and never shown again."`
}

type filterView struct {
	Metadata map[string][]string `json:"metadata,omitempty" doc:"Members of the session's metadata, each with the values of which it must have one."`
}

type endpointView struct {
	EndpointID     string            `json:"endpointId" doc:"The endpoint."`
	SessionID      string            `json:"sessionId,omitempty" doc:"Of an inline webhook: the one session whose events it gets."`
	URL            string            `json:"url" format:"uri" doc:"Where its deliveries go."`
	Events         []string          `json:"events" nullable:"false" doc:"What it gets: event types and wildcards."`
	Filter         *filterView       `json:"filter,omitempty" doc:"Which sessions it gets events of."`
	Ordered        bool              `json:"ordered" doc:"Whether a session's events come one after the other."`
	RateLimit      int               `json:"rateLimit,omitempty" doc:"Deliveries a second; not there: no limit."`
	Concurrency    int               `json:"concurrency,omitempty" doc:"Requests at once; not there: as many as it copes with, up to 32."`
	SkipStale      bool              `json:"skipStale" doc:"Whether browser_ready is left out once its session has ended."`
	RetrySchedule  *[]string         `json:"retrySchedule,omitempty" nullable:"false" doc:"Its own; not there: the default."`
	Headers        []headerView      `json:"headers,omitempty" doc:"Sent with each delivery."`
	Description    string            `json:"description,omitempty" doc:"What it is for, in your words."`
	Metadata       map[string]string `json:"metadata" doc:"Yours; it comes with the events that are about the endpoint."`
	Status         string            `json:"status" enum:"ENABLED,PAUSED,DISABLED" doc:"Whether it is sent anything. What is for a PAUSED one waits; what is for a DISABLED one passes it by."`
	DisabledReason string            `json:"disabledReason,omitempty" enum:"gone,failing,requested" doc:"Why it is DISABLED."`
	FailingSince   string            `json:"failingSince,omitempty" doc:"No delivery has succeeded since."`
	PublicKey      string            `json:"publicKey,omitempty" doc:"Verifies its v1a signatures: whpk_ and base64. Also in /.well-known/jwks.json."`
	PublicKeyID    string            `json:"publicKeyId,omitempty" pattern:"^[0-9A-Za-z_-]{43}$" doc:"The kid of the public key there."`
	Secret         string            `json:"secret,omitempty" doc:"Signs its deliveries. Only in the answer to the call that made it."`
	Stats          *summaryView      `json:"stats,omitempty" doc:"How it did, where a list is asked for that."`
	CreatedAt      string            `json:"createdAt" doc:"When it was made."`
	UpdatedAt      string            `json:"updatedAt" doc:"When it was last changed."`
}

func viewEndpoint(e domain.Endpoint, secret bool) endpointView {
	v := endpointView{
		EndpointID: e.ID, SessionID: e.SessionID, URL: e.URL, Events: e.Events, Description: e.Description,
		Ordered: e.Ordered, RateLimit: e.RateLimit, Concurrency: e.Concurrency, SkipStale: e.SkipStale,
		RetrySchedule: viewSchedule(e.RetrySchedule),
		Metadata:      e.Metadata, Status: string(e.Status), DisabledReason: e.DisabledReason, FailingSince: stamp(e.FailingSince),
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
				v.PublicKeyID = webhook.Thumbprint(public)
			}
		} else if secret {
			v.Secret = s.Value
		}
	}
	return v
}

// headerInput is a header in a request, in which other members may be left out.
type headerInput headerView

func headers(views []headerInput) []domain.Header {
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
	Location string `header:"Location"`
	Body     endpointView
}

// EndpointPath names the endpoint of a route. It is exported because huma fills in no unexported embedded
// struct.
type EndpointPath struct {
	EndpointID string `path:"endpointId" maxLength:"64" doc:"The webhook endpoint."`
}

func (s *server) endpointRoutes() {
	const path = "/webhook-endpoints"
	operation(s, http.MethodPost, path, "create-endpoint", "Make a webhook endpoint", 201,
		func(ctx context.Context, in *struct {
			Creating
			Body struct {
				URL         string            `json:"url" example:"https://example.com/hooks" doc:"Where its deliveries go."`
				Events      []string          `json:"events,omitempty" maxItems:"100" doc:"Event types, browser_*, step_* or *, each once; all by default." nullable:"false"`
				Filter      *filterView       `json:"filter,omitempty" doc:"Only events of sessions whose metadata passes."`
				Ordered     bool              `json:"ordered,omitempty" doc:"A session's events one after the other, each when the one before is delivered or given up. Can't be changed later."`
				RateLimit   int               `json:"rateLimit,omitempty" minimum:"0" maximum:"10000" doc:"Deliveries a second; 0: no limit."`
				Concurrency int               `json:"concurrency,omitempty" minimum:"0" maximum:"256" doc:"Requests at once; 0: as many as it copes with, up to 32."`
				Headers     []headerInput     `json:"headers,omitempty" maxItems:"20" nullable:"false" doc:"Sent with each delivery."`
				Secret      string            `json:"secret,omitempty" maxLength:"100" doc:"Signs its deliveries: whsec_ and the base64 of 24 to 64 bytes. A new one by default, which the answer holds."`
				KeyPair     bool              `json:"keyPair,omitempty" doc:"Sign with an ed25519 key pair too (v1a)."`
				SkipStale   bool              `json:"skipStale,omitempty" doc:"Don't send browser_ready any more once its session has ended."`
				Description string            `json:"description,omitempty" maxLength:"500" doc:"What it is for, in your words."`
				Metadata    map[string]string `json:"metadata,omitempty" doc:"Yours; it comes with the events that are about the endpoint."`

				RetrySchedule retrySchedule `json:"retrySchedule,omitempty"`
			}
		}) (*endpointOutput, error) {
			idem, err := in.idempotency(ctx, "POST /v1"+path)
			if err != nil {
				return nil, err
			}
			waits, err := in.Body.RetrySchedule.durations()
			if err != nil {
				return nil, err
			}
			e, err := s.Endpoints.Create(ctx, project(ctx), webhook.Making{Secret: in.Body.Secret, KeyPair: in.Body.KeyPair, EndpointSettings: domain.EndpointSettings{
				URL: in.Body.URL, Events: in.Body.Events, Description: in.Body.Description, Metadata: in.Body.Metadata,
				Filter: filter(in.Body.Filter), Ordered: in.Body.Ordered, RateLimit: in.Body.RateLimit,
				Concurrency: in.Body.Concurrency, Headers: headers(in.Body.Headers), SkipStale: in.Body.SkipStale, RetrySchedule: waits,
			}}, idem)
			return &endpointOutput{replayed(idem), s.location(path + "/" + e.ID), viewEndpoint(e, true)}, err
		})
	operation(s, http.MethodGet, path, "list-endpoints", "List webhook endpoints, newest first", 200,
		func(ctx context.Context, in *struct {
			Paging
			Stats string `query:"stats" enum:"1h,24h,7d" doc:"With how each did in this time, up to now."`
		}) (*pageOutput[endpointView], error) {
			if err := s.takeSlot(ctx); err != nil {
				return nil, err
			}
			rows, next, err := s.Endpoints.Endpoints(ctx, project(ctx), domain.EndpointFilter{Cursor: in.Cursor, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := pageOf(rows, next, func(e domain.Endpoint) endpointView { return viewEndpoint(e, false) })
			if in.Stats != "" {
				err = s.addStats(ctx, out.Body.Data, in.Stats)
			}
			return out, err
		})
	operation(s, http.MethodGet, path+"/{endpointId}", "get-endpoint", "Read a webhook endpoint", 200,
		func(ctx context.Context, in *EndpointPath) (*endpointOutput, error) {
			e, err := s.Endpoints.Endpoint(ctx, project(ctx), in.EndpointID)
			return &endpointOutput{Body: viewEndpoint(e, false)}, err
		})
	operation(s, http.MethodPatch, path+"/{endpointId}", "update-endpoint", "Change a webhook endpoint", 200,
		func(ctx context.Context, in *struct {
			EndpointPath
			Body struct {
				URL         *string                  `json:"url,omitempty" nullable:"false" doc:"Where its deliveries go from now on."`
				Events      *[]string                `json:"events,omitempty" maxItems:"100" nullable:"false" doc:"What it gets from now on: event types, browser_*, step_* or *, each once."`
				Filter      patch[filterView]        `json:"filter,omitempty" doc:"Only events of sessions whose metadata passes."`
				RateLimit   patch[int]               `json:"rateLimit,omitempty" minimum:"0" maximum:"10000" doc:"Deliveries a second; 0: no limit."`
				Concurrency patch[int]               `json:"concurrency,omitempty" minimum:"0" maximum:"256" doc:"Requests at once; 0: as many as it copes with, up to 32."`
				Headers     patch[[]headerInput]     `json:"headers,omitempty" maxItems:"20" doc:"Replaces all of them."`
				SkipStale   patch[bool]              `json:"skipStale,omitempty" doc:"Don't send browser_ready any more once its session has ended."`
				Description patch[string]            `json:"description,omitempty" doc:"What it is for, in your words."`
				Metadata    patch[map[string]string] `json:"metadata,omitempty" doc:"Replaces all of it."`

				RetrySchedule retrySchedule `json:"retrySchedule,omitempty"`
			}
		}) (*endpointOutput, error) {
			b := &in.Body
			change := webhook.Change{
				URL: b.URL, Events: (*domain.Subscription)(b.Events), Description: b.Description.change(),
				Metadata: b.Metadata.change(), RateLimit: b.RateLimit.change(), Concurrency: b.Concurrency.change(),
				SkipStale: b.SkipStale.change(),
			}
			if b.RetrySchedule.given {
				waits, err := b.RetrySchedule.durations()
				if err != nil {
					return nil, err
				}
				change.RetrySchedule = &waits
			}
			if f := b.Filter.change(); f != nil {
				change.Filter = &domain.Filter{Metadata: f.Metadata}
			}
			if views := b.Headers.change(); views != nil {
				h := headers(*views)
				change.Headers = &h
			}
			e, err := s.Endpoints.Update(ctx, project(ctx), in.EndpointID, change)
			return &endpointOutput{Body: viewEndpoint(e, false)}, err
		})
	operation(s, http.MethodDelete, path+"/{endpointId}", "delete-endpoint", "Delete a webhook endpoint", 204,
		func(ctx context.Context, in *EndpointPath) (*empty, error) {
			return nil, s.Endpoints.Delete(ctx, project(ctx), in.EndpointID)
		})
	operation(s, http.MethodPost, path+"/{endpointId}/rotate-secret", "rotate-secret", "Give an endpoint a new secret", 200,
		func(ctx context.Context, in *struct {
			EndpointPath
			Creating
			Body *struct {
				Overlap string `json:"overlap,omitempty" default:"24h" maxLength:"20" doc:"How long the old secret signs beside the new one: 0s to 720h."`
			}
		}) (*endpointOutput, error) {
			idem, err := in.idempotency(ctx, "POST /v1"+path+"/"+in.EndpointID+"/rotate-secret")
			if err != nil {
				return nil, err
			}
			var overlap *time.Duration
			if in.Body != nil && in.Body.Overlap != "" {
				given, err := time.ParseDuration(in.Body.Overlap)
				if err != nil {
					return nil, domain.Invalid("overlap", "%q is not a duration such as 24h", in.Body.Overlap)
				}
				overlap = &given
			}
			e, err := s.Endpoints.RotateSecret(ctx, project(ctx), in.EndpointID, overlap, idem)
			return &endpointOutput{Replayed: replayed(idem), Body: viewEndpoint(e, true)}, err
		})
	for name, change := range map[string]struct {
		summary string
		do      func(Endpoints, context.Context, string, string) (domain.Endpoint, error)
	}{
		"enable":  {"Let a disabled endpoint receive again", Endpoints.Enable},
		"disable": {"Have an endpoint receive nothing", Endpoints.Disable},
		"pause":   {"Have everything wait that an endpoint is to receive", Endpoints.Pause},
		"resume":  {"Send what has waited for a paused endpoint", Endpoints.Resume},
	} {
		operation(s, http.MethodPost, path+"/{endpointId}/"+name, name+"-endpoint", change.summary, 200,
			func(ctx context.Context, in *EndpointPath) (*endpointOutput, error) {
				e, err := change.do(s.Endpoints, ctx, project(ctx), in.EndpointID)
				return &endpointOutput{Body: viewEndpoint(e, false)}, err
			})
	}
	operation(s, http.MethodPost, path+"/{endpointId}/recover", "recover-endpoint", "Send an endpoint what it has missed", 202,
		func(ctx context.Context, in *struct {
			EndpointPath
			Creating
			Body struct {
				Since time.Time  `json:"since" doc:"From when on."`
				Until *time.Time `json:"until,omitempty" nullable:"false" doc:"Now, by default."`
			}
		}) (*countOutput, error) {
			idem, err := in.idempotency(ctx, "POST /v1"+path+"/"+in.EndpointID+"/recover")
			if err != nil {
				return nil, err
			}
			until, err := moment("until", in.Body.Until)
			if err != nil {
				return nil, err
			}
			n, err := s.Deliveries.Recover(ctx, project(ctx), in.EndpointID, in.Body.Since, until, idem)
			return counted(n, idem), err
		}, refuseNull)
	operation(s, http.MethodPost, path+"/{endpointId}/test", "test-endpoint", "Send a webhook_test event to an endpoint", 202,
		func(ctx context.Context, in *struct {
			EndpointPath
			Creating
		}) (*deliveryOutput, error) {
			idem, err := in.idempotency(ctx, "POST /v1"+path+"/"+in.EndpointID+"/test")
			if err != nil {
				return nil, err
			}
			d, err := s.Endpoints.Test(ctx, project(ctx), in.EndpointID, idem)
			return &deliveryOutput{replayed(idem), viewDelivery(d)}, err
		})
}
