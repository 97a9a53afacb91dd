package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func timer(tb testing.TB) <-chan time.Time {
	t := time.NewTimer(Deadline)
	tb.Cleanup(func() { t.Stop() })
	return t.C
}

// Isolate gives the test a temporary folder of its own, for all that it starts
// too, and returns it. Whatever is left in it is theirs.
func Isolate(tb testing.TB) string {
	tb.Helper()
	dir := folder(tb)
	for name, value := range within(dir) {
		old, was := os.LookupEnv(name)
		os.Setenv(name, value)
		tb.Cleanup(func() {
			if os.Unsetenv(name); was {
				os.Setenv(name, old)
			}
		})
	}
	return dir
}

// Beside is [Isolate] for a test that runs beside others because most of its time
// is waited for. The folder is that of the servers that have their data in it.
func Beside(t *testing.T) string {
	t.Helper()
	t.Parallel()
	dir := folder(t)
	besides.Store(dir, true)
	t.Cleanup(func() { besides.Delete(dir) })
	return dir
}

// besides are the folders of tests that run beside others.
var besides sync.Map

// within is the environment of what leaves its files, and what the race detector
// finds in it, in the folder. Without more the detector sleeps for a second before
// a process ends, each keeper too.
func within(dir string) map[string]string {
	return map[string]string{
		"TMPDIR": dir,
		"GORACE": "atexit_sleep_ms=20 " + os.Getenv("GORACE") + " log_path=" + filepath.Join(dir, "race"),
	}
}

func folder(tb testing.TB) string {
	tb.Helper()
	if _, err := Binary(); err != nil { // it outlives this test's folder
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "bh")
	if err != nil {
		tb.Fatal(err)
	}
	// A browser's own user must be able to reach its folder in there.
	if err := os.Chmod(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { leave(tb, dir) })
	return dir
}

// leave removes the folder when all that was started in it has ended, keepers too,
// which clean up behind a server that was killed.
func leave(tb testing.TB, dir string) {
	defer func() { // also when something stays
		for _, report := range races(dir) {
			tb.Errorf("what the test started has a data race:\n%s", report)
		}
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	}()
	WaitForNoProcess(tb, dir)
}

// races are what the race detector has reported in a folder.
func races(dir string) (reports []string) {
	files, _ := filepath.Glob(filepath.Join(dir, "race.*"))
	for _, file := range files {
		report, err := os.ReadFile(file)
		if err != nil {
			report = []byte(err.Error())
		}
		reports = append(reports, string(report))
	}
	return reports
}

// Main runs a package's tests, and is its TestMain's exit code. What they start
// without [Isolate] or [Beside] has its files, and its data races, in a folder of
// the package's.
func Main(m interface{ Run() int }) (code int) {
	dir, err := os.MkdirTemp("", "bh")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for name, value := range within(dir) {
		os.Setenv(name, value)
	}
	code = m.Run()
	RemoveBinary()
	for _, report := range races(dir) {
		fmt.Fprintf(os.Stderr, "what a test started has a data race:\n%s", report)
		code = 1
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// Process is one that runs.
type Process struct {
	PID  int
	Line string // its command line
}

// Running are those that have the folder in their command line or working folder:
// browsers and keepers whose files are below it.
func Running(dir string) (all []Process) {
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		pid, _ := strconv.Atoi(filepath.Base(p))
		if pid == os.Getpid() {
			continue
		}
		cmdline, err := os.ReadFile(filepath.Join(p, "cmdline"))
		if err != nil {
			continue
		}
		line := strings.ReplaceAll(strings.TrimRight(string(cmdline), "\x00"), "\x00", " ")
		cwd, _ := os.Readlink(filepath.Join(p, "cwd"))
		isServer := strings.Contains(line, " serve ")
		if (strings.Contains(line, dir) || strings.HasPrefix(cwd, dir)) && !isServer {
			all = append(all, Process{pid, line})
		}
	}
	return all
}

// Processes are the same, for a person.
func Processes(dir string) (all []string) {
	for _, p := range Running(dir) {
		all = append(all, fmt.Sprintf("process %d: %.120s", p.PID, p.Line))
	}
	return all
}

// Folders lists the sessions' folders below it.
func Folders(dir string) []string {
	folders, _ := filepath.Glob(filepath.Join(dir, "browserhook-*", "browser_*"))
	return folders
}

// WaitForNothingLeft fails the test when something of the servers' stays.
func WaitForNothingLeft(tb testing.TB, dir string) {
	tb.Helper()
	var left []string
	err := Until(context.Background(), func() (bool, error) {
		left = append(Processes(dir), Folders(dir)...)
		return len(left) == 0, nil
	})
	if err != nil {
		tb.Fatalf("left behind: %s", strings.Join(left, "\n  "))
	}
}

// WaitForNoProcess fails the test when a browser or a keeper stays.
func WaitForNoProcess(tb testing.TB, dir string) {
	tb.Helper()
	var left []string
	err := Until(context.Background(), func() (bool, error) {
		left = Processes(dir)
		return len(left) == 0, nil
	})
	if err != nil {
		tb.Fatalf("left behind: %s", strings.Join(left, "\n  "))
	}
}
