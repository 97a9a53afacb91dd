package telemetry

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/browserhook/browserhook/internal/domain"
)

// labels are the options for one label by its value, made once: what is counted all the
// time costs no allocation. Its zero value is ready.
type labels struct {
	record, add sync.Map // value → []metric.RecordOption, []metric.AddOption
}

func (l *labels) adding(key, value string) []metric.AddOption {
	if o, ok := l.add.Load(value); ok {
		return o.([]metric.AddOption)
	}
	o := []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String(key, value)))}
	l.add.Store(value, o)
	return o
}

func (l *labels) recording(key, value string) []metric.RecordOption {
	if o, ok := l.record.Load(value); ok {
		return o.([]metric.RecordOption)
	}
	o := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attribute.String(key, value)))}
	l.record.Store(value, o)
	return o
}

var classes, ends, types, domains labels

// Recorded is told the outcomes of deliveries that are on disk.
func (t *Telemetry) Recorded(all []domain.Outcome) {
	ctx := context.Background()
	var delivered, given, canceled int64
	attempts := map[string]int64{}
	for i := range all {
		o := &all[i]
		switch o.Delivery.Status {
		case domain.DeliveryDelivered:
			delivered++
			t.delivered.Record(ctx, o.Delivery.EndedAt.Sub(o.Delivery.CreatedAt).Seconds())
		case domain.DeliveryFailed:
			given++
		case domain.DeliveryCanceled:
			canceled++
		}
		if o.Attempt.ID != "" {
			attempts[o.Attempt.ErrorClass]++
			t.attemptTime.Record(ctx, o.Attempt.Duration.Seconds())
		}
	}
	for outcome, n := range map[string]int64{"delivered": delivered, "failed": given, "canceled": canceled} {
		if n > 0 {
			t.deliveries.Add(ctx, n, ends.adding("outcome", outcome)...)
		}
	}
	for class, n := range attempts {
		if class == "" {
			class = "ok"
		}
		t.attempts.Add(ctx, n, classes.adding("outcome", class)...)
	}
}

// Committed is told the events of a commit.
func (t *Telemetry) Committed(events []domain.Event) {
	for i := range events {
		e := &events[i]
		t.events.Add(context.Background(), 1, types.adding("type", string(e.Type))...)
		if t.tracer == nil || !e.Trace.Sampled() {
			continue
		}
		t.Span(domain.Span{
			Under: e.Trace, ID: e.ID, Kind: domain.SpanProducer, Name: "event " + string(e.Type), Start: e.CreatedAt, End: e.CreatedAt,
			Attributes: []domain.Attribute{
				{Key: "browserhook.project.id", Value: e.ProjectID}, {Key: "browserhook.session.id", Value: e.SessionID},
				{Key: "browserhook.event.id", Value: e.ID}, {Key: "browserhook.event.type", Value: string(e.Type)}, {Key: "browserhook.event.sequence", Value: e.Sequence},
			},
		})
	}
}

// called are the options of calls of one domain that went well, and that did not.
type called struct {
	time     []metric.RecordOption
	ok, fail []metric.AddOption
}

var callsOf sync.Map // by domain

// Called is told of a command to a browser.
func (t *Telemetry) Called(ctx context.Context, method string, sent time.Time, err error) {
	part, _, _ := strings.Cut(method, ".")
	found, ok := callsOf.Load(part)
	if !ok {
		label := attribute.String("domain", part)
		set := func(outcome string) []metric.AddOption {
			return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(label, attribute.String("outcome", outcome)))}
		}
		found, _ = callsOf.LoadOrStore(part, called{domains.recording("domain", part), set("ok"), set("error")})
	}
	options := found.(called)
	now, failure := time.Now(), ""
	t.callTime.Record(context.Background(), now.Sub(sent).Seconds(), options.time...)
	if err == nil {
		t.calls.Add(context.Background(), 1, options.ok...)
	} else {
		t.calls.Add(context.Background(), 1, options.fail...)
		failure = "call_failed"
	}
	if place := domain.TraceOf(ctx); t.tracer != nil && place.Sampled() {
		t.Span(domain.Span{Under: place, Kind: domain.SpanClient, Name: method, Start: sent, End: now, Error: failure})
	}
}

var (
	reads  = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("operation", "read")))}
	writes = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("operation", "write")))}
)

// Database is told of a transaction, or of a read.
func (t *Telemetry) Database(write bool, took time.Duration) {
	options := reads
	if write {
		options = writes
	}
	t.databaseTime.Record(context.Background(), took.Seconds(), options...)
}
