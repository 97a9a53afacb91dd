package browserhook

import (
	"context"
	"iter"
	"net/http"
)

// Deliveries are events on their way to endpoints.
type Deliveries struct{ api *Client }

func (d *Deliveries) path(id string, more ...string) string {
	return path(append([]string{"deliveries", id}, more...)...)
}

// List reads deliveries, the newest first.
func (d *Deliveries) List(ctx context.Context, p ListDeliveriesParams) iter.Seq2[Delivery, error] {
	return list[Delivery](ctx, d.api, path("deliveries"), p.query())
}

// Page reads a part of the list.
func (d *Deliveries) Page(ctx context.Context, p ListDeliveriesParams) (*Page[Delivery], error) {
	return page[Delivery](ctx, d.api, path("deliveries"), p.query())
}

// Get reads a delivery.
func (d *Deliveries) Get(ctx context.Context, id string) (*Delivery, error) {
	return ask[Delivery](ctx, d.api, request{method: http.MethodGet, path: d.path(id)})
}

// Attempts reads what became of each request of a delivery.
func (d *Deliveries) Attempts(ctx context.Context, id string, p ListParams) iter.Seq2[Attempt, error] {
	return list[Attempt](ctx, d.api, d.path(id, "attempts"), p.query())
}

// Explain says in a sentence why a delivery is as it is.
func (d *Deliveries) Explain(ctx context.Context, id string) (*Explanation, error) {
	return ask[Explanation](ctx, d.api, request{method: http.MethodGet, path: d.path(id, "explain")})
}

// Retry sends a delivery again, with all its tries anew.
func (d *Deliveries) Retry(ctx context.Context, id string) (*Delivery, error) {
	return ask[Delivery](ctx, d.api, request{method: http.MethodPost, path: d.path(id, "retry"), once: true})
}

// Cancel gives a delivery up.
func (d *Deliveries) Cancel(ctx context.Context, id string) (*Delivery, error) {
	return ask[Delivery](ctx, d.api, request{method: http.MethodPost, path: d.path(id, "cancel")})
}

// RetryMany sends those again that are chosen.
func (d *Deliveries) RetryMany(ctx context.Context, p RetryDeliveriesRequest) (*DeliveryCount, error) {
	return ask[DeliveryCount](ctx, d.api, request{method: http.MethodPost, path: path("deliveries", "retry"), body: p, once: true})
}

// CancelMany gives those up that are chosen.
func (d *Deliveries) CancelMany(ctx context.Context, p CancelDeliveriesRequest) (*DeliveryCount, error) {
	return ask[DeliveryCount](ctx, d.api, request{method: http.MethodPost, path: path("deliveries", "cancel"), body: p})
}
