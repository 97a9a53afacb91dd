package packages

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
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
	for _, line := range strings.Split(strings.TrimSpace(harness.Walk(t, filepath.Join(repository, "docs/operations.md"), "Limits")[0].Text), "\n") {
		if !strings.Contains(string(raw), "\n"+line+"\n") {
			t.Errorf("docs/operations.md has units say %s, and this one doesn't", line)
		}
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
	// That of who edits it, as docs/operations.md says, is as well understood.
	edited := filepath.Join(filepath.Dir(unit), "browserhook.service.d")
	if err := errors.Join(os.Mkdir(edited, 0o755), os.WriteFile(filepath.Join(edited, "root.conf"), []byte(harness.Walk(t, filepath.Join(repository, "docs/operations.md"), "The unit")[0].Text), 0o644)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", unit).CombinedOutput(); err != nil || strings.Contains(string(out), "root.conf") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	if err := os.RemoveAll(edited); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold="+exposure, unit).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}
