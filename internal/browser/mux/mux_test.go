package mux

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// said is any message, either way.
type said struct {
	ID        int64           `json:"id,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *refusal        `json:"error,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
}

// fake is a browser that knows sessions, and these methods: echo, which answers
// its parameters; silent, which is never answered; long, whose answer is; tell,
// which is an event of that session; flood, which is a long one of the first; die,
// which ends the session that it comes from; ask, which shows a dialog, and answer,
// which ends that.
type fake struct {
	in     *bufio.Reader
	out    io.Writer
	last   int
	parent map[string]string // by session
	goOn   atomic.Int32      // how often a page was let go on
	echoed atomic.Int32
	agents sync.Map // what is in force, by session

	downloads sync.Map // what was said of them last, by session

	target string // that is attached to
}

func (f *fake) say(m said) {
	raw, _ := json.Marshal(m)
	_, _ = f.out.Write(append(raw, 0))
}

func (f *fake) run() {
	for {
		raw, err := f.in.ReadBytes(0)
		if err != nil {
			return
		}
		var m said
		if err := json.Unmarshal(raw[:len(raw)-1], &m); err != nil {
			panic(err)
		}
		if _, ok := f.parent[m.SessionID]; !ok && m.SessionID != "" {
			f.say(said{ID: m.ID, Error: &refusal{codeNoSession, "Session with given id not found."}})
			continue
		}
		switch m.Method {
		case "Target.attachToBrowserTarget", "Target.attachToTarget", "attach":
			f.last++
			id := fmt.Sprintf("S%d", f.last)
			f.parent[id] = m.SessionID
			named := json.RawMessage(`{"sessionId":"` + id + `"}`)
			f.say(said{Method: "Target.attachedToTarget", Params: named, SessionID: m.SessionID})
			f.say(said{ID: m.ID, Result: named, SessionID: m.SessionID})
		case "attachOwn": // to a window of the program itself
			f.last++
			id := fmt.Sprintf("S%d", f.last)
			f.parent[id] = m.SessionID
			f.say(said{Method: "Target.attachedToTarget", Params: json.RawMessage(`{"sessionId":"` + id + `","targetInfo":{"type":"browser_ui","url":"chrome://x/"}}`), SessionID: m.SessionID})
			f.say(said{ID: m.ID, Result: json.RawMessage(`{"sessionId":"` + id + `"}`), SessionID: m.SessionID})
		case "attachWaiting": // to a page that has not begun
			f.last++
			id := fmt.Sprintf("S%d", f.last)
			f.parent[id] = m.SessionID
			f.say(said{Method: "Target.attachedToTarget", Params: json.RawMessage(`{"sessionId":"` + id + `","targetInfo":{"targetId":"` + f.target + `","type":"page","url":""},"waitingForDebugger":true}`), SessionID: m.SessionID})
			f.say(said{ID: m.ID, Result: json.RawMessage(`{"sessionId":"` + id + `"}`), SessionID: m.SessionID})
		case resumes:
			f.goOn.Add(1)
			f.say(said{ID: m.ID, Result: json.RawMessage(`{}`), SessionID: m.SessionID})
		case "Target.getTargetInfo":
			kind := "page"
			if strings.Contains(string(m.Params), "own") {
				kind = "browser_ui"
			}
			f.say(said{ID: m.ID, Result: json.RawMessage(`{"targetInfo":{"type":"` + kind + `","url":""}}`), SessionID: m.SessionID})
		case "Target.detachFromTarget":
			var p struct{ SessionID string }
			_ = json.Unmarshal(m.Params, &p)
			if _, ok := f.parent[p.SessionID]; !ok {
				f.say(said{ID: m.ID, Error: &refusal{codeRefused, "No session with given id"}, SessionID: m.SessionID})
				continue
			}
			f.end(p.SessionID)
			f.say(said{ID: m.ID, Result: json.RawMessage(`{}`), SessionID: m.SessionID})
		case "Emulation.setUserAgentOverride", "Network.setUserAgentOverride":
			f.agents.Store(m.SessionID, string(m.Params))
			f.say(said{ID: m.ID, Result: json.RawMessage(`{}`), SessionID: m.SessionID})
		case "Browser.setDownloadBehavior":
			f.downloads.Store(m.SessionID, string(m.Params))
			f.say(said{ID: m.ID, Result: json.RawMessage(`{}`), SessionID: m.SessionID})
		case "refuse":
			f.say(said{ID: m.ID, Error: &refusal{codeRefused, "no"}, SessionID: m.SessionID})
		case "echo":
			f.echoed.Add(1)
			f.say(said{ID: m.ID, Result: m.Params, SessionID: m.SessionID})
		case "die":
			f.end(m.SessionID)
		case "silent":
		case "flood":
			_, _ = f.out.Write(flood)
		case "long":
			f.say(said{ID: m.ID, Result: json.RawMessage(long), SessionID: m.SessionID})
		case "tell":
			f.say(said{Method: "told", Params: m.Params, SessionID: m.SessionID})
			f.say(said{ID: m.ID, Result: json.RawMessage(`{}`), SessionID: m.SessionID})
		case "ask", "answer":
			event := map[string]string{"ask": "Page.javascriptDialogOpening", "answer": "Page.javascriptDialogClosed"}[m.Method]
			f.say(said{Method: event, Params: m.Params, SessionID: m.SessionID})
			f.say(said{ID: m.ID, Result: json.RawMessage(`{}`), SessionID: m.SessionID})
		default:
			f.say(said{ID: m.ID, Result: m.Params, SessionID: m.SessionID})
		}
	}
}

