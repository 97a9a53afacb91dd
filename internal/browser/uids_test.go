package browser

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestUsersOfBrowsers: no two at the same time have the same, and the next is not
// who has just been.
func TestUsersOfBrowsers(t *testing.T) {
	l := &Launcher{uids: map[int]bool{}, last: lastUID - 3}
	seen := map[int]bool{}
	for range lastUID - firstUID {
		uid := l.nextUID()
		if seen[uid] || uid < firstUID || uid >= lastUID {
			t.Fatalf("%d, after %d others", uid, len(seen))
		}
		seen[uid] = true
	}
	if uid := l.nextUID(); uid != lastUID {
		t.Errorf("one more than there are is %d", uid)
	}
	l.freeUID(firstUID + 7)
	if uid := l.nextUID(); uid != firstUID+7 {
		t.Errorf("the only free one is %d, got %d", firstUID+7, uid)
	}
	l.freeUID(firstUID + 7)
	l.freeUID(firstUID + 9)
	if uid := l.nextUID(); uid != firstUID+9 {
		t.Errorf("got %d, which has just been let go", uid)
	}
}

// TestUsersOfBrowsersThatAreKept: none that is launched has one of theirs, until they
// are gone.
func TestUsersOfBrowsersThatAreKept(t *testing.T) {
	l := &Launcher{cfg: Config{RunDir: t.TempDir()}, uids: map[int]bool{}}
	id := domain.NewID(domain.PrefixSession)
	if err := os.MkdirAll(filepath.Join(l.cfg.RunDir, id, filesFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.Sweep(t.Context(), func(string) bool { return true }); err != nil || !l.uids[os.Getuid()] {
		t.Errorf("%v, %v", l.uids, err)
	}
	if err := l.Discard(id); err != nil || len(l.uids) != 0 {
		t.Errorf("%v, %v", l.uids, err)
	}
}
