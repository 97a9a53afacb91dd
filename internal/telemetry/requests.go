package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/browserhook/browserhook/internal/domain"
)

// quiet are routes that are asked for all the time, of which no spans are made.
var quiet = map[string]bool{"GET /healthz": true, "GET /readyz": true, "GET /metrics": true, "": true}

// Request is told of a request to a route ("": to none), and gives it as it goes on: in
// the trace that the caller says, or in one of its own. done is to be called with what it
// was answered.
func (t *Telemetry) Request(r *http.Request, route string) (_ *http.Request, done func(status int)) {
	began := time.Now()
	ctx := r.Context()
	place := domain.ParseTrace(r.Header.Get("Traceparent"))
	var span trace.Span
	if t.tracer != nil && !quiet[route] {
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
		code := attribute.String("code", strconv.Itoa(status))
		t.requests.Add(context.Background(), 1, metric.WithAttributeSet(attribute.NewSet(attribute.String("route", route), code)))
		if status != http.StatusSwitchingProtocols { // it lasts as long as somebody looks
			t.requestTime.Record(context.Background(), time.Since(began).Seconds(), metric.WithAttributeSet(attribute.NewSet(attribute.String("route", route))))
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
