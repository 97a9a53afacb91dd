package live_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/browser/cdp"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/live"
	"github.com/browserhook/browserhook/internal/session"
	"github.com/browserhook/browserhook/internal/step"
	"github.com/browserhook/browserhook/internal/ui"
)

func TestMain(m *testing.M) {
	browsertest.Main()
	goleak.VerifyTestMain(m)
}

// fakeSessions is sessions by id, each with a link whose token is the id, too.
type fakeSessions struct {
	mu    sync.Mutex
	pages map[string]*browser.Page

	current func(id string) *browser.Page // instead of pages

	fail     error // of every look at the store
	steps    []domain.Step
	mode     domain.StreamMode
	status   domain.SessionStatus // empty: READY
	reason   domain.CloseReason
	revoked  time.Time // the link
	expires  time.Time
	stopping chan struct{}
	ownStop  chan struct{}
	revoke   context.CancelFunc // of the key that the last viewer's link was made with

	control *domain.Control // who has the session
	actions []byte          // that were kept last
	name    string          // of links
	once    string          // the resume token of whose the link is
	seen    []domain.Viewer // that came
	gone    chan struct{}   // closed when the next has left
	embed   []string
	replay  bool // of links
	archive archive

	changed chan struct{} // closed at the next change
	asked   chan struct{} // closed when the session is looked at next
	held    chan struct{} // what is looked at waits for it; nil: it doesn't
	opened  chan struct{} // has one for each link that is opened, as far as there is room
	letIn   chan struct{} // has one for each viewer that may see what it opened, as far as there is room
	asks    int           // how often it was
	conns   []net.Conn
}

func (h *fakeSessions) OpenStream(_ context.Context, token string) (domain.Stream, domain.Session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case h.opened <- struct{}{}:
	default:
	}
	if h.fail != nil {
		return domain.Stream{}, domain.Session{}, h.fail
	}
	if !h.revoked.IsZero() {
		return domain.Stream{}, domain.Session{}, domain.ErrStreamOver
	}
	if _, ok := h.pages[token]; !ok && h.current == nil {
		return domain.Stream{}, domain.Session{}, domain.ErrNotFound
	}
	return domain.Stream{ID: "str_a", Name: h.name, Mode: h.mode, SessionID: token, ExpiresAt: h.expires, Replay: h.replay, Once: h.once != ""}, h.session(token), nil
}

func (h *fakeSessions) session(id string) domain.Session {
	return domain.Session{ID: id, Status: cmp.Or(h.status, domain.SessionReady), CloseReason: h.reason, Control: h.control}
}

// Session is the first thing that is asked of the store when a session has changed.
func (h *fakeSessions) Session(_ context.Context, _, id string) (domain.Session, error) {
	if h.held != nil {
		<-h.held
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asks++
	if h.asked != nil {
		close(h.asked)
		h.asked = nil
	}
	return h.session(id), h.fail
}

func (h *fakeSessions) QueuePositions(context.Context, string, []string) (map[string]int, error) {
	return map[string]int{"a": 3}, nil
}

func (h *fakeSessions) Streams(context.Context, string, string) ([]domain.Stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return []domain.Stream{{ID: "str_a", RevokedAt: h.revoked}}, nil
}

func (h *fakeSessions) Steps(_ context.Context, _, _ string, after, limit int) ([]domain.Step, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.steps, func(s domain.Step) bool { return s.Index > after })
	if i < 0 {
		return nil, h.fail
	}
	return h.steps[i:min(i+limit, len(h.steps))], h.fail
}

func (h *fakeSessions) Page(id string) (*browser.Page, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pages[id]
	if h.current != nil {
		p = h.current(id)
	}
	return p, p != nil
}
func (h *fakeSessions) Touch(string) {}

// Watch lets the first viewer in by a link that is for one.
func (h *fakeSessions) Watch(_ context.Context, st domain.Stream, resume, address string) (domain.Viewer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.once != "" && h.once != resume {
		return domain.Viewer{}, domain.ErrStreamOver
	}
	h.seen = append(h.seen, domain.Viewer{ID: fmt.Sprint(len(h.seen)), StreamID: st.ID, Address: address})
	return h.seen[len(h.seen)-1], nil
}

// TakeOver lets one have the session.
func (h *fakeSessions) TakeOver(_ context.Context, _, _ string, by domain.Control) (domain.Control, error) {
	var err error
	h.change(func() {
		if h.control != nil {
			if h.control.Resume != by.Resume || by.Resume == "" {
				err = &session.HeldError{By: *h.control}
				return
			}
			by.Artifact = h.control.Artifact
		}
		h.control = &by
	})
	return by, err
}

// SaveManualActions keeps the last.
func (h *fakeSessions) SaveManualActions(_ context.Context, _, _, _ string, actions []byte) error {
	h.change(func() { h.actions = actions })
	return nil
}

func (h *fakeSessions) GiveBack(_ context.Context, _, _, viewer string) error {
	h.change(func() {
		if h.control != nil && h.control.Viewer == viewer {
			h.control = nil
		}
	})
	return nil
}

func (h *fakeSessions) Unwatch(_ context.Context, v domain.Viewer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, _ := strconv.Atoi(v.ID)
	h.seen[n].LeftAt = time.Now()
	close(h.gone)
	h.gone = make(chan struct{})
	return nil
}

func (h *fakeSessions) Changed(string) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return h.changed
}

