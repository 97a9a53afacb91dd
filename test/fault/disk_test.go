package fault

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/browserhook/browserhook/test/harness"
)

// TestFullDisk fills the file system of the database while events are
// committed. What was acknowledged before and after is there, nothing that was
// not is, and when there is room again everything goes on by itself.
func TestFullDisk(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		dir := smallDisk(t, 16)
		r := newRig(t, filepath.Join(dir, "fault.db"))
		r.nodes = []*process{r.start("a")}
		r.fill(dir, func() {})
	})
	t.Run("postgres", func(t *testing.T) {
		dir := smallDisk(t, 160)
		before := os.Getenv("TMPDIR")
		os.Setenv("TMPDIR", dir)
		server := postgresFor(t, "max_wal_size=32MB", "min_wal_size=32MB")
		os.Setenv("TMPDIR", before)
		r := newRig(t, server.where)
		r.nodes = []*process{r.start("a"), r.start("b")}
		r.fill(dir, func() {
			// It gives up when it can't write its log, and is started anew by
			// whoever runs it.
			if err := server.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// fill has the nodes work while the disk becomes full, and is full, and has
// room again. repair is what has to be done then.
func (r *rig) fill(dir string, repair func()) {
	r.Helper()
	r.round = 1
	r.receiver.round.Store(1)
	for i, p := range r.nodes {
		p.tell(fmt.Sprintf("work %d", *seed+uint64(i)))
	}
	r.waitSaid(20)
	r.full.Store(true)
	ballast := filepath.Join(dir, "ballast")
	r.refused.Store(0)
	err := harness.Until(r.Context(), func() (bool, error) {
		return r.refused.Load() >= 5, ballastInto(ballast)
	})
	if err != nil {
		r.Fatalf("no commit fails although the disk is full: %v", err)
	}
	pause(r.Context(), 300*time.Millisecond)
	if err := os.Remove(ballast); err != nil {
		r.Fatal(err)
	}
	repair()
	r.mu.Lock()
	before := len(r.said)
	r.mu.Unlock()
	r.waitSaid(before + 20)
	r.full.Store(false)
	r.settle()
	events, requests := r.check()
	r.Logf("%d commits refused on a full disk; %d events, %d requests at the receiver", r.refused.Load(), events, requests)
}

// waitSaid waits until so much has been acknowledged.
func (r *rig) waitSaid(n int) {
	r.Helper()
	if err := harness.Until(r.Context(), func() (bool, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.said) >= n, nil
	}); err != nil {
		r.Fatalf("not %d commits are acknowledged: %v", n, err)
	}
}

// ballastInto fills what is free of the disk with a file.
func ballastInto(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, size := range []int64{1 << 20, 4 << 10} {
		for {
			if _, err := io.Copy(f, io.LimitReader(zeros{}, size)); errors.Is(err, syscall.ENOSPC) {
				break
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// smallDisk is a file system of so many MiB.
func smallDisk(t *testing.T, size int) string {
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("fault", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=1777", size)); err != nil {
		t.Skipf("only who may mount a file system can fill one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}
