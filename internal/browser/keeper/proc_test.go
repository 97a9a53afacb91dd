package keeper

import (
	"path/filepath"
	"testing"
)

// TestAProbeWithoutItsProgram says the same as one with it: browsers don't lose
// their sandbox because an image has no /bin/true.
func TestAProbeWithoutItsProgram(t *testing.T) {
	if got, want := probeWith(filepath.Join(t.TempDir(), "none")), probeWith("/bin/true"); got != want {
		t.Errorf("%d, want %d", got, want)
	}
}
