package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// pictured is a page whose browser is the test: in is what it is asked.
func pictured(t *testing.T) (p *Page, in *bufio.Reader, theirs net.Conn) {
	ours, theirs := net.Pipe()
	conn := cdp.NewConn(ours, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		_ = conn.Close()
		conn.Wait()
	})
	p = &Page{Session: cdp.Session{Conn: conn}, main: "M", changed: make(chan struct{}), frames: map[string]*Frame{"M": {}}}
	return p, bufio.NewReader(theirs), theirs
}

func asked(t *testing.T, in *bufio.Reader) {
	t.Helper()
	if _, err := in.ReadString(0); err != nil {
		t.Fatal(err)
	}
}

// TestPicturesAreTakenInTurn: the browser is asked for the next when it has ended
// the one before, also when nobody waits for that.
func TestPicturesAreTakenInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, in, theirs := pictured(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first := make(chan error, 1)
		go func() {
			_, err := p.Capture(ctx, nil)
			first <- err
		}()
		asked(t, in)
		if err := <-first; !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		second := make(chan string, 1)
		go func() {
			got, err := p.Capture(t.Context(), nil)
			second <- fmt.Sprint(string(got), err)
		}()
		_ = theirs.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := in.ReadByte(); err == nil {
			t.Fatal("it was asked for two at once")
		}
		_ = theirs.SetReadDeadline(time.Time{})
		fmt.Fprint(theirs, `{"id":1,"result":{"data":"YQ=="}}`+"\x00")
		asked(t, in)
		fmt.Fprint(theirs, `{"id":2,"result":{"data":"Yg=="}}`+"\x00")
		if got := <-second; got != "b<nil>" {
			t.Errorf("got %q", got)
		}
	})
}

// TestAPictureOfADocumentThatIsLeft is answered late, or never.
func TestAPictureOfADocumentThatIsLeft(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration // it is answered; 0: never
		want  string
		next  time.Duration // when the next is asked for
	}{
		"late":  {answersLate / 2, "a<nil>", answersLate / 2},
		"never": {0, ErrLeft.Error(), answersLate},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, in, theirs := pictured(t)
				got := make(chan string, 2)
				take := func() {
					content, err := p.Capture(t.Context(), nil)
					got <- fmt.Sprint(string(content), err)
				}
				go take()
				asked(t, in)
				p.mu.Lock()
				p.frames["M"].Document.Loader = "another"
				close(p.changed)
				p.changed = make(chan struct{})
				p.mu.Unlock()
				left := time.Now()
				go take()
				if c.after > 0 {
					time.AfterFunc(c.after, func() { fmt.Fprint(theirs, `{"id":1,"result":{"data":"YQ=="}}`+"\x00") })
				}
				asked(t, in)
				if took := time.Since(left); took != c.next {
					t.Errorf("the next is asked for after %s", took)
				}
				fmt.Fprint(theirs, `{"id":2,"result":{"data":"Yg=="}}`+"\x00")
				all := []string{<-got, <-got}
				if slices.Sort(all); !strings.Contains(all[1], c.want) && !strings.Contains(all[0], c.want) || !slices.Contains(all, "b<nil>") {
					t.Errorf("got %q", all)
				}
			})
		})
	}
}
