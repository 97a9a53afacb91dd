package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// exposure bounds what systemd says of the unit, from 0 (nothing is left open) to 100.
const exposure = "25"

// TestUnit: systemd understands each line, but those that only a newer one knows, and
// finds little left open.
func TestUnit(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(repository, "deploy/deb/browserhook.service"))
	if err != nil {
		t.Fatal(err)
	}
	// It looks for the program.
	unit := filepath.Join(t.TempDir(), "browserhook.service")
	text := strings.ReplaceAll(string(raw), "/usr/bin/browserhook", filepath.Join(unpacked(t), "browserhook"))
	if err := os.WriteFile(unit, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", unit).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "DelegateSubgroup") {
			t.Errorf("systemd-analyze verify: %s", line)
		}
	}
	if err != nil {
		t.Errorf("systemd-analyze verify: %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold="+exposure, unit).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}
