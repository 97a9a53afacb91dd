package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// memory is a queue in memory; fail makes the nth call of Finish fail.
type memory struct {
	mu         sync.Mutex
	rows       map[string]*domain.Delivery
	attempts   []domain.Attempt
	byEndpoint map[string][]string
	settings   domain.EndpointSettings // of every endpoint
	session    string                  // of what is added next
	body       []byte                  // of all
	limited    string                  // the project whose endpoints get one a second
	expired    bool                    // so is what is claimed
	disabled   []string
	claims     int
	drafts     []domain.Draft
	fail       int
	away       bool
}

// add makes deliveries to an endpoint "project/host" that are due.
func (m *memory) add(endpoint string, n int) []domain.Job {
	m.mu.Lock()
	defer m.mu.Unlock()
	var jobs []domain.Job
	for range n {
		id := fmt.Sprintf("dlv_%05d", len(m.rows))
		project, _, _ := strings.Cut(endpoint, "/")
		m.rows[id] = &domain.Delivery{
			ID: id, ProjectID: project, EventID: "evt" + id, EventType: domain.EventStepStarted, EndpointID: endpoint, SessionID: m.session, Status: domain.DeliveryPending, NextAt: time.Now(),
		}
		m.byEndpoint[endpoint] = append(m.byEndpoint[endpoint], id)
		jobs = append(jobs, domain.Job{Delivery: *m.rows[id], Endpoint: m.endpoint(endpoint), Body: m.body})
	}
	return jobs
}

// offer adds deliveries as a store does that has an engine to take them.
func (m *memory) offer(e *Engine, endpoint string, n int) (refused int) {
	taken := m.reserve(e, endpoint, n)
	m.commit(e, endpoint, taken, n)
	return n - taken
}

// reserve says how many of n new deliveries the engine will take.
func (m *memory) reserve(e *Engine, endpoint string, n int) (taken int) {
	for range n {
		if e.Reserve(m.endpoint(endpoint), len(m.body)) {
			taken++
		}
	}
	return taken
}

// commit adds the deliveries, and hands over those that are taken.
func (m *memory) commit(e *Engine, endpoint string, taken, n int) {
	jobs := m.add(endpoint, taken)
	m.mu.Lock()
	for i := range jobs {
		jobs[i].Delivery.Status = domain.DeliverySending
		m.rows[jobs[i].Delivery.ID].Status = domain.DeliverySending
	}
	m.mu.Unlock()
	m.add(endpoint, n-taken)
	e.Take(jobs)
	if taken < n {
		e.Notify(domain.Commit{Due: []domain.EndpointRef{ref(endpoint)}})
	}
}

func ref(endpoint string) domain.EndpointRef {
	project, _, _ := strings.Cut(endpoint, "/")
	return domain.EndpointRef{ProjectID: project, ID: endpoint}
}

func (m *memory) endpoint(id string) *domain.Endpoint {
	project, host, _ := strings.Cut(id, "/")
	e := &domain.Endpoint{
		ID: id, Status: domain.EndpointEnabled, EndpointSettings: m.settings, Secrets: []domain.Secret{{Value: "whsec_AAAA"}},
	}
	if project == m.limited {
		e.RateLimit = 1
	}
	e.URL = "http://" + host + "/"
	return e
}

func (m *memory) ReleaseClaims(context.Context) error { return nil }

func (m *memory) DueEndpoints(context.Context) ([]domain.Due, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []domain.Due
	for _, d := range m.rows {
		due = append(due, domain.Due{ProjectID: d.ProjectID, EndpointID: d.EndpointID, At: d.NextAt})
	}
	return due, nil
}

