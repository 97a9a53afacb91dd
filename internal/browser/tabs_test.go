package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
)

// wireless are tabs of no browser: what they send is thrown away, and tell has
// them hear an event.
func wireless(t *testing.T, limit int) (tabs *Tabs, tell func(session, method string, params object)) {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	log := slog.New(slog.DiscardHandler)
	conn := cdp.NewConn(ours, log)
	t.Cleanup(func() { _ = conn.Close() })
	tabs = newTabs(conn, Config{Log: log, MaxTabs: limit}, "", domain.SessionOptions{})
	return tabs, func(session, method string, params object) {
		t.Helper()
		raw, err := json.Marshal(params)
		if err != nil {
			t.Error(err)
		}
		tabs.onEvent(cdp.Event{SessionID: session, Method: method, Params: raw})
	}
}

func attachedPage(n, opener int) object {
	info := object{"targetId": fmt.Sprint("t", n), "type": "page"}
	if opener > 0 {
		info["openerId"] = fmt.Sprint("t", opener)
	}
	return object{"sessionId": fmt.Sprint("s", n), "targetInfo": info}
}

// TestWhichTabIsCurrent: the opener follows a tab that closes, its own opener if
// that is closed too, else the one that was current before.
func TestWhichTabIsCurrent(t *testing.T) {
	tabs, tell := wireless(t, 0)
	open := func(n, opener int) { tell("", "Target.attachedToTarget", attachedPage(n, opener)) }
	shut := func(n int) { tell("", "Target.detachedFromTarget", object{"sessionId": fmt.Sprint("s", n)}) }
	use := func(n int) {
		t.Helper()
		for _, p := range tabs.Open() {
			if p.main == fmt.Sprint("t", n) && tabs.Use(p) {
				return
			}
		}
		t.Fatalf("tab %d is not open", n)
	}
	is := func(n int) {
		t.Helper()
		if got := tabs.Current().main; got != fmt.Sprint("t", n) {
			t.Errorf("the current tab is %s, want t%d", got, n)
		}
	}
	open(1, 0)
	is(1)
	open(2, 1)
	open(3, 2)
	is(1)
	use(3)
	shut(2)
	is(3)
	shut(3)
	is(1)
	open(4, 0)
	open(5, 0)
	use(4)
	use(5)
	shut(5)
	is(4)
	shut(1)
	is(4)
	shut(4) // the last
	last := tabs.Current()
	select {
	case <-last.Closed():
	default:
		t.Error("the last tab is not closed")
	}
	open(6, 0)
	is(6)
	if tabs.Use(last) {
		t.Error("a tab that is closed is used")
	}
}

func TestTooManyTabsAreRefused(t *testing.T) {
	tabs, tell := wireless(t, 3)
	for n := range 10 {
		tell("", "Target.attachedToTarget", attachedPage(n+1, 0))
	}
	if len(tabs.Open()) != 3 || tabs.Refused() != 7 || tabs.Count() != 3 {
		t.Errorf("%d open, %d refused", len(tabs.Open()), tabs.Refused())
	}
}

// TestTabsAreUsedWhileTheyComeAndGo is for the race detector.
func TestTabsAreUsedWhileTheyComeAndGo(t *testing.T) {
	tabs, tell := wireless(t, 8)
	tabs.downloads.files = t.TempDir()
	tell("", "Target.attachedToTarget", attachedPage(1, 0))
	var wg sync.WaitGroup
	for _, use := range []func(){
		func() { tabs.Use(tabs.Open()[0]) },
		func() { _ = tabs.Current().Main() },
		func() { _ = tabs.Unseen(0, tabs.Current()) },
		func() { _, _ = tabs.Dialogs(0); tabs.AnswerNext(DialogRule{Accept: true}); tabs.ForgetRules() },
		func() { _ = tabs.Current().Opener(); _ = tabs.Current().Stays(); _ = tabs.Downloads() },
	} {
		wg.Go(func() {
			for range 100 {
				use()
			}
		})
	}
	for n := 2; n < 60; n++ {
		session := fmt.Sprint("s", n)
		tell("", "Target.attachedToTarget", attachedPage(n, 1))
		tell(session, "Target.attachedToTarget", object{"sessionId": session + "f", "targetInfo": object{"targetId": session + "f", "type": "iframe"}})
		tell(session, "Page.javascriptDialogOpening", object{"type": "beforeunload"})
		tell("", "Browser.downloadWillBegin", object{"guid": guidOf(n), "url": "https://x.test/", "suggestedFilename": "a"})
		tell("", "Target.detachedFromTarget", object{"sessionId": session})
	}
	wg.Wait()
	if n := len(tabs.sessions); n != 1 {
		t.Errorf("%d sessions are remembered", n)
	}
	ending := tabs.endings() // before those that are left are counted: they only become fewer
	tabs.downloads.mu.Lock()
	defer tabs.downloads.mu.Unlock()
	if n := len(tabs.downloads.all); n > maxUntaken+downloadsAtOnce+ending {
		t.Errorf("%d downloads wait", n)
	}
}

