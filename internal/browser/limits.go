package browser

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"github.com/browserhook/browserhook/internal/browser/cgroup"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
)

// The codes of a browser that was ended because it had too much of something.
const (
	CodeOutOfMemory      = "out_of_memory"
	CodeOutOfDisk        = "out_of_disk"
	CodeTooManyProcesses = "too_many_processes"
)

// exceeded says what a browser had too much of.
func exceeded(e *keeper.Exceeded, lines []string) *domain.Failure {
	size := func(n int64) string { return humanize.IBytes(uint64(n)) }
	var f *domain.Failure
	switch e.Of {
	case keeper.OfMemory:
		f = failure(CodeOutOfMemory, fmt.Sprintf("The browser took %s of memory, may have %s, and was ended.", size(e.Used), size(e.Limit)), lines)
	case keeper.OfDisk:
		f = failure(CodeOutOfDisk, fmt.Sprintf("The browser's files took %s of the disk, may take %s, and it was ended.", size(e.Used), size(e.Limit)), lines)
	default:
		f = failure(CodeTooManyProcesses, fmt.Sprintf("The browser had %d processes and threads, may have %d, and was ended.", e.Used, e.Limit), lines)
	}
	f.Used, f.Limit = e.Used, e.Limit
	return f
}

// cachePart is the part of its disk that a browser's cache of the network may take:
// one of so many.
const cachePart = 8

// cacheFlags have Chromium give up what it has only cached before it has too much.
func cacheFlags(l keeper.Limits) []string {
	if l.Disk == 0 {
		return nil
	}
	return []string{fmt.Sprintf("--disk-cache-size=%d", l.Disk/cachePart)}
}

// Cgroups is where browsers have control groups, and why they don't have them for
// what they don't.
func (l *Launcher) Cgroups() cgroup.Place { return l.cgroups }

// findCgroups makes the place ready where browsers have their control groups.
func findCgroups() cgroup.Place {
	place := cgroup.Find("/proc/self")
	if err := place.Prepare(); err != nil {
		return cgroup.Nowhere(err)
	}
	if err := place.Try(); err != nil {
		return cgroup.Nowhere(err)
	}
	return place
}
