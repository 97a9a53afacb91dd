package live

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

const (
	writeWithin = 10 * time.Second
	stateEvery  = 100 * time.Millisecond // at most
	inputWithin = 5 * time.Second
	pingEvery   = 20 * time.Second
	// maxAhead is how many pictures are on their way to a viewer that tells when it
	// has drawn them.
	maxAhead = 3
)

// Why a viewer is sent away, as WebSocket close codes of our own.
const (
	closeOver     = websocket.StatusCode(4001) // the link opens nothing any more
	closeMoved    = websocket.StatusCode(4002) // another server has the session: connect again
	closeStopping = websocket.StatusGoingAway
)

// viewer is one connection of the live page.
type viewer struct {
	*Handler
	conn    *websocket.Conn
	stream  domain.Stream
	token   string // that opened it
	session string
	hub     *hub
	seen    domain.Viewer
	resume  string           // the token of its tab, which tells that it comes again
	late    bool             // the session had ended, and the link with it: that is all it is told
	bye     bool             // it has ended the connection, not lost it; known when running has ended
	revoked <-chan struct{}  // closed when the link's key is
	told    map[int]stepLine // by index
	flow    *flow
	wants   chan int       // indexes of steps whose result it wants to see
	running sync.WaitGroup // what serves it beside what writes

	attends atomic.Bool // it has control, and answers what the page asks
	replies chan reply
	upload  upload
	gives   bool          // it has given files: bytes may come; only read knows it
	asked   int64         // that it was told last; only write knows it
	page    *browser.Page // that is shown; nil before the session has one; only write knows it

	mu      sync.Mutex
	watcher *browser.Watcher // of page
	fit     browser.Fit
	tab     int           // that it has chosen; 0: the current one
	wished  chan struct{} // fit or tab is another
}

