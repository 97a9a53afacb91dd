package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// ErrTerminated is the cause of a stop that may leave sessions to the next start.
var ErrTerminated = errors.New("the server was told to end by SIGTERM")

// outlive finds out what becomes of sessions when the server ends.
func (a *App) outlive(ctx context.Context, grace time.Duration) {
	a.outlived = grace
	if grace == 0 {
		a.ends = "keeper-grace is 0"
		return
	}
	if a.settings.KeepSessions == "always" {
		return
	}
	if a.ends = endsWithServer(ctx); a.ends != "" {
		a.outlived = 0
	} else if a.settings.KeepSessions == "never" {
		a.ends = "keep-sessions is never"
	}
}

// endsWithServer is why browsers can't outlive this process; empty: they can, as far
// as can be known.
func endsWithServer(ctx context.Context) string {
	if os.Getpid() == 1 {
		return "the server is process 1 of a container, and everything in that ends with it"
	}
	if os.Getppid() == 1 {
		if name := commandOf(1); name != "systemd" && name != "init" {
			return fmt.Sprintf("the server was started by process 1 of a container (%s), which may end with it", name)
		}
	}
	if os.Getenv("INVOCATION_ID") == "" {
		return ""
	}
	raw, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	unit, user := unitOf(string(raw))
	if unit == "" {
		return ""
	}
	// Of both control-group and mixed nothing is left.
	if mode := killMode(ctx, unit, user); mode != "process" && mode != "none" {
		return fmt.Sprintf("its unit %s has KillMode=%s, which ends everything in it; KillMode=process keeps them", unit, mode)
	}
	return ""
}

func commandOf(pid int) string {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(raw))
}

// unitOf is the service of systemd's that a process is in, by its control groups,
// and whether it is a user's own; empty: none.
func unitOf(cgroups string) (unit string, user bool) {
	for line := range strings.Lines(cgroups) {
		_, of, _ := strings.Cut(strings.TrimSpace(line), "::")
		if strings.HasSuffix(of, ".service") {
			return path.Base(of), strings.Contains(of, "/user@")
		}
	}
	return "", false
}

// killMode asks systemd; its default, if that doesn't answer.
func killMode(ctx context.Context, unit string, user bool) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	args := []string{"show", "--property=KillMode", "--value", "--", unit}
	if user {
		args = append([]string{"--user"}, args...)
	}
	out, err := exec.CommandContext(ctx, "systemctl", args...).Output()
	if mode := strings.TrimSpace(string(out)); err == nil && mode != "" {
		return mode
	}
	return "control-group"
}

// sweep ends what an earlier server left of browsers whose sessions don't go on.
func (a *App) sweep(ctx context.Context) error {
	open, err := a.store.OpenSessions(ctx)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	ready := map[string]bool{}
	for _, s := range open {
		ready[s.ID] = s.Status == domain.SessionReady
	}
	return a.launcher.Sweep(ctx, func(id string) bool { return ready[id] })
}
