package step

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/language"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/strictjson"
)

var extracting = []action{{
	name: "extract",
	does: "Reads the page, in one look, once all that is asked for is there; an optional field is null if it alone is missing. A field is a target, of which the text is taken, or an object; inside each match of a list, targets are looked for in that match, one without a match is null, and a field without a target is about the match itself. A list may be empty: where it fills late, a waitFor comes first.",
	members: []member{
		target,
		{name: "each", tag: `doc:"A list of what all that match this target have; the same as target with all." maxLength:"4096" example:"#products li"`},
		{name: "all", tag: `doc:"A list of all matches instead of the one."`},
		{name: "attribute", tag: `doc:"This attribute instead of the text, as it is written." maxLength:"256"`},
		{name: "type", tag: `doc:"What to make of it; text is the default. number: the first number, or null. value: what a field holds. markdown: what is seen, as Markdown. links: a list of text and url. table: a list of rows, by the words of the table's head if it has one." enum:"text,number,html,value,markdown,links,table"`},
		{name: "locale", tag: `doc:"number: the language that it is written in; the page's lang, or else the session's, by default." maxLength:"64" example:"de"`},
		{name: "fields", tag: `doc:"An object with these members, each a target or a field." example:"{\"title\":\"h1\"}"`},
	},
	oneOf:   []string{"target", "each", "fields"},
	answers: "what was read.",
	gives:   anything{},
	examples: []example{
		{
			step:   `{"action":"extract","each":"#products li","fields":{"name":"b","price":{"target":"i","type":"number"},"link":{"target":"a","attribute":"href"}}}`,
			result: `[{"link":"/tea","name":"Tea","price":4.5},{"link":"/cups","name":"Cups","price":1234.56}]`,
		},
		{
			step:   `{"action":"extract","fields":{"title":"h1","links":{"target":"nav","type":"links"},"rating":{"target":"#rating","type":"number"}}}`,
			result: `{"links":[{"text":"Help","url":"https://shop.example/help"}],"rating":4.5,"title":"Tea shop"}`,
		},
		{
			step:   `{"action":"extract","fields":{"title":"h1","sale":{"target":"#sale","optional":true}}}`,
			result: `{"sale":null,"title":"Tea shop"}`,
		},
		{
			step:   `{"action":"extract","target":"#hours","type":"table"}`,
			result: `[{"Closes":"18:00","Day":"Monday","Opens":"9:00"},{"Closes":"13:00","Day":"Saturday","Opens":"10:00"}]`,
		},
		{
			step:   `{"action":"extract","target":"#about","type":"markdown"}`,
			result: `"## About us\n\nTea since **1906**, from [our garden](https://shop.example/help)."`,
		},
	},
	check: func(s *Spec, at pathTo) error {
		shape := s.shape()
		return shape.check(at, 0)
	},
	run: (*run).extract, looks: true,
}}

// Field is one member of what extract makes: written as a target alone, or as
// an object.
type Field struct {
	Target    string           `json:"target,omitempty"`
	Each      string           `json:"each,omitempty"`
	All       bool             `json:"all,omitempty"`
	Attribute string           `json:"attribute,omitempty"`
	Type      string           `json:"type,omitempty"`
	Locale    string           `json:"locale,omitempty"`
	Fields    map[string]Field `json:"fields,omitempty"`
	Optional  bool             `json:"optional,omitempty"`
}

// shape is all that the step asks for as one field.
func (s *Spec) shape() Field {
	return Field{s.Target, s.Each, s.All, s.Attribute, s.Type, s.Locale, s.Fields, false}
}

// UnmarshalJSON takes "selector" for {"target":"selector"}.
func (f *Field) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return strictjson.Unmarshal(raw, &f.Target)
	}
	type plain Field
	return strictjson.Unmarshal(raw, (*plain)(f))
}

// readings is what can be made of an element.
var readings = []any{"text", "number", "html", "value", "markdown", "links", "table"}

