package live

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

const (
	writeWithin = 10 * time.Second
	lookWithin  = 10 * time.Second
	lookAgain   = time.Second            // while the store is away
	lookEvery   = 250 * time.Millisecond // at most, however much happens
	inputWithin = 5 * time.Second
	pingEvery   = 20 * time.Second
	shownSteps  = 50
)

// Why a viewer is sent away, as WebSocket close codes of our own.
const (
	closeOver     = websocket.StatusCode(4001) // the link opens nothing any more
	closeMoved    = websocket.StatusCode(4002) // another server has the session: connect again
	closeStopping = websocket.StatusGoingAway
)

// state is what the page shows beside the picture.
type state struct {
	Status  string     `json:"status"`
	Reason  string     `json:"reason,omitempty"`
	URL     string     `json:"url"`
	Viewers int        `json:"viewers"`
	Control bool       `json:"control"`
	Steps   []stepLine `json:"steps"`
}

type stepLine struct {
	Index  int    `json:"index"`
	Action string `json:"action"`
	Target string `json:"target,omitempty"` // never what was typed
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
	Ms     int64  `json:"ms,omitempty"`
}

// viewer is one connection of the live page.
type viewer struct {
	*Handler
	conn    *websocket.Conn
	token   string
	stream  domain.Stream
	session string
	mailbox *mailbox
	page    *browser.Page   // joined; nil before the session has one
	revoked <-chan struct{} // closed when the link's key is
	told    string          // the address that was sent last
	running sync.WaitGroup  // what serves it beside what writes
}

// socket serves one viewer. The token is what lets it in, whatever page it
// comes from, so no origin is refused.
func (h *Handler) socket(w http.ResponseWriter, r *http.Request) {
	token := token(r)
	stream, session, err := h.sessions.OpenStream(r.Context(), token)
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
	held, done := h.keys.WithKey(context.WithoutCancel(r.Context()), stream.KeyID)
	defer done()
	v := &viewer{Handler: h, conn: conn, token: token, stream: stream, session: session.ID, mailbox: newMailbox(), revoked: held.Done()}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	inputs := make(chan input, maxInputs)
	v.running.Go(func() {
		defer cancel()
		v.read(ctx, inputs)
	})
	v.running.Go(func() { v.act(ctx, inputs) })
	code, why := v.write(ctx)
	v.leave()
	_ = conn.Close(code, why)
	cancel()
	v.running.Wait()
}

// read takes the viewer's messages. A link for looking takes none: whoever
// sends one by hand is sent away.
func (v *viewer) read(ctx context.Context, inputs chan<- input) {
	for {
		kind, raw, err := v.conn.Read(ctx)
		if err != nil {
			return
		}
		in, err := parseInput(raw)
		if kind != websocket.MessageText || err != nil {
			_ = v.conn.Close(websocket.StatusUnsupportedData, "not an input message")
			return
		}
		if v.stream.Mode != domain.StreamControl {
			_ = v.conn.Close(websocket.StatusPolicyViolation, "this link is for looking only")
			return
		}
		// A page that hangs takes none for seconds. Whoever waited for it here
		// would hear no pong, and take the viewer for gone.
		if len(inputs) < in.limit() {
			inputs <- in
		}
	}
}

// act gives the inputs to the page, in order.
func (v *viewer) act(ctx context.Context, inputs <-chan input) {
	var d *browser.Devices
	defer func() {
		if d != nil {
			release, cancel := context.WithTimeout(context.WithoutCancel(ctx), inputWithin)
			defer cancel()
			d.Release(release)
		}
	}()
	for {
		select {
		case in := <-inputs:
			page, ok := v.sessions.Page(v.session)
			width, height := v.screencasts.size(page)
			if !ok || width == 0 {
				continue // there is nothing to point at
			}
			if d == nil || d.Page() != page {
				d = page.Devices()
			}
			v.sessions.Touch(v.session)
			one, cancel := context.WithTimeout(ctx, inputWithin)
			if err := in.on(one, d, width, height); err != nil {
				v.log.Debug("viewer's input", "session", v.session, "err", err)
			}
			cancel()
		case <-ctx.Done():
			return
		}
	}
}

func (v *viewer) leave() {
	if v.page != nil {
		v.screencasts.leave(v.page, v.mailbox)
	}
}

