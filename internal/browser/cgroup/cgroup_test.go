package cgroup

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// machine is what the kernel would tell of the process and its hierarchies, in files.
type machine struct {
	*testing.T
	proc, at string
}

func newMachine(t *testing.T, mountinfo, groups string) machine {
	m := machine{t, t.TempDir(), t.TempDir()}
	m.write(filepath.Join(m.proc, "mountinfo"), strings.ReplaceAll(mountinfo, "AT", m.at))
	m.write(filepath.Join(m.proc, "cgroup"), groups)
	return m
}

func (m machine) write(file, text string) {
	m.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		m.Fatal(err)
	}
}

// group makes one with files that the kernel would have in it.
func (m machine) group(dir string, files ...string) {
	m.Helper()
	for _, file := range files {
		name, text, _ := strings.Cut(file, "=")
		m.write(filepath.Join(m.at, dir, name), text)
	}
}

func (m machine) reads(file, want string) {
	m.Helper()
	if got, err := os.ReadFile(filepath.Join(m.at, file)); err != nil || string(got) != want {
		m.Errorf("%s has %q, %v; want %q", file, got, err, want)
	}
}

const (
	version2 = "25 20 0:22 / /proc rw - proc proc rw\n31 23 0:28 / AT rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
	version1 = "31 23 0:28 / AT/memory rw - cgroup cgroup rw,memory\n32 23 0:29 / AT/cpu rw - cgroup cgroup rw,cpu,cpuacct\n33 23 0:30 / AT/pids rw - cgroup cgroup rw,pids\n41 23 0:38 / AT/unified rw - cgroup2 cgroup2 rw\n"
)

// TestFind is where groups can be made, and why not where they can't.
func TestFind(t *testing.T) {
	pid := strconv.Itoa(os.Getpid())
	all := func(dir string) string {
		return fmt.Sprintf("%s/%s", dir, "cgroup.controllers=cpuset cpu io memory pids")
	}
	split := func(s string) (dir, file string) {
		head, text, _ := strings.Cut(s, "=")
		return filepath.Dir(head), filepath.Base(head) + "=" + text
	}
	for _, tt := range []struct {
		name, mounts, groups string
		files                []string
		version              int
		memory, cpu          string // the folders; empty: none
		why                  string // not for memory
	}{
		{"a unit that may have groups", version2, "0::/system.slice/b.service\n",
			[]string{all("system.slice/b.service"), "system.slice/b.service/cgroup.type=domain", "system.slice/b.service/cgroup.procs=" + pid + "\n", "system.slice/b.service/cgroup.subtree_control="},
			2, "system.slice/b.service", "system.slice/b.service", ""},
		{"one that has been in it before", version2, "0::/system.slice/b.service/server\n",
			[]string{all("system.slice/b.service"), "system.slice/b.service/cgroup.type=domain", "system.slice/b.service/cgroup.procs=", "system.slice/b.service/cgroup.subtree_control=cpu memory pids", "system.slice/b.service/server/cgroup.procs="},
			2, "system.slice/b.service", "system.slice/b.service", ""},
		{"a shell's", version2, "0::/user.slice/session-3.scope\n",
			[]string{all("user.slice/session-3.scope"), "user.slice/session-3.scope/cgroup.type=domain", "user.slice/session-3.scope/cgroup.procs=1\n" + pid + "\n", "user.slice/session-3.scope/cgroup.subtree_control="},
			0, "", "", "other processes in it, such as 1"},
		{"the root", version2, "0::/\n", []string{all("."), "./cgroup.procs=1\n2\n", "./cgroup.subtree_control="}, 2, ".", ".", ""},
		{"a container that may not", version2, "0::/../..\n", []string{all("."), "./cgroup.procs="}, 0, "", "", "outside of what is mounted"},
		{"without processors' time", version2, "0::/\n", []string{"./cgroup.controllers=memory pids", "./cgroup.procs=", "./cgroup.subtree_control="}, 2, ".", "", ""},
		{"version 1", version1, "9:pids:/x\n4:memory:/a/b\n1:cpu,cpuacct:/\n0::/\n",
			[]string{"memory/a/b/tasks=", "cpu/tasks=", "pids/x/tasks=", "unified/cgroup.controllers=hugetlb", "unified/cgroup.procs="}, 1, "memory/a/b", "cpu", ""},
		{"version 1 in a container", "31 23 0:28 /docker/1 AT/memory rw - cgroup cgroup rw,memory\n", "4:memory:/docker/1\n", []string{"memory/tasks="}, 1, "memory", "", ""},
		{"none", "25 20 0:22 / /proc rw - proc proc rw\n", "0::/\n", nil, 0, "", "", "no control groups for memory are mounted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t, tt.mounts, tt.groups)
			for _, f := range tt.files {
				dir, file := split(f)
				m.group(dir, file)
			}
			p := Find(m.proc)
			in := func(dir string) string {
				if dir == "" {
					return ""
				}
				return filepath.Join(m.at, dir)
			}
			if p.Version != tt.version || p.Dirs[Memory] != in(tt.memory) || p.Dirs[CPU] != in(tt.cpu) {
				t.Errorf("%+v, %v", p, p.Missing(Memory))
			}
			if err := p.Missing(Memory); (err == nil) != (tt.memory != "") || err != nil && !strings.Contains(err.Error(), tt.why) {
				t.Errorf("memory is missing: %v", err)
			}
		})
	}
}