// flood is an event of a session that is the first.
var flood = []byte(`{"method":"flooded","params":{"text":"` + strings.Repeat("x", 8<<20) + `"},"sessionId":"S1"}` + "\x00")

// long is a result.
var long = `{"text":"` + strings.Repeat(`,\"sessionId\":\"S1\"}`, 50_000) + `"}`

func (f *fake) end(id string) {
	parent := f.parent[id]
	f.say(said{Method: "Target.detachedFromTarget", Params: json.RawMessage(`{"sessionId":"` + id + `"}`), SessionID: parent})
	f.forget(id)
}

func (f *fake) forget(id string) {
	delete(f.parent, id)
	for child, parent := range f.parent {
		if parent == id {
			f.forget(child)
		}
	}
}

// bench is a mux before a fake browser.
type bench struct {
	*Mux
	fake    *fake
	stop    func()
	left    int
	ran     chan error
	serving sync.WaitGroup
}

func newBench() *bench {
	toBrowser, fromMux := io.Pipe()
	toMux, fromBrowser := io.Pipe()
	b := &bench{fake: &fake{in: bufio.NewReader(toBrowser), out: fromBrowser, parent: map[string]string{}, target: "T"}, ran: make(chan error, 1)}
	b.Mux = New(struct {
		io.Reader
		io.Writer
	}{toMux, fromMux}, func() { b.left++ })
	b.stop = func() { fromBrowser.Close(); toBrowser.Close() }
	b.serving.Go(b.fake.run)
	b.serving.Go(func() { b.ran <- b.Run() })
	return b
}

// close ends the browser, and waits for all that runs.
func (b *bench) close() {
	b.stop()
	<-b.ran
	b.End(time.Second)
	b.serving.Wait()
}

// user is a program that uses it.
type user struct {
	conn net.Conn
	in   *bufio.Reader
	err  chan error // of Serve
	last int64
}

func (b *bench) user(rules Rules) *user { return b.userOf("", rules) }

func (b *bench) userOf(target string, rules Rules) *user {
	return b.served(func(conn net.Conn) error { return b.Serve(conn, conn, target, rules) })
}

// server is the one whose place is kept.
func (b *bench) server() *user {
	return b.served(func(conn net.Conn) error {
		return b.ServeKept(conn, conn, "note", "resumed")
	})
}

func (b *bench) served(serve func(net.Conn) error) *user {
	ours, theirs := net.Pipe()
	u := &user{conn: ours, in: bufio.NewReader(ours), err: make(chan error, 1)}
	b.serving.Go(func() { u.err <- serve(theirs) })
	return u
}

func (u *user) send(session, method, params string) (id int64) {
	u.last++
	raw, _ := json.Marshal(said{ID: u.last, Method: method, Params: json.RawMessage(params), SessionID: session})
	_, _ = u.conn.Write(append(raw, 0))
	return u.last
}

