package egress

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/weburl"
)

// MaxURL is how long a URL may be, in bytes.
const MaxURL = 2048

// CheckURL says, as a *domain.Error about the field, why requests can't be
// sent to the URL: it isn't plain http or https, its host is a closed address
// in any spelling, or it holds what would never be sent. Names are not
// resolved here, since what they mean can change; see [Guard.Control]. It
// returns the URL as it goes over the wire.
func (g *Guard) CheckURL(field, raw string) (string, error) {
	if raw == "" {
		return "", domain.Invalid(field, "is required")
	}
	if len(raw) > MaxURL {
		return "", domain.Invalid(field, "has %d bytes; at most %d are allowed", len(raw), MaxURL)
	}
	u, err := weburl.Parse(raw)
	if err != nil {
		return "", domain.Invalid(field, "%s", err)
	}
	switch {
	case u.User != nil:
		return "", domain.Invalid(field, "must not hold a user name or password")
	case strings.Contains(raw, "#"):
		return "", domain.Invalid(field, "must not hold a fragment: it is never sent")
	}
	if err := checkPort(field, u); err != nil {
		return "", err
	}
	if err := g.checkHost(field, u); err != nil {
		return "", err
	}
	written := u.String()
	if len(written) > MaxURL {
		return "", domain.Invalid(field, "has %d bytes when it is sent; at most %d are allowed", len(written), MaxURL)
	}
	return written, nil
}

func checkPort(field string, u *url.URL) error {
	if u.Port() == "" {
		if strings.HasSuffix(u.Host, ":") {
			return domain.Invalid(field, "has a colon but no port after its host")
		}
		return nil
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || n == 0 {
		return domain.Invalid(field, "has a port that is not in 1 to 65535")
	}
	return nil
}

func (g *Guard) checkHost(field string, u *url.URL) error {
	host := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		addr, err := netip.ParseAddr(host)
		switch {
		case err != nil || !addr.Is6():
			return domain.Invalid(field, "has a host in brackets that is not an IPv6 address")
		case addr.Zone() != "":
			return domain.Invalid(field, "must not name an IPv6 zone")
		case addr.Is4In6():
			return domain.Invalid(field, "must spell an IPv4 address as four decimal numbers")
		}
		return g.checkLiteral(field, addr)
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	labels := strings.Split(name, ".")
	if len(name) > 253 || slices.ContainsFunc(labels, badLabel) {
		return domain.Invalid(field, "has a host that is not a valid name")
	}
	if numeric(labels[len(labels)-1]) {
		// Resolvers differ in what they make of 127.1, 0177.0.0.1, 0x7f.1 or
		// 2130706433, so only the one spelling that all agree on is taken.
		addr, err := netip.ParseAddr(host)
		if err != nil {
			return domain.Invalid(field, "must spell an IPv4 address as four decimal numbers")
		}
		return g.checkLiteral(field, addr)
	}
	if labels[len(labels)-1] == "localhost" && !slices.ContainsFunc(loopback, func(a netip.Addr) bool { return g.Check(a) == nil }) {
		return domain.Invalid(field, "names this machine, %s", g.closed())
	}
	return nil
}

func (g *Guard) checkLiteral(field string, addr netip.Addr) error {
	if g.Check(addr) != nil {
		return domain.Invalid(field, "is in %s address space, %s", kind(addr), g.closed())
	}
	return nil
}

// badLabel reports whether a part of a host name has other characters than
// those that every resolver takes literally.
func badLabel(label string) bool {
	return label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// numeric reports whether a host whose last part this is would be read as an
// IPv4 address by a browser or by inet_aton.
func numeric(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