// TestPrepare: a server leaves its group for one beside those of its browsers, once.
func TestPrepare(t *testing.T) {
	m := newMachine(t, version2, "0::/b.service\n")
	pid := strconv.Itoa(os.Getpid())
	m.group("b.service", "cgroup.controllers=memory", "cgroup.type=domain", "cgroup.procs="+pid, "cgroup.subtree_control=")
	m.group("b.service/server", "cgroup.procs=")
	p := Find(m.proc)
	if err := p.Prepare(); err != nil {
		t.Fatal(err)
	}
	m.reads("b.service/server/cgroup.procs", pid)
	m.reads("b.service/cgroup.subtree_control", "+memory")
	m.group("b.service", "cgroup.subtree_control=memory")
	m.group("b.service/server", "cgroup.procs=")
	if err := p.Prepare(); err != nil {
		t.Fatal(err)
	}
	m.reads("b.service/server/cgroup.procs", "")
}

// TestLimits are what is told to the kernel, in either version.
func TestLimits(t *testing.T) {
	l := Limits{Memory: 1 << 30, Processes: 500, CPUs: 1.5}
	t.Run("version 2", func(t *testing.T) {
		m := newMachine(t, "", "")
		files := []string{"memory.max=", "memory.oom.group=", "pids.max=", "cpu.max="} // no swap
		m.group("one", files...)
		p := Place{Version: 2, Dirs: map[string]string{Memory: m.at, Processes: m.at, CPU: m.at}}
		g, err := p.Make("one", l, filepath.Join(m.proc, "note"))
		if err != nil {
			t.Fatal(err)
		}
		m.reads("one/memory.max", "1073741824")
		m.reads("one/memory.oom.group", "1")
		m.reads("one/pids.max", "500")
		m.reads("one/cpu.max", "150000 100000")
		m.group("one", "memory.events=low 0\nhigh 0\nmax 812\noom 0\noom_kill 3\noom_group_kill 0\n", "memory.peak=1073741824\n", "memory.current=20\n")
		if over, _ := g.OutOfMemory(); over {
			t.Error("the machine was out of memory, and the group not")
		}
		m.group("one", "memory.events=low 0\nhigh 0\nmax 812\noom 1\noom_kill 3\noom_group_kill 1\n")
		if over, used := g.OutOfMemory(); !over || used != 1<<30 {
			t.Errorf("%t, %d", over, used)
		}
	})
	t.Run("version 1", func(t *testing.T) {
		m := newMachine(t, "", "")
		m.group("memory/one", "memory.limit_in_bytes=", "memory.oom_control=")
		m.group("pids/one", "pids.max=")
		m.group("cpu/one", "cpu.cfs_period_us=", "cpu.cfs_quota_us=")
		p := Place{Version: 1, Dirs: map[string]string{Memory: m.at + "/memory", Processes: m.at + "/pids", CPU: m.at + "/cpu"}}
		g, err := p.Make("one", l, filepath.Join(m.proc, "note"))
		if err != nil {
			t.Fatal(err)
		}
		m.reads("memory/one/memory.limit_in_bytes", "1073741824")
		m.reads("memory/one/memory.oom_control", "1")
		m.reads("pids/one/pids.max", "500")
		m.reads("cpu/one/cpu.cfs_quota_us", "150000")
		m.group("memory/one", "memory.oom_control=oom_kill_disable 1\nunder_oom 1\noom_kill 0\n", "memory.max_usage_in_bytes=1073741824\n")
		if over, used := g.OutOfMemory(); !over || used != 1<<30 {
			t.Errorf("%t, %d", over, used)
		}
	})
	t.Run("a kernel that refuses", func(t *testing.T) {
		m := newMachine(t, "", "")
		p := Place{Version: 2, Dirs: map[string]string{Memory: m.at}}
		if g, err := p.Make("one", l, filepath.Join(m.proc, "note")); err == nil {
			t.Errorf("got %+v", g)
		}
		if _, err := os.Stat(filepath.Join(m.at, "one")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("it has left its group: %v", err)
		}
	})
}