// write pushes frames and state until the viewer goes, the link is over or the
// session has ended, and says which.
func (v *viewer) write(ctx context.Context) (websocket.StatusCode, string) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	var expiry <-chan time.Time
	if !v.stream.ExpiresAt.IsZero() {
		t := time.NewTimer(time.Until(v.stream.ExpiresAt))
		defer t.Stop()
		expiry = t.C
	}
	var known *saw // what the store said last
	for {
		// Asked for before looking, so that no change falls in between.
		changed := v.sessions.Changed(v.session)
		moved := v.join()
		looked := v.look(ctx)
		rest, again := time.After(lookEvery), (<-chan time.Time)(nil)
	frames:
		for {
			news := changed
			if looked != nil || rest != nil {
				news = nil // one look at a time, and then a rest
			}
			select {
			case frame := <-v.mailbox.frames:
				if err := v.send(ctx, websocket.MessageBinary, frame); err != nil {
					return websocket.StatusNormalClosure, ""
				}
				v.screencasts.sent.Add(1)
			case saw := <-looked:
				looked = nil
				switch {
				case opensNothing(saw.err):
					return closeOver, "the link is over"
				case saw.err != nil:
					// The picture goes on without the store; the rest waits for it.
					v.log.Debug("look at a session", "session", v.session, "err", saw.err)
					again = time.After(lookAgain)
				default:
					known = &saw
					if err := v.sendState(ctx, saw); err != nil {
						return websocket.StatusNormalClosure, ""
					}
					if saw.session.Status.Ended() {
						return websocket.StatusNormalClosure, "the session has ended"
					}
					if saw.elsewhere {
						return closeMoved, "another server runs the session"
					}
				}
			case <-again:
				break frames
			case <-rest:
				rest = nil
			case <-news:
				break frames
			case <-moved:
				// A page changes as often as it likes, and the store knows nothing of it.
				moved = v.join()
				if known == nil || v.address() == v.told {
					continue
				}
				if err := v.sendState(ctx, *known); err != nil {
					return websocket.StatusNormalClosure, ""
				}
			case <-ping.C:
				pinging, cancel := context.WithTimeout(ctx, writeWithin)
				err := v.conn.Ping(pinging)
				cancel()
				if err != nil {
					return websocket.StatusNormalClosure, ""
				}
			case <-v.revoked:
				return closeOver, "the link was revoked"
			case <-expiry:
				return closeOver, "the link has expired"
			case <-v.stopping:
				return closeStopping, "the server stops"
			case <-ctx.Done():
				return websocket.StatusNormalClosure, ""
			}
		}
	}
}

// join enters the room of the session's page as soon as there is one; what it
// returns is closed when the page's address may have changed.
func (v *viewer) join() <-chan struct{} {
	page, ok := v.sessions.Page(v.session)
	if !ok {
		return nil
	}
	if v.page != page {
		v.leave()
		v.page = page
		v.screencasts.join(page, v.mailbox)
	}
	return page.Changed()
}

// address is where the page is.
func (v *viewer) address() string {
	if v.page == nil {
		return ""
	}
	return v.page.Main().Document.URL
}

func (v *viewer) send(ctx context.Context, kind websocket.MessageType, raw []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	return v.conn.Write(ctx, kind, raw)
}

// saw is what the store says of a viewer's session, or why it says nothing.
type saw struct {
	session domain.Session
	steps   []domain.Step
	err     error

	elsewhere bool // another server runs it
}

// opensNothing says that the link is over, or never was one.
func opensNothing(err error) bool {
	return errors.Is(err, domain.ErrNotFound) || errors.Is(err, domain.ErrStreamOver)
}

// look asks the store, which may take its time: frames don't wait for it.
func (v *viewer) look(ctx context.Context) <-chan saw {
	looked := make(chan saw, 1)
	v.running.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, lookWithin)
		defer cancel()
		var s saw
		if _, s.session, s.err = v.sessions.OpenStream(ctx, v.token); s.err == nil {
			s.steps, s.err = v.steps.LastSteps(ctx, s.session.ProjectID, s.session.ID, shownSteps)
		}
		if s.err == nil && s.session.Status == domain.SessionReady && v.Servers != nil {
			s.elsewhere = v.Servers.Elsewhere(ctx, s.session.ProjectID, s.session.ID)
		}
		looked <- s
	})
	return looked
}

// sendState sends what stands beside the picture.
func (v *viewer) sendState(ctx context.Context, saw saw) error {
	session, steps := saw.session, saw.steps
	s := state{
		Status: string(session.Status), Reason: string(session.CloseReason),
		Control: v.stream.Mode == domain.StreamControl, Steps: make([]stepLine, len(steps)),
	}
	// Who can only look may be anybody: what an address says beside where it is
	// stays with those who drive the session.
	hide := domain.HideQueries
	if s.Control {
		hide = domain.HideUserinfo
	}
	v.told = v.address()
	s.URL = hide(v.told)
	if v.page != nil {
		s.Viewers = v.screencasts.viewers(v.page)
	}
	for i, st := range steps {
		s.Steps[i] = line(st, hide)
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return v.send(ctx, websocket.MessageText, raw)
}

func line(st domain.Step, hide func(string) string) stepLine {
	var shown struct {
		Target string `json:"target"`
		URL    string `json:"url"`
		Key    string `json:"key"`
	}
	_ = json.Unmarshal(st.Params, &shown) // what can't be read isn't shown
	l := stepLine{
		Index: st.Index, Action: st.Action, Target: hide(shown.Target), Status: string(st.Status), Ms: st.Duration().Milliseconds(),
	}
	if strings.HasPrefix(shown.URL, "*") {
		// A pattern for an address, that begins anywhere.
		shown.URL = strings.TrimPrefix(hide("any://"+shown.URL), "any://")
	}
	for _, other := range []string{hide(shown.URL), shown.Key} {
		if l.Target == "" {
			l.Target = other
		}
	}
	if st.Error != nil {
		l.Error = st.Error.Message
		if st.Error.Seen != "" {
			l.Error = st.Error.Seen
		}
		l.Error = hide(l.Error)
	}
	return l
}
