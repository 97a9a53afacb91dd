package browser

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/browserhook/browserhook/internal/browser/cdp"
)

// filmed is a page of a browser that does what it is told, and remembers it.
type filmed struct {
	*Page
	browser net.Conn

	mu   sync.Mutex
	said []string
}

func newFilmed(t *testing.T) *filmed {
	t.Helper()
	ours, theirs := net.Pipe()
	conn := cdp.NewConn(ours, slog.New(slog.DiscardHandler))
	f := &filmed{Page: &Page{Session: cdp.Session{Conn: conn, ID: "page"}}, browser: theirs}
	var answers sync.WaitGroup
	answers.Go(func() {
		answering(theirs, func(a asks) string {
			var m struct{ Params map[string]any }
			_ = json.Unmarshal([]byte(a.raw[:len(a.raw)-1]), &m)
			said := a.Method
			for _, name := range []string{"quality", "maxWidth", "maxHeight", "sessionId"} {
				if v, ok := m.Params[name]; ok {
					said += fmt.Sprintf(" %s=%v", name, v)
				}
			}
			f.mu.Lock()
			f.said = append(f.said, said)
			f.mu.Unlock()
			return fmt.Sprintf(`{"id":%d,"result":{},"sessionId":"page"}`, a.ID)
		})
	})
	t.Cleanup(func() {
		_ = conn.Close()
		conn.Wait()
		_ = theirs.Close()
		answers.Wait()
	})
	return f
}

// shows sends a picture of a screencast.
func (f *filmed) shows(number int, jpeg string) {
	fmt.Fprintf(f.browser, `{"method":"Page.screencastFrame","sessionId":"page","params":{"data":%q,"sessionId":%d,"metadata":{"deviceWidth":800,"deviceHeight":600}}}`+"\x00",
		base64.StdEncoding.EncodeToString([]byte(jpeg)), number)
	synctest.Wait()
}

// heard compares what was asked of the browser since the last time.
func (f *filmed) heard(t *testing.T, what string, want ...string) {
	t.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff(want, f.said); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
	f.said = nil
}

func sees(t *testing.T, w *Watcher, want string) {
	t.Helper()
	if p, _, _ := w.Take(); string(p.JPEG) != want {
		t.Errorf("sees %q, want %q", p.JPEG, want)
	}
}

// TestAScreencastRunsWhileSomebodyWatches: from the first to the last, once for all
// of them, as large and as good as one of them can make use of; who comes while nothing
// moves sees the picture before.
func TestAScreencastRunsWhileSomebodyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFilmed(t)
		a := f.Watch(Fit{Width: 640, Height: 480, Quality: 40})
		f.heard(t, "the first comes", "Page.startScreencast quality=40 maxWidth=640 maxHeight=480")
		f.shows(1, "x")
		f.heard(t, "a picture that nobody has taken")
		sees(t, a, "x")
		f.heard(t, "somebody has", "Page.screencastFrameAck sessionId=1")
		sees(t, a, "")
		b := f.Watch(Fit{Width: 320, Height: 200, Quality: 40})
		f.heard(t, "one comes who wants no more")
		sees(t, b, "x")
		if width, height := b.Size(); width != 800 || height != 600 {
			t.Errorf("the page has %v by %v", width, height)
		}
		b.Refit(Fit{Width: 1000})
		f.heard(t, "it wants more", "Page.stopScreencast", "Page.startScreencast quality=80 maxWidth=1000")
		time.Sleep(time.Second)
		f.shows(2, "y")
		f.shows(2, "\xff")
		sees(t, a, "\xff")
		f.heard(t, "two pictures", "Page.screencastFrameAck sessionId=2")
		if _, missed, _ := b.Take(); missed != 1 {
			t.Errorf("missed %d", missed)
		}
		b.Close()
		b.Close()
		f.heard(t, "one of two leaves", "Page.stopScreencast", "Page.startScreencast quality=40 maxWidth=640 maxHeight=480")
		a.Close()
		f.heard(t, "the last leaves", "Page.stopScreencast")
		f.shows(2, "z")
		time.Sleep(time.Second)
		f.heard(t, "a late picture")
		sees(t, a, "")
		c := f.Watch(Fit{})
		f.heard(t, "somebody comes", "Page.startScreencast quality=80")
		sees(t, c, "")
		c.Close()
	})
}

// TestAPageThatMovesIsSeenAsOftenAsItIsTaken: pictures are answered 25 times a
// second at most, and only when somebody takes them; what Chromium may have left out
// meanwhile is asked for when the page has come to rest.
func TestAPageThatMovesIsSeenAsOftenAsItIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFilmed(t)
		slow, w := f.Watch(Fit{}), f.Watch(Fit{})
		f.heard(t, "they come", "Page.startScreencast quality=80")
		const ack, start, stop = "Page.screencastFrameAck sessionId=1", "Page.startScreencast quality=80", "Page.stopScreencast"
		f.shows(1, "1")
		sees(t, w, "1")
		f.heard(t, "the first", ack)
		f.shows(1, "2")
		f.shows(1, "3")
		time.Sleep(time.Minute)
		f.heard(t, "two more at once, of which nobody has taken one")
		sees(t, w, "3")
		f.heard(t, "one is answered", ack)
		time.Sleep(pictureEvery)
		f.heard(t, "and the other", ack)
		time.Sleep(settledAfter)
		f.heard(t, "nothing moves any more", stop, start)
		f.shows(1, "4")
		sees(t, w, "4")
		f.heard(t, "the last picture", ack)
		time.Sleep(time.Minute)
		f.heard(t, "nothing moves")

		for range 100 {
			f.shows(1, "more")
			sees(t, w, "more")
			time.Sleep(pictureEvery)
		}
		want := make([]string, 100)
		for i := range want {
			want[i] = ack
		}
		f.heard(t, "it moves, and one watcher is slow", want...)
		slow.Close()
		w.Close()
	})
}

// TestLateAnswersPutOffNoneAfterThem: a moving page has 25 pictures a second, however late
// timers are.
func TestLateAnswersPutOffNoneAfterThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		at := began
		for range 25 {
			at = paced(at, at.Add(pictureEvery+3*time.Millisecond))
		}
		if took := at.Sub(began); took != 25*pictureEvery {
			t.Errorf("25 answers took %s", took)
		}
		if late := at.Add(time.Minute); paced(at, late) != late {
			t.Error("after a rest answers are paced from then on")
		}
	})
}
