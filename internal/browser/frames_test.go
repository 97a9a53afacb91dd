package browser

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// pageThatHears is a page without a browser, and has it hear what one would tell.
func pageThatHears(t *testing.T) (p *Page, hear func(method string, params object)) {
	t.Helper()
	tabs := newTabs(nil, Config{Log: slog.New(slog.DiscardHandler)}, "", domain.SessionOptions{})
	p = tabs.newPage(&attachedToTarget{})
	p.main, p.order = "main", []string{"main"}
	p.frames = map[string]*Frame{"main": {ID: "main", Document: Document{Reached: map[string]bool{}}}}
	tabs.sessions[""] = p
	return p, func(method string, params object) {
		t.Helper()
		raw, err := json.Marshal(params)
		if err != nil {
			t.Fatal(err)
		}
		tabs.onEvent(cdp.Event{Method: method, Params: raw})
	}
}

// TestWhichDocumentsThereWere: one that the page has left at once, before anybody
// looked, was there.
func TestWhichDocumentsThereWere(t *testing.T) {
	p, hear := pageThatHears(t)
	hear("Page.frameNavigated", object{"frame": object{"id": "main", "loaderId": "asked for"}})
	hear("Page.lifecycleEvent", object{"frameId": "main", "loaderId": "where it led", "name": "init"})
	hear("Page.frameNavigated", object{"frame": object{"id": "main", "loaderId": "where it led"}})
	for loader, want := range map[string]bool{"asked for": true, "where it led": true, "another": false} {
		if got := p.Main().Had(loader); got != want {
			t.Errorf("it had %q: %t", loader, got)
		}
	}
	for n := range 100 {
		hear("Page.frameNavigated", object{"frame": object{"id": "main", "loaderId": strconv.Itoa(n)}})
	}
	if kept := len(p.Main().loaders); kept != lastLoaders+1 || !p.Main().Had("99") {
		t.Errorf("%d are remembered", kept)
	}
}

// TestLongAddressesAreNotKept: a page gives itself and its frames addresses of
// megabytes; the main frame's beginning is kept, and of frames nothing.
func TestLongAddressesAreNotKept(t *testing.T) {
	p, hear := pageThatHears(t)
	long := "#" + strings.Repeat("é", 1<<20)
	navigated := func(id, parent, missing string) {
		t.Helper()
		hear("Page.frameNavigated", object{"frame": object{
			"id": id, "parentId": parent, "loaderId": "l", "url": "https://u:p@x.test/", "urlFragment": long, "unreachableUrl": missing,
		}})
	}
	navigated("main", "", "")
	navigated("child", "main", "")
	for range 2 {
		if main := p.Main(); len(main.Document.URL) > maxURL || !strings.HasPrefix(main.Document.URL, "https://x.test/#ééé") {
			t.Errorf("%d bytes are kept: %.30s", len(main.Document.URL), main.Document.URL)
		}
		if child := p.Frames()[1]; child.Document.URL != "" || child.Document.Missing != "" {
			t.Errorf("%d bytes are kept of a frame", len(child.Document.URL))
		}
		for _, id := range []string{"main", "child"} {
			hear("Page.navigatedWithinDocument", object{"frameId": id, "url": "https://u:p@x.test/" + long})
		}
	}
	navigated("main", "", "https://x.test/"+long)
	navigated("child", "main", "https://x.test/"+long)
	if n := len(p.Main().Document.Missing); n == 0 || n > maxURL {
		t.Errorf("%d bytes are kept of what is missing", n)
	}
	if missing := p.Frames()[1].Document.Missing; missing != missingFrame {
		t.Errorf("a frame that is missing: %.30s", missing)
	}
}
