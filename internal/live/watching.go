package live

import (
	"context"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
)

// The pictures that a viewer sees.

// join watches the page that is to be shown as soon as there is one: the tab that the
// viewer has chosen while it is open, or else the current one. What it returns is closed
// when the page's address, or what tabs there are, may have changed.
func (v *viewer) join() (moved, tabs <-chan struct{}) {
	page, ok := v.sessions.Page(v.session)
	if !ok {
		return nil, nil
	}
	v.mu.Lock()
	chosen := v.tab
	v.mu.Unlock()
	if all := page.Tabs(); all != nil {
		tabs = all.Changed()
		if other := all.Numbered(chosen); other != nil {
			page = other
		}
	}
	moved = page.Changed()
	v.watch(page)
	return moved, tabs
}

// watch has the viewer see a page, with what it can make use of now.
func (v *viewer) watch(page *browser.Page) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.page == page {
		if v.watcher != nil {
			v.watcher.Refit(v.fit)
		}
		return
	}
	if v.watcher != nil {
		v.watcher.Close()
		v.watcher = nil
	}
	if v.page = page; page != nil {
		v.watcher = page.Watch(v.fit)
	}
}

// pictures says that there is one to send, and that the viewer is ready for it.
func (v *viewer) pictures() <-chan struct{} {
	if v.watcher == nil || v.flow.full() {
		return nil
	}
	return v.watcher.More()
}

func (v *viewer) sendPicture(ctx context.Context) error {
	picture, missed, ok := v.watcher.Take()
	if !ok {
		return nil
	}
	v.hub.remember(picture)
	v.skipped.Add(missed - v.flow.missed)
	v.flow.missed = missed
	v.flow.sent(time.Now())
	if err := v.send(ctx, websocket.MessageBinary, picture.JPEG); err != nil {
		return err
	}
	v.sent.Add(1)
	return nil
}

// adapt has pictures be as good as the viewer's connection is.
func (v *viewer) adapt() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fit.Quality = v.flow.quality(); v.watcher != nil {
		v.watcher.Refit(v.fit)
	}
}
