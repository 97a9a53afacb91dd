package live

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/domain"
)

// state is what the page shows beside the picture. Of the steps it has those that
// are not as they were told before.
type state struct {
	Type      string     `json:"type"` // state
	Status    string     `json:"status"`
	Reason    string     `json:"reason,omitempty"`
	Error     string     `json:"error,omitempty"`
	Place     int        `json:"place,omitempty"` // in the queue, while it waits
	URL       string     `json:"url"`
	Viewers   int        `json:"viewers"`
	Control   bool       `json:"control"` // the link is for it
	Driver    *driver    `json:"driver,omitempty"`
	Tabs      []tabLine  `json:"tabs,omitempty"`
	Steps     []stepLine `json:"steps"`
	CreatedAt string     `json:"createdAt,omitempty"`
	ReadyAt   string     `json:"readyAt,omitempty"`
	EndedAt   string     `json:"endedAt,omitempty"`
	Late      bool       `json:"late,omitempty"` // the link has ended with the session
}

// driver is who drives the session by hand.
type driver struct {
	Name  string `json:"name,omitempty"`
	Mine  bool   `json:"mine,omitempty"` // the viewer itself
	Since string `json:"since"`
}

// tabLine is one of the session's tabs, a popup's too.
type tabLine struct {
	Number  int    `json:"number"`
	URL     string `json:"url"`
	Current bool   `json:"current,omitempty"` // where steps run
	Shown   bool   `json:"shown,omitempty"`   // that the viewer sees
	Popup   bool   `json:"popup,omitempty"`   // another has opened it
	Asks    bool   `json:"asks,omitempty"`    // it waits for an answer
}

type stepLine struct {
	Index  int    `json:"index"`
	Action string `json:"action"`
	Target string `json:"target,omitempty"` // never what was typed
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
	Ms     int64  `json:"ms,omitempty"`
	At     string `json:"at,omitempty"`     // when it began
	Result bool   `json:"result,omitempty"` // the viewer may ask for it
}

// hides is how addresses are shown. Who can only look may be anybody: what one says
// beside where it is stays with those who drive the session.
func hides(mode domain.StreamMode) func(string) string {
	if mode == domain.StreamControl {
		return domain.HideUserinfo
	}
	return domain.HideQueries
}

// showsResult says whether the link's holder may see what the step answered. Who can
// only look sees what was read from the page that is seen, but not what scripts and the
// browser told: that may be cookies.
func showsResult(mode domain.StreamMode, st domain.Step) bool {
	return st.Status == domain.StepCompleted && (mode == domain.StreamControl || st.Action == "extract")
}

// hideIn hides the same in a result.
func hideIn(result json.RawMessage) json.RawMessage {
	var value any
	if json.Unmarshal(result, &value) != nil {
		return nil
	}
	var hide func(any) any
	hide = func(v any) any {
		switch v := v.(type) {
		case string:
			return domain.HideQueries(v)
		case []any:
			for i := range v {
				v[i] = hide(v[i])
			}
		case map[string]any:
			for k := range v {
				v[k] = hide(v[k])
			}
		}
		return v
	}
	hidden, err := json.Marshal(hide(value))
	if err != nil {
		return nil
	}
	return hidden
}

// stamp is a time, or nothing.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return domain.FormatTime(t)
}

func (v *viewer) state(stored *stored) state {
	session, hide := stored.session, hides(v.stream.Mode)
	s := state{
		Type: "state", Status: string(session.Status), Reason: string(session.CloseReason), Place: stored.place,
		Viewers: v.hub.viewerCount(), Control: v.stream.Mode == domain.StreamControl, Steps: []stepLine{},
		CreatedAt: stamp(session.CreatedAt), ReadyAt: stamp(session.ReadyAt), EndedAt: stamp(session.EndedAt),
	}
	if v.late {
		s.Late = true
		return s
	}
	if by := session.Control; by != nil {
		s.Driver = &driver{Name: by.Name, Mine: by.Viewer == v.seen.ID, Since: stamp(by.Since)}
	}
	if session.Error != nil {
		s.Error = hide(session.Error.Message)
	}
	if v.page != nil {
		s.URL = hide(address(v.page))
		s.Tabs = tabLines(v.page, hide)
	}
	for _, st := range stored.steps {
		l := line(st, hide)
		l.Result = showsResult(v.stream.Mode, st)
		if v.told[l.Index] != l {
			v.told[l.Index] = l
			s.Steps = append(s.Steps, l)
		}
	}
	return s
}

func tabLines(shown *browser.Page, hide func(string) string) (all []tabLine) {
	tabs := shown.Tabs()
	if tabs == nil {
		return nil
	}
	current := tabs.Current()
	for _, p := range tabs.Open() {
		all = append(all, tabLine{
			Number: p.Number(), URL: hide(address(p)), Current: p == current, Shown: p == shown, Popup: p.Opener() != nil, Asks: p.Ask() != nil,
		})
	}
	return all
}

// address is where a page is.
func address(p *browser.Page) string { return p.Main().Document.URL }

func line(st domain.Step, hide func(string) string) stepLine {
	var shown struct {
		Target string `json:"target"`
		URL    string `json:"url"`
		Key    string `json:"key"`
	}
	_ = json.Unmarshal(st.Params, &shown) // what can't be read isn't shown
	l := stepLine{
		Index: st.Index, Action: st.Action, Target: hide(shown.Target), Status: string(st.Status), Ms: st.Duration().Milliseconds(), At: stamp(st.StartedAt),
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
