package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/browserhook/browserhook/internal/domain"
)

var sessionTests = []test{
	{"created as given", func(w *world) {
		n := w.draftSession(3)
		e := w.endpoint("browser_*")
		e.SessionID = n.Session.ID
		n.Endpoint = &e
		w.ok(w.store.CreateSession(w.ctx, n))
		w.reopen()
		got, err := w.store.Session(w.ctx, w.project, n.Session.ID)
		w.ok(err)
		w.equal("session", got, n.Session)
		steps, err := w.store.Steps(w.ctx, w.project, n.Session.ID, -1, 10)
		w.ok(err)
		w.equal("steps", steps, n.Steps)
		st, err := w.store.StreamByToken(w.ctx, n.Session.StreamToken)
		w.ok(err)
		w.equal("stream", st, n.Stream)
		inline, err := w.store.Endpoint(w.ctx, w.project, e.ID)
		w.ok(err)
		w.equal("endpoint", inline, e)
	}},
	{"nothing of a session that can't be created", func(w *world) {
		first := w.newSession(0)
		n := w.draftSession(2)
		n.Stream.Token = first.StreamToken // taken: the session itself is already written by then
		if err := w.store.CreateSession(w.ctx, n); err == nil {
			w.Fatal("two links have one token")
		}
		_, err := w.store.Session(w.ctx, w.project, n.Session.ID)
		w.missing("session", err)
		steps, err := w.store.Steps(w.ctx, w.project, n.Session.ID, -1, 10)
		w.ok(err)
		w.empty("steps", steps)
	}},
	{"change", func(w *world) {
		s := w.newSession(0)
		failure := &domain.Failure{Code: "browser_crashed", Message: "It crashed.", Lines: []string{"a", "b"}}
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			c.Session.Status, c.Session.Error = domain.SessionClosed, failure
			c.Session.CloseReason, c.Session.ReadyAt = domain.ClosedCrashed, start.Add(time.Second)
			c.Session.EndedAt = start.Add(time.Minute)
			c.Session.Usage = domain.Usage{SentBytes: 1 << 40, ReceivedBytes: 2, Refused: 3}
			return nil
		}))
		s.Usage = domain.Usage{SentBytes: 1 << 40, ReceivedBytes: 2, Refused: 3}
		s.Status, s.Error, s.CloseReason = domain.SessionClosed, failure, domain.ClosedCrashed
		s.ReadyAt, s.EndedAt = start.Add(time.Second), start.Add(time.Minute)
		got, err := w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("session", got, s)
		// An error changed in place is a change too.
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			c.Session.Error.Code = "other"
			return nil
		}))
		got, err = w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("code", got.Error.Code, "other")
	}},
	{"who has it in hand", func(w *world) {
		s := w.newSession(0)
		by := &domain.Control{StreamID: "str_a", Name: "Zoë", Viewer: "view_a", Resume: "tab", Since: start}
		for _, control := range []*domain.Control{by, nil} {
			w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
				c.Session.Control = control
				return nil
			}))
			w.reopen()
			got, err := w.store.Session(w.ctx, w.project, s.ID)
			w.ok(err)
			w.equal("controlled by", got.Control, control)
		}
	}},
	{"the browser that it got", func(w *world) {
		n := w.draftSession(0)
		n.Session.Options = domain.SessionOptions{UserAgent: "x", Sealed: []byte("sealed"), Timeout: time.Hour}
		w.ok(w.store.CreateSession(w.ctx, n))
		for _, change := range []func(*domain.Session){
			func(s *domain.Session) { s.Options.Browser = domain.BrowserShell },
			func(s *domain.Session) { s.Usage.SentBytes = 1 }, // of which it stays as it is
		} {
			w.ok(w.store.ChangeSession(w.ctx, w.project, n.Session.ID, func(c *domain.SessionChange) error {
				change(c.Session)
				return nil
			}))
		}
		w.reopen()
		got, err := w.store.Session(w.ctx, w.project, n.Session.ID)
		w.ok(err)
		n.Session.Options.Browser = domain.BrowserShell
		w.equal("options", got.Options, n.Session.Options)
	}},
	{"a refused change leaves nothing", func(w *world) {
		s := w.newSession(1)
		w.newEndpoint("*")
		w.say(s, domain.EventBrowserReady)
		stop := errors.New("stop")
		err := w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			c.Session.Status = domain.SessionFailed
			c.Open[0].Status = domain.StepRunning
			more := step(c.Session, 1)
			c.NewSteps = append(c.NewSteps, &more)
			c.Artifacts = append(c.Artifacts, domain.Artifact{ID: domain.NewID(domain.PrefixArtifact), ProjectID: w.project, SessionID: s.ID})
			_ = draftEvents(start, domain.EventBrowserFailed)(c)
			return stop
		})
		if err != stop { //nolint:errorlint // the very same error comes back
			w.Errorf("got %v, want fn's own error", err)
		}
		w.unchanged(s, 1, 1)
	}},
	{"a change that fails half way leaves nothing", func(w *world) {
		s := w.newSession(1)
		w.newEndpoint("*")
		w.say(s, domain.EventBrowserReady)
		err := w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			c.Open[0].Status = domain.StepRunning
			_ = draftEvents(start, domain.EventStepStarted)(c)
			// The project doesn't exist: the last of the events can't be numbered.
			c.Drafts = append(c.Drafts, domain.Draft{ProjectID: "proj_none", Data: domain.EventData{EventType: domain.EventWebhookTest}})
			return nil
		})
		if err == nil {
			w.Error("news for no project was accepted")
		}
		w.unchanged(s, 1, 1)
		w.say(s, domain.EventStepStarted)
		w.equal("sequence", w.events(domain.EventQuery{SessionID: s.ID})[1].Sequence, int64(2))
	}},
	{"a panic is the caller's error", func(w *world) {
		s := w.newSession(1)
		err := w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			c.Session.Status = domain.SessionFailed
			panic("boom")
		})
		if err == nil {
			w.Error("a panic went unnoticed")
		}
		w.unchanged(s, 1, 0)
	}},
	{"open sessions", func(w *world) {
		var want []string
		for _, status := range []domain.SessionStatus{
			domain.SessionQueued, domain.SessionStarting, domain.SessionReady,
			domain.SessionClosing, domain.SessionClosed, domain.SessionFailed,
		} {
			n := w.draftSession(0)
			n.Session.Status = status
			w.ok(w.store.CreateSession(w.ctx, n))
			if !status.Ended() && status != domain.SessionQueued { // those wait for whoever has room
				want = append(want, n.Session.ID)
			}
		}
		w.project = w.newProject("other")
		n := w.draftSession(0)
		n.Session.Status = domain.SessionReady
		w.ok(w.store.CreateSession(w.ctx, n))
		want = append(want, n.Session.ID)
		got, err := w.store.OpenSessions(w.ctx)
		w.ok(err)
		w.equal("open, oldest first", ids(got, func(s domain.Session) string { return s.ID }), want)
	}},
	{"connect tokens", func(w *world) {
		s, other := w.newSession(0), w.newSession(0)
		got, err := w.store.SessionByConnectToken(w.ctx, s.ConnectToken)
		w.ok(err)
		w.equal("session", got, s)
		first := s.ConnectToken
		s.ConnectToken = domain.NewToken()
		w.ok(w.store.SetConnectToken(w.ctx, w.project, s.ID, s.ConnectToken, nil))
		w.reopen()
		got, err = w.store.SessionByConnectToken(w.ctx, s.ConnectToken)
		w.ok(err)
		w.equal("session", got, s)
		got, err = w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("session", got, s)
		once := domain.Idempotency{Key: "k", Fingerprint: "f", Refs: []string{s.ID}}
		second := s.ConnectToken
		s.ConnectToken = domain.NewToken()
		w.ok(w.store.SetConnectToken(w.ctx, w.project, s.ID, s.ConnectToken, &once))
		if _, again := once.Again(w.store.SetConnectToken(w.ctx, w.project, s.ID, domain.NewToken(), &once)); !again {
			w.Error("it was set again under one key")
		}
		got, err = w.store.Session(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("session", got, s)
		for _, token := range []string{first, second, "", "nobody's"} {
			_, err = w.store.SessionByConnectToken(w.ctx, token)
			w.missing("token", err)
		}
		if err := w.store.SetConnectToken(w.ctx, w.project, other.ID, s.ConnectToken, nil); err == nil {
			w.Error("two sessions have one token")
		}
		w.missing("set", w.store.SetConnectToken(w.ctx, w.project, "browser_none", domain.NewToken(), nil))
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			c.Session.Status = domain.SessionClosed
			return nil
		}))
		if e, ok := errors.AsType[*domain.Error](w.store.SetConnectToken(w.ctx, w.project, s.ID, domain.NewToken(), nil)); !ok || e.Code != domain.CodeEnded {
			w.Errorf("an ended session: %v", e)
		}
	}},
	{"streams", func(w *world) {
		s := w.newSession(0)
		control := domain.Stream{
			ID: domain.NewID(domain.PrefixStream), ProjectID: w.project, SessionID: s.ID, Token: domain.NewToken(),
			Mode: domain.StreamControl, CreatedAt: start, ExpiresAt: start.Add(time.Hour), Name: "Zoë",
		}
		w.ok(w.store.CreateStream(w.ctx, control, nil))
		got, err := w.store.Stream(w.ctx, w.project, s.ID, control.ID)
		w.ok(err)
		w.equal("stream", got, control)
		all, err := w.store.Streams(w.ctx, w.project, s.ID)
		w.ok(err)
		w.equal("streams", len(all), 2)
		w.ok(w.store.RevokeStream(w.ctx, w.project, s.ID, control.ID, start.Add(time.Minute)))
		w.ok(w.store.RevokeStream(w.ctx, w.project, s.ID, control.ID, start.Add(time.Hour)))
		got, err = w.store.StreamByToken(w.ctx, control.Token)
		w.ok(err)
		w.equal("revoked at the first time", got.RevokedAt, start.Add(time.Minute))
		_, err = w.store.StreamByToken(w.ctx, "nobody's")
		w.missing("token", err)
		w.missing("revoke", w.store.RevokeStream(w.ctx, w.project, s.ID, "str_none", start))

		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			c.Session.Status = domain.SessionClosed
			return nil
		}))
		control.ID, control.Token = domain.NewID(domain.PrefixStream), domain.NewToken()
		w.refused("link to an ended session", w.store.CreateStream(w.ctx, control, nil), domain.CodeEnded)
		control.SessionID = "browser_none"
		w.missing("link to no session", w.store.CreateStream(w.ctx, control, nil))
	}},
}