// here is a place for groups on this machine.
func here(t *testing.T) Place {
	p := Find("/proc/self")
	if err := p.Missing(Memory); err != nil {
		t.Skipf("this machine has no control groups for memory: %v", err)
	}
	if p.Version == 2 && !holds(filepath.Join(p.Dirs[Memory], "cgroup.subtree_control"), Memory) {
		t.Skip("the test's process would have to leave its control group")
	}
	return p
}

// start starts a program in a group.
func start(t *testing.T, g *Group, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	startIn(t, g, cmd)
	return cmd
}

// parentIn starts one in a group that has started another, when this returns.
func parentIn(t *testing.T, g *Group) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", "sleep 60 & echo begun; wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	startIn(t, g, cmd)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("it said %q: %v", line, err)
	}
	return cmd
}

func startIn(t *testing.T, g *Group, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, err := g.Start(cmd.SysProcAttr, func() (int, error) {
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		return cmd.Process.Pid, nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// TestTry: on this machine a process can be started in a group; where it can't, as in
// folders that are no control groups at all, that is found out. Nothing is left of it.
func TestTry(t *testing.T) {
	dir := t.TempDir()
	for version := 1; version <= 2; version++ {
		p := Place{Version: version, Dirs: map[string]string{Memory: dir, Processes: dir}}
		if err := p.Try(); err == nil {
			t.Errorf("a process is in a group of version %d, which is a folder", version)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if err := (Place{}).Try(); err != nil {
		t.Errorf("nowhere: %v", err)
	}
	p := here(t)
	if err := p.Try(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(p.Dirs[Memory], fmt.Sprintf("browserhook-%d-*", os.Getpid()))); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// TestAGroupOfThisMachines has what is started in it, and what that starts; nothing
// is left of it but to who has its note.
func TestAGroupOfThisMachines(t *testing.T) {
	p := here(t)
	note := filepath.Join(t.TempDir(), "note")
	g, err := p.Make("browserhook-test-"+strconv.Itoa(os.Getpid()), Limits{Memory: 64 << 20, Processes: 10}, note)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile("/proc/thread-self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	cmd := parentIn(t, g)
	if after, err := os.ReadFile("/proc/thread-self/cgroup"); err != nil || string(after) != string(before) {
		t.Errorf("the thread was in\n%s and is in\n%s (%v)", before, after, err)
	}
	left := Noted(note)
	pids := func() int {
		seen := map[int]bool{}
		for _, pid := range left.PIDs() {
			seen[pid] = true
		}
		return len(seen)
	}
	if n := pids(); n != 2 {
		t.Errorf("%d processes are in the group", n)
	}
	if err := g.Remove(0); err == nil {
		t.Error("a group was removed that has processes")
	}
	for _, pid := range left.PIDs() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = cmd.Wait()
	if err := left.Remove(10 * time.Second); err != nil {
		t.Error(err)
	}
	if err := g.Remove(0); err != nil {
		t.Errorf("a group that is gone: %v", err)
	}
}

// TestProcessesWithoutANumber, of another container's, are nobody who could be killed.
func TestProcessesWithoutANumber(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte("0\n12\n0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := (Left{dir}).PIDs(); !slices.Equal(got, []int{12}) {
		t.Errorf("%v are in it", got)
	}
}

// TestAGroupOfVersion2 has what is cloned into it, and what that starts.
func TestAGroupOfVersion2(t *testing.T) {
	var root string
	mounts, err := mountsIn("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	of, err := groupsIn("/proc/self/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mounts {
		if m.unified {
			root, err = m.folder(of[""])
		}
	}
	if root == "" || err != nil || try(root) != nil {
		t.Skip("this machine has no control groups of version 2 that can be made")
	}
	// Its controllers may all be version 1's here: without one it holds processes too.
	p := Place{Version: 2, Dirs: map[string]string{Memory: root}}
	note := filepath.Join(t.TempDir(), "note")
	g, err := p.Make("browserhook-test-2-"+strconv.Itoa(os.Getpid()), Limits{}, note)
	if err != nil {
		t.Fatal(err)
	}
	cmd := parentIn(t, g)
	left := Noted(note)
	pids := left.PIDs()
	if len(pids) != 2 || !slices.Contains(pids, cmd.Process.Pid) || slices.Contains(pids, os.Getpid()) {
		t.Errorf("%v are in the group, and should be %d and its child", pids, cmd.Process.Pid)
	}
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = cmd.Wait()
	if err := g.Remove(10 * time.Second); err != nil {
		t.Error(err)
	}
}

// TestAProcessWithoutMemory is out of it when it wants more than its group may have.
func TestAProcessWithoutMemory(t *testing.T) {
	p := here(t)
	g, err := p.Make("browserhook-test-memory-"+strconv.Itoa(os.Getpid()), Limits{Memory: 32 << 20}, filepath.Join(t.TempDir(), "note"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := start(t, g, "awk", `BEGIN { for (all = "x"; length(all) < 2^30;) all = all all }`)
	for late := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		over, used := g.OutOfMemory()
		if over && used > 30<<20 && used <= 32<<20 {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("%t, %d", over, used)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if err := g.Remove(10 * time.Second); err != nil {
		t.Error(err)
	}
}

// TestAProcessWithoutTime gets no more of a processor than its group may have.
func TestAProcessWithoutTime(t *testing.T) {
	p := here(t)
	if err := p.Missing(CPU); err != nil {
		t.Skip(err)
	}
	g, err := p.Make("browserhook-test-cpu-"+strconv.Itoa(os.Getpid()), Limits{CPUs: 0.1}, filepath.Join(t.TempDir(), "note"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := start(t, g, "timeout", "1", "sh", "-c", "while :; do :; done")
	_ = cmd.Wait() // it is ended by its time
	if used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); used > 400*time.Millisecond {
		t.Errorf("it had %s of a second, and may have 100 ms", used)
	}
	if err := g.Remove(10 * time.Second); err != nil {
		t.Error(err)
	}
}
