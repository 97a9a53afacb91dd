package browserhook

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

// Endpoints are the addresses that events are sent to.
type Endpoints struct{ api *Client }

func (e *Endpoints) post(ctx context.Context, id, what string, body any, once bool) (*Endpoint, error) {
	return ask[Endpoint](ctx, e.api, request{method: http.MethodPost, path: path("webhook-endpoints", id, what), body: body, once: once})
}

// Create makes an endpoint. Its secret is in this answer, and in no other.
func (e *Endpoints) Create(ctx context.Context, p CreateEndpointRequest) (*Endpoint, error) {
	return ask[Endpoint](ctx, e.api, request{method: http.MethodPost, path: path("webhook-endpoints"), body: p, once: true})
}

// Get reads an endpoint.
func (e *Endpoints) Get(ctx context.Context, id string) (*Endpoint, error) {
	return ask[Endpoint](ctx, e.api, request{method: http.MethodGet, path: path("webhook-endpoints", id)})
}

// List reads endpoints.
func (e *Endpoints) List(ctx context.Context, p ListEndpointsParams) iter.Seq2[Endpoint, error] {
	return list[Endpoint](ctx, e.api, path("webhook-endpoints"), p.query())
}

// Page reads a part of the list.
func (e *Endpoints) Page(ctx context.Context, p ListEndpointsParams) (*Page[Endpoint], error) {
	return page[Endpoint](ctx, e.api, path("webhook-endpoints"), p.query())
}

// Update changes an endpoint.
func (e *Endpoints) Update(ctx context.Context, id string, p UpdateEndpointRequest) (*Endpoint, error) {
	return ask[Endpoint](ctx, e.api, request{method: http.MethodPatch, path: path("webhook-endpoints", id), body: p})
}

// Delete deletes an endpoint; what was on its way to it is canceled.
func (e *Endpoints) Delete(ctx context.Context, id string) error {
	return tell(ctx, e.api, request{method: http.MethodDelete, path: path("webhook-endpoints", id), gone: true})
}

// Enable has an endpoint get events again that was disabled.
func (e *Endpoints) Enable(ctx context.Context, id string) (*Endpoint, error) {
	return e.post(ctx, id, "enable", nil, false)
}

// Disable has an endpoint get no more events; what waits for it is canceled.
func (e *Endpoints) Disable(ctx context.Context, id string) (*Endpoint, error) {
	return e.post(ctx, id, "disable", nil, false)
}

// Pause holds back what is to be sent to an endpoint, until [Endpoints.Resume].
func (e *Endpoints) Pause(ctx context.Context, id string) (*Endpoint, error) {
	return e.post(ctx, id, "pause", nil, false)
}

// Resume goes on with an endpoint that was paused.
func (e *Endpoints) Resume(ctx context.Context, id string) (*Endpoint, error) {
	return e.post(ctx, id, "resume", nil, false)
}

// Test sends an endpoint a webhook_test event.
func (e *Endpoints) Test(ctx context.Context, id string) (*Delivery, error) {
	return ask[Delivery](ctx, e.api, request{method: http.MethodPost, path: path("webhook-endpoints", id, "test"), once: true})
}

// Stats says how an endpoint did in a period up to now: "1h", "24h" or "7d".
func (e *Endpoints) Stats(ctx context.Context, id, period string) (*EndpointStats, error) {
	return ask[EndpointStats](ctx, e.api, request{method: http.MethodGet, path: path("webhook-endpoints", id, "stats"), query: url.Values{"period": {period}}})
}

// SendExample sends an endpoint an example of an event, once, and says what it answered.
func (e *Endpoints) SendExample(ctx context.Context, id string, p SendExampleRequest) (*ExampleAnswer, error) {
	return ask[ExampleAnswer](ctx, e.api, request{method: http.MethodPost, path: path("webhook-endpoints", id, "send-example"), body: p})
}

// RotateSecret gives an endpoint a new secret, which is in this answer; for a while the
// old one signs too.
func (e *Endpoints) RotateSecret(ctx context.Context, id string, p RotateSecretRequest) (*Endpoint, error) {
	return e.post(ctx, id, "rotate-secret", p, true)
}

// Recover sends an endpoint the events of a time that it did not get.
func (e *Endpoints) Recover(ctx context.Context, id string, p RecoverEndpointRequest) (*DeliveryCount, error) {
	return ask[DeliveryCount](ctx, e.api, request{method: http.MethodPost, path: path("webhook-endpoints", id, "recover"), body: p, once: true})
}
