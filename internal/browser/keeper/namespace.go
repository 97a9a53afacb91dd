package keeper

import (
	"encoding/binary"
	"errors"
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
		err = dropCapabilities()
	}
	if err != nil {
		fmt.Fprint(os.Stdout, err)
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
	if err := noIPv6(fd, ifr); err != nil && !errors.Is(err, unix.EAFNOSUPPORT) {
		return err
	}
	return up(fd, "out")
}

// noIPv6 has the kernel give a network interface no IPv6 address. It would ask for two
// seconds whether another has that, and then tell Chromium of a change of the network,
// which breaks off what is under way (net::ERR_NETWORK_CHANGED).
func noIPv6(fd int, ifr *unix.Ifreq) error {
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifr); err != nil {
		return err
	}
	link, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(link)
	const modeNone = 1
	attribute := func(kind uint16, value []byte) []byte {
		all := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtAttr+len(value)))
		all = append(binary.NativeEndian.AppendUint16(all, kind), value...)
		return append(all, make([]byte, -len(all)&(unix.NLMSG_ALIGNTO-1))...)
	}
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], ifr.Uint32())
	body = append(body, attribute(unix.IFLA_AF_SPEC, attribute(unix.AF_INET6, attribute(unix.IFLA_INET6_ADDR_GEN_MODE, []byte{modeNone})))...)
	head := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	head = binary.NativeEndian.AppendUint16(head, unix.RTM_NEWLINK)
	head = binary.NativeEndian.AppendUint16(head, unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	head = append(head, make([]byte, 8)...)
	if err := unix.Sendto(link, append(head, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, unix.Getpagesize())
	n, _, err := unix.Recvfrom(link, answer, 0)
	if err != nil || n < unix.SizeofNlMsghdr+4 {
		return fmt.Errorf("an answer of %d bytes: %w", n, err)
	}
	if no := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); no != 0 {
		return unix.Errno(-no)
	}
	return nil
}

// dropCapabilities gives up, on the calling thread, what capabilities Attr gave, so that what it
// starts has none.
func dropCapabilities() error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("give up capabilities: %w", err)
	}
	return nil
}
