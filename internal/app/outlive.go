package app

import (
	"cmp"
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
	if a.ends = here(ctx, a.data.Run).ends(); a.ends != "" {
		a.outlived = 0
	} else if a.settings.KeepSessions == "never" {
		a.ends = "keep-sessions is never"
	}
}

// place is what a process runs in: what ends with it depends on that.
type place struct {
	pid        int
	first      string // the command of process 1; empty: it can't be seen
	cgroups    string // as the kernel lists them
	run        string // the folder that the browsers' own are in
	properties func(unit string, user bool) map[string]string
}

func here(ctx context.Context, run string) place {
	first, _ := os.ReadFile("/proc/1/comm")
	cgroups, _ := os.ReadFile("/proc/self/cgroup")
	return place{os.Getpid(), strings.TrimSpace(string(first)), string(cgroups), run, func(unit string, user bool) map[string]string {
		return properties(ctx, unit, user)
	}}
}

// ends is why browsers can't outlive a process there; empty: they can, as far as can
// be known.
func (p place) ends() string {
	if p.pid == 1 {
		return "the server is process 1 of a container, and everything in that ends with it"
	}
	if p.first != "" && p.first != "systemd" && p.first != "init" {
		return fmt.Sprintf("process 1 is %s, as in a container, in which everything may end with the server", p.first)
	}
	unit, user := unitOf(p.cgroups)
	if unit == "" {
		return ""
	}
	of := p.properties(unit, user)
	// Of both control-group and mixed nothing is left.
	if mode := cmp.Or(of["KillMode"], "control-group"); mode != "process" && mode != "none" {
		return fmt.Sprintf("its unit %s has KillMode=%s, which ends everything in it; KillMode=process keeps them", unit, mode)
	}
	private := strings.HasPrefix(p.run, "/tmp/") || strings.HasPrefix(p.run, "/var/tmp/")
	if private && of["PrivateTmp"] != "" && of["PrivateTmp"] != "no" {
		return fmt.Sprintf("its unit %s has PrivateTmp=%s (DynamicUser does that too), which removes the browsers' folders; a TMPDIR elsewhere keeps them", unit, of["PrivateTmp"])
	}
	return ""
}

// unitOf is the service of systemd's that a process is in, by its control groups,
// and whether it is a user's own; empty: none.
func unitOf(cgroups string) (unit string, user bool) {
	for line := range strings.Lines(cgroups) {
		of := strings.SplitN(strings.TrimSpace(line), ":", 3)
		// What systemd goes by is named so in version 1, and has no name in version 2.
		if len(of) == 3 && (of[1] == "" || of[1] == "name=systemd") && strings.HasSuffix(of[2], ".service") {
			return path.Base(of[2]), strings.Contains(of[2], "/user@")
		}
	}
	return "", false
}

// properties asks systemd how it ends a unit; nothing, if that doesn't answer.
func properties(ctx context.Context, unit string, user bool) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	args := []string{"show", "--property=KillMode,PrivateTmp", "--", unit}
	if user {
		args = append([]string{"--user"}, args...)
	}
	out, _ := exec.CommandContext(ctx, "systemctl", args...).Output()
	all := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		all[name] = value
	}
	return all
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
