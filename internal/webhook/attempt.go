package webhook

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/weburl"
)

// Sender sends one request; *egress.Client is one.
type Sender interface {
	Post(ctx context.Context, u *url.URL, header http.Header, body []byte) (egress.Answer, error)
}

// result is what an attempt has come to.
type result struct {
	outcome domain.Outcome
	draft   *domain.Draft
	flush   bool // record it at once: others of its session may wait for it
}

// response is what an attempt says about how its endpoint copes.
type response int

const (
	responseNone    response = iota // there was no attempt, or it was given up
	responseMissing                 // the endpoint, or what stands before it, is in trouble
	responseSlow                    // it answered; maybe that it doesn't want this delivery
	responseFast                    // it took the delivery, and soon
)

// fast is how soon.
const fast = time.Second

// judge tells an endpoint that is in trouble from one that doesn't want this
// delivery.
func judge(answer egress.Answer, err error, took time.Duration) response {
	switch e, ok := errors.AsType[*egress.Error](err); {
	case err == nil && took < fast:
		return responseFast
	case err == nil:
		return responseSlow
	case !ok:
		return responseMissing
	default:
		switch answer.StatusCode {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return responseMissing
		}
		if e.Class == egress.ClassStatus || e.Class == egress.ClassRedirect {
			return responseSlow
		}
		return responseMissing
	}
}

// attempts makes the attempts.
type attempts struct {
	sender    Sender
	userAgent string
	span      func(domain.Span) // nil: nobody wants to know
}

// make sends one delivery once.
func (a *attempts) make(ctx context.Context, templates *templateCache, job *domain.Job) (result, response) {
	started := time.Now()
	d := job.Delivery
	inline := job.Endpoint.SessionID != ""
	if job.Expired {
		r := result{outcome: expire(d, started), flush: job.Endpoint.Ordered}
		r.outcome.Inline = inline
		return r, responseNone
	}
	to := templates.of(job.Endpoint)
	trace := a.place(job)
	var answer egress.Answer
	err := to.err
	if err == nil {
		header := to.header(a.userAgent, d.EventID, started, job.Body)
		if trace != "" {
			header["Traceparent"] = []string{string(trace)}
		}
		answer, err = a.sender.Post(ctx, to.target, header, job.Body)
	}
	if ctx.Err() != nil && err != nil {
		return result{outcome: release(d), flush: job.Endpoint.Ordered}, responseNone
	}
	now := time.Now()
	r := result{outcome: decide(d, scheduleOf(&job.Endpoint.EndpointSettings), answer, err, started, now, random()), flush: job.Endpoint.Ordered}
	r.outcome.Inline = inline
	if !job.Endpoint.ChangedBy(r.outcome.Health, started) {
		r.outcome.Health = domain.HealthUnknown
	}
	if trace != job.Trace {
		a.span(attemptSpan(job, &r.outcome, now))
	}
	if done := &r.outcome.Delivery; done.Status == domain.DeliveryFailed && d.EventType.Kind() != "webhook" {
		draft := domain.DraftDelivery(done, now)
		draft.Trace = trace
		r.draft = &draft
	}
	return r, judge(answer, err, now.Sub(started))
}

// template is what all requests to an endpoint have in common.
type template struct {
	endpoint *domain.Endpoint
	target   *url.URL
	signer   signer
	headers  http.Header
	err      error
}

func newTemplate(e *domain.Endpoint) *template {
	t := &template{endpoint: e, headers: make(http.Header, len(e.Headers))}
	for _, h := range e.Headers {
		t.headers.Add(h.Name, h.Value)
	}
	if t.target, t.err = weburl.Parse(e.URL); t.err == nil {
		t.signer, t.err = newSigner(e.Secrets)
	}
	return t
}

// header is that of one attempt.
func (t *template) header(userAgent, id string, at time.Time, body []byte) http.Header {
	header := make(http.Header, 5+len(t.headers))
	header["Content-Type"], header["User-Agent"] = []string{"application/json"}, []string{userAgent}
	for name, value := range t.headers {
		header[name] = value
	}
	header["Webhook-Id"], header["Webhook-Timestamp"] = []string{id}, []string{strconv.FormatInt(at.Unix(), 10)}
	header["Webhook-Signature"] = []string{t.signer.sign(id, at, body)}
	return header
}

// templateCache has the template of one endpoint, as it was when last asked.
type templateCache struct{ last atomic.Pointer[template] }

func (c *templateCache) of(e *domain.Endpoint) *template {
	t := c.last.Load()
	if t == nil || t.endpoint != e {
		t = newTemplate(e)
		c.last.Store(t)
	}
	return t
}
