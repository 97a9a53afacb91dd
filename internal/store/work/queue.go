package work

import (
	"cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

// Queue is how much waits for a browser, as a project sees it.
type Queue struct {
	All      int // sessions
	Own      int // of them, of the project
	Projects int // that have some
}

// Admit refuses a session of the project when so many wait already and it has its share
// of them, of which one is the least: nobody is kept out by what others have waiting.
func (q Queue) Admit(most int) error {
	if most == 0 || q.All < most || q.Own < max(1, most/max(1, q.Projects)) {
		return nil
	}
	return domain.Refuse(domain.CodeQueueFull, "%d sessions wait for a browser already; try again soon", q.All)
}

// Turn is a project of which sessions wait. They are started in turns: the next is the
// oldest session of the project with the least number, which then gets the greatest.
type Turn struct {
	Project string
	Number  int64 // of its last turn
	Waiting int   // sessions; how many beyond a rank doesn't matter to what has it
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

// Rank is a session's place among those of its project that wait, from 1.
type Rank struct {
	ID   string
	Rank int
}

// Positions are the places in the queue of sessions of a project.
func Positions(project string, ranks []Rank, turns []Turn) map[string]int {
	positions := map[string]int{}
	for _, r := range ranks {
		positions[r.ID] = Position(project, r.Rank, turns)
	}
	return positions
}
