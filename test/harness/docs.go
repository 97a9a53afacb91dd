package harness

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// Differences has a document list what differs on purpose, by reason, between
// <!-- differences --> and <!-- /differences -->. If it lists others the test fails, and
// names the command that has them written: the same with write true.
func Differences(t *testing.T, path string, by map[string][]string, write bool, command string) {
	t.Helper()
	const begin, end = "<!-- differences -->\n", "<!-- /differences -->"
	var want strings.Builder
	for _, reason := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintf(&want, "- %s%s. (%s)\n", strings.ToUpper(reason[:1]), reason[1:], strings.Join(by[reason], "; "))
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
	if !write {
		t.Fatalf("%s has other differences: %s", path, command)
	}
	if err := os.WriteFile(path, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
