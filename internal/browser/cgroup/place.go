// Package cgroup gives each browser a control group of the kernel's of its own,
// of version 2 or 1, in which it has no more memory, processes and processor time
// than it may. Such a group is made before the browser and holds all of it,
// whatever its processes become.
package cgroup

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The controllers that limit browsers, by the kernel's names.
const (
	Memory    = "memory"
	Processes = "pids"
	CPU       = "cpu"
)

// Controllers are all of them.
var Controllers = []string{Memory, Processes, CPU}

// Place is where browsers' groups are made. It is plain data, which a server hands
// to the keepers.
type Place struct {
	Version int               `json:"version,omitempty"` // 1 or 2; 0: nowhere
	Dirs    map[string]string `json:"dirs,omitempty"`    // the folder to make them in, by controller; of version 2 all the same

	missing map[string]error
}

// Missing is why there is no group for a controller, and nil if there is.
func (p Place) Missing(controller string) error { return p.missing[controller] }

// server is the group, of version 2, that a server has beside those of its
// browsers: there a group has either processes or groups.
const server = "server"

// Find looks where the process can make groups: in the one that it is in. Nothing
// is changed by it that isn't changed back. What proc, "/proc/self", tells of the
// process is read from there.
func Find(proc string) Place {
	p := Place{Dirs: map[string]string{}, missing: map[string]error{}}
	mounts, err := mountsIn(filepath.Join(proc, "mountinfo"))
	var of map[string]string
	if err == nil {
		of, err = groupsIn(filepath.Join(proc, "cgroup"))
	}
	for _, controller := range Controllers {
		if p.missing[controller] = err; err != nil {
			continue
		}
		dir, version, err := find(controller, mounts, of)
		if p.missing[controller] = err; err == nil {
			p.Version = max(p.Version, version)
			p.Dirs[controller] = dir
		}
	}
	if p.Version == 2 { // beside a few of version 1, which are left alone
		for controller, dir := range p.Dirs {
			if !isUnified(dir) {
				delete(p.Dirs, controller)
				p.missing[controller] = errors.New("its control groups are of version 1, and those for memory of version 2")
			}
		}
	}
	return p
}

// find is the folder for groups of one controller.
func find(controller string, mounts []mount, of map[string]string) (dir string, version int, err error) {
	for _, m := range mounts {
		if slices.Contains(m.controllers, controller) {
			if dir, err = m.folder(of[controller]); err != nil {
				return "", 0, err
			}
			// One thread goes into a group and back.
			if err := unix.Access(filepath.Join(dir, "tasks"), unix.W_OK); err != nil {
				return "", 0, fmt.Errorf("%s can't be written to: %w", dir, err)
			}
			return dir, 1, try(dir)
		}
	}
	for _, m := range mounts {
		if !m.unified {
			continue
		}
		if dir, err = m.folder(of[""]); err != nil {
			return "", 0, err
		}
		if filepath.Base(dir) == server {
			dir = filepath.Dir(dir)
		}
		if !holds(filepath.Join(dir, "cgroup.controllers"), controller) {
			return "", 0, fmt.Errorf("the control group %s has no controller %s", dir, controller)
		}
		if err := unix.Access(filepath.Join(dir, "cgroup.procs"), unix.W_OK); err != nil {
			return "", 0, fmt.Errorf("%s can't be written to: %w", dir, err)
		}
		if !holds(filepath.Join(dir, "cgroup.subtree_control"), controller) {
			if err := ours(dir); err != nil {
				return "", 0, err
			}
		}
		return dir, 2, try(dir)
	}
	return "", 0, fmt.Errorf("no control groups for %s are mounted", controller)
}

// try makes a group and removes it.
func try(dir string) error {
	group := filepath.Join(dir, probe())
	if err := os.Mkdir(group, 0o755); err != nil {
		return fmt.Errorf("make a control group: %w", err)
	}
	return os.Remove(group)
}

var probes atomic.Int64

// probe is a name for a group that is made and removed, and nobody else's.
func probe() string {
	return fmt.Sprintf("browserhook-%d-%d", os.Getpid(), probes.Add(1))
}

