package oracle

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var write = flag.Bool("write", false, "write the differences into docs/steps.md")

// TestDifferencesAreInTheDocs: what differs on purpose is told to users, with
// the reason.
func TestDifferencesAreInTheDocs(t *testing.T) {
	const path, begin, end = "../../docs/steps.md", "<!-- differences -->\n", "<!-- /differences -->"
	var reasons []string
	by := map[string][]string{}
	for _, c := range everyCase() {
		if c.Differs == "" {
			continue
		}
		if by[c.Differs] == nil {
			reasons = append(reasons, c.Differs)
		}
		by[c.Differs] = append(by[c.Differs], c.Theme+": "+c.Name)
	}
	slices.Sort(reasons)
	var want strings.Builder
	for _, r := range reasons {
		fmt.Fprintf(&want, "- %s%s. (%s)\n", strings.ToUpper(r[:1]), r[1:], strings.Join(by[r], "; "))
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), begin)
	have, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the differences", path)
	}
	if have == want.String() {
		return
	}
	if !*write {
		t.Fatalf("%s has other differences: go test ./test/oracle -run Docs -args -write", path)
	}
	if err := os.WriteFile(path, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
