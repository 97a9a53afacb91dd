package config

import (
	"fmt"
	"os"
	"strings"
)

// sessionsForMemory is how many browsers a machine carries: Chromium with a
// usual page takes well under a GiB.
func sessionsForMemory(bytes int64) int {
	return max(2, int(bytes>>30))
}

// readyForMemory is how many browsers may wait for sessions to come.
func readyForMemory(bytes int64) int {
	if bytes < 3<<29 {
		return 0
	}
	return 1
}

// memoryBytes reads MemTotal from a file like /proc/meminfo; 0 when it can't.
func memoryBytes(path string) int64 {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "MemTotal: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}
