package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// refusing is a page whose browser refuses the inputs for which refuse says so:
// their numbers count from 0.
func refusing(t *testing.T, refuse func(n int) bool) *Page {
	t.Helper()
	ours, theirs := net.Pipe()
	conn := cdp.NewConn(ours, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		in := bufio.NewReader(theirs)
		for n := 0; ; n++ {
			raw, err := in.ReadString(0)
			if err != nil {
				return
			}
			var m struct{ ID int }
			if json.Unmarshal([]byte(strings.TrimSuffix(raw, "\x00")), &m) != nil {
				return
			}
			answer := `"result":{}`
			if refuse(n) {
				answer = `"error":{"code":-32000,"message":"Internal error"}`
			}
			if _, err := fmt.Fprintf(theirs, "{\"id\":%d,%s}\x00", m.ID, answer); err != nil {
				return
			}
		}
	}()
	return &Page{Session: cdp.Session{Conn: conn, ID: "S"}}
}

// TestWhatWasNotHeardIsNotDone: an input counts when the page heard of it, and
// what comes up again after it went down may be refused by a page that is gone.
func TestWhatWasNotHeardIsNotDone(t *testing.T) {
	click := func(ctx context.Context, p *Page) error { return p.Click(ctx, 1, 1, "left", 1, 0) }
	twice := func(ctx context.Context, p *Page) error { return p.Click(ctx, 1, 1, "left", 2, 0) }
	typing := func(ctx context.Context, p *Page) error { return p.Type(ctx, "a☕") }
	press := func(ctx context.Context, p *Page) error { return p.Press(ctx, "Control+a") }
	for name, c := range map[string]struct {
		input   func(context.Context, *Page) error
		refuses []bool // an input each; what follows is taken
		want    string
	}{
		"a click":                         {click, nil, "heard"},
		"a click that wasn't":             {click, []bool{true, true}, "unheard"},
		"the button alone":                {click, []bool{true}, "heard"},
		"only the mouse's coming":         {click, []bool{false, true}, "unheard"},
		"gone before the button came up":  {click, []bool{false, false, true}, "heard"},
		"gone after one click of two":     {twice, []bool{false, false, false, true}, "heard"},
		"a text":                          {typing, nil, "heard"},
		"a text that wasn't":              {typing, []bool{true}, "unheard"},
		"gone before the key came up":     {typing, []bool{false, true}, "heard"},
		"half a text":                     {typing, []bool{false, false, true}, "1 of 2"},
		"a chord":                         {press, nil, "heard"},
		"only the modifier":               {press, []bool{false, true}, "unheard"},
		"gone before the chord came up":   {press, []bool{false, false, true}, "heard"},
		"an insertion":                    {func(ctx context.Context, p *Page) error { return p.InsertText(ctx, "x") }, nil, "heard"},
		"an insertion that wasn't":        {func(ctx context.Context, p *Page) error { return p.InsertText(ctx, "x") }, []bool{true}, "unheard"},
		"a hover that wasn't":             {func(ctx context.Context, p *Page) error { return p.Hover(ctx, 1, 1, 0) }, []bool{true}, "unheard"},
		"a turn of the wheel that wasn't": {func(ctx context.Context, p *Page) error { return p.Wheel(ctx, 1, 1, 0, 1) }, []bool{true}, "unheard"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.input(t.Context(), refusing(t, func(n int) bool { return n < len(c.refuses) && c.refuses[n] }))
			got := fmt.Sprint(err)
			var cut *CutError
			switch {
			case err == nil:
				got = "heard"
			case errors.Is(err, ErrUnheard):
				got = "unheard"
			case errors.As(err, &cut):
				got = fmt.Sprintf("%d of %d", cut.Taken, cut.Of)
			}
			if got != c.want {
				t.Errorf("it was %s, want %s", got, c.want)
			}
		})
	}
}

// TestAnInputOfATabThatCloses may have been done: it isn't to be sent again.
func TestAnInputOfATabThatCloses(t *testing.T) {
	if err := heard(&cdp.Error{Code: -32001, Taken: true}); err == nil || errors.Is(err, ErrUnheard) {
		t.Errorf("got %v", err)
	}
}
