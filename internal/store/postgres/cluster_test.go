package postgres

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestWhatANodeWasStartingWaitsAgain when that stops, is killed, or starts anew.
func TestWhatANodeWasStartingWaitsAgain(t *testing.T) {
	for name, goes := range map[string]func(c *cluster, n *node){
		"it stops": func(c *cluster, n *node) { c.ok(n.Close()) },
		"it dies":  func(_ *cluster, n *node) { n.die() },
		"it starts anew": func(c *cluster, n *node) {
			n.die()
			c.start("a")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			a, b := c.start("a"), c.start("b")
			c.project(a)
			first, second := c.waiting(a), c.waiting(b)
			c.claims(a, first.ID)
			goes(c, a)
			b.until(t, "that something waits", func(s domain.Signal) bool { return s.Missed })
			// Whoever closes it finds that nobody has it, and sees where it stands.
			if got, err := b.Session(t.Context(), project, first.ID); err != nil || got.Status != domain.SessionQueued {
				t.Errorf("it is %s, %v", got.Status, err)
			}
			places, err := b.QueuePositions(t.Context(), project, []string{first.ID, second.ID})
			c.ok(err)
			if places[first.ID] != 1 || places[second.ID] != 2 {
				t.Errorf("places %v", places)
			}
			c.claims(b, first.ID)
			c.claims(b, second.ID)
			c.claims(b, "")
			if !mineIs(t, b, first) {
				t.Error("it is not its own")
			}
		})
	}
}

// TestUpgradeFreesWhatIsNobodys: a session that was started when its node died waits
// again, and one that was closed after that is ended by who looks.
func TestUpgradeFreesWhatIsNobodys(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.start("a")
	c.project(a)
	starts, closes, ready := c.waiting(a), c.waiting(a), c.session(a)
	c.ok(a.Close())
	conn, err := pgxpool.New(t.Context(), c.url)
	c.ok(err)
	defer conn.Close()
	p, err := provider(conn)
	c.ok(err)
	defer p.Close()
	_, err = p.DownTo(t.Context(), 10)
	c.ok(err)
	for id, status := range map[string]domain.SessionStatus{starts.ID: domain.SessionStarting, closes.ID: domain.SessionClosing} {
		_, err = conn.Exec(t.Context(), `UPDATE sessions SET status = $2, node = 0 WHERE id = $1`, id, string(status))
		c.ok(err)
	}
	b := c.start("b")
	if got := c.runs(b, starts, closes); !slices.Equal(got, []bool{false, true}) {
		t.Errorf("it runs %v", got)
	}
	if got := c.runs(b, ready); got[0] {
		t.Error("it runs what waits for its node")
	}
	c.claims(b, starts.ID)
	c.claims(b, "")
}

