// Package step is what a session can be told to do: what each action accepts,
// how it waits, what it answers, and how it fails.
//
// A target is a CSS selector, or one of
//
//	text=Buy            the smallest element whose text holds it, in any case
//	text="Buy"          …whose whole text is it
//	role=button         an ARIA role, given or implied
//	role=button[name="Buy"]   …with that accessible name, exactly
//	label=E-mail        a form field by its label
//	placeholder=Search  a form field by its placeholder
//	testid=cart         data-testid
//	xpath=//td[2]       XPath (it doesn't look into shadow roots)
//	css=…               CSS, for a selector that looks like one of the above
//
// It looks into open shadow roots and, when the main frame has no match, into
// the other frames. An action needs exactly one match, and waits as Playwright
// does until that is attached, visible, stable, enabled and not covered.
package step

import (
	"encoding/json"
	"fmt"
)

// Spec is one step as a user writes it: the action and what that is given. Which
// members an action takes, and what they must be, its own file says.
type Spec struct {
	Action     string           `json:"action"`
	Target     string           `json:"target,omitempty"`
	URL        string           `json:"url,omitempty"`
	WaitUntil  string           `json:"waitUntil,omitempty"`
	Value      *string          `json:"value,omitempty"`
	Values     []string         `json:"values,omitzero"`
	Index      *int             `json:"index,omitempty"`
	Key        string           `json:"key,omitempty"`
	Button     string           `json:"button,omitempty"`
	Modifiers  []string         `json:"modifiers,omitempty"`
	X          *float64         `json:"x,omitempty"`
	Y          *float64         `json:"y,omitempty"`
	State      string           `json:"state,omitempty"`
	Text       *string          `json:"text,omitempty"`
	Title      *string          `json:"title,omitempty"`
	Count      *int             `json:"count,omitempty"`
	Attribute  string           `json:"attribute,omitempty"`
	Type       string           `json:"type,omitempty"`
	All        bool             `json:"all,omitempty"`
	Fields     map[string]Field `json:"fields,omitempty"`
	Expression string           `json:"expression,omitempty"`
	FullPage   bool             `json:"fullPage,omitempty"`
	Format     string           `json:"format,omitempty"`
	Quality    *int             `json:"quality,omitempty"`
	Cookies    []Cookie         `json:"cookies,omitempty"`
	Timeout    string           `json:"timeout,omitempty"`
}

// Params is the spec as it is stored: compact JSON.
func (s *Spec) Params() json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil { // NaN can't come out of JSON, and nothing else fails
		panic(fmt.Sprintf("marshal a step: %v", err))
	}
	return raw
}
