package cdp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// stuck is a wire whose other end reads nothing.
func stuck(t *testing.T) (c *Conn, theirs net.Conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	c = NewConn(ours, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { c.Close(); theirs.Close(); <-c.Done() })
	return c, theirs
}

// TestABrowserThatReadsNothingHoldsNobody: no Send waits, every call ends at
// its deadline, and in the end the browser counts as lost.
func TestABrowserThatReadsNothingHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := stuck(t)
		begin := time.Now()
		for range 100 {
			if _, err := c.Send("", "Page.screencastFrameAck", nil); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("a hundred messages waited %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Call(ctx, "", "Runtime.evaluate", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("a call of a second took %s", took)
		}
		if err := c.Call(t.Context(), "", "Page.enable", nil, nil); !errors.Is(err, ErrClosed) || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took != DefaultTimeout {
			t.Errorf("the browser counted as lost after %s", took)
		}
		<-c.Done()
	})
}

// TestACloseDoesNotWaitForTheWire: neither for what is being written, nor for
// what waits.
func TestACloseDoesNotWaitForTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := stuck(t)
		var pending []*Pending
		for range 3 {
			p, err := c.Send("", "A.a", nil)
			if err != nil {
				t.Fatal(err)
			}
			pending = append(pending, p)
		}
		begin := time.Now()
		c.Close()
		for _, p := range pending {
			if err := p.Wait(t.Context(), nil); !errors.Is(err, ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("took %s", took)
		}
	})
}

// TestACanceledCommandIsNeverWritten, unless it was begun: then all of it is.
func TestACanceledCommandIsNeverWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, theirs := stuck(t)
		half := make([]byte, 10)
		var read error
		go func() { _, read = io.ReadFull(theirs, half) }()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, method := range []string{"A.begun", "A.canceled"} {
			go func() { _ = c.Call(ctx, "", method, map[string]string{"text": strings.Repeat("x", 1000)}, nil) }()
			synctest.Wait()
		}
		if _, err := c.Send("", "A.later", nil); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		synctest.Wait()
		if read != nil {
			t.Fatal(read)
		}
		r := bufio.NewReader(io.MultiReader(strings.NewReader(string(half)), theirs))
		for _, want := range []string{"A.begun", "A.later"} {
			raw, _, err := readMessage(r, everything)
			if err != nil {
				t.Fatal(err)
			}
			var m message
			if err := jsonv2.Unmarshal(raw, &m); err != nil || m.Method != want {
				t.Errorf("read %.60q, want %s", raw, want)
			}
		}
	})
}

// TestACommandMayBeLarge, whatever small waits before it: files are given to a
// page in one, as base64.
func TestACommandMayBeLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // however long it takes to encode
		c, _ := stuck(t)
		for _, tt := range []struct {
			size int
			want error
		}{{1, nil}, {1, nil}, {MaxMessage, ErrBusy}, {44 << 20, nil}, {1, ErrBusy}} {
			if _, err := c.Send("", "A.a", jsonv2.Value(`"`+strings.Repeat("x", tt.size)+`"`)); !errors.Is(err, tt.want) {
				t.Errorf("of %d bytes: got %v, want %v", tt.size, err, tt.want)
			}
		}
	})
}

func TestWhatWaitsIsBounded(t *testing.T) {
	for name, params := range map[string]any{"by number": nil, "by bytes": strings.Repeat("x", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := stuck(t)
				n := 0
				for ; n <= maxWaiting+1; n++ { // one more is being written
					if _, err := c.Send("", "A.a", params); err != nil {
						if !errors.Is(err, ErrBusy) {
							t.Errorf("got %v", err)
						}
						break
					}
				}
				if params == nil && n < maxWaiting || params != nil && (n < 30 || n > 33) {
					t.Errorf("%d were taken", n)
				}
			})
		})
	}
}

