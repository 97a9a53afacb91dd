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
	freed := make(chan error, 1)
	time.AfterFunc(50*time.Millisecond, func() { freed <- syscall.Flock(int(held.Fd()), syscall.LOCK_UN) })
	d, err := openData(dir)
	if err := <-freed; err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestTheFolderOfRunningBrowsers is the one that an earlier server had, as long as
// something is in it.
func TestTheFolderOfRunningBrowsers(t *testing.T) {
	data, one, two := t.TempDir(), t.TempDir(), t.TempDir()
	at := func(tmp string) string {
		t.Helper()
		t.Setenv("TMPDIR", tmp)
		dir, err := runFolder(data)
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	first := at(one)
	left := filepath.Join(first, "browser_1")
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := at(two); got != first || filepath.Dir(got) != one {
		t.Errorf("a browser was left in %s, and the next server looks in %s", first, got)
	}
	if err := os.Remove(left); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := at(two); filepath.Dir(got) != two {
			t.Errorf("nothing was left in %s, and the next server's is %s", first, got)
		}
	}
}
