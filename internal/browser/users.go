package browser

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/browserhook/browserhook/internal/advice"
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

// lockFolders are where the files of all servers that run as root are: without a /run
// that can be written to, of those with the same temporary folder.
var lockFolders = []string{"/run/browserhook", filepath.Join(os.TempDir(), "browserhook-users")}

// newUsers are those of all servers that have a folder in common: the first that can be
// used.
func newUsers(folders []string) (*users, error) {
	u := &users{last: firstUID + rand.IntN(lastUID-firstUID)}
	if os.Getuid() != 0 {
		return u, nil
	}
	var why []string
	for _, u.dir = range folders {
		err := lockFolder(u.dir)
		if err == nil {
			return u, nil
		}
		why = append(why, err.Error())
	}
	return nil, advice.Add(fmt.Errorf("browsers can have no users of their own: %s", strings.Join(why, ", and ")),
		"Let the server make "+folders[0]+", such as with RuntimeDirectory=browserhook in its unit, or remove what is in its place.")
}

// lockFolder makes a folder for the files, unless it is there. Nobody but root may make
// or remove any in it; who may look at it (a unit's RuntimeDirectory is 0755) does no harm.
func lockFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	var folder unix.Stat_t
	if err := unix.Lstat(dir, &folder); err != nil {
		return &os.PathError{Op: "look at", Path: dir, Err: err}
	}
	if folder.Mode&unix.S_IFMT != unix.S_IFDIR || folder.Uid != 0 || folder.Mode&0o022 != 0 {
		return fmt.Errorf("%s is no folder of root's alone", dir)
	}
	if err := unix.Access(dir, unix.W_OK); err != nil {
		return &os.PathError{Op: "write to", Path: dir, Err: err}
	}
	return nil
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
