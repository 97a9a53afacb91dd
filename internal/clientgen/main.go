// Command clientgen writes what package client takes from the API's description: the
// types of requests and answers, and a step for each action. It is run by make generate:
//
//	clientgen openapi.yaml client
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "use: clientgen openapi.yaml folder")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "clientgen:", err)
		os.Exit(1)
	}
}

func run(description, folder string) error {
	raw, err := os.ReadFile(description)
	if err != nil {
		return err
	}
	var d document
	if err := yaml.Unmarshal(raw, &d); err != nil {
		return err
	}
	for name, write := range map[string]func(*generator){
		"types_gen.go": (*generator).types, "steps_gen.go": (*generator).steps, "webhook/types_gen.go": (*generator).events,
	} {
		g := &generator{document: d, given: d.given(), answers: d.answers(), made: map[string]bool{}}
		write(g)
		file, err := format.Source(g.whole(name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), file, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// document is what is read of the description.
type document struct {
	Paths      map[string]map[string]*operation `yaml:"paths"`
	Webhooks   map[string]any                   `yaml:"webhooks"`
	Components struct {
		Schemas map[string]*schema `yaml:"schemas"`
	} `yaml:"components"`
}

type operation struct {
	ID         string `yaml:"operationId"`
	Parameters []struct {
		Name        string  `yaml:"name"`
		In          string  `yaml:"in"`
		Description string  `yaml:"description"`
		Schema      *schema `yaml:"schema"`
	} `yaml:"parameters"`
	Body struct {
		Content map[string]media `yaml:"content"`
	} `yaml:"requestBody"`
	Responses map[string]struct {
		Content map[string]media `yaml:"content"`
	} `yaml:"responses"`
}

type media struct {
	Schema *schema `yaml:"schema"`
}

type schema struct {
	Ref         string             `yaml:"$ref"`
	Type        types              `yaml:"type"`
	Description string             `yaml:"description"`
	Format      string             `yaml:"format"`
	Enum        []any              `yaml:"enum"`
	Properties  map[string]*schema `yaml:"properties"`
	Required    []string           `yaml:"required"`
	Items       *schema            `yaml:"items"`
	More        more               `yaml:"additionalProperties"`
	OneOf       []*schema          `yaml:"oneOf"`
	AllOf       []*schema          `yaml:"allOf"`
}

// types is one type, or one and null.
type types []string

// UnmarshalYAML reads both.
func (t *types) UnmarshalYAML(n *yaml.Node) error {
	var all []string
	if err := n.Decode(&all); err == nil {
		*t = slices.DeleteFunc(all, func(one string) bool { return one == "null" })
		return nil
	}
	*t = types{""}
	return n.Decode(&(*t)[0])
}

func (t types) String() string { return strings.Join(t, "|") }

// more is the schema of an object's further members; nil: there are none, or any.
type more struct{ *schema }

// UnmarshalYAML reads a schema, and passes over true and false.
func (m *more) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	return n.Decode(&m.schema)
}

func (s *schema) name() string { return strings.TrimPrefix(s.Ref, "#/components/schemas/") }

// members are an object's, those that are needed first, in the description's order.
func (s *schema) members() []string {
	all := slices.Clone(s.Required)
	for _, name := range sorted(s.Properties) {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func (s *schema) needs(member string) bool { return slices.Contains(s.Required, member) }

// given are the schemas that requests are made of.
func (d *document) given() map[string]bool {
	found := map[string]bool{}
	for _, item := range d.Paths {
		for _, op := range item {
			for _, m := range op.Body.Content {
				d.reach(m.Schema, found)
			}
		}
	}
	return found
}

func (d *document) reach(s *schema, found map[string]bool) {
	if s == nil {
		return
	}
	if name := s.name(); name != "" {
		if found[name] {
			return
		}
		found[name] = true
		s = d.Components.Schemas[name]
	}
	for _, p := range s.Properties {
		d.reach(p, found)
	}
	for _, p := range slices.Concat(s.OneOf, s.AllOf, []*schema{s.Items, s.More.schema}) {
		d.reach(p, found)
	}
}

// answers are the schemas of what operations answer, alone or in lists.
func (d *document) answers() map[string]bool {
	found := map[string]bool{}
	for _, item := range d.Paths {
		for _, op := range item {
			for status, r := range op.Responses {
				answer := r.Content["application/json"].Schema
				if status[0] != '2' || answer == nil || answer.name() == "" {
					continue
				}
				name := answer.name()
				if list := d.Components.Schemas[name].Properties["data"]; strings.HasSuffix(name, "Page") && list != nil {
					name = list.Items.name()
				}
				found[name] = true
			}
		}
	}
	return found
}

// generator writes one file.
type generator struct {
	document
	given, answers map[string]bool
	made           map[string]bool // types that are written
	out            bytes.Buffer
}

func (g *generator) printf(text string, args ...any) { fmt.Fprintf(&g.out, text, args...) }

// comment writes a text as a comment, after an indentation.
func (g *generator) comment(indent, text string) {
	const width = 96
	if text == "" {
		return
	}
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		line := indent + "//"
		for word := range strings.FieldsSeq(paragraph) {
			if len(line)+len(word) > width && line != indent+"//" {
				g.printf("%s\n", line)
				line = indent + "//"
			}
			line += " " + word
		}
		g.printf("%s\n", line)
	}
}

// whole is the file, with what is in front.
func (g *generator) whole(name string) []byte {
	pkg := "browserhook"
	if dir := filepath.Dir(name); dir != "." {
		pkg = dir
	}
	head := "// Code generated by internal/clientgen from api/openapi.yaml. DO NOT EDIT.\n\npackage " + pkg + "\n\n"
	var imports []string
	for path, used := range map[string]string{"encoding/json": "json.", "time": "time.Time", "net/url": "url.Values"} {
		if bytes.Contains(g.out.Bytes(), []byte(used)) {
			imports = append(imports, fmt.Sprintf("%q\n", path))
		}
	}
	if slices.Sort(imports); len(imports) > 0 {
		head += "import (\n" + strings.Join(imports, "") + ")\n\n"
	}
	return append([]byte(head), g.out.Bytes()...)
}