func (h *fakeSessions) countAsks() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asks
}

// looked is closed when somebody looks at the link.
func (h *fakeSessions) looked() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked == nil {
		h.asked = make(chan struct{})
	}
	return h.asked
}

// change makes a change and tells of it.
func (h *fakeSessions) change(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fn()
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// hangUp breaks every viewer's connection.
func (h *fakeSessions) hangUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, conn := range h.conns {
		_ = conn.Close()
	}
	h.conns = nil
}
func (h *fakeSessions) WithKey(ctx context.Context, _ string) (context.Context, func()) {
	ctx, end := context.WithCancel(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.revoke = end
	select {
	case h.letIn <- struct{}{}:
	default:
	}
	return ctx, end
}
func (h *fakeSessions) LastSteps(context.Context, string, string, int, int) ([]domain.Step, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.steps), h.fail
}

func (h *fakeSessions) set(fail error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail = fail
}

// open serves the fakeSessions's live pages.
func (h *fakeSessions) open(t *testing.T) *httptest.Server {
	t.Helper()
	s := h.closed()
	s.Start()
	t.Cleanup(s.Close)
	t.Cleanup(func() { // nobody waits for who may come again
		if h.ownStop != nil {
			close(h.ownStop)
			h.ownStop = nil
		}
	})
	return s
}

// closed is what serves them before it does.
func (h *fakeSessions) closed() *httptest.Server {
	refuse := func(w http.ResponseWriter, code domain.Code, detail string) {
		http.Error(w, detail, map[domain.Code]int{domain.CodeUnavailable: 503, domain.CodeNotFound: 404, "upgrade_required": 426}[code])
	}
	mux := http.NewServeMux()
	h.gone = make(chan struct{})
	if h.stopping == nil {
		h.stopping = make(chan struct{})
		h.ownStop = h.stopping
	}
	handler := live.New(h, h, h, h.stopping, refuse, slog.New(slog.DiscardHandler))
	handler.Embed, handler.Recordings = h.embed, &h.archive
	handler.Routes(mux)
	ui.Shared.Routes(mux)
	s := httptest.NewUnstartedServer(mux)
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateHijacked {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.conns = append(h.conns, c)
		}
	}
	return s
}

// look connects a viewer.
func look(t *testing.T, s *httptest.Server, id string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/streams/ws?id="+id, &websocket.DialOptions{HTTPClient: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(64 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// patience is how long is waited for what browsers show and do on a machine that has much
// else to do.
const patience = time.Minute

// frames reads until so many frames have come.
func frames(t *testing.T, conn *websocket.Conn, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for n > 0 {
		kind, _, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("%d frames are missing: %v", n, err)
		}
		if kind == websocket.MessageBinary {
			n--
		}
	}
}

// TestAStuckBrowserHoldsNobody stops the browser of one session for good, with
// viewers and a wire that is full: its own calls end at their time, the other
// session's steps and frames go on, and it is closed at once.
func TestAStuckBrowserHoldsNobody(t *testing.T) {
	l := browsertest.Launcher(t, step.Script(), nil)
	a, b := browsertest.Launch(t, l, domain.SessionOptions{}), browsertest.Launch(t, l, domain.SessionOptions{})
	run := func(p *browser.Page, s step.Spec) *domain.Failure {
		_, f := step.Run(t.Context(), p, &s, nil)
		return f
	}
	moving := step.Spec{Action: "goto", URL: `data:text/html,<h1>0</h1><script>setInterval(() => { document.querySelector('h1').textContent++ }, 50)</script>`}
	for _, p := range []*browser.Page{a.Page(), b.Page()} {
		if f := run(p, moving); f != nil {
			t.Fatalf("%+v", f)
		}
	}
	h := &fakeSessions{pages: map[string]*browser.Page{"a": a.Page(), "b": b.Page()}, mode: domain.StreamControl}
	server := h.open(t)
	atA, atB := look(t, server, "a"), look(t, server, "b")
	frames(t, atA, 2)
	frames(t, atB, 2)

	if err := syscall.Kill(a.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for range 8 { // more than its socket and its pipe hold
		if _, err := a.Page().Send("Runtime.evaluate", map[string]any{"expression": "'" + strings.Repeat("x", 256<<10) + "'"}); err != nil {
			t.Fatal(err)
		}
	}
	_ = atA.Write(t.Context(), websocket.MessageText, []byte(`{"type":"mouse","kind":"down","button":"left","x":0.5,"y":0.5}`))
	look(t, server, "a") // another viewer comes, and both go
	_ = atA.CloseNow()

	const held = cdp.DefaultTimeout / 2 // what waits for the browser has to wait for longer
	began := time.Now()
	f := run(a.Page(), step.Spec{Action: "evaluate", Expression: "1", Timeout: "1s"})
	if took := time.Since(began); f == nil || f.Code != step.CodeTimeout || took > held {
		t.Errorf("a step of a second took %s and ended with %+v", took, f)
	}
	began = time.Now()
	frames(t, atB, 5)
	if f := run(b.Page(), step.Spec{Action: "evaluate", Expression: "1"}); f != nil {
		t.Errorf("%+v", f)
	}
	frames(t, look(t, server, "b"), 2)
	if took := time.Since(began); took > held {
		t.Errorf("the other session took %s", took)
	}

	began = time.Now()
	if err := a.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > held {
		t.Errorf("closing took %s", took)
	}
}
