package work

import (
	"cmp"
	"slices"

	"github.com/browserhook/browserhook/internal/domain"
)

// Admit refuses a session when so many wait already, unless its project has none that
// does: nobody is kept out by what others have waiting.
func Admit(waiting int, own bool, most int) error {
	if most > 0 && waiting >= most && own {
		return domain.Refuse(domain.CodeQueueFull, "%d sessions wait for a browser already; try again soon", waiting)
	}
	return nil
}

// Turn is a project of which sessions wait. They are started in turns: the next is the
// oldest session of the project with the least number, which then gets the greatest.
type Turn struct {
	Project string
	Number  int64 // of its last turn
	Waiting int   // sessions
}

// before says whether of two projects the first has its turn first.
func (t Turn) before(o Turn) bool {
	return cmp.Or(cmp.Compare(t.Number, o.Number), cmp.Compare(t.Project, o.Project)) < 0
}

// Position is the place in the queue, from 1, of the session of a project that is the
// rank-th of those of it that wait, from 1: if nothing else comes, goes or is held up.
func Position(project string, rank int, turns []Turn) int {
	own := Turn{Project: project}
	for _, t := range turns {
		if t.Project == project {
			own = t
		}
	}
	position := rank
	for _, t := range turns {
		if t.Project == project {
			continue
		}
		// Each round before its own has one of the other's, and its own if the other comes first.
		rounds := rank - 1
		if t.before(own) {
			rounds = rank
		}
		position += min(t.Waiting, rounds)
	}
	return position
}

// Positions are the places in the queue of those of a project's sessions that are asked
// about. waiting are all of it that wait, in their order.
func Positions(project string, waiting, asked []string, turns []Turn) map[string]int {
	positions := map[string]int{}
	for _, id := range asked {
		if at, found := slices.BinarySearch(waiting, id); found {
			positions[id] = Position(project, at+1, turns)
		}
	}
	return positions
}