// socket serves one viewer. The token is what lets it in, whatever page it
// comes from, so no origin is refused.
func (h *Handler) socket(w http.ResponseWriter, r *http.Request) {
	stream, session, err := h.sessions.OpenStream(r.Context(), token(r))
	switch {
	case opensNothing(err):
		h.refuse(w, domain.CodeNotFound, "This link opens nothing, or no longer.")
		return
	case err != nil:
		h.log.Debug("open live socket", "err", err)
		h.refuse(w, domain.CodeUnavailable, "The server can't look at the link right now.")
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		h.refuse(w, "upgrade_required", "Open this path as a WebSocket.")
		return
	}
	if h.Servers != nil && h.Servers.Forward(w, r, session.ProjectID, session.ID) {
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(maxMessage)
	defer func() { _ = conn.CloseNow() }()
	resume := r.URL.Query().Get("viewer")
	seen, err := h.sessions.Watch(r.Context(), stream, resume, from(r))
	switch {
	case errors.Is(err, domain.ErrStreamOver):
		_ = conn.Close(closeOver, "the link was used")
		return
	case err != nil:
		h.log.Debug("record a viewer", "session", session.ID, "err", err)
		_ = conn.Close(websocket.StatusTryAgainLater, "the server can't look at the link right now")
		return
	}
	held, done := h.keys.WithKey(context.WithoutCancel(r.Context()), stream.KeyID)
	defer done()
	v := &viewer{
		Handler: h, conn: conn, stream: stream, token: token(r), session: session.ID, hub: h.joinHub(session.ProjectID, session.ID), revoked: held.Done(),
		late: session.Status.Ended() && !stream.Replay, seen: seen, resume: resume, told: map[int]stepLine{}, wants: make(chan int, shownSteps), wished: make(chan struct{}, 1), flow: newFlow(), replies: make(chan reply, maxReplies),
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	inputs := make(chan input, maxInputs)
	v.running.Go(func() {
		defer cancel()
		defer close(inputs)
		v.read(ctx, inputs)
	})
	acting, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	controller := &controller{viewer: v, probe: newProbe(), started: make(chan *takeover, 1)}
	v.running.Go(func() { controller.act(acting, inputs) })
	v.running.Go(func() { controller.reply(ctx) })
	v.running.Go(func() { controller.runProbe(ctx) })
	v.running.Go(func() { controller.sendActions(ctx) })
	v.running.Go(func() { v.answer(ctx) })
	code, why := v.write(ctx)
	if left := code == websocket.StatusNormalClosure && why == ""; left {
		defer time.AfterFunc(inputWithin, stop).Stop() // what it has done before is done
	} else {
		stop()
	}
	_ = conn.Close(code, why)
	cancel()
	v.running.Wait()
	v.watch(nil)
	v.hub.leave()
	h.left(context.WithoutCancel(r.Context()), seen)
	controller.leave(code == closeOver || v.bye)
}

// from is the address that a request comes from.
func from(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil { // that a proxy has told, without a port
		return r.RemoteAddr
	}
	return host
}

func (h *Handler) left(ctx context.Context, v domain.Viewer) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	if err := h.sessions.Unwatch(ctx, v); err != nil {
		h.log.Warn("the time when a viewer left could not be recorded", "session", v.SessionID, "viewer", v.ID, "err", err)
	}
}

// read takes the viewer's messages. A link for looking takes no input: whoever sends
// some by hand is sent away.
func (v *viewer) read(ctx context.Context, inputs chan<- input) {
	defer v.upload.discard()
	for {
		kind, raw, err := v.conn.Read(ctx)
		if err != nil {
			v.bye = websocket.CloseStatus(err) >= 0
			return
		}
		if kind == websocket.MessageBinary && v.gives {
			v.receive(ctx, raw)
			continue
		}
		in, err := parseInput(raw)
		if kind != websocket.MessageText || err != nil {
			v.bye = true
			_ = v.conn.Close(websocket.StatusUnsupportedData, "not an input message")
			return
		}
		if in.drives() && v.stream.Mode != domain.StreamControl {
			_ = v.conn.Close(websocket.StatusPolicyViolation, "this link is for looking only")
			return
		}
		switch in.Type {
		case "drawn":
			v.flow.drawn(time.Now())
		case "fit":
			v.wish(func() { v.fit.Width, v.fit.Height = in.Width, in.Height })
		case "tab":
			v.wish(func() { v.tab = in.Number })
		case "result":
			select {
			case v.wants <- in.Number:
			default: // more than the page shows
			}
		case "files":
			if v.begin(ctx, in) != nil {
				return
			}
		case "answer":
			select {
			case v.replies <- reply{input: in}:
			default: // whoever answers so often has not seen what is asked
			}
		default:
			// A page that hangs takes none for seconds. Whoever waited for it here
			// would hear no pong, and take the viewer for gone.
			if len(inputs) < in.limit() {
				inputs <- in
			}
		}
	}
}

// wish changes what the viewer wants to see.
func (v *viewer) wish(change func()) {
	v.mu.Lock()
	change()
	v.mu.Unlock()
	select {
	case v.wished <- struct{}{}:
	default:
	}
}

// size is that of the page that is shown, in CSS pixels.
func (v *viewer) size() (width, height float64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.watcher == nil {
		return 0, 0
	}
	return v.watcher.Size()
}

// write pushes pictures and state until the viewer goes, the link is over or the
// session has ended, and says which.
func (v *viewer) write(ctx context.Context) (code websocket.StatusCode, why string) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	var expiry <-chan time.Time
	if !v.stream.ExpiresAt.IsZero() {
		t := time.NewTimer(time.Until(v.stream.ExpiresAt))
		defer t.Stop()
		expiry = t.C
	}
	if picture := v.hub.lastPicture(); picture.JPEG != nil && !v.late {
		if v.send(ctx, websocket.MessageBinary, picture.JPEG) != nil {
			return websocket.StatusNormalClosure, ""
		}
	}
	var rest <-chan time.Time
	var told signs
	dirty := true
	for {
		stored, changed := v.hub.current()
		moved, tabs := v.join()
		if now := (signs{changed, moved, tabs}); now != told {
			// Also when it was woken by something else in the same moment.
			dirty, told = true, now
		}
		if code, why := v.over(stored); code != 0 {
			if why == closedSession {
				_ = v.sendState(ctx, stored)
			}
			return code, why
		}
		if dirty && rest == nil && stored != nil {
			dirty, rest = false, time.After(stateEvery)
			if v.sendState(ctx, stored) != nil {
				return websocket.StatusNormalClosure, ""
			}
		}
		if v.sendAsk(ctx) != nil {
			return websocket.StatusNormalClosure, ""
		}
		var err error
		select {
		case <-v.pictures():
			err = v.sendPicture(ctx)
		case <-v.flow.more:
			v.adapt()
		case <-v.wished:
			dirty = true
		case <-changed:
		case <-moved: // a page changes as often as it likes, and the store knows nothing of it
		case <-tabs:
		case <-rest:
			rest = nil
		case <-ping.C:
			pinging, cancel := context.WithTimeout(ctx, writeWithin)
			err = v.conn.Ping(pinging)
			cancel()
		case <-v.revoked:
			return closeOver, "the link was revoked"
		case <-expiry:
			return closeOver, "the link has expired"
		case <-v.stopping:
			return closeStopping, "the server stops"
		case <-ctx.Done():
			return websocket.StatusNormalClosure, ""
		}
		if err != nil {
			return websocket.StatusNormalClosure, ""
		}
	}
}

// signs are each closed when something has changed, and replaced by others.
type signs struct{ changed, moved, tabs <-chan struct{} }

const closedSession = "the session has ended"

// over says why the viewer is to go, if it is.
func (v *viewer) over(stored *stored) (code websocket.StatusCode, why string) {
	switch {
	case stored == nil:
		return 0, ""
	case stored.gone:
		return closeOver, "the session was forgotten"
	case !stored.links[v.stream.ID].RevokedAt.IsZero():
		return closeOver, "the link was revoked"
	case stored.session.Status.Ended():
		return websocket.StatusNormalClosure, closedSession
	case stored.elsewhere:
		return closeMoved, "another server runs the session"
	}
	return 0, ""
}

func (v *viewer) send(ctx context.Context, kind websocket.MessageType, raw []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	return v.conn.Write(ctx, kind, raw)
}

func (v *viewer) sendJSON(ctx context.Context, message any) error {
	raw, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return v.send(ctx, websocket.MessageText, raw)
}

// opensNothing says that the link is over, or never was one.
func opensNothing(err error) bool {
	return errors.Is(err, domain.ErrNotFound) || errors.Is(err, domain.ErrStreamOver)
}

// sendState sends what stands beside the picture.
func (v *viewer) sendState(ctx context.Context, stored *stored) error {
	return v.sendJSON(ctx, v.state(stored))
}
