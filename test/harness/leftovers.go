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

// Isolate gives the test a temporary folder of its own, for the servers that
// it starts too, and returns it. Whatever is left in it is theirs.
func Isolate(tb testing.TB) string {
	tb.Helper()
	dir := folder(tb)
	old := os.Getenv("TMPDIR")
	os.Setenv("TMPDIR", dir)
	tb.Cleanup(func() { os.Setenv("TMPDIR", old) })
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
	tb.Cleanup(func() {
		WaitForNoProcess(tb, dir) // keepers clean up behind a server that was killed
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	return dir
}

// Processes lists those that have the folder in their command line or working
// folder: browsers and keepers whose files are below it.
func Processes(dir string) []string {
	var left []string
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
			left = append(left, fmt.Sprintf("process %d: %.120s", pid, line))
		}
	}
	return left
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
