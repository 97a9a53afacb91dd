package browser

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestABrowsersUserReachesItsFolder under the umask of a service that lets nobody in, as
// the package's unit has it. It is not parallel: the umask is the process'.
func TestABrowsersUserReachesItsFolder(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := filepath.Join(t.TempDir(), "session")
	files, err := makeFolders(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o711, files: 0o700, filepath.Join(files, "tmp"): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}
