package browser

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// TestABrowserThatIsEndedSaysWhy: whoever reads it must not look for the fault
// in the wrong place.
func TestABrowserThatIsEndedSaysWhy(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("%w: write Page.enable: %w", cdp.ErrClosed, os.ErrDeadlineExceeded), "hung"},
		{fmt.Errorf("%w: %w", cdp.ErrClosed, cdp.ErrNoMessage), "no message"},
		{fmt.Errorf("%w: %w", cdp.ErrClosed, io.EOF), "keeper"},
		{fmt.Errorf("%w: %w", cdp.ErrClosed, syscall.ECONNRESET), "keeper"},
		{cdp.ErrClosed, "get ready"},
	} {
		if got := wireEnded(tt.err); !strings.Contains(got, tt.want) {
			t.Errorf("%v: %s", tt.err, got)
		}
	}
}
