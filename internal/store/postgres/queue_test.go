package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/codec"
)

// TestAClaimWaitsForNobody who changes a session that waits or adds events: it passes
// over those, and gets one when there is no other as soon as that is over.
func TestAClaimWaitsForNobody(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.start("a")
	c.project(a)
	first, second := c.waiting(a), c.waiting(a)
	other := c.outsider()
	_, err := other.Exec(t.Context(), `SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE`, first.ID)
	c.ok(err)
	_, err = other.Exec(t.Context(), `UPDATE projects SET position = position + 1`)
	c.ok(err)
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	ref, err := a.ClaimSession(soon)
	c.ok(err)
	if ref.ID != second.ID {
		t.Errorf("claimed %s", ref.ID)
	}
	claimed := make(chan error, 1)
	go func() {
		var err error
		ref, err = a.ClaimSession(soon)
		claimed <- err
	}()
	c.ok(other.Rollback(t.Context()))
	c.ok(<-claimed)
	if ref.ID != first.ID {
		t.Errorf("claimed %s then", ref.ID)
	}
}

// TestAHeldProjectHoldsUpNoOther: its only session that waits is being changed.
func TestAHeldProjectHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.start("a")
	c.project(a)
	held := c.waiting(a)
	c.ok(a.CreateProject(t.Context(), domain.Project{ID: "proj_2", Name: "q", CreatedAt: time.Now()}, "", nil))
	s := domain.Session{ID: domain.NewID(domain.PrefixSession), ProjectID: "proj_2", Status: domain.SessionQueued, StreamToken: domain.NewToken()}
	c.ok(a.CreateSession(t.Context(), &domain.NewSession{Session: s, Stream: domain.Stream{ID: domain.NewID(domain.PrefixStream), ProjectID: "proj_2", SessionID: s.ID, Token: s.StreamToken}}))
	other := c.outsider()
	_, err := other.Exec(t.Context(), `SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE`, held.ID)
	c.ok(err)
	c.claims(a, s.ID)
}

// TestQueueAndClaimsDoNotWait for each other, nor for those that a full queue refuses.
func TestQueueAndClaimsDoNotWait(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.start("a")
	c.project(a)
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	create := func() error {
		s := domain.Session{ID: domain.NewID(domain.PrefixSession), ProjectID: project, Status: domain.SessionQueued, StreamToken: domain.NewToken()}
		return a.CreateSession(soon, &domain.NewSession{Session: s, MaxQueued: 2, Stream: domain.Stream{ID: domain.NewID(domain.PrefixStream), ProjectID: project, SessionID: s.ID, Token: s.StreamToken}})
	}
	claims := c.outsider()
	_, err := claims.Exec(t.Context(), claimsInTurn)
	c.ok(err)
	for range 2 {
		c.ok(create())
	}
	c.ok(claims.Rollback(t.Context()))
	admits := c.outsider()
	_, err = admits.Exec(t.Context(), admitsInTurn)
	c.ok(err)
	if e, ok := errors.AsType[*domain.Error](create()); !ok || e.Code != domain.CodeQueueFull {
		t.Errorf("a third: %v", e)
	}
	if _, err := a.ClaimSession(soon); err != nil {
		t.Error(err)
	}
}

// TestTheRoomOfOthers is no reason to refuse what would be started there at once.
func TestTheRoomOfOthers(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour
	a, b := c.start("a"), c.start("b")
	c.project(a)
	c.ok(b.Announce(t.Context(), func() domain.Node { return domain.Node{FreeSlots: 3} }))
	create := func() error {
		s := domain.Session{ID: domain.NewID(domain.PrefixSession), ProjectID: project, Status: domain.SessionQueued, StreamToken: domain.NewToken()}
		return a.CreateSession(t.Context(), &domain.NewSession{Session: s, MaxQueued: 2, Stream: domain.Stream{ID: domain.NewID(domain.PrefixStream), ProjectID: project, SessionID: s.ID, Token: s.StreamToken}})
	}
	for range 5 {
		c.ok(create())
	}
	if e, ok := errors.AsType[*domain.Error](create()); !ok || e.Code != domain.CodeQueueFull {
		t.Errorf("a sixth: %v", e)
	}
	_, err := a.DrainNode(t.Context(), "node_b")
	c.ok(err)
	_, err = a.ClaimSession(t.Context())
	c.ok(err)
	if e, ok := errors.AsType[*domain.Error](create()); !ok || e.Code != domain.CodeQueueFull {
		t.Errorf("with a node that drains: %v", e)
	}
}

// TestNobodyClaimsInVain: what waits is of a project that has as many as it may.
func TestNobodyClaimsInVain(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	a := c.start("a")
	c.project(a)
	c.ok(a.LimitProject(t.Context(), project, 1))
	c.session(a)
	c.waiting(a)
	claims := c.outsider()
	_, err := claims.Exec(t.Context(), claimsInTurn)
	c.ok(err)
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if ref, err := a.ClaimSession(soon); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("%v, %v", ref, err)
	}
}