func (u *user) next() (m said, err error) {
	raw, err := u.in.ReadBytes(0)
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(raw[:len(raw)-1], &m)
}

// attachWaiting attaches to a target that waits.
func (u *user) attachWaiting() (session string) {
	u.send("", "attachWaiting", `{}`)
	_, _ = u.next()
	m, _ := u.next()
	var at struct{ SessionID string }
	_ = json.Unmarshal(m.Result, &at)
	return at.SessionID
}

// expect reads messages until they are all there, in this order.
func (u *user) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		m, err := u.next()
		raw, _ := json.Marshal(m)
		if err != nil || string(raw) != w {
			t.Fatalf("got  %s, %v\nwant %s", raw, err, w)
		}
	}
}

// TestEachClientHasItsOwn: its ids, its root session, what hangs on that, and no
// other's.
func TestEachClientHasItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		one := b.user(nil)
		one.send("", "echo", `{"of":1}`)
		one.expect(t, `{"id":1,"result":{"of":1}}`)
		two := b.user(nil)
		two.send("", "echo", `{"of":2}`)
		two.expect(t, `{"id":1,"result":{"of":2}}`)

		one.send("", "attach", `{}`)
		m, _ := one.next()
		var at struct{ SessionID string }
		_ = json.Unmarshal(m.Params, &at)
		if m.Method != "Target.attachedToTarget" || m.SessionID != "" || at.SessionID == "" {
			t.Fatalf("%+v", m)
		}
		s := at.SessionID
		one.expect(t, `{"id":2,"result":{"sessionId":"`+s+`"}}`)
		one.send(s, "tell", `{"a":"b"}`)
		one.expect(t, `{"method":"told","params":{"a":"b"},"sessionId":"`+s+`"}`, `{"id":3,"result":{},"sessionId":"`+s+`"}`)
		// Nobody uses another's, nor the other's root, which is S1.
		for _, session := range []string{s, "S1", "none"} {
			id := two.send(session, "tell", `{}`)
			two.expect(t, fmt.Sprintf(`{"id":%d,"error":{"code":-32001,"message":"Session with given id not found."}}`, id))
		}
		one.conn.Close()
		if err := <-one.err; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if len(b.fake.parent) != 1 || len(b.sessions) != 1 || len(b.calls) != 0 || len(b.clients) != 1 {
			t.Errorf("after it left: %v at the browser, %d sessions, %d calls, %d clients", b.fake.parent, len(b.sessions), len(b.calls), len(b.clients))
		}
		two.send("", "echo", `{"still":1}`)
		if m, err := two.next(); err != nil || string(m.Result) != `{"still":1}` {
			t.Errorf("%+v, %v", m, err)
		}
		two.conn.Close()
		b.close()
	})
}

// TestProgramsHaveNoWindowsOfTheBrowser: what can do more than pages can.
func TestProgramsHaveNoWindowsOfTheBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		program := b.user(Rules{})
		program.send("", "attachOwn", `{}`)
		program.expect(t, `{"id":1,"result":{"sessionId":"S2"}}`)
		synctest.Wait()
		if len(b.fake.parent) != 1 {
			t.Errorf("%v is there", b.fake.parent)
		}
		id := program.send("S2", "tell", `{}`)
		program.expect(t, fmt.Sprintf(`{"id":%d,"error":{"code":-32001,"message":"Session with given id not found."}}`, id))
		if err := <-b.userOf("own", Rules{}).err; err == nil || !strings.Contains(err.Error(), "is the program's own") {
			t.Errorf("the target alone: %v", err)
		}
		server := b.user(nil)
		server.send("", "attachOwn", `{}`)
		if m, err := server.next(); err != nil || m.Method != "Target.attachedToTarget" {
			t.Errorf("%+v, %v", m, err)
		}
		server.next()
		program.conn.Close()
		<-program.err
		synctest.Wait()
		if b.left != 1 {
			t.Errorf("%d programs have left", b.left)
		}
		server.conn.Close()
		b.close()
	})
}

