package step

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

var write = flag.Bool("write", false, "write the actions into docs/steps.md")

// TestDocs: every action is in the documents, as the registry tells it.
func TestDocs(t *testing.T) {
	const path, begin, end = "../../docs/steps.md", "<!-- actions -->\n", "<!-- /actions -->"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), begin)
	have, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the actions", path)
	}
	want := reference()
	if have == want {
		return
	}
	if !*write {
		t.Fatalf("%s tells other actions: go generate ./internal/step", path)
	}
	if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTheReadmeNamesEveryAction, and no other.
func TestTheReadmeNamesEveryAction(t *testing.T) {
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(raw), "## Steps\n\n`")
	list, _, _ := strings.Cut(after, "`")
	told := strings.Fields(list)
	slices.Sort(told)
	known := slices.Sorted(maps.Keys(actions))
	if !slices.Equal(told, known) {
		t.Errorf("it names %q, there are %q", told, known)
	}
}

// reference is every action with its members and worked examples.
func reference() string {
	var b strings.Builder
	b.WriteString("Every step takes:\n\n")
	r := described()
	memberTable(&b, new(action).schema(r), common)
	for i := range all {
		a := &all[i]
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", a.name, a.does)
		if len(a.members) > 0 {
			memberTable(&b, a.schema(r), a.members)
			b.WriteString("\n")
		}
		if len(a.oneOf) > 0 {
			fmt.Fprintf(&b, "It needs one of `%s`.\n\n", strings.Join(a.oneOf, "`, `"))
		}
		if a.answers != "" {
			fmt.Fprintf(&b, "The result: %s\n\n", a.answers)
		}
		for i, e := range a.examples {
			if i > 0 {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "```json\n%s\n```\n", e.step)
			if e.result != "" {
				fmt.Fprintf(&b, "\nanswers\n\n```json\n%s\n```\n", e.result)
			}
		}
	}
	return b.String()
}

// memberTable is the members, what each must be, and what it is for.
func memberTable(b *strings.Builder, s *huma.Schema, members []member) {
	b.WriteString("| member | is | |\n|---|---|---|\n")
	for _, m := range members {
		one := s.Properties[m.name]
		is := kindOf(one)
		if m.needed {
			is += ", needed"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", m.name, is, strings.ReplaceAll(one.Description, "|", `\|`))
	}
}

func kindOf(s *huma.Schema) string {
	if s.Ref != "" {
		s = described().SchemaFromRef(s.Ref)
	}
	switch {
	case len(s.Enum) > 0:
		var one []string
		for _, v := range s.Enum {
			raw, _ := json.Marshal(v)
			one = append(one, "`"+string(raw)+"`")
		}
		return strings.Join(one, ", ")
	case s.Type == huma.TypeArray:
		return "list of " + kindOf(s.Items)
	case len(s.OneOf) > 0:
		var one []string
		for _, sub := range s.OneOf {
			if k := kindOf(sub); !slices.Contains(one, k) {
				one = append(one, k)
			}
		}
		return strings.Join(one, " or ")
	}
	return s.Type
}

// TestTheTakeoverInTheText: what docs/live.md shows of a takeover is written as one is, and
// its steps can be run.
func TestTheTakeoverInTheText(t *testing.T) {
	raw, err := os.ReadFile("../../docs/live.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sample, _ := strings.Cut(string(raw), "### What was done, as steps\n")
	_, sample, _ = strings.Cut(sample, "```json\n")
	sample, _, ok := strings.Cut(sample, "```")
	var done ManualActions
	dec := json.NewDecoder(strings.NewReader(sample))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&done); err != nil || !ok || len(done.Steps) == 0 {
		t.Fatalf("%v: %s", err, sample)
	}
	for i := range done.Steps {
		if err := done.Steps[i].Check("steps"); err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	for _, m := range done.Missing {
		if m.Index >= len(done.Steps) || !done.Steps[m.Index].Secret {
			t.Errorf("%+v is missing of no step", m)
		}
	}
}
