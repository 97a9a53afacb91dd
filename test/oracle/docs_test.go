package oracle

import (
	"flag"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

var write = flag.Bool("write", false, "write the differences into docs/steps.md")

// TestDifferencesAreInTheDocs: what differs on purpose is told to users, with
// the reason.
func TestDifferencesAreInTheDocs(t *testing.T) {
	by := map[string][]string{}
	for _, c := range everyCase() {
		if c.Differs != "" {
			by[c.Differs] = append(by[c.Differs], c.Theme+": "+c.Name)
		}
	}
	harness.Differences(t, "../../docs/steps.md", by, *write, "go test ./test/oracle -run Docs -args -write")
}
