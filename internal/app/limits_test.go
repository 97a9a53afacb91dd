package app

import (
	"testing"

	"github.com/browserhook/browserhook/internal/browser/cgroup"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/config"
)

// TestLimitsOfBrowsers are those of the settings, each in its place.
func TestLimitsOfBrowsers(t *testing.T) {
	got, err := limitsOf(config.Server{BrowserMemory: "1GiB", BrowserDisk: "2GiB", BrowserProcesses: 300, BrowserCPUs: 1.5})
	want := keeper.Limits{Limits: cgroup.Limits{Memory: 1 << 30, Processes: 300, CPUs: 1.5}, Disk: 2 << 30}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}
