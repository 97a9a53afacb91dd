package step

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// TestAStepEndsWithItsBrowser, whatever it waits for, and says so whatever it was
// answered last.
func TestAStepEndsWithItsBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		conn := cdp.NewConn(ours, slog.New(slog.DiscardHandler))
		var running sync.WaitGroup
		whole, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer running.Wait()
		defer cancel()
		r := &run{whole: whole, running: &running, spec: &Spec{}}
		r.enter(browser.Ended(conn))
		ended := make(chan error)
		go func() { ended <- r.prepared() }()
		synctest.Wait()
		began := time.Now()
		_ = theirs.Close()
		err := <-ended
		if took := time.Since(began); !errors.Is(err, cdp.ErrClosed) || took > 0 {
			t.Errorf("it has ended after %s with %v", took, err)
		}
		for _, err := range []error{err, &cdp.Error{Code: -32001}} {
			if f := r.failure(err, time.Hour); f.Code != CodeBrowserGone {
				t.Errorf("of %v it says %+v", err, f)
			}
		}
		conn.Wait()
	})
}
