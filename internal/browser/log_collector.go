package browser

import (
	"cmp"
	"encoding/json"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/browser/keeper"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/egress"
	"github.com/browserhook/browserhook/internal/sessionlog"
)

const (
	// writeEvery is how often the log is written while there is something to write:
	// so much is lost when the server is killed.
	writeEvery = 500 * time.Millisecond
	// eventsPerSecond and bytesPerSecond bound what a page may say for long; what is more,
	// and more than may wait to be written, is counted and lost.
	eventsPerSecond, bytesPerSecond = 1000, 1 << 20
	// maxUnread bounds what waits to be written, in bytes and events; what comes
	// meanwhile is counted and lost.
	maxUnread, maxUnreadEvents = 8 << 20, 10_000
	// maxEvent bounds what is read of one event, in bytes.
	maxEvent = 512 << 10
	// maxUnder is how many requests may be under way; of more, the oldest stay
	// without an end.
	maxUnder = 2000
)

// logEvents is what is told of a session's log.
var logEvents = []string{
	"Runtime.consoleAPICalled", "Runtime.exceptionThrown",
	"Network.requestWillBeSent", "Network.requestServedFromCache", "Network.responseReceived", "Network.dataReceived", "Network.loadingFinished", "Network.loadingFailed",
	"Network.webSocketCreated", "Network.webSocketWillSendHandshakeRequest", "Network.webSocketHandshakeResponseReceived", "Network.webSocketFrameError", "Network.webSocketClosed",
	"Target.detachedFromTarget",
}

// logCollector keeps the session's log: what all of its pages, frames and workers say
// and ask for. What the browser tells is only put aside when it comes, and read some
// at a time, beside the wire.
type logCollector struct {
	conn    *cdp.Conn
	secrets *domain.Secrets
	doing   func() string

	events, bytes *rate.Limiter

	mu      sync.Mutex
	replays map[string]bool // the protocol sessions that tell again what a server before was told
	unread  []logEvent
	size    int
	lost    int
	more    chan struct{} // of capacity 1: there is something

	writing sync.Mutex // held while what is below is used
	file    *sessionlog.File
	last    int64
	printed time.Time
	under   map[string]*exchangeEntry // requests by their ids
	changed []*domain.LogEntry        // since the last writing, in order
	pending map[int64]bool            // those among them
}

// logEvent is an event, when it came, and which step ran.
type logEvent struct {
	cdp.Event
	at   time.Time
	step string
	size int  // of one that is too large to be read
	past bool // a server before may have been told
	own  *domain.LogEntry
}

// exchangeEntry is a request that is not over.
type exchangeEntry struct {
	*domain.LogEntry
	session string
	began   float64 // by the browser's clock, in seconds; 0: nobody knows
}

// OpenLog opens the log of a session, or makes it. flush writes what is in memory.
type OpenLog func(session string, flush func()) (*sessionlog.File, error)

// record begins to keep the session's log, if there is to be one.
func (t *Tabs) record(open OpenLog) {
	if open == nil {
		return
	}
	r := &logCollector{
		conn: t.conn, secrets: t.secrets, doing: t.attributedStep, more: make(chan struct{}, 1), replays: map[string]bool{}, under: map[string]*exchangeEntry{}, pending: map[int64]bool{},
		events: rate.NewLimiter(eventsPerSecond, maxUnreadEvents), bytes: rate.NewLimiter(bytesPerSecond, maxUnread),
	}
	if err := r.open(open, t.session); err != nil {
		t.log.Error("a session's log can't be kept", "session", t.session, "err", err)
		return
	}
	t.collector = r
	t.conn.ListenAll(r.onEvent, logEvents...)
	t.conn.Listen("", r.refused, keeper.MethodTold)
	t.conn.Go(func() {
		r.run(func(err error) { t.log.Error("write a session's log", "session", t.session, "err", err) })
	})
}

// open opens the file, and goes on where a server before has ended. Whoever reads it
// meanwhile waits.
func (r *logCollector) open(open OpenLog, session string) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	file, err := open(session, r.flush)
	if err != nil {
		return err
	}
	r.file, r.last, r.printed = file, file.Last, file.Printed
	for _, e := range file.Under {
		r.under[e.RequestID] = &exchangeEntry{LogEntry: &e}
	}
	return nil
}

// refused records a connection that the session may not make, as the keeper tells.
func (r *logCollector) refused(e cdp.Event) {
	var no egress.Refusal
	if json.Unmarshal(e.Params, &no) == nil && no.Class == egress.ClassBlocked {
		r.put(logEvent{own: &domain.LogEntry{Kind: domain.LogRefused, Host: no.Host, Port: no.Port, Reason: no.Reason}})
	}
}

// onEvent is what the browser tells. It runs on the goroutine that reads the wire.
func (r *logCollector) onEvent(e cdp.Event) {
	n := logEvent{Event: e}
	if len(e.Params) > maxEvent {
		if e.Method != "Runtime.consoleAPICalled" && e.Method != "Runtime.exceptionThrown" && e.Method != "Network.requestWillBeSent" {
			return
		}
		n.size, n.Params = len(e.Params), nil
	}
	r.put(n)
}