// Schema describes both ways to write a field.
func (Field) Schema(huma.Registry) *huma.Schema {
	text := &huma.Schema{Type: huma.TypeString, Description: "A target; its text is taken."}
	return &huma.Schema{OneOf: []*huma.Schema{text, {
		Type: huma.TypeObject, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"target":    {Type: huma.TypeString, Description: "Looked for inside the element that the list is of."},
			"each":      {Type: huma.TypeString, Description: "A list of what all that match this target have."},
			"all":       {Type: huma.TypeBoolean, Description: "A list of all matches."},
			"attribute": {Type: huma.TypeString, Description: "This attribute instead of the text."},
			"type":      {Type: huma.TypeString, Enum: readings, Description: "What to make of it."},
			"locale":    {Type: huma.TypeString, Description: "The language that a number is written in."},
			"fields":    {Type: huma.TypeObject, Description: "The same again, inside each match."},
			"optional":  {Type: huma.TypeBoolean, Description: "Nobody waits for it: it is null where the target isn't found."},
		},
	}}}
}

const maxFieldDepth = 4

// check says what is wrong with the shape; a field that is not inside another
// needs a target.
func (f *Field) check(at pathTo, depth int) error {
	if depth > maxFieldDepth {
		return domain.Invalid(at("fields"), "is nested deeper than %d", maxFieldDepth)
	}
	for name, raw := range map[string]string{"target": f.Target, "each": f.Each} {
		if raw == "" {
			continue
		}
		t, err := ParseTarget(raw)
		if err != nil {
			return domain.Invalid(at(name), "%s", err)
		}
		if t.Frames != nil && depth > 0 {
			return domain.Invalid(at(name), "at 1: frame= is for the step's own target")
		}
	}
	switch {
	case f.Each != "" && f.Target != "":
		return domain.Invalid(at("each"), "can't go with a target")
	case f.Each != "" && f.All:
		return domain.Invalid(at("all"), "is what each says already")
	case f.All && f.Target == "":
		return domain.Invalid(at("all"), "says something about a target, and there is none")
	case f.Optional && (f.Target == "" || f.All):
		return domain.Invalid(at("optional"), "says that a target may be missing, and there is none, or a list, which may be empty")
	case f.Type != "" && !slices.Contains(readings, any(f.Type)):
		return domain.Invalid(at("type"), "%q is none of text, number, html, value, markdown, links, table", f.Type)
	case len(f.Fields) > 0 && (f.Attribute != "" || f.Type != ""):
		return domain.Invalid(at("fields"), "can't go with an attribute or a type: it makes an object")
	case f.Attribute != "" && f.Type != "" && f.Type != "text" && f.Type != "number":
		return domain.Invalid(at("attribute"), "is a text or a number, no %s", f.Type)
	case f.Attribute != "" && depth == 0 && f.Target == "" && f.Each == "":
		return domain.Invalid(at("attribute"), "says something about a target, and there is none")
	}
	if f.Locale != "" {
		if _, err := language.Parse(f.Locale); err != nil || f.Type != "number" {
			return domain.Invalid(at("locale"), "must be a language such as de or en-GB, and goes with the type number")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		sub, field := f.Fields[name], at("fields")+"."+name
		if sub.Target == "" && sub.Each == "" && depth == 0 && f.Target == "" && f.Each == "" {
			return domain.Invalid(field+".target", "is needed")
		}
		if err := sub.check(func(name string) string { return field + "." + name }, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) extract() (any, error) {
	r.waitedFor = "everything to extract to be there"
	shape := r.spec.shape()
	v, err := r.poll("extract", object{"field": shape.args(r.page.TestID)})
	if err != nil {
		return nil, err
	}
	if v.Value == nil {
		return json.RawMessage("null"), nil
	}
	r.waitedFor = "what was read to be made what was asked for"
	return shape.finish(v.Value, &maker{r.ctx, maxHTML, toMarkdown})
}

// args is the field with its targets parsed, as the injected engine takes it.
func (f *Field) args(testID string) object {
	o := object{"all": f.All || f.Each != "", "optional": f.Optional}
	raw := cmp.Or(f.Target, f.Each)
	if t, err := ParseTarget(raw); raw != "" && err == nil { // Check has seen it
		o["target"], o["raw"] = t.withTestID(testID), raw
	}
	for name, v := range map[string]string{"attribute": f.Attribute, "type": f.Type, "locale": f.Locale} {
		if v != "" {
			o[name] = v
		}
	}
	if len(f.Fields) > 0 {
		fields := object{}
		for name, sub := range f.Fields {
			fields[name] = sub.args(testID)
		}
		o["fields"] = fields
	}
	return o
}
