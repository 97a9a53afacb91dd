package mcp

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	browserhook "github.com/browserhook/browserhook/client"
	steps "github.com/browserhook/browserhook/internal/step"
)

const targetSays = "CSS, or role=button[name=\"Buy\"], text=, label=, placeholder=, testid=; a line of a snapshot says it."

func (s *Server) pageTools() {
	add(s, &sdk.Tool{
		Name: "navigate", Description: "Open an address, or go back, forward or reload. Starts a session if there is none. The answer is short; snapshot: true adds what is on the page.",
		Annotations: hints("Navigate", sdk.ToolAnnotations{DestructiveHint: &no, OpenWorldHint: &yes}),
	}, func(in *jsonschema.Schema) {
		enum(in, "do", "back", "forward", "reload")
		enum(in, "waitUntil", "commit", "domcontentloaded", "load", "networkidle")
	}, (*call).navigate)
	add(s, &sdk.Tool{
		Name: "snapshot", Description: "What is on the page, as an outline. A line's target is role=ROLE[name=\"NAME\"], or what stands behind its →; inside a frame, the frame's own words and >> come first: frame=pay >> role=button[name=\"Pay\"]. Large pages: give a target or text, or go on with from.",
		Annotations: hints("Look at the page", looks),
	}, nil, (*call).snapshot)
	add(s, &sdk.Tool{
		Name: "act", Description: "Do steps in order, exactly as they are written; the first that fails cancels those after it. Each waits until its target is visible, enabled, at rest and not covered. Also a timeout (30s), retries, optional, dryRun for each. Actions, with what they take [if wanted]:\n" + steps.Guide(),
		Annotations: hints("Act", sdk.ToolAnnotations{DestructiveHint: &yes, OpenWorldHint: &yes}),
	}, func(in *jsonschema.Schema) {
		enum(in, "onError", "stop", "continue")
		one := &jsonschema.Schema{Type: "object", Required: []string{"action"}, Properties: map[string]*jsonschema.Schema{
			"action": {Type: "string"}, "target": {Type: "string", Description: targetSays},
		}}
		for _, name := range steps.Actions() {
			one.Properties["action"].Enum = append(one.Properties["action"].Enum, name)
		}
		in.Properties["steps"] = &jsonschema.Schema{Type: "array", Items: one, MinItems: new(1), MaxItems: new(100),
			Description: `Such as {"action":"fill","target":"label=E-mail","value":"a@b.example"}.`}
	}, (*call).act)
	add(s, &sdk.Tool{
		Name: "extract", Description: "Read data from the page: the text of a target, or an object or list of several things, e.g. each: \"#list li\", fields: {\"name\":\"b\",\"price\":{\"target\":\".price\",\"type\":\"number\"},\"link\":{\"target\":\"a\",\"attribute\":\"href\"}}.",
		Annotations: hints("Extract data", looks),
	}, func(in *jsonschema.Schema) {
		enum(in, "type", "text", "number", "html", "value", "markdown", "links", "table")
	}, (*call).extract)
	add(s, &sdk.Tool{
		Name: "screenshot", Description: "A picture of what is in view, of one element, or of the whole page. A snapshot says more about what can be done.",
		Annotations: hints("Take a screenshot", looks),
	}, func(in *jsonschema.Schema) { enum(in, "format", "png", "jpeg") }, (*call).screenshot)
	add(s, &sdk.Tool{
		Name: "tabs", Description: "List the tabs, open one, go to one, close one, or wait for the one that the page opens.",
		Annotations: hints("Tabs", sdk.ToolAnnotations{DestructiveHint: &no, OpenWorldHint: &yes}),
	}, func(in *jsonschema.Schema) { enum(in, "do", "list", "open", "switch", "wait", "close") }, (*call).tabs)
	add(s, &sdk.Tool{
		Name: "wait", Description: "Wait until an element is in a state, the page has an address or has loaded, a request was answered, or JavaScript is true; the steps of act wait by themselves.",
		Annotations: hints("Wait", looks),
	}, func(in *jsonschema.Schema) {
		enum(in, "state", "attached", "detached", "visible", "hidden", "enabled", "disabled", "checked", "unchecked", "focused", "editable")
		enum(in, "waitUntil", "commit", "domcontentloaded", "load", "networkidle")
	}, (*call).wait)
}

