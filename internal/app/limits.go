package app

import (
	"cmp"

	"github.com/browserhook/browserhook/internal/browser/cgroup"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/config"
)

// limitsOf are those that the settings set for each browser.
func limitsOf(settings config.Server) (keeper.Limits, error) {
	l, err := settings.Limits()
	return keeper.Limits{Limits: cgroup.Limits{Memory: l.Memory, Processes: l.Processes, CPUs: l.CPUs}, Disk: l.Disk}, err
}

// tellLimits says what is weaker for want of control groups.
func (a *App) tellLimits() {
	limits, _ := limitsOf(a.settings)
	groups := a.launcher.Cgroups()
	memory, processes, cpus := groups.Missing(cgroup.Memory), groups.Missing(cgroup.Processes), groups.Missing(cgroup.CPU)
	if limits.Memory > 0 && memory != nil || limits.Processes > 0 && processes != nil {
		a.log.Info("browsers have no control groups: their keepers watch their memory and processes, and the kernel does not limit them", "why", cmp.Or(memory, processes))
	}
	if limits.CPUs > 0 && cpus != nil {
		a.log.Warn("browser-cpus has no effect: browsers have no control groups for it", "why", cpus)
	}
}
