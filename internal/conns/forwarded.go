package conns

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// address reads the address of a peer, with its port or without; it is invalid
// where there is none.
func address(text string) netip.Addr {
	text = strings.TrimSpace(text)
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// counted is what stands for a client where clients are counted: whoever has
// one address of IPv6 has its whole network.
func counted(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

func (c *Config) trusts(a netip.Addr) bool {
	return a.IsValid() && slices.ContainsFunc(c.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// client is who sent a request that came from a trusted proxy: the last address
// of X-Forwarded-For that isn't a trusted proxy's itself. What stands before it
// was written by the client, or by somebody whom nobody trusts. Where a proxy
// has written something else than an address, or nothing, it counts as the client.
func (c *Config) client(proxy netip.Addr, header http.Header) netip.Addr {
	lines := header["X-Forwarded-For"]
	for i := len(lines) - 1; i >= 0; i-- {
		rest := lines[i]
		for more := true; more; {
			var last string
			at := strings.LastIndexByte(rest, ',')
			last, more = rest[at+1:], at >= 0
			if more {
				rest = rest[:at]
			}
			a := address(last)
			if !a.IsValid() {
				return proxy
			}
			if !c.trusts(a) {
				return a
			}
			proxy = a
		}
	}
	return proxy
}