// one is a tool's input as the step that it is.
func one(action string, in any) step {
	raw, err := json.Marshal(in)
	if err != nil {
		panic(fmt.Sprintf("marshal a step: %v", err)) // it came as JSON
	}
	s := step{}
	_ = json.Unmarshal(raw, &s)
	delete(s, "sessionId")
	delete(s, "snapshot")
	s["action"] = action
	return s
}

type navigateInput struct {
	ID
	URL       string `json:"url,omitempty"`
	Do        string `json:"do,omitempty" jsonschema:"Instead of an address."`
	WaitUntil string `json:"waitUntil,omitempty" jsonschema:"load by default."`
	Timeout   string `json:"timeout,omitempty" jsonschema:"30s by default."`
	Snapshot  bool   `json:"snapshot,omitempty"`
}

type navigated struct {
	SessionID string   `json:"sessionId"`
	URL       string   `json:"url"`
	Title     string   `json:"title"`
	Status    int      `json:"status,omitempty" jsonschema:"Of the HTTP answer."`
	Snapshot  *outline `json:"snapshot,omitempty"`
}

func (c *call) navigate(in navigateInput) (result[navigated], error) {
	if (in.URL == "") == (in.Do == "") {
		return result[navigated]{}, errors.New("invalid: navigate needs a url, or do: back, forward or reload")
	}
	if in.SessionID == "" && c.client.session() == "" && in.URL != "" {
		if _, err := c.open(openInput{}); err != nil {
			return result[navigated]{}, err
		}
	}
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[navigated]{}, err
	}
	s := one(cmp.Or(in.Do, "goto"), in)
	delete(s, "do")
	raw, err := c.done(session, s)
	if err != nil {
		return result[navigated]{}, err
	}
	out := navigated{SessionID: session.SessionID}
	if err := json.Unmarshal(raw, &out); err != nil {
		return result[navigated]{}, err
	}
	text := fmt.Sprintf("Page: %s %q", out.URL, out.Title)
	if out.Status >= 400 {
		text += fmt.Sprintf(" (HTTP %d)", out.Status)
	}
	if in.Snapshot {
		seen, err := c.outline(session, step{})
		if err != nil {
			return result[navigated]{}, err
		}
		out.Snapshot = &seen
		text += "\n" + seen.text(false)
	}
	return result[navigated]{data: out, text: text}, nil
}

type snapshotInput struct {
	ID
	Target    string `json:"target,omitempty" jsonschema:"Only what is in this element."`
	Text      string `json:"text,omitempty" jsonschema:"Only the lines that hold this, and those around them."`
	From      int    `json:"from,omitempty" jsonschema:"Begin with this line: next of the snapshot before."`
	MaxLength int    `json:"maxLength,omitempty" jsonschema:"Characters, 500 to 100000; 10000 by default."`
}

// outline is a snapshot.
type outline struct {
	URL     string `json:"url"`
	Title   string `json:"title"`
	Outline string `json:"outline"`
	Lines   int    `json:"lines" jsonschema:"Of the whole."`
	Next    int    `json:"next,omitempty" jsonschema:"The first line that had no room."`
}

func (c *call) outline(session *browserhook.Session, s step) (o outline, err error) {
	s["action"] = "snapshot"
	raw, err := c.done(session, s)
	if err == nil {
		err = json.Unmarshal(raw, &o)
	}
	return o, err
}

func (o *outline) text(named bool) string {
	text := ""
	if named {
		text = fmt.Sprintf("Page: %s %q\n", o.URL, o.Title)
	}
	text += cmp.Or(o.Outline, "(nothing)")
	if o.Next > 0 {
		text += fmt.Sprintf("\n… %d of %d lines; the rest: from: %d, or give a target or text", o.Next, o.Lines, o.Next)
	}
	return text
}

func (c *call) snapshot(in snapshotInput) (result[outline], error) {
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[outline]{}, err
	}
	o, err := c.outline(session, one("snapshot", in))
	return result[outline]{data: o, text: o.text(true)}, err
}

type actInput struct {
	ID
	Steps    []step `json:"steps"`
	OnError  string `json:"onError,omitempty" jsonschema:"What a failed step does to those after it; stop by default."`
	Snapshot bool   `json:"snapshot,omitempty" jsonschema:"Add a snapshot of the page afterwards."`
}

