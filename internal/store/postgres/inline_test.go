package postgres

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestSecretsAreForgottenWithTheirEndpoint: one that ended with its session, and
// one that was deleted.
func TestSecretsAreForgottenWithTheirEndpoint(t *testing.T) {
	c := newCluster(t)
	n := c.start("a")
	c.project(n)
	deleted := c.endpoint(n, func(*domain.Endpoint) {})
	s, own := c.inline(n)
	c.ok(n.ChangeSession(t.Context(), project, s.ID, closes))
	c.ok(n.DeleteEndpoint(t.Context(), project, deleted.ID, time.Now()))
	for _, id := range []string{own.ID, deleted.ID} {
		var at int64
		var sealed []byte
		c.ok(n.row(t.Context(), `SELECT deleted_at, sealed FROM endpoints WHERE id = $1`, id).Scan(&at, &sealed))
		left := domain.Endpoint{ID: id, ProjectID: project}
		if err := n.Box.OpenEndpoint(sealed, &left); err != nil || at == 0 || len(left.Secrets)+len(left.Headers) > 0 {
			t.Errorf("%s was deleted at %d, %v: %d secrets", id, at, err, len(left.Secrets))
		}
	}
}

// TestANodeRemembersAnEndpointWhoseSecretsAreGone: the upgrade that another node
// has made leaves nothing to open of endpoints that were deleted.
func TestANodeRemembersAnEndpointWhoseSecretsAreGone(t *testing.T) {
	c := newCluster(t)
	n := c.start("a")
	c.project(n)
	deleted := c.endpoint(n, nil)
	s, own := c.inline(n)
	c.say(n, s, 1)
	for _, e := range []domain.Endpoint{deleted, own} {
		_, err := n.pool.Exec(t.Context(), `UPDATE endpoints SET deleted_at = 1, sealed = '', version = (SELECT version + 1 FROM projects) WHERE id = $1`, e.ID)
		c.ok(err)
	}
	_, err := n.pool.Exec(t.Context(), `UPDATE projects SET version = version + 1`)
	c.ok(err)
	other := c.endpoint(n, nil)
	c.say(n, s, 1)
	for id, want := range map[string]int{deleted.ID: 1, own.ID: 1, other.ID: 1} {
		all, _, err := n.Deliveries(t.Context(), project, domain.DeliveryFilter{EndpointID: id})
		c.ok(err)
		if len(all) != want {
			t.Errorf("%d deliveries to %s, want %d", len(all), id, want)
		}
	}
}

// TestInlineEndpointsEndWhicheverNodeIsLast has two nodes end at once what is
// due to the endpoints of sessions, and the sessions: each endpoint ends, and
// both nodes are told.
func TestInlineEndpointsEndWhicheverNodeIsLast(t *testing.T) {
	c := newCluster(t)
	a, b := c.start("a"), c.start("b")
	c.project(a)
	const sessions, each = 20, 2
	left := map[string]bool{}
	var work []func() error
	for range sessions {
		s, own := c.inline(a)
		left[own.ID] = true
		c.say(a, s, 2*each)
		for _, n := range []*node{a, b} {
			claim, err := n.Claim(t.Context(), own.ID, time.Now().Add(time.Hour), domain.Capacity{Deliveries: each, Bytes: 1 << 20})
			c.ok(err)
			for _, j := range claim.Jobs {
				d := j.Delivery
				d.Status, d.EndedAt, d.Attempts = domain.DeliveryDelivered, time.Now(), 1
				o := domain.Outcome{Delivery: d, Inline: true, Attempt: domain.Attempt{ID: domain.NewID(domain.PrefixAttempt), ProjectID: project}}
				work = append(work, func() error { return n.Finish(t.Context(), []domain.Outcome{o}, nil) })
			}
		}
		work = append(work, func() error { return a.ChangeSession(t.Context(), project, s.ID, closes) })
	}
	if len(work) != sessions*(2*each+1) {
		t.Fatalf("%d things to do", len(work))
	}
	var wg sync.WaitGroup
	for _, do := range work {
		wg.Go(func() {
			if err := do(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, _, err := b.Endpoints(t.Context(), project, domain.EndpointFilter{})
	c.ok(err)
	for _, e := range all {
		t.Errorf("%s lives on", e.ID)
	}
	for name, n := range map[string]*node{"a": a, "b": b} {
		missing := len(left)
		told := map[string]bool{}
		for deadline := time.After(30 * time.Second); missing > 0; {
			var commit domain.Commit
			select {
			case commit = <-n.told:
			case signal := <-n.signaled:
				commit = signal.Elsewhere
			case <-deadline:
				t.Fatalf("%s is not told of %d", name, missing)
			}
			for _, ref := range commit.Gone {
				if left[ref.ID] && !told[ref.ID] {
					told[ref.ID] = true
					missing--
				}
				if !slices.Contains(commit.Changed, ref) {
					t.Errorf("%s is gone and not changed", ref.ID)
				}
			}
		}
	}
}

// inline makes a session with an endpoint of its own, for all of its steps.
func (c *cluster) inline(n *node) (domain.Session, domain.Endpoint) {
	c.Helper()
	s := domain.Session{ID: domain.NewID(domain.PrefixSession), ProjectID: project, Status: domain.SessionReady, CreatedAt: time.Now()}
	e := domain.Endpoint{
		ID: domain.NewID(domain.PrefixEndpoint), ProjectID: project, SessionID: s.ID, Status: domain.EndpointEnabled,
		Secrets: []domain.Secret{{Value: "whsec_YQ=="}}, CreatedAt: time.Now(), UpdatedAt: time.Now(),
		EndpointSettings: domain.EndpointSettings{URL: "http://a.test/", Events: domain.Subscription{"step_*"}, Headers: []domain.Header{{Name: "A", Value: "b"}}},
	}
	c.ok(n.CreateSession(c.Context(), &domain.NewSession{
		Session: s, Endpoint: &e,
		Stream: domain.Stream{ID: domain.NewID(domain.PrefixStream), ProjectID: project, SessionID: s.ID, Token: domain.NewToken()},
	}))
	return s, e
}

func closes(c *domain.SessionChange) error {
	c.Session.Status, c.Session.EndedAt = domain.SessionClosed, time.Now()
	return nil
}