// TestATargetAloneEnds with the target.
func TestATargetAloneEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		u := b.userOf("T", Rules{})
		u.send("", "silent", `{}`)
		u.send("", "echo", `{}`)
		u.expect(t, `{"id":2,"result":{}}`)
		u.send("", "die", `{}`)
		u.expect(t, `{"method":"Inspector.detached","params":{"reason":"target_closed"}}`)
		if m, err := u.next(); err == nil {
			t.Errorf("%+v", m)
		}
		<-u.err
		synctest.Wait()
		if len(b.calls) != 0 || len(b.sessions) != 0 || len(b.clients) != 0 {
			t.Errorf("%d calls, %d sessions, %d clients", len(b.calls), len(b.sessions), len(b.clients))
		}
		b.close()
	})
}

// mute is a mux before a browser that says only what the test writes.
func mute() (m *Mux, out *io.PipeWriter, running *sync.WaitGroup) {
	in, out := io.Pipe()
	m = New(struct {
		io.Reader
		io.Writer
	}{in, io.Discard}, func() {})
	running = &sync.WaitGroup{}
	running.Go(func() { _ = m.Run() })
	return m, out, running
}

// TestASilentBrowserLetsNobodyIn, and nobody waits for it for ever.
func TestASilentBrowserLetsNobodyIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, out, running := mute()
		ours, theirs := net.Pipe()
		began := time.Now()
		if err := m.Serve(theirs, theirs, "", nil); !errors.Is(err, errSilent) || time.Since(began) != rootWithin {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		ours.Close()
		// What it answers then is detached again.
		_, _ = io.WriteString(out, `{"id":1,"result":{"sessionId":"S1"}}`+"\x00")
		synctest.Wait()
		if len(m.sessions) != 0 || len(m.calls) != 1 {
			t.Errorf("%d sessions, %d calls", len(m.sessions), len(m.calls))
		}
		out.Close()
		running.Wait()
	})
}

// TestItEndsWithinALongAnswer: what is told then is a message of its own.
func TestItEndsWithinALongAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, out, running := mute()
		ours, theirs := net.Pipe()
		running.Go(func() { _ = m.Serve(theirs, theirs, "", nil) })
		u := &user{conn: ours, in: bufio.NewReader(ours)}
		synctest.Wait()
		_, _ = io.WriteString(out, `{"id":1,"result":{"sessionId":"S1"}}`+"\x00")
		u.send("", "long", `{}`)
		synctest.Wait()
		running.Go(func() {
			_, _ = io.WriteString(out, `{"id":2,"result":{"text":"`+strings.Repeat("x", 3*readSize))
			out.Close()
		})
		if _, err := u.next(); err == nil {
			t.Error("it is whole")
		}
		synctest.Wait()
		m.Tell("Keeper.exited", map[string]int{"code": 7})
		m.End(time.Second)
		u.expect(t, `{"method":"Keeper.exited","params":{"code":7}}`)
		running.Wait()
	})
}

// TestWhatIsNeverAnsweredIsForgotten, when its session has ended.
func TestWhatIsNeverAnsweredIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		u := b.user(nil)
		u.send("", "attach", `{}`)
		u.next()
		m, _ := u.next()
		var at struct{ SessionID string }
		_ = json.Unmarshal(m.Result, &at)
		for range 10 {
			u.send(at.SessionID, "silent", `{}`)
		}
		synctest.Wait()
		if len(b.calls) != 10 {
			t.Fatalf("%d calls", len(b.calls))
		}
		u.send(at.SessionID, "die", `{}`)
		u.expect(t, `{"method":"Target.detachedFromTarget","params":{"sessionId":"`+at.SessionID+`"}}`)
		synctest.Wait()
		if len(b.calls) != 0 || len(b.sessions) != 1 {
			t.Errorf("%d calls, %d sessions", len(b.calls), len(b.sessions))
		}
		u.conn.Close()
		b.close()
	})
}

