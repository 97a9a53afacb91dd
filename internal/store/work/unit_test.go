package work

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

// lanes takes deliveries to some endpoints, and keeps what it is told.
type lanes struct {
	takes     map[string]bool
	asked     []string
	taken     []string
	abandoned []domain.EndpointRef
}

func (l *lanes) Reserve(e *domain.Endpoint, _ int) bool {
	l.asked = append(l.asked, e.ID)
	return l.takes[e.ID]
}

func (l *lanes) Take(jobs []domain.Job) {
	for _, j := range jobs {
		l.taken = append(l.taken, fmt.Sprint(j.Delivery.ID, " ", j.Delivery.Status))
	}
}

func (l *lanes) Abandon(endpoints []domain.EndpointRef) {
	l.abandoned = append(l.abandoned, endpoints...)
}

func endpoint(id string, num int64, ordered bool) *Endpoint {
	return &Endpoint{Endpoint: domain.Endpoint{ID: id, ProjectID: "proj_a", EndpointSettings: domain.EndpointSettings{Ordered: ordered}}, Num: num}
}

func entry(t *testing.T, position int64) *Entry {
	t.Helper()
	e := &Entry{Draft: domain.Draft{ProjectID: "proj_a", SessionID: "browser_a", At: now}, Session: 4, Sequence: position}
	if err := e.Make(); err != nil {
		t.Fatal(err)
	}
	e.Event.Position = position
	return e
}

func key(k Key) string { return fmt.Sprint(k.Event, "/", k.Endpoint) }

// filled is a unit with an event to three endpoints: one whose lane takes it,
// one whose lane is full, and one that isn't asked about.
func filled(t *testing.T, l *lanes) *Unit {
	t.Helper()
	var u Unit
	e := entry(t, 9)
	u.Append(e)
	u.Deliver(e, endpoint("takes", 1, false), endpoint("full", 2, false), endpoint("ordered", 3, true))
	u.DeliverAgain(entry(t, 2), endpoint("takes", 1, false))
	u.Reserve(l, 0, func(e *domain.Endpoint) bool { return !e.Ordered })
	return &u
}

// TestHandOff: what was reserved is handed off as it is being sent, the rest is
// due, and each is told one time.
func TestHandOff(t *testing.T) {
	l := &lanes{takes: map[string]bool{"takes": true}}
	u := filled(t, l)
	u.Commit.Sessions = []string{"browser_a", "browser_b", "browser_a"}
	if want := []Key{{9, 1}}; !cmp.Equal(u.Reserved(), want) || !cmp.Equal(l.asked, []string{"takes", "full"}) {
		t.Errorf("reserved %v, asked about %v", u.Reserved(), l.asked)
	}
	if turns := []int64{u.Deliveries[0].Turn(), u.Deliveries[2].Turn()}; !cmp.Equal(turns, []int64{0, 5}) {
		t.Errorf("their turns are %v", turns)
	}
	u.Complete()
	var told []domain.Commit
	u.Tell(l, key, func(c domain.Commit) {
		if len(l.taken) == 0 {
			t.Error("told before it was handed off")
		}
		told = append(told, c)
	})
	if !cmp.Equal(l.taken, []string{"9/1 SENDING"}) || len(l.abandoned) > 0 {
		t.Errorf("taken %v, abandoned %v", l.taken, l.abandoned)
	}
	ref := func(id string) domain.EndpointRef { return domain.EndpointRef{ProjectID: "proj_a", ID: id} }
	if len(told) != 1 || len(told[0].Events) != 1 || !cmp.Equal(told[0].Due, []domain.EndpointRef{ref("full"), ref("ordered"), ref("takes")}) ||
		!cmp.Equal(told[0].Projects, []string{"proj_a"}) || !cmp.Equal(told[0].Sessions, []string{"browser_a", "browser_b"}) {
		t.Errorf("told %+v", told)
	}
	u.Abandon(l)
	if len(l.abandoned) > 0 {
		t.Error("abandoned what was taken")
	}
}

// TestWhatFailsIsReleased, and nothing is told.
func TestWhatFailsIsReleased(t *testing.T) {
	l := &lanes{takes: map[string]bool{"takes": true, "full": true}}
	u := filled(t, l)
	u.Abandon(l)
	u.Abandon(l)
	if len(l.abandoned) != 2 || len(l.taken) > 0 {
		t.Errorf("abandoned %v, taken %v", l.abandoned, l.taken)
	}
}

// TestNobodyTakes: without a taker everything is due.
func TestNobodyTakes(t *testing.T) {
	var u Unit
	e := entry(t, 1)
	u.Append(e)
	u.Deliver(e, endpoint("a", 1, false))
	u.Complete()
	told := 0
	u.Tell(nil, key, func(c domain.Commit) { told += len(c.Due) })
	if u.Abandon(nil); told != 1 {
		t.Errorf("told of %d", told)
	}
}

// TestNothingIsNotTold: not even that there was a commit.
func TestNothingIsNotTold(t *testing.T) {
	var u Unit
	u.Complete()
	u.Tell(nil, key, func(c domain.Commit) { t.Errorf("told %+v", c) })
	u.Commit.KeyPairs = true
	told := false
	if u.Tell(nil, key, func(domain.Commit) { told = true }); !told {
		t.Error("not told of other key pairs")
	}
}

// TestReset: what a change that failed had collected is forgotten, all of it.
func TestReset(t *testing.T) {
	l := &lanes{takes: map[string]bool{}}
	fill := func(u *Unit, id string) {
		e := entry(t, 1)
		u.Append(e)
		u.Deliver(e, endpoint(id, 1, false))
		c, ref := &u.Commit, domain.EndpointRef{ID: id}
		c.Due, c.Sessions, c.Keys = append(c.Due, ref), append(c.Sessions, id), append(c.Keys, id)
		u.Gone(ref)
	}
	var u, want Unit
	fill(&u, "kept")
	fill(&want, "kept")
	m := u.Savepoint()
	fill(&u, "failed")
	u.Commit.KeyPairs = true
	u.Reset(m)
	for _, one := range []*Unit{&u, &want} {
		one.Reserve(l, 0, func(*domain.Endpoint) bool { return true })
		one.Complete()
	}
	ignored := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".ID" || p.Last().String() == ".Body" }, cmp.Ignore())
	if d := cmp.Diff(want.Commit, u.Commit, ignored); d != "" || len(u.Deliveries) != 1 || len(u.Entries) != 1 {
		t.Errorf("(-want +got):\n%s", d)
	}
}
