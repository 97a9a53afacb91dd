package postgres

import "testing"

// TestWhatIsUndoneLate has two transactions hand out the same place: the log's
// positions are given again after one was lost with the database, and of that
// one it may be known only later.
func TestWhatIsUndoneLate(t *testing.T) {
	h, k := newHeld(), deliveryKey{event: 7, endpoint: 1}
	lost, made := h.hand(), h.hand()
	h.add(lost, k, 5)
	h.add(made, k, 6)
	h.undo(lost, k)
	if got := h.node(k); got != 6 {
		t.Errorf("held by %d, want 6", got)
	}
	was := h.take([]deliveryKey{k, {event: 8}})
	if h.node(k) != 0 || len(was) != 1 {
		t.Errorf("took %v", was)
	}
	h.restore(was)
	h.undo(made, k)
	if got := h.node(k); got != 0 {
		t.Errorf("held by %d after all is undone", got)
	}
	claimed := h.hand()
	h.add(claimed, k, 9)
	h.restore(was)
	if got := h.node(k); got != 9 {
		t.Errorf("held by %d, want the one that claimed it since", got)
	}
}
