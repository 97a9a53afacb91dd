package dashboard

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/domain"
)

const (
	endpointsOnPage  = 20
	deliveriesOnPage = 25
	// backlogFull is what the API says of that many waiting deliveries or more.
	backlogFull = domain.BacklogAtMost
)

func (h *Handler) endpointPages() []page {
	return []page{
		{pattern: "GET /webhooks", show: h.endpoints},
		{pattern: "POST /webhooks", role: domain.RoleProject, show: h.createEndpoint},
		{pattern: "GET /webhooks/{id}", show: h.endpoint},
		{pattern: "POST /webhooks/{id}/rotate-secret", role: domain.RoleProject, show: h.rotateSecret},
		{pattern: "POST /webhooks/{id}/state", role: domain.RoleProject, act: h.changeEndpoint},
		{pattern: "POST /webhooks/{id}/test", role: domain.RoleProject, act: h.testEndpoint},
		{pattern: "POST /webhooks/{id}/recover", role: domain.RoleProject, act: h.recoverEndpoint},
		{pattern: "POST /webhooks/{id}/retry", role: domain.RoleProject, act: h.retryDeliveries},
		{pattern: "POST /webhooks/{id}/delete", role: domain.RoleProject, act: h.deleteEndpoint},
	}
}

// endpointRow is an endpoint with how its last day was.
type endpointRow struct{ browserhook.Endpoint }

// State is what to show of it: failing, while it is sent what it doesn't take.
func (e endpointRow) State() string { return stateOf(&e.Endpoint) }

func stateOf(e *browserhook.Endpoint) string {
	if e.Status == browserhook.EndpointEnabled && !e.FailingSince.IsZero() {
		return "failing"
	}
	return strings.ToLower(string(e.Status))
}

// Share is how many of 100 attempts succeeded.
func (e endpointRow) Share() string {
	if e.Stats == nil {
		return "–"
	}
	return share(&e.Stats.Total)
}

func share(c *browserhook.AttemptCounts) string {
	all := c.Succeeded + c.Failed
	if all == 0 {
		return "–"
	}
	percent := 100 * float64(c.Succeeded) / float64(all)
	if c.Failed > 0 {
		percent = math.Min(percent, 99.9) // rounded up, it would say that none failed
	}
	return strings.TrimSuffix(counted(math.Floor(percent*10)/10), ".0") + " %"
}

// waiting is a number of deliveries that wait.
func waiting(n int) string {
	if n >= backlogFull {
		return counted(float64(backlogFull)) + " or more"
	}
	return counted(float64(n))
}

type endpointsView struct {
	Endpoints []endpointRow
	Older     string
	Later     bool
	Types     []domain.EventType
}

func (h *Handler) endpoints(c *call) (view, error) {
	cursor := c.r.URL.Query().Get("cursor")
	got, err := c.API.Endpoints.Page(c.r.Context(), browserhook.ListEndpointsParams{Cursor: cursor, Limit: endpointsOnPage, Stats: "24h"})
	if err != nil {
		return view{}, err
	}
	v := endpointsView{Older: got.NextCursor, Later: cursor != "", Types: domain.EventTypes}
	for _, e := range got.Data {
		v.Endpoints = append(v.Endpoints, endpointRow{e})
	}
	return view{Title: "Webhooks", Section: "/webhooks", Template: "endpoints", Data: v, Every: listEvery}, nil
}

// secretView is what is shown one time.
type secretView struct {
	What, Secret, For, Says, Next, NextName string
}

func (h *Handler) createEndpoint(c *call) (view, error) {
	form := c.r.PostForm
	in := browserhook.CreateEndpointRequest{
		URL: strings.TrimSpace(form.Get("url")), Events: form["events"], Description: strings.TrimSpace(form.Get("description")), Ordered: form.Get("ordered") != "",
	}
	if len(in.Events) == 0 {
		in.Events = []string{"*"}
	}
	e, err := c.API.Endpoints.Create(c.r.Context(), in)
	if err != nil {
		return view{}, err
	}
	return secretPage("/webhooks", secretView{
		"The endpoint's secret", e.Secret, e.URL,
		"Your receiver verifies each webhook with it. It is shown now and not again; a lost one is replaced by rotating it.", "/webhooks/" + e.EndpointID, "To the endpoint",
	}), nil
}

