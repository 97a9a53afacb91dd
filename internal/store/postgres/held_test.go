package postgres

import "testing"

// TestWhatIsUndoneLate has two transactions hand out the same place: the log's
// positions are given again after one was lost with the database, and of that
// one it may be known only later.
func TestWhatIsUndoneLate(t *testing.T) {
	h, k := newHeld(), deliveryKey{event: 7, endpoint: 1}
	node := func() int64 {
		was := h.take([]deliveryKey{k})
		h.restore(was)
		return was[k].node
	}
	lost, made := h.hand(), h.hand()
	h.expect(lost, 5, k)
	h.expect(made, 6, k)
	h.confirm(lost, k)
	if h.onItsWay(k) {
		t.Error("it is on its way, by a transaction that has been overtaken")
	}
	h.undo(lost, k)
	h.confirm(made, k)
	if got := node(); got != 6 || !h.onItsWay(k) {
		t.Errorf("held by %d, want 6", got)
	}
	was := h.take([]deliveryKey{k, {event: 8}})
	if node() != 0 || len(was) != 1 {
		t.Errorf("took %v", was)
	}
	h.restore(was)
	h.undo(made, k)
	if got := node(); got != 0 {
		t.Errorf("held by %d after all is undone", got)
	}
	if h.claim(h.hand(), 9, k) || !h.claim(h.hand(), 9, k) {
		t.Error("claimed twice, or not at all")
	}
	h.restore(was)
	if got := node(); got != 9 {
		t.Errorf("held by %d, want the one that claimed it since", got)
	}
}
