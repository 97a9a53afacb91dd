package step

import (
	"context"

	"github.com/browserhook/browserhook/internal/browser"
)

// WithDialogs is what a step answers that dialogs were shown during.
var WithDialogs = withDialogs

// Missed asks a document who got the mouse, as a click does after it came.
func Missed(ctx context.Context, page *browser.Page, f browser.Frame) (by string, err error) {
	r := &run{ctx: ctx, page: page, spec: &Spec{}}
	w := r.witness()
	defer w.stop()
	return r.missed(verdict{frame: f}, w)
}
