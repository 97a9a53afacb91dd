package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGeneratedFilesAreThoseOfTheDescription: make generate has nothing to do.
func TestGeneratedFilesAreThoseOfTheDescription(t *testing.T) {
	dir := t.TempDir()
	if err := generate("../../../api/openapi.yaml", dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"schemas.ts", "operations.ts", "steps.ts"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join("../src/generated", name)); err != nil || string(got) != string(want) {
			t.Errorf("src/generated/%s is another than make generate writes: %v", name, err)
		}
	}
}

// TestNothingIsLeftOut of a description: a word or a type that isn't known is an error.
func TestNothingIsLeftOut(t *testing.T) {
	for _, c := range []struct{ schema, want string }{
		{"{type: string, not: {const: x}}", "the word not is not known"},
		{"{type: object, properties: {a: {type: file}}}", "Thing.a: the type file is not known"},
		{"{type: array, items: {if: {}}}", "Thing[]: the word if is not known"},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "openapi.yaml")
		if err := os.WriteFile(file, []byte("components: {schemas: {Thing: "+c.schema+", Step: {oneOf: []}}}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := generate(file, dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.schema, err)
		}
	}
}

func TestTypes(t *testing.T) {
	of := func(kind string) *schema { return &schema{Type: kinds{kind}} }
	for want, s := range map[string]*schema{
		"string | null":             {Type: kinds{"string", "null"}},
		`"a" | "b" | null`:          {Type: kinds{"string", "null"}, Enum: []any{"a", "b", nil}},
		"number[]":                  {Type: kinds{"array"}, Items: of("integer")},
		`("a" | "b")[] | null`:      {Type: kinds{"array", "null"}, Items: &schema{Type: kinds{"string"}, Enum: []any{"a", "b"}}},
		"Record<string, string[]>":  {Type: kinds{"object"}, Additional: &additional{&schema{Type: kinds{"array"}, Items: of("string")}}},
		"Record<string, unknown>":   of("object"),
		"unknown":                   {},
		"A | B":                     {OneOf: []*schema{{Ref: "#/components/schemas/A"}, {Ref: "#/components/schemas/B"}}},
		"{\n  \"a-b\"?: string;\n}": {Type: kinds{"object"}, Properties: map[string]*schema{"a-b": of("string")}},
	} {
		if got, err := typeOf(s, "", ""); got != want || err != nil {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}

func TestExample(t *testing.T) {
	got := example("fill", []string{"action", "target", "value"}, map[string]any{"action": "fill", "target": "main >> #q", "value": "tea", "retries": 2, "a-b": []any{true, nil}})
	if want := `fill("main >> #q", "tea", { "a-b": [true, null], retries: 2 })`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestComment(t *testing.T) {
	if got := comment("", "ends */ here"); got != "/** ends *\\/ here */\n" {
		t.Errorf("%q", got)
	}
	long := comment("  ", strings.Repeat("word ", 40)+"\n\nmore")
	for line := range strings.Lines(long) {
		if len(line) > 101 {
			t.Errorf("%d characters: %q", len(line), line)
		}
	}
	if !strings.HasSuffix(long, "   *\n   * more\n   */\n") {
		t.Errorf("%q", long)
	}
}
