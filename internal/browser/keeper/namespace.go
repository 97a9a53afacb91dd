package keeper

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Attr is how a keeper is started, if it is to give its browser a network namespace of
// its own. Root may make one; any other user may in a user namespace, in which it is
// the same user still, but with the capabilities for that.
func Attr(namespace bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true} // a Ctrl-C for the server is not for it
	if namespace && os.Getuid() != 0 {
		attr.Cloneflags = syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN}
	}
	return attr
}

// tryNamespace is the keeper that finds out whether browsers can be closed in: exit
// code 0, or NoNamespace and why not, printed.
func tryNamespace() int {
	l, err := isolate()
	if err == nil {
		err = shed()
	}
	if err != nil {
		fmt.Print(err)
		return NoNamespace
	}
	l.Close()
	return 0
}

// isolate gives the calling thread a network namespace of its own, for good, and
// listens on its loopback. What that thread starts reaches nothing but what listens
// there; all other threads stay where they are.
func isolate() (net.Listener, error) {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	defer unix.Close(fd)
	if err := up(fd, "lo"); err != nil {
		return nil, fmt.Errorf("turn on the loopback of a network namespace: %w", err)
	}
	// To Chromium a machine without any other address is offline. A bridge that nothing
	// is connected to leads nowhere; not every kernel has bridges.
	_ = bridge(fd)
	l, err := net.Listen("tcp4", "127.0.0.1:0") //nolint:noctx // there is no name to be resolved
	if err != nil {
		return nil, fmt.Errorf("listen in a network namespace: %w", err)
	}
	return l, nil
}

// up turns a network interface on.
func up(fd int, name string) error {
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	ifr.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifr)
}

// bridge makes one with an address that is for documents alone (RFC 5737).
func bridge(fd int) error {
	name := [unix.IFNAMSIZ]byte{'o', 'u', 't'}
	if _, _, no := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCBRADDBR, uintptr(unsafe.Pointer(&name))); no != 0 {
		return no
	}
	ifr, err := unix.NewIfreq("out")
	if err != nil {
		return err
	}
	if err := ifr.SetInet4Addr([]byte{192, 0, 2, 1}); err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFADDR, ifr); err != nil {
		return err
	}
	return up(fd, "out")
}

// shed gives up, on the calling thread, what capabilities Attr gave, so that what it
// starts has none.
func shed() error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("give up capabilities: %w", err)
	}
	return nil
}
