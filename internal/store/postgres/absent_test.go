package postgres

import (
	"errors"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// runs says which of the sessions the node is to run.
func (c *cluster) runs(n *node, which ...domain.Session) (all []bool) {
	c.Helper()
	open, err := n.OpenSessions(c.Context())
	c.ok(err)
	has := map[string]bool{}
	for _, s := range open {
		has[s.ID] = true
	}
	for _, s := range which {
		all = append(all, has[s.ID])
	}
	return all
}

func (c *cluster) expect(n *node, ready bool, r domain.Session) {
	c.Helper()
	if got := c.runs(n, r)[0]; got != ready {
		c.Errorf("it runs the ready one: %v, want %v", got, ready)
	}
}

// waiting makes a session that has no browser yet.
func (c *cluster) waiting(n *node) domain.Session {
	c.Helper()
	s := domain.Session{ID: domain.NewID(domain.PrefixSession), ProjectID: project, Status: domain.SessionQueued, StreamToken: domain.NewToken()}
	c.ok(n.CreateSession(c.Context(), &domain.NewSession{Session: s, Stream: domain.Stream{
		ID: domain.NewID(domain.PrefixStream), ProjectID: project, SessionID: s.ID, Token: s.StreamToken, Mode: domain.StreamView,
	}}))
	return s
}

// claims has a node take a session out of the queue, which must be that one, or with an
// empty id none.
func (c *cluster) claims(n *node, want string) {
	c.Helper()
	ref, err := n.ClaimSession(c.Context())
	if want == "" && errors.Is(err, domain.ErrNotFound) {
		return
	}
	c.ok(err)
	if ref.ID != want {
		c.Errorf("claimed %q, want %q", ref.ID, want)
	}
}

// TestReadySessionsWaitForTheirNode as long as its browsers outlive it; what it was to
// send and was starting doesn't.
func TestReadySessionsWaitForTheirNode(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.keep = time.Hour
	a, b := c.start("a"), c.start("b")
	c.project(a)
	e := c.endpoint(a, nil)
	r, q := c.session(a), c.waiting(a)
	c.claims(a, q.ID)
	c.claims(b, "")
	c.say(a, r, 5)
	if claim, err := a.Claim(t.Context(), e.ID, time.Now(), room(10)); err != nil || len(claim.Jobs) != 5 {
		t.Fatalf("claimed %d, %v", len(claim.Jobs), err)
	}
	a.die()
	b.until(t, "the death of a node", func(s domain.Signal) bool { return s.Missed })
	c.expect(b, false, r)
	c.claims(b, q.ID)
	if claim, err := b.Claim(t.Context(), e.ID, time.Now(), room(10)); err != nil || len(claim.Jobs) != 5 {
		t.Errorf("claimed %d of the dead node's, %v", len(claim.Jobs), err)
	}
	c.ok(b.sweep(t.Context()))
	c.expect(b, false, r)
	third := c.start("c") // to join is no reason to take them either
	c.expect(third, false, r)
	c.claims(third, "")
	a = c.start("a")
	c.expect(a, true, r)
	c.ok(b.sweep(t.Context()))
	c.expect(a, true, r)
	if !mineIs(t, a, r) || mineIs(t, b, r) || !mineIs(t, b, q) {
		t.Error("it is not its own")
	}
}

// TestReadySessionsDoNotWaitForEver: whoever looks next takes them over when the time
// is over, and the node that comes back later hasn't got them.
func TestReadySessionsDoNotWaitForEver(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.keep = time.Second
	a, b := c.start("a"), c.start("b")
	c.project(a)
	r := c.session(a)
	began := time.Now()
	a.die()
	b.until(t, "the death of a node", func(s domain.Signal) bool { return s.Missed })
	c.expect(b, false, r)
	b.until(t, "the end of its time", func(s domain.Signal) bool { return s.Missed })
	if took := time.Since(began); took < c.rhythm.dead+c.keep {
		t.Errorf("taken over after %s", took)
	}
	c.expect(b, true, r)
	a = c.start("a")
	c.expect(a, false, r)
}

// TestANodeThatIsTakenForDeadKeepsItsReadySessions, at each moment of that, as long as
// nobody has taken them over.
func TestANodeThatIsTakenForDeadKeepsItsReadySessions(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.keep = time.Hour
	a, b := c.start("a"), c.start("b")
	c.project(a)
	r := c.session(a)
	before := a.node.Load()
	for len(a.signaled) > 0 {
		<-a.signaled
	}
	c.ok(b.bury(t.Context(), before, beatOf(t, b, before)))
	for back := false; !back; {
		if !mineIs(t, a, r) {
			t.Fatal("it is not its own for a moment")
		}
		back = a.node.Load() != before
	}
	if !mineIs(t, a, r) || mineIs(t, b, r) || !c.runs(a, r)[0] {
		t.Error("it is not its own any more")
	}
}
