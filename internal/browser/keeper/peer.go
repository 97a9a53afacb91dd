package keeper

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// usersOnly is a listener on loopback that takes connections of one user's processes.
// Without a network namespace whoever is on the machine could use the browser's proxy.
type usersOnly struct {
	net.Listener
	uid int
}

func (l usersOnly) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, err := userOfPeer(nc); err == nil && uid == l.uid {
			return nc, nil
		}
		nc.Close()
	}
}

// userOfPeer is who has the other end of a connection of this machine with itself, by
// IPv4.
func userOfPeer(nc net.Conn) (uid int, err error) {
	ours, err := kernels(nc.LocalAddr())
	if err != nil {
		return 0, err
	}
	theirs, err := kernels(nc.RemoteAddr())
	if err != nil {
		return 0, err
	}
	file, err := os.Open("/proc/thread-self/net/tcp")
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// Its place, address, the other's address, state, queues, timer, tries, user.
		if fields := strings.Fields(lines.Text()); len(fields) > 7 && fields[1] == theirs && fields[2] == ours {
			return strconv.Atoi(fields[7])
		}
	}
	return 0, fmt.Errorf("the kernel knows no connection of %s", nc.RemoteAddr())
}

// kernels is an address as the kernel's table has it.
func kernels(addr net.Addr) (string, error) {
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil || !ap.Addr().Is4() {
		return "", fmt.Errorf("%s is no address of IPv4", addr)
	}
	b := ap.Addr().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(b[:]), ap.Port()), nil
}
