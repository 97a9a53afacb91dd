package browser

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/domain"
)

// TestTheSizeOfAWindow that a page opens is its choice, within bounds.
func TestTheSizeOfAWindow(t *testing.T) {
	for name, tt := range map[string]struct {
		features []string
		want     *domain.Viewport
	}{
		"as asked for": {[]string{"popup", "width=400", "height=300"}, &domain.Viewport{Width: 400, Height: 300}},
		"huge":         {[]string{"width=12000", "height=99999999999999999999"}, &domain.Viewport{Width: 4096, Height: 4096}},
		"tiny":         {[]string{"innerwidth=1", "innerheight=100"}, &domain.Viewport{Width: 100, Height: 100}},
		"negative":     {[]string{"width=-5", "height=300"}, nil},
		"no number":    {[]string{"width=wide", "height=300"}, nil},
		"none":         {nil, nil},
	} {
		if diff := cmp.Diff(tt.want, sizeOf(tt.features)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}
