package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/seal"
)

// quick is for tests in which a node dies; a machine that is busy must not look
// dead.
var quick = rhythm{every: 100 * time.Millisecond, dead: 3 * time.Second, lost: 2 * time.Second}

// cluster is nodes over one database.
type cluster struct {
	*testing.T
	url    string
	box    *seal.Box
	rhythm rhythm
	keep   time.Duration // that the nodes' browsers outlive them
}

func newCluster(t *testing.T) *cluster {
	url, err := server.NewDatabase(context.Background(), "template1")
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.New(seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return &cluster{t, url, box, quick, 0}
}

// node is a store with what it was told of.
type node struct {
	*Store
	told     chan domain.Commit
	signaled chan domain.Signal
}

func (c *cluster) start(name string) *node {
	c.Helper()
	n := &node{told: make(chan domain.Commit, 10_000), signaled: make(chan domain.Signal, 10_000)}
	var err error
	n.Store, err = open(context.Background(), Config{
		URL: c.url, Node: name, Keep: c.keep, Box: c.box, Log: slog.New(slog.NewTextHandler(c.Output(), nil)),
		Notify: func(commit domain.Commit) { n.told <- commit },
		Signal: func(signal domain.Signal) { n.signaled <- signal },
	}, c.rhythm)
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		if err := n.Close(); err != nil {
			c.Errorf("close: %v", err)
		}
	})
	return n
}

// die ends a node as kill -9 does: nothing is given back.
func (n *node) die() {
	n.stop()
	n.wg.Wait()
	n.writer.close()
	<-n.writer.done
	n.closing.Do(func() {
		n.vital.Close()
		n.pool.Close()
	})
}

// until waits for a signal.
func (n *node) until(t *testing.T, what string, is func(domain.Signal) bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case s := <-n.signaled:
			if is(s) {
				return
			}
		case <-deadline:
			t.Fatalf("not told of %s", what)
		}
	}
}

// room is room for so many deliveries, however long.
func room(n int) domain.Capacity { return domain.Capacity{Deliveries: n, Bytes: math.MaxInt} }

const project = "proj_1"

func (c *cluster) project(n *node) {
	c.Helper()
	c.ok(n.CreateProject(c.Context(), domain.Project{ID: project, Name: "p", CreatedAt: time.Now()}, "", nil))
}

func (c *cluster) ok(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c *cluster) endpoint(n *node, set func(*domain.Endpoint)) domain.Endpoint {
	c.Helper()
	e := domain.Endpoint{
		ID: domain.NewID(domain.PrefixEndpoint), ProjectID: project, Status: domain.EndpointEnabled,
		EndpointSettings: domain.EndpointSettings{URL: "http://127.0.0.1/", Events: domain.Subscription{"*"}},
		Secrets:          []domain.Secret{{Value: "whsec_bmV3"}},
	}
	if set != nil {
		set(&e)
	}
	c.ok(n.CreateEndpoint(c.Context(), e, nil))
	return e
}

func (c *cluster) session(n *node) domain.Session {
	c.Helper()
	s := domain.Session{ID: domain.NewID(domain.PrefixSession), ProjectID: project, Status: domain.SessionReady, StreamToken: domain.NewToken()}
	c.ok(n.CreateSession(c.Context(), &domain.NewSession{Session: s, Stream: domain.Stream{
		ID: domain.NewID(domain.PrefixStream), ProjectID: project, SessionID: s.ID, Token: s.StreamToken, Mode: domain.StreamView,
	}}))
	return s
}

func (c *cluster) say(n *node, s domain.Session, times int) {
	c.Helper()
	c.ok(n.ChangeSession(c.Context(), project, s.ID, func(ch *domain.SessionChange) error {
		for range times {
			ch.Drafts = append(ch.Drafts, domain.DraftSession(ch.Session, domain.EventStepStarted, "", time.Now()))
		}
		return nil
	}))
}

