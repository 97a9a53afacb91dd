package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// StatsStore is where the statistics of endpoints are kept.
type StatsStore interface {
	// AddStats adds all of it to what is kept of endpoints, or nothing. One that is no more,
	// or is a session's own, is passed over.
	AddStats(ctx context.Context, spans []domain.EndpointSpan) error
	// EndpointStats reads the spans of endpoints from then on, in order. What there was
	// nothing to tell of is not there.
	EndpointStats(ctx context.Context, project string, endpoints []string, from time.Time) ([]domain.EndpointSpan, error)
	// Backlogs says what waits for each endpoint for which something does.
	Backlogs(ctx context.Context) ([]domain.Backlog, error)
	// BacklogsOf says what waits for each of some.
	BacklogsOf(ctx context.Context, project string, endpoints []string) ([]domain.Backlog, error)
	Endpoint(ctx context.Context, project, id string) (domain.Endpoint, error)
}

const (
	statsEvery   = 5 * time.Second // counts are written
	backlogEvery = time.Minute     // what waits is looked at
	spansAtOnce  = 100             // are added in one transaction
)

// Stats counts what becomes of attempts, and says how endpoints do. What it counts is
// written every few seconds, apart from the deliveries, which wait for nothing: a server
// that dies loses the last counts, not what they tell of.
type Stats struct {
	store StatsStore
	log   *slog.Logger

	mu     sync.Mutex
	counts map[spanKey]*domain.EndpointStats // not written yet
}

type spanKey struct {
	endpoint domain.EndpointRef
	from     time.Time
}

// NewStats makes the service; Run has it write.
func NewStats(store StatsStore, log *slog.Logger) *Stats {
	return &Stats{store: store, log: log, counts: map[spanKey]*domain.EndpointStats{}}
}

// Recorded counts the outcomes of a transaction.
func (s *Stats) Recorded(outcomes []domain.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range outcomes {
		if o := &outcomes[i]; o.Attempt.ID != "" && !o.Inline {
			s.of(domain.EndpointRef{ProjectID: o.Delivery.ProjectID, ID: o.Delivery.EndpointID}, o.Attempt.StartedAt).Note(o)
		}
	}
}

// of is what is counted of the endpoint for that time. The lock is held.
func (s *Stats) of(e domain.EndpointRef, at time.Time) *domain.EndpointStats {
	k := spanKey{e, at.UTC().Truncate(domain.StatsSpan)}
	if s.counts[k] == nil {
		s.counts[k] = &domain.EndpointStats{From: k.from}
	}
	return s.counts[k]
}

// Run writes what is counted until ctx ends, and then the rest.
func (s *Stats) Run(ctx context.Context) error {
	write, look := time.NewTicker(statsEvery), time.NewTicker(backlogEvery)
	defer write.Stop()
	defer look.Stop()
	for {
		select {
		case <-write.C:
			s.write(ctx)
		case <-look.C:
			s.look(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTries)
			defer cancel()
			s.write(last)
			return nil
		}
	}
}

