package keeper

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/browserhook/browserhook/internal/browser/cgroup"
)

// Limits are what a browser may have; 0: as much as there is.
type Limits struct {
	cgroup.Limits
	Disk int64 `json:"disk,omitempty"` // bytes that its folder takes
}

// What a browser can have too much of.
const (
	OfMemory    = "memory"
	OfDisk      = "disk"
	OfProcesses = "processes"
)

// Exceeded is a limit that a browser was ended for. Memory and disk are in bytes.
type Exceeded struct {
	Of    string `json:"of"`
	Used  int64  `json:"used"`
	Limit int64  `json:"limit"`
}

// groupFile is in the session's folder: where the browser's control group is.
const groupFile = "cgroup"

// confine makes the group that the browser is started in, and sets what else limits
// it. Where there is no group for something the keeper watches that itself.
func (k *keeper) confine() {
	if len(k.cfg.Cgroups.Dirs) > 0 && k.cfg.Limits != (Limits{}) {
		var err error
		if k.group, err = k.cfg.Cgroups.Make(filepath.Base(k.cfg.Dir), k.cfg.Limits.Limits, filepath.Join(k.cfg.Dir, groupFile)); err != nil {
			k.noGroup = err
		}
	}
	k.limitProcesses()
}

// confineAgain sets the limits of the browser's group for a server that has come. When
// systemd starts a unit again, some versions of it take the controllers away from the
// groups that are left in it, and with them the limits; the server puts back the former.
func (k *keeper) confineAgain() {
	if k.group == nil {
		return
	}
	if err := k.group.Limit(k.cfg.Limits.Limits); err != nil {
		fmt.Fprintln(os.Stderr, "keeper:", err)
	}
}

// limitProcesses has the kernel count those of the browser's user, where they are in no
// group that is limited. Root is not held to it, and nobody else's user has nothing else.
func (k *keeper) limitProcesses() {
	if n := uint64(k.cfg.Limits.Processes); n > 0 && k.cfg.UID != 0 && !k.group.Has(cgroup.Processes) {
		if err := unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			fmt.Fprintln(os.Stderr, "keeper: limit processes:", err)
		}
	}
}

// startInGroup starts the browser in its group; without one, where the kernel doesn't let it.
func (k *keeper) startInGroup(attr *syscall.SysProcAttr, fork func() (int, error)) (pid int, err error) {
	if k.group == nil {
		return fork()
	}
	if pid, err = k.group.Start(attr, fork); err == nil || pid > 0 {
		return pid, err
	}
	k.noGroup = fmt.Errorf("start the browser in a control group: %w", err)
	k.release()
	k.group, attr.UseCgroupFD = nil, false
	k.limitProcesses()
	return fork()
}

// release removes the group when the browser has ended.
func (k *keeper) release() {
	if err := k.group.Remove(endWithin); err != nil {
		fmt.Fprintln(os.Stderr, "keeper:", err)
	}
}

// gauge is one thing that is looked at again and again, because nothing stops the
// browser from having more of it than it may.
type gauge struct {
	limit int64
	rate  int64         // that it may grow by in a second
	most  time.Duration // from one look to the next
	look  func() (used int64, over *Exceeded)
	due   time.Time
}

const (
	leastPause = 100 * time.Millisecond
	// lookPart is the part of a processor's time that looking may take: one of so many,
	// unless the next look would then be later than it ever may be.
	lookPart = 50
)

// pause is the time until the next look, after one that took so much of a processor's
// time: until there can be too much at the soonest.
func (g *gauge) pause(used int64, took time.Duration) time.Duration {
	soonest := time.Duration(float64(g.limit-used) / float64(g.rate) * float64(time.Second))
	return min(g.most, max(leastPause, lookPart*took, soonest))
}

// busy is the time of processors that the keeper has had.
func busy() time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// gauges are those that this browser needs.
func (k *keeper) gauges() (all []*gauge) {
	l := k.cfg.Limits
	watched := &tree{keeper: os.Getpid()}
	if !k.group.Has(cgroup.Memory) {
		watched.memory = l.Memory
	} else if l.Memory > 0 && !k.group.Ends() {
		all = append(all, &gauge{limit: l.Memory, rate: 2 << 30, most: time.Second, look: func() (int64, *Exceeded) {
			over, used := k.group.OutOfMemory()
			if !over {
				return used, nil
			}
			return used, &Exceeded{OfMemory, used, l.Memory}
		}})
	}
	if k.cfg.UID == 0 && !k.group.Has(cgroup.Processes) {
		watched.processes = l.Processes
	}
	if watched.memory > 0 || watched.processes > 0 {
		all = append(all, &gauge{limit: l.Memory, rate: 2 << 30, most: time.Second, look: watched.look})
	}
	if l.Disk > 0 {
		disk := device(k.cfg.Dir)
		all = append(all, &gauge{limit: l.Disk, rate: 1 << 29, most: 5 * time.Second, look: func() (int64, *Exceeded) {
			used := size(k.cfg.Dir, l.Disk)
			if used <= l.Disk {
				used += removed(watched.pids(), disk, l.Disk-used)
			}
			if used <= l.Disk {
				return used, nil
			}
			return used, &Exceeded{OfDisk, used, l.Disk}
		}})
	}
	return all
}

// watch tells, once, what the browser has too much of.
func (k *keeper) watch() {
	gauges := k.gauges()
	if len(gauges) == 0 {
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-k.over:
			return
		}
		next := time.Now().Add(time.Hour)
		for _, g := range gauges {
			if !time.Now().Before(g.due) {
				before := busy()
				used, over := g.look()
				if over != nil {
					k.exceeds <- *over
					return
				}
				g.due = time.Now().Add(g.pause(used, busy()-before))
			}
			if g.due.Before(next) {
				next = g.due
			}
		}
		timer.Reset(time.Until(next))
	}
}

// outOfMemory is whether the kernel has ended the browser for want of memory in its
// group.
func (k *keeper) outOfMemory() *Exceeded {
	if !k.group.Has(cgroup.Memory) || k.cfg.Limits.Memory == 0 {
		return nil
	}
	if over, used := k.group.OutOfMemory(); over {
		return &Exceeded{OfMemory, used, k.cfg.Limits.Memory}
	}
	return nil
}

// leastFile is what a file takes at least, as it counts: it needs a place in a folder
// and an inode, and somebody has to look at it.
const leastFile = 4 << 10

// size is how much of the disk a folder takes, as far as it can be seen. More than so
// much is not added up, so that however many files there are, a look at them ends.
func size(dir string, most int64) (bytes int64) {
	for folders := []string{dir}; len(folders) > 0 && bytes <= most; {
		folder := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		in, err := os.OpenFile(folder, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0) // whatever it has become
		if err != nil {
			continue
		}
		bytes += leastFile
		for names, err := in.ReadDir(some); len(names) > 0 && bytes <= most; names, err = in.ReadDir(some) {
			for _, name := range names {
				path := filepath.Join(folder, name.Name())
				if name.IsDir() {
					folders = append(folders, path)
					continue
				}
				var file unix.Stat_t
				if unix.Lstat(path, &file) == nil {
					bytes += max(leastFile, file.Blocks*512) // as the kernel counts them, whatever the disk's are
				}
			}
			if err != nil {
				break
			}
		}
		in.Close()
	}
	return bytes
}

// some names of a folder are read at once.
const some = 256
