package browser_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestDiscard ends a browser that nobody is to attach to.
func TestDiscard(t *testing.T) {
	before, after, dir := outlives(t, time.Minute)
	b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
	if err != nil {
		t.Fatal(err)
	}
	b.Leave()
	for range 2 { // nothing is left to end the second time
		if err := after.Discard(b.ID); err != nil {
			t.Error(err)
		}
		gone(t, filepath.Join(dir, b.ID))
	}
}

// TestNoHandleOfAKeeperIsLeft when a browser that was attached to has ended.
func TestNoHandleOfAKeeperIsLeft(t *testing.T) {
	before, after, _ := outlives(t, time.Minute)
	b, err := before.Launch(t.Context(), domain.NewID(domain.PrefixSession), small)
	if err != nil {
		t.Fatal(err)
	}
	b.Leave()
	handles := func() (n int) {
		files, err := filepath.Glob("/proc/self/fd/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if to, _ := os.Readlink(f); to == "anon_inode:[pidfd]" || strings.HasPrefix(to, "pidfd:") {
				n++
			}
		}
		return n
	}
	earlier := handles()
	again, err := after.Attach(t.Context(), b.ID, small)
	if err != nil {
		t.Fatal(err)
	}
	if got := handles(); got != earlier+1 {
		t.Errorf("%d handles of processes while it runs, %d before", got, earlier)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := handles(); got != earlier {
		t.Errorf("%d handles of processes, %d before", got, earlier)
	}
}