// Try starts a process in a group of the place, which is then removed: not every machine
// that lets groups be made lets something be started in them.
func (p Place) Try() error {
	if len(p.Dirs) == 0 {
		return nil
	}
	g, name := &Group{version: p.Version, dirs: map[string]string{}}, probe()
	for controller, dir := range p.Dirs {
		g.dirs[controller] = filepath.Join(dir, name)
	}
	for _, dir := range g.folders() {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return errors.Join(fmt.Errorf("make a control group: %w", err), g.Remove(0))
		}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	attr := &syscall.SysProcAttr{}
	_, err := g.Start(attr, func() (int, error) {
		// There is no such program: it would be run when the process is in the group.
		_, err := syscall.ForkExec(filepath.Join(g.folders()[0], "none"), nil, &syscall.ProcAttr{Sys: attr})
		if errors.Is(err, syscall.ENOENT) {
			err = nil
		}
		return 0, err
	})
	if err != nil {
		err = fmt.Errorf("start a process in a control group: %w", err)
	}
	return errors.Join(err, g.Remove(time.Second))
}

// ours finds out whether no other process is in a group: then it can have groups
// below it with limits of their own. The root is free of that rule.
func ours(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "cgroup.type")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	pids, err := pidsIn(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if pid != os.Getpid() {
			return fmt.Errorf("the control group %s has other processes in it, such as %d", dir, pid)
		}
	}
	return nil
}

// Prepare makes the place ready for groups: in version 2 the process goes into a
// group beside them.
func (p *Place) Prepare() error {
	if p.Version != 2 {
		return nil
	}
	var dir string
	var missing []string
	for controller, in := range p.Dirs {
		if dir = in; !holds(filepath.Join(dir, "cgroup.subtree_control"), controller) {
			missing = append(missing, "+"+controller)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, "cgroup.type")); err == nil {
		if err := os.Mkdir(filepath.Join(dir, server), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("make the server's control group: %w", err)
		}
		if err := write(filepath.Join(dir, server, "cgroup.procs"), strconv.Itoa(os.Getpid())); err != nil {
			return fmt.Errorf("go into the server's control group: %w", err)
		}
	}
	if err := write(filepath.Join(dir, "cgroup.subtree_control"), strings.Join(missing, " ")); err != nil {
		return fmt.Errorf("have limits in control groups below %s: %w", dir, err)
	}
	return nil
}

// Nowhere is a place that can't be used after all.
func Nowhere(why error) Place {
	p := Place{missing: map[string]error{}}
	for _, controller := range Controllers {
		p.missing[controller] = why
	}
	return p
}

// mount is a hierarchy of groups, or the part of it that is seen here.
type mount struct {
	root, at    string
	unified     bool     // of version 2
	controllers []string // of version 1
}

// folder is that of a group of the hierarchy.
func (m mount) folder(group string) (string, error) {
	below, err := filepath.Rel(m.root, group)
	if err != nil || group == "" || strings.HasPrefix(group, "/..") || below == ".." || strings.HasPrefix(below, "../") {
		return "", fmt.Errorf("the process's control group %q is outside of what is mounted at %s", group, m.at)
	}
	return filepath.Join(m.at, below), nil
}

// mountsIn reads which hierarchies are mounted where:
// "31 23 0:28 /root /at rw,relatime - cgroup cgroup rw,memory".
func mountsIn(file string) (all []mount, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		where, what := strings.Fields(before), strings.Fields(after)
		if len(where) < 5 || len(what) < 3 || what[0] != "cgroup" && what[0] != "cgroup2" {
			continue
		}
		all = append(all, mount{where[3], where[4], what[0] == "cgroup2", strings.Split(what[2], ",")})
		if what[0] == "cgroup2" {
			all[len(all)-1].controllers = nil
		}
	}
	return all, lines.Err()
}

// groupsIn reads which group a process is in, by controller; "": of version 2.
func groupsIn(file string) (map[string]string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	of := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // "4:memory:/path"
		if len(parts) != 3 {
			continue
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			of[controller] = parts[2]
		}
	}
	return of, nil
}

func isUnified(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "cgroup.controllers"))
	return err == nil
}

// holds says whether a file has the word.
func holds(file, word string) bool {
	raw, err := os.ReadFile(file)
	return err == nil && slices.Contains(strings.Fields(string(raw)), word)
}

func pidsIn(file string) (pids []int, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for word := range strings.FieldsSeq(string(raw)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// write tells the kernel something, in one call and without making a file.
func write(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