// TestTwoNodesClaimAtOnce: no session is ever started by both, and projects have their
// turns over all nodes.
func TestTwoNodesClaimAtOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	nodes := []*node{c.start("a"), c.start("b")}
	c.project(nodes[0])
	c.ok(nodes[0].CreateProject(t.Context(), domain.Project{ID: "proj_2", Name: "q", Sessions: 2, CreatedAt: time.Now()}, "", nil))
	const each = 20
	for range each {
		for _, in := range []string{project, "proj_2"} {
			s := domain.Session{ID: domain.NewID(domain.PrefixSession), ProjectID: in, Status: domain.SessionQueued, StreamToken: domain.NewToken()}
			c.ok(nodes[0].CreateSession(t.Context(), &domain.NewSession{Session: s, Stream: domain.Stream{ID: domain.NewID(domain.PrefixStream), ProjectID: in, SessionID: s.ID, Token: s.StreamToken}}))
		}
	}
	var mu sync.Mutex
	by, of := map[string]int{}, map[string]int{}
	var wg sync.WaitGroup
	for i, n := range slices.Concat(nodes, nodes) {
		wg.Go(func() {
			for {
				ref, err := n.ClaimSession(t.Context())
				if errors.Is(err, domain.ErrNotFound) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if _, twice := by[ref.ID]; twice {
					t.Errorf("%s is claimed twice", ref.ID)
				}
				by[ref.ID] = i % len(nodes)
				of[ref.ProjectID]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got := fmt.Sprint(of[project], of["proj_2"]); got != fmt.Sprint(each, 2) {
		t.Errorf("claimed %s of each project", got)
	}
	for i, n := range nodes {
		open, err := n.OpenSessions(t.Context())
		c.ok(err)
		want := slices.Collect(maps.Keys(by))
		want = slices.DeleteFunc(want, func(id string) bool { return by[id] != i })
		if len(open) != len(want) {
			t.Errorf("node %d has %d and claimed %d", i, len(open), len(want))
		}
	}
}

// TestADeadNodeClaimsNothing: it was taken for dead, and doesn't know yet.
func TestADeadNodeClaimsNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour
	a := c.start("a")
	c.project(a)
	q := c.waiting(a)
	_, err := a.pool.Exec(t.Context(), `DELETE FROM nodes`)
	c.ok(err)
	c.claims(a, "")
	c.ok(a.rejoin())
	c.claims(a, q.ID)
}

// TestNodesShowThemselves to each other, and are drained by any.
func TestNodesShowThemselves(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour
	a, b := c.start("a"), c.start("b")
	for i, n := range []*node{a, b} {
		c.ok(n.Announce(t.Context(), func() domain.Node {
			return domain.Node{URL: fmt.Sprint("http://10.0.0.", i), Version: "1", Sessions: i, FreeSlots: 3}
		}))
	}
	show := func() (got []string) {
		all, err := a.Nodes(t.Context())
		c.ok(err)
		for _, n := range all {
			if time.Since(n.SeenAt).Abs() > time.Minute || time.Since(n.StartedAt).Abs() > time.Minute {
				t.Errorf("%+v", n)
			}
			got = append(got, fmt.Sprint(n.ID, " ", n.URL, " ", n.Version, " ", n.State, " ", n.Sessions, " ", n.FreeSlots))
		}
		return got
	}
	if got := show(); !slices.Equal(got, []string{"node_a http://10.0.0.0 1 READY 0 3", "node_b http://10.0.0.1 1 READY 1 3"}) {
		t.Errorf("%q", got)
	}
	for _, id := range []string{"node_c", "a", "", "node_"} {
		if _, err := a.DrainNode(t.Context(), id); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("drained %q: %v", id, err)
		}
	}
	drains := func(s domain.Signal) bool { return s.Drain }
	if n, err := a.DrainNode(t.Context(), "node_b"); err != nil || n.State != domain.NodeDraining || n.FreeSlots != 0 {
		t.Errorf("%+v, %v", n, err)
	}
	b.until(t, "that it is to finish", drains)
	if got := show(); got[1] != "node_b http://10.0.0.1 1 DRAINING 1 0" {
		t.Errorf("%q", got)
	}
	_, err := a.DrainNode(t.Context(), "node_a")
	c.ok(err)
	a.until(t, "that it is to finish", drains)
	// It is, until it starts anew: also when it was taken for dead meanwhile.
	c.ok(a.rejoin())
	if got := show(); got[1] != "node_a http://10.0.0.0 1 DRAINING 0 0" {
		t.Errorf("joined anew: %q", got)
	}
	a.die()
	a = c.start("a")
	if got := show(); got[1] != "node_a   READY 0 0" {
		t.Errorf("started anew: %q", got)
	}
}

// TestOwners: who runs a session is known by all.
func TestOwners(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.keep = time.Hour
	a, b := c.start("a"), c.start("b")
	c.project(a)
	owner := func(n *node, s domain.Session) domain.Owner {
		o, err := n.SessionOwner(t.Context(), project, s.ID)
		c.ok(err)
		return o
	}
	r, q := c.session(a), c.waiting(a)
	c.ok(a.Announce(t.Context(), func() domain.Node { return domain.Node{URL: "http://10.0.0.1", Hops: 2} }))
	for _, tt := range []struct {
		by   *node
		of   domain.Session
		want domain.Owner
	}{{a, r, domain.Owner{Here: true}}, {b, r, domain.Owner{Node: "node_a", URL: "http://10.0.0.1", Hops: 2}}, {a, q, domain.Owner{}}, {b, q, domain.Owner{}}} {
		if got := owner(tt.by, tt.of); got != tt.want {
			t.Errorf("%+v, want %+v", got, tt.want)
		}
	}
	for _, in := range []string{"proj_2", ""} {
		if _, err := b.SessionOwner(t.Context(), in, r.ID); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("in another project: %v", err)
		}
	}
	a.die()
	b.until(t, "the death of a node", func(s domain.Signal) bool { return s.Missed })
	if got := owner(b, r); got != (domain.Owner{Away: true}) {
		t.Errorf("of a dead node: %+v", got)
	}
	c.start("a")
	if got := owner(b, r); got != (domain.Owner{Node: "node_a", Away: true}) {
		t.Errorf("of a node that starts: %+v", got)
	}
}