// TestLongAnswers are as others are, whose session's id is cut off or not, and
// events too.
func TestLongAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		u := b.user(nil)
		u.send("", "attach", `{}`)
		m, _ := u.next()
		var at struct{ SessionID string }
		_ = json.Unmarshal(m.Params, &at)
		u.next()
		for _, session := range []string{"", at.SessionID} {
			id := u.send(session, "long", `{}`)
			if m, err := u.next(); err != nil || m.ID != id || m.SessionID != session || string(m.Result) != long {
				t.Errorf("session %q: id %d, session %q, %d bytes, %v", session, m.ID, m.SessionID, len(m.Result), err)
			}
			id = u.send(session, "echo", `{"after":1}`)
			if m, err := u.next(); err != nil || m.ID != id || string(m.Result) != `{"after":1}` {
				t.Errorf("%+v, %v", m, err)
			}
		}
		synctest.Wait()
		if len(b.calls) != 0 {
			t.Errorf("%d calls", len(b.calls))
		}
		u.send("", "flood", `{}`)
		if m, err := u.next(); err != nil || m.Method != "flooded" || m.SessionID != "" || len(m.Params) != len(`{"text":""}`)+8<<20 {
			t.Errorf("%s, session %q, %d bytes, %v", m.Method, m.SessionID, len(m.Params), err)
		}
		u.conn.Close()
		b.close()
	})
}

// TestWhoDoesNotReadIsCutOff at a bound, and nobody waits for it.
func TestWhoDoesNotReadIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		slow := b.user(Rules{})
		slow.send("", "echo", `{}`)
		slow.next()
		quick := b.user(nil)
		for range maxBacklog/(8<<20) + 2 {
			slow.send("", "flood", `{}`)
			quick.send("", "echo", `{}`)
			if m, err := quick.next(); err != nil || string(m.Result) != `{}` {
				t.Fatalf("%+v, %v", m, err)
			}
		}
		if err := <-slow.err; !errors.Is(err, ErrBacklog) {
			t.Errorf("it ended with %v", err)
		}
		quick.conn.Close()
		b.close()
	})
}

// TestTheServerIsWaitedFor: it reads whatever it is told, also when the machine is
// so busy that it is far behind.
func TestTheServerIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		server := b.user(nil)
		server.send("", "echo", `{}`)
		server.next()
		const times = maxBacklog/(8<<20) + 3
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for range times {
				server.send("", "flood", `{}`)
			}
			server.send("", "echo", `{}`)
		}()
		synctest.Wait()
		server.in = bufio.NewReaderSize(server.conn, 1<<20)
		for i := range times {
			if raw, err := server.in.ReadString(0); err != nil || !strings.HasPrefix(raw, `{"method":"flooded"`) {
				t.Fatalf("%d: %.40q, %v", i, raw, err)
			}
		}
		server.expect(t, `{"id":`+fmt.Sprint(server.last)+`,"result":{}}`)
		<-sent
		server.conn.Close()
		b.close()
	})
}

// TestNobodyWaitsForWhoHasLeft, the browser's reader least of all.
func TestNobodyWaitsForWhoHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox(true)
		o.put(parcel{pieces: [][]byte{make([]byte, maxBacklog+1)}})
		put := make(chan bool, 1)
		go func() { put <- o.put(parcel{}) }()
		synctest.Wait()
		select {
		case <-put:
			t.Error("it did not wait")
		default:
		}
		o.close()
		if !<-put {
			t.Error("it is to be cut off")
		}
	})
}

// TestNothingIsKeptForWhoHasLeft, whose place is.
func TestNothingIsKeptForWhoHasLeft(t *testing.T) {
	o := newOutbox(true)
	for range 3 {
		o.put(parcel{pieces: [][]byte{make([]byte, atOnce)}})
	}
	gone := errors.New("it has left")
	if err := o.drain(func([][]byte) error { return gone }); !errors.Is(err, gone) || len(o.waiting) != 0 {
		t.Errorf("%v, %d messages wait", err, len(o.waiting))
	}
}

// TestWhoIsCutOffHears of it, also when somebody has a descriptor of the
// connection's own.
func TestWhoIsCutOffHears(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "end") // which stays open
		defer f.Close()
		if ends[i], err = net.FileConn(f); err != nil {
			t.Fatal(err)
		}
		defer ends[i].Close()
	}
	c := &client{conn: ends[0]}
	c.cut(ErrBacklog)
	_ = ends[1].SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := ends[1].Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d, %v", n, err)
	}
}

