package step

import (
	"errors"
	"testing"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// TestADragIsWaitedFor as long as the page says that it goes on, and no longer.
func TestADragIsWaitedFor(t *testing.T) {
	type said struct {
		yes bool
		err error
	}
	gone := errors.New("gone")
	yes, no, left, fails := said{yes: true}, said{}, said{err: &cdp.Error{Code: -32000}}, said{err: gone}
	for _, tt := range []struct {
		name            string
		dragging, begun []said // in turn; all are asked for
		html            bool
		err             error
	}{
		{"nothing is dragged", []said{no}, nil, false, nil},
		{"at once", []said{yes}, []said{yes}, true, nil},
		{"after a while", []said{yes, yes, yes}, []said{no, no, yes}, true, nil},
		{"it comes to nothing", []said{yes, yes, no}, []said{no, no}, false, nil},
		{"the page is left", []said{yes, left}, []said{no}, false, nil},
		{"the page can't be asked", []said{yes, fails}, []said{no}, false, gone},
		{"the browser can't be", []said{yes}, []said{fails}, false, gone},
	} {
		next := func(all *[]said) func() (bool, error) {
			return func() (bool, error) {
				if len(*all) == 0 {
					t.Fatalf("%s: it is waited for too long", tt.name)
				}
				one := (*all)[0]
				*all = (*all)[1:]
				return one.yes, one.err
			}
		}
		html, err := takenUp(next(&tt.dragging), next(&tt.begun))
		if html != tt.html || !errors.Is(err, tt.err) || len(tt.dragging)+len(tt.begun) > 0 {
			t.Errorf("%s: %t, %v, and %d more could have been asked", tt.name, html, err, len(tt.dragging)+len(tt.begun))
		}
	}
}
