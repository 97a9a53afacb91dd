package app

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/internal/advice"
	"github.com/browserhook/browserhook/internal/config"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/store/seal"
)

// The files of a data folder, beside the database.
const (
	masterKeyFile = "master.key"
	lockFile      = "lock"
)

func databasePath(data string) string { return filepath.Join(data, "browserhook.db") }

// dataFolder is the server's own folder, locked so that two servers never
// share one database file.
type dataFolder struct {
	Path      string
	Database  string
	Artifacts string
	Logs      string // of the sessions that run
	// Recordings is for what is not with the artifacts yet.
	Recordings string
	MasterKey  string
	// Run is where the browsers' own folders go. It isn't inside Path: a
	// browser runs as another user, who must be able to reach its folder
	// whoever owns the folders above the data.
	Run string

	lock *os.File
}

func openData(path string) (*dataFolder, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, folderError("data folder", abs, "--data", err)
	}
	d := &dataFolder{
		Path:      abs,
		Database:  databasePath(abs),
		Artifacts: filepath.Join(abs, "artifacts"),
		Logs:      filepath.Join(abs, "logs"), Recordings: filepath.Join(abs, "recordings"),
		MasterKey: filepath.Join(abs, masterKeyFile),
	}
	d.lock, err = os.OpenFile(filepath.Join(abs, lockFile), os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, folderError("data folder", abs, "--data", err)
	}
	if err := take(d.lock); err != nil {
		d.lock.Close()
		return nil, advice.Add(fmt.Errorf("the data folder %s is in use by another browserhook server", abs),
			"Stop that server, or name another folder with --data.")
	}
	if d.Run, err = runFolder(abs); err != nil {
		d.lock.Close()
		return nil, err
	}
	return d, nil
}

// takeWithin is how long a lock that somebody has is waited for. A process that a
// server was just starting when it was killed has its lock for a moment longer, until
// it becomes the other program.
const takeWithin = time.Second

// take takes the lock of a file.
func take(file *os.File) error {
	for late := time.Now().Add(takeWithin); ; {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || time.Now().After(late) {
			return err
		}
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // whoever waits in the kernel waits without end
	}
}

// node is the name of the server that has this folder: made once, at random, so
// that folders of the same path on other machines have others. The lock on the
// folder makes it one server's.
func (d *dataFolder) node() (string, error) {
	file := filepath.Join(d.Path, "node")
	raw, err := os.ReadFile(file)
	if err == nil && len(raw) > 0 {
		return strings.TrimSpace(string(raw)), nil
	}
	name := domain.NewToken()
	if err := os.WriteFile(file, []byte(name+"\n"), 0o600); err != nil {
		return "", folderError("data folder", d.Path, "--data", err)
	}
	return name, nil
}

// folderError says why a folder can't be used, and what to do.
func folderError(what, path, flag string, err error) error {
	why := err
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		why = e.Err
	}
	do := fmt.Sprintf("Name another folder with %s.", flag)
	switch {
	case errors.Is(err, fs.ErrPermission):
		do = fmt.Sprintf("Give it to the user who runs the server (user id %[1]d: chown -R %[1]d %[2]s), or name another folder with %[3]s.", os.Getuid(), path, flag)
	case errors.Is(err, syscall.ENOSPC):
		do = "Make room on its disk, and start the server again."
	case errors.Is(err, syscall.EROFS):
		do = fmt.Sprintf("Mount its disk for writing, or name another folder with %s.", flag)
	}
	return advice.Add(fmt.Errorf("the %s %s can't be used: %w", what, path, why), do)
}

// Close gives the folder back. The one for running browsers goes too, unless
// something is left in it: then the next start has to find that.
func (d *dataFolder) Close() error {
	_ = os.Remove(d.Run)
	return d.lock.Close()
}

// runFolder makes the folder for running browsers that belongs to a data folder:
// the one in which an earlier server left something, so that it is found, wherever
// temporary files were then.
func runFolder(data string) (string, error) {
	sum := sha256.Sum256([]byte(data))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("browserhook-%d-%s", os.Getuid(), hex.EncodeToString(sum[:6])))
	note := filepath.Join(data, "run")
	earlier, _ := os.ReadFile(note) // none: this is the first start
	if left, _ := os.ReadDir(string(earlier)); len(left) > 0 && ours(string(earlier)) {
		dir = string(earlier)
	}
	if err := os.Mkdir(dir, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("folder for running browsers: %w", err)
	}
	// The parent is open to everybody: what stands there must be ours.
	if !ours(dir) {
		return "", fmt.Errorf("folder for running browsers: %s belongs to somebody else; remove it", dir)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", fmt.Errorf("folder for running browsers: %w", err)
	}
	if dir != string(earlier) {
		if err := os.WriteFile(note, []byte(dir), 0o600); err != nil {
			return "", folderError("data folder", data, "--data", err)
		}
	}
	return dir, nil
}

// ours says whether there is a folder that belongs to this user.
func ours(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(owner.Uid) == os.Getuid()
}

func openBox(setting, file string) (*seal.Box, error) {
	if setting == "" {
		return seal.Load(file)
	}
	box, err := seal.New(setting)
	if err != nil {
		return nil, &config.Error{Setting: "master-key", Problem: err.Error()}
	}
	return box, nil
}
