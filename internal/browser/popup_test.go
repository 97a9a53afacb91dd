package browser

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestWhatABusyPageAsks stays asked until it says that it asks it no more.
func TestWhatABusyPageAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		conn := cdp.NewConn(ours, slog.New(slog.DiscardHandler))
		tabs := newTabs(conn, Config{Log: slog.New(slog.DiscardHandler)}, "", domain.SessionOptions{})
		p := tabs.newPage(&attachedToTarget{SessionID: "s1"})
		p.order, p.frames = []string{"f"}, map[string]*Frame{"f": {ID: "f", Session: p.Session, Context: 1}}
		says := make(chan string, 1) // "": nothing, as it is busy
		go answering(theirs, func(m asks) string {
			if value := <-says; value != "" {
				return fmt.Sprintf(`{"id":%d,"sessionId":"s1","result":{"result":{"value":%s}}}`, m.ID, value)
			}
			return ""
		})
		for _, tt := range []struct {
			says string
			open bool
		}{{"", false}, {`{"kind":"select","options":[{"label":"Red"}]}`, true}, {"", true}, {"null", false}, {"", false}} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			says <- tt.says
			if open := p.LookForPopup(ctx); open != tt.open || (p.Ask() != nil) != tt.open {
				t.Errorf("it says %q: open %t, asked %+v", tt.says, open, p.Ask())
			}
			cancel()
		}
		_ = conn.Close()
		conn.Wait()
		_ = theirs.Close()
	})
}