func (m *memory) Claim(_ context.Context, endpoint string, now time.Time, room domain.Capacity) (domain.Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var c domain.Claim
	m.claims++
	if slices.Contains(m.disabled, endpoint) {
		return c, nil
	}
	waits := map[string]bool{} // sessions whose turn it is not, when ordered
	for _, id := range m.byEndpoint[endpoint] {
		d := m.rows[id]
		if m.settings.Ordered && !d.Status.Ended() {
			if waits[d.SessionID] {
				continue
			}
			if d.Status == domain.DeliverySending || d.NextAt.After(now) {
				waits[d.SessionID] = true
			}
		}
		if d.EndpointID != endpoint || d.Status != domain.DeliveryPending {
			continue
		}
		if len(c.Jobs) < room.Deliveries && !d.NextAt.After(now) && (len(c.Jobs) == 0 || (len(c.Jobs)+1)*len(m.body) <= room.Bytes) {
			d.Status = domain.DeliverySending
			c.Jobs = append(c.Jobs, domain.Job{Delivery: *d, Endpoint: m.endpoint(endpoint), Body: m.body, Expired: m.expired})
		} else if c.Next.IsZero() || d.NextAt.Before(c.Next) {
			c.Next = d.NextAt
		}
	}
	return c, nil
}

func (m *memory) Finish(_ context.Context, all []domain.Outcome, drafts []domain.Draft) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail--; m.fail == 0 || m.away {
		return context.DeadlineExceeded
	}
	m.drafts = append(m.drafts, drafts...)
	for _, o := range all {
		*m.rows[o.Delivery.ID] = o.Delivery
		if o.Attempt.ID != "" {
			m.attempts = append(m.attempts, o.Attempt)
		}
		if o.Health == domain.HealthGone {
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
	settle()
	return e, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := m.count(domain.DeliverySending); n > 0 || e.budget.deliveries != 0 || e.budget.bytes != 0 || e.scheduler.inFlight != 0 {
			t.Errorf("%d still claimed, %d held, of %d bytes, %d in flight", n, e.budget.deliveries, e.budget.bytes, e.scheduler.inFlight)
		}
	}
}

func newMemory() *memory {
	return &memory{rows: map[string]*domain.Delivery{}, byEndpoint: map[string][]string{}}
}

// settle waits until nothing more happens by itself, and what did is recorded:
// what is given back, claimed, sent and followed by another is so a few times.
func settle() {
	for range 4 {
		synctest.Wait()
		time.Sleep(recordTime)
	}
	synctest.Wait()
}

func TestScheduleToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("p/a", 1)
		_, stop := run(t, m, network{"a": fails})
		time.Sleep(100 * time.Hour)
		settle()
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
		if took := m.attempts[len(m.attempts)-1].StartedAt.Sub(m.attempts[0].StartedAt); len(m.attempts) != 10 || took < 75*time.Hour {
			t.Errorf("%d tries in %s, want ten over 75 hours", len(m.attempts), took)
		}
	})
}

// TestAScheduleOfOnesOwn: the endpoint's own waits are kept, an ordered one's
// too, and an empty list is one try.
func TestAScheduleOfOnesOwn(t *testing.T) {
	for name, settings := range map[string]domain.EndpointSettings{
		"two waits": {RetrySchedule: []time.Duration{time.Minute, 7 * 24 * time.Hour}},
		"ordered":   {RetrySchedule: []time.Duration{time.Second, time.Second, time.Hour}, Ordered: true},
		"one try":   {RetrySchedule: []time.Duration{}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.settings, m.session = settings, "browser_1"
				m.add("p/a", 1)
				_, stop := run(t, m, network{"a": fails})
				time.Sleep(200 * time.Hour)
				settle()
				stop()
				if m.count(domain.DeliveryFailed) != 1 || len(m.attempts) != len(settings.RetrySchedule)+1 {
					t.Fatalf("%d attempts, failed %d", len(m.attempts), m.count(domain.DeliveryFailed))
				}
				for i, want := range settings.RetrySchedule {
					if gap := m.attempts[i+1].StartedAt.Sub(m.attempts[i].StartedAt); gap < want || gap > want+want/10+time.Second {
						t.Errorf("try %d came %s after the one before, want %s", i+2, gap, want)
					}
				}
			})
		})
	}
}

func TestAHangingEndpointDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		n := network{"slow": hangs}
		m.add("p/slow", 200)
		for i := range 9 {
			id := fmt.Sprintf("e%d", i)
			m.add("p/"+id, 100)
			n[id] = ok
		}
		_, stop := run(t, m, n)
		settle()
		if got := m.count(domain.DeliveryDelivered); got != 900 {
			t.Errorf("%d of 900 delivered while one endpoint hangs", got)
		}
		stop()
		if got := m.count(domain.DeliveryPending); got != 200 || len(m.attempts) != 900 {
			t.Errorf("%d given back, %d attempts", got, len(m.attempts))
		}
	})
}

// TestManyHangingEndpointsDelayNoOther has more of them than there are requests
// at once, each taking the time of a timeout.
func TestManyHangingEndpointsDelayNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		n := network{"good": ok, "slow": func(ctx context.Context) (egress.Answer, error) {
			select {
			case <-ctx.Done():
			case <-time.After(15 * time.Second):
			}
			return egress.Answer{}, &egress.Error{Class: egress.ClassTimeout, Message: "no answer"}
		}}
		for i := range 300 {
			m.add(fmt.Sprintf("bad/%d", i), 20)
			n[fmt.Sprint(i)] = n["slow"]
		}
		e, stop := run(t, m, n)
		began := time.Now()
		for range 50 {
			m.offer(e, "good/good", 1)
			time.Sleep(time.Second)
		}
		settle()
		late := 0
		for _, a := range m.attempts {
			if a.ErrorClass == "" && a.StartedAt.Sub(m.rows[a.DeliveryID].NextAt) > 0 {
				late++
			}
		}
		// A new endpoint is in doubt itself until it has answered once.
		if got := m.count(domain.DeliveryDelivered); got != 50 || late > 16 {
			t.Errorf("after %s: %d of 50 delivered, %d late", time.Since(began), got, late)
		}
		stop()
	})
}

func TestProjectsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		slowly := func(context.Context) (egress.Answer, error) {
			time.Sleep(100 * time.Millisecond)
			return egress.Answer{StatusCode: 204}, nil
		}
		n := network{"small": slowly}
		for i := range 60 {
			host := fmt.Sprintf("big%d", i)
			m.add("big/"+host, 200)
			n[host] = slowly
		}
		e, stop := run(t, m, n)
		time.Sleep(350 * time.Millisecond) // all of the room is taken
		e.mu.Lock()
		if e.scheduler.inFlight != maxInFlight {
			t.Errorf("%d requests at once, want %d", e.scheduler.inFlight, maxInFlight)
		}
		e.mu.Unlock()
		m.add("small/small", 20)
		e.Notify(domain.Commit{Due: []domain.EndpointRef{ref("small/small")}})
		time.Sleep(450 * time.Millisecond)
		left := 0
		m.mu.Lock()
		for _, d := range m.rows {
			if d.ProjectID == "small" && d.Status != domain.DeliveryDelivered {
				left++
			}
		}
		m.mu.Unlock()
		if left > 0 || m.count(domain.DeliveryDelivered) == len(m.rows) {
			t.Errorf("%d of the small project's 20 wait behind another's backlog", left)
		}
		time.Sleep(10 * time.Second)
		stop()
	})
}

func TestCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var down atomic.Bool
		down.Store(true)
		_, stop := func() (*Engine, func()) {
			m.add("p/a", 300)
			return run(t, m, network{"a": func(context.Context) (egress.Answer, error) {
				if down.Load() {
					return egress.Answer{}, &egress.Error{Class: egress.ClassConnect, Message: "refused"}
				}
				return egress.Answer{StatusCode: 204}, nil
			}})
		}()
		time.Sleep(10 * time.Minute)
		settle()
		// The first ones, and then one a minute: the others keep their tries.
		if n := len(m.attempts); n > 40 {
			t.Errorf("%d attempts at an endpoint that is down", n)
		}
		if got := m.count(domain.DeliverySending); got > 0 {
			t.Errorf("%d are held while the circuit is open", got)
		}
		down.Store(false)
		time.Sleep(2 * time.Minute)
		settle()
		if got := m.count(domain.DeliveryDelivered); got < 260 {
			t.Errorf("%d delivered after it came back", got)
		}
		stop()
	})
}

