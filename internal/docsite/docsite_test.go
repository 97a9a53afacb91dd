package docsite

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var write = flag.Bool("write", false, "write the diagrams into docs/states.md")

// TestStatesAreDrawnFromTheTables: the diagram of each machine in docs/states.md, for who
// reads the file, is that of its table, and the page has a drawing with each state.
func TestStatesAreDrawnFromTheTables(t *testing.T) {
	const path = "../../docs/states.md"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for noun, m := range machines() {
		begin := "```mermaid states=" + noun + "\n"
		before, rest, ok := strings.Cut(text, begin)
		have, after, closed := strings.Cut(rest, "```")
		if !ok || !closed {
			t.Fatalf("no diagram of a %s", noun)
		}
		if want := mermaid(noun); have != want {
			if *write {
				text = before + begin + want + "```" + after
			} else {
				t.Errorf("the diagram of a %s is another: go test ./internal/docsite -args -write", noun)
			}
		}
		drawing, err := drawStates(noun)
		if err != nil {
			t.Fatal(err)
		}
		moves := 0
		for from, to := range m.moves {
			moves += len(to)
			if !strings.Contains(drawing, ">"+from+"</text>") {
				t.Errorf("%s isn't drawn", from)
			}
		}
		if drawn := strings.Count(drawing, `class="move"`); drawn != moves {
			t.Errorf("of a %s %d moves are drawn, there are %d", noun, drawn, moves)
		}
	}
	if *write {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// mermaid is a table as a diagram in that language.
func mermaid(noun string) string {
	m := machines()[noun]
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, from := range m.order() {
		for _, to := range m.moves[from] {
			fmt.Fprintf(&b, "    %s --> %s\n", from, to)
		}
	}
	return b.String()
}
