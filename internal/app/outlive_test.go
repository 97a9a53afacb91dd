package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUnitOf(t *testing.T) {
	for _, tt := range []struct {
		name, cgroups, unit string
		user                bool
	}{
		{"a service", "0::/system.slice/browserhook.service\n", "browserhook.service", false},
		{"a user's service", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/browserhook.service\n", "browserhook.service", true},
		{"beside control groups of version 1", "12:cpu:/system.slice/x.service\n1:name=systemd:/x\n0::/system.slice/browserhook.service\n", "browserhook.service", false},
		{"control groups of version 1", "12:cpu:/system.slice/x.service\n1:name=systemd:/system.slice/browserhook.service\n", "browserhook.service", false},
		{"a login", "0::/user.slice/user-1000.slice/session-3.scope\n", "", false},
		{"a container", "0::/\n", "", false},
		{"none", "", "", false},
	} {
		if unit, user := unitOf(tt.cgroups); unit != tt.unit || user != tt.user {
			t.Errorf("%s: %q, %v", tt.name, unit, user)
		}
	}
}

// TestWhatEndsWithTheServer and what doesn't.
func TestWhatEndsWithTheServer(t *testing.T) {
	const unit, login = "0::/system.slice/browserhook.service\n", "0::/user.slice/user-1000.slice/session-3.scope\n"
	for _, tt := range []struct {
		name, first, cgroups, run string
		pid                       int
		of                        map[string]string
		why                       string // browsers end; empty: they don't
	}{
		{"a shell's", "systemd", login, "/tmp/x", 7, nil, ""},
		{"no systemd", "init", "", "/tmp/x", 7, nil, ""},
		{"it can't be seen", "", login, "/tmp/x", 7, nil, ""},
		{"a container's first", "browserhook", "0::/\n", "/tmp/x", 1, nil, "the server is process 1"},
		{"a container's", "tini", "0::/\n", "/tmp/x", 7, nil, "process 1 is tini"},
		{"a pod's that shares its processes", "pause", "0::/\n", "/tmp/x", 7, nil, "process 1 is pause"},
		{"a unit's", "systemd", unit, "/tmp/x", 7, map[string]string{"KillMode": "process", "PrivateTmp": "no"}, ""},
		{"a unit's whose systemd doesn't answer", "systemd", unit, "/tmp/x", 7, nil, "KillMode=control-group"},
		{"a unit's as they are", "systemd", unit, "/tmp/x", 7, map[string]string{"KillMode": "mixed", "PrivateTmp": "no"}, "KillMode=mixed"},
		{"a unit's with a /tmp of its own", "systemd", unit, "/tmp/x", 7, map[string]string{"KillMode": "process", "PrivateTmp": "yes"}, "PrivateTmp=yes"},
		{"a unit's with one that isn't used", "systemd", unit, "/srv/tmp/x", 7, map[string]string{"KillMode": "process", "PrivateTmp": "yes"}, ""},
	} {
		why := place{tt.pid, tt.first, tt.cgroups, tt.run, func(string, bool) map[string]string { return tt.of }}.ends()
		if !strings.Contains(why, tt.why) || (why == "") != (tt.why == "") {
			t.Errorf("%s: %q", tt.name, why)
		}
	}
}

// TestSystemdIsAsked about the unit that the server is in.
func TestSystemdIsAsked(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\n[ \"$*\" = '--user show --property=KillMode,PrivateTmp -- x.service' ] && printf 'KillMode=process\\nPrivateTmp=yes\\n'\n"
	if err := os.WriteFile(filepath.Join(dir, "systemctl"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if got := properties(t.Context(), "x.service", true); got["KillMode"] != "process" || got["PrivateTmp"] != "yes" {
		t.Errorf("got %v", got)
	}
	if got := properties(t.Context(), "x.service", false); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