func (r *logCollector) put(n logEvent) {
	n.at, n.step = time.Now(), r.doing()
	r.mu.Lock()
	n.past = r.replays[n.SessionID]
	if r.size > maxUnread || len(r.unread) >= maxUnreadEvents || !r.events.AllowN(n.at, 1) || !r.bytes.AllowN(n.at, len(n.Params)) {
		r.lost++
	} else {
		r.unread = append(r.unread, n)
		r.size += len(n.Params)
	}
	r.mu.Unlock()
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// replay says that a protocol session tells again what a server before was told or, when
// it has, that it tells only what is new.
func (r *logCollector) replay(session string, again bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if again {
		r.replays[session] = true
	} else {
		delete(r.replays, session)
	}
}

// run writes what there is, again and again, until the wire has ended.
func (r *logCollector) run(failed func(error)) {
	told := false
	write := func() {
		if err := r.write(); err != nil && !told {
			told = true
			failed(err)
		}
	}
	defer func() {
		write()
		r.writing.Lock()
		defer r.writing.Unlock()
		_ = r.file.Close()
		r.file = nil
	}()
	pause := time.NewTimer(writeEvery)
	defer pause.Stop()
	for {
		select {
		case <-r.more:
		case <-r.conn.Done():
			return
		}
		pause.Reset(writeEvery)
		select {
		case <-pause.C:
		case <-r.conn.Done():
			return
		}
		write()
	}
}

// flush writes what there is.
func (r *logCollector) flush() { _ = r.write() }

func (r *logCollector) write() error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.file == nil {
		return nil
	}
	r.mu.Lock()
	unread, lost := r.unread, r.lost
	r.unread, r.size, r.lost = nil, 0, 0
	r.mu.Unlock()
	for i := range unread {
		r.read(&unread[i])
	}
	if lost > 0 {
		r.add(&domain.LogEntry{Kind: domain.LogConsole, At: time.Now(), Type: "warning", Text: lostText(lost)})
	}
	if len(r.changed) == 0 {
		return nil
	}
	entries := make([]domain.LogEntry, 0, len(r.changed))
	for _, e := range r.changed {
		entries = append(entries, *e)
	}
	if err := r.file.Write(entries); err != nil {
		if len(r.changed) > maxUnreadEvents {
			r.changed = nil // the disk has been full for long
			clear(r.pending)
		}
		return err // they are tried again with the next
	}
	r.changed = nil
	clear(r.pending)
	return nil
}

// add gives an entry its number. writing is held, as for all that follows.
func (r *logCollector) add(e *domain.LogEntry) {
	r.last++
	e.Number = r.last
	r.change(e)
}

// change has an entry written.
func (r *logCollector) change(e *domain.LogEntry) {
	if !r.pending[e.Number] {
		r.pending[e.Number] = true
		r.changed = append(r.changed, e)
	}
}

// maxText bounds a text in the log, in bytes.
const maxText = 4096

// text is what a page says, as it is kept.
func (r *logCollector) text(s string) string {
	return cutText(r.secrets.Hide(domain.HideUserinfo(domain.CleanText(s[:min(len(s), 4*maxText)]))))
}

// address is one of a page's, as it is kept.
func (r *logCollector) address(url string) string {
	return cutText(r.secrets.HideURL(domain.CleanText(shortURL(url))))
}

// read takes what the browser told.
func (r *logCollector) read(n *logEvent) {
	switch {
	case n.own != nil:
		n.own.At, n.own.StepID = n.at, n.step
		n.own.Host, n.own.Reason = r.text(n.own.Host), r.text(n.own.Reason)
		r.add(n.own)
	case n.Method == "Runtime.consoleAPICalled", n.Method == "Runtime.exceptionThrown":
		r.said(n)
	default:
		r.traffic(n)
	}
}

// said takes what a page wrote to its console, or an exception that it didn't catch.
func (r *logCollector) said(n *logEvent) {
	var ev struct {
		Type      string        `json:"type"`
		Timestamp float64       `json:"timestamp"` // in ms since 1970
		Args      []RemoteValue `json:"args"`
		Stack     callStack     `json:"stackTrace"`
		Exception *exception    `json:"exceptionDetails"`
	}
	if n.Params != nil && json.Unmarshal(n.Params, &ev) != nil {
		return
	}
	at := n.at
	if ev.Timestamp > 0 {
		at = time.UnixMicro(int64(ev.Timestamp * 1000))
		if n.past && !at.After(r.printed) {
			return // a server before this one was told
		}
	}
	e := &domain.LogEntry{Kind: domain.LogConsole, At: at, StepID: n.step, Type: r.text(ev.Type)}
	switch x := ev.Exception; {
	case n.Params == nil:
		e.Text = tooLong(n.size)
	case x != nil:
		e.Kind, e.Type, e.Text = domain.LogError, "", r.text(cmp.Or(x.Exception.String(), x.Text))
		e.URL, e.Line, e.Column = r.address(x.URL), x.Line+1, x.Column+1
	default:
		e.Text = r.text(join(ev.Args))
	}
	if frames := ev.Stack.Frames; e.Kind == domain.LogConsole && len(frames) > 0 {
		e.URL, e.Line, e.Column = r.address(frames[0].URL), frames[0].Line+1, frames[0].Column+1
	}
	r.add(e)
}
