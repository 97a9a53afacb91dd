package app

import "testing"

func TestUnitOf(t *testing.T) {
	for _, tt := range []struct {
		name, cgroups, unit string
		user                bool
	}{
		{"a service", "0::/system.slice/browserhook.service\n", "browserhook.service", false},
		{"a user's service", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/browserhook.service\n", "browserhook.service", true},
		{"beside control groups of version 1", "12:cpu:/system.slice/x.service\n1:name=systemd:/x\n0::/system.slice/browserhook.service\n", "browserhook.service", false},
		{"a login", "0::/user.slice/user-1000.slice/session-3.scope\n", "", false},
		{"a container", "0::/\n", "", false},
		{"none", "", "", false},
	} {
		if unit, user := unitOf(tt.cgroups); unit != tt.unit || user != tt.user {
			t.Errorf("%s: %q, %v", tt.name, unit, user)
		}
	}
}
