package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// sink is a store that has nothing to claim, and receivers that answer at once.
type sink struct {
	recorded, want atomic.Int64
	all            chan struct{}
}

func (s *sink) ReleaseClaims(context.Context) error                { return nil }
func (s *sink) DueEndpoints(context.Context) ([]domain.Due, error) { return nil, nil }
func (s *sink) Claim(context.Context, string, time.Time, domain.Capacity) (domain.Claim, error) {
	return domain.Claim{}, nil
}

func (s *sink) Finish(_ context.Context, outcomes []domain.Outcome, _ []domain.Draft) error {
	if s.recorded.Add(int64(len(outcomes))) == s.want.Load() {
		close(s.all)
	}
	return nil
}

func (s *sink) Post(context.Context, *url.URL, http.Header, []byte) (egress.Answer, error) {
	return egress.Answer{StatusCode: http.StatusNoContent}, nil
}

// BenchmarkEngine is what the engine itself costs of a delivery: everything
// but the store and the network.
func BenchmarkEngine(b *testing.B) {
	for _, endpoints := range []int{1, 10, 1000} {
		for _, ordered := range []bool{false, true} {
			b.Run(fmt.Sprintf("endpoints=%d/ordered=%v", endpoints, ordered), func(b *testing.B) {
				s := &sink{all: make(chan struct{})}
				s.want.Store(int64(b.N))
				e := NewEngine(s, s, "bench", slog.New(slog.DiscardHandler))
				ctx, stop := context.WithCancel(b.Context())
				ended := make(chan error, 1)
				go func() { ended <- e.Run(ctx) }()
				all := make([]*domain.Endpoint, endpoints)
				for i := range all {
					all[i] = &domain.Endpoint{
						ID: fmt.Sprint("we_", i), ProjectID: fmt.Sprint("proj_", i%10), Status: domain.EndpointEnabled,
						EndpointSettings: domain.EndpointSettings{URL: "http://example.com/", Ordered: ordered},
						Secrets:          []domain.Secret{{Value: NewSecret()}},
					}
				}
				body := make([]byte, 500)
				b.ReportAllocs()
				for i := range b.N {
					to := all[i%endpoints]
					for !e.Reserve(to, len(body)) {
						e.Notify(domain.Commit{Due: []domain.EndpointRef{to.Ref()}}) // it claims nothing, and takes the next
						time.Sleep(100 * time.Microsecond)
					}
					e.Take([]domain.Job{{Endpoint: to, Body: body, Delivery: domain.Delivery{
						ID: fmt.Sprint("dlv_", i), ProjectID: to.ProjectID, EndpointID: to.ID, EventID: "evt_1", SessionID: fmt.Sprint("browser_", i%64), Status: domain.DeliverySending,
					}}})
				}
				<-s.all
				stop()
				if err := <-ended; err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
