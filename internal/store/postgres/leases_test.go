package postgres

import (
	"testing"

	"github.com/browserhook/browserhook/internal/store/work"
)

// TestWhatIsUndoneLate has two transactions give the same place: the log's
// positions are given again after one was lost with the database, and of that
// one it may be known only later.
func TestWhatIsUndoneLate(t *testing.T) {
	ls, k := newLeases(), work.Key{Event: 7, Endpoint: 1}
	node := func() int64 {
		was := ls.take([]work.Key{k})
		ls.restore(was)
		return was[k].node
	}
	lost, made := ls.grant(), ls.grant()
	ls.expect(lost, 5, k)
	ls.expect(made, 6, k)
	ls.confirm(lost, k)
	if ls.onItsWay(k) {
		t.Error("it is on its way, by a transaction that has been overtaken")
	}
	ls.undo(lost, k)
	ls.confirm(made, k)
	if got := node(); got != 6 || !ls.onItsWay(k) {
		t.Errorf("leased to %d, want 6", got)
	}
	was := ls.take([]work.Key{k, {Event: 8}})
	if node() != 0 || len(was) != 1 {
		t.Errorf("took %v", was)
	}
	ls.restore(was)
	ls.undo(made, k)
	if got := node(); got != 0 {
		t.Errorf("leased to %d after all is undone", got)
	}
	if ls.claim(ls.grant(), 9, k) || !ls.claim(ls.grant(), 9, k) {
		t.Error("claimed twice, or not at all")
	}
	ls.restore(was)
	if got := node(); got != 9 {
		t.Errorf("leased to %d, want the one that claimed it since", got)
	}
}
