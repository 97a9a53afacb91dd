package load

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine is what something was measured on, in words.
func Machine() string {
	return fmt.Sprintf("%d cores (%s) with %s", runtime.NumCPU(), cpu(), runtime.Version())
}

func cpu() string {
	raw, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(raw)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
