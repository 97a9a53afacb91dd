package app

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// TestNotifier: a unit with Type=notify hears that the server is ready, and what the
// server starts can't say it.
func TestNotifier(t *testing.T) {
	at := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: at})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	t.Setenv("NOTIFY_SOCKET", at)
	n := newNotifier()
	if left, ok := os.LookupEnv("NOTIFY_SOCKET"); ok {
		t.Errorf("the environment still has %q", left)
	}
	if err := n.ready(); err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, 100)
	if n, err := systemd.Read(heard); err != nil || string(heard[:n]) != "READY=1" {
		t.Errorf("it hears %q, %v", heard[:n], err)
	}
	if err := (notifier{at + ".gone"}).ready(); err == nil {
		t.Error("nobody listens, and that is not said")
	}
	if err := newNotifier().ready(); err != nil {
		t.Errorf("without systemd: %v", err)
	}
}
