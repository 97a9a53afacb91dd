package egress

import (
	"bufio"
	"bytes"
	"cmp"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/idna"
)

// FuzzCheckURL: what is accepted is a plain URL, and its host is no closed
// address, neither as net/url reads it nor as browsers and inet_aton do.
func FuzzCheckURL(f *testing.F) {
	for _, h := range closedSpellings {
		f.Add("http://" + h + "/")
	}
	for _, raw := range []string{
		"https://example.com:8443/a?b=c", "http://8.8.8.8\\@127.0.0.1/", "http://127.0.0.1:80\\.example.com", "http:/\\127.0.0.1",
		"http://example.com@127.0.0.1/", "http://example.com:80@127.0.0.1", "http://[::ffff:0a00:1]/", "http://0300.0250.1/", "http://1.2.3.4.0x7f000001/",
		"hTTp://\t127.0.0.1", "http://127.0.0.1 .example.com/", "http://xn--127-.0.0.1/", "http://127\u30020.0.1/", "http://[::]\uff0e/", "http://0x7f000001.",
		"http://a.test/?q=a b", "http://a.test/é?\xff#", "http://a.test?50%", "http://a.test//b?", "http://a.test/b%2F c%zz", "http://MÜNCHEN.test:080/",
	} {
		f.Add(raw)
	}
	g := NewGuard()
	f.Fuzz(func(t *testing.T, raw string) {
		written, err := g.CheckURL("url", raw)
		if err != nil {
			return
		}
		if again, err := g.CheckURL("url", written); again != written || err != nil {
			t.Fatalf("%q is written %q, and then %q, %v", raw, written, again, err)
		}
		sameOnTheWire(t, written)
		u, err := url.Parse(raw)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.Fragment != "" || u.Hostname() == "" {
			t.Fatalf("%q was accepted", raw)
		}
		for _, host := range []string{u.Hostname(), hostByHand(raw), hostByHand(written)} {
			if addr, ok := address(host); ok && !open(addr) {
				t.Fatalf("%q was accepted, and is %s", raw, addr)
			}
			if name := strings.TrimSuffix(strings.ToLower(host), "."); name == "localhost" || strings.HasSuffix(name, ".localhost") {
				t.Fatalf("%q was accepted", raw)
			}
		}
		if addr, ok := address(u.Hostname()); ok && g.Control("tcp4", netip.AddrPortFrom(addr, 80).String(), nil) != nil {
			t.Fatalf("%q was accepted, and wouldn't be connected to", raw)
		}
	})
}

// sameOnTheWire: both ways to make a request write the same line and host, and
// net/http's server reads from them what was meant.
func sameOnTheWire(t *testing.T, raw string) {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	var theirs bytes.Buffer
	if err := (&http.Request{Method: "POST", URL: u, Host: u.Host, Header: http.Header{}}).Write(&theirs); err != nil {
		t.Fatalf("%q is no request: %v", raw, err)
	}
	ours, ok := request(nil, u, http.Header{}, nil)
	if !ok || !asciiHost(u.Host) {
		t.Fatalf("%q is not written directly", raw)
	}
	for i, line := range []string{"request", "host"} {
		a, b := strings.Split(string(ours), "\r\n")[i], strings.Split(theirs.String(), "\r\n")[i]
		if a != b {
			t.Fatalf("%q: the %s is %q, and net/http's %q", raw, line, a, b)
		}
	}
	for _, wire := range []string{string(ours), theirs.String()} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
		if err != nil || r.RequestURI != u.RequestURI() || r.Host != u.Host || r.URL.RawQuery != u.RawQuery || r.URL.Path != cmp.Or(u.Path, "/") {
			t.Fatalf("%q is read as %+v, %v", raw, r, err)
		}
	}
}

// hostByHand reads the host of a URL as a browser does: tabs and line breaks
// are nothing, a backslash is a slash, and all kinds of dots are dots.
func hostByHand(raw string) string {
	raw = strings.Map(func(r rune) rune {
		switch r {
		case '\t', '\n', '\r':
			return -1
		case '\\':
			return '/'
		}
		return r
	}, strings.TrimFunc(raw, unicode.IsControl))
	_, rest, _ := strings.Cut(raw, ":")
	rest = strings.TrimLeft(rest, "/")
	rest, _, _ = strings.Cut(rest, "/")
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = rest[at+1:]
	}
	if inside, ok := strings.CutPrefix(rest, "["); ok {
		inside, _, _ = strings.Cut(inside, "]")
		return inside
	}
	rest, _, _ = strings.Cut(rest, ":")
	if decoded, err := url.PathUnescape(rest); err == nil {
		rest = decoded
	}
	if ascii, err := idna.Lookup.ToASCII(rest); err == nil {
		rest = ascii
	}
	return rest
}

// address is what a host means if it is an address, by inet_aton's rules for
// IPv4: one to four numbers, decimal, octal or hexadecimal, the last of them
// filling the rest.
func address(host string) (netip.Addr, bool) {
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		return addr.Unmap().WithZone(""), err == nil
	}
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		base := 10
		if hex, ok := strings.CutPrefix(strings.ToLower(part), "0x"); ok {
			part, base = hex, 16
			if part == "" {
				part = "0"
			}
		} else if len(part) > 1 && part[0] == '0' {
			base = 8
		}
		n, err := strconv.ParseUint(part, base, 32)
		if err != nil {
			return netip.Addr{}, false
		}
		if i < len(parts)-1 {
			if n > 255 {
				return netip.Addr{}, false
			}
			value |= n << (24 - 8*i)
			continue
		}
		if n >= 1<<(32-8*i) {
			return netip.Addr{}, false
		}
		value |= n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

// open says by Go's own notions, and a short list beside, that an address is
// none of those that must not be reached.
func open(addr netip.Addr) bool {
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsLoopback() {
		return false
	}
	for _, closed := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "168.63.129.16/32", "64:ff9b::/96", "2002::/16", "::/96"} {
		if netip.MustParsePrefix(closed).Contains(addr) {
			return false
		}
	}
	return true
}
