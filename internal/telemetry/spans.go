package telemetry

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/browserhook/browserhook/internal/domain"
)

var kinds = map[domain.SpanKind]trace.SpanKind{
	domain.SpanInternal: trace.SpanKindInternal, domain.SpanClient: trace.SpanKindClient, domain.SpanProducer: trace.SpanKindProducer,
}

// Span tells of something that was done, if spans of its trace are kept.
func (t *Telemetry) Span(s domain.Span) {
	if t.tracer == nil || !s.Under.Sampled() {
		return
	}
	ctx := under(context.Background(), s.Under)
	if s.ID != "" {
		ctx = context.WithValue(ctx, idKey{}, spanContext(s.Under.Of(s.ID)).SpanID())
	}
	attributes := make([]attribute.KeyValue, 0, len(s.Attributes)+1)
	for _, a := range s.Attributes {
		switch v := a.Value.(type) {
		case string:
			if v != "" {
				attributes = append(attributes, attribute.String(a.Key, v))
			}
		case int64:
			attributes = append(attributes, attribute.Int64(a.Key, v))
		}
	}
	if s.Error != "" {
		attributes = append(attributes, attribute.String("error.type", s.Error))
	}
	_, span := t.tracer.Start(ctx, s.Name, trace.WithTimestamp(s.Start), trace.WithSpanKind(kinds[s.Kind]), trace.WithAttributes(attributes...))
	if s.Error != "" {
		span.SetStatus(codes.Error, s.Error)
	}
	span.End(trace.WithTimestamp(s.End))
}

// under is a context in which spans belong under a place.
func under(ctx context.Context, place domain.Trace) context.Context {
	return trace.ContextWithRemoteSpanContext(ctx, spanContext(place))
}

// spanContext is a place as OpenTelemetry has it.
func spanContext(place domain.Trace) trace.SpanContext {
	if place == "" {
		return trace.SpanContext{}
	}
	var cfg trace.SpanContextConfig
	var flags [1]byte
	p := string(place)
	_, _ = hex.Decode(cfg.TraceID[:], []byte(p[3:35]))
	_, _ = hex.Decode(cfg.SpanID[:], []byte(p[36:52]))
	_, _ = hex.Decode(flags[:], []byte(p[53:55]))
	cfg.TraceFlags = trace.TraceFlags(flags[0])
	return trace.NewSpanContext(cfg)
}

// placeOf is the opposite.
func placeOf(c trace.SpanContext) domain.Trace {
	trace, span, flags := c.TraceID(), c.SpanID(), c.TraceFlags()
	place := make([]byte, 0, len("00-")+2*len(trace)+len("-")+2*len(span)+len("-00"))
	place = hex.AppendEncode(append(place, "00-"...), trace[:])
	place = hex.AppendEncode(append(place, '-'), span[:])
	return domain.Trace(hex.AppendEncode(append(place, '-'), []byte{byte(flags)}))
}

type idKey struct{}

// ids gives a span the id that its context has for it: that of what has an id itself
// follows from that.
type ids struct{}

// NewIDs implements [sdktrace.IDGenerator].
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	var id trace.TraceID
	_, _ = rand.Read(id[:])
	return id, ids{}.NewSpanID(ctx, id)
}

// NewSpanID implements [sdktrace.IDGenerator].
func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	if id, ok := ctx.Value(idKey{}).(trace.SpanID); ok {
		return id
	}
	var id trace.SpanID
	_, _ = rand.Read(id[:])
	return id
}
