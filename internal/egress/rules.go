package egress

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/weburl"
)

// MaxHosts is how many hosts a list of [Rules] may have.
const MaxHosts = 100

// Rules are what a session's browser may reach, and how.
type Rules struct {
	// Open are the ranges inside closed address space that may be reached.
	Open []netip.Prefix `json:"open,omitempty"`
	// Deny are hosts that may not be reached, Allow the only ones that may; empty:
	// all. A host is in both as [CheckHosts] writes it.
	Allow []string `json:"allow,omitempty"`
	Deny  []string `json:"deny,omitempty"`
	// Proxy is the URL of a proxy that all goes through; empty: none.
	Proxy string `json:"proxy,omitempty"`
}

// CheckHosts reads a list of hosts: names, addresses, and all names below one as
// *.example.com. It returns them as they are compared, or a *domain.Error.
func CheckHosts(field string, hosts []string) ([]string, error) {
	if len(hosts) > MaxHosts {
		return nil, domain.Invalid(field, "has %d hosts; at most %d are allowed", len(hosts), MaxHosts)
	}
	var all []string
	for _, raw := range hosts {
		host, ok := PlainHost(strings.TrimPrefix(raw, "*."))
		if _, err := netip.ParseAddr(host); err == nil && strings.HasPrefix(raw, "*.") {
			ok = false
		}
		if !ok {
			return nil, domain.Invalid(field, "%.300q is no host such as example.com, *.example.com or 203.0.113.7, without a scheme, a port or a path", raw)
		}
		if strings.HasPrefix(raw, "*.") {
			host = "*." + host
		}
		all = append(all, host)
	}
	return all, nil
}

// PlainHost writes a host in the one way in which it is compared: names in lower
// case, without the last dot and in their xn-- form, addresses without brackets, mapped ones
// as those that they mean. What is no host, or could be another, isn't ok.
func PlainHost(raw string) (host string, ok bool) {
	bare := raw
	if strings.HasPrefix(raw, "[") && strings.HasSuffix(raw, "]") {
		bare = raw[1 : len(raw)-1]
	}
	if addr, err := netip.ParseAddr(bare); err == nil {
		return addr.Unmap().String(), addr.Zone() == ""
	}
	host = strings.TrimSuffix(strings.ToLower(raw), ".")
	if strings.ContainsFunc(host, func(r rune) bool { return r >= 0x80 }) {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return "", false
		}
		host = ascii
	}
	labels := strings.Split(host, ".")
	// Resolvers differ in what they make of 127.1, 0177.0.0.1, 0x7f.1 or 2130706433.
	return host, len(host) <= 253 && !slices.ContainsFunc(labels, badLabel) && !numeric(labels[len(labels)-1])
}

// CheckProxy says, as a *domain.Error about the field, why a URL can't be a session's
// proxy. Whether its address may be reached is seen when it is connected to.
func CheckProxy(field, raw string) error {
	if raw == "" {
		return nil
	}
	if len(raw) > MaxURL {
		return domain.Invalid(field, "has %d bytes; at most %d are allowed", len(raw), MaxURL)
	}
	u, err := weburl.Proxy(raw)
	if err != nil {
		return domain.Invalid(field, "%s", err)
	}
	if _, ok := PlainHost(u.Hostname()); !ok {
		return domain.Invalid(field, "has a host that is not a valid name")
	}
	return nil
}

// HideProxy is a proxy's URL as it may be shown.
func HideProxy(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.User == nil {
		return raw
	}
	u.User = nil
	return strings.Replace(u.String(), "://", "://"+domain.Hidden+"@", 1)
}

// ruleSet are rules ready for use.
type ruleSet struct {
	Rules
	guard   *Guard
	denied  []netip.Addr // of Deny
	tunnels *tunnels     // nil: there is no proxy
}

// targets are those of a name's addresses that may be connected to, with the port. The
// error is an *[Error].
func (r *ruleSet) targets(addrs []netip.Addr, port string) ([]string, error) {
	var left []netip.Addr
	for _, addr := range addrs {
		if !slices.Contains(r.denied, addr.Unmap().WithZone("")) {
			left = append(left, addr)
		}
	}
	if len(addrs) > 0 && len(left) == 0 {
		return nil, &Error{ClassBlocked, "the session's deny list has its address"}
	}
	return r.guard.allowed(left, port)
}

// allows says whether a connection that was made by other rules may go on.
func (r *ruleSet) allows(out *outbound) bool {
	if r == out.rules {
		return true
	}
	to, err := netip.ParseAddrPort(out.target)
	if err != nil || r.hosts(out.host) != nil || r.Proxy != out.rules.Proxy {
		return false
	}
	_, err = r.targets([]netip.Addr{to.Addr()}, "")
	return err == nil
}

// hosts says, as an *[Error], why a host may not be reached.
func (r *ruleSet) hosts(host string) error {
	matches := func(pattern string) bool {
		if below, ok := strings.CutPrefix(pattern, "*"); ok {
			return strings.HasSuffix(host, below)
		}
		return host == pattern
	}
	switch {
	case slices.ContainsFunc(r.Deny, matches):
		return &Error{ClassBlocked, "the session's deny list has it"}
	case len(r.Allow) > 0 && !slices.ContainsFunc(r.Allow, matches):
		return &Error{ClassBlocked, "the session's allow list doesn't have it"}
	}
	return nil
}