// viewerTests are about who looks at a session.
var viewerTests = []test{
	{"viewers come and go", func(w *world) {
		s := w.newSession(0)
		links, err := w.store.Streams(w.ctx, w.project, s.ID)
		w.ok(err)
		var want []domain.Viewer
		for i := range 3 {
			v := domain.Viewer{
				ID: domain.IDAt(domain.PrefixViewer, start.Add(time.Duration(i)*time.Second)), ProjectID: w.project, SessionID: s.ID, StreamID: links[0].ID,
				Name: "Zoë", Mode: domain.StreamView, Address: "2001:db8::1", JoinedAt: start.Add(time.Duration(i) * time.Second),
			}
			w.ok(w.store.AddViewer(w.ctx, v, fmt.Sprint(i)))
			want = append(want, v)
		}
		want[1].LeftAt = start.Add(time.Hour)
		w.ok(w.store.ViewerLeft(w.ctx, want[1]))
		got, err := w.store.Viewers(w.ctx, w.project, s.ID, "", 2)
		w.ok(err)
		w.equal("the first", got, want[:2])
		got, err = w.store.Viewers(w.ctx, w.project, s.ID, want[1].ID, 2)
		w.ok(err)
		w.equal("the others", got, want[2:])
		none := want[0]
		none.StreamID = "str_none"
		w.missing("by no link", w.store.AddViewer(w.ctx, none, ""))
	}},
	{"a link for one viewer", func(w *world) {
		s := w.newSession(0)
		link := domain.Stream{
			ID: domain.NewID(domain.PrefixStream), ProjectID: w.project, SessionID: s.ID, Token: domain.NewToken(), Mode: domain.StreamView, Once: true, CreatedAt: start,
		}
		w.ok(w.store.CreateStream(w.ctx, link, nil))
		come := func(usedBy string) error {
			return w.store.AddViewer(w.ctx, domain.Viewer{
				ID: domain.NewID(domain.PrefixViewer), ProjectID: w.project, SessionID: s.ID, StreamID: link.ID, Mode: domain.StreamView, JoinedAt: start,
			}, usedBy)
		}
		w.ok(come("a"))
		w.used("another", come("b"))
		w.used("one without a token", come(""))
		w.ok(come("a"))
		got, err := w.store.Stream(w.ctx, w.project, s.ID, link.ID)
		w.ok(err)
		link.UsedBy = "a"
		w.equal("the link", got, link)
		all, err := w.store.Viewers(w.ctx, w.project, s.ID, "", 10)
		w.ok(err)
		w.equal("viewers", len(all), 2)
	}},
	{"a link that outlives its session", func(w *world) {
		s := w.newSession(0)
		w.ok(w.store.ChangeSession(w.ctx, w.project, s.ID, func(c *domain.SessionChange) error {
			for _, to := range []domain.SessionStatus{domain.SessionClosing, domain.SessionClosed} {
				if err := c.Session.Transition(to); err != nil {
					return err
				}
			}
			c.Session.EndedAt = start
			return nil
		}))
		link := domain.Stream{
			ID: domain.NewID(domain.PrefixStream), ProjectID: w.project, SessionID: s.ID, Token: domain.NewToken(), Mode: domain.StreamView, CreatedAt: start,
		}
		w.refused("one that doesn't", w.store.CreateStream(w.ctx, link, nil), domain.CodeEnded)
		link.Replay = true
		w.ok(w.store.CreateStream(w.ctx, link, nil))
		got, err := w.store.StreamByToken(w.ctx, link.Token)
		w.ok(err)
		w.equal("the link", got, link)
	}},
}

// used checks that a link opens nothing.
func (w *world) used(what string, err error) {
	w.Helper()
	if !errors.Is(err, domain.ErrStreamOver) {
		w.Errorf("%s: %v", what, err)
	}
}

// unchanged checks that the session is as it was created, with so many steps,
// events and deliveries.
func (w *world) unchanged(s domain.Session, steps, events int) {
	w.Helper()
	got, err := w.store.Session(w.ctx, w.project, s.ID)
	w.ok(err)
	s.Sequence = int64(events)
	w.equal("session", got, s)
	all, err := w.store.Steps(w.ctx, w.project, s.ID, -1, 100)
	w.ok(err)
	w.equal("number of steps", len(all), steps)
	for _, st := range all {
		w.equal("step", st.Status, domain.StepPending)
	}
	files, err := w.store.Artifacts(w.ctx, w.project, s.ID)
	w.ok(err)
	w.equal("artifacts", len(files), 0)
	w.equal("events", len(w.events(domain.EventQuery{})), events)
	w.equal("deliveries", len(w.deliveries(domain.DeliveryFilter{})), events)
}