// TestOneThatRefusesIsNotDown: an endpoint that answers, only not with 2xx, is
// sent everything in time.
func TestOneThatRefusesIsNotDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("p/a", 100)
		_, stop := run(t, m, network{"a": fails})
		settle()
		if len(m.attempts) != 100 {
			t.Errorf("%d of 100 were tried", len(m.attempts))
		}
		stop()
	})
}

func TestOffersAreTakenInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e, stop := run(t, m, network{"a": ok, "slow": hangs})
		for range 10 {
			if n := m.offer(e, "p/a", 10); n > 0 {
				t.Errorf("%d refused with nothing to do", n)
			}
			settle()
		}
		if m.count(domain.DeliveryDelivered) != 100 || m.claims > 0 {
			t.Errorf("%d delivered, %d claims", m.count(domain.DeliveryDelivered), m.claims)
		}
		const share = fullAt / quotaPart
		// More than fit are left in the store, and so are all after them.
		if n := m.offer(e, "p/slow", 2*share); n < share/2 {
			t.Errorf("%d refused of %d", n, 2*share)
		}
		if n := m.offer(e, "p/slow", 1); n != 1 {
			t.Error("one was taken before those that wait")
		}
		stop()
		if m.reserve(e, "p/a", 1) > 0 {
			t.Error("a stopped engine takes on")
		}
	})
}

func TestWhatWaitsForItsTurnIsClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.settings.Ordered = true
		m.session = "s"
		e, stop := run(t, m, network{"a": func(context.Context) (egress.Answer, error) {
			time.Sleep(10 * time.Millisecond)
			return egress.Answer{StatusCode: 204}, nil
		}})
		m.offer(e, "p/a", maxQueue+10)
		time.Sleep(time.Minute)
		settle()
		if got := m.count(domain.DeliveryDelivered); got != maxQueue+10 {
			t.Errorf("%d delivered, %d claims", got, m.claims)
		}
		stop()
	})
}

// TestBigBodiesAreBounded has a hundred endpoints hang with a long backlog of
// long bodies each, and take more meanwhile: what is in memory stays bounded,
// and all of it comes in the end.
func TestBigBodiesAreBounded(t *testing.T) {
	for _, size := range []int{100, 100 << 10, 256 << 10, 2 << 20} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.body = make([]byte, size)
			release := make(chan struct{})
			slow := func(ctx context.Context) (egress.Answer, error) {
				select {
				case <-release:
				case <-ctx.Done():
				}
				return ok(ctx)
			}
			n := network{}
			const endpoints, backlog = 100, 30
			for i := range endpoints {
				host := "h" + itoa(int64(i))
				n[host] = slow
				m.add("p/"+host, backlog)
			}
			e, stop := run(t, m, n)
			for host := range n {
				m.offer(e, "p/"+host, backlog)
			}
			settle()
			most := maxBytes + maxClaims*size // each claim may bring one, however long
			e.mu.Lock()
			if e.budget.bytes > most || e.budget.bytes == 0 {
				t.Errorf("bodies of %d: %d bytes in memory", size, e.budget.bytes)
			}
			e.mu.Unlock()
			close(release)
			settle()
			if got := m.count(domain.DeliveryDelivered); got != 2*backlog*endpoints {
				t.Errorf("bodies of %d: %d delivered of %d", size, got, 2*backlog*endpoints)
			}
			stop()
		})
	}
}

