package step_test

import (
	"context"
	"errors"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// TestACancelIsHeardWhileItIsAskedWhoGotTheClick: what the page doesn't answer
// any more is no success.
func TestACancelIsHeardWhileItIsAskedWhoGotTheClick(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	site, busy := busyPages(t, map[string]string{"/": ``})
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	b.value(getsBusy)
	goOn := <-busy // the page answers nothing now
	go cancel()
	if by, err := step.Missed(ctx, b.page, b.page.Main()); !errors.Is(err, context.Canceled) {
		t.Errorf("got it: %q, %v", by, err)
	}
	goOn()
	b.value("1")
}