func (h *Handler) rotateSecret(c *call) (view, error) {
	id := c.r.PathValue("id")
	overlap := c.r.PostForm.Get("overlap")
	e, err := c.API.Endpoints.RotateSecret(c.r.Context(), id, browserhook.RotateSecretRequest{Overlap: overlap})
	if err != nil {
		return view{}, err
	}
	return secretPage("/webhooks", secretView{
		"The endpoint's new secret", e.Secret, e.URL,
		"Both secrets sign for " + cmp.Or(overlap, "24h") + ": change your receiver over in that time. This one is shown now and not again.", "/webhooks/" + id, "To the endpoint",
	}), nil
}

func secretPage(section string, v secretView) view {
	return view{Title: v.What, Section: section, Template: "secret", Data: v}
}

type endpointView struct {
	browserhook.Endpoint
	Stats      *browserhook.EndpointStats
	Period     string
	Periods    []string
	Charts     []plot
	DueSince   time.Time
	Deliveries []browserhook.Delivery
	Status     string
	Type       string
	Statuses   []browserhook.DeliveryStatus
	Types      []domain.EventType
	Older      string
	Later      bool
	Again      bool // a recover or retry led here
	Sent       int  // by that
}

// State is what to show of it.
func (v endpointView) State() string { return stateOf(&v.Endpoint) }

// Share is how many of 100 attempts succeeded.
func (v endpointView) Share() string { return share(&v.Stats.Total) }

// Here is the page with another part of the list, or another period.
func (v endpointView) Here(pairs ...string) string {
	all := []string{"period", v.Period, "status", v.Status, "type", v.Type}
	for pair := range slices.Chunk(pairs, 2) {
		for i := 0; i < len(all); i += 2 {
			if all[i] == pair[0] {
				all[i+1], pair = pair[1], nil
				break
			}
		}
		all = append(all, pair...)
	}
	to := url.Values{}
	for pair := range slices.Chunk(all, 2) {
		if pair[1] != "" {
			to.Set(pair[0], pair[1])
		}
	}
	return "/webhooks/" + url.PathEscape(v.EndpointID) + "?" + to.Encode()
}

// Through is how many of those that were sent again have been tried, as far as what waits
// tells; -1: it can't be told.
func (v endpointView) Through() int {
	if v.Stats == nil || v.Stats.Waiting >= backlogFull {
		return -1
	}
	return max(0, v.Sent-v.Stats.Waiting)
}

var deliveryStatuses = []browserhook.DeliveryStatus{
	browserhook.DeliveryPending, browserhook.DeliverySending, browserhook.DeliveryDelivered, browserhook.DeliveryFailed, browserhook.DeliveryCanceled,
}

var periods = []string{"1h", "24h", "7d"}

func (h *Handler) endpoint(c *call) (view, error) {
	ctx, id, q := c.r.Context(), c.r.PathValue("id"), c.r.URL.Query()
	e, err := c.API.Endpoints.Get(ctx, id)
	if err != nil {
		return view{}, err
	}
	v := endpointView{
		Endpoint: *e, Period: cmp.Or(q.Get("period"), "24h"), Periods: periods, Status: q.Get("status"), Type: q.Get("type"),
		Statuses: deliveryStatuses, Types: domain.EventTypes, Later: q.Get("cursor") != "", Again: q.Has("sent"), Sent: whole(q.Get("sent")),
	}
	if v.Stats, err = c.API.Endpoints.Stats(ctx, id, v.Period); err != nil {
		return view{}, err
	}
	v.Charts, v.DueSince = statsCharts(v.Stats), v.Stats.DueSince
	got, err := c.API.Deliveries.Page(ctx, browserhook.ListDeliveriesParams{
		EndpointID: id, Status: browserhook.DeliveryStatus(v.Status), EventType: v.Type, Cursor: q.Get("cursor"), Limit: deliveriesOnPage,
	})
	if err != nil {
		return view{}, err
	}
	v.Deliveries, v.Older = got.Data, got.NextCursor
	return view{Title: e.URL, Section: "/webhooks", Template: "endpoint", Data: v, Every: listEvery}, nil
}

// wrong refuses what a form says.
func wrong(detail string) error {
	return &browserhook.Error{Status: http.StatusUnprocessableEntity, Title: "That can't be done", Detail: detail}
}

