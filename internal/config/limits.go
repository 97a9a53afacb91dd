package config

import (
	"github.com/dustin/go-humanize"
)

// BrowserLimits are what one browser may have; 0: as much as there is.
type BrowserLimits struct {
	Memory, Disk int64 // bytes
	Processes    int   // and threads
	CPUs         float64
}

// What a browser needs at least.
const (
	leastMemory    = 256 << 20
	leastDisk      = 64 << 20
	leastProcesses = 256
	leastCPUs      = 0.1
)

// Limits are browser-memory, browser-disk, browser-processes and browser-cpus, parsed.
func (s *Server) Limits() (l BrowserLimits, err error) {
	if l.Memory, err = size("browser-memory", s.BrowserMemory, leastMemory); err != nil {
		return l, err
	}
	if l.Disk, err = size("browser-disk", s.BrowserDisk, leastDisk); err != nil {
		return l, err
	}
	if l.Processes = s.BrowserProcesses; l.Processes != 0 && (l.Processes < leastProcesses || l.Processes > 1<<22) {
		return l, wrong("browser-processes", "%d is not at least %d, or 0 for any number", l.Processes, leastProcesses)
	}
	if l.CPUs = s.BrowserCPUs; l.CPUs != 0 && !(l.CPUs >= leastCPUs && l.CPUs <= 1024) {
		return l, wrong("browser-cpus", "%g is not at least %g, or 0 for any number", l.CPUs, leastCPUs)
	}
	return l, nil
}

// size reads so many bytes.
func size(setting, value string, least uint64) (int64, error) {
	if value == "" {
		return 0, nil
	}
	n, err := humanize.ParseBytes(value)
	if err != nil || n != 0 && n < least || n > 1<<50 {
		return 0, wrong(setting, "%q is not a size of at least %s, such as 2GiB, or 0 for any", value, humanize.IBytes(least))
	}
	return int64(n), nil
}