// TestSlowLanesLeaveRoom fills the memory with what goes to endpoints that are
// slow for a reason that opens no circuit: others get theirs meanwhile.
func TestSlowLanesLeaveRoom(t *testing.T) {
	for _, size := range []int{100, 256 << 10} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.body = make([]byte, size)
			m.limited = "p"
			n := network{"fast": ok, "late": ok}
			for i := range 40 {
				host := "slow" + itoa(int64(i))
				n[host] = ok
				m.add("p/"+host, 3000)
			}
			e, stop := run(t, m, n)
			for host := range n {
				m.offer(e, "p/"+host, 1000)
			}
			settle()
			for _, host := range []string{"fast", "late"} {
				m.add("q/"+host, 1000)
			}
			e.Notify(domain.Commit{Due: []domain.EndpointRef{ref("q/fast"), ref("q/late")}})
			settle() // and no second has passed
			for _, host := range []string{"q/fast", "q/late"} {
				got := 0
				m.mu.Lock()
				for _, id := range m.byEndpoint[host] {
					if m.rows[id].Status == domain.DeliveryDelivered {
						got++
					}
				}
				m.mu.Unlock()
				if got != 1000 {
					t.Errorf("bodies of %d: %s got %d of 1000 while others are slow", size, host, got)
				}
			}
			stop()
		})
	}
}

// TestALaneHoldsWhatItsEndpointCopesWith has endpoints with a long backlog
// answer at once, slowly, and that they are down.
func TestALaneHoldsWhatItsEndpointCopesWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		down := func(context.Context) (egress.Answer, error) {
			return egress.Answer{StatusCode: 503}, &egress.Error{Class: egress.ClassStatus, Message: "down"}
		}
		n := network{"quick": ok, "down": down, "slow": func(ctx context.Context) (egress.Answer, error) {
			time.Sleep(2 * time.Second)
			return ok(ctx)
		}}
		for host := range n {
			m.add("p/"+host, 1000)
		}
		e, stop := run(t, m, n)
		time.Sleep(10 * time.Second)
		for host, want := range map[string][2]int{"quick": {3500, 4096}, "slow": {firstLimit * queueFactor, firstLimit * queueFactor}, "down": {queueFactor, queueFactor}} {
			e.mu.Lock()
			l := e.lanes["p/"+host]
			got := e.budget.quota(l.window.limit, l.capped(l.settings)).Deliveries
			e.mu.Unlock()
			if got < want[0] || got > want[1] {
				t.Errorf("%s: room for %d, want %v", host, got, want)
			}
		}
		stop()
	})
}

// released is a queue in which another server's work comes free just after the
// start has asked what is due.
type released struct {
	*memory
	then func()
}

func (r *released) DueEndpoints(ctx context.Context) ([]domain.Due, error) {
	due, err := r.memory.DueEndpoints(ctx)
	if r.then != nil {
		r.then()
	}
	return due, err
}

func TestNewsDuringTheStartIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		q := &released{memory: m}
		e := NewEngine(q, network{"a": ok}, "test", slog.New(slog.DiscardHandler))
		q.then = func() {
			q.then = nil
			m.add("p/a", 3)
			e.Signal(domain.Signal{Missed: true})
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		settle()
		if got := m.count(domain.DeliveryDelivered); got != 3 {
			t.Errorf("%d delivered", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestReserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.settings.Ordered = true
		e, stop := run(t, m, network{"a": ok})
		if n := m.reserve(e, "p/a", maxQueue+1); n != maxQueue {
			t.Errorf("%d reserved, want %d", n, maxQueue)
		}
		e.Abandon(slices.Repeat([]domain.EndpointRef{ref("p/a")}, maxQueue))
		if m.reserve(e, "p/a", 1) > 0 {
			t.Error("one was to be taken before the one that was refused")
		}
		e.Notify(domain.Commit{Due: []domain.EndpointRef{ref("p/a")}})
		settle()
		if n := m.reserve(e, "p/a", 3); n != 3 {
			t.Errorf("%d reserved after the release, want 3", n)
		}
		e.Notify(domain.Commit{Changed: []domain.EndpointRef{ref("p/a")}})
		m.commit(e, "p/a", 3, 3)
		settle()
		if m.claims < 2 || m.count(domain.DeliveryDelivered) != 3 {
			t.Errorf("%d delivered, %d claims, of an endpoint that changed meanwhile", m.count(domain.DeliveryDelivered), m.claims)
		}
		if n := m.reserve(e, "p/a", 2); n != 2 {
			t.Errorf("%d reserved, want 2", n)
		}
		go stop()
		settle()
		m.commit(e, "p/a", 2, 2)
		settle()
		if m.count(domain.DeliveryPending) != 2 {
			t.Errorf("%d pending, want those that came after the stop", m.count(domain.DeliveryPending))
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.budget.deliveries != 0 {
			t.Errorf("%d held in the end", e.budget.deliveries)
		}
	})
}

// TestStopWhileTheStoreIsAway has more to give back than fits in a few batches:
// they don't each wait for the store, and the last of them is still recorded
// when it comes back.
func TestStopWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, back := range []bool{false, true} {
			m, n := newMemory(), network{}
			for i := range 20 {
				n[fmt.Sprint("h", i)] = hangs
			}
			e := NewEngine(m, n, "test", slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- e.Run(ctx) }()
			settle()
			for host := range n {
				m.offer(e, "p/"+host, 500)
			}
			synctest.Wait()
			m.mu.Lock()
			m.away = true
			m.mu.Unlock()
			began := time.Now()
			cancel()
			time.Sleep(lastTries / 2)
			m.mu.Lock()
			m.away = !back
			m.mu.Unlock()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > Grace+lastTries {
				t.Errorf("back: %v: stopped after %s", back, took)
			}
			if left := m.count(domain.DeliverySending); back && left > 0 {
				t.Errorf("%d are still claimed", left)
			}
		}
	})
}

