package browsertest

import (
	"os"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
)

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

// TestABrowserThatKnowsSecretsIsLent once: they are covered and taken out of
// whatever its pages say.
func TestABrowserThatKnowsSecretsIsLent(t *testing.T) {
	p := &Pool{}
	for _, tt := range []struct {
		name string
		do   func(*browser.Page)
		idle int
	}{
		{"nothing is done", func(*browser.Page) {}, 1},
		{"secrets are learned", func(page *browser.Page) { page.Secrets.Add("hush") }, 0},
		{"nothing is done again", func(page *browser.Page) {
			if known := page.Secrets.Known(); len(known) > 0 {
				t.Errorf("a new one knows %q", known)
			}
		}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.do(p.Page(t)) })
		if len(p.idle) != tt.idle {
			t.Errorf("%s: %d browsers wait for the next test, want %d", tt.name, len(p.idle), tt.idle)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
