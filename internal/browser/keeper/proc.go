package keeper

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cgroup"
)

// children lists the living children of a process. Few kernels list them by
// themselves, so every process is asked for its parent.
func children(pid int) []int {
	var all []int
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		if parent(p) != pid {
			continue
		}
		if n, err := strconv.Atoi(filepath.Base(p)); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// parent is the process that one has started, by its folder below /proc; 0: it has
// ended.
func parent(proc string) int {
	state, pid, err := stat(proc)
	if err != nil || state == "Z" || state == "X" {
		return 0
	}
	return pid
}

// stat is the state of a process, by its folder below /proc, and who has started it or
// has it since that one ended.
func stat(proc string) (state string, parent int, err error) {
	raw, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return "", 0, err
	}
	// "123 (name) S 45 …": the name may hold anything, the last ) ends it.
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	if len(fields) < 2 {
		return "", 0, fmt.Errorf("%s says %q", proc, raw)
	}
	parent, err = strconv.Atoi(fields[1])
	return fields[0], parent, err
}

// descends says whether a process has been started by another one, or by one that has,
// as far as it can be seen. One that has ended is taken for one: who knows what it was.
func descends(pid, from int) bool {
	for seen := 0; pid > 1 && seen < maxAncestors; seen++ {
		if pid == from {
			return true
		}
		_, by, err := stat("/proc/" + strconv.Itoa(pid))
		if err != nil {
			// One that is there and not to be seen is of somebody else, where /proc hides those.
			return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
		}
		pid = by
	}
	return pid > 1
}

// maxAncestors is how many are looked at.
const maxAncestors = 1000

// NoNamespace is the exit code of a probe that may make no user namespace.
const NoNamespace = 3

// probe finds out whether this user, or the one that is named, may make a user
// namespace, which is what Chromium's sandbox stands on: exit code 0, or
// NoNamespace when it may not.
func probe(user []string) int {
	if len(user) > 0 {
		id, err := strconv.Atoi(user[0])
		if err != nil || syscall.Setgroups(nil) != nil || syscall.Setgid(id) != nil || syscall.Setuid(id) != nil {
			return 1
		}
	}
	return probeWith("/bin/true")
}

// probeWith runs a program in a namespace of its own. That it isn't there says
// nothing of namespaces: it would be run when the namespace has been made.
func probeWith(program string) int {
	cmd := exec.Command(program) //nolint:noctx // ends by itself
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID}
	if err := cmd.Run(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return NoNamespace
	}
	return 0
}

// KillSession kills what belongs to a session's folder, whoever started it: its
// keeper, known by its argument, and Chromium's processes, known by their home,
// their arguments or where they work, what is in its control group, and what any of
// these has started: some write a title over all that. Who but works in the folder or names it, as another user than
// the browser's, is left alone. It returns when they are gone, lest one makes the
// folder again that is then removed, or after a second.
func KillSession(folder string) (killed int) {
	ours := map[int]bool{} // which tell nothing of themselves any more while they end
	user := userOf(folder)
	left := cgroup.Noted(filepath.Join(folder, groupFile))
	defer func() { _ = left.Remove(time.Second) }()
	for end := time.Now().Add(time.Second); ; {
		parents := map[int]int{}
		procs, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range procs {
			pid, err := strconv.Atoi(filepath.Base(p))
			if err != nil || pid == os.Getpid() {
				continue
			}
			if parents[pid] = parent(p); parents[pid] > 0 && belongs(p, folder, user) {
				ours[pid] = true
			}
		}
		for _, pid := range left.PIDs() {
			ours[pid] = true
		}
		for more := true; more; {
			more = false
			for pid, by := range parents {
				if by > 0 && ours[by] && !ours[pid] {
					ours[pid], more = true, true
				}
			}
		}
		running := 0
		for pid := range ours {
			if parents[pid] > 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
				running++
			}
		}
		if killed = max(killed, running); running == 0 || time.Now().After(end) {
			break
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // a bounded look at the kernel's table
	}
	return killed
}

// belongs says whether a process, by its folder below /proc, is of a session's
// folder, whose browser runs as the user. One that has ended has none of these.
func belongs(proc, folder, user string) bool {
	if holds(filepath.Join(proc, "environ"), "HOME="+folder+"/") || holds(filepath.Join(proc, "cmdline"), `"dir":"`+folder+`"`) {
		return true
	}
	cwd, _ := os.Readlink(filepath.Join(proc, "cwd"))
	return (strings.HasPrefix(cwd+"/", folder+"/") || holds(filepath.Join(proc, "cmdline"), folder+"/")) && holds(filepath.Join(proc, "status"), user)
}

// userOf is how the kernel says, in a process's status, that it is of the user who owns
// the browser's part of a session's folder; anybody's, when there is none.
func userOf(folder string) string {
	parts, _ := filepath.Glob(filepath.Join(folder, "*"))
	for _, part := range parts {
		info, err := os.Lstat(part)
		if err != nil || !info.IsDir() {
			continue
		}
		if of, ok := info.Sys().(*syscall.Stat_t); ok {
			return fmt.Sprintf("\nUid:\t%d\t", of.Uid)
		}
	}
	return ""
}

func holds(file, text string) bool {
	raw, err := os.ReadFile(file)
	return err == nil && strings.Contains(string(raw), text)
}
