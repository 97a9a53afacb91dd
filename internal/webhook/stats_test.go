package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// statsMemory keeps statistics in memory, and fails while it is told to.
type statsMemory struct {
	StatsStore
	mu       sync.Mutex // guards away and kept
	away     bool
	room     int // spans that it still takes; 0: any number
	kept     []domain.EndpointSpan
	backlogs []domain.Backlog
	status   domain.EndpointStatus
}

func (m *statsMemory) AddStats(_ context.Context, spans []domain.EndpointSpan) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return errors.New("away")
	}
	if m.room > 0 {
		if m.away = len(m.kept)+len(spans) > m.room; m.away {
			return errors.New("away")
		}
	}
	m.kept = append(m.kept, spans...)
	return nil
}

func (m *statsMemory) EndpointStats(_ context.Context, _ string, endpoints []string, from time.Time) (all []domain.EndpointSpan, err error) {
	for _, s := range m.spans() {
		if slices.Contains(endpoints, s.Endpoint.ID) && !s.From.Before(from) {
			all = append(all, s)
		}
	}
	return all, nil
}

func (m *statsMemory) spans() []domain.EndpointSpan {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.kept)
}

func (m *statsMemory) back() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = false
}

func (m *statsMemory) Backlogs(context.Context) ([]domain.Backlog, error) { return m.backlogs, nil }

func (m *statsMemory) BacklogsOf(_ context.Context, project string, endpoints []string) ([]domain.Backlog, error) {
	return []domain.Backlog{{Endpoint: domain.EndpointRef{ProjectID: project, ID: endpoints[0]}, Waiting: 4}}, nil
}

func (m *statsMemory) Endpoint(_ context.Context, project, id string) (domain.Endpoint, error) {
	if id != "we_a" {
		return domain.Endpoint{}, domain.ErrNotFound
	}
	return domain.Endpoint{ID: id, ProjectID: project, Status: m.status, EndpointSettings: domain.EndpointSettings{URL: "http://a.test/hook"}}, nil
}

func (m *statsMemory) Endpoints(context.Context, string, domain.EndpointFilter) ([]domain.Endpoint, string, error) {
	return nil, "", nil
}

func tried(endpoint string, to domain.DeliveryStatus, at time.Time) domain.Outcome {
	return domain.Outcome{
		Delivery: domain.Delivery{ProjectID: "proj_a", EndpointID: endpoint, Status: to},
		Attempt:  domain.Attempt{ID: "att_a", StartedAt: at, Duration: 40 * time.Millisecond},
	}
}

func TestStatsAreWrittenWhileTheServerRunsAndAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &statsMemory{away: true, backlogs: []domain.Backlog{{Endpoint: domain.EndpointRef{ProjectID: "proj_a", ID: "we_a"}, Waiting: 9}}}
		s := NewStats(store, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		s.Recorded([]domain.Outcome{
			tried("we_a", domain.DeliveryDelivered, time.Now()), tried("we_a", domain.DeliveryFailed, time.Now()),
			{Delivery: domain.Delivery{EndpointID: "we_a", Status: domain.DeliveryPending}}, // given back
		})
		own := tried("we_own", domain.DeliveryDelivered, time.Now())
		own.Inline = true
		s.Recorded([]domain.Outcome{own})
		time.Sleep(statsEvery + time.Second) // the store is away
		store.back()
		time.Sleep(statsEvery)
		if kept := store.spans(); len(kept) != 1 || kept[0].Succeeded != 1 || kept[0].Failed != 1 {
			t.Errorf("kept after the store came back: %+v", kept)
		}
		time.Sleep(backlogEvery)
		r, err := s.Report(ctx, "proj_a", "we_a", "1h")
		if err != nil || r.Total.Waiting != 9 || r.Backlog.Waiting != 4 {
			t.Errorf("what waits: %+v, %v", r, err)
		}
		s.Recorded([]domain.Outcome{tried("we_a", domain.DeliveryDelivered, time.Now())})
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if r, err := s.Report(t.Context(), "proj_a", "we_a", "1h"); err != nil || r.Total.Succeeded != 2 {
			t.Errorf("after the end: %+v, %v", r.Total, err)
		}
	})
}