// look counts what waits.
func (s *Stats) look(ctx context.Context) {
	all, err := s.store.Backlogs(ctx)
	if err != nil {
		s.log.Warn("count what waits for endpoints; trying again", "err", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range all {
		of := s.of(b.Endpoint, time.Now())
		of.Waiting = max(of.Waiting, b.Waiting)
	}
}

// write brings the counts to the store, or keeps them for the next time.
func (s *Stats) write(ctx context.Context) {
	s.mu.Lock()
	counts := s.counts
	s.counts = map[spanKey]*domain.EndpointStats{}
	s.mu.Unlock()
	if len(counts) == 0 {
		return
	}
	spans := make([]domain.EndpointSpan, 0, len(counts))
	for k, c := range counts {
		spans = append(spans, domain.EndpointSpan{Endpoint: k.endpoint, EndpointStats: *c})
	}
	// What is written is written once: of many only those are kept that the store didn't take.
	for some := range slices.Chunk(spans, spansAtOnce) {
		if err := s.store.AddStats(ctx, some); err != nil {
			s.log.Warn("write the statistics of endpoints; trying again", "err", err)
			s.keep(some)
		}
	}
}

// keep counts again what could not be written.
func (s *Stats) keep(spans []domain.EndpointSpan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range spans {
		s.of(spans[i].Endpoint, spans[i].From).Add(&spans[i].EndpointStats)
	}
}

// Period is a time of which a [Report] tells, up to now.
type Period string

// Periods are all that there are, with the length of the bars into which a report divides
// each.
var Periods = map[Period]struct{ Length, Bar time.Duration }{
	"1h":  {time.Hour, domain.StatsSpan},
	"24h": {24 * time.Hour, 30 * time.Minute},
	"7d":  {domain.StatsKept, 2 * time.Hour},
}

// Report says how an endpoint did.
type Report struct {
	Summary
	Bar  time.Duration
	Bars []domain.EndpointStats // one for each bar, in order, that of now the last
}

// Summary says how an endpoint did, in all.
type Summary struct {
	Total   domain.EndpointStats // From is when the first bar begins
	Backlog domain.Backlog       // now
}

// begin is when the first bar of a period begins, of n.
func (p Period) begin() (first time.Time, bar time.Duration, n int, err error) {
	of, ok := Periods[p]
	if !ok {
		return first, 0, 0, domain.Invalid("period", "must be 1h, 24h or 7d")
	}
	n = int(of.Length / of.Bar)
	return time.Now().UTC().Truncate(of.Bar).Add(-time.Duration(n-1) * of.Bar), of.Bar, n, nil
}

// Report tells of an endpoint.
func (s *Stats) Report(ctx context.Context, project, endpoint string, p Period) (Report, error) {
	first, bar, n, err := p.begin()
	if err != nil {
		return Report{}, err
	}
	if _, err := s.store.Endpoint(ctx, project, endpoint); err != nil {
		return Report{}, err
	}
	r := Report{Bar: bar, Bars: make([]domain.EndpointStats, n)}
	for i := range r.Bars {
		r.Bars[i].From = first.Add(time.Duration(i) * bar)
	}
	whole, err := s.sum(ctx, project, []string{endpoint}, first, func(span *domain.EndpointSpan) {
		if at := int(span.From.Sub(first) / bar); at < n {
			r.Bars[at].Add(&span.EndpointStats)
		}
	})
	if err != nil {
		return Report{}, fmt.Errorf("report of an endpoint: %w", err)
	}
	r.Summary = whole[endpoint]
	return r, nil
}

// Summaries tells of several endpoints at once, by their ids.
func (s *Stats) Summaries(ctx context.Context, project string, endpoints []string, p Period) (map[string]Summary, error) {
	first, _, _, err := p.begin()
	if err != nil {
		return nil, err
	}
	all, err := s.sum(ctx, project, endpoints, first, func(*domain.EndpointSpan) {})
	if err != nil {
		return nil, fmt.Errorf("report of endpoints: %w", err)
	}
	return all, nil
}

// sum adds up what there is of endpoints from then on, and says what waits; each is given
// every span.
func (s *Stats) sum(ctx context.Context, project string, endpoints []string, first time.Time, each func(*domain.EndpointSpan)) (map[string]Summary, error) {
	all := make(map[string]Summary, len(endpoints))
	for _, id := range endpoints {
		all[id] = Summary{Total: domain.EndpointStats{From: first}}
	}
	spans, err := s.store.EndpointStats(ctx, project, endpoints, first)
	if err != nil {
		return nil, err
	}
	for i := range spans {
		of := all[spans[i].Endpoint.ID]
		of.Total.Add(&spans[i].EndpointStats)
		all[spans[i].Endpoint.ID] = of
		each(&spans[i])
	}
	backlogs, err := s.store.BacklogsOf(ctx, project, endpoints)
	if err != nil {
		return nil, err
	}
	for _, b := range backlogs {
		of := all[b.Endpoint.ID]
		of.Backlog = b
		all[b.Endpoint.ID] = of
	}
	return all, nil
}
