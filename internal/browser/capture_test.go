package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// TestPicturesAreTakenInTurn: the browser is asked for the next when it has ended
// the one before, also when nobody waits for that.
func TestPicturesAreTakenInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		conn := cdp.NewConn(ours, slog.New(slog.DiscardHandler))
		defer conn.Wait()
		defer conn.Close()
		p := &Page{Session: cdp.Session{Conn: conn}, capturing: make(chan struct{}, 1)}
		in := bufio.NewReader(theirs)
		asked := func() {
			t.Helper()
			if _, err := in.ReadString(0); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first := make(chan error, 1)
		go func() {
			_, err := p.Capture(ctx, nil)
			first <- err
		}()
		asked()
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
		asked()
		fmt.Fprint(theirs, `{"id":2,"result":{"data":"Yg=="}}`+"\x00")
		if got := <-second; got != "b<nil>" {
			t.Errorf("got %q", got)
		}
	})
}
