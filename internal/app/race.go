//go:build race

package app

import "os"

// A keeper has none of the server's environment: the race detector's settings,
// which only a server that is under test has, are given to it.
func init() { runs = []string{"env", "GORACE=" + os.Getenv("GORACE")} }