// statsCharts draws what an endpoint's attempts came to, how long they took, and what
// waited.
func statsCharts(s *browserhook.EndpointStats) []plot {
	n := len(s.Bars)
	from := make([]time.Time, n)
	columns := make([][]float64, 5)
	for i := range columns {
		columns[i] = make([]float64, n)
	}
	milliseconds := func(ms int, tried bool) float64 {
		if !tried {
			return math.NaN()
		}
		return float64(ms)
	}
	for i, b := range s.Bars {
		from[i] = b.From
		tried := b.Succeeded+b.Failed > 0
		for at, value := range []float64{float64(b.Succeeded), float64(b.Failed), milliseconds(b.MedianMs, tried), milliseconds(b.P95Ms, tried), float64(b.Waiting)} {
			columns[at][i] = value
		}
	}
	bar := time.Duration(s.BarSeconds) * time.Second
	base := chart{Bar: bar, From: from, Value: counted}
	attempts, latency, backlog := base, base, base
	attempts.ID, attempts.Title = "attempts-chart", "Attempts"
	attempts.Says = counted(float64(s.Total.Succeeded)) + " attempts succeeded and " + counted(float64(s.Total.Failed)) + " failed."
	attempts.Series = []series{{"succeeded", "good", columns[0]}, {"failed", "bad", columns[1]}}
	latency.ID, latency.Title, latency.Lines = "latency-chart", "Time to answer", true
	latency.Value = func(ms float64) string { return took(time.Duration(ms * float64(time.Millisecond))) }
	latency.Says = "Half of the attempts took " + latency.Value(float64(s.Total.MedianMs)) + " at most, and 95 of 100 " + latency.Value(float64(s.Total.P95Ms)) + "."
	latency.Series = []series{{"median", "busy", columns[2]}, {"95 of 100", "warn", columns[3]}}
	backlog.ID, backlog.Title, backlog.Says = "backlog-chart", "Waiting", "Up to "+waiting(s.Total.Waiting)+" deliveries waited; now it is "+waiting(s.Waiting)+"."
	backlog.Series = []series{{"deliveries", "busy", columns[4]}}
	return []plot{draw(attempts), draw(latency), draw(backlog)}
}

// changeEndpoint pauses and resumes, enables and disables.
func (h *Handler) changeEndpoint(c *call) (string, error) {
	id := c.r.PathValue("id")
	do := map[string]func() error{
		"pause":   func() error { _, err := c.API.Endpoints.Pause(c.r.Context(), id); return err },
		"resume":  func() error { _, err := c.API.Endpoints.Resume(c.r.Context(), id); return err },
		"enable":  func() error { _, err := c.API.Endpoints.Enable(c.r.Context(), id); return err },
		"disable": func() error { _, err := c.API.Endpoints.Disable(c.r.Context(), id); return err },
	}[c.r.PostForm.Get("do")]
	if do == nil {
		return "", wrong("It can be paused, resumed, enabled or disabled.")
	}
	return "/webhooks/" + url.PathEscape(id), do()
}

func (h *Handler) testEndpoint(c *call) (string, error) {
	d, err := c.API.Endpoints.Test(c.r.Context(), c.r.PathValue("id"))
	if err != nil {
		return "", err
	}
	return "/deliveries/" + d.DeliveryID, nil
}

// recoverEndpoint sends what was missed in the last hours, or since a time.
func (h *Handler) recoverEndpoint(c *call) (string, error) {
	id := c.r.PathValue("id")
	back, err := time.ParseDuration(c.r.PostForm.Get("back"))
	if err != nil || back <= 0 {
		return "", wrong("Say how far to go back.")
	}
	n, err := c.API.Endpoints.Recover(c.r.Context(), id, browserhook.RecoverEndpointRequest{Since: time.Now().Add(-back)})
	if err != nil {
		return "", err
	}
	return sentTo(id, n.Deliveries), nil
}

func (h *Handler) retryDeliveries(c *call) (string, error) {
	id := c.r.PathValue("id")
	n, err := c.API.Deliveries.RetryMany(c.r.Context(), browserhook.RetryDeliveriesRequest{EndpointID: id, Status: browserhook.DeliveryFailed})
	if err != nil {
		return "", err
	}
	return sentTo(id, n.Deliveries), nil
}

// sentTo is the endpoint's page with how far what was sent again is.
func sentTo(id string, n int) string {
	return "/webhooks/" + url.PathEscape(id) + "?sent=" + number(float64(n))
}

func (h *Handler) deleteEndpoint(c *call) (string, error) {
	return "/webhooks", c.API.Endpoints.Delete(c.r.Context(), c.r.PathValue("id"))
}
