package browser

import (
	"log/slog"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// Ended is the page of a browser that is gone, over a connection that has ended:
// whatever is asked of it fails. Tests ask it what strangers might.
func Ended(conn *cdp.Conn) *Page {
	tabs := newTabs(conn, Config{Log: slog.New(slog.DiscardHandler)}, "", domain.SessionOptions{})
	return &Page{
		Session: cdp.Session{Conn: conn}, Secrets: tabs.secrets, tabs: tabs, log: tabs.log, frames: map[string]*Frame{},
		crashed: make(chan struct{}), prepared: make(chan struct{}), closed: make(chan struct{}), changed: make(chan struct{}),
	}
}