// TestTheFirstTabIsClosedAtOnce, while its process starts: the browser goes on.
func TestTheFirstTabIsClosedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		say := func(format string, args ...any) { _, _ = fmt.Fprintf(theirs, format+"\x00", args...) }
		gone := false
		go answering(theirs, func(m asks) string { // its first page goes when that is told anything
			switch {
			case m.SessionID == "s1" && !gone:
				gone = true
				go say(`{"method":"Target.detachedFromTarget","params":{"sessionId":"s1"}}`)
			case m.SessionID == "s1":
			case m.Method == "Target.setAutoAttach":
				go say(`{"method":"Target.attachedToTarget","params":{"sessionId":"s1","targetInfo":{"targetId":"t1","type":"page"}}}`)
				fallthrough
			default:
				go say(`{"id":%d,"result":{}}`, m.ID)
			}
			return ""
		})
		log := slog.New(slog.DiscardHandler)
		conn := cdp.NewConn(ours, log)
		tabs, err := attach(t.Context(), &Browser{conn: conn, files: t.TempDir()}, Config{Log: log}, domain.SessionOptions{}, agent{}, false)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case <-tabs.Current().closed:
		default:
			t.Error("its first tab is there")
		}
		if err := conn.Err(); err != nil {
			t.Errorf("the browser is ended: %v", err)
		}
		_ = conn.Close()
		theirs.Close()
		conn.Wait()
	})
}

// obedient are tabs of a browser that says what it is told to, and by itself only that it
// does what it is asked, if answers says so.
func obedient(t *testing.T, limit int, answers func(asks) bool) (tabs *Tabs, say func(format string, args ...any), end func()) {
	t.Helper()
	ours, theirs := net.Pipe()
	say = func(format string, args ...any) { _, _ = fmt.Fprintf(theirs, format+"\x00", args...) }
	go answering(theirs, func(m asks) string {
		if !answers(m) {
			return ""
		}
		return fmt.Sprintf(`{"id":%d,"result":{}}`, m.ID)
	})
	log := slog.New(slog.DiscardHandler)
	conn := cdp.NewConn(ours, log)
	tabs = newTabs(conn, Config{Log: log, MaxTabs: limit}, "", domain.SessionOptions{})
	conn.ListenAll(tabs.onEvent, news...)
	return tabs, say, func() {
		_ = conn.Close()
		theirs.Close()
		conn.Wait()
	}
}

const (
	pageOpens  = `{"method":"Target.attachedToTarget","params":{"sessionId":"s%[1]d","targetInfo":{"targetId":"t%[1]d","type":"page","openerId":"t1"}}}`
	pageCloses = `{"method":"Target.detachedFromTarget","params":{"sessionId":"s%d"}}`
)

