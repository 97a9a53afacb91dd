package browser

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// Capture takes a picture of the page, with the arguments of
// Page.captureScreenshot, and returns the file. Chromium goes on with one that
// nobody waits for any more, and changes the page's view for it: the next would
// show the page as it was then, so it waits until that has ended.
func (p *Page) Capture(ctx context.Context, args map[string]any) ([]byte, error) {
	select {
	case p.capturing <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	asked, err := p.Send("Page.captureScreenshot", args)
	if err != nil {
		<-p.capturing
		return nil, err
	}
	var shot struct {
		Data string `json:"data"`
	}
	until, ok := ctx.Deadline()
	if !ok {
		until = time.Now()
	}
	answered := make(chan error, 1)
	p.Conn.Go(func() {
		ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until.Add(cdp.DefaultTimeout))
		defer cancel()
		answered <- asked.Wait(ctx, &shot)
		<-p.capturing
	})
	select {
	case err := <-answered:
		if err != nil {
			return nil, err
		}
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-p.Conn.Done():
		return nil, p.Conn.Err()
	}
	content, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		return nil, fmt.Errorf("decode the picture: %w", err)
	}
	return content, nil
}
