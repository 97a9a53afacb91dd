package keeper

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestEndLeavesNothing of what moves on while it is looked for: each process starts
// the next one and ends, so that a look at the kernel's table may find none.
func TestEndLeavesNothing(t *testing.T) {
	const inside, mark = "BROWSERHOOK_TEST_END", "BROWSERHOOK_TEST_MOVES="
	if os.Getenv(inside) != "" { // a process of its own, whose children are all those of the test
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		k := &keeper{exited: make(chan syscall.WaitStatus, 1), reaped: make(chan struct{})}
		var err error
		// In a session of its own, or it would go with Chromium's process group.
		hop := "#!/bin/sh\n: > begun\n[ $1 -eq 0 ] || setsid ./hop $(($1 - 1)) &\n"
		if err := os.WriteFile(filepath.Join(dir, "hop"), []byte(hop), 0o755); err != nil {
			t.Fatal(err)
		}
		if k.pid, err = syscall.ForkExec(filepath.Join(dir, "hop"), []string{"hop", "500"}, &syscall.ProcAttr{
			Dir: dir, Env: []string{mark + "1", "PATH=/usr/bin:/bin"}, Sys: &syscall.SysProcAttr{Setpgid: true},
		}); err != nil {
			t.Fatal(err)
		}
		go k.reap()
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
			if _, err := os.Stat(filepath.Join(dir, "begun")); err == nil {
				break
			}
		}
		k.end()
		all, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range all {
			if parent(p) > 0 && holds(filepath.Join(p, "environ"), mark) {
				t.Errorf("%s is left", p)
			}
		}
		return
	}
	for range 20 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEndLeavesNothing$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, strings.TrimSpace(string(out)))
		}
	}
}
