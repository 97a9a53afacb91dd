package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
	"github.com/browserhook/browserhook/internal/domain"
)

const (
	stepsOnLine = 150 // of a session, the last: so many can be told apart there
	stepsListed = 100 // of those, the last
	stepsInCode = 75  // the last
	rowsOnPage  = 100
	resultShown = 20_000 // bytes of a result on the page
)

// sessionView is one session with what stands beside it.
type sessionView struct {
	listed
	Live  string // the path of its live page; empty: there is nothing to see there any more
	Tabs  []tab
	Tab   string
	Steps []stepRow
	All   int // steps that there are
	Later int // steps that the program has, when it begins later than the session; else 0
	Line  timeline

	Step      *stepView
	Artifacts []browserhook.Artifact
	Events    []browserhook.Event
	Log       []browserhook.LogEntry
	Viewers   []browserhook.Viewer
	Older     string // the address of what comes after, of the tab
	Samples   []sample
	Settings  string // as JSON
	Hidden    bool   // it has settings that nobody is shown, and that another can't be given
	Face      string // the address of the last picture that was kept
	Recorded  bool   // there is a recording to show again
}

type tab struct{ Value, Name string }

// stepRow is a step in the list.
type stepRow struct {
	browserhook.StepRun
	Says string // what it is done to
	Took string
	Here bool
}

// stepView is the step that is looked at.
type stepView struct {
	stepRow
	Given   string
	Result  string
	Cut     bool // the result goes on
	Picture string
}