// TestStatsAreCountedOnce: a store that goes away among many writes takes some of them, and
// isn't given those again.
func TestStatsAreCountedOnce(t *testing.T) {
	store := &statsMemory{room: spansAtOnce}
	s := NewStats(store, slog.New(slog.DiscardHandler))
	const all = 2*spansAtOnce + 1
	for i := range all {
		s.Recorded([]domain.Outcome{tried(fmt.Sprint("we_", i), domain.DeliveryDelivered, time.Now())})
	}
	s.write(t.Context())
	if len(store.kept) != spansAtOnce {
		t.Fatalf("%d were written while there was a store", len(store.kept))
	}
	store.away, store.room = false, 0
	s.write(t.Context())
	written := map[string]int{}
	for _, k := range store.kept {
		written[k.Endpoint.ID] += k.Succeeded
	}
	if len(written) != all {
		t.Errorf("written of %d endpoints, not %d", len(written), all)
	}
	for id, n := range written {
		if n != 1 {
			t.Errorf("%s was counted %d times", id, n)
		}
	}
}

func TestReportsHaveBarsWithoutGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &statsMemory{}
		s := NewStats(store, slog.New(slog.DiscardHandler))
		now := time.Now()
		s.Recorded([]domain.Outcome{
			tried("we_a", domain.DeliveryDelivered, now.Add(-3*24*time.Hour)), tried("we_a", domain.DeliveryPending, now.Add(-50*time.Minute)),
			tried("we_a", domain.DeliveryDelivered, now), tried("we_b", domain.DeliveryDelivered, now),
		})
		s.write(t.Context())
		for period, want := range map[Period]struct{ bars, succeeded, failed int }{"1h": {12, 1, 1}, "24h": {48, 1, 1}, "7d": {84, 2, 1}} {
			r, err := s.Report(t.Context(), "proj_a", "we_a", period)
			if err != nil || len(r.Bars) != want.bars || r.Total.Succeeded != want.succeeded || r.Total.Failed != want.failed || r.Bars[want.bars-1].Succeeded != 1 {
				t.Errorf("%s: %d bars, %+v, %v", period, len(r.Bars), r.Total, err)
			}
			for i := range r.Bars[1:] {
				if !r.Bars[i+1].From.Equal(r.Bars[i].From.Add(r.Bar)) {
					t.Errorf("%s: bar %d begins at %v", period, i+1, r.Bars[i+1].From)
				}
			}
		}
		if _, err := s.Report(t.Context(), "proj_a", "we_a", "1y"); err == nil {
			t.Error("there is a report of a year")
		}
		if _, err := s.Report(t.Context(), "proj_a", "we_b", "1h"); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("of an endpoint that there isn't: %v", err)
		}
	})
}

// posted remembers what was sent.
type posted struct {
	header http.Header
	body   []byte
	answer egress.Answer
	err    error
}

func (p *posted) Post(_ context.Context, _ *url.URL, h http.Header, body []byte) (egress.Answer, error) {
	p.header, p.body = h, body
	return p.answer, p.err
}

func TestExamplesAreSentOnce(t *testing.T) {
	store := &statsMemory{status: domain.EndpointEnabled}
	to := &posted{answer: egress.Answer{StatusCode: 503, Body: []byte("no")}, err: &egress.Error{Class: egress.ClassStatus, Message: "it answered 503"}}
	x := NewExamples(store, to, "test")
	e := domain.Event{ID: "evt_a", Type: domain.EventStepFailed, Body: []byte(`{"a":1}`)}
	a, err := x.Send(t.Context(), "proj_a", "we_a", e)
	if err != nil || a.StatusCode != 503 || a.ErrorClass != "status" || string(a.Response) != "no" {
		t.Errorf("answered %+v, %v", a, err)
	}
	if string(to.body) != `{"a":1}` || to.header.Get("Webhook-Id") != "evt_a" {
		t.Errorf("sent %q with %v", to.body, to.header)
	}
	store.status = domain.EndpointPaused
	if _, err := x.Send(t.Context(), "proj_a", "we_a", e); err == nil {
		t.Error("a paused endpoint is sent something")
	}
	if _, err := x.Send(t.Context(), "proj_a", "we_none", e); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("to an endpoint that there isn't: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	store.status, to.err = domain.EndpointEnabled, ctx.Err()
	if _, err := x.Send(ctx, "proj_a", "we_a", e); !errors.Is(err, context.Canceled) {
		t.Errorf("for a caller that has gone: %v", err)
	}
}
