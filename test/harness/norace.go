//go:build !race

package harness

var (
	buildFlags []string
	buildCGO   = "CGO_ENABLED=0"
)
