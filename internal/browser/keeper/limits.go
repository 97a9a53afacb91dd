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
			fmt.Fprintln(os.Stderr, "keeper:", err)
		}
	}
	if n := uint64(k.cfg.Limits.Processes); n > 0 && k.cfg.UID != 0 && !k.group.Has(cgroup.Processes) {
		// It counts all of a user's, and this one has nothing else. Root is not held to it.
		if err := unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			fmt.Fprintln(os.Stderr, "keeper: limit processes:", err)
		}
	}
}

// into starts the browser in its group; without one, where the kernel doesn't let it.
func (k *keeper) into(attr *syscall.SysProcAttr, fork func() (int, error)) (pid int, err error) {
	if k.group == nil {
		return fork()
	}
	if pid, err = k.group.Start(attr, fork); err == nil || pid > 0 {
		return pid, err
	}
	fmt.Fprintln(os.Stderr, "keeper: start the browser in a control group:", err)
	k.release()
	k.group, attr.UseCgroupFD = nil, false
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
	lookPart = 50
	// unless the next look would then be later than so many of the longest pauses.
	lookLate = 5
)

// pause is the time until the next look, after one that took so much of a processor's
// time: until there can be too much at the soonest.
func (g *gauge) pause(used int64, took time.Duration) time.Duration {
	soonest := time.Duration(float64(g.limit-used) / float64(g.rate) * float64(time.Second))
	return max(leastPause, min(lookPart*took, lookLate*g.most), min(soonest, g.most))
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
		all = append(all, &gauge{limit: l.Disk, rate: 1 << 29, most: 5 * time.Second, look: func() (int64, *Exceeded) {
			used := size(k.cfg.Dir)
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

// size is how much of the disk a folder takes, as far as it can be seen.
func size(dir string) (bytes int64) {
	_ = filepath.WalkDir(dir, func(path string, _ os.DirEntry, _ error) error {
		var file unix.Stat_t
		if unix.Lstat(path, &file) == nil {
			bytes += file.Blocks * 512 // as the kernel counts them, whatever the disk's are
		}
		return nil
	})
	return bytes
}
