package app

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestALockIsFreeSoon: a server that was killed while it started a process leaves its
// lock to that for a moment.
func TestALockIsFreeSoon(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir := t.TempDir()
	held, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	free := time.AfterFunc(50*time.Millisecond, func() { _ = syscall.Flock(int(held.Fd()), syscall.LOCK_UN) })
	defer free.Stop()
	d, err := openData(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