// TestLongAnswersCountApart: a program that has not read one yet is told what
// comes after.
func TestLongAnswersCountApart(t *testing.T) {
	var o *outbox
	part := func(n int) parcel { return parcel{pieces: [][]byte{make([]byte, n)}, long: true} }
	event := parcel{pieces: [][]byte{make([]byte, 10)}}
	for name, c := range map[string]struct {
		long, whole int
		takes       bool // an event that comes then
	}{
		"nothing":                {0, 0, true},
		"a long answer":          {maxBacklog + 1, 0, true},
		"a little":               {0, maxBacklog, true},
		"too much":               {0, maxBacklog + 1, false},
		"too much and a long":    {maxLong, maxBacklog + 1, false},
		"a little, and one long": {maxLong, maxBacklog, true},
	} {
		o = newOutbox(false)
		o.put(part(c.long))
		o.put(parcel{pieces: [][]byte{make([]byte, c.whole)}})
		if got := o.put(event); got != c.takes {
			t.Errorf("%s: %t", name, got)
		}
	}
	o = newOutbox(false)
	o.put(part(maxLong + 1))
	if o.put(part(1)) {
		t.Error("long answers have no bound")
	}
}

// TestTheLastNewsArrive: what the browser said before it ended, and then how it
// did; for those that there are rules for, the first alone.
func TestTheLastNewsArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		server, client, late := b.user(nil), b.user(Rules{}), b.user(nil)
		for _, u := range []*user{server, client} {
			u.send("", "echo", `{"n":1}`)
		}
		synctest.Wait()
		b.stop()
		<-b.ran
		late.send("", "echo", `{}`)
		b.Tell("Keeper.exited", map[string]int{"code": 7})
		b.End(time.Second)
		server.expect(t, `{"id":1,"result":{"n":1}}`, `{"method":"Keeper.exited","params":{"code":7}}`)
		client.expect(t, `{"id":1,"result":{"n":1}}`)
		late.expect(t, `{"method":"Keeper.exited","params":{"code":7}}`)
		for _, u := range []*user{server, client, late} {
			if m, err := u.next(); err == nil {
				t.Errorf("%+v", m)
			}
		}
		after := b.user(nil)
		if m, err := after.next(); err == nil {
			t.Errorf("%+v", m)
		}
		b.serving.Wait()
	})
}

// TestAnyClients does everything at random with several, and compares with what
// each alone would have had from a browser of its own.
func TestAnyClients(t *testing.T) {
	type turn struct {
		do            string
		user, session int
	}
	turns := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) turn {
		return turn{
			rapid.SampledFrom([]string{"join", "echo", "tell", "attach", "attach", "silent", "die", "other", "leave"}).Draw(r, "do"),
			rapid.IntRange(0, 9).Draw(r, "user"), rapid.IntRange(0, 9).Draw(r, "session"),
		}
	}), 1, 60)
	rapid.Check(t, func(r *rapid.T) {
		all := turns.Draw(r, "turns")
		synctest.Test(t, func(t *testing.T) {
			b := newBench()
			type alone struct {
				*user
				sessions []string
				silent   int
			}
			users := []*alone{{user: b.user(nil), sessions: []string{""}}}
			synctest.Wait()
			for _, turn := range all {
				i := turn.user % len(users)
				u := users[i]
				s, on := u.sessions[turn.session%len(u.sessions)], ""
				if s != "" {
					on = `,"sessionId":"` + s + `"`
				}
				switch turn.do {
				case "join":
					users = append(users, &alone{user: b.user(nil), sessions: []string{""}})
				case "echo":
					id := u.send(s, "echo", `{"x":[1,"\u0000"]}`)
					u.expect(t, fmt.Sprintf(`{"id":%d,"result":{"x":[1,"\u0000"]}%s}`, id, on))
				case "tell":
					id := u.send(s, "tell", `{"a":{}}`)
					u.expect(t, `{"method":"told","params":{"a":{}}`+on+`}`, fmt.Sprintf(`{"id":%d,"result":{}%s}`, id, on))
				case "attach":
					id := u.send(s, "attach", `{}`)
					m, _ := u.next()
					var at struct{ SessionID string }
					_ = json.Unmarshal(m.Params, &at)
					u.sessions = append(u.sessions, at.SessionID)
					u.expect(t, fmt.Sprintf(`{"id":%d,"result":{"sessionId":"%s"}%s}`, id, at.SessionID, on))
				case "silent":
					u.send(s, "silent", `{}`)
					u.silent++
				case "die":
					if s == "" {
						continue
					}
					u.send(s, "die", `{}`)
					if m, err := u.next(); err != nil || m.Method != "Target.detachedFromTarget" {
						t.Fatalf("%+v, %v", m, err)
					}
					synctest.Wait()
					u.sessions = slices.DeleteFunc(u.sessions, func(one string) bool {
						_, ok := b.fake.parent[one]
						return one != "" && !ok
					})
				case "other":
					o := users[(i+1)%len(users)]
					if s = o.sessions[turn.session%len(o.sessions)]; o == u || s == "" {
						continue
					}
					id := u.send(s, "tell", `{}`)
					u.expect(t, fmt.Sprintf(`{"id":%d,"error":{"code":-32001,"message":"Session with given id not found."}}`, id))
				case "leave":
					if len(users) == 1 {
						continue
					}
					u.conn.Close()
					if err := <-u.err; err != nil {
						t.Fatal(err)
					}
					users = slices.Delete(users, i, i+1)
				}
				synctest.Wait()
				have, calls := 0, 0
				for _, u := range users {
					have += len(u.sessions)
					calls += u.silent
				}
				if len(b.fake.parent) != have || len(b.sessions) != have || len(b.clients) != len(users) || len(b.calls) > calls {
					t.Fatalf("after %v: %d sessions at the browser, %d here, %d clients, %d calls; want %d, %d, at most %d", turn,
						len(b.fake.parent), len(b.sessions), len(b.clients), len(b.calls), have, len(users), calls)
				}
			}
			for _, u := range users {
				u.conn.Close()
			}
			b.close()
		})
		if t.Failed() {
			r.Fatal("see above")
		}
	})
}

