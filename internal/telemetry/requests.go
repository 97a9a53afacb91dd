package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/browserhook/browserhook/internal/domain"
)

// quiet are routes that are asked for all the time, of which no spans are made.
var quiet = map[string]bool{"GET /healthz": true, "GET /readyz": true, "GET /metrics": true, "": true}

// answer is what the requests are counted by that are answered alike.
type answer struct {
	route  string
	status int
}

// answered are the options for those, made once.
type answered struct {
	count []metric.AddOption
	time  []metric.RecordOption
}

var answers sync.Map // answer → answered

func answeredBy(route string, status int) answered {
	of := answer{route, status}
	found, ok := answers.Load(of)
	if !ok {
		label := attribute.String("route", route)
		found, _ = answers.LoadOrStore(of, answered{
			[]metric.AddOption{metric.WithAttributeSet(attribute.NewSet(label, attribute.String("code", strconv.Itoa(status))))},
			[]metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(label))},
		})
	}
	return found.(answered)
}

// Request is told of a request to a route ("": to none), and gives it as it goes on: in
// the trace that the caller says, or in one of its own, if one begins with it. done is to be called with what it
// was answered.
func (t *Telemetry) Request(r *http.Request, route string) (_ *http.Request, done func(status int)) {
	began := time.Now()
	ctx := r.Context()
	place := domain.ParseTrace(r.Header.Get("Traceparent"))
	var span trace.Span
	if t.tracer != nil && !quiet[route] && (place != "" || t.roots == nil || t.roots.Allow()) {
		ctx, span = t.tracer.Start(under(ctx, place), route, trace.WithSpanKind(trace.SpanKindServer))
		if span.IsRecording() {
			span.SetAttributes(attribute.String("http.request.method", r.Method), attribute.String("http.route", route))
		}
		place = placeOf(span.SpanContext())
	}
	if place != "" {
		r = r.WithContext(domain.WithTrace(ctx, place))
	}
	if route == "" {
		route = "none"
	}
	return r, func(status int) {
		if status == 0 {
			status = http.StatusOK // nothing was written, which net/http answers so
		}
		options := answeredBy(route, status)
		t.requests.Add(context.Background(), 1, options.count...)
		if status != http.StatusSwitchingProtocols { // it lasts as long as somebody looks
			t.requestTime.Record(context.Background(), time.Since(began).Seconds(), options.time...)
		}
		if span == nil || !span.IsRecording() {
			return
		}
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(status))
		}
		span.End()
	}
}