// TestALimitedLaneThatIsFilledAnew empties a lane that waits for its rate, and
// fills it again when it expects something later: it goes on at its rate.
func TestALimitedLaneThatIsFilledAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.limited = "p"
		m.add("p/a", 200) // more than it claims at once
		release := make(chan egress.Answer)
		e, stop := run(t, m, network{"a": func(context.Context) (egress.Answer, error) {
			a, ok := <-release
			if ok {
				return a, &egress.Error{Class: egress.ClassStatus, Message: "no"}
			}
			return egress.Answer{StatusCode: 204}, nil
		}})
		synctest.Wait() // one is under way, the others wait for the rate
		m.mu.Lock()
		m.disabled = append(m.disabled, "p/a")
		m.mu.Unlock()
		e.Notify(domain.Commit{Changed: []domain.EndpointRef{ref("p/a")}})
		synctest.Wait()
		release <- egress.Answer{StatusCode: 500}
		close(release)
		settle() // the failed one is expected seconds later
		m.mu.Lock()
		m.disabled = nil
		m.mu.Unlock()
		e.Notify(domain.Commit{Due: []domain.EndpointRef{ref("p/a")}})
		time.Sleep(2500 * time.Millisecond)
		synctest.Wait()
		if got := m.count(domain.DeliveryDelivered); got != 2 {
			t.Errorf("%d delivered in two seconds at one a second", got)
		}
		stop()
	})
}

func TestAnotherServersWorkStandsInNoWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		release := make(chan struct{})
		e, stop := run(t, m, network{"a": func(context.Context) (egress.Answer, error) {
			<-release
			return egress.Answer{StatusCode: 204}, nil
		}})
		m.offer(e, "p/a", 100)
		settle()
		commit := domain.Commit{Due: []domain.EndpointRef{ref("p/a")}}
		m.add("p/a", 1000)
		e.Signal(domain.Signal{Elsewhere: commit})
		if m.offer(e, "p/a", 1) > 0 {
			t.Error("refused because of what another server has yet to send")
		}
		m.add("p/a", 1)
		e.Notify(commit)
		e.Signal(domain.Signal{Elsewhere: commit})
		if m.offer(e, "p/a", 1) == 0 {
			t.Error("taken before one of this server's own that waits in the store")
		}
		synctest.Wait()
		if m.claims > 0 {
			t.Errorf("%d claims while there is enough to do", m.claims)
		}
		close(release)
		settle()
		if got := m.count(domain.DeliveryDelivered); got != 1103 {
			t.Errorf("%d delivered, want those of the other server too", got)
		}
		if m.offer(e, "p/a", 1) > 0 {
			t.Error("refused although nothing is left in the store")
		}
		settle()
		stop()
	})
}

func TestAChangedEndpointIsLookedAtAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		release := make(chan struct{})
		e, stop := run(t, m, network{"a": func(ctx context.Context) (egress.Answer, error) {
			<-release
			return egress.Answer{StatusCode: 204}, nil
		}})
		m.offer(e, "p/a", 100)
		settle()
		m.mu.Lock()
		m.disabled = append(m.disabled, "p/a")
		m.mu.Unlock()
		e.Notify(domain.Commit{Changed: []domain.EndpointRef{ref("p/a")}})
		close(release)
		settle()
		if got := m.count(domain.DeliveryDelivered); got != firstLimit {
			t.Errorf("%d sent, want the %d that were under way", got, firstLimit)
		}
		m.mu.Lock()
		m.disabled = nil
		m.mu.Unlock()
		e.Notify(domain.Commit{Due: []domain.EndpointRef{ref("p/a")}})
		settle()
		if got := m.count(domain.DeliveryDelivered); got != 100 {
			t.Errorf("%d sent after it was enabled again", got)
		}
		stop()
	})
}

func TestAStoreThatFailsLosesNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for fail := 1; fail <= 3; fail++ {
			m := newMemory()
			m.fail = fail
			m.add("p/a", 1)
			e, stop := run(t, m, network{"a": ok})
			for range 3 {
				m.add("p/a", 1)
				e.Notify(domain.Commit{Due: []domain.EndpointRef{ref("p/a")}})
				settle()
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
		m := newMemory()
		m.add("p/a", 1)
		_, stop := run(t, m, network{"a": func(context.Context) (egress.Answer, error) {
			return egress.Answer{StatusCode: 410}, &egress.Error{Class: egress.ClassStatus, Message: "gone"}
		}})
		settle()
		stop()
		if !slices.Equal(m.disabled, []string{"p/a"}) || m.count(domain.DeliveryFailed) != 1 {
			t.Errorf("disabled %v, failed %d", m.disabled, m.count(domain.DeliveryFailed))
		}
	})
}

// TestIdleCostsNothing: an engine with nothing due asks for nothing.
func TestIdleCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("p/a", 1)
		_, stop := run(t, m, network{"a": ok})
		before := m.claims
		time.Sleep(24 * time.Hour)
		if m.claims != before {
			t.Errorf("%d claims in an idle day", m.claims-before)
		}
		stop()
	})
}

// TestOrdered has many sessions' events sent in turn by an unreliable network:
// of each session they arrive in order, and a session that is stuck holds up
// no other.
func TestOrdered(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random, network := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
			m := newMemory()
			m.settings.Ordered = true
			var mu sync.Mutex
			arrived := map[string][]string{}
			flaky := recorded(func(d domain.Delivery) (egress.Answer, error) {
				mu.Lock()
				// Never so often that it would be given up.
				fail, slow := network.IntN(4) == 0 && d.Tries < orderedTries-1, time.Duration(network.IntN(50))*time.Millisecond
				mu.Unlock()
				time.Sleep(slow)
				if fail || d.SessionID == "stuck" {
					return fails(t.Context())
				}
				mu.Lock()
				defer mu.Unlock()
				arrived[d.SessionID] = append(arrived[d.SessionID], d.ID)
				return ok(t.Context())
			})
			e := NewEngine(m, flaky.of(m), "test", slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- e.Run(ctx) }()
			want := map[string]int{}
			for range 200 {
				m.mu.Lock()
				m.session = []string{"a", "b", "c", "d", "stuck"}[random.IntN(5)]
				m.mu.Unlock()
				want[m.session]++
				m.offer(e, "p/a", 1)
				time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			}
			time.Sleep(30 * time.Hour)
			settle()
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			for session, ids := range arrived {
				if !slices.IsSorted(ids) {
					t.Errorf("seed %d: session %s got %v", seed, session, ids)
				}
				if len(ids) != want[session] {
					t.Errorf("seed %d: session %s got %d of %d", seed, session, len(ids), want[session])
				}
			}
		})
	}
}

