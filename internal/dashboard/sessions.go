package dashboard

import (
	"net/url"
	"strings"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/domain"
)

func (h *Handler) sessionPages() []page {
	return []page{
		{pattern: "GET /{$}", show: h.sessions},
		{pattern: "GET /sessions/{id}", show: h.session},
		{pattern: "POST /sessions/{id}/close", role: domain.RoleProject, act: h.closeSession},
	}
}

const (
	sessionsOnPage = 50
	stepsOnPage    = 100
	// listEvery is how often an open list asks for what no event tells: a session that
	// waits has none yet.
	listEvery = 5 * time.Second
)

// browserEvents are those that change a list of sessions.
var browserEvents = func() url.Values {
	var types []string
	for _, t := range domain.EventTypes {
		if t.Kind() == "browser" {
			types = append(types, string(t))
		}
	}
	return url.Values{"types": {strings.Join(types, ",")}}
}()

type sessionsView struct {
	Sessions []*browserhook.Session
	Status   string
	Statuses []browserhook.SessionStatus
	Older    string // the cursor
	Later    bool   // it isn't the first page
}

// sessions is the list.
func (h *Handler) sessions(c *call) (view, error) {
	q := c.r.URL.Query()
	got, err := c.API.Sessions.Page(c.r.Context(), browserhook.ListSessionsParams{
		Status: browserhook.SessionStatus(q.Get("status")), Cursor: q.Get("cursor"), Limit: sessionsOnPage,
	})
	if err != nil {
		return view{}, err
	}
	return view{
		Title: "Sessions", Section: "/", Template: "sessions", Follow: browserEvents, Every: listEvery,
		Data: sessionsView{got.Data, q.Get("status"), statuses, got.NextCursor, q.Get("cursor") != ""},
	}, nil
}

var statuses = []browserhook.SessionStatus{
	browserhook.SessionQueued, browserhook.SessionStarting, browserhook.SessionReady, browserhook.SessionClosing, browserhook.SessionClosed, browserhook.SessionFailed,
}

type sessionView struct {
	*browserhook.Session
	Steps []browserhook.StepRun
	Live  string // the path of the live page
}

// Lasted is how long it had its browser.
func (v sessionView) Lasted() string {
	switch {
	case v.ReadyAt.IsZero():
		return ""
	case v.EndedAt.IsZero():
		return took(time.Since(v.ReadyAt))
	}
	return took(v.EndedAt.Sub(v.ReadyAt))
}

// session is one of them.
func (h *Handler) session(c *call) (view, error) {
	s, err := c.API.Sessions.Get(c.r.Context(), c.r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	v := sessionView{Session: s}
	for one, err := range s.Steps(c.r.Context(), browserhook.ListParams{Limit: stepsOnPage}) {
		if err != nil {
			return view{}, err
		}
		v.Steps = append(v.Steps, one)
	}
	if u, err := url.Parse(s.StreamingURL); err == nil {
		v.Live = u.RequestURI()
	}
	return view{Title: short(s.SessionID), Section: "/", Template: "session", Data: v, Follow: url.Values{"sessionId": {s.SessionID}}}, nil
}

func (h *Handler) closeSession(c *call) (string, error) {
	id := c.r.PathValue("id")
	return "/sessions/" + url.PathEscape(id), c.API.Session(id).Close(c.r.Context())
}