// session is the page of one.
func (h *Handler) session(c *call) (view, error) {
	ctx, q := c.r.Context(), c.r.URL.Query()
	s, err := c.API.Sessions.Get(ctx, c.r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	v := &sessionView{listed: listed{s}, Tab: q.Get("tab")}
	if v.Status != browserhook.SessionFailed && v.Status != browserhook.SessionClosed {
		v.Live = livePath(s) + bare
	}
	for _, t := range []struct {
		tab
		role domain.Role
	}{
		{tab{"", "Step"}, domain.RoleViewer}, {tab{"events", "Events"}, domain.RoleViewer}, {tab{"console", "Console"}, domain.RoleProject},
		{tab{"network", "Network"}, domain.RoleProject}, {tab{"files", "Files"}, domain.RoleViewer}, {tab{"viewers", "Viewers"}, domain.RoleViewer},
		{tab{"settings", "Settings"}, domain.RoleViewer}, {tab{"code", "Code"}, domain.RoleViewer},
	} {
		if c.May(t.role) {
			v.Tabs = append(v.Tabs, t.tab)
		}
	}
	if !slices.ContainsFunc(v.Tabs, func(t tab) bool { return t.Value == v.Tab }) {
		v.Tab = ""
	}
	if err := v.readSteps(c, q.Get("step")); err != nil {
		return view{}, err
	}
	if err := v.readTab(c, q.Get("cursor")); err != nil {
		return view{}, err
	}
	page := view{Title: v.title(), Section: "/", Template: "session", Data: v}
	if !s.Ended() {
		page.Follow = url.Values{"sessionId": {s.SessionID}}
		if v.Status != browserhook.SessionReady || v.Tab == "console" || v.Tab == "network" || v.Tab == "viewers" {
			page.Every = listEvery / 2
		}
	}
	return page, nil
}

func (v *sessionView) title() string {
	if page := v.Page(); page != "" {
		return page
	}
	return short(v.SessionID)
}

// At is the address of the page with another tab.
func (v *sessionView) At(tab string) string {
	step := ""
	if v.Step != nil && tab == "" {
		step = v.Step.StepID
	}
	return address(sessionPath(v.SessionID), "tab", tab, "step", step)
}

// AtStep is the address of the page with another step.
func (v *sessionView) AtStep(id string) string { return address(sessionPath(v.SessionID), "step", id) }

// File is the address of an artifact.
func (v *sessionView) File(id string) string {
	return sessionPath(v.SessionID) + "/artifacts/" + url.PathEscape(id)
}

// readSteps reads the last of them, and the one that is looked at: the one that is asked
// for, or the last that ran. Of no other is its result read, which can be long.
func (v *sessionView) readSteps(c *call, wanted string) error {
	most := stepsOnLine
	if v.Tab == "code" {
		most = stepsInCode
	}
	var all []browserhook.StepRun
	for one, err := range v.Session.Steps(c.r.Context(), browserhook.ListStepsParams{Newest: true, Limit: rowsOnPage}) {
		if err != nil {
			return err
		}
		if all = append(all, one); len(all) == most {
			break
		}
	}
	slices.Reverse(all)
	if len(all) > 0 {
		v.All = all[len(all)-1].Index + 1
	}
	v.Line = lineOf(v.Session, all)
	if len(all) < v.All {
		v.Later = len(all)
	}
	if wanted == "" {
		wanted = lastRun(all)
	}
	for _, s := range all[max(0, len(all)-stepsListed):] {
		row := rowOf(s)
		row.Here = s.StepID == wanted
		v.Steps = append(v.Steps, row)
	}
	if wanted == "" {
		return nil
	}
	whole, err := v.Session.Step(c.r.Context(), wanted)
	if problem, ok := errors.AsType[*browserhook.Error](err); ok && problem.Status == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	v.Step = viewOf(v, rowOf(*whole))
	return nil
}

// lastRun is the last that has begun, or the first that will.
func lastRun(all []browserhook.StepRun) string {
	if len(all) == 0 {
		return ""
	}
	for _, s := range slices.Backward(all) {
		if !s.StartedAt.IsZero() {
			return s.StepID
		}
	}
	return all[0].StepID
}

func rowOf(s browserhook.StepRun) stepRow {
	row := stepRow{StepRun: s, Says: saysOf(s.Step)}
	if s.DurationMs != nil {
		row.Took = took(time.Duration(*s.DurationMs) * time.Millisecond)
	}
	return row
}

// saysOf is what a step is done to, in a line.
func saysOf(step json.RawMessage) string {
	var is struct {
		Target, URL, Value, Text, Key, Expression, Selector, Name string
	}
	_ = json.Unmarshal(step, &is) // what isn't text is seen elsewhere
	parts := slices.DeleteFunc([]string{is.URL, is.Target, is.Value, is.Text, is.Key, is.Expression, is.Name}, func(s string) bool { return s == "" })
	text := strings.Join(parts, " · ")
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}

func viewOf(v *sessionView, row stepRow) *stepView {
	s := &stepView{stepRow: row, Given: pretty(row.Step), Result: pretty(row.Result)}
	if len(row.Result) == 0 {
		s.Result = ""
	}
	if len(s.Result) > resultShown {
		s.Result, s.Cut = strings.ToValidUTF8(s.Result[:resultShown], ""), true
	}
	var has struct{ ArtifactID, ContentType string }
	if json.Unmarshal(row.Result, &has) == nil && strings.HasPrefix(has.ContentType, "image/") {
		s.Picture = v.File(has.ArtifactID)
	}
	return s
}

// readTab reads what the tab shows, and of a session that has ended its last picture.
func (v *sessionView) readTab(c *call, cursor string) (err error) {
	ctx, s := c.r.Context(), v.Session
	more := func(next string) string {
		if next == "" {
			return ""
		}
		return address(sessionPath(s.SessionID), "tab", v.Tab, "cursor", next)
	}
	if v.Tab == "files" || s.Ended() {
		p := browserhook.ListParams{Limit: rowsOnPage}
		if v.Tab == "files" {
			p.Cursor = cursor // that of another tab is of another list
		}
		got, err := s.ArtifactPage(ctx, p)
		if err != nil {
			return err
		}
		v.Artifacts = got.Data
		if v.Tab == "files" {
			v.Older = more(got.NextCursor)
		}
		for _, a := range got.Data {
			v.Recorded = v.Recorded || a.Kind == "recording"
			if s.Ended() && strings.HasPrefix(a.ContentType, "image/") {
				v.Face = v.File(a.ArtifactID)
			}
		}
	}
	switch v.Tab {
	case "events":
		got, err := c.API.Events.Page(ctx, browserhook.ListEventsParams{SessionID: s.SessionID, Cursor: cursor, Limit: rowsOnPage})
		if err != nil {
			return err
		}
		v.Events, v.Older = got.Data, ""
		if len(got.Data) == rowsOnPage {
			v.Older = more(got.NextCursor)
		}
	case "console", "network":
		kinds := []string{"request"}
		if v.Tab == "console" {
			kinds = []string{"console", "error", "refused"}
		}
		got, err := s.LogPage(ctx, browserhook.ReadLogsParams{Kinds: kinds, Cursor: cursor, Limit: rowsOnPage})
		if err != nil {
			return err
		}
		v.Log, v.Older = got.Data, more(got.NextCursor)
	case "viewers":
		for one, err := range s.Viewers(ctx, browserhook.ListParams{Limit: rowsOnPage}) {
			if err != nil {
				return err
			}
			if v.Viewers = append(v.Viewers, one); len(v.Viewers) == rowsOnPage {
				break
			}
		}
	case "settings", "code":
		again, hidden, err := settingsOf(s)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(again)
		if err != nil {
			return err
		}
		v.Settings, v.Hidden = pretty(raw), hidden
		if v.Tab == "code" {
			v.Samples, err = samplesOf(c.PublicURL(), again, v.givenSteps())
		}
		return err
	}
	return nil
}

func (v *sessionView) givenSteps() (steps []json.RawMessage) { return v.Line.given }

// settingsOf is what makes a session like this one; hidden: but for what nobody is shown.
func settingsOf(s *browserhook.Session) (again browserhook.CreateSessionRequest, hidden bool, err error) {
	if err := json.Unmarshal(s.Raw, &again); err != nil {
		return again, false, fmt.Errorf("read a session's settings: %w", err)
	}
	again.Steps = nil
	hidden = again.HTTPCredentials != nil
	again.HTTPCredentials = nil
	again.Headers = slices.DeleteFunc(again.Headers, func(h browserhook.SessionHeader) bool {
		if h.Secret {
			hidden = true
		}
		return h.Secret
	})
	if u, err := url.Parse(again.Proxy); err == nil && u.User != nil {
		u.User, hidden = nil, true
		again.Proxy = u.String()
	}
	return again, hidden, nil
}

// timeline is when a session's steps ran, as a chart.
type timeline struct {
	Bars  []bar
	Ticks []mark
	Took  string
	given []json.RawMessage
}

type bar struct {
	StepID, Status, Title string
	X, Width              string // of lineWidth
	At                    time.Time
}

// mark is a time below it.
type mark struct{ X, Name string }

const lineWidth = 1000.0

// lineOf lays the steps out from when there was a browser until the last has ended, or by
// now if it runs: what comes after may be long, and tells nothing.
func lineOf(s *browserhook.Session, all []browserhook.StepRun) timeline {
	l := timeline{}
	begun := s.ReadyAt
	if begun.IsZero() {
		begun = s.CreatedAt
	}
	end := begun
	for _, one := range all {
		until := one.FinishedAt
		if until.IsZero() && !one.StartedAt.IsZero() {
			until = time.Now()
		}
		if until.After(end) {
			end = until
		}
	}
	whole := end.Sub(begun)
	if whole <= 0 {
		whole = time.Millisecond
	}
	l.Took = took(whole)
	at := func(t time.Time) float64 { return min(max(t.Sub(begun).Seconds()/whole.Seconds(), 0), 1) * lineWidth }
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
	for _, one := range all {
		if one.Index > 0 || one.Action != "goto" || s.URL == "" {
			l.given = append(l.given, one.Step)
		}
		if one.StartedAt.IsZero() {
			continue
		}
		until := one.FinishedAt
		if until.IsZero() {
			until = end
		}
		x := at(one.StartedAt)
		l.Bars = append(l.Bars, bar{
			StepID: one.StepID, At: one.StartedAt, Status: string(one.Status), X: number(x), Width: number(max(at(until)-x, 3)),
			Title: fmt.Sprintf("%d %s, %s, %s", one.Index+1, one.Action, strings.ToLower(string(one.Status)), took(until.Sub(one.StartedAt))),
		})
	}
	for i := range 5 {
		part := float64(i) / 5
		l.Ticks = append(l.Ticks, mark{number(part * lineWidth), took(time.Duration(part * float64(whole)))})
	}
	return l
}

func (h *Handler) cancelStep(c *call) (string, error) {
	id := c.r.PathValue("id")
	_, err := c.API.Session(id).CancelStep(c.r.Context(), c.r.PathValue("step"))
	return sessionPath(id), err
}

// runStep adds a step that was written as JSON.
func (h *Handler) runStep(c *call) (string, error) {
	id := c.r.PathValue("id")
	var step browserhook.AnyStep
	if err := json.Unmarshal([]byte(c.r.PostForm.Get("step")), &step); err != nil {
		return "", &browserhook.Error{Status: 400, Code: "malformed", Title: "Not a step", Detail: `Write a step as JSON, such as {"action": "click", "target": "text=Buy"}: ` + err.Error() + "."}
	}
	added, err := c.API.Session(id).Add(c.r.Context(), step)
	if err != nil {
		return "", err
	}
	return address(sessionPath(id), "step", added[0].StepID), nil
}
