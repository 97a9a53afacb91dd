//go:build race

package harness

// Raced: the test has the race detector, and so has what Binary builds.
const Raced = true
