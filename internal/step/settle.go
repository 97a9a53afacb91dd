package step

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// settled runs an input and, when that started a navigation of the page, waits
// until the new document is there: what follows must not meet the old one.
func (r *run) settled(input func() error) (err error) {
	if r.spec.DryRun {
		return errLooked
	}
	acted := r.acted
	r.acted = true
	before := r.page.Main().Document.Loader
	r.sent = true
	if err := input(); err != nil {
		if errors.Is(err, browser.ErrUnheard) {
			r.acted = acted
		}
		return err
	}
	// The tab may be closed because of the input: that is no error of the input's.
	defer func() {
		if err != nil && r.tabClosed() {
			err = nil
		}
	}()
	// The browser's news come in order: after this answer, a navigation that
	// the input started is known.
	if err := r.command("Page.getNavigationHistory", nil, nil); err != nil {
		return err
	}
	r.sent = false
	r.leaving(r.page.Main().Document.Navigating)
	r.waitedFor = "the navigation to go through"
	if err := r.until(func(f browser.Frame) bool {
		return !f.Document.Navigating || f.Document.Loader != before && f.Document.Committed
	}); err != nil {
		return err
	}
	if r.page.Main().Document.Loader == before {
		return nil // it went nowhere: a download, or a page that stays
	}
	return r.arrived()
}

// stopLeft stops what an input that nobody waited for has the page on its way to:
// a page that is on its way to a server which doesn't answer answers nothing
// itself. It says whether the page has dealt with the input. Who has canceled the step is
// answered within a second, so all of it has its time.
func stopLeft(ctx context.Context, page *browser.Page) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*itsTurn)
	defer cancel()
	if stopNavigation(ctx, page) {
		return true
	}
	// What the page does of the input it has done when it answers.
	asking, giveUp := context.WithTimeout(ctx, itsTurn)
	defer giveUp()
	dealt := page.Call(asking, "Runtime.evaluate", object{"expression": "0"}, nil) == nil
	return stopNavigation(ctx, page) || dealt
}

// stopNavigation stops what a page is on its way to, and says whether it was on its way.
func stopNavigation(ctx context.Context, page *browser.Page) bool {
	ctx, cancel := context.WithTimeout(ctx, itsTurn)
	defer cancel()
	// The browser's news come in order, as in settled.
	if page.Call(ctx, "Page.getNavigationHistory", nil, nil) != nil || !page.Main().Document.Navigating {
		return false
	}
	_, _ = page.Send("Page.stopLoading", nil)
	return true
}

// settledAsking is settled which, when the input has been heard, also asks what
// became of it, while it is asked where the page is.
func (r *run) settledAsking(input, ask func() error) error {
	answer := make(chan error, 1)
	if err := r.settled(func() error {
		if err := input(); err != nil {
			return err
		}
		r.running.Go(func() { answer <- ask() })
		return nil
	}); err != nil {
		return err
	}
	return <-answer
}

// command calls the page's own protocol session.
func (r *run) command(method string, params, result any) error {
	return r.inPage(func() error { return r.page.Call(r.ctx, method, params, result) })
}

// inPage asks the page. While one is swapped for the next, nothing can be asked of
// either: then it waits for the next.
func (r *run) inPage(ask func() error) error {
	for {
		changed := r.page.Changed()
		err := ask()
		e, ok := errors.AsType[*cdp.Error](err)
		swapped := ok && strings.Contains(e.Message, "Not attached to an active page")
		if !swapped && !errors.Is(err, browser.ErrLeft) {
			return err
		}
		select {
		case <-changed:
		case <-time.After(between):
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		}
	}
}