// TestProgramsHoldSoMuchTogether: of all that say much or don't read, it is who holds
// most that is cut off, and nothing is held of who has left.
func TestProgramsHoldSoMuchTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench()
		b.held.limit = 3 << 19
		held := func() (int, int) {
			b.held.mu.Lock()
			defer b.held.mu.Unlock()
			return b.held.all, len(b.held.by)
		}
		server := b.user(nil)
		server.send("", "echo", `{}`)
		server.next()
		var all []*user
		begin := func(bytes int) *user {
			u := b.user(Rules{})
			all = append(all, u)
			u.send("", "echo", `{}`)
			u.next()
			u.last++
			go func() {
				_, _ = fmt.Fprintf(u.conn, `{"id":%d,"method":"echo","params":{"text":"%s`, u.last, strings.Repeat("x", bytes))
			}()
			synctest.Wait()
			return u
		}
		some, more := begin(300<<10), begin(500<<10)
		if got, of := held(); got < 500<<10 || of != 2 {
			t.Errorf("%d bytes of %d are held", got, of)
		}
		long := begin(0) // which doesn't read its answer
		_, _ = fmt.Fprint(long.conn, `"}}`+"\x00")
		synctest.Wait()
		long.next()
		long.send("", "long", `{}`)
		synctest.Wait()
		if err := <-long.err; !errors.Is(err, ErrTogether) {
			t.Errorf("it ended with %v", err)
		}
		for range 4 {
			begin(400 << 10)
		}
		if err := <-more.err; !errors.Is(err, ErrTogether) {
			t.Errorf("it ended with %v", err)
		}
		_, _ = fmt.Fprint(some.conn, `"}}`+"\x00")
		if m, err := some.next(); err != nil || m.ID != some.last || len(m.Result) < 300<<10 {
			t.Errorf("the answer has %d bytes, %v", len(m.Result), err)
		}
		// The server holds what it holds.
		go server.send("", "echo", `{"text":"`+strings.Repeat("x", 3<<20)+`"}`)
		if m, err := server.next(); err != nil || len(m.Result) < 3<<20 {
			t.Errorf("the answer has %d bytes, %v", len(m.Result), err)
		}
		for _, u := range all {
			u.conn.Close()
		}
		synctest.Wait()
		if got, of := held(); got != 0 || of != 0 {
			t.Errorf("%d bytes of %d are held of who has left", got, of)
		}
		server.conn.Close()
		b.close()
	})
}