// TestNodesShareAnEndpoint has two nodes add events and claim them at once:
// each is claimed by one, and an ordered endpoint's in turn.
func TestNodesShareAnEndpoint(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		t.Run(fmt.Sprintf("ordered=%v", ordered), func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			nodes := []*node{c.start("a"), c.start("b")}
			c.project(nodes[0])
			e := c.endpoint(nodes[0], func(e *domain.Endpoint) { e.Ordered = ordered })
			const events = 300
			sessions := []domain.Session{c.session(nodes[0]), c.session(nodes[1]), c.session(nodes[0])}
			var mu sync.Mutex
			seen := map[string]int{}
			last := map[string]string{}
			held := map[string]int{}
			left := len(sessions) * events
			var wg sync.WaitGroup
			for _, n := range nodes {
				for _, s := range sessions {
					wg.Go(func() {
						for range events / len(nodes) {
							c.say(n, s, 1)
						}
					})
				}
				for range 3 {
					wg.Go(func() {
						for {
							claim, err := n.Claim(t.Context(), e.ID, time.Now().Add(time.Second), room(7))
							if err != nil {
								t.Error(err)
								return
							}
							var outcomes []domain.Outcome
							mu.Lock()
							for _, j := range claim.Jobs {
								d := j.Delivery
								seen[d.EventID]++
								held[d.SessionID]++
								if ordered && d.EventID < last[d.SessionID] {
									t.Errorf("%s after %s", d.EventID, last[d.SessionID])
								}
								last[d.SessionID] = d.EventID
								d.Status, d.EndedAt, d.Attempts = domain.DeliveryDelivered, time.Now(), 1
								outcomes = append(outcomes, domain.Outcome{Delivery: d, Attempt: domain.Attempt{
									ID: domain.NewID(domain.PrefixAttempt), ProjectID: project, StartedAt: time.Now(),
								}})
							}
							done := left <= 0
							left -= len(claim.Jobs)
							mu.Unlock()
							if done {
								return
							}
							if err := n.Finish(t.Context(), outcomes, nil); err != nil {
								t.Error(err)
								return
							}
						}
					})
				}
			}
			wg.Wait()
			for id, times := range seen {
				if times > 1 {
					t.Errorf("event %s was claimed %d times", id, times)
				}
			}
			if len(seen) != len(sessions)*events {
				t.Errorf("%d events were claimed, want %d", len(seen), len(sessions)*events)
			}
			all, err := nodes[1].Events(t.Context(), project, domain.EventQuery{SessionID: sessions[0].ID, Limit: 10_000})
			c.ok(err)
			for i, ev := range all.Events {
				if ev.Sequence != int64(i+1) {
					t.Fatalf("event %d has the sequence %d", i+1, ev.Sequence)
				}
			}
		})
	}
}

// TestADeadNodeIsTakenOver has a node die with deliveries and a session of its
// own: another has them soon after. One that starts again has its own at once.
func TestADeadNodeIsTakenOver(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.start("a")
	c.project(a)
	e := c.endpoint(a, nil)
	s := c.session(a)
	c.say(a, s, 5)
	jobs := func(n *node) int {
		claim, err := n.Claim(t.Context(), e.ID, time.Now(), room(10))
		c.ok(err)
		return len(claim.Jobs)
	}
	if got := jobs(a); got != 5 {
		t.Fatalf("claimed %d", got)
	}
	b := c.start("b")
	if got := jobs(b); got != 0 {
		t.Fatalf("the other node claimed %d that are being sent", got)
	}
	open, err := b.OpenSessions(t.Context())
	c.ok(err)
	if len(open) != 0 {
		t.Fatalf("the other node is to run %d sessions", len(open))
	}
	a.die()
	b.until(t, "the death of a node", func(s domain.Signal) bool { return s.Missed })
	if got := jobs(b); got != 5 {
		t.Errorf("claimed %d of the dead node's", got)
	}
	open, err = b.OpenSessions(t.Context())
	c.ok(err)
	if len(open) != 1 || open[0].ID != s.ID {
		t.Errorf("the dead node's session isn't taken over: %v", open)
	}
	b.die()
	again := c.start("b")
	if got := jobs(again); got != 5 {
		t.Errorf("claimed %d after its own restart", got)
	}
}

