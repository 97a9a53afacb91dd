package browser

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/internal/advice"
)

// NextUser has the launcher take this user next, if it is free.
func (l *Launcher) NextUser(uid int) { l.users.last = uid - 1 }

// GiveUp has the server find that the browser hangs.
func (b *Browser) GiveUp() { b.conn.GiveUp() }

// TestUsersOfBrowsers: no two at the same time have the same, of whichever server
// they are, and the next is not who has just been.
func TestUsersOfBrowsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("browsers share the server's user unless that is root")
	}
	dir := t.TempDir()
	one, two := &users{dir: dir, last: lastUID - 3}, &users{dir: dir, last: lastUID - 3}
	take := func(u *users) user {
		t.Helper()
		as, err := u.take()
		if err != nil {
			t.Fatal(err)
		}
		return as
	}
	taken := map[int]user{}
	for i := range 20 {
		as := take([]*users{one, two}[i%2])
		if _, ok := taken[as.id]; ok || as.id < firstUID || as.id > lastUID {
			t.Fatalf("%d, after %d others", as.id, len(taken))
		}
		taken[as.id] = as
	}
	first := taken[lastUID]
	first.release()
	if as := take(one); as.id == lastUID {
		t.Errorf("got %d, which has just been let go", as.id)
	}
	again := &users{dir: dir, last: lastUID - 1} // a server that starts again
	if as := take(again); as.id != lastUID {
		t.Errorf("got %d, and %d is free", as.id, lastUID)
	}
	for _, as := range taken {
		as.release()
	}
}

// TestTheFolderOfUsers is one that nobody but root writes to, or there is none.
func TestTheFolderOfUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("browsers share the server's user unless that is root")
	}
	at := t.TempDir()
	in := func(name string) string { return filepath.Join(at, name) }
	for name, mode := range map[string]os.FileMode{"own": 0o700, "unit": 0o755, "group": 0o770, "all": 0o777} {
		if err := os.Mkdir(in(name), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(in(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(in("another"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(in("another"), firstUID, firstUID); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(in("own"), in("link")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"own": true, "unit": true, "new": true, "group": false, "all": false, "another": false, "file": false, "link": false, "none/new": false} {
		u, err := newUsers([]string{in(name)})
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
		if why, ok := errors.AsType[*advice.Error](err); err != nil && (!ok || !strings.Contains(why.Do, "RuntimeDirectory=") || u != nil) {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
	if u, err := newUsers([]string{in("all"), in("another"), in("unit")}); err != nil || u.dir != in("unit") {
		t.Errorf("the third of three: %+v, %v", u, err)
	}
}

// TestAUserWhoLives is taken, whether or not anybody has locked it: by what is left of
// a browser that has lost its keeper.
func TestAUserWhoLives(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("browsers share the server's user unless that is root")
	}
	u := &users{dir: t.TempDir(), last: lastUID - 1}
	left := exec.Command("sleep", "60")
	left.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: lastUID, Gid: lastUID}}
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	as, err := u.take()
	if err != nil || as.id == lastUID {
		t.Errorf("got %d, %v: a process runs as %d", as.id, err, lastUID)
	}
	as.release()
	_ = left.Process.Kill()
	_ = left.Wait()
	u.last = lastUID - 1
	if as, err = u.take(); err != nil || as.id != lastUID {
		t.Errorf("got %d, %v, and %d is free", as.id, err, lastUID)
	}
	as.release()
}

// TestWhoHasAUser is the keeper too: the lock lasts until both it and the server
// are gone.
func TestWhoHasAUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("browsers share the server's user unless that is root")
	}
	dir := t.TempDir()
	as, err := (&users{dir: dir, last: lastUID - 1}).take()
	if err != nil {
		t.Fatal(err)
	}
	keeper := exec.Command("sleep", "60")
	keeper.ExtraFiles = []*os.File{as.lock}
	if err := keeper.Start(); err != nil {
		t.Fatal(err)
	}
	as.release() // the server ends
	for _, want := range []bool{false, true} {
		other := &users{dir: dir, last: lastUID - 1}
		lock, err := other.lock(lastUID)
		if err != nil || (lock != nil) != want {
			t.Errorf("the user %d is free: %t, %v; want %t", lastUID, lock != nil, err, want)
		}
		if lock != nil {
			lock.Close()
		}
		_ = keeper.Process.Kill()
		_ = keeper.Wait()
	}
}
