package dashboard

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/domain"
)

// whole is a number of an address; 0: it is none.
func whole(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

const (
	attemptsOnPage = 50
	// deliveryEvery is how often the page of a delivery that goes on asks again.
	deliveryEvery = 2 * time.Second
)

func (h *Handler) deliveryPages() []page {
	return []page{
		{pattern: "GET /deliveries/{id}", show: h.delivery},
		{pattern: "POST /deliveries/{id}/retry", role: domain.RoleProject, act: func(c *call) (string, error) {
			return c.afterDelivery(c.API.Deliveries.Retry)
		}},
		{pattern: "POST /deliveries/{id}/cancel", role: domain.RoleProject, act: func(c *call) (string, error) {
			return c.afterDelivery(c.API.Deliveries.Cancel)
		}},
	}
}

func (c *call) afterDelivery(do func(context.Context, string) (*browserhook.Delivery, error)) (string, error) {
	id := c.r.PathValue("id")
	_, err := do(c.r.Context(), id)
	return "/deliveries/" + url.PathEscape(id), err
}

type deliveryView struct {
	*browserhook.Delivery
	Why      *browserhook.Explanation
	Attempts []attemptView // the newest first
	Endpoint *browserhook.Endpoint
	Body     json.RawMessage // nil: the event is gone
	Open     bool
	Many     bool // there are more attempts
}

type attemptView struct {
	browserhook.Attempt
	Headers string // of the request
	Last    bool
}

// delivery shows an event on its way to an endpoint: where it is and why, and each request
// with its answer.
func (h *Handler) delivery(c *call) (view, error) {
	ctx, id := c.r.Context(), c.r.PathValue("id")
	d, err := c.API.Deliveries.Get(ctx, id)
	if err != nil {
		return view{}, err
	}
	v := deliveryView{Delivery: d, Open: d.Status == browserhook.DeliveryPending || d.Status == browserhook.DeliverySending}
	if v.Why, err = c.API.Deliveries.Explain(ctx, id); err != nil {
		return view{}, err
	}
	if e, err := c.API.Endpoints.Get(ctx, d.EndpointID); err == nil {
		v.Endpoint = e
	}
	if e, err := c.API.Events.Get(ctx, d.EventID); err == nil {
		v.Body = e.Raw
	}
	for a, err := range c.API.Deliveries.Attempts(ctx, id, browserhook.ListParams{Limit: attemptsOnPage}) {
		if err != nil {
			return view{}, err
		}
		if len(v.Attempts) == attemptsOnPage {
			v.Many = true
			break
		}
		v.Attempts = append([]attemptView{{Attempt: a, Headers: sentHeaders(d, &a)}}, v.Attempts...)
	}
	if len(v.Attempts) > 0 {
		v.Attempts[0].Last = true
	}
	out := view{Title: d.EventType + " to an endpoint", Section: "/webhooks", Template: "delivery", Data: v}
	if v.Open {
		out.Every = deliveryEvery
	}
	return out, nil
}

// sentHeaders are those by which a request is recognized. What it was signed with isn't
// kept.
func sentHeaders(d *browserhook.Delivery, a *browserhook.Attempt) string {
	return "content-type: application/json\nwebhook-id: " + d.EventID + "\nwebhook-timestamp: " + strconv.FormatInt(a.StartedAt.Unix(), 10) + "\nwebhook-signature: v1,… (made with the secret, and not kept)"
}