// TestWhatIsOnlyExpectedIsClaimed has a transaction that failed, or is in doubt,
// still expect deliveries at places that another has filled.
func TestWhatIsOnlyExpectedIsClaimed(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	n := c.start("a")
	c.project(n)
	e := c.endpoint(n, nil)
	c.say(n, c.session(n), 2)
	all, _, err := n.Deliveries(t.Context(), project, domain.DeliveryFilter{})
	c.ok(err)
	lost := n.leases.grant()
	for _, d := range all {
		n.leases.expect(lost, n.node.Load(), n.ids.Key(d.ID))
	}
	claim, err := n.Claim(t.Context(), e.ID, time.Now(), room(10))
	c.ok(err)
	if len(claim.Jobs) != 2 {
		t.Fatalf("claimed %d", len(claim.Jobs))
	}
	for _, d := range all {
		n.leases.undo(lost, n.ids.Key(d.ID))
	}
	d := claim.Jobs[0].Delivery
	d.Status = domain.DeliveryPending
	c.ok(n.Finish(t.Context(), []domain.Outcome{{Delivery: d}}, nil))
	if d, err = n.Delivery(t.Context(), project, d.ID); err != nil || d.Status != domain.DeliveryPending {
		t.Errorf("given back, it is %s, %v", d.Status, err)
	}
}

// outsider is a transaction of no node's.
func (c *cluster) outsider() pgx.Tx {
	c.Helper()
	conn, err := pgx.Connect(c.Context(), c.url)
	c.ok(err)
	c.Cleanup(func() { _ = conn.Close(context.Background()) })
	tx, err := conn.Begin(c.Context())
	c.ok(err)
	return tx
}

// waits returns when somebody waits for the transaction, and is to be before
// what they do is done.
func (c *cluster) waits(tx pgx.Tx, done chan error) {
	c.Helper()
	for waiting := 0; waiting == 0; {
		c.ok(tx.QueryRow(c.Context(), `SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid`).Scan(&waiting))
		select {
		case err := <-done:
			c.Fatalf("it didn't wait: %v", err)
		default:
		}
	}
}

// TestTwoTakeOversAtOnce has one wait for another, after which a living node has
// claimed what both were to take over.
func TestTwoTakeOversAtOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour // neither does it by itself
	a, b := c.start("a"), c.start("b")
	c.project(a)
	e := c.endpoint(a, nil)
	c.say(a, c.session(a), 5)
	claim, err := a.Claim(t.Context(), e.ID, time.Now(), room(10))
	c.ok(err)
	if len(claim.Jobs) != 5 {
		t.Fatalf("claimed %d", len(claim.Jobs))
	}
	a.die()
	_, err = b.pool.Exec(t.Context(), `DELETE FROM nodes WHERE num = $1`, a.node.Load())
	c.ok(err)
	other := c.outsider()
	_, err = other.Exec(t.Context(), `UPDATE deliveries SET node = $1`, b.node.Load())
	c.ok(err)
	swept := make(chan error, 1)
	go func() { swept <- b.sweep(t.Context()) }()
	c.waits(other, swept)
	c.ok(other.Commit(t.Context()))
	c.ok(<-swept)
	again, err := b.Claim(t.Context(), e.ID, time.Now(), room(10))
	c.ok(err)
	if len(again.Jobs) > 0 {
		t.Errorf("%d of a living node's were made due", len(again.Jobs))
	}
}

// TestARetryDuringAClaim waits for it: a claim that found the second of a
// session changed would go on with the third.
func TestARetryDuringAClaim(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	n := c.start("a")
	c.project(n)
	e := c.endpoint(n, func(e *domain.Endpoint) { e.Ordered = true })
	c.say(n, c.session(n), 3)
	all, _, err := n.Deliveries(t.Context(), project, domain.DeliveryFilter{EndpointID: e.ID})
	c.ok(err)
	claim := c.outsider()
	_, err = claim.Exec(t.Context(), `SELECT 1 FROM deliveries WHERE event = (SELECT MIN(event) FROM deliveries) FOR UPDATE`)
	c.ok(err)
	retried := make(chan error, 1)
	go func() {
		_, err := n.RetryDelivery(t.Context(), project, all[1].ID, time.Now(), nil)
		retried <- err
	}()
	c.waits(claim, retried)
	_, err = claim.Exec(t.Context(), `UPDATE deliveries SET node = $1`, n.node.Load())
	c.ok(err)
	c.ok(claim.Commit(t.Context()))
	err = <-retried
	if refused, ok := errors.AsType[*domain.Error](err); !ok || refused.Code != domain.CodeConflict {
		t.Errorf("retried what is being sent: %v", err)
	}
}

