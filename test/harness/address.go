package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"testing"
)

// FreeAddress is one of loopback where nothing listens, for who has to be told one, or comes
// back to it. Its port is none of those that the kernel gives to listeners and connections
// that ask for any: such a one may be another's before it is used, or while a server starts
// again.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	raw, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	var first, last int
	if err == nil {
		_, err = fmt.Sscan(string(raw), &first, &last)
	}
	if err != nil {
		tb.Fatal(err)
	}
	for try := range 1000 {
		port := 10_100 + rand.IntN(1<<16-10_100)        // the last that browsers avoid is 10080
		if first <= port && port <= last && try < 900 { // there may be no others
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	tb.Fatal("no port is free")
	return ""
}