type stepDone struct {
	Action string `json:"action"`
	Status string `json:"status" jsonschema:"COMPLETED, FAILED, CANCELED or INTERRUPTED."`
	Result any    `json:"result,omitempty" jsonschema:"What the action answers."`
	Error  string `json:"error,omitempty" jsonschema:"The code, why, what was waited for and what was seen."`
}

type acted struct {
	SessionID string     `json:"sessionId"`
	Steps     []stepDone `json:"steps"`
	Snapshot  *outline   `json:"snapshot,omitempty"`
}

func (c *call) act(in actInput) (result[acted], error) {
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[acted]{}, err
	}
	runs, err := c.run(session, in.OnError, in.Steps...)
	if err != nil {
		return result[acted]{}, err
	}
	r := result[acted]{data: acted{SessionID: session.SessionID, Steps: make([]stepDone, len(runs))}}
	var text strings.Builder
	ran := false
	for i := range runs {
		v := &runs[i]
		one := stepDone{Action: v.Action, Status: string(v.Status)}
		fmt.Fprintf(&text, "%d %s %s", i+1, v.Action, strings.ToLower(one.Status))
		switch {
		case v.Status == browserhook.StepCompleted && len(v.Result) > 0:
			shown := bounded(session.SessionID, v.StepID, v.Result)
			one.Result = shown.value
			text.WriteString(": " + shown.text)
		case v.Status != browserhook.StepCompleted:
			if v.Error != nil {
				one.Error = failure(session.SessionID, v)
				text.WriteString(": " + one.Error)
			}
			optional, _ := in.Steps[min(i, len(in.Steps)-1)]["optional"].(bool)
			r.failure = r.failure || !optional
		}
		ran = ran || v.Status != browserhook.StepCanceled
		text.WriteByte('\n')
		r.data.Steps[i] = one
	}
	if !ran && len(runs) > 0 {
		return result[acted]{}, c.why(session, runs)
	}
	if in.Snapshot {
		seen, err := c.outline(session, step{})
		if err != nil {
			text.WriteString("no snapshot: " + explained(err).Error())
		} else {
			r.data.Snapshot = &seen
			text.WriteString(seen.text(true))
		}
	}
	r.text = strings.TrimSuffix(text.String(), "\n")
	return r, nil
}

// maxShown is how many bytes of one step's result are shown; where the rest is, is said.
const maxShown = 16 << 10

type shown struct {
	value any
	text  string
}

// bounded is a result as a model gets it.
func bounded(session, stepID string, raw json.RawMessage) shown {
	text := string(raw)
	var said string
	if json.Unmarshal(raw, &said) == nil {
		text = said
	}
	if len(text) <= maxShown {
		return shown{raw, text}
	}
	n := maxShown
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	cut := fmt.Sprintf("%s… (%d of %d bytes; all of it: %s)", text[:n], n, len(text), stepURI(session, stepID))
	return shown{cut, cut}
}

type extractInput struct {
	ID
	Target    string         `json:"target,omitempty" jsonschema:"What to read; the page without one."`
	Each      string         `json:"each,omitempty" jsonschema:"A list of what all that match this have."`
	All       bool           `json:"all,omitempty" jsonschema:"A list of all matches of the target."`
	Attribute string         `json:"attribute,omitempty" jsonschema:"This attribute instead of the text."`
	Type      string         `json:"type,omitempty" jsonschema:"What to make of it; text by default."`
	Locale    string         `json:"locale,omitempty" jsonschema:"The language that numbers are written in."`
	Fields    map[string]any `json:"fields,omitempty" jsonschema:"An object with these members, each a target or {target, each, all, attribute, type, fields}."`
	Timeout   string         `json:"timeout,omitempty"`
}

type extracted struct {
	Value any `json:"value" jsonschema:"What was read."`
}

func (c *call) extract(in extractInput) (result[extracted], error) {
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[extracted]{}, err
	}
	s := one("extract", in)
	if in.Target == "" && in.Each == "" && in.Fields == nil {
		s["target"] = "body"
	}
	runs, err := c.run(session, "", s)
	if err != nil {
		return result[extracted]{}, err
	}
	if len(runs) == 0 || runs[0].Status != browserhook.StepCompleted {
		return result[extracted]{}, c.why(session, runs)
	}
	shown := bounded(session.SessionID, runs[0].StepID, runs[0].Result)
	return result[extracted]{data: extracted{shown.value}, text: shown.text}, nil
}

