package keeper

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/browserhook/browserhook/internal/browser/cgroup"
)

// TestPause: it is looked again before there can be too much, but not for more than a
// fiftieth of the time, and in any case before long.
func TestPause(t *testing.T) {
	g := gauge{limit: 4 << 30, rate: 2 << 30, most: time.Second}
	for _, tt := range []struct {
		used int64
		took time.Duration
		want time.Duration
	}{
		{0, time.Millisecond, time.Second},
		{3 << 30, time.Millisecond, 500 * time.Millisecond},
		{4 << 30, time.Millisecond, leastPause},
		{5 << 30, time.Millisecond, leastPause},
		{4 << 30, 10 * time.Millisecond, 500 * time.Millisecond},
		{0, time.Second, time.Second}, // a page with many files or much memory makes nobody blind
		{4 << 30, time.Second, time.Second},
	} {
		if got := g.pause(tt.used, tt.took); got != tt.want {
			t.Errorf("%d bytes, found out in %s: the next look is after %s, want %s", tt.used, tt.took, got, tt.want)
		}
	}
}

// TestWhatIsWatched is what nothing else limits.
func TestWhatIsWatched(t *testing.T) {
	all := Limits{cgroup.Limits{Memory: 1 << 30, Processes: 500}, 1 << 30}
	for _, tt := range []struct {
		name   string
		limits Limits
		uid    int
		want   int
	}{
		{"nothing is limited", Limits{}, 0, 0},
		{"memory, processes and disk", all, 0, 2},
		{"memory and disk, as a user of its own", all, 61200, 2},
		{"processes", Limits{Limits: cgroup.Limits{Processes: 500}}, 0, 1},
		{"processes, as a user of its own", Limits{Limits: cgroup.Limits{Processes: 500}}, 61200, 0},
		{"disk", Limits{Disk: 1 << 30}, 0, 1},
	} {
		k := &keeper{cfg: Config{Limits: tt.limits, UID: tt.uid}}
		if got := k.gauges(); len(got) != tt.want {
			t.Errorf("%s: %d gauges, want %d", tt.name, len(got), tt.want)
		}
	}
}

// TestTree: all that a process has started counts, and what those have, also when
// they come later and when who started them has ended.
func TestTree(t *testing.T) {
	works := exec.Command("sh", "-c", "sleep 60 & echo; read x; (sleep 60 & sleep 60 & echo; read x); echo; read x")
	in, err := works.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := works.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := works.Start(); err != nil {
		t.Fatal(err)
	}
	tr := &tree{keeper: works.Process.Pid, memory: 1 << 40}
	t.Cleanup(func() {
		for _, pid := range append(tr.pids(), works.Process.Pid) {
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill()
			}
		}
		_ = works.Wait()
	})
	said := bufio.NewReader(out)
	next := func() {
		if _, err := said.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	next()
	if pids := tr.pids(); len(pids) != 1 {
		t.Errorf("%d processes, want 1", len(pids))
	}
	used, over := tr.look()
	if used < 4<<10 || used > 64<<20 || over != nil {
		t.Errorf("%d bytes, %+v", used, over)
	}
	tr.memory = 4 << 10
	if _, over = tr.look(); over == nil || over.Of != OfMemory || over.Used <= over.Limit {
		t.Errorf("of 4 KiB: %+v", over)
	}
	tr.memory, tr.processes = 0, 1
	if _, over = tr.look(); over != nil {
		t.Errorf("one, of one process: %+v", over)
	}
	for _, want := range []int{4, 3} {
		if _, err := in.Write([]byte("\n")); err != nil {
			t.Fatal(err)
		}
		next()
		if pids := tr.pids(); len(pids) != want {
			t.Errorf("%d processes, want %d", len(pids), want)
		}
	}
	if _, over = tr.look(); over == nil || *over != (Exceeded{OfProcesses, 3, 1}) {
		t.Errorf("three, of one process: %+v", over)
	}
}

// TestSize is what the files of a folder take of the disk, those with holes too.
func TestSize(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a/b"), 0o700); err != nil {
		t.Fatal(err)
	}
	const all = 1 << 40
	before := size(dir, all)
	if err := os.WriteFile(filepath.Join(dir, "a/b/file"), make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	hole, err := os.Create(filepath.Join(dir, "hole"))
	if err != nil {
		t.Fatal(err)
	}
	defer hole.Close()
	if err := hole.Truncate(1 << 40); err != nil {
		t.Fatal(err)
	}
	if got := size(dir, all) - before; got < 3<<20 || got > 4<<20 {
		t.Errorf("%d bytes", got)
	}
	if got := size(filepath.Join(dir, "none"), all); got != 0 {
		t.Errorf("%d bytes of no folder", got)
	}
	// Files without anything in them are something, and no more of them are looked at
	// than there may be.
	empty := t.TempDir()
	for i := range 3 * some {
		if err := os.WriteFile(filepath.Join(empty, strconv.Itoa(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := size(empty, all); got != (3*some+1)*leastFile {
		t.Errorf("%d bytes of empty files", got)
	}
	if got := size(empty, 10*leastFile); got <= 10*leastFile || got > (some+1)*leastFile {
		t.Errorf("%d bytes of too many files", got)
	}
}

// TestWithoutTheGroup that it was to be started in, a browser has no more processes all
// the same, and its server is told.
func TestWithoutTheGroup(t *testing.T) {
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &before); err != nil {
		t.Fatal(err)
	}
	most := min(1<<14, before.Max)                                                            // which is this process's from then on
	place := cgroup.Place{Version: 2, Dirs: map[string]string{cgroup.Processes: t.TempDir()}} // a folder, and no group
	k := &keeper{cfg: Config{Dir: t.TempDir(), UID: 61200, Cgroups: place, Limits: Limits{Limits: cgroup.Limits{CPUs: 1, Processes: int(most)}}}}
	group, err := place.Make("group", cgroup.Limits{}, filepath.Join(k.cfg.Dir, groupFile))
	if err != nil {
		t.Fatal(err)
	}
	k.group = group
	k.limitProcesses()
	limit := func() (now unix.Rlimit) {
		if err := unix.Getrlimit(unix.RLIMIT_NPROC, &now); err != nil {
			t.Fatal(err)
		}
		return now
	}
	if now := limit(); now != before {
		t.Errorf("in a group for processes, the limit is %d", now.Cur)
	}
	forks := 0
	pid, err := k.startInGroup(&syscall.SysProcAttr{}, func() (int, error) {
		if forks++; forks == 1 {
			return 0, unix.ENOSYS
		}
		return 7, nil
	})
	if err != nil || pid != 7 {
		t.Errorf("%d, %v", pid, err)
	}
	if now := limit(); now.Cur != most {
		t.Errorf("without one, the limit is %d", now.Cur)
	}
	if got := k.gauges(); len(got) != 0 {
		t.Errorf("%d gauges: its user's processes are counted by the kernel", len(got))
	}
	if why := k.welcome(Hello{Version: Version}).NoGroup; !strings.Contains(why, "start the browser in a control group") {
		t.Errorf("the server is told %q", why)
	}
}
