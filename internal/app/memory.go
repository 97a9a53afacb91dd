package app

import (
	"os"
	"runtime/debug"
)

const (
	// gcPercent has garbage collected when the heap is five times what is live
	// rather than twice: what is live is a few megabytes, and collecting it all
	// the time is a seventh of what a delivery costs.
	gcPercent = 400
	// memoryLimit has it collected earlier again where that would be much.
	memoryLimit = 512 << 20
)

// TuneMemory sets how the server's memory is managed, unless the environment
// says it by GOGC or GOMEMLIMIT.
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
