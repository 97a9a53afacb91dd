package step

import (
	"errors"
	"log/slog"
	"net"
	"testing"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// TestABrowserThatIsGone is what a frame that isn't drawn is told for, and a
// document that is gone is not.
func TestABrowserThatIsGone(t *testing.T) {
	here, there := net.Pipe()
	conn := cdp.NewConn(here, slog.New(slog.DiscardHandler))
	_ = there.Close()
	<-conn.Done()
	conn.Wait()
	r := &run{ctx: t.Context()}
	frame := browser.Frame{ID: "a", Context: 1, Session: cdp.Session{Conn: conn, ID: "s"}}
	if not, err := r.drawn([]browser.Frame{frame, frame}); !errors.Is(err, cdp.ErrClosed) {
		t.Errorf("%+v, %v", not, err)
	}
	frame.Context = 0
	if not, err := r.drawn([]browser.Frame{frame, frame}); err != nil || len(not) != 2 || not[0].Why != "lost" {
		t.Errorf("%+v, %v", not, err)
	}
}
