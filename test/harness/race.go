//go:build race

package harness

// The server is built as the test is. SQLite's engine is C by another name: it
// has no goroutine, and with the race detector in it takes three times as long.
var (
	buildFlags = []string{"-race", "-gcflags=modernc.org/sqlite/lib=-race=false"}
	buildCGO   = "CGO_ENABLED=1" // which the race detector needs
)
