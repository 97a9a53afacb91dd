package step

import (
	"encoding/json"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/strictjson"
)

var extracting = []action{{
	name: "extract", does: "Reads the page, once all that is asked for is there.",
	members: []member{
		target,
		{name: "attribute", tag: `doc:"This attribute instead of the text." maxLength:"256"`, check: subject},
		{name: "type", tag: `doc:"What to make of it; text is the default." enum:"text,number,html,value"`},
		{name: "all", tag: `doc:"A list of all matches instead of the one."`},
		{name: "fields", tag: `doc:"An object with these members, each a target or a field." example:"{\"title\":\"h1\"}"`, check: checkShape},
	},
	oneOf:   []string{"target", "fields"},
	answers: "what was read.",
	examples: []example{{
		step:   `{"action":"extract","target":"#products li","all":true,"fields":{"name":"b","price":{"target":"i","type":"number"},"link":{"target":"a","attribute":"href"}}}`,
		result: `[{"link":"/tea","name":"Tea","price":4.5},{"link":"/cups","name":"Cups","price":1234.56}]`,
	}},
	run: (*run).extract, looks: true,
}}

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

func checkShape(s *Spec, field string) error { return checkFields(field, s.Fields, 1) }

const maxFieldDepth = 4

func checkFields(at string, fields map[string]Field, depth int) error {
	if depth > maxFieldDepth {
		return domain.Invalid(at, "is nested deeper than %d", maxFieldDepth)
	}
	for name, f := range fields {
		field := at + "." + name
		if f.Target == "" && depth == 1 {
			return domain.Invalid(field+".target", "is needed")
		}
		if f.Target != "" {
			t, err := ParseTarget(f.Target)
			if err != nil {
				return domain.Invalid(field+".target", "%s", err)
			}
			if t.Frames != nil {
				return domain.Invalid(field+".target", "at 1: frame= is for the step's own target")
			}
		}
		if !slices.Contains([]string{"", "text", "number", "html", "value"}, f.Type) {
			return domain.Invalid(field+".type", "%q is none of text, number, html, value", f.Type)
		}
		if err := checkFields(field+".fields", f.Fields, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) extract() (any, error) {
	s := r.spec
	r.waitedFor = "everything to extract to be there"
	field := r.fieldArgs(Field{Target: s.Target, Attribute: s.Attribute, Type: s.Type, All: s.All, Fields: s.Fields})
	v, err := r.poll("extract", object{"field": field})
	if err != nil {
		return nil, err
	}
	if v.Value == nil {
		return json.RawMessage("null"), nil
	}
	return v.Value, nil
}

// fieldArgs is a field with its targets parsed, as the injected engine takes it.
func (r *run) fieldArgs(f Field) object {
	o := object{"all": f.All}
	if f.Target != "" {
		t, err := ParseTarget(f.Target)
		if err == nil { // Check has seen it
			o["target"], o["raw"] = t.withTestID(r.page.TestID), f.Target
		}
	}
	if f.Attribute != "" {
		o["attribute"] = f.Attribute
	}
	if f.Type != "" {
		o["type"] = f.Type
	}
	if len(f.Fields) > 0 {
		fields := object{}
		for name, sub := range f.Fields {
			fields[name] = r.fieldArgs(sub)
		}
		o["fields"] = fields
	}
	return o
}
