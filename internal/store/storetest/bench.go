package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// Benchmark measures a delivery's whole life in the store: an event with its
// deliveries, a claim, a finish with an attempt; each durable before the next.
func Benchmark(b *testing.B, fresh func(testing.TB) Open) {
	for _, endpoints := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("deliver/endpoints=%d", endpoints), func(b *testing.B) { deliver(b, fresh, endpoints) })
	}
	b.Run("step", func(b *testing.B) { steps(b, fresh) })
}

// deliver has 16 sessions tell events while each endpoint's sender takes what
// is due, until b.N deliveries are delivered.
func deliver(b *testing.B, fresh func(testing.TB) Open, endpoints int) {
	w := newWorld(b, fresh(b))
	wake := map[string]chan struct{}{}
	for range endpoints {
		wake[w.newEndpoint("step_*").ID] = make(chan struct{}, 1)
	}
	w.ok(w.store.Close())
	store, err := w.open(func(c domain.Commit) {
		for _, e := range c.Due {
			select {
			case wake[e.ID] <- struct{}{}:
			default:
			}
		}
	})
	w.ok(err)
	w.store = store
	sessions := make([]domain.Session, 16)
	for i := range sessions {
		sessions[i] = w.newSession(0)
	}
	events := (b.N + endpoints - 1) / endpoints
	var left, told atomic.Int64
	left.Store(int64(events * endpoints))
	done := make(chan struct{})
	var senders sync.WaitGroup
	for id, ready := range wake {
		senders.Go(func() {
			for {
				select {
				case <-ready:
				case <-done:
					return
				}
				for {
					c, err := store.Claim(w.ctx, id, time.Now(), capacityFor(200))
					if err != nil {
						b.Errorf("claim: %v", err)
						return
					}
					if len(c.Jobs) == 0 {
						break
					}
					outcomes := make([]domain.Outcome, len(c.Jobs))
					for i, j := range c.Jobs {
						outcomes[i] = outcome(j.Delivery, domain.DeliveryDelivered, time.Now())
					}
					if err := store.Finish(w.ctx, outcomes, nil); err != nil {
						b.Errorf("finish: %v", err)
						return
					}
					if left.Add(-int64(len(outcomes))) == 0 {
						close(done)
					}
				}
			}
		})
	}
	b.ResetTimer()
	for _, s := range sessions {
		go func() {
			for told.Add(1) <= int64(events) {
				if err := store.ChangeSession(w.ctx, s.ProjectID, s.ID, draftEvents(time.Now(), domain.EventStepCompleted)); err != nil {
					b.Errorf("change session: %v", err)
					return
				}
			}
		}()
	}
	<-done
	b.StopTimer()
	senders.Wait()
	b.ReportMetric(float64(events*endpoints)/b.Elapsed().Seconds(), "deliveries/s")
}

// steps measures the two changes that running a step takes, alone.
func steps(b *testing.B, fresh func(testing.TB) Open) {
	w := newWorld(b, fresh(b))
	w.newEndpoint("*")
	s := w.newSession(0)
	for b.Loop() {
		var st domain.Step
		w.ok(w.store.ChangeSession(w.ctx, s.ProjectID, s.ID, func(c *domain.SessionChange) error {
			st = step(c.Session, c.Session.StepCount)
			st.Status, st.StartedAt = domain.StepRunning, start
			c.Session.StepCount++
			c.NewSteps = append(c.NewSteps, &st)
			c.Drafts = append(c.Drafts, domain.DraftStep(c.Session, &st, domain.EventStepStarted, "", start))
			return nil
		}))
		w.ok(w.store.ChangeSession(w.ctx, s.ProjectID, s.ID, func(c *domain.SessionChange) error {
			st := c.Open[0]
			st.Status, st.FinishedAt = domain.StepCompleted, start
			c.Drafts = append(c.Drafts, domain.DraftStep(c.Session, st, domain.EventStepCompleted, "", start))
			return nil
		}))
	}
}
