package browser_test

import (
	"fmt"
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
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.PID()))
	if err != nil {
		t.Fatal(err)
	}
	_, parent, _ := strings.Cut(string(status), "PPid:")
	keeper, _, _ := strings.Cut(strings.TrimSpace(parent), "\n")
	b.Leave()
	// Those of other keepers, of earlier tests, are none of this one's. Nobody here waits
	// for a keeper that was left, so it keeps its number.
	handles := func() (n int) {
		files, err := filepath.Glob("/proc/self/fdinfo/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if info, _ := os.ReadFile(f); strings.Contains(string(info), "\nPid:\t"+keeper+"\n") {
				n++
			}
		}
		return n
	}
	earlier := handles()
	if earlier == 0 {
		t.Fatalf("no handle of keeper %s", keeper)
	}
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
