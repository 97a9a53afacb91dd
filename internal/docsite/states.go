package docsite

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
)

// machine is a table of states, and where each is drawn: column and row.
type machine struct {
	moves map[string][]string
	at    map[string][2]float64
}

// table is a table of domain's, by names.
func table[S ~string](moves map[S][]S) map[string][]string {
	all := map[string][]string{}
	for from, to := range moves {
		names := make([]string, len(to))
		for i, t := range to {
			names[i] = string(t)
		}
		all[string(from)] = names
	}
	return all
}

// machines are the tables by their noun.
func machines() map[string]machine {
	return map[string]machine{
		"session": {table(domain.SessionTransitions), map[string][2]float64{
			"QUEUED": {0, 0}, "STARTING": {1, 0}, "READY": {2, 0}, "CLOSING": {2, 1}, "CLOSED": {2, 2}, "FAILED": {0, 2},
		}},
		"step": {table(domain.StepTransitions), map[string][2]float64{
			"PENDING": {0, 0}, "RUNNING": {1, 0}, "WAITING": {2, 0}, "COMPLETED": {0.5, 2}, "FAILED": {1.5, 2}, "CANCELED": {0, 1}, "INTERRUPTED": {2.5, 2},
		}},
		"delivery": {table(domain.DeliveryTransitions), map[string][2]float64{
			"PENDING": {0, 0}, "SENDING": {2, 0}, "DELIVERED": {2, 1}, "FAILED": {1, 1}, "CANCELED": {0, 1},
		}},
	}
}

// order is the states as they are read: by row and column.
func (m machine) order() []string {
	return slices.SortedFunc(maps.Keys(m.moves), func(a, b string) int {
		x, y := m.at[a], m.at[b]
		return int(100*(x[1]-y[1]) + 10*(x[0]-y[0]))
	})
}

const boxWidth, boxHeight, columnWidth, rowHeight = 124.0, 40.0, 206.0, 104.0

// drawStates is the table as a drawing.
func drawStates(noun string) (string, error) {
	m, ok := machines()[noun]
	if !ok {
		return "", fmt.Errorf("there are no states of %q", noun)
	}
	var width, height float64
	center := map[string][2]float64{}
	for state := range m.moves {
		at, ok := m.at[state]
		if !ok {
			return "", fmt.Errorf("the state %s of a %s has no place", state, noun)
		}
		x, y := at[0]*columnWidth+boxWidth/2+2, at[1]*rowHeight+boxHeight/2+2
		center[state] = [2]float64{x, y}
		width, height = max(width, x+boxWidth/2+2), max(height, y+boxHeight/2+2)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<figure class="states"><svg viewBox="0 0 %.0f %.0f" width="%.0f" role="img" aria-labelledby="states-%s"><title id="states-%s">%s</title>`, width, height, width, noun, noun, inWords(noun, m))
	fmt.Fprintf(&b, `<defs><marker id="to-%s" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"/></marker></defs>`, noun)
	for _, from := range m.order() {
		for _, to := range m.moves[from] {
			x1, y1, x2, y2 := edge(center[from], center[to], slices.Contains(m.moves[to], from))
			fmt.Fprintf(&b, `<path class="move" d="M%.1f %.1fL%.1f %.1f" marker-end="url(#to-%s)"/>`, x1, y1, x2, y2, noun)
		}
	}
	for _, state := range m.order() {
		c := center[state]
		class := ""
		if len(m.moves[state]) == 0 {
			class = ` class="end"`
		}
		fmt.Fprintf(&b, `<rect%s x="%.1f" y="%.1f" width="%.0f" height="%.0f" rx="8"/><text x="%.1f" y="%.1f">%s</text>`,
			class, c[0]-boxWidth/2, c[1]-boxHeight/2, boxWidth, boxHeight, c[0], c[1], state)
	}
	b.WriteString("</svg></figure>\n")
	return b.String(), nil
}

// edge is a line between the borders of two boxes, beside the middle if there is one back.
func edge(from, to [2]float64, both bool) (x1, y1, x2, y2 float64) {
	dx, dy := to[0]-from[0], to[1]-from[1]
	shift := 0.0
	if both {
		shift = 8
	}
	if dy == 0 {
		sign := 1.0
		if dx < 0 {
			sign = -1
		}
		return from[0] + sign*boxWidth/2, from[1] - sign*shift, to[0] - sign*boxWidth/2, to[1] - sign*shift
	}
	sign := 1.0
	if dy < 0 {
		sign = -1
	}
	// It leaves and arrives above or below, moved to the side where it comes from.
	lean := max(-1, min(1, dx/columnWidth))
	return from[0] + lean*boxWidth/3 + sign*shift, from[1] + sign*boxHeight/2, to[0] - lean*boxWidth/3 + sign*shift, to[1] - sign*boxHeight/2
}

// inWords is the table as a sentence, for who doesn't see the drawing.
func inWords(noun string, m machine) string {
	var all []string
	for _, from := range m.order() {
		if to := m.moves[from]; len(to) > 0 {
			all = append(all, from+" to "+strings.Join(to, ", "))
		}
	}
	return "The states of a " + noun + ": " + strings.Join(all, "; ") + "."
}
