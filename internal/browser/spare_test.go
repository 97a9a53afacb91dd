package browser

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestASpareEndsWithItsServer, whatever the grace period is.
func TestASpareEndsWithItsServer(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "browserhook-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	l, err := NewLauncher(t.Context(), Config{RunDir: dir, Keeper: []string{self, "keeper"}, Grace: time.Hour, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	k, _ := l.kindOf(l.Path, domain.SessionOptions{Viewport: Viewport})
	b, err := l.startSpare(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	b.left = true // nobody tells the keeper to end
	b.mu.Unlock()
	_ = b.conn.Close()
	ended := make(chan error, 1)
	go func() { ended <- b.keeper.wait() }()
	select {
	case err := <-ended:
		if left, _ := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v, and %v is left", err, left)
		}
	case <-time.After(20 * time.Second):
		b.end(t.Context())
		t.Error("it lives on without its server")
	}
}