// TestWhoWaitsForATabThatIsGoneGoesOn: it stands still until the tab begins, which one
// that is closed before never does.
func TestWhoWaitsForATabThatIsGoneGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		let, closed, mute := map[string]int{}, "", ""
		tabs, say, end := obedient(t, 2, func(m asks) bool {
			mu.Lock()
			defer mu.Unlock()
			if m.Method == resumes {
				let[m.SessionID]++
			}
			if m.Method == "Target.closeTarget" {
				closed = m.raw
			}
			return m.SessionID == "" || m.SessionID != mute
		})
		defer end()
		say(pageOpens, 1)
		say(`{"method":"Target.attachedToTarget","params":{"sessionId":"s1f","targetInfo":{"targetId":"f","type":"iframe"}},"sessionId":"s1"}`)
		synctest.Wait()
		goesOn := func(n int) (page, frame int) {
			mu.Lock()
			mute = fmt.Sprint("s", n)
			mu.Unlock()
			say(pageOpens, n)
			synctest.Wait()
			mu.Lock()
			if let[mute] != 1 {
				t.Errorf("tab %d is let go on %d times", n, let[mute])
			}
			clear(let)
			mu.Unlock()
			say(pageCloses, n)
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return let["s1"], let["s1f"]
		}
		if page, frame := goesOn(2); page != 1 || frame != 1 {
			t.Errorf("the page is let go on %d times, the frame of another site in it %d times", page, frame)
		}
		say(pageOpens, 3) // which begins
		synctest.Wait()
		if page, frame := goesOn(4); page != 1 || frame != 1 {
			t.Errorf("of a tab too many: the page is let go on %d times, the frame %d times", page, frame)
		}
		mu.Lock()
		clear(let)
		mu.Unlock()
		say(pageCloses, 3)
		synctest.Wait()
		if mu.Lock(); len(let) > 0 {
			t.Errorf("when one is closed that has begun: %v", let)
		}
		closed, mute = "", "s5"
		mu.Unlock()
		// One whose process crashes is closed at once: it says nothing more.
		say(pageOpens, 5)
		say(`{"method":"Inspector.targetCrashed","params":{},"sessionId":"s5"}`)
		synctest.Wait()
		if mu.Lock(); closed == "" || len(tabs.Open()) != 2 {
			t.Errorf("%d tabs are open, and closed is %q", len(tabs.Open()), closed)
		}
		mu.Unlock()
	})
}

// TestATabIsClosedMeanwhile: whoever has opened it, or closes it, is told so at once.
func TestATabIsClosedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var say func(string, ...any)
		made := func(int64) {}
		var refuse, mute atomic.Bool
		tabs, say, end := obedient(t, 2, func(m asks) bool {
			switch m.Method {
			case "Target.createTarget":
				made(m.ID)
				return false
			case "Target.closeTarget":
				if refuse.Load() {
					say(`{"id":%d,"error":{"code":-32602,"message":"No target with given id found"}}`, m.ID)
				}
				return !refuse.Load()
			}
			return m.SessionID != "s6" || !mute.Load()
		})
		say(pageOpens, 1)
		synctest.Wait()
		made = func(id int64) {
			say(pageOpens, 2)
			say(pageOpens, 3)
			say(`{"id":%d,"result":{"targetId":"t3"}}`, id)
		}
		if _, err := tabs.New(t.Context()); !errors.Is(err, ErrTooManyTabs) {
			t.Errorf("when a page has opened the last that there may be: %v", err)
		}
		say(pageCloses, 2)
		synctest.Wait()
		made = func(id int64) {
			say(pageOpens, 4)
			say(pageCloses, 4)
			say(`{"id":%d,"result":{"targetId":"t4"}}`, id)
		}
		if _, err := tabs.New(t.Context()); err == nil || errors.Is(err, ErrTooManyTabs) {
			t.Errorf("when it is closed at once: %v", err)
		}
		made = func(id int64) {
			say(pageOpens, 6)
			say(`{"id":%d,"result":{"targetId":"t6"}}`, id)
			say(`{"method":"Inspector.targetCrashed","params":{},"sessionId":"s6"}`)
			say(pageCloses, 6)
		}
		mute.Store(true)
		began := time.Now()
		if err := tabs.Current().Empty(t.Context(), []string{"https://a.test"}, nil); !errors.Is(err, errClosedAtOnce) || time.Since(began) > 2*closeWithin {
			t.Errorf("when one for storage is closed at once: after %s, %v", time.Since(began), err)
		}
		mute.Store(false)
		say(pageOpens, 5)
		synctest.Wait()
		tab, first := tabs.Open()[1], tabs.Open()[0]
		say(pageCloses, 5)
		refuse.Store(true)
		if err := tabs.Close(t.Context(), tab); err != nil {
			t.Errorf("of one that is closed already: %v", err)
		}
		refuse.Store(false)
		go func() {
			synctest.Wait()
			end()
		}()
		if err := tabs.Close(t.Context(), first); !errors.Is(err, cdp.ErrClosed) {
			t.Errorf("when the browser ends: %v", err)
		}
	})
}
