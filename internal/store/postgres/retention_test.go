package postgres

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// end ends a session, with an artifact and an event.
func (c *cluster) end(n *node, session domain.Session) {
	c.Helper()
	c.ok(n.ChangeSession(c.Context(), project, session.ID, func(ch *domain.SessionChange) error {
		ch.Session.Status, ch.Session.EndedAt = domain.SessionClosed, time.Now()
		ch.Artifacts = append(ch.Artifacts, domain.Artifact{ID: domain.NewID(domain.PrefixArtifact), ProjectID: project, SessionID: session.ID, CreatedAt: time.Now()})
		ch.Drafts = append(ch.Drafts, domain.DraftSession(ch.Session, domain.EventBrowserClosed, "", time.Now()))
		return nil
	}))
}

// count asks the database itself.
func (c *cluster) count(n *node, query string) (count int) {
	c.Helper()
	c.ok(n.pool.QueryRow(c.Context(), query).Scan(&count))
	return count
}

// TestForgetWhatAnotherNodeSends: that node hears of it, and what it still
// records comes to nothing.
func TestForgetWhatAnotherNodeSends(t *testing.T) {
	c := newCluster(t)
	a, b := c.start("a"), c.start("b")
	c.project(a)
	e := c.endpoint(a, nil)
	session := c.session(a)
	c.say(a, session, 5)
	c.end(a, session)
	claim, err := a.Claim(t.Context(), e.ID, time.Now(), room(10))
	c.ok(err)
	if len(claim.Jobs) != 6 {
		t.Fatalf("claimed %d", len(claim.Jobs))
	}
	c.ok(b.ForgetSession(t.Context(), project, session.ID, time.Now()))
	a.until(t, "the endpoint", func(s domain.Signal) bool { return slices.Contains(s.Elsewhere.Changed, e.Ref()) })
	var outcomes []domain.Outcome
	for i, j := range claim.Jobs {
		d := j.Delivery
		d.Status, d.EndedAt, d.Attempts = domain.DeliveryDelivered, time.Now(), 1
		o := domain.Outcome{Delivery: d, Attempt: domain.Attempt{ID: domain.NewID(domain.PrefixAttempt), ProjectID: project, DeliveryID: d.ID, Number: 1, StartedAt: time.Now()}}
		if i == 0 { // it was only waiting in memory
			o = domain.Outcome{Delivery: j.Delivery}
			o.Delivery.Status = domain.DeliveryPending
		}
		outcomes = append(outcomes, o)
	}
	c.ok(a.Finish(t.Context(), outcomes, []domain.Draft{domain.DraftDelivery(&outcomes[1].Delivery, time.Now())}))
	for _, table := range []string{"sessions", "events", "deliveries", "attempts", "artifacts", "streams"} {
		if n := c.count(b, "SELECT COUNT(*) FROM "+table); n != 0 {
			t.Errorf("%d rows are in %s", n, table)
		}
	}
}

// TestPruningByAllNodes: several servers delete at once, each thing once.
func TestPruningByAllNodes(t *testing.T) {
	c := newCluster(t)
	nodes := []*node{c.start("a"), c.start("b"), c.start("c")}
	c.project(nodes[0])
	const many = 90
	for range many {
		c.end(nodes[0], c.session(nodes[0]))
	}
	later := time.Now().Add(time.Hour)
	var mu sync.Mutex
	events, sessions, artifacts := 0, 0, 0
	all := func() {
		var wg sync.WaitGroup
		for _, n := range nodes {
			wg.Go(func() {
				e, err := n.Prune(t.Context(), later)
				if err != nil {
					t.Error(err)
				}
				s, err := n.PruneSessions(t.Context(), later, later)
				if err != nil {
					t.Error(err)
				}
				a, err := n.PruneArtifacts(t.Context(), later, later)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				events, sessions, artifacts = events+e, sessions+s, artifacts+a
			})
		}
		wg.Wait()
	}
	all()
	all() // what one left for the events of the others
	if events != many || sessions != many || artifacts != many {
		t.Errorf("deleted %d events, %d sessions, %d artifacts", events, sessions, artifacts)
	}
	for _, table := range []string{"sessions", "events", "artifacts", "streams"} {
		if n := c.count(nodes[0], "SELECT COUNT(*) FROM "+table); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	if n := c.count(nodes[0], "SELECT COUNT(*) FROM removed_files WHERE artifact_id <> 'log'"); n != 2*many {
		t.Errorf("%d files are noted", n)
	}
}

// TestFilesAreNotedForOtherNodes until a time.
func TestFilesAreNotedForOtherNodes(t *testing.T) {
	c := newCluster(t)
	a, b := c.start("a"), c.start("b")
	c.project(a)
	s := c.session(a)
	c.end(a, s)
	now := time.Now()
	if err := a.ForgetSession(t.Context(), project, s.ID, now); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		before time.Duration
		want   int
	}{{-time.Second, 1}, {time.Second, 0}} {
		files, err := b.RemovedFiles(t.Context(), 0, 10)
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v", files, err)
		}
		if err := a.ForgetRemovedFiles(t.Context(), files[0].Num, now.Add(step.before)); err != nil {
			t.Fatal(err)
		}
		if files, err = b.RemovedFiles(t.Context(), 0, 10); err != nil || len(files) != step.want {
			t.Errorf("before %s from then: %v, %v", step.before, files, err)
		}
	}
}

