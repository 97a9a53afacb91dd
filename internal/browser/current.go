package browser

import (
	"context"
	"errors"
	"slices"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// Which tabs are open, and which is the current one, for who uses them.

// Changed is closed at the next change of which tabs are open or current.
func (t *Tabs) Changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// Current is the tab where steps run. It is closed in the moment between the
// end of the last one and the next.
func (t *Tabs) Current() *Page {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current
}

// Wait is the current tab, waited for when there is none at the moment.
func (t *Tabs) Wait(ctx context.Context) (*Page, error) {
	return t.until(ctx, func() *Page {
		p := t.Current()
		select {
		case <-p.closed:
			return nil
		default:
			return p
		}
	})
}

// until waits, from one change of the tabs to the next, for the one that is looked for.
func (t *Tabs) until(ctx context.Context, find func() *Page) (*Page, error) {
	for {
		changed := t.Changed()
		if p := find(); p != nil {
			return p, nil
		}
		select {
		case <-changed:
		case <-t.conn.Done():
			return nil, t.conn.Err()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Open are the tabs in the order they were opened.
func (t *Tabs) Open() []*Page {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.open)
}

// Refused is how many tabs were closed because there were too many.
func (t *Tabs) Refused() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.refused
}

// Number is the tab's, in the order in which tabs were opened, from 1: it keeps it.
func (p *Page) Number() int { return p.number }

// Numbered is the open tab with that number; nil: there is none.
func (t *Tabs) Numbered(n int) *Page {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.IndexFunc(t.open, func(p *Page) bool { return p.number == n }); i >= 0 {
		return t.open[i]
	}
	return nil
}

// Use makes an open tab the current one; false: it isn't open any more.
func (t *Tabs) Use(p *Page) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.open, p) {
		return false
	}
	t.use(p)
	return true
}

// Count is how many tabs were ever opened.
func (t *Tabs) Count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// Unseen is the first of the open tabs that no step has been on and that were
// opened after the first so many; by, if not nil, has opened it, or nobody knows
// who has. nil: there is none.
func (t *Tabs) Unseen(after int, by *Page) *Page {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.open {
		if !p.seen && p.number > after && (by == nil || p.by == nil || p.by == by) {
			return p
		}
	}
	return nil
}

// ErrTooManyTabs is the answer to who wants one more than there may be.
var ErrTooManyTabs = errors.New("too many tabs are open")

var errClosedAtOnce = errors.New("the tab was closed as soon as it was opened")

// New opens a tab.
func (t *Tabs) New(ctx context.Context) (*Page, error) {
	refused := t.Refused()
	if len(t.Open()) >= t.max {
		return nil, ErrTooManyTabs
	}
	var made struct {
		TargetID string `json:"targetId"`
	}
	if err := (cdp.Session{Conn: t.conn}).Call(ctx, "Target.createTarget", object{"url": "about:blank"}, &made); err != nil {
		return nil, err
	}
	// The browser tells of a tab before it answers who has made it.
	for _, p := range t.Open() {
		if p.main == made.TargetID {
			return p, nil
		}
	}
	if t.Refused() > refused { // pages have opened some meanwhile
		return nil, ErrTooManyTabs
	}
	return nil, errClosedAtOnce
}

// Close closes a tab without asking its page. One that is closed already is no error.
func (t *Tabs) Close(ctx context.Context, p *Page) error {
	err := cdp.Session{Conn: t.conn}.Call(ctx, "Target.closeTarget", object{"targetId": p.main}, nil)
	if err != nil {
		select {
		case <-p.closed: // of which the browser tells before it refuses
			return nil
		default:
			return err
		}
	}
	select {
	case <-p.closed:
		return nil
	case <-t.conn.Done():
		return t.conn.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Opener is the tab that opened this one; nil: none, or it is closed.
func (p *Page) Opener() *Page {
	p.tabs.mu.Lock()
	defer p.tabs.mu.Unlock()
	return p.opener
}

// notify wakes whoever watches the page.
func (p *Page) notify() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
}