type screenshotInput struct {
	ID
	Target   string   `json:"target,omitempty" jsonschema:"Only this element."`
	FullPage bool     `json:"fullPage,omitempty"`
	Format   string   `json:"format,omitempty" jsonschema:"jpeg by default, which is smaller."`
	Mask     []string `json:"mask,omitempty" jsonschema:"Targets to cover."`
}

// maxImage is how large a picture may be, to be in an answer.
const maxImage = 5 << 20

func (c *call) screenshot(in screenshotInput) (result[none], error) {
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[none]{}, err
	}
	in.Format = cmp.Or(in.Format, "jpeg")
	s := one("screenshot", in)
	s["scale"] = "css" // a picture of more points says a model no more
	raw, err := c.done(session, s)
	if err != nil {
		return result[none]{}, err
	}
	var made browserhook.PictureResult
	if err := json.Unmarshal(raw, &made); err != nil {
		return result[none]{}, err
	}
	content, err := fetch(c.ctx, session, made.ArtifactID, maxImage)
	if err != nil {
		return result[none]{}, err
	}
	// An object beside it would hide the picture from clients that show the one or the other.
	r := result[none]{text: fmt.Sprintf("Kept as %s, %d bytes.", artifactURI(session.SessionID, made.ArtifactID), content.size)}
	if content.data == nil {
		r.text += " It is too large to be shown: take one of less."
		return r, nil
	}
	r.more = []sdk.Content{&sdk.ImageContent{Data: content.data, MIMEType: content.kind}}
	return r, nil
}

type tabsInput struct {
	ID
	Do    string `json:"do,omitempty" jsonschema:"list by default."`
	Index *int   `json:"index,omitempty" jsonschema:"switch, close: the tab at this place, the first is 0."`
	URL   string `json:"url,omitempty" jsonschema:"open: the address. switch, close: the tab with this address; * stands for anything."`
	Title string `json:"title,omitempty" jsonschema:"switch, close: the tab with this title."`
}

type tabView struct {
	Index   int    `json:"index"`
	URL     string `json:"url"`
	Title   string `json:"title"`
	Current bool   `json:"current,omitempty"`
}

type tabList struct {
	Tabs []tabView `json:"tabs" jsonschema:"All of them, or the one that is current now."`
}

func (c *call) tabs(in tabsInput) (result[tabList], error) {
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[tabList]{}, err
	}
	raw, err := c.done(session, one("tab", in))
	if err != nil {
		return result[tabList]{}, err
	}
	var r struct {
		Tab  *tabView
		Tabs []tabView
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return result[tabList]{}, err
	}
	if r.Tabs == nil {
		r.Tabs = []tabView{}
	}
	if r.Tab != nil {
		r.Tabs = []tabView{*r.Tab}
	}
	var text strings.Builder
	for _, t := range r.Tabs {
		fmt.Fprintf(&text, "%d %s %q", t.Index, t.URL, t.Title)
		if t.Current {
			text.WriteString(" (current)")
		}
		text.WriteByte('\n')
	}
	return result[tabList]{data: tabList{r.Tabs}, text: cmp.Or(strings.TrimSuffix(text.String(), "\n"), "(none)")}, nil
}

type waitInput struct {
	ID
	Target     string `json:"target,omitempty" jsonschema:"Such as text=Done."`
	State      string `json:"state,omitempty" jsonschema:"Of the target; visible by default."`
	URL        string `json:"url,omitempty" jsonschema:"The page's address; * stands for anything."`
	WaitUntil  string `json:"waitUntil,omitempty" jsonschema:"How far the page has loaded."`
	Response   string `json:"response,omitempty" jsonschema:"The address of a request that is answered; * stands for anything."`
	Expression string `json:"expression,omitempty" jsonschema:"JavaScript that comes true."`
	Timeout    string `json:"timeout,omitempty" jsonschema:"30s by default, up to 10m."`
}

type waited struct {
	Value any `json:"value,omitempty" jsonschema:"The expression's value, or the request."`
}

func (c *call) wait(in waitInput) (result[waited], error) {
	session, err := c.session(in.SessionID)
	if err != nil {
		return result[waited]{}, err
	}
	raw, err := c.done(session, one("waitFor", in))
	if err != nil {
		return result[waited]{}, err
	}
	if len(raw) == 0 {
		return result[waited]{text: "It is so."}, nil
	}
	shown := bounded(session.SessionID, "", raw)
	return result[waited]{data: waited{shown.value}, text: shown.text}, nil
}
