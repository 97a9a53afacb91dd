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
				lanes := func() int {
					e.mu.Lock()
					defer e.mu.Unlock()
					return len(e.lanes)
				}
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
