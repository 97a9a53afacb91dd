package conns

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientIsReadFromTheRight(t *testing.T) {
	cfg := Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for _, tt := range []struct {
		lines []string
		want  string
	}{
		{nil, "10.0.0.1"},
		{[]string{""}, "10.0.0.1"},
		{[]string{"192.0.2.1"}, "192.0.2.1"},
		{[]string{"192.0.2.1:4711"}, "192.0.2.1"},
		{[]string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{[]string{"[2001:db8::1]"}, "2001:db8::1"},
		{[]string{"2001:db8::1"}, "2001:db8::1"},
		{[]string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{[]string{"198.51.100.1, 192.0.2.1"}, "192.0.2.1"},
		{[]string{"198.51.100.1", "192.0.2.1"}, "192.0.2.1"},
		{[]string{"198.51.100.1", "192.0.2.1,10.1.1.1 , fd00::1"}, "192.0.2.1"},
		{[]string{"10.9.9.9", "10.1.1.1"}, "10.9.9.9"},
		{[]string{"192.0.2.1, unknown"}, "10.0.0.1"},
		{[]string{"192.0.2.1, unknown, 10.2.2.2"}, "10.2.2.2"},
	} {
		got := cfg.client(netip.MustParseAddr("10.0.0.1"), http.Header{"X-Forwarded-For": tt.lines})
		if got != netip.MustParseAddr(tt.want) {
			t.Errorf("%q: %s, want %s", tt.lines, got, tt.want)
		}
	}
}

func TestANetworkOfIPv6IsOneClient(t *testing.T) {
	a, b, c := netip.MustParseAddr("2001:db8:1:2::1"), netip.MustParseAddr("2001:db8:1:2:ffff::9"), netip.MustParseAddr("2001:db8:1:3::1")
	if counted(a) != counted(b) || counted(a) == counted(c) {
		t.Error(counted(a), counted(b), counted(c))
	}
}

// FuzzForwardedFor: whatever stands in the header, the client is never a trusted
// proxy while somebody else is named after the last odd word, and what a client
// writes before the proxy's own word changes nothing.
func FuzzForwardedFor(f *testing.F) {
	for _, seed := range []string{"", "192.0.2.1", "a, 10.0.0.1", "[::1]:1,,", "1.2.3.4:99999", "fe80::1%eth0"} {
		f.Add(seed)
	}
	cfg := Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	proxy, client := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.0.2.1")
	f.Fuzz(func(t *testing.T, text string) {
		if got := cfg.client(proxy, http.Header{"X-Forwarded-For": {text}}); !got.IsValid() {
			t.Errorf("%q names nobody", text)
		}
		for _, lines := range [][]string{{text + ", 192.0.2.1"}, {text, "192.0.2.1"}, {text, "192.0.2.1, 10.3.3.3"}} {
			if got := cfg.client(proxy, http.Header{"X-Forwarded-For": lines}); got != client {
				t.Errorf("%q: %s", lines, got)
			}
		}
	})
}
