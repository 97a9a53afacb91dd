package step_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/browserhook/browserhook/internal/step"
)

// TestACancelIsHeardWhileItIsAskedWhoGotTheClick: what the page doesn't answer
// any more is no success.
func TestACancelIsHeardWhileItIsAskedWhoGotTheClick(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	held, over := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(over) })
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			close(held)
			<-over
		}
		w.Header().Set("Content-Type", "text/html")
	}))
	t.Cleanup(site.Close)
	t.Cleanup(release)
	b := borrow(t)
	b.do(step.Spec{Action: "goto", URL: site.URL})
	b.value(`setTimeout(() => { const r = new XMLHttpRequest; r.open('GET', '/hold', false); r.send() }), 1`)
	<-held // the page answers nothing now
	go cancel()
	if by, err := step.Missed(ctx, b.page, b.page.Main()); !errors.Is(err, context.Canceled) {
		t.Errorf("got it: %q, %v", by, err)
	}
	release()
	b.value("1")
}
