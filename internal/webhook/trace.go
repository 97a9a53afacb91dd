package webhook

import (
	"strconv"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// place is what the receiver's work belongs under: the attempt's span, if one is
// made; else what the event does.
func (a *attempts) place(job *domain.Job) domain.Trace {
	if a.span == nil || !job.Trace.Sampled() {
		return job.Trace
	}
	return job.Trace.Of(attemptID(&job.Delivery))
}

// attemptID names the next attempt of a delivery before it has its id.
func attemptID(d *domain.Delivery) string { return d.ID + "/" + strconv.Itoa(d.Attempts+1) }

// attemptSpan is an attempt that was made, under its event's own span.
func attemptSpan(job *domain.Job, o *domain.Outcome, ended time.Time) domain.Span {
	d, a := &job.Delivery, &o.Attempt
	s := domain.Span{
		Under: job.Trace.Of(d.EventID), ID: attemptID(d), Kind: domain.SpanClient, Name: "POST webhook", Start: a.StartedAt, End: ended,
		Attributes: []domain.Attribute{
			{Key: "http.request.method", Value: "POST"},
			{Key: "browserhook.session.id", Value: d.SessionID}, {Key: "browserhook.event.id", Value: d.EventID}, {Key: "browserhook.event.type", Value: string(d.EventType)},
			{Key: "browserhook.endpoint.id", Value: d.EndpointID}, {Key: "browserhook.delivery.id", Value: d.ID}, {Key: "browserhook.attempt.id", Value: a.ID},
			{Key: "browserhook.delivery.status", Value: string(o.Delivery.Status)}, {Key: "http.request.resend_count", Value: int64(a.Number - 1)},
		},
	}
	if a.StatusCode != 0 {
		s.Attributes = append(s.Attributes, domain.Attribute{Key: "http.response.status_code", Value: int64(a.StatusCode)})
	}
	if a.ErrorClass != "" {
		s.Error = a.ErrorClass
	}
	return s
}
