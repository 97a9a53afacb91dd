package browser

import (
	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// Page is the session's page: a target of the browser with a protocol session
// attached to it.
type Page struct {
	cdp.Session        // of the page's target; Call and Send reach the page
	TargetID    string // Chromium's name for it
}

// newPage wraps an attached target.
func newPage(s cdp.Session, targetID string) *Page {
	return &Page{Session: s, TargetID: targetID}
}
