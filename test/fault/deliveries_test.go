package fault

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/store/pgtest"
)

// A fault is what is done to the rig in a round.
type fault string

const (
	killNode     fault = "kill -9 of a node"
	killNodes    fault = "kill -9 of all nodes"
	killDatabase fault = "kill -9 of PostgreSQL"
	killAll      fault = "kill -9 of PostgreSQL and all nodes"
)

// TestDeliveries kills what delivers, at random moments, while events are
// committed, two of four endpoints fail half of their requests, and two get
// each session in order. After every round everything settles, and what the
// receiver saw must fit what the database says.
func TestDeliveries(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		r := newRig(t, filepath.Join(t.TempDir(), "fault.db"))
		r.nodes = []*process{r.start("a")}
		r.run(nil, killNode)
	})
	t.Run("postgres", func(t *testing.T) {
		server := postgresFor(t)
		r := newRig(t, server.where)
		r.nodes = []*process{r.start("a"), r.start("b")}
		r.run(server, killNode, killNode, killNodes, killDatabase, killDatabase, killAll)
	})
}

// TestTakeover kills one of two nodes, which doesn't come back: what it held is
// on its way again within fifteen seconds.
func TestTakeover(t *testing.T) {
	t.Parallel()
	r := newRig(t, postgresFor(t).where)
	a, b := r.start("a"), r.start("b")
	r.nodes = []*process{a, b}
	r.round = 1
	r.receiver.round.Store(1)
	for i, p := range r.nodes {
		p.tell(fmt.Sprintf("work %d", *seed+uint64(i)))
	}
	r.waitSaid(50)
	a.kill()
	killed := time.Now()
	r.nodes = []*process{b}
	r.settle()
	took := time.Since(killed)
	events, requests := r.check()
	t.Logf("%d events, %d requests at the receiver, all settled %s after the kill", events, requests, took.Round(time.Millisecond))
	if took > 15*time.Second {
		t.Errorf("taken over within %s", took)
	}
}

// postgresServer is a server with an empty database.
type postgresServer struct {
	*pgtest.Server
	where string
}

func postgresFor(t *testing.T, settings ...string) *postgresServer {
	t.Helper()
	// Without fsync, for it is processes that are killed, not the machine.
	server, err := pgtest.Start(append(settings, "fsync=off")...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	where, err := server.NewDatabase(t.Context(), "template1")
	if err != nil {
		t.Fatal(err)
	}
	return &postgresServer{server, where}
}

func (r *rig) run(server *postgresServer, faults ...fault) {
	r.Helper()
	began := time.Now()
	events, requests := 0, 0
	for round := range *rounds {
		seed := *seed + uint64(round)
		r.round = round + 1
		r.receiver.round.Store(int64(r.round))
		random := rand.New(rand.NewPCG(seed, 0))
		what := faults[random.IntN(len(faults))]
		r.strike(server, random, what)
		r.settle()
		e, q := r.check()
		events, requests = events+e, requests+q
		if r.round%50 == 0 {
			r.Logf("round %d, %s", r.round, time.Since(began).Round(time.Second))
		}
		if r.Failed() {
			r.Fatalf("round %d: %s; to repeat it: make fault SEED=%d ROUNDS=1", r.round, what, seed)
		}
	}
	r.Logf("%d rounds from seed %d: %d events, %d requests at the receiver, in %s", *rounds, *seed, events, requests, time.Since(began).Round(time.Second))
	if events == 0 {
		r.Error("nothing happened: the check has checked nothing")
	}
}

// strike has the nodes work and kills what is to be killed.
func (r *rig) strike(server *postgresServer, random *rand.Rand, what fault) {
	r.Helper()
	for i, p := range r.nodes {
		p.tell(fmt.Sprintf("work %d", random.Uint64()+uint64(i)))
	}
	some := func(most time.Duration) { pause(r.Context(), time.Duration(random.Int64N(int64(most)))) }
	some(400 * time.Millisecond)
	var dead []int
	switch what {
	case killNode:
		dead = []int{random.IntN(len(r.nodes))}
	case killNodes, killAll:
		for i := range r.nodes {
			dead = append(dead, i)
		}
	}
	kill := func() {
		for _, i := range dead {
			r.nodes[i].kill()
		}
	}
	nodesFirst := random.IntN(2) == 0
	if nodesFirst {
		kill()
	}
	if what == killDatabase || what == killAll {
		if err := server.Kill(); err != nil {
			r.Fatal(err)
		}
	}
	if !nodesFirst {
		kill()
	}
	some(150 * time.Millisecond)
	if what == killDatabase || what == killAll {
		if err := server.Restart(); err != nil {
			r.Fatal(err)
		}
	}
	for _, i := range dead {
		r.nodes[i] = r.start(r.nodes[i].name)
	}
	some(200 * time.Millisecond)
}
