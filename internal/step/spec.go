// Package step is what a session can be told to do: what each action accepts,
// how it waits, what it answers, and how it fails.
//
// A target is a chain of parts with >> between them, each looked for inside
// what the one before found, in Playwright's spelling:
//
//	#id > .class        CSS, which sees open shadow roots as a part of the page, with
//	                    :has-text("x"), :text("x"), :text-is("x"), :visible, :nth-match(li, 2)
//	css=…               CSS, for a selector that looks like one of those below
//	text=Buy            the smallest element whose text holds it, in any case
//	text="Buy"          …that has this text itself; text=/bu+y/i matches it
//	role=button[name="Buy" i][pressed=mixed]   by WAI-ARIA's role, name and states
//	label=E-mail        what a label, or its own attributes, call so; label="E-mail" entirely
//	placeholder=, alt=, title=   by the attribute, in the same ways
//	testid=cart         by data-testid, or what the session says instead
//	xpath=//td[2]       XPath (it doesn't look into shadow roots); // and .. alone too
//	nth=0, nth=-1, visible=true, has="b", has-not=, has-text=, has-not-text=   some of what was found
//	frame=pay >> …      in the frame of that name, or *address*, or element
//
// Without frame= it is looked for in the main frame and, when that has no match,
// in the other frames. An action needs exactly one match, and waits as Playwright
// does until that is attached, visible, stable, enabled and not covered.
package step

import (
	"encoding/json"
	"fmt"
)

// Spec is one step as a user writes it: the action and what that is given. Which
// members an action takes, and what they must be, its own file says.
type Spec struct {
	Action       string           `json:"action"`
	Target       string           `json:"target,omitempty"`
	URL          string           `json:"url,omitempty"`
	WaitUntil    string           `json:"waitUntil,omitempty"`
	Value        *string          `json:"value,omitempty"`
	Secret       bool             `json:"secret,omitempty"`
	Values       []string         `json:"values,omitzero"`
	Label        *string          `json:"label,omitempty"`
	Index        *int             `json:"index,omitempty"`
	IME          bool             `json:"ime,omitempty"`
	Key          string           `json:"key,omitempty"`
	Button       string           `json:"button,omitempty"`
	Modifiers    []string         `json:"modifiers,omitempty"`
	ClickCount   int              `json:"clickCount,omitempty"`
	Position     *Position        `json:"position,omitempty"`
	To           string           `json:"to,omitempty"`
	ToPosition   *Position        `json:"toPosition,omitempty"`
	Moves        int              `json:"moves,omitempty"`
	X            *float64         `json:"x,omitempty"`
	Y            *float64         `json:"y,omitempty"`
	State        string           `json:"state,omitempty"`
	Text         *string          `json:"text,omitempty"`
	Exact        bool             `json:"exact,omitempty"`
	Title        *string          `json:"title,omitempty"`
	Count        *int             `json:"count,omitempty"`
	Attribute    string           `json:"attribute,omitempty"`
	Class        string           `json:"class,omitempty"`
	Type         string           `json:"type,omitempty"`
	All          bool             `json:"all,omitempty"`
	Each         string           `json:"each,omitempty"`
	Locale       string           `json:"locale,omitempty"`
	Fields       map[string]Field `json:"fields,omitempty"`
	From         int              `json:"from,omitempty"`
	MaxLength    int              `json:"maxLength,omitempty"`
	Expression   string           `json:"expression,omitempty"`
	Request      string           `json:"request,omitempty"`
	Response     string           `json:"response,omitempty"`
	FullPage     bool             `json:"fullPage,omitempty"`
	Format       string           `json:"format,omitempty"`
	Quality      *int             `json:"quality,omitempty"`
	Mask         []string         `json:"mask,omitempty"`
	Scale        string           `json:"scale,omitempty"`
	Landscape    bool             `json:"landscape,omitempty"`
	Background   bool             `json:"background,omitempty"`
	PageRanges   string           `json:"pageRanges,omitempty"`
	Files        []File           `json:"files,omitzero"`
	Cookies      []Cookie         `json:"cookies,omitempty"`
	Do           string           `json:"do,omitempty"`
	StorageState *StorageState    `json:"storageState,omitempty"`
	Artifact     string           `json:"artifactId,omitempty"`
	Session      string           `json:"sessionId,omitempty"`
	IndexedDB    bool             `json:"indexedDB,omitempty"`
	Popup        bool             `json:"popup,omitempty"`
	Download     bool             `json:"download,omitempty"`
	Timeout      string           `json:"timeout,omitempty"`

	Sealed   []byte `json:"sealed,omitempty"` // what was concealed, encrypted; only of stored steps
	Retries  int    `json:"retries,omitempty"`
	Optional bool   `json:"optional,omitempty"`
	DryRun   bool   `json:"dryRun,omitempty"`
}

// Position is a place in an element, in CSS pixels from its top left corner,
// within its border.
type Position struct {
	X float64 `json:"x" doc:"Pixels to the right."`
	Y float64 `json:"y" doc:"Pixels down."`
}

// Params is the spec as it is stored: compact JSON.
func (s *Spec) Params() json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil { // NaN can't come out of JSON, and nothing else fails
		panic(fmt.Sprintf("marshal a step: %v", err))
	}
	return raw
}
