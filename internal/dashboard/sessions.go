package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/domain"
)

func (h *Handler) sessionPages() []page {
	return []page{
		{pattern: "GET /{$}", show: h.wall},
		{pattern: "GET /sessions", show: h.sessions},
		{pattern: "POST /sessions", role: domain.RoleProject, act: h.openAgain},
		{pattern: "GET /sessions/{id}", show: h.session},
		{pattern: "POST /sessions/{id}/close", role: domain.RoleProject, act: h.closeSession},
		{pattern: "POST /sessions/{id}/forget", role: domain.RoleProject, act: h.forgetSession},
		{pattern: "POST /sessions/{id}/control", role: domain.RoleProject, act: h.takeControl},
		{pattern: "POST /sessions/{id}/replay", role: domain.RoleProject, act: h.replay},
		{pattern: "POST /sessions/{id}/steps", role: domain.RoleProject, act: h.runStep},
		{pattern: "POST /sessions/{id}/steps/{step}/cancel", role: domain.RoleProject, act: h.cancelStep},
		{pattern: "GET /sessions/{id}/artifacts/{artifact}", file: func(r *http.Request) (string, string) {
			return "/v1/sessions/" + url.PathEscape(r.PathValue("id")) + "/artifacts/" + url.PathEscape(r.PathValue("artifact")), "*/*"
		}},
		{pattern: "GET /sessions/{id}/network.har", role: domain.RoleProject, file: func(r *http.Request) (string, string) {
			return "/v1/sessions/" + url.PathEscape(r.PathValue("id")) + "/logs", "application/har+json"
		}},
		{pattern: "GET /actions.json", data: h.actions},
	}
}

