package hop

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"
)

// TestHeaders: a header is good for one request, between two servers, at one time.
func TestHeaders(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	keys := [][]byte{[]byte("new"), []byte("old")}
	h := Hop{From: "a", To: "b", At: now, Request: "req_1", Client: "2001:db8::1", Body: sha256.Sum256([]byte("{}"))}
	good := h.sign(keys, "POST", "/v1/x?y=1")
	for _, tt := range []struct {
		name, header    string
		keys            [][]byte
		to, method, uri string
		at              time.Duration
		ok              bool
	}{
		{"as it is", good, keys, "b", "POST", "/v1/x?y=1", 0, true},
		{"by a server that has the newest key only", good, keys[:1], "b", "POST", "/v1/x?y=1", 0, true},
		{"by a server that has the one before only", good, keys[1:], "b", "POST", "/v1/x?y=1", 0, true},
		{"from a server that has the one before only", h.sign(keys[1:], "POST", "/v1/x?y=1"), keys, "b", "POST", "/v1/x?y=1", 0, true},
		{"a minute late", good, keys, "b", "POST", "/v1/x?y=1", time.Minute, true},
		{"a minute early", good, keys, "b", "POST", "/v1/x?y=1", -time.Minute, true},
		{"from a newer server, which says more", newer(h, keys), keys, "b", "POST", "/v1/x?y=1", 0, true},
		{"two minutes late", good, keys, "b", "POST", "/v1/x?y=1", 2 * time.Minute, false},
		{"two minutes early", good, keys, "b", "POST", "/v1/x?y=1", -2 * time.Minute, false},
		{"by another server", good, keys, "c", "POST", "/v1/x?y=1", 0, false},
		{"by a server that has no name", good, keys, "", "POST", "/v1/x?y=1", 0, false},
		{"with another method", good, keys, "b", "GET", "/v1/x?y=1", 0, false},
		{"with another path", good, keys, "b", "POST", "/v1/z?y=1", 0, false},
		{"with another query", good, keys, "b", "POST", "/v1/x?y=2", 0, false},
		{"with a key of nobody's", good, [][]byte{[]byte("other")}, "b", "POST", "/v1/x?y=1", 0, false},
		{"by a server without a key", good, nil, "b", "POST", "/v1/x?y=1", 0, false},
		{"of another sender", strings.Replace(good, "from=a", "from=c", 1), keys, "b", "POST", "/v1/x?y=1", 0, false},
		{"of another client", strings.Replace(good, "client=2001:db8::1", "client=192.0.2.1", 1), keys, "b", "POST", "/v1/x?y=1", 0, false},
		{"without a signature", strings.Split(good, macs)[0] + macs, keys, "b", "POST", "/v1/x?y=1", 0, false},
		{"with a shorter one", good[:len(good)-2], keys[1:], "b", "POST", "/v1/x?y=1", 0, false},
		{"with something behind it", good + ";to=c", keys, "b", "POST", "/v1/x?y=1", 0, false},
		{"empty", "", keys, "b", "POST", "/v1/x?y=1", 0, false},
		{"of no cluster", h.sign(nil, "POST", "/v1/x?y=1"), keys, "b", "POST", "/v1/x?y=1", 0, false},
	} {
		got, err := read(tt.header, tt.keys, tt.to, tt.method, tt.uri, now.Add(tt.at))
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err == nil && *got != h {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	if !h.Carries([]byte("{}")) || h.Carries(nil) || h.Carries([]byte("{ }")) {
		t.Error("it carries another body")
	}
}

// newer is what a later release may say.
func newer(h Hop, keys [][]byte) string {
	text := strings.Replace(h.text(), "v=1", "v=2;more=x=y", 1)
	return text + macs + hexOf(mac(keys[0], "POST", "/v1/x?y=1", text))
}

// FuzzRead: what strangers send is refused, and nothing worse.
func FuzzRead(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	keys := [][]byte{[]byte("key")}
	h := Hop{From: "a", To: "b", At: now}
	f.Add(h.sign(keys, "GET", "/"))
	f.Add("v=1;from=a;to=b;t=1;id=;body=;mac=00")
	good := h.sign(keys, "GET", "/")
	f.Fuzz(func(t *testing.T, header string) {
		if _, err := read(header, keys, "b", "GET", "/", now); err == nil && !strings.HasPrefix(header, strings.Split(good, macs)[0]) {
			t.Errorf("%q is believed", header)
		}
	})
}
