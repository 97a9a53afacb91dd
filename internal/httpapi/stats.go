package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/webhook"
)

// Stats says how endpoints do.
type Stats interface {
	Report(ctx context.Context, project, endpoint string, p webhook.Period) (webhook.Report, error)
	Summaries(ctx context.Context, project string, endpoints []string, p webhook.Period) (map[string]webhook.Summary, error)
}

// Examples sends endpoints examples of events.
type Examples interface {
	Send(ctx context.Context, project, endpoint string, e domain.Event) (domain.Attempt, error)
}

type statsCountsView struct {
	From      string `json:"from" format:"date-time" doc:"When this time began; it ends where the next begins, the last of them now."`
	Succeeded int    `json:"succeeded" doc:"Attempts that were answered with 2xx."`
	Failed    int    `json:"failed" doc:"Attempts that weren't."`
	GivenUp   int    `json:"givenUp" doc:"Deliveries that were given up after such an attempt."`
	MedianMs  *int64 `json:"medianMs,omitempty" doc:"How long half of the attempts took at most, in milliseconds, right within a quarter; not there when there were none."`
	P95Ms     *int64 `json:"p95Ms,omitempty" doc:"How long 95 of 100 took at most; so too."`
	Waiting   int    `json:"waiting" doc:"The most deliveries that were seen waiting; 10000 is that many or more."`
}

func viewCounts(s *domain.EndpointStats) statsCountsView {
	return statsCountsView{
		From: stamp(s.From), Succeeded: s.Succeeded, Failed: s.Failed, GivenUp: s.GivenUp, Waiting: s.Waiting,
		MedianMs: percentile(s, 0.5), P95Ms: percentile(s, 0.95),
	}
}

func percentile(s *domain.EndpointStats, p float64) *int64 {
	d, ok := s.Latencies.Percentile(p)
	if !ok {
		return nil
	}
	return new(d.Round(time.Millisecond).Milliseconds())
}

type statsView struct {
	Period     string            `json:"period" enum:"1h,24h,7d" doc:"The time that it is about, up to now."`
	BarSeconds int               `json:"barSeconds" doc:"How long each of the bars is."`
	Total      statsCountsView   `json:"total" doc:"All of it."`
	Bars       []statsCountsView `json:"bars" nullable:"false" doc:"The parts of it, in order, without gaps."`
	Waiting    int               `json:"waiting" doc:"Deliveries that wait now, or are being sent; 10000 is that many or more."`
	DueSince   string            `json:"dueSince,omitempty" format:"date-time" doc:"Since when the one is due that is due longest, or when the first will be; not there when none waits."`
}

type summaryView struct {
	Period   string          `json:"period" enum:"1h,24h,7d" doc:"The time that it is about, up to now."`
	Total    statsCountsView `json:"total" doc:"All of it."`
	Waiting  int             `json:"waiting" doc:"Deliveries that wait now, or are being sent; 10000 is that many or more."`
	DueSince string          `json:"dueSince,omitempty" format:"date-time" doc:"Since when the one is due that is due longest, or when the first will be; not there when none waits."`
}

func viewSummary(period string, s *webhook.Summary) summaryView {
	return summaryView{period, viewCounts(&s.Total), s.Backlog.Waiting, stamp(s.Backlog.DueSince)}
}

type exampleView struct {
	EventID   string `json:"eventId" doc:"Also the webhook-id header that it was sent with. There is no such event."`
	Delivered bool   `json:"delivered" doc:"Whether it was answered with 2xx."`
	Outcome
}

// addStats says of each endpoint how it did.
func (s *server) addStats(ctx context.Context, all []endpointView, period string) error {
	ids := make([]string, len(all))
	for i := range all {
		ids[i] = all[i].EndpointID
	}
	did, err := s.Stats.Summaries(ctx, project(ctx), ids, webhook.Period(period))
	if err != nil {
		return err
	}
	for i := range all {
		sum := did[all[i].EndpointID]
		all[i].Stats = new(viewSummary(period, &sum))
	}
	return nil
}

func (s *server) statsRoutes() {
	const path = "/webhook-endpoints/{endpointId}"
	operation(s, http.MethodGet, path+"/stats", "get-endpoint-stats", "Read how an endpoint does", 200,
		func(ctx context.Context, in *struct {
			EndpointPath
			Period string `query:"period" enum:"1h,24h,7d" default:"24h" doc:"The time, up to now: in bars of 5 minutes, 30 minutes or 2 hours."`
		}) (*struct{ Body statsView }, error) {
			r, err := s.Stats.Report(ctx, project(ctx), in.EndpointID, webhook.Period(in.Period))
			if err != nil {
				return nil, err
			}
			out := &struct{ Body statsView }{statsView{
				Period: in.Period, BarSeconds: int(r.Bar.Seconds()), Total: viewCounts(&r.Total),
				Bars: make([]statsCountsView, len(r.Bars)), Waiting: r.Backlog.Waiting, DueSince: stamp(r.Backlog.DueSince),
			}}
			for i := range r.Bars {
				out.Body.Bars[i] = viewCounts(&r.Bars[i])
			}
			return out, nil
		})
	operation(s, http.MethodPost, path+"/send-example", "send-example", "Send an endpoint an example of an event", 200,
		func(ctx context.Context, in *struct {
			EndpointPath
			Body struct {
				EventType string `json:"eventType" maxLength:"64" doc:"Of which type."`
			}
		}) (*struct{ Body exampleView }, error) {
			kind, err := eventType("eventType", in.Body.EventType)
			if err != nil {
				return nil, err
			}
			if err := s.takeSlot(ctx); err != nil {
				return nil, err
			}
			e := domain.Event{ID: domain.NewID(domain.PrefixEvent), Type: kind, CreatedAt: time.Now()}
			e.Body = exampleOfEvent(kind, e.ID, e.CreatedAt)
			a, err := s.Examples.Send(ctx, project(ctx), in.EndpointID, e)
			return &struct{ Body exampleView }{exampleView{e.ID, err == nil && a.ErrorClass == "", viewOutcome(a)}}, err
		})
}
