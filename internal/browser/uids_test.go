package browser

import "testing"

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
