package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Limits are what all processes of a group may have together; 0: as much as there
// is.
type Limits struct {
	Memory    int64   `json:"memory,omitempty"`    // bytes
	Processes int     `json:"processes,omitempty"` // and threads
	CPUs      float64 `json:"cpus,omitempty"`      // processors' time
}

// Group is one browser's.
type Group struct {
	version int
	dirs    map[string]string // by controller
}

// Make makes a group of the name with limits. note, a file, says where it is, for
// whoever finds it left: it is written first.
func (p Place) Make(name string, l Limits, note string) (*Group, error) {
	g := &Group{version: p.Version, dirs: map[string]string{}}
	for controller, dir := range p.Dirs {
		g.dirs[controller] = filepath.Join(dir, name)
	}
	if err := os.WriteFile(note, []byte(strings.Join(g.folders(), "\n")), 0o600); err != nil {
		return nil, fmt.Errorf("note the control group: %w", err)
	}
	for _, dir := range g.folders() {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, errors.Join(fmt.Errorf("make a control group: %w", err), g.Remove(0))
		}
	}
	if err := g.Limit(l); err != nil {
		return nil, errors.Join(err, g.Remove(0))
	}
	return g, nil
}

// folders are those of the group, each once.
func (g *Group) folders() []string {
	var all []string
	for _, dir := range g.dirs {
		all = append(all, dir)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Has says whether the group is one for the controller.
func (g *Group) Has(controller string) bool { return g != nil && g.dirs[controller] != "" }

// period is that of which processors' time is a part, in µs.
const period = 100_000

// Limit sets the limits. What not every kernel has is left out where it isn't.
func (g *Group) Limit(l Limits) error {
	type setting struct {
		controller, file, value string
		may                     bool // be missing
	}
	var all []setting
	memory, cpus := strconv.FormatInt(l.Memory, 10), strconv.Itoa(int(l.CPUs*period))
	if l.Memory > 0 && g.version == 2 {
		// The kernel ends all of the group at once, not only the process that is the
		// largest. What is swapped out counts too: there is no more in all.
		all = append(all, setting{Memory, "memory.max", memory, false}, setting{Memory, "memory.swap.max", "0", true}, setting{Memory, "memory.oom.group", "1", false})
	} else if l.Memory > 0 {
		// The kernel ends nobody, and has them wait until the keeper has ended all.
		all = append(all, setting{Memory, "memory.limit_in_bytes", memory, false}, setting{Memory, "memory.memsw.limit_in_bytes", memory, true}, setting{Memory, "memory.oom_control", "1", false})
	}
	if l.Processes > 0 {
		all = append(all, setting{Processes, "pids.max", strconv.Itoa(l.Processes), false})
	}
	if l.CPUs > 0 && g.version == 2 {
		all = append(all, setting{CPU, "cpu.max", cpus + " " + strconv.Itoa(period), false})
	} else if l.CPUs > 0 {
		all = append(all, setting{CPU, "cpu.cfs_period_us", strconv.Itoa(period), false}, setting{CPU, "cpu.cfs_quota_us", cpus, false})
	}
	for _, s := range all {
		dir := g.dirs[s.controller]
		if dir == "" {
			continue
		}
		err := write(filepath.Join(dir, s.file), s.value)
		if s.may && (errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.EOPNOTSUPP)) {
			continue
		}
		if err != nil {
			return fmt.Errorf("set a limit: %w", err)
		}
	}
	return nil
}

// Ends says whether the kernel ends a group that wants more memory than it may have.
// If not, what is in it waits for whoever does.
func (g *Group) Ends() bool { return g.version == 2 }

// Start has fork start a process in the group, from its first moment. The calling
// goroutine is locked to its thread, which in version 1 is in the group meanwhile:
// the child of a thread is where that is.
func (g *Group) Start(attr *syscall.SysProcAttr, fork func() (pid int, err error)) (int, error) {
	if g.version == 2 {
		dir, err := os.Open(g.folders()[0])
		if err != nil {
			return 0, err
		}
		defer dir.Close()
		attr.UseCgroupFD, attr.CgroupFD = true, int(dir.Fd())
		return fork()
	}
	thread := strconv.Itoa(unix.Gettid())
	var back []string
	leave := func() error {
		var all []error
		for _, dir := range back {
			all = append(all, write(filepath.Join(filepath.Dir(dir), "tasks"), thread))
		}
		return errors.Join(all...)
	}
	for _, dir := range g.folders() {
		if err := write(filepath.Join(dir, "tasks"), thread); err != nil {
			return 0, errors.Join(fmt.Errorf("go into the control group: %w", err), leave())
		}
		back = append(back, dir)
	}
	pid, err := fork()
	if left := leave(); left != nil {
		return pid, errors.Join(err, fmt.Errorf("leave the control group: %w", left))
	}
	return pid, err
}

// OutOfMemory says whether the group wanted more memory than it may have, and how
// much it had.
func (g *Group) OutOfMemory() (over bool, used int64) {
	dir := g.dirs[Memory]
	if dir == "" {
		return false, 0
	}
	if g.version == 2 {
		// What the machine lacks is told too, as a kill alone.
		events := filepath.Join(dir, "memory.events")
		return number(events, "oom") > 0 && number(events, "oom_kill") > 0,
			max(number(filepath.Join(dir, "memory.peak"), ""), number(filepath.Join(dir, "memory.current"), ""))
	}
	return number(filepath.Join(dir, "memory.oom_control"), "under_oom") > 0, number(filepath.Join(dir, "memory.max_usage_in_bytes"), "")
}

// number reads one from a file of the kernel's: the one after the name, or, when
// that is empty, the only one. 0: there is none.
func number(file, name string) (n int64) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if name == "" && len(fields) == 1 || len(fields) == 2 && fields[0] == name {
			n, _ = strconv.ParseInt(fields[len(fields)-1], 10, 64)
			return n
		}
	}
	return 0
}

// Remove removes the group when its processes have ended, for which it waits so
// long.
func (g *Group) Remove(within time.Duration) error {
	if g == nil {
		return nil
	}
	return remove(g.folders(), within)
}

func remove(folders []string, within time.Duration) error {
	var all []error
	for late := time.Now().Add(within); ; {
		all = nil
		for _, dir := range folders {
			if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, syscall.ENOENT) {
				all = append(all, fmt.Errorf("remove the control group %s: %w", dir, err))
			}
		}
		if len(all) == 0 || !time.Now().Before(late) {
			return errors.Join(all...)
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // nothing tells when the kernel is done with a process
	}
}

// Left is a group that Make has noted in a file.
type Left []string

// Noted reads such a note; it is empty when there is none.
func Noted(note string) Left {
	raw, err := os.ReadFile(note)
	if err != nil {
		return nil
	}
	return strings.Split(string(raw), "\n")
}

// PIDs are the processes that are in the group, as far as they have numbers here: one
// that was put there from outside of a container is told as 0, which would mean others.
func (l Left) PIDs() (all []int) {
	for _, dir := range l {
		pids, _ := pidsIn(filepath.Join(dir, "cgroup.procs"))
		all = append(all, slices.DeleteFunc(pids, func(pid int) bool { return pid <= 0 })...)
	}
	return all
}

// Remove is [Group.Remove].
func (l Left) Remove(within time.Duration) error { return remove(l, within) }