// TestBeatsAndClaimsHaveConnections when requests have all of the others.
func TestBeatsAndClaimsHaveConnections(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour
	a := c.start("a")
	c.project(a)
	q := c.waiting(a)
	for range a.pool.Config().MaxConns {
		conn, err := a.pool.Acquire(t.Context())
		c.ok(err)
		defer conn.Release()
	}
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if member, err := a.lookAround(soon, map[int64]peer{}); !member || err != nil {
		t.Errorf("it beats: %v, %v", member, err)
	}
	ref, err := a.ClaimSession(soon)
	c.ok(err)
	if ref.ID != q.ID {
		t.Errorf("claimed %s", ref.ID)
	}
}

// TestADrainedNodeClaimsNothing, also before it has heard of it.
func TestADrainedNodeClaimsNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour
	a, b := c.start("a"), c.start("b")
	c.project(a)
	q := c.waiting(a)
	_, err := a.DrainNode(t.Context(), "node_b")
	c.ok(err)
	c.claims(b, "")
	c.claims(a, q.ID)
}

// oldTakeOver is how servers of the release before see whose sessions are theirs to take.
const oldTakeOver = `WITH RECURSIVE leased (endpoint, node) AS (
	(SELECT endpoint, node FROM deliveries WHERE node <> 0 ORDER BY endpoint, node LIMIT 1)
	UNION ALL
	SELECT next.* FROM leased CROSS JOIN LATERAL (SELECT endpoint, node FROM deliveries
		WHERE node <> 0 AND (endpoint, node) > (leased.endpoint, leased.node) ORDER BY endpoint, node LIMIT 1) next),
	lessees AS (SELECT node FROM leased UNION SELECT node FROM sessions WHERE status NOT IN ('CLOSED', 'FAILED'))
	SELECT node FROM lessees h WHERE NOT EXISTS (SELECT 1 FROM nodes n WHERE n.num = h.node)`

// TestOldServersLeaveTheQueueAlone: to them its number is a node that lives, as long as
// one of this release does.
func TestOldServersLeaveTheQueueAlone(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.rhythm.every = time.Hour
	a := c.start("a")
	c.project(a)
	c.waiting(a)
	old := func() []int64 {
		found, err := a.pool.Query(t.Context(), oldTakeOver)
		gone, err := gather(found, err, func(r codec.Scanner) (num int64, err error) { return num, r.Scan(&num) })
		c.ok(err)
		return gone
	}
	beats := func() {
		member, err := a.show(t.Context())
		c.ok(err)
		if !member {
			t.Error("it is no node")
		}
	}
	if gone := old(); len(gone) > 0 {
		t.Errorf("they take what is of %v", gone)
	}
	before := beatOf(t, a, 0)
	beats()
	if after := beatOf(t, a, 0); after != before+1+1000 { // by which it was just advanced
		t.Error("its beat stands still")
	}
	_, err := a.pool.Exec(t.Context(), `DELETE FROM nodes WHERE num = 0`) // they have buried it
	c.ok(err)
	if gone := old(); len(gone) != 1 {
		t.Errorf("they would take what is of %v", gone)
	}
	beats()
	if gone := old(); len(gone) > 0 {
		t.Errorf("they take what is of %v after a beat", gone)
	}
	// It is no node to anybody else.
	all, err := a.Nodes(t.Context())
	c.ok(err)
	if _, err := a.DrainNode(t.Context(), "node_(queue)"); len(all) != 1 || !errors.Is(err, domain.ErrNotFound) || a.Others() {
		t.Errorf("nodes %+v, others %v, drained: %v", all, a.Others(), err)
	}
}

// TestUpgradeUnderLoad: servers that run lock sessions, and then projects.
func TestUpgradeUnderLoad(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	var err error
	c.url, err = server.NewDatabase(t.Context(), "template0")
	c.ok(err)
	pool, err := pgxpool.New(t.Context(), c.url)
	c.ok(err)
	defer pool.Close()
	p, err := provider(pool)
	c.ok(err)
	defer p.Close()
	_, err = p.UpTo(t.Context(), 9)
	c.ok(err)
	running := c.outsider()
	_, err = running.Exec(t.Context(), `LOCK TABLE sessions IN ROW EXCLUSIVE MODE`)
	c.ok(err)
	upgraded := make(chan error, 1)
	go func() {
		_, err := p.Up(t.Context())
		upgraded <- err
	}()
	for waits := false; !waits; {
		c.ok(pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database())`).Scan(&waits))
		select {
		case err := <-upgraded:
			t.Fatalf("it didn't wait: %v", err)
		default:
		}
	}
	_, err = running.Exec(t.Context(), `LOCK TABLE projects IN ROW EXCLUSIVE MODE`)
	c.ok(err)
	c.ok(running.Commit(t.Context()))
	c.ok(<-upgraded)
}
