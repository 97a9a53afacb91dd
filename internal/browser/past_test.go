package browser

import (
	"fmt"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// TestABusyPageIsWaitedFor when its server comes back, as long as it is there; one that
// crashes meanwhile is closed.
func TestABusyPageIsWaitedFor(t *testing.T) {
	for _, tt := range []struct {
		name    string
		crashes bool
	}{{"busy for two hours", false}, {"crashes", true}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				conn := cdp.NewConn(ours, slog.New(slog.DiscardHandler))
				tabs := newTabs(conn, Config{Log: slog.New(slog.DiscardHandler)}, "", domain.SessionOptions{})
				conn.ListenAll(tabs.onEvent, news...)
				closed := make(chan struct{})
				go answering(theirs, func(m asks) string {
					says := fmt.Sprintf(`{"id":%d,"result":{"frameTree":{"frame":{"id":"t1","loaderId":"l1"}}}}`, m.ID)
					if tt.crashes {
						says = `{"sessionId":"s1","method":"Inspector.targetCrashed","params":{}}`
					}
					if m.Method == "Target.closeTarget" {
						close(closed)
						return ""
					}
					time.AfterFunc(time.Hour, func() { _, _ = fmt.Fprint(theirs, says+"\x00") })
					return ""
				})
				p := tabs.newPage(&attachedToTarget{SessionID: "s1"})
				tabs.mu.Lock()
				tabs.add(p, "")
				tabs.mu.Unlock()
				go tabs.resume(p, []attached{{p.Session, "page", true}})
				select {
				case <-time.After(3 * time.Hour):
					t.Error("it is waited for still")
				case <-p.Prepared():
					if tt.crashes {
						t.Error("it is ready")
					}
				case <-closed:
					if !tt.crashes {
						t.Error("it was closed")
					}
				}
				conn.Close()
				theirs.Close()
				conn.Wait()
			})
		})
	}
}
