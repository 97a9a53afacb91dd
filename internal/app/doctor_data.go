package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"

	"github.com/browserhook/browserhook/internal/store/postgres"
	"github.com/browserhook/browserhook/internal/store/seal"
	"github.com/browserhook/browserhook/internal/store/sqlite"
)

// fewBytes are so few free ones of a disk that it will soon be full.
const fewBytes = 1 << 30

// data looks at the folder of the data, which a first start makes.
func (d *doctor) data(context.Context) {
	path, err := filepath.Abs(d.settings.Data)
	if err != nil {
		d.wrong("data", err)
		return
	}
	made := nearest(path)
	if err := writable(made); err != nil {
		d.wrong("data", folderError("data folder", path, "--data", err))
		return
	}
	is := path
	if made != path {
		is += ", which the first start makes,"
	}
	d.room("data", is, made, fewBytes, "Make room on its disk, or name another folder with --data.")
}

// temporary looks at the folder for the files of running browsers.
func (d *doctor) temporary(context.Context) {
	dir := os.TempDir()
	if err := writable(dir); err != nil {
		do := "chmod 1777 " + dir
		if errors.Is(err, fs.ErrNotExist) {
			do = "mkdir -m 1777 " + dir
		}
		d.tell("temporary files", Wrong, fmt.Sprintf("%s, for the files of running browsers, can't be written to: %v", dir, reason(err)), do)
		return
	}
	need := uint64(fewBytes)
	if limits, err := d.settings.Limits(); err == nil && limits.Disk > 0 {
		need = uint64(limits.Disk) //nolint:gosec // a size is positive
	}
	d.room("temporary files", dir, dir, need, "Make room on its disk, name another folder with TMPDIR, or lower --browser-disk.")
}

// room tells how much of a folder's disk is free.
func (d *doctor) room(check, name, dir string, few uint64, do string) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		d.wrong(check, err)
		return
	}
	free := disk.Bavail * uint64(disk.Bsize) //nolint:gosec // a size is positive
	switch {
	case free < roomFor:
		d.tell(check, Wrong, fmt.Sprintf("the disk of %s is full: %s are free", strings.TrimSuffix(name, ","), humanize.IBytes(free)), do)
	case free < few:
		d.tell(check, Weak, fmt.Sprintf("the disk of %s is nearly full: %s are free", strings.TrimSuffix(name, ","), humanize.IBytes(free)), do)
	default:
		d.ok(check, "%s can be written to, and has %s free", name, humanize.IBytes(free))
	}
}

// nearest is a folder, or what of the way to it is there.
func nearest(path string) string {
	for {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

// writable makes a file in a folder, and removes it.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".browserhook-doctor-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// reason is what the system said, without the path.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// masterKey looks at the key, which a first start makes.
func (d *doctor) masterKey(context.Context) {
	if d.settings.MasterKey != "" {
		if _, err := openBox(d.settings.MasterKey, ""); err != nil {
			d.tell("master key", Wrong, err.Error(), "head -c 32 /dev/urandom | base64   # makes one, for --master-key")
			return
		}
		d.ok("master key", "the setting master-key")
		return
	}
	file := filepath.Join(d.settings.Data, masterKeyFile)
	_, err := seal.Read(file)
	switch {
	case err == nil:
		d.ok("master key", "%s", file)
	case !errors.Is(err, fs.ErrNotExist):
		d.wrong("master key", err)
	case d.settings.DatabaseURL == "" && exists(databasePath(d.settings.Data)):
		d.tell("master key", Wrong, fmt.Sprintf("%s is gone, without which the secrets in the database can't be read", file), "Restore the file from a backup.")
	default:
		d.ok("master key", "the first start makes %s", file)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// database looks whether it opens, and of which version it is.
func (d *doctor) database(ctx context.Context) {
	if d.settings.DatabaseURL != "" {
		d.postgres(ctx)
		return
	}
	file := databasePath(d.settings.Data)
	if !exists(file) && !errors.Is(statError(file), fs.ErrPermission) {
		d.ok("database", "the first start makes %s", file)
		return
	}
	tables, err := sqlite.Look(ctx, file)
	if err != nil {
		d.wrong("database", err)
		return
	}
	by := ""
	if running(d.settings.Data) {
		by = "; a server has it open"
	}
	d.ok("database", "%s opens, and %s%s", file, tables, by)
}

func statError(file string) error {
	_, err := os.Stat(file)
	return err
}

func (d *doctor) postgres(ctx context.Context) {
	seen, err := postgres.Look(ctx, d.settings.DatabaseURL)
	if err != nil {
		d.wrong("database", err)
		return
	}
	d.ok("database", "PostgreSQL %d can be reached, and %s", seen.Version, seen.Tables)
	d.clocks(seen.Ahead)
}

// clocks compares the database's with this machine's.
func (d *doctor) clocks(ahead time.Duration) {
	which := "ahead of"
	if ahead < 0 {
		which = "behind"
	}
	if ahead.Abs() > apart {
		d.tell("database's clock", Weak, fmt.Sprintf("it is %s %s this machine's", ahead.Abs().Round(time.Second), which), "timedatectl set-ntp true   # on both machines")
	}
}

// apart is how far clocks of servers and their database may be from each other.
const apart = time.Minute

// running says whether a server has the data folder.
func running(data string) bool {
	lock, err := os.Open(filepath.Join(data, lockFile))
	if err != nil {
		return false
	}
	defer lock.Close()
	return errors.Is(syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// port looks whether the address can be listened on, or is by a browserhook.
func (d *doctor) port(ctx context.Context) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.settings.Listen)
	if err == nil {
		l.Close()
		d.ok("port", "%s is free", d.settings.Listen)
		return
	}
	if errors.Is(err, syscall.EADDRINUSE) && running(d.settings.Data) && healthy(ctx, d.settings.Listen) {
		d.ok("port", "a browserhook listens on %s", d.settings.Listen)
		return
	}
	d.wrong("port", listenError(d.settings.Listen, err))
}

// healthy says whether a browserhook answers at the address.
func healthy(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<10))
	return res.StatusCode == http.StatusOK
}

// files looks whether as many connections can be open as are to be.
func (d *doctor) files(context.Context) {
	if most := openFiles() / 2; most < d.settings.MaxConnections {
		d.tell("open files", Weak, fmt.Sprintf("the process may have %d files open, so %d connections and not the %d of max-connections", openFiles(), most, d.settings.MaxConnections),
			fmt.Sprintf("ulimit -n %d   # for a unit of systemd's: LimitNOFILE=%d", 2*d.settings.MaxConnections, 2*d.settings.MaxConnections))
		return
	}
	d.ok("open files", "the process may have %d", openFiles())
}

// time looks whether the clock can be right: not before what there is was made.
func (d *doctor) time(context.Context) {
	now := time.Now()
	self, _ := os.Executable()
	for _, file := range []string{self, databasePath(d.settings.Data)} {
		info, err := os.Stat(file)
		if err == nil && info.ModTime().Sub(now) > apart {
			d.tell("time", Wrong, fmt.Sprintf("it is %s here, and %s is of %s", now.UTC().Format(time.DateTime), file, info.ModTime().UTC().Format(time.DateTime)), "timedatectl set-ntp true")
			return
		}
	}
	kept := "not known to be kept right by NTP"
	var clock unix.Timex
	if state, err := unix.Adjtimex(&clock); err == nil && state != unix.TIME_ERROR {
		kept = "kept right by NTP"
	}
	d.ok("time", "%s UTC, %s", now.UTC().Format(time.DateTime), kept)
}