// TestRecoverBesideForgetting: no delivery is made of an event that is being
// deleted.
func TestRecoverBesideForgetting(t *testing.T) {
	c := newCluster(t)
	a, b := c.start("a"), c.start("b")
	c.project(a)
	began := time.Now().Add(-time.Minute)
	for range 15 {
		session := c.session(a)
		c.say(a, session, 20)
		c.end(a, session)
		e := c.endpoint(a, nil) // it has missed all of it
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := b.Recover(t.Context(), project, e.ID, began, time.Now().Add(time.Minute), time.Now(), nil); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := a.ForgetSession(t.Context(), project, session.ID, time.Now()); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if n := c.count(a, "SELECT COUNT(*) FROM deliveries"); n != 0 {
			t.Fatalf("%d deliveries are left of events that are gone", n)
		}
	}
}

// TestRetryBesidePruning: what is made due again while its event is being
// deleted stays, and so does the place in the log from which nothing is lost.
func TestRetryBesidePruning(t *testing.T) {
	c := newCluster(t)
	n := c.start("a")
	c.project(n)
	e := c.endpoint(n, nil)
	s := c.session(n)
	c.say(n, s, 2)
	claim, err := n.Claim(t.Context(), e.ID, time.Now(), room(10))
	c.ok(err)
	var outcomes []domain.Outcome
	for _, j := range claim.Jobs {
		d := j.Delivery
		d.Status, d.EndedAt, d.Attempts, d.Reason = domain.DeliveryFailed, time.Now(), 1, domain.ReasonExhausted
		outcomes = append(outcomes, domain.Outcome{Delivery: d, Attempt: domain.Attempt{ID: domain.NewID(domain.PrefixAttempt), ProjectID: project, StartedAt: time.Now()}})
	}
	c.ok(n.Finish(t.Context(), outcomes, nil))
	c.ok(n.ChangeSession(t.Context(), project, s.ID, closes))
	later := time.Now().Add(time.Hour)
	for i, want := range []struct{ deleted, left, prunes int }{{1, 1, 1}, {0, 1, 1}} {
		retry := c.outsider()
		_, err = retry.Exec(t.Context(), `UPDATE deliveries SET status = 'PENDING', reason = '', tries = 0, ended_at = 0 WHERE event = (SELECT MAX(event) FROM deliveries)`)
		c.ok(err)
		pruned, done := 0, make(chan error, 1)
		go func() {
			var err error
			pruned, err = n.Prune(t.Context(), later)
			done <- err
		}()
		c.waits(retry, done)
		c.ok(retry.Commit(t.Context()))
		c.ok(<-done)
		if left := c.count(n, `SELECT COUNT(*) FROM deliveries JOIN events ON position = event WHERE ended_at = 0`); pruned != want.deleted || left != want.left {
			t.Errorf("%d: %d events are deleted, %d deliveries left to be sent", i, pruned, left)
		}
		if prunes := c.count(n, `SELECT prunes FROM projects`); prunes != want.prunes {
			t.Errorf("%d: the log says that it was pruned %d times", i, prunes)
		}
		if last := c.count(n, `SELECT pruned FROM projects`); last != 1 {
			t.Errorf("%d: the log is said to be pruned up to %d", i, last)
		}
		_, err = n.pool.Exec(t.Context(), `UPDATE deliveries SET status = 'FAILED', ended_at = 1`) // once more
		c.ok(err)
	}
}
