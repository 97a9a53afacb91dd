package webhook

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
)

// TestWhatIsNoMoreIsForgotten: an endpoint that was deleted, or ended with its
// session, leaves nothing in memory once nothing of it is under way, however it
// was: answering, failing, not answering, waited for, or in the middle of a
// request.
func TestWhatIsNoMoreIsForgotten(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		t.Run(fmt.Sprint("ordered ", ordered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.settings.Ordered, m.session = ordered, "browser_1"
				release := make(chan struct{})
				n := network{"good": ok, "bad": fails, "down": func(context.Context) (egress.Answer, error) {
					return egress.Answer{}, &egress.Error{Class: egress.ClassConnect, Message: "no"}
				}, "slow": func(context.Context) (egress.Answer, error) {
					<-release
					return egress.Answer{StatusCode: 204}, nil
				}}
				var all []domain.EndpointRef
				for host := range n {
					m.add("p/"+host, 30)
					all = append(all, domain.EndpointRef{ProjectID: "p", ID: "p/" + host})
				}
				e, stop := run(t, m, n)
				lanes := func() int { return lanesOf(e) }
				if lanes() != len(all) {
					t.Fatalf("%d lanes", lanes())
				}
				m.mu.Lock()
				for _, ref := range all {
					m.disabled = append(m.disabled, ref.ID)
				}
				m.mu.Unlock()
				e.Notify(domain.Commit{Changed: all, Gone: all})
				settle()
				if lanes() != 1 {
					t.Errorf("%d lanes while one endpoint is under way", lanes())
				}
				close(release)
				settle()
				claims := m.claims
				time.Sleep(100 * time.Hour)
				settle()
				if lanes() != 0 || m.claims != claims {
					t.Errorf("%d lanes and %d claims", lanes(), m.claims-claims)
				}
				stop()
				if len(e.scheduler.ready) != 0 {
					t.Errorf("%d have their turn", len(e.scheduler.ready))
				}
			})
		})
	}
}

func lanesOf(e *Engine) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.lanes)
}

// TestTheLastDeliveryIsCanceled, and its endpoint, of a session that has ended,
// goes in the same transaction: nothing is left of it in memory or claimed
// anew, here and on a server that never had it.
func TestTheLastDeliveryIsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("p/bad", 1)
		e, stop := run(t, m, network{"bad": fails})
		other, end := run(t, newMemory(), network{})
		if m.count(domain.DeliveryPending) != 1 || lanesOf(e) != 1 {
			t.Fatalf("%d pending, %d lanes", m.count(domain.DeliveryPending), lanesOf(e))
		}
		m.mu.Lock()
		m.disabled = append(m.disabled, "p/bad")
		claims := m.claims
		m.mu.Unlock()
		ref := []domain.EndpointRef{{ProjectID: "p", ID: "p/bad"}}
		commit := domain.Commit{Changed: ref, Due: ref, Gone: ref}
		e.Notify(commit)
		other.Signal(domain.Signal{Elsewhere: commit})
		settle()
		if lanesOf(e) != 0 || lanesOf(other) != 0 || m.claims != claims {
			t.Errorf("%d lanes here, %d there, %d claims", lanesOf(e), lanesOf(other), m.claims-claims)
		}
		stop()
		end()
	})
}

// TestLost: a server that may be none any more releases what it has queued, and
// claims nothing, neither for those nor for a lane that waited for the memory,
// until that is recorded; then it goes on by itself.
func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.add("p/slow", 40)
		answer := make(chan struct{})
		e, stop := run(t, m, network{"down": fails, "other": ok, "slow": func(ctx context.Context) (egress.Answer, error) {
			<-answer
			return ok(ctx)
		}})
		// What is queued is what fills the memory.
		e.mu.Lock()
		queued := len(e.lanes["p/slow"].queue.jobs)
		pad := fullAt - e.budget.deliveries
		e.budget.add(pad, 0)
		e.mu.Unlock()
		m.add("p/other", 1)
		e.Notify(domain.Commit{Due: []domain.EndpointRef{{ProjectID: "p", ID: "p/other"}}})
		settle()
		e.mu.Lock()
		if queued < 10 || len(e.waiting) != 1 {
			t.Fatalf("%d queued, %d lanes wait", queued, len(e.waiting))
		}
		e.mu.Unlock()

		m.mu.Lock()
		m.away = true
		claims := m.claims
		m.mu.Unlock()
		e.Signal(domain.Signal{Lost: true})
		time.Sleep(30 * time.Second)
		settle()
		if m.claims != claims || m.count(domain.DeliverySending) != 40 {
			t.Errorf("%d claims while nothing could be recorded, %d leased", m.claims-claims, m.count(domain.DeliverySending))
		}
		m.mu.Lock()
		m.away = false
		m.mu.Unlock()
		close(answer)
		time.Sleep(30 * time.Second)
		settle()
		if m.count(domain.DeliveryDelivered) != 41 {
			t.Errorf("%d delivered", m.count(domain.DeliveryDelivered))
		}
		e.mu.Lock()
		e.budget.add(-pad, 0)
		e.mu.Unlock()
		stop()
	})
}
