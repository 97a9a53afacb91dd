package browsertest

import (
	"math/rand/v2"
	"os"
	"strconv"
)

// Sample is the chance by which the gate chooses some of many cases: by the number in
// TEST_SAMPLE, so that it says the same of the same commit again, or
// without one each time others.
func Sample() *rand.Rand {
	if seed, err := strconv.ParseUint(os.Getenv("TEST_SAMPLE"), 10, 64); err == nil {
		return rand.New(rand.NewPCG(seed, 0))
	}
	return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
}
