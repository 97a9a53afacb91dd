package step_test

import (
	"context"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/step"
)

// TestACancelIsHeardWhileItIsAskedWhoGotTheClick: what the page doesn't answer
// any more is no success.
func TestACancelIsHeardWhileItIsAskedWhoGotTheClick(t *testing.T) {
	site := pages(t, map[string]string{"/": `<button>Go</button><script>
		// Its turn comes before that of any question.
		const hold = () => { for (const end = Date.now() + 3000; Date.now() < end;); };
		document.querySelector('button').onclick = () => { scheduler.postTask(hold, {priority: 'user-blocking'}) }</script>`})
	b := start(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(1500*time.Millisecond, cancel)
	if _, f := b.runIn(ctx, step.Spec{Action: "click", Target: "button"}); f == nil || f.Code != "canceled" {
		t.Errorf("the step: %+v", f)
	}
}
