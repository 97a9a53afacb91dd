//go:build !race

package app

// raced: the program has the race detector in it, for tests.
const raced = false