const (
	onWall         = 48
	sessionsOnPage = 50
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

// listed is a session of a list.
type listed struct{ *browserhook.Session }

// Page is the address that it was opened with, without what nobody reads.
func (l listed) Page() string {
	u, err := url.Parse(l.URL)
	if err != nil {
		return l.URL
	}
	return strings.TrimSuffix(u.Host+u.Path, "/")
}

// Picture is the address of its picture as it is now, or was.
func (l listed) Picture() string {
	return strings.Replace(livePath(l.Session), "/streams?", "/streams/picture?", 1)
}

// Lasted is how long it has, or had, its browser.
func (l listed) Lasted() string {
	switch {
	case l.ReadyAt.IsZero():
		return ""
	case l.EndedAt.IsZero():
		return took(time.Since(l.ReadyAt))
	}
	return took(l.EndedAt.Sub(l.ReadyAt))
}

// Why is why it has ended.
func (l listed) Why() string {
	if l.Error != nil {
		return l.Error.Code
	}
	return string(l.CloseReason)
}

// livePath is the live page on the server that was asked, whatever its public address.
func livePath(s *browserhook.Session) string {
	u, err := url.Parse(s.StreamingURL)
	if err != nil {
		return ""
	}
	return u.RequestURI()
}

type wallView struct {
	Sessions []listed
	More     bool // than are shown
	Ended    bool // there is one that has
}

// wall is the sessions that have not ended, each with its picture.
func (h *Handler) wall(c *call) (view, error) {
	got, err := c.API.Sessions.Page(c.r.Context(), browserhook.ListSessionsParams{Life: "open", Limit: onWall})
	if err != nil {
		return view{}, err
	}
	v := wallView{Sessions: listedOf(got.Data), More: got.NextCursor != ""}
	if len(v.Sessions) == 0 {
		ended, err := c.API.Sessions.Page(c.r.Context(), browserhook.ListSessionsParams{Limit: 1})
		if err != nil {
			return view{}, err
		}
		v.Ended = len(ended.Data) > 0
	}
	return view{Title: "Sessions", Section: "/", Template: "wall", Data: v, Follow: browserEvents, Every: listEvery}, nil
}

func listedOf(all []*browserhook.Session) []listed {
	out := make([]listed, len(all))
	for i, s := range all {
		out[i] = listed{s}
	}
	return out
}

type sessionsView struct {
	Sessions []listed
	// What they are picked by, as it was asked for.
	Status, Metadata, Since string
	Statuses, Times         []choice
	Older, First            string // addresses
	Picked                  bool
}

// choice is one of a list to choose from.
type choice struct{ Value, Name string }

// since are how far back a list goes.
var since = []choice{{"", "any time"}, {"1h", "the last hour"}, {"24h", "the last day"}, {"168h", "the last week"}}

// sessions is the table of all of them.
func (h *Handler) sessions(c *call) (view, error) {
	q := c.r.URL.Query()
	v := sessionsView{Status: q.Get("status"), Metadata: strings.TrimSpace(q.Get("metadata")), Since: q.Get("since"), Statuses: statuses, Times: since}
	p := browserhook.ListSessionsParams{Metadata: v.Metadata, Cursor: q.Get("cursor"), Limit: sessionsOnPage}
	switch v.Status {
	case "open", "ended":
		p.Life = v.Status
	default:
		p.Status = browserhook.SessionStatus(v.Status)
	}
	if d, err := time.ParseDuration(v.Since); err == nil && d > 0 {
		p.From = time.Now().Add(-d)
	}
	got, err := c.API.Sessions.Page(c.r.Context(), p)
	if err != nil {
		return view{}, err
	}
	v.Sessions = listedOf(got.Data)
	v.Picked = v.Status != "" || v.Metadata != "" || p.From != (time.Time{})
	if got.NextCursor != "" {
		v.Older = address("/sessions", "status", v.Status, "metadata", v.Metadata, "since", v.Since, "cursor", got.NextCursor)
	}
	page := view{Title: "Sessions", Section: "/", Template: "sessions", Data: &v}
	if p.Cursor != "" {
		v.First = address("/sessions", "status", v.Status, "metadata", v.Metadata, "since", v.Since)
	} else {
		page.Follow, page.Every = browserEvents, listEvery
	}
	return page, nil
}

var statuses = []choice{
	{"", "any state"}, {"open", "open"}, {"ended", "ended"}, {"QUEUED", "QUEUED"}, {"STARTING", "STARTING"}, {"READY", "READY"},
	{"CLOSING", "CLOSING"}, {"CLOSED", "CLOSED"}, {"FAILED", "FAILED"},
}

func sessionPath(id string) string { return "/sessions/" + url.PathEscape(id) }

func (h *Handler) closeSession(c *call) (string, error) {
	id := c.r.PathValue("id")
	return sessionPath(id), c.API.Session(id).Close(c.r.Context())
}

func (h *Handler) forgetSession(c *call) (string, error) {
	return "/sessions", c.API.Session(c.r.PathValue("id")).Forget(c.r.Context())
}

// takeControl leads to the live page by a new link for control, which is whoever's who
// asks: where the session's page has it in a frame, the form's target is that.
func (h *Handler) takeControl(c *call) (string, error) {
	to, err := h.link(c, browserhook.CreateStreamRequest{Mode: browserhook.StreamControl, Name: c.key.Name, ExpiresIn: linkFor})
	return to + bare, err
}

// replay leads to the live page by a link that shows the recording: whoever opens the
// session's page again has the same one for a while, and one who presses the button has
// another, as it may have been revoked.
func (h *Handler) replay(c *call) (string, error) {
	if !c.r.PostForm.Has("anew") {
		while := time.Now().Truncate(linkAgain).Unix()
		key := fmt.Sprintf("dashboard-replay-%s-%s-%d", c.key.ID, url.PathEscape(c.r.PathValue("id")), while)
		c.r = c.r.WithContext(browserhook.WithIdempotencyKey(c.r.Context(), key))
	}
	to, err := h.link(c, browserhook.CreateStreamRequest{Mode: browserhook.StreamView, Name: c.key.Name, ExpiresIn: linkFor, Replay: true})
	return to + bare, err
}

// bare has the live page show no steps: the session's page does.
const bare = "&bare"

// linkFor is how long a link is for that is made to look at a page of the dashboard.
const linkFor = "12h"

// linkAgain is for how long such a link is given again, which leaves as much of it.
const linkAgain = 6 * time.Hour

func (h *Handler) link(c *call, p browserhook.CreateStreamRequest) (string, error) {
	link, err := c.API.Session(c.r.PathValue("id")).Live(c.r.Context(), p)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(link.StreamingURL)
	if err != nil {
		return "", err
	}
	return u.RequestURI(), nil
}

// openAgain makes a session with the settings of another.
func (h *Handler) openAgain(c *call) (string, error) {
	old, err := c.API.Sessions.Get(c.r.Context(), c.r.PostForm.Get("like"))
	if err != nil {
		return "", err
	}
	again, _, err := settingsOf(old)
	if err != nil {
		return "", err
	}
	made, err := c.API.Sessions.Create(c.r.Context(), again)
	if err != nil {
		return "", err
	}
	return sessionPath(made.SessionID), nil
}
