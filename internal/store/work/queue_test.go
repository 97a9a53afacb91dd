package work

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPositionsAreTheOrder plays the queue: each session is started at the place that it
// was told.
func TestPositionsAreTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var turns []Turn
		last := int64(0)
		for _, project := range []string{"a", "b", "c", "d"}[:rapid.IntRange(1, 4).Draw(t, "projects")] {
			turns = append(turns, Turn{project, rapid.Int64Range(0, 3).Draw(t, "turn"), rapid.IntRange(1, 6).Draw(t, "waiting")})
			last = max(last, turns[len(turns)-1].Number)
		}
		now := slices.Clone(turns)
		started := map[string]int{}
		for place := 1; len(now) > 0; place++ {
			slices.SortFunc(now, func(a, b Turn) int { return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Project, b.Project)) })
			next := &now[0]
			started[next.Project]++
			if got := Position(next.Project, started[next.Project], turns); got != place {
				t.Fatalf("session %d of %s of %v is told %d and has the place %d", started[next.Project], next.Project, turns, got, place)
			}
			last++
			next.Number = last
			if next.Waiting--; next.Waiting == 0 {
				now = now[1:]
			}
		}
	})
}
