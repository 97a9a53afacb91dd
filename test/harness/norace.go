//go:build !race

package harness

// Raced says whether the test has the race detector, as has what Binary builds.
const Raced = false
