package step

import (
	"context"

	"github.com/browserhook/browserhook/internal/browser"
)

// Missed asks the page who got the mouse, as a click does after it came.
func Missed(ctx context.Context, page *browser.Page) (by string, err error) {
	r := &run{ctx: ctx, page: page, spec: &Spec{}}
	return r.missed(verdict{frame: page.Main()})
}
