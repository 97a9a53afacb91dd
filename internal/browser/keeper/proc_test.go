package keeper

import (
	"os"
	"os/exec"
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

// TestWhoWorksInASessionsFolder is ended with it, if it is the browser's user, and not
// an operator who looks around.
func TestWhoWorksInASessionsFolder(t *testing.T) {
	const another = 61184
	for uid, ends := range map[int]int{os.Getuid(): 1, another: 0} {
		if uid == another && os.Getuid() != 0 {
			continue // it can't be made so
		}
		folder := t.TempDir()
		files := filepath.Join(folder, "files")
		if err := os.Mkdir(files, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(files, uid, -1); err != nil {
			t.Fatal(err)
		}
		works := exec.Command("sleep", "60")
		works.Dir = folder
		if err := works.Start(); err != nil {
			t.Fatal(err)
		}
		if got := KillSession(folder); got != ends {
			t.Errorf("the browser runs as %d, this process as %d: %d processes were ended", uid, os.Getuid(), got)
		}
		_ = works.Process.Kill()
		_ = works.Wait()
	}
}
