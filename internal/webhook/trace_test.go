package webhook

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

const (
	kept    = domain.Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	notKept = domain.Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
)

// sent keeps the last request's header.
type sent struct {
	header http.Header
	err    error
}

func (s *sent) Post(_ context.Context, _ *url.URL, header http.Header, _ []byte) (egress.Answer, error) {
	s.header = header
	if s.err != nil {
		return egress.Answer{StatusCode: 500}, s.err
	}
	return egress.Answer{StatusCode: 204}, nil
}

func traceJob(trace domain.Trace) *domain.Job {
	m := newMemory()
	jobs := m.add("p/a", 1)
	jobs[0].Trace, jobs[0].Delivery.Status = trace, domain.DeliverySending
	return &jobs[0]
}

// TestTraceparent: a receiver is told what its work belongs under: the attempt's span if
// there is one, else what the event's maker said.
func TestTraceparent(t *testing.T) {
	for _, c := range []struct {
		name   string
		spans  bool
		trace  domain.Trace
		own    string // the endpoint's own header
		want   string
		told   int
		failed error
	}{
		{"no trace", true, "", "", "", 0, nil},
		{"no trace, and a header of the endpoint's", true, "", "own", "own", 0, nil},
		{"no spans are made", false, kept, "", string(kept), 0, nil},
		{"spans of the trace are not kept", true, notKept, "own", string(notKept), 0, nil},
		{"they are", true, kept, "", string(kept.Of("dlv_00000/1")), 1, nil},
		{"it fails", true, kept, "", string(kept.Of("dlv_00000/1")), 1, &egress.Error{Class: egress.ClassStatus, Message: "no"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &sent{err: c.failed}
			var told []domain.Span
			a := attempts{sender: s}
			if c.spans {
				a.span = func(s domain.Span) { told = append(told, s) }
			}
			job := traceJob(c.trace)
			if c.own != "" {
				job.Endpoint.Headers = []domain.Header{{Name: "Traceparent", Value: c.own}}
			}
			r, _ := a.make(t.Context(), &templateCache{}, job)
			if got := s.header.Get("traceparent"); got != c.want {
				t.Errorf("traceparent is %q, want %q", got, c.want)
			}
			if len(told) != c.told {
				t.Fatalf("told of %d spans", len(told))
			}
			for _, span := range told {
				if string(span.Under.Of(span.ID)) != c.want || span.Under != kept.Of(job.Delivery.EventID) {
					t.Errorf("the span is at %q, under %q", span.Under.Of(span.ID), span.Under)
				}
				if (span.Error != "") != (c.failed != nil) || span.End.Before(span.Start) || r.outcome.Attempt.ID == "" {
					t.Errorf("the span is %+v", span)
				}
			}
		})
	}
}

// TestARetryHasASpanOfItsOwn: each attempt tells its receiver another place.
func TestARetryHasASpanOfItsOwn(t *testing.T) {
	s := &sent{err: errors.New("no")}
	a := attempts{sender: s, span: func(domain.Span) {}}
	job := traceJob(kept)
	r, _ := a.make(t.Context(), &templateCache{}, job)
	first := s.header.Get("traceparent")
	job.Delivery = r.outcome.Delivery
	job.Delivery.Status = domain.DeliverySending
	if _, _ = a.make(t.Context(), &templateCache{}, job); s.header.Get("traceparent") == first {
		t.Errorf("both are at %q", first)
	}
}

// TestWithoutATraceNothingIsAllocated for it.
func TestWithoutATraceNothingIsAllocated(t *testing.T) {
	a := attempts{span: func(domain.Span) {}}
	for _, trace := range []domain.Trace{"", notKept} {
		job := traceJob(trace)
		if n := testing.AllocsPerRun(100, func() { _ = a.place(job) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

// TestLoad tells of lanes that are down, and of what waits longest.
func TestLoad(t *testing.T) {
	e := NewEngine(newMemory(), network{}, "test", nil)
	now := time.Now()
	e.mu.Lock()
	for i, id := range []string{"p/a", "p/b", "p/c"} {
		l := e.lane("p", id)
		if i > 0 {
			for range tripAfter {
				l.circuit.fail(now)
			}
		}
		job := *traceJob("")
		job.Delivery.NextAt = now.Add(-time.Duration(i) * time.Minute)
		l.queue.push(job)
	}
	e.mu.Unlock()
	if got := e.Load(); got.Open != 2 || !got.Oldest.Equal(now.Add(-2*time.Minute)) {
		t.Errorf("it is %+v", got)
	}
}
