package step

import (
	"errors"

	"github.com/browserhook/browserhook/internal/domain"
)

// CodeCrashed is a page whose renderer died. The browser lives, and so does the
// session: the next document has another renderer.
const CodeCrashed = "page_crashed"

var errCrashed = errors.New("the page crashed")

// crashed is closed when the page crashes during the step.
func (r *run) crashed() <-chan struct{} {
	if now := r.page.Crashed(); now != r.dead {
		return now
	}
	return nil
}

// alive says whether the page is there for the step. Where an earlier one left
// it crashed, only what brings it another document can be done, and what is done
// beside it.
func (r *run) alive(a *action, beside bool) error {
	crashed := r.page.Crashed()
	select {
	case <-crashed:
	default:
		return nil
	}
	if !a.onCrashed && !beside {
		return &domain.Failure{Code: CodeCrashed, Message: "The page has crashed before.", Seen: "a page without a process; goto or reload gives it another"}
	}
	r.dead = crashed
	return nil
}

// watch ends the step's context when the page crashes: much that waits for its
// answer would wait for ever.
func (r *run) watch() {
	ctx, end, page, dead := r.ctx, r.end, r.page, r.dead
	r.running.Go(func() {
		for {
			changed := page.Changed()
			crashed := page.Crashed()
			if crashed == dead {
				crashed = nil
			}
			select {
			case <-crashed:
				end(errCrashed)
				return
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	})
}
