package egress

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

func TestGuardCheck(t *testing.T) {
	tests := []struct {
		addr  string
		allow string
		kind  string // "" when open
	}{
		{"8.8.8.8", "", ""},
		{"2606:4700::1111", "", ""},
		{"::ffff:8.8.8.8", "", ""},
		{"127.0.0.1", "", "loopback"},
		{"127.255.255.254", "", "loopback"},
		{"::1", "", "loopback"},
		{"::ffff:127.0.0.1", "", "loopback"},
		{"0.0.0.0", "", "unspecified"},
		{"0.1.2.3", "", "reserved"},
		{"::", "", "unspecified"},
		{"::127.0.0.1", "", "reserved"},
		{"10.1.2.3", "", "private"},
		{"172.16.0.1", "", "private"},
		{"172.31.255.255", "", "private"},
		{"172.32.0.1", "", ""},
		{"192.168.1.1", "", "private"},
		{"::ffff:192.168.1.1", "", "private"},
		{"fd12::1", "", "private"},
		{"169.254.1.1", "", "link-local"},
		{"fe80::1", "", "link-local"},
		{"fe80::1%eth0", "", "link-local"},
		{"2606:4700::1111%eth0", "", ""},
		{"169.254.169.254", "", "cloud metadata"},
		{"::ffff:169.254.169.254", "", "cloud metadata"},
		{"fd00:ec2::254", "", "cloud metadata"},
		{"100.100.100.200", "", "cloud metadata"},
		{"168.63.129.16", "", "cloud metadata"},
		{"192.0.0.192", "", "cloud metadata"},
		{"100.64.0.1", "", "carrier-grade NAT"},
		{"100.127.255.255", "", "carrier-grade NAT"},
		{"100.128.0.1", "", ""},
		{"64:ff9b::7f00:1", "", "NAT64"},
		{"64:ff9b::808:808", "", "NAT64"},
		{"64:ff9b:1::7f00:1", "", "NAT64"},
		{"2002:7f00:1::", "", "6to4"},
		{"2001:0:7f00:1::", "", "Teredo"},
		{"2001:db8::1", "", "reserved"},
		{"fec0::1", "", "reserved"},
		{"224.0.0.1", "", "multicast"},
		{"ff02::1", "", "multicast"},
		{"255.255.255.255", "", "reserved"},
		{"198.18.0.1", "", "reserved"},
		{"203.0.113.1", "", "reserved"},

		{"127.0.0.1", "127.0.0.0/8", ""},
		{"127.0.0.1", "127.0.0.1/32", ""},
		{"127.0.0.2", "127.0.0.1/32", "loopback"},
		{"::ffff:127.0.0.1", "127.0.0.0/8", ""},
		{"127.0.0.1", "::ffff:127.0.0.0/104", ""},
		{"127.0.0.1", "::/0", "loopback"},
		{"::1", "127.0.0.0/8", "loopback"},
		{"::1", "::1/128", ""},
		{"10.9.8.7", "10.9.0.0/16", ""},
		{"fe80::1%eth0", "fe80::/10", ""},
		{"64:ff9b::7f00:1", "127.0.0.0/8", "NAT64"},
		{"64:ff9b::7f00:1", "64:ff9b::/96", "loopback"},
		{"64:ff9b::808:808", "64:ff9b::/96", ""},
		{"168.63.129.16", "168.63.129.16/32", ""},
	}
	for _, tt := range tests {
		var allow []netip.Prefix
		if tt.allow != "" {
			allow = []netip.Prefix{netip.MustParsePrefix(tt.allow)}
		}
		err := NewGuard(allow...).Check(netip.MustParseAddr(tt.addr))
		if tt.kind == "" {
			if err != nil {
				t.Errorf("%s with %q open: got %v, want it open", tt.addr, tt.allow, err)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Class != ClassBlocked || !strings.Contains(e.Message, tt.kind+" address") {
			t.Errorf("%s with %q open: got %v, want blocked as %s", tt.addr, tt.allow, err, tt.kind)
		}
	}
}

func TestControlRefusesOtherNetworks(t *testing.T) {
	g := NewGuard(netip.MustParsePrefix("0.0.0.0/0"))
	for _, tt := range []struct{ network, address string }{
		{"unix", "/run/x.sock"}, {"tcp4", "nonsense"}, {"udp4", "8.8.8.8:53"}, {"tcp4", "8.8.8.8"},
	} {
		if g.Control(tt.network, tt.address, nil) == nil {
			t.Errorf("%s %s was let through", tt.network, tt.address)
		}
	}
	if err := g.Control("tcp4", "127.0.0.1:80", nil); err != nil {
		t.Errorf("an opened address: %v", err)
	}
}

// closedSpellings are hosts that mean a closed address, however one reads them.
var closedSpellings = []string{
	"127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.1.", "2130706433", "2130706433.",
	"017700000001", "0177.0.0.1", "0177.1", "0x7f.1", "0x7f.0.0.1", "0x7f000001", "0X7F000001",
	"0x7f.0x0.0x0.0x1", "00127.0.0.1", "127.000.000.001", "127.0.0.0x1", "4294967297", "256.0.0.1", "0", "0.0.0.0",
	"localhost", "LocalHost", "localhost.", "a.localhost", "a.b.localhost.",
	"[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::]",
	"[::1%25lo]", "[fe80::1%25eth0]", "[fe80::1]", "[fd00::1]", "[fd00:ec2::254]",
	"[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]",
	"10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
	"100.64.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
	"１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "%31%32%37.0.0.1", "127.0.0.1%00",
}

func TestCheckURL(t *testing.T) {
	for _, raw := range []string{
		"http://example.com", "https://example.com/", "https://example.com:8443/a/b?c=d&e=%20", "HTTPS://EXAMPLE.COM/x",
		"https://example.com./", "https://xn--mnchen-3ya.example/", "https://a_b.example", "https://8.8.8.8/",
		"https://[2606:4700::1111]:443/", "http://1password.com", "http://0x.example", "https://localhost.example/",
		"http://example.com:65535", "https://3.example.co", "https://münchen.example/",
	} {
		if _, err := NewGuard().CheckURL("url", raw); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	refused := []string{
		"", " ", "example.com", "//example.com", "/x", "ftp://example.com", "file:///etc/passwd", "gopher://x/", "javascript:alert(1)",
		"http://", "http:///x", "http:example.com", "https://user@example.com", "https://user:pass@example.com", "https://example.com#f", "https://example.com/#",
		"https://example.com:0/", "https://example.com:65536/", "https://example.com:/", "https://example.com:http/", "https://exa mple.com", "https://exam\nple.com",
		"https://a..example/", "https://.example/", "https://example.com\\@127.0.0.1/", "https://[::1/", "https://[8.8.8.8]/", "https://[]/",
		"https://" + strings.Repeat("a", 64) + ".example", "https://example.com/" + strings.Repeat("a", MaxURL), "https://example.com/?" + strings.Repeat("é", MaxURL/4),
		"http://1.2.3", "http://1.2.3.4.5", "http://example.0x1", "http://example.123",
	}
	for _, h := range closedSpellings {
		refused = append(refused, "http://"+h+"/x", "https://"+h+":8080")
	}
	for _, raw := range refused {
		_, err := NewGuard().CheckURL("webhook.url", raw)
		var e *domain.Error
		if !errors.As(err, &e) || e.Code != domain.CodeInvalid || e.Field != "webhook.url" || e.Message == "" {
			t.Errorf("%q: got %v, want a refusal of the field", raw, err)
		}
	}
}

func TestCheckURLOpened(t *testing.T) {
	g := NewGuard(netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"))
	for raw, open := range map[string]bool{
		"http://127.0.0.1:8080/": true, "http://localhost/": true, "http://x.localhost/": true, "http://10.1.1.1/": true,
		"http://[::1]/": false, "http://192.168.0.1/": false, "http://127.1/": false, "http://[::ffff:127.0.0.1]/": false,
	} {
		if _, err := g.CheckURL("url", raw); (err == nil) != open {
			t.Errorf("%s: got %v, want open %v", raw, err, open)
		}
	}
}
