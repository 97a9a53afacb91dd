package main

import (
	"testing"

	"github.com/browserhook/browserhook/internal/commands"
)

// TestAddressesOfFlagsAreWrittenOnce: a space in one made a malformed request.
func TestAddressesOfFlagsAreWrittenOnce(t *testing.T) {
	const given, want = "HTTP://127.0.0.1:1/a b?c d", "http://127.0.0.1:1/a%20b?c%20d"
	l := listenCmd{Server: commands.Server{URL: given}, Forward: given}
	if err := l.Validate(); err != nil || l.URL != want || l.Forward != want {
		t.Errorf("listen: %v, %+v", err, l)
	}
	w := webhookTestCmd{Receiver: given, Timeout: 1}
	if err := w.Validate(); err != nil || w.Receiver != want {
		t.Errorf("webhook-test: %v, %+v", err, w)
	}
	for _, bad := range []string{"127.0.0.1:1", "ftp://127.0.0.1/", "http://", "http://:1/", "http://127.0.0.1/%zz"} {
		if err := checkURL("--url", &bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
