package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// memory is a queue in memory; fail makes the nth call of Finish fail.
type memory struct {
	mu       sync.Mutex
	rows     map[string]*domain.Delivery
	attempts []domain.Attempt
	disabled []string
	fail     int
}

func (m *memory) add(endpoint string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range n {
		id := fmt.Sprintf("dlv_%04d", len(m.rows))
		m.rows[id] = &domain.Delivery{ID: id, EventID: "evt" + id, EndpointID: endpoint, Status: domain.DeliveryPending, NextAt: time.Now()}
	}
}

func (m *memory) ReleaseClaims(context.Context) error { return nil }

func (m *memory) DueEndpoints(context.Context) ([]domain.Due, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []domain.Due
	for _, d := range m.rows {
		due = append(due, domain.Due{EndpointID: d.EndpointID, At: d.NextAt})
	}
	return due, nil
}

func (m *memory) Claim(_ context.Context, endpoint string, now time.Time, limit int) (domain.Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := domain.Claim{Endpoint: domain.Endpoint{ID: endpoint, URL: "http://" + endpoint + ".test/", Secrets: []domain.Secret{{Value: "whsec_AAAA"}}}}
	for _, d := range m.rows {
		if d.EndpointID != endpoint || d.Status != domain.DeliveryPending {
			continue
		}
		if len(c.Jobs) < limit && !d.NextAt.After(now) {
			d.Status = domain.DeliverySending
			c.Jobs = append(c.Jobs, domain.Job{Delivery: *d})
		} else if c.Next.IsZero() || d.NextAt.Before(c.Next) {
			c.Next = d.NextAt
		}
	}
	return c, nil
}

func (m *memory) Finish(_ context.Context, all []domain.Outcome, _ []domain.Draft) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail--; m.fail == 0 {
		return context.DeadlineExceeded
	}
	for _, o := range all {
		*m.rows[o.Delivery.ID] = o.Delivery
		if o.Attempt.ID != "" {
			m.attempts = append(m.attempts, o.Attempt)
		}
		if o.Disable != "" {
			m.disabled = append(m.disabled, o.Delivery.EndpointID)
		}
	}
	return nil
}

func (m *memory) count(s domain.DeliveryStatus) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.rows {
		if d.Status == s {
			n++
		}
	}
	return n
}

// network answers for hosts.
type network map[string]func(ctx context.Context) (egress.Answer, error)

func (n network) Post(ctx context.Context, u *url.URL, _ http.Header, _ []byte) (egress.Answer, error) {
	return n[u.Host](ctx)
}

func ok(context.Context) (egress.Answer, error) { return egress.Answer{StatusCode: 204}, nil }

func fails(context.Context) (egress.Answer, error) {
	return egress.Answer{StatusCode: 500}, &egress.Error{Class: egress.ClassStatus, Message: "no"}
}

func hangs(ctx context.Context) (egress.Answer, error) {
	<-ctx.Done()
	return egress.Answer{}, ctx.Err()
}

// run starts an engine in a bubble and returns what stops it.
func run(t *testing.T, m *memory, n network) (e *Engine, stop func()) {
	t.Helper()
	e = NewEngine(m, n, "test", slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	synctest.Wait()
	return e, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(e.lanes) > 0 && m.count(domain.DeliverySending) > 0 {
			t.Error("something is still claimed")
		}
	}
}

func TestScheduleToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: map[string]*domain.Delivery{}}
		m.add("a", 1)
		_, stop := run(t, m, network{"a.test": fails})
		time.Sleep(100 * time.Hour)
		synctest.Wait()
		stop()
		if m.count(domain.DeliveryFailed) != 1 || len(m.attempts) != len(schedule)+1 {
			t.Fatalf("%d attempts, failed %d", len(m.attempts), m.count(domain.DeliveryFailed))
		}
		for i := 1; i < len(m.attempts); i++ {
			gap := m.attempts[i].StartedAt.Sub(m.attempts[i-1].StartedAt)
			if want := schedule[i-1]; gap < want || gap > want+want/10+time.Second {
				t.Errorf("try %d came %s after the one before, want %s", i+1, gap, want)
			}
		}
	})
}

func TestAHangingEndpointDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: map[string]*domain.Delivery{}}
		n := network{"slow.test": hangs}
		m.add("slow", 200)
		for i := range 9 {
			id := fmt.Sprintf("e%d", i)
			m.add(id, 100)
			n[id+".test"] = ok
		}
		_, stop := run(t, m, n)
		synctest.Wait()
		if got := m.count(domain.DeliveryDelivered); got != 900 {
			t.Errorf("%d of 900 delivered while one endpoint hangs", got)
		}
		stop()
		if got := m.count(domain.DeliveryPending); got != 200 || len(m.attempts) != 900 {
			t.Errorf("%d given back, %d attempts", got, len(m.attempts))
		}
	})
}

func TestAStoreThatFailsLosesNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for fail := 1; fail <= 3; fail++ {
			m := &memory{rows: map[string]*domain.Delivery{}, fail: fail}
			m.add("a", 1)
			e, stop := run(t, m, network{"a.test": ok})
			for range 3 {
				m.add("a", 1)
				e.Wake("a")
				synctest.Wait()
			}
			time.Sleep(time.Minute)
			stop()
			if m.count(domain.DeliveryDelivered) != 4 || len(m.attempts) != 4 {
				t.Errorf("failing at %d: %d delivered, %d attempts", fail, m.count(domain.DeliveryDelivered), len(m.attempts))
			}
		}
	})
}

func TestGoneDisables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{rows: map[string]*domain.Delivery{}}
		m.add("a", 1)
		_, stop := run(t, m, network{"a.test": func(context.Context) (egress.Answer, error) {
			return egress.Answer{StatusCode: 410}, &egress.Error{Class: egress.ClassStatus, Message: "gone"}
		}})
		synctest.Wait()
		stop()
		if !slices.Equal(m.disabled, []string{"a"}) || m.count(domain.DeliveryFailed) != 1 {
			t.Errorf("disabled %v, failed %d", m.disabled, m.count(domain.DeliveryFailed))
		}
	})
}
