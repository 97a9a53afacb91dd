package browser

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// firstUID and lastUID bound the users that browsers run as when the server is
// root: the range that systemd keeps for users that exist only while needed.
const firstUID, lastUID = 61184, 65519

// users are those that browsers run as. No two browsers on a machine have the same
// at a time, whichever server they are of: whoever takes one locks its file, and the
// lock lasts until server and keeper are both gone.
type users struct {
	dir string // of the files

	mu   sync.Mutex
	last int // the one that was taken last
}

// user is taken until it is released.
type user struct {
	id   int // 0: the server's own
	lock *os.File
}

// release lets other browsers have the user, when the keeper does too.
func (u user) release() {
	if u.lock != nil {
		u.lock.Close()
	}
}

// newUsers are those of all servers that run as root.
func newUsers() *users {
	u := &users{last: firstUID + rand.IntN(lastUID-firstUID)}
	if os.Getuid() != 0 {
		return u
	}
	// Without a /run that can be written to, servers with the same temporary folder.
	for _, u.dir = range []string{"/run/browserhook", filepath.Join(os.TempDir(), "browserhook-users")} {
		_ = os.Mkdir(u.dir, 0o700) // unless it is there
		var folder unix.Stat_t
		if unix.Lstat(u.dir, &folder) == nil && folder.Mode == unix.S_IFDIR|0o700 && folder.Uid == 0 && unix.Access(u.dir, unix.W_OK) == nil {
			break
		}
	}
	return u
}

// take is the next user that no browser runs as: not who has just been, as long as
// there is another.
func (u *users) take() (user, error) {
	if os.Getuid() != 0 {
		return user{}, nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for range lastUID - firstUID + 1 {
		if u.last++; u.last > lastUID {
			u.last = firstUID
		}
		lock, err := u.lock(u.last)
		if err != nil {
			return user{}, err
		}
		if lock != nil {
			return user{u.last, lock}, nil
		}
	}
	return user{}, errors.New("no user is left to run another browser as")
}

// lock is nil when somebody has the user.
func (u *users) lock(uid int) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(u.dir, strconv.Itoa(uid)), os.O_RDONLY|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("take a user for the browser: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil && !living(uid) {
		return file, nil
	}
	file.Close()
	if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("take a user for the browser: %w", err)
	}
	return nil, nil
}

// living says whether any process is of the user, such as one of a browser that has
// just lost its keeper.
func living(uid int) bool {
	_, err := unix.Getpriority(unix.PRIO_USER, uid)
	return !errors.Is(err, unix.ESRCH)
}
