package webhook

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCircuitBreaker(t *testing.T) {
	type step struct {
		after  time.Duration
		answer bool
		turns  bool // it opens, or closes
		state  circuitState
	}
	fails := func(n int) (steps []step) {
		for range n {
			steps = append(steps, step{0, false, false, circuitClosed})
		}
		return steps
	}
	opens := append(fails(tripAfter-1), step{0, false, true, circuitOpen})
	for _, c := range []struct {
		name  string
		steps []step
		open  time.Duration // after the last step
	}{
		{"answers", []step{{0, true, false, circuitClosed}}, 0},
		{"too few fail", append(fails(tripAfter-1), append([]step{{0, true, false, circuitClosed}}, fails(tripAfter-1)...)...), 0},
		{"it opens", opens, firstOpen},
		{"what was in flight then changes nothing", append(opens, step{firstOpen / 2, false, false, circuitOpen}), firstOpen / 2},
		{"an answer closes it at any time", append(opens, step{firstOpen / 2, true, true, circuitClosed}), 0},
		{"half-open, it closes", append(opens, step{firstOpen, true, true, circuitClosed}), 0},
		{"half-open, it opens for longer", append(opens, step{firstOpen, false, true, circuitOpen}), 2 * firstOpen},
		{"and longer", append(opens, step{firstOpen, false, true, circuitOpen}, step{2 * firstOpen, false, true, circuitOpen}), 4 * firstOpen},
		{"after it was closed it begins anew", append(append(opens, step{firstOpen, false, true, circuitOpen}, step{2 * firstOpen, true, true, circuitClosed}), opens...), firstOpen},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b circuit
			at := now
			if !b.suspect() || b.state(at) != circuitClosed {
				t.Error("one that was never tried is suspect, and closed")
			}
			for i, s := range c.steps {
				at = at.Add(s.after)
				var turns bool
				if s.answer {
					turns = b.succeed()
				} else {
					turns = b.fail(at)
				}
				if turns != s.turns || b.state(at) != s.state || b.suspect() == s.answer {
					t.Fatalf("step %d: turns %v, state %d, suspect %v", i, turns, b.state(at), b.suspect())
				}
			}
			if c.open == 0 != b.openUntil.IsZero() || c.open > 0 && b.openUntil.Sub(at) != c.open {
				t.Errorf("open until %s, want for %s", b.openUntil, c.open)
			}
		})
	}
}

// TestCircuitIsNeverOpenForLong walks it at random: it is never open for longer
// than the longest time, and never without so many failures in a row.
func TestCircuitIsNeverOpenForLong(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var c circuit
		at, failures := now, 0
		for range rapid.IntRange(1, 200).Draw(r, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 90).Draw(r, "seconds")) * time.Second)
			before := c.state(at)
			if rapid.IntRange(0, 9).Draw(r, "answer") == 0 {
				failures = 0
				if closes := c.succeed(); closes != (before != circuitClosed) {
					r.Fatalf("an answer in state %d closes it: %v", before, closes)
				}
			} else {
				failures++
				if opens := c.fail(at); opens != (failures >= tripAfter && before != circuitOpen) {
					r.Fatalf("failure %d in state %d opens it: %v", failures, before, opens)
				}
			}
			if c.openUntil.Sub(at) > maxOpen || c.state(at) != circuitClosed && failures < tripAfter || c.state(c.openUntil) == circuitOpen {
				r.Fatalf("after %d failures it is open for %s", failures, c.openUntil.Sub(at))
			}
		}
	})
}