// flood is a browser that sends one message of so many bytes and then answers
// each command as it should; method "" makes it the answer to the first.
func flood(t *testing.T, method string, size int) *Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		r := bufio.NewReader(theirs)
		for first := true; ; first = false {
			raw, _, err := readMessage(r, everything)
			if err != nil {
				return
			}
			var m message
			if err := jsonv2.Unmarshal(raw, &m); err != nil {
				t.Error(err)
				return
			}
			answer := fmt.Sprintf(`{"id":%d,"result":{}}`, m.ID)
			if first {
				begin := fmt.Sprintf(`{"method":%q,"params":{"text":"`, method)
				if method == "" {
					begin = fmt.Sprintf(`{"id":%d,"result":{"text":"`, m.ID)
				}
				end := `"}}` + "\x00" + answer
				if method == "" {
					end = `"}}`
				}
				fill := bytes.Repeat([]byte("x"), 1<<20)
				if _, err := io.WriteString(theirs, begin); err != nil {
					return
				}
				for range size >> 20 {
					if _, err := theirs.Write(fill); err != nil {
						return
					}
				}
				answer = end
			}
			if _, err := io.WriteString(theirs, answer+"\x00"); err != nil {
				return
			}
		}
	}()
	c := NewConn(ours, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { c.Close(); <-c.Done() })
	return c
}

// TestTooLargeAnAnswerFailsItsCallAlone, and the wire goes on.
func TestTooLargeAnAnswerFailsItsCallAlone(t *testing.T) {
	c := flood(t, "", MaxMessage+1<<20)
	if err := c.Call(t.Context(), "", "Page.captureScreenshot", nil, nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if err := c.Call(t.Context(), "", "Page.enable", nil, nil); err != nil {
		t.Error(err)
	}
}

// TestWhatNobodyHearsPassesBy: whatever a page makes the browser say, it costs
// no memory, and the wire goes on.
func TestWhatNobodyHearsPassesBy(t *testing.T) {
	for name, tt := range map[string]struct {
		heard bool
		size  int
	}{"unheard": {false, 40 << 20}, "unheard and too large": {false, MaxMessage + 1<<20}, "heard and too large": {true, MaxMessage + 1<<20}} {
		t.Run(name, func(t *testing.T) {
			c := flood(t, "Runtime.consoleAPICalled", tt.size)
			if tt.heard {
				c.ListenAll(func(Event) { t.Error("it came through") }, "Runtime.consoleAPICalled")
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := c.Call(t.Context(), "", "Page.enable", nil, nil); err != nil {
				t.Error(err)
			}
			runtime.ReadMemStats(&after)
			if grew := after.TotalAlloc - before.TotalAlloc; !tt.heard && grew > 8<<20 {
				t.Errorf("took %d MiB", grew>>20)
			}
		})
	}
}

// TestNamesThatAreTheSameOnceMended end nothing: a page may call its own so.
func TestNamesThatAreTheSameOnceMended(t *testing.T) {
	c := browserEnd(t, func(m message) []string {
		return []string{fmt.Sprintf(`{"id":%d,"result":{"value":{"\ud800":1,"\ud801":2}}}`, m.ID)}
	})
	var got struct{ Value jsonv2.Value }
	if err := c.Call(t.Context(), "", "Runtime.evaluate", nil, &got); err != nil {
		t.Error(err)
	}
}

// TestEveryWaitHasAnEnd, though nobody gave it one.
func TestEveryWaitHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, theirs := stuck(t)
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		p, err := c.Send("", "Runtime.evaluate", nil)
		if err != nil {
			t.Fatal(err)
		}
		for what, wait := range map[string]func() error{
			"an answer":  func() error { return p.Wait(context.Background(), nil) },
			"a call":     func() error { return c.Call(context.Background(), "", "Runtime.evaluate", nil, nil) },
			"a question": func() error { return c.Ask(context.Background(), "Browser.getVersion") },
		} {
			began := time.Now()
			if err := wait(); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != DefaultTimeout {
				t.Errorf("%s: %v after %s", what, err, time.Since(began))
			}
		}
	})
}
