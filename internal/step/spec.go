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
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/strictjson"
)

// Spec is one step as a user writes it: the action and the members that it
// knows. Actions lists which those are.
type Spec struct {
	Action     string           `json:"action" doc:"What to do." enum:"goto,back,forward,reload,click,doubleClick,hover,fill,type,press,select,check,uncheck,scroll,waitFor,assert,extract,evaluate,screenshot,setCookies" example:"click"`
	Target     string           `json:"target,omitempty" doc:"CSS selector, or text=, role=button[name=\"Buy\"], label=, placeholder=, testid=, xpath=." maxLength:"4096" example:"role=button[name=\"Buy\"]"`
	URL        string           `json:"url,omitempty" doc:"goto: where to (http, https, data or about:blank). waitFor, assert: what the address must be; * stands for anything." maxLength:"65536"`
	WaitUntil  string           `json:"waitUntil,omitempty" doc:"Navigation counts as done at this moment; load is the default." enum:"commit,domcontentloaded,load"`
	Value      *string          `json:"value,omitempty" doc:"fill, type: the text. select: the option's value or label. assert: the field's value." maxLength:"262144"`
	Values     []string         `json:"values,omitzero" doc:"select: several options, or none." maxItems:"1000" nullable:"false"`
	Index      *int             `json:"index,omitempty" doc:"select: the option at this place, the first is 0." minimum:"0"`
	Key        string           `json:"key,omitempty" doc:"press: a key or chord." example:"Control+A" maxLength:"64"`
	Button     string           `json:"button,omitempty" doc:"click, doubleClick: the mouse button; left is the default." enum:"left,right,middle"`
	Modifiers  []string         `json:"modifiers,omitempty" doc:"click, doubleClick, hover: keys held meanwhile." maxItems:"4" nullable:"false"`
	X          *float64         `json:"x,omitempty" doc:"scroll: CSS pixels to the right."`
	Y          *float64         `json:"y,omitempty" doc:"scroll: CSS pixels down."`
	State      string           `json:"state,omitempty" doc:"waitFor, assert: visible is the default of waitFor. The last four are assert's." enum:"visible,hidden,attached,detached,enabled,disabled,checked,unchecked"`
	Text       *string          `json:"text,omitempty" doc:"assert: text that the target, or the page, must hold." maxLength:"65536"`
	Title      *string          `json:"title,omitempty" doc:"assert: the page's title." maxLength:"65536"`
	Count      *int             `json:"count,omitempty" doc:"assert: how many elements match the target." minimum:"0"`
	Attribute  string           `json:"attribute,omitempty" doc:"extract: this attribute instead of the text." maxLength:"256"`
	Type       string           `json:"type,omitempty" doc:"extract: what to make of it; text is the default." enum:"text,number,html,value"`
	All        bool             `json:"all,omitempty" doc:"extract: a list of all matches instead of the one."`
	Fields     map[string]Field `json:"fields,omitempty" doc:"extract: an object with these members, each a target or a field."`
	Expression string           `json:"expression,omitempty" doc:"evaluate: JavaScript; a promise is awaited, the value must be JSON of at most 256 KiB." maxLength:"262144"`
	FullPage   bool             `json:"fullPage,omitempty" doc:"screenshot: the whole page, not only what is in view."`
	Format     string           `json:"format,omitempty" doc:"screenshot: png is the default." enum:"png,jpeg"`
	Quality    *int             `json:"quality,omitempty" doc:"screenshot: of a jpeg." minimum:"1" maximum:"100"`
	Cookies    []Cookie         `json:"cookies,omitempty" doc:"setCookies." maxItems:"500" nullable:"false"`
	Timeout    string           `json:"timeout,omitempty" doc:"How long the step may take, 10ms to 10m." example:"30s"`
}

// Field is one member of what extract makes: written as a target alone, or as
// an object.
type Field struct {
	Target    string           `json:"target,omitempty"`
	Attribute string           `json:"attribute,omitempty"`
	Type      string           `json:"type,omitempty"`
	All       bool             `json:"all,omitempty"`
	Fields    map[string]Field `json:"fields,omitempty"`
}

// UnmarshalJSON takes "selector" for {"target":"selector"}.
func (f *Field) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return strictjson.Unmarshal(raw, &f.Target)
	}
	type plain Field
	return strictjson.Unmarshal(raw, (*plain)(f))
}

// Schema describes both ways to write a field.
func (Field) Schema(huma.Registry) *huma.Schema {
	text := &huma.Schema{Type: huma.TypeString, Description: "A target; its text is taken."}
	return &huma.Schema{OneOf: []*huma.Schema{text, {
		Type: huma.TypeObject, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"target":    {Type: huma.TypeString, Description: "Looked for inside the element that the list is of."},
			"attribute": {Type: huma.TypeString},
			"type":      {Type: huma.TypeString, Enum: []any{"text", "number", "html", "value"}},
			"all":       {Type: huma.TypeBoolean},
			"fields":    {Type: huma.TypeObject, Description: "The same again, inside each match."},
		},
	}}}
}

// Cookie is a cookie to set. It needs a domain, or a url, or the page's is taken.
type Cookie struct {
	Name     string  `json:"name" minLength:"1" maxLength:"4096"`
	Value    string  `json:"value" maxLength:"4096"`
	URL      string  `json:"url,omitempty"`
	Domain   string  `json:"domain,omitempty"`
	Path     string  `json:"path,omitempty"`
	Expires  float64 `json:"expires,omitempty" doc:"Seconds since 1970; none is a session cookie."`
	HTTPOnly bool    `json:"httpOnly,omitempty"`
	Secure   bool    `json:"secure,omitempty"`
	SameSite string  `json:"sameSite,omitempty" enum:"Strict,Lax,None"`
}

const (
	defaultTimeout = 30 * time.Second
	minTimeout     = 10 * time.Millisecond
	maxTimeout     = 10 * time.Minute
)

func (s *Spec) timeout() time.Duration {
	if d, err := time.ParseDuration(s.Timeout); err == nil {
		return d
	}
	return defaultTimeout
}

// Params is the spec as it is stored: compact JSON.
func (s *Spec) Params() json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil { // NaN can't come out of JSON, and nothing else fails
		panic(fmt.Sprintf("marshal a step: %v", err))
	}
	return raw
}

// Mask stands for what whoever may only look isn't shown of a step.
const Mask = "…"

// Masked is a stored spec for whoever may only look: the mask for what it types,
// chooses or compares a field with and for the values of cookies, and addresses
// without user and password.
func Masked(params json.RawMessage) json.RawMessage {
	var s Spec
	if err := json.Unmarshal(params, &s); err != nil {
		return json.RawMessage(`{}`) // what can't be read isn't shown
	}
	s.URL = domain.HideUserinfo(s.URL)
	if s.Value != nil {
		s.Value = new(Mask)
	}
	for i := range s.Values {
		s.Values[i] = Mask
	}
	for i := range s.Cookies {
		c := &s.Cookies[i]
		c.Value, c.URL = Mask, domain.HideUserinfo(c.URL)
	}
	return s.Params()
}