// TestAStuckSessionGoesOn: what an ordered endpoint never takes is given up
// after a while, with events of it, and the next goes.
func TestAStuckSessionGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.settings.Ordered, m.session = true, "browser_1"
		m.add("p/a", 2)
		var mu sync.Mutex
		sent := map[string]int{}
		first := recorded(func(d domain.Delivery) (egress.Answer, error) {
			mu.Lock()
			defer mu.Unlock()
			if sent[d.ID]++; d.ID == "dlv_00000" {
				return fails(t.Context())
			}
			return ok(t.Context())
		})
		e := NewEngine(m, first.of(m), "test", slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		time.Sleep(4 * time.Hour)
		settle()
		mu.Lock()
		if sent["dlv_00001"] > 0 {
			t.Error("the second was sent before the first was given up")
		}
		mu.Unlock()
		time.Sleep(time.Hour)
		settle()
		cancel()
		<-done
		if sent["dlv_00000"] != orderedTries+1 || sent["dlv_00001"] != 1 {
			t.Errorf("sent %v", sent)
		}
		if len(m.drafts) != 1 || m.drafts[0].Data.EventType != domain.EventDeliveryFailed || m.drafts[0].Data.Reason != domain.ReasonExhausted {
			t.Errorf("drafts %+v", m.drafts)
		}
	})
}

// recorded is a network that knows which delivery it carries.
type recorded func(domain.Delivery) (egress.Answer, error)

func (f recorded) of(m *memory) Sender { return carrier{f, m} }

type carrier struct {
	send recorded
	m    *memory
}

func (c carrier) Post(_ context.Context, _ *url.URL, h http.Header, _ []byte) (egress.Answer, error) {
	c.m.mu.Lock()
	d := *c.m.rows[strings.TrimPrefix(h.Get("Webhook-Id"), "evt")]
	c.m.mu.Unlock()
	return c.send(d)
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.settings.RateLimit = 20
		m.add("p/a", 1000)
		_, stop := run(t, m, network{"a": ok})
		for second := 1; second <= 20; second++ {
			time.Sleep(time.Second)
			synctest.Wait()
			if got, want := m.count(domain.DeliveryDelivered), 20*second; got < want-1 || got > want+3 {
				t.Errorf("after %d s: %d delivered, want about %d", second, got, want)
			}
		}
		stop()
	})
}

func TestConcurrencyLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.settings.Concurrency = 3
		m.add("p/a", 100)
		var now, most atomic.Int64
		_, stop := run(t, m, network{"a": func(context.Context) (egress.Answer, error) {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(10 * time.Millisecond)
			now.Add(-1)
			return egress.Answer{StatusCode: 204}, nil
		}})
		time.Sleep(time.Second)
		settle()
		if most.Load() != 3 || m.count(domain.DeliveryDelivered) != 100 {
			t.Errorf("%d at once, %d delivered", most.Load(), m.count(domain.DeliveryDelivered))
		}
		stop()
	})
}

func TestHeadersAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.settings.Headers = []domain.Header{{Name: "X-Env", Value: "test"}, {Name: "Authorization", Value: "Bearer x", Secret: true}}
		m.add("p/a", 1)
		var got http.Header
		e := NewEngine(m, headerSender{&got}, "test", slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		settle()
		cancel()
		<-done
		if got.Get("X-Env") != "test" || got.Get("Authorization") != "Bearer x" || got.Get("Webhook-Id") == "" {
			t.Errorf("got %v", got)
		}
	})
}

type headerSender struct{ got *http.Header }

func (s headerSender) Post(_ context.Context, _ *url.URL, h http.Header, _ []byte) (egress.Answer, error) {
	*s.got = h
	return egress.Answer{StatusCode: 204}, nil
}

func TestExpiredAreSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.expired = true
		m.add("p/a", 5)
		_, stop := run(t, m, network{})
		settle()
		for _, d := range m.rows {
			if d.Status != domain.DeliveryCanceled || d.Reason != domain.ReasonExpired || d.EndedAt.IsZero() {
				t.Errorf("got %+v", d)
			}
		}
		stop()
	})
}
