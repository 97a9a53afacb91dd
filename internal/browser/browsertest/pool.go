package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// Pool has browsers that tests share, one after the other: to start one and to
// end it costs more than most tests do with it.
type Pool struct {
	Script string // for our world

	mu       sync.Mutex
	dir      string
	launcher *browser.Launcher
	idle     []*browser.Browser
}

// Page is a new tab, the only one, of a browser in which earlier tests have left
// nothing that pages see. It is for tests that ask nothing of the browser itself.
// One that fails, or leaves what can't be taken away, has the browser ended.
func (p *Pool) Page(tb testing.TB) *browser.Page {
	tb.Helper()
	b, err := p.take(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if !tb.Failed() {
			err := empty(b)
			if err == nil {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.idle = append(p.idle, b)
				return
			}
			tb.Log(err)
		}
		if err := end(b); err != nil {
			tb.Error(err)
		}
	})
	return b.Page()
}

func (p *Pool) take(ctx context.Context) (*browser.Browser, error) {
	if b, err := p.waiting(); b != nil || err != nil {
		return b, err
	}
	return launch(ctx, p.launcher, domain.SessionOptions{})
}

// waiting is a browser that no test has at the moment; nil: there is none, but
// what starts one.
func (p *Pool) waiting() (b *browser.Browser, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.idle) - 1; last >= 0 {
		b, p.idle = p.idle[last], p.idle[:last]
		return b, nil
	}
	if p.dir == "" {
		p.dir, err = runDir()
	}
	if err == nil && p.launcher == nil {
		p.launcher, err = launcher(p.dir, p.Script, nil)
	}
	return nil, err
}

// empty leaves one tab, a new one, and nothing that pages have stored, and sees
// that it is so.
func empty(b *browser.Browser) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tabs := b.Tabs()
	tabs.ForgetRules()
	page, err := tabs.New(ctx)
	if err != nil {
		return err
	}
	tabs.Use(page)
	for _, other := range tabs.Open() {
		if other == page {
			continue
		}
		if err := tabs.Close(ctx, other); err != nil {
			return err
		}
	}
	select {
	case <-page.Prepared():
	case <-ctx.Done():
		return fmt.Errorf("prepare a tab for the next test: %w", ctx.Err())
	}
	for _, method := range []string{"Network.clearBrowserCookies", "Network.clearBrowserCache"} {
		if err := page.Call(ctx, method, nil, nil); err != nil {
			return err
		}
	}
	for _, origin := range page.Origins.All() {
		if err := page.Call(ctx, "Storage.clearDataForOrigin", map[string]any{"origin": origin, "storageTypes": "all"}, nil); err != nil {
			return err
		}
	}
	var left struct {
		Cookies []any `json:"cookies"`
	}
	if err := page.Call(ctx, "Storage.getCookies", nil, &left); err != nil {
		return err
	}
	if known := len(page.Secrets.Known()); known > 0 {
		return fmt.Errorf("a test has left %d secrets, which a browser forgets with its end", known)
	}
	if open := len(tabs.Open()); open != 1 || tabs.Current() != page || len(left.Cookies) > 0 {
		return fmt.Errorf("a test has left %d tabs and %d cookies", open, len(left.Cookies))
	}
	return nil
}

// Close ends the browsers. It is for TestMain, when all tests are done.
func (p *Pool) Close() error {
	var all []error
	for _, b := range p.idle {
		all = append(all, end(b))
	}
	p.idle = nil
	if p.dir == "" {
		return nil
	}
	left, err := os.ReadDir(p.dir)
	if len(left) > 0 {
		all = append(all, fmt.Errorf("%d folders of browsers are left in %s", len(left), p.dir))
	}
	return errors.Join(append(all, err, os.RemoveAll(p.dir))...)
}