// TestWhatANodeCommitsAfterItsDeath is taken over too: the database goes on
// with what it has been sent.
func TestWhatANodeCommitsAfterItsDeath(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.start("a")
	c.project(a)
	e := c.endpoint(a, nil)
	c.say(a, c.session(a), 5)
	late := c.outsider()
	tag, err := late.Exec(t.Context(), `UPDATE deliveries SET node = $1`, a.node.Load())
	c.ok(err)
	if tag.RowsAffected() != 5 {
		t.Fatalf("claims %d", tag.RowsAffected())
	}
	a.die()
	again := c.start("a")
	c.ok(late.Commit(t.Context()))
	again.until(t, "what was late", func(s domain.Signal) bool { return s.Missed })
	claim, err := again.Claim(t.Context(), e.ID, time.Now(), room(10))
	c.ok(err)
	if len(claim.Jobs) != 5 {
		t.Errorf("claimed %d", len(claim.Jobs))
	}
}

// TestANodeThatIsTakenForDead finds out, drops what it held and joins anew;
// what it learns late of a delivery counts.
func TestANodeThatIsTakenForDead(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a, b := c.start("a"), c.start("b")
	c.project(a)
	e := c.endpoint(a, nil)
	s := c.session(a)
	c.say(a, s, 2)
	claim, err := a.Claim(t.Context(), e.ID, time.Now(), room(10))
	c.ok(err)
	before := a.node.Load()
	for _, n := range []*node{a, b} {
		for len(n.signaled) > 0 {
			<-n.signaled
		}
	}
	c.ok(b.bury(t.Context(), before, beatOf(t, b, before)))
	a.until(t, "its loss", func(s domain.Signal) bool { return s.Lost })
	a.until(t, "its new start, under another number", func(s domain.Signal) bool { return s.Missed && a.node.Load() != before })
	taken, err := b.Claim(t.Context(), e.ID, time.Now(), room(10))
	c.ok(err)
	if len(taken.Jobs) != 2 {
		t.Fatalf("the other node claimed %d", len(taken.Jobs))
	}
	outcome := func(j domain.Job, to domain.DeliveryStatus) domain.Outcome {
		d := j.Delivery
		d.Status, d.Attempts, d.Tries, d.NextAt = to, d.Attempts+1, 1, time.Now().Add(time.Hour)
		if to != domain.DeliveryPending {
			d.EndedAt = time.Now()
		}
		return domain.Outcome{Delivery: d, Attempt: domain.Attempt{ID: domain.NewID(domain.PrefixAttempt), ProjectID: project, StartedAt: time.Now()}}
	}
	// It was delivered after all; the other had failed, which is now for the
	// other node to find out itself.
	c.ok(a.Finish(t.Context(), []domain.Outcome{outcome(claim.Jobs[0], domain.DeliveryDelivered), outcome(claim.Jobs[1], domain.DeliveryPending)}, nil))
	d0, err := b.Delivery(t.Context(), project, claim.Jobs[0].Delivery.ID)
	c.ok(err)
	d1, err := b.Delivery(t.Context(), project, claim.Jobs[1].Delivery.ID)
	c.ok(err)
	if d0.Status != domain.DeliveryDelivered || d1.Status != domain.DeliverySending || d0.Attempts != 1 || d1.Attempts != 1 {
		t.Errorf("got %v, %v", d0, d1)
	}
	c.ok(b.Finish(t.Context(), []domain.Outcome{outcome(taken.Jobs[0], domain.DeliveryPending), outcome(taken.Jobs[1], domain.DeliveryDelivered)}, nil))
	for i, j := range claim.Jobs {
		d, err := b.Delivery(t.Context(), project, j.Delivery.ID)
		c.ok(err)
		attempts, err := b.Attempts(t.Context(), project, j.Delivery.ID)
		c.ok(err)
		if d.Status != domain.DeliveryDelivered || d.Attempts != 2 || len(attempts) != 2 {
			t.Errorf("delivery %d is %s after %d attempts, of which %d are kept", i, d.Status, d.Attempts, len(attempts))
		}
	}
	if mine := mineIs(t, a, s); mine {
		t.Error("the session that was taken over is still its own")
	}
}

