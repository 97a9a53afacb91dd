package egress

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sweepEvery is how often it is looked for connections that the browser has left.
const sweepEvery = endWithin

// sweeps ends, until Close, what has no end by itself: to a server that takes nothing,
// something can be on its way long after the browser has gone, which nobody sees who
// waits for the server.
func (f *Forward) sweeps() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	var left map[net.Conn]bool
	for {
		select {
		case <-tick.C:
			left = f.sweep(left)
		case <-f.ctx.Done():
			return
		}
	}
}

// sweep closes the connections that were left at the last look, and returns those that
// are left now.
func (f *Forward) sweep(before map[net.Conn]bool) (left map[net.Conn]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for nc, browsers := range f.open {
		switch {
		case !hungUp(browsers):
		case before[nc]:
			nc.Close()
		default:
			if left == nil {
				left = map[net.Conn]bool{}
			}
			left[nc] = true
		}
	}
	return left
}

// hungUp says whether the other side of a connection has said its last.
func hungUp(nc net.Conn) (yes bool) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	err = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(fds, 0)
		yes = err == nil && n > 0
	})
	return yes || err != nil
}
