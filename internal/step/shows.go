package step

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/browserhook/browserhook/internal/browser"
)

// ShowsSecrets says whether a field or a text of the page shows a secret of its session, in
// any frame, or that a frame doesn't answer. It is what pictures are covered by, and asks
// for nothing else.
func ShowsSecrets(ctx context.Context, page *browser.Page) bool {
	known := page.Secrets.Known()
	if len(known) == 0 {
		return false
	}
	frames := page.Frames()
	var shows atomic.Bool
	var asked sync.WaitGroup
	for _, f := range documents(frames) {
		asked.Go(func() {
			if v, err := call(ctx, f, "showsSecrets", object{"secrets": known}); err != nil || !v.OK || v.Covers {
				shows.Store(true)
			}
		})
	}
	asked.Wait()
	// A document that came meanwhile hasn't been asked.
	same := func(a, b browser.Frame) bool { return a.ID == b.ID && a.Context == b.Context }
	if !slices.EqualFunc(frames, page.Frames(), same) {
		return true
	}
	return shows.Load()
}
