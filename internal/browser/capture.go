package browser

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// ErrLeft is a picture of a document that the page has left before it was taken.
var ErrLeft = errors.New("the page went to another document while its picture was taken")

// answersLate is how long the answer to a picture of a document that the page has
// left is waited for: Chromium gives none to most.
const answersLate = time.Second

// capture is a picture that is being taken.
type capture struct {
	loader string        // of the document that it is of
	done   chan struct{} // closed when there is an answer,
	data   string        // which is this, as base64,
	err    error         // or this
}

// Capture takes a picture of the page, with the arguments of
// Page.captureScreenshot, and returns the file. The error is ErrLeft, or one of a
// call.
//
// Chromium goes on with one that nobody waits for any more, and changes the page's
// view for it: the next would show the page as it was then, so it waits until that
// has ended.
func (p *Page) Capture(ctx context.Context, args map[string]any) ([]byte, error) {
	c := &capture{done: make(chan struct{})}
	if err := p.inTurn(ctx, c); err != nil {
		return nil, err
	}
	asked, err := p.Send("Page.captureScreenshot", args)
	if err != nil {
		close(c.done)
		return nil, err
	}
	until, ok := ctx.Deadline()
	if !ok {
		until = time.Now()
	}
	p.Conn.Go(func() {
		ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until.Add(cdp.DefaultTimeout))
		defer cancel()
		var shot struct {
			Data string `json:"data"`
		}
		c.err = asked.Wait(ctx, &shot)
		c.data = shot.Data
		close(c.done)
	})
	if err := p.ended(ctx, c); err != nil {
		return nil, err
	}
	p.free(c) // lest the page keep it
	if c.err != nil {
		return nil, c.err
	}
	content, err := base64.StdEncoding.DecodeString(c.data)
	if err != nil {
		return nil, fmt.Errorf("decode the picture: %w", err)
	}
	return content, nil
}

// inTurn waits until no other picture is taken.
func (p *Page) inTurn(ctx context.Context, c *capture) error {
	for {
		p.mu.Lock()
		before := p.capture
		if before == nil {
			p.capture, c.loader = c, p.loader()
		}
		p.mu.Unlock()
		if before == nil {
			return nil
		}
		if err := p.ended(ctx, before); err != nil && !errors.Is(err, ErrLeft) {
			return err
		}
		p.free(before)
	}
}

// free lets the next picture be taken.
func (p *Page) free(c *capture) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.capture == c {
		p.capture = nil
	}
}

// ended waits for the answer to a picture, and is ErrLeft when none will come.
func (p *Page) ended(ctx context.Context, c *capture) error {
	var late <-chan time.Time
	for {
		p.mu.Lock()
		changed, left := p.changed, p.loader() != c.loader
		p.mu.Unlock()
		if left && late == nil {
			late = time.After(answersLate)
		}
		select {
		case <-c.done:
			return nil
		case <-late:
			return ErrLeft
		case <-changed:
		case <-p.Conn.Done():
			return p.Conn.Err()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// loader names the page's document. mu is held.
func (p *Page) loader() string {
	if f := p.frames[p.main]; f != nil {
		return f.Document.Loader
	}
	return ""
}
