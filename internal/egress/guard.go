package egress

import (
	"net"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// Guard decides which addresses may be connected to. The zero value is not
// usable; make one with [NewGuard].
type Guard struct {
	allow   []netip.Prefix
	public  *ssrf.Guardian
	setting string                     // that opens what is closed
	own     func() ([]net.Addr, error) // this machine's, which are closed too; nil: they are not
}

// NewGuard makes a guard that lets through what is public, and in addition the
// ranges given.
func NewGuard(allow ...netip.Prefix) *Guard {
	g := &Guard{public: ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azureHost)), setting: "webhook-allow"}
	for _, p := range allow {
		g.allow = append(g.allow, plain(p))
	}
	return g
}

// newBrowserGuard makes one for browsers: to it this machine's own addresses are
// closed too, whatever they are. What listens here may trust whoever is here.
func newBrowserGuard(allow ...netip.Prefix) *Guard {
	g := NewGuard(allow...)
	g.setting, g.own = "browser-allow", net.InterfaceAddrs
	return g
}

// plain writes a range of IPv4-mapped addresses as the IPv4 range that it is,
// because addresses are compared unmapped.
func plain(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked()
}

// azureHost answers metadata requests to every virtual machine of that cloud
// although its address looks public.
var azureHost = netip.MustParsePrefix("168.63.129.16/32")

// kinds names closed ranges for whoever has to understand a refusal. The first
// match counts; what is closed and not listed is "reserved".
var kinds = []struct {
	prefix netip.Prefix
	name   string
}{
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("0.0.0.0/32"), "unspecified"},
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("169.254.169.254/32"), "cloud metadata"},
	{netip.MustParsePrefix("100.100.100.200/32"), "cloud metadata"},
	{netip.MustParsePrefix("192.0.0.192/32"), "cloud metadata"},
	{netip.MustParsePrefix("fd00:ec2::254/128"), "cloud metadata"},
	{azureHost, "cloud metadata"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"},
	{nat64, "NAT64"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "NAT64"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	{netip.MustParsePrefix("2002::/16"), "6to4"},
	{netip.MustParsePrefix("2001::/32"), "Teredo"},
}

var (
	nat64    = ssrf.IPv6NAT64Prefix
	loopback = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
)

// Check returns nil when the address may be connected to, and otherwise an
// *[Error] of class blocked that names the kind of address but not the address:
// what a name resolves to inside the operator's network is nobody's business.
func (g *Guard) Check(addr netip.Addr) error {
	// Mapped and zoned spellings are judged by the address that they mean.
	addr = addr.Unmap().WithZone("")
	open := slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(addr) })
	if open && nat64.Contains(addr) {
		// The operator opened the translator, not what is behind it.
		b := addr.As16()
		return g.Check(netip.AddrFrom4([4]byte(b[12:])))
	}
	switch {
	case !open && g.public.SafeAddr(addr) != nil:
		return &Error{Class: ClassBlocked, Message: "the target is " + kind(addr) + " address space, " + g.closed()}
	case !open && g.isOwn(addr):
		return &Error{Class: ClassBlocked, Message: "the target is the machine that the browser runs on, " + g.closed()}
	}
	return nil
}

// closed says why an address may not be reached, and what would change that.
func (g *Guard) closed() string {
	return "which is closed unless the setting " + g.setting + " opens it"
}

// isOwn says whether an address is one of this machine's, as far as the guard cares.
// When it can't be known, it is.
func (g *Guard) isOwn(addr netip.Addr) bool {
	if g.own == nil {
		return false
	}
	all, err := g.own()
	return err != nil || slices.ContainsFunc(all, func(a net.Addr) bool {
		own, err := netip.ParsePrefix(a.String())
		return err == nil && own.Addr().Unmap() == addr
	})
}

func kind(addr netip.Addr) string {
	for _, k := range kinds {
		if k.prefix.Contains(addr) {
			return k.name
		}
	}
	return "reserved"
}

// Control is for net.Dialer.Control: it sees the address after DNS and just
// before the connection is made, so a name can't change in between.
func (g *Guard) Control(network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return &Error{Class: ClassBlocked, Message: "the target is not an internet address"}
	}
	return g.Check(ap.Addr())
}