func beatOf(t *testing.T, n *node, num int64) (beat int64) {
	t.Helper()
	if err := n.pool.QueryRow(t.Context(), `UPDATE nodes SET beat = beat + 1000 WHERE num = $1 RETURNING beat`, num).Scan(&beat); err != nil {
		t.Fatal(err)
	}
	return beat
}

func mineIs(t *testing.T, n *node, s domain.Session) (mine bool) {
	t.Helper()
	if err := n.ChangeSession(t.Context(), project, s.ID, func(c *domain.SessionChange) error {
		mine = c.Owned
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return mine
}

// TestNodesTellEachOther of all that they commit.
func TestNodesTellEachOther(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a, b := c.start("a"), c.start("b")
	c.project(a)
	e := c.endpoint(a, nil)
	s := c.session(a)
	b.until(t, "the session", func(sig domain.Signal) bool { return slices.Contains(sig.Elsewhere.Sessions, s.ID) })
	c.say(a, s, 1)
	b.until(t, "an event", func(s domain.Signal) bool {
		return slices.Contains(s.Elsewhere.Projects, project) && slices.Contains(s.Elsewhere.Due, e.Ref())
	})
	c.ok(a.StopStep(t.Context(), "step_1"))
	b.until(t, "a step to stop", func(s domain.Signal) bool { return slices.Contains(s.Stops, "step_1") })
	for len(a.signaled) > 0 {
		t.Errorf("told of its own commit as another's: %v", <-a.signaled)
	}
	// An endpoint that another node makes is heard of by the next event.
	late := c.endpoint(b, nil)
	c.say(a, s, 1)
	claim, err := b.Claim(t.Context(), late.ID, time.Now(), room(10))
	c.ok(err)
	if len(claim.Jobs) != 1 {
		t.Errorf("the endpoint that another node had made was told of %d events", len(claim.Jobs))
	}
}

// TestNodesShareALimit: what all nodes claim together keeps to the endpoint's
// rate and to its number of requests at once.
func TestNodesShareALimit(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	nodes := []*node{c.start("a"), c.start("b")}
	c.project(nodes[0])
	s := c.session(nodes[0])
	rated := c.endpoint(nodes[0], func(e *domain.Endpoint) { e.RateLimit = 100 })
	narrow := c.endpoint(nodes[0], func(e *domain.Endpoint) { e.Concurrency = 3 })
	c.say(nodes[0], s, 500)
	began := time.Now()
	got := 0
	for i := 0; time.Since(began) < time.Second; i++ {
		claim, err := nodes[i%2].Claim(t.Context(), rated.ID, time.Now(), room(50))
		c.ok(err)
		got += len(claim.Jobs)
		if wait := time.Until(claim.Next); claim.Next.IsZero() || wait > time.Second {
			t.Fatalf("the next is due at %v", claim.Next)
		}
	}
	most := int(100*time.Since(began).Seconds()) + 10 + 1
	if got > most || got < most/2 {
		t.Errorf("%d were claimed in %v, at most %d may be", got, time.Since(began), most)
	}
	a, err := nodes[0].Claim(t.Context(), narrow.ID, time.Now(), room(2))
	c.ok(err)
	b, err := nodes[1].Claim(t.Context(), narrow.ID, time.Now(), room(2))
	c.ok(err)
	if len(a.Jobs) != 2 || len(b.Jobs) != 1 || b.Next.IsZero() {
		t.Errorf("claimed %d and %d at once, and is to ask again at %v", len(a.Jobs), len(b.Jobs), b.Next)
	}
}

// TestALimitKeepsTheTurn claims for an ordered endpoint that gets one at a time:
// a claim for which there is no room doesn't bring the first session's turn back.
func TestALimitKeepsTheTurn(t *testing.T) {
	c := newCluster(t)
	n := c.start("a")
	c.project(n)
	e := c.endpoint(n, func(e *domain.Endpoint) { e.Ordered, e.Concurrency = true, 1 })
	first, second := c.session(n), c.session(n)
	c.say(n, first, 3)
	c.say(n, second, 1)
	for i, want := range []string{first.ID, second.ID, first.ID} {
		got, err := n.Claim(t.Context(), e.ID, time.Now().Add(time.Hour), room(10))
		c.ok(err)
		if len(got.Jobs) != 1 || got.Jobs[0].Delivery.SessionID != want {
			t.Fatalf("claim %d: %+v, want one of %s", i, got.Jobs, want)
		}
		none, err := n.Claim(t.Context(), e.ID, time.Now().Add(time.Hour), room(10))
		c.ok(err)
		if len(none.Jobs) != 0 {
			t.Fatalf("claim %d: one more beside it", i)
		}
		d := got.Jobs[0].Delivery
		d.Status, d.EndedAt, d.Attempts = domain.DeliveryDelivered, time.Now(), 1
		c.ok(n.Finish(t.Context(), []domain.Outcome{{Delivery: d, Attempt: domain.Attempt{ID: domain.NewID(domain.PrefixAttempt), ProjectID: project}}}, nil))
	}
}

func TestPaced(t *testing.T) {
	for _, tt := range []struct {
		perSecond, n int
		ahead        time.Duration
		now          int
		wait         time.Duration
	}{
		{10, 5, 0, 1, 100 * time.Millisecond},
		{10, 1, 0, 1, 0},
		{10, 5, 30 * time.Millisecond, 0, 30 * time.Millisecond},
		{100, 50, 0, 10, 10 * time.Millisecond},
		{100, 5, 50 * time.Millisecond, 5, 0},
		{100, 50, 95 * time.Millisecond, 0, 5 * time.Millisecond},
		{100, 50, 2 * time.Second, 0, 1910 * time.Millisecond},
		{1, 3, 0, 1, time.Second},
		{10_000, 2000, 0, 1000, 100 * time.Microsecond * 10},
	} {
		if now, wait := paced(tt.perSecond, tt.n, tt.ahead); now != tt.now || wait != tt.wait {
			t.Errorf("%d a second, %v ahead: %d of %d now, the next in %v; want %d and %v", tt.perSecond, tt.ahead, now, tt.n, wait, tt.now, tt.wait)
		}
	}
}

func TestNotesAreShort(t *testing.T) {
	var c domain.Commit
	for range 500 {
		c.Due = append(c.Due, domain.EndpointRef{ProjectID: domain.NewID(domain.PrefixProject), ID: domain.NewID(domain.PrefixEndpoint)})
		c.Sessions = append(c.Sessions, domain.NewID(domain.PrefixSession))
		c.Projects = append(c.Projects, domain.NewID(domain.PrefixProject))
	}
	var due, sessions, projects int
	for _, n := range notes(7, &c) {
		if len(n) > 7999 {
			t.Errorf("a note has %d bytes", len(n))
		}
		got := decodeNote(t, n)
		due, sessions, projects = due+len(got.Due), sessions+len(got.Sessions), projects+len(got.Projects)
	}
	if due != 500 || sessions != 500 || projects != 500 {
		t.Errorf("%d, %d and %d of 500 are told of", due, sessions, projects)
	}
	if n := notes(7, &domain.Commit{KeyPairs: true}); len(n) != 1 || !decodeNote(t, n[0]).KeyPairs {
		t.Errorf("of other key pairs nodes hear %q", n)
	}
	if n := notes(7, &domain.Commit{Queue: true}); len(n) != 1 || !decodeNote(t, n[0]).Queue {
		t.Errorf("of what may be started nodes hear %q", n)
	}
	if n := notes(7, &domain.Commit{}); len(n) != 0 {
		t.Errorf("nothing is told in %d notes", len(n))
	}
}

func decodeNote(t *testing.T, text string) domain.Commit {
	t.Helper()
	var n note
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return n.signal().Elsewhere
}
