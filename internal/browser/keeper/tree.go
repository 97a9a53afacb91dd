package keeper

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// tree is what a keeper has started, and what that has, to the last process. It is
// watched where no control group limits it.
type tree struct {
	keeper    int
	memory    int64 // that it may have; 0: it isn't asked
	processes int   // and threads

	ours  map[int]bool // as the last look found them: true, or another's
	looks int
}

// forgetAfter is how many looks the processes of others are known for: another one may
// have the number of one of theirs.
const forgetAfter = 64

// pids are the processes of the tree. A machine may have thousands of others, of which
// only the new ones are asked for their parents.
func (t *tree) pids() (all []int) {
	if t.looks++; t.looks%forgetAfter == 1 {
		t.ours = map[int]bool{}
	}
	known := make(map[int]bool, len(t.ours))
	var fresh []int
	for _, pid := range everyProcess() {
		if ours, seen := t.ours[pid]; seen {
			known[pid] = ours
		} else {
			fresh = append(fresh, pid)
		}
	}
	parents := map[int]int{}
	for _, pid := range fresh {
		parents[pid], known[pid] = parent("/proc/"+strconv.Itoa(pid)), false
	}
	known[t.keeper] = true
	for more := true; more; {
		more = false
		for _, pid := range fresh {
			if !known[pid] && known[parents[pid]] {
				known[pid], more = true, true
			}
		}
	}
	t.ours = known
	for pid, ours := range known {
		if ours && pid != t.keeper {
			all = append(all, pid)
		}
	}
	return all
}

// Memory is what is below keepers, by their processes: what a look at their trees would
// find, for all of them at once.
func Memory(keepers []int) (used int64) {
	below := map[int]bool{}
	for _, pid := range keepers {
		below[pid] = true
	}
	all := everyProcess()
	parents := make(map[int]int, len(all))
	for _, pid := range all {
		parents[pid] = parent("/proc/" + strconv.Itoa(pid))
	}
	for more := true; more; {
		more = false
		for pid, parent := range parents {
			if below[parent] && !below[pid] {
				below[pid], more = true, true
				used += private(pid)
			}
		}
	}
	return used
}

// private is a process's memory, but for what it has only read from files.
func private(pid int) int64 {
	status := numbers(pid, "status")
	return (status["RssAnon"] + status["RssShmem"] + status["VmSwap"]) << 10
}

func everyProcess() (pids []int) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// look finds out what the tree has. Memory that several of its processes share counts
// for each of them, which is quick to find out, and is looked at closer if it is too
// much so. What they read from files doesn't count: the kernel takes it back.
func (t *tree) look() (used int64, over *Exceeded) {
	pids := t.pids()
	processes := 0
	for _, pid := range pids {
		status := numbers(pid, "status")
		used += (status["RssAnon"] + status["RssShmem"] + status["VmSwap"]) << 10
		processes += int(status["Threads"])
	}
	if t.processes > 0 && processes > t.processes {
		return used, &Exceeded{OfProcesses, int64(processes), int64(t.processes)}
	}
	if t.memory == 0 || used <= t.memory {
		return used, nil
	}
	if used = proportional(pids); used > t.memory {
		return used, &Exceeded{OfMemory, used, t.memory}
	}
	return used, nil
}

// proportional is the memory of processes, where each of those that share some has
// its part of that.
func proportional(pids []int) (used int64) {
	for _, pid := range pids {
		rollup := numbers(pid, "smaps_rollup")
		if _, ok := rollup["Pss_Anon"]; ok {
			used += (rollup["Pss_Anon"] + rollup["Pss_Shmem"] + rollup["SwapPss"]) << 10
			continue
		}
		status := numbers(pid, "status") // the kernel is an old one, or lets nobody look
		used += (status["RssAnon"] + status["RssShmem"] + status["VmSwap"]) << 10
	}
	return used
}

// numbers are those that the kernel tells of a process in lines of a name and a number.
func numbers(pid int, file string) map[string]int64 {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), file))
	if err != nil {
		return nil
	}
	all := map[string]int64{}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		if fields := strings.Fields(rest); len(fields) > 0 {
			if n, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
				all[name] = n
			}
		}
	}
	return all
}
