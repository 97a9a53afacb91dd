package docsite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// description is what the documents use of an OpenAPI description.
type description struct {
	Tags []struct{ Name, Description string }

	Paths    map[string]map[string]*operation
	Webhooks map[string]map[string]*operation

	Components struct {
		Schemas   map[string]*schema
		Responses map[string]*response
	}

	operations map[string][]*operation // by tag
}

type operation struct {
	OperationID          string
	Summary, Description string
	Tags                 []string
	Parameters           []*parameter
	RequestBody          *struct {
		Required bool
		Content  map[string]media
	}
	Responses map[string]*response

	method, path string
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Schema                *schema
}

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]media
}

type media struct {
	Schema  *schema
	Example json.RawMessage
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 kinds
	Description          string
	Format               string
	Properties           map[string]*schema
	Required             []string
	Enum                 []any
	Const                any
	Default              json.RawMessage
	Examples             []json.RawMessage
	Items                *schema
	OneOf, AllOf         []*schema
	AdditionalProperties json.RawMessage
	Minimum, Maximum     *json.Number
	MaxLength            *int
	MaxItems             *int
	Discriminator        *struct{ Mapping map[string]string }
}

// kinds is a type, or several.
type kinds []string

func (k *kinds) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*k = kinds{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(k))
}

func readDescription(raw []byte) (*description, error) {
	d := &description{operations: map[string][]*operation{}}
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, fmt.Errorf("read the API's description: %w", err)
	}
	order := []string{"post", "get", "patch", "delete"}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range order {
			op := d.Paths[path][method]
			if op == nil {
				continue
			}
			op.method, op.path = strings.ToUpper(method), path
			tag := op.Tags[0]
			d.operations[tag] = append(d.operations[tag], op)
		}
	}
	return d, nil
}

// name is what a reference names.
func name(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// resolve is the schema that is meant, and its name if it has one.
func (d *description) resolve(s *schema) (*schema, string) {
	if s == nil || s.Ref == "" {
		return s, ""
	}
	return d.Components.Schemas[name(s.Ref)], name(s.Ref)
}

// kind says what a value of the schema is, in a word or two.
func (d *description) kind(s *schema) string {
	s, named := d.resolve(s)
	if s == nil {
		return "anything"
	}
	switch named {
	case "Step":
		return "[step](" + Root + "/steps)"
	case "StepRun":
		return "[step](" + Root + "/steps), told apart by `action`"
	case "Event":
		return "[event](" + Root + "/events)"
	}
	if len(s.AllOf) == 1 {
		return d.kind(s.AllOf[0])
	}
	types := slices.DeleteFunc(slices.Clone(s.Type), func(t string) bool { return t == "null" })
	switch {
	case slices.Contains(types, "array"):
		return "array of " + plural(d.kind(s.Items))
	case len(types) == 0 && len(s.Properties) > 0:
		return "object"
	case len(types) == 0 && s.Const != nil:
		return "string"
	case len(types) == 0:
		return "any JSON"
	case s.Format == "date-time":
		return "time, RFC 3339"
	case s.Format == "uri":
		return "address"
	}
	return strings.Join(types, " or ")
}

func plural(kind string) string {
	switch kind {
	case "string", "integer", "number", "boolean", "object":
		return kind + "s"
	case "address":
		return "addresses"
	}
	return kind
}

// bounds says what of its kind a value may be.
func (s *schema) bounds() string {
	var all []string
	values := slices.DeleteFunc(slices.Clone(s.Enum), func(v any) bool { return v == nil })
	if s.Const != nil {
		values = []any{s.Const}
	}
	if len(values) > 0 {
		var words []string
		for _, v := range values {
			words = append(words, fmt.Sprintf("`%v`", v))
		}
		if len(words) == 1 {
			all = append(all, "Always "+words[0])
		} else {
			all = append(all, "One of "+strings.Join(words, ", "))
		}
	}
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		all = append(all, fmt.Sprintf("%s to %s", *s.Minimum, *s.Maximum))
	case s.Minimum != nil:
		all = append(all, fmt.Sprintf("At least %s", *s.Minimum))
	case s.Maximum != nil:
		all = append(all, fmt.Sprintf("At most %s", *s.Maximum))
	}
	if s.MaxItems != nil {
		all = append(all, fmt.Sprintf("At most %d", *s.MaxItems))
	}
	if s.MaxLength != nil && *s.MaxLength < 10_000 {
		all = append(all, fmt.Sprintf("At most %d characters", *s.MaxLength))
	}
	if len(s.Default) > 0 {
		all = append(all, "Default `"+string(s.Default)+"`")
	}
	if len(s.Examples) > 0 && (len(s.Properties) == 0) {
		all = append(all, "For example `"+inline(s.Examples[0])+"`")
	}
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, ". ") + "."
}

// inline is a value as it is written in a sentence.
func inline(raw []byte) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return unescape.Replace(string(raw))
}

// members lists the properties of a schema, those that are needed first, with theirs
// below them. within are the names that it is in.
func (d *description) members(b *strings.Builder, s *schema, indent string, within ...string) {
	properties, required := d.properties(s)
	for _, property := range slices.SortedFunc(maps.Keys(properties), func(x, y string) int {
		if nx, ny := slices.Contains(required, x), slices.Contains(required, y); nx != ny {
			if nx {
				return -1
			}
			return 1
		}
		return strings.Compare(x, y)
	}) {
		d.member(b, property, properties[property], slices.Contains(required, property), indent, within...)
	}
}

// member is one of them.
func (d *description) member(b *strings.Builder, property string, s *schema, required bool, indent string, within ...string) {
	meant, named := d.resolve(s)
	fmt.Fprintf(b, "%s- **`%s`** *%s*", indent, property, d.kind(s))
	if required {
		b.WriteString(" *required*")
	}
	says := strings.TrimSpace(s.Description)
	if says == "" && meant != nil {
		says = meant.Description
	}
	if meant != nil {
		says = strings.TrimSpace(says + " " + meant.bounds())
		if items, _ := d.resolve(meant.Items); items != nil {
			says = strings.TrimSpace(says + " " + items.bounds())
		}
	}
	if says != "" {
		fmt.Fprintf(b, "\n%s  \n%s  %s", indent, indent, strings.ReplaceAll(says, "\n", " "))
	}
	b.WriteString("\n")
	if meant == nil {
		return
	}
	if slices.Contains(meant.Type, "array") && meant.Items != nil {
		meant, named = d.resolve(meant.Items)
	}
	if meant == nil || len(within) > 3 || named != "" && slices.Contains(within, named) || named == "Step" || named == "StepRun" || named == "Event" {
		return
	}
	d.members(b, meant, indent+"  ", append(slices.Clone(within), named)...)
}

// properties are those of a schema, with those of what it is made of.
func (d *description) properties(s *schema) (map[string]*schema, []string) {
	s, _ = d.resolve(s)
	if s == nil {
		return nil, nil
	}
	all, required := maps.Clone(s.Properties), slices.Clone(s.Required)
	for _, part := range s.AllOf {
		more, needed := d.properties(part)
		if all == nil {
			all = map[string]*schema{}
		}
		maps.Copy(all, more)
		required = append(required, needed...)
	}
	return all, required
}

// pretty is JSON with a line for each member.
func pretty(raw []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return unescape.Replace(b.String())
}

// unescape undoes what encoding/json does for those who put JSON into HTML.
var unescape = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&")
