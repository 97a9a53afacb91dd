package dashboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	browserhook "github.com/browserhook/browserhook/client"
)

// sample is how a program would do what a page shows.
type sample struct{ ID, Name, Text string }

// samplesOf is how a session is made, and its steps are run, in each language.
func samplesOf(base string, again browserhook.CreateSessionRequest, steps []json.RawMessage) ([]sample, error) {
	settings, err := json.Marshal(again)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	if err := json.Unmarshal(settings, &members); err != nil {
		return nil, err
	}
	var given []any
	for _, s := range steps {
		var one any
		if json.Unmarshal(s, &one) == nil && one != nil {
			given = append(given, one)
		}
	}
	return []sample{
		{"sample-curl", "curl", curlOf(base, members, given)},
		{"sample-go", "Go", goOf(again, given)},
		{"sample-ts", "TypeScript", typeScriptOf(settings, given)},
		{"sample-python", "Python", pythonOf(members, given)},
		{"sample-playwright", "Playwright", playwrightOf(base, settings)},
	}, nil
}

// indented is JSON on lines, with what HTML escapes left as it is.
func indented(v any, prefix string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, "  ")
	if e.Encode(v) != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

func oneLine(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

func curlOf(base string, members map[string]any, steps []any) string {
	body := map[string]any{}
	for name, value := range members {
		body[name] = value
	}
	if len(steps) > 0 {
		body["steps"] = steps
	}
	return fmt.Sprintf("curl -X POST %s/v1/sessions \\\n  -H \"Authorization: Bearer $BROWSERHOOK_KEY\" \\\n  -H \"Content-Type: application/json\" \\\n  -d '%s'",
		base, strings.ReplaceAll(indented(body, ""), "'", `'\''`))
}

func typeScriptOf(settings json.RawMessage, steps []any) string {
	var b strings.Builder
	b.WriteString("import { Browserhook } from \"browserhook\";\n\nconst client = new Browserhook();\n")
	fmt.Fprintf(&b, "const session = await client.sessions.create(%s);\n", indented(settings, ""))
	if len(steps) > 0 {
		b.WriteString("const results = await session.run([\n")
		for _, s := range steps {
			fmt.Fprintf(&b, "  %s,\n", oneLine(s))
		}
		b.WriteString("]);\n")
	}
	return b.String()
}

func playwrightOf(base string, settings json.RawMessage) string {
	return fmt.Sprintf(`import { chromium } from "playwright";

const answer = await fetch("%s/v1/sessions", {
  method: "POST",
  headers: { "Authorization": "Bearer " + process.env.BROWSERHOOK_KEY, "Content-Type": "application/json" },
  body: JSON.stringify(%s),
});
const { connectUrl } = await answer.json();
const browser = await chromium.connectOverCDP(connectUrl);
const page = browser.contexts()[0].pages()[0];
`, base, indented(settings, "  "))
}

func pythonOf(members map[string]any, steps []any) string {
	var b strings.Builder
	b.WriteString("from browserhook import Browserhook\n\nclient = Browserhook()\nsession = client.sessions.create(\n")
	for _, name := range sorted(members) {
		fmt.Fprintf(&b, "    %s=%s,\n", snake(name), python(members[name]))
	}
	b.WriteString(")\n")
	if len(steps) > 0 {
		b.WriteString("results = session.run([\n")
		for _, s := range steps {
			fmt.Fprintf(&b, "    %s,\n", python(s))
		}
		b.WriteString("])\n")
	}
	return b.String()
}

func sorted(members map[string]any) []string {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// snake is a name as Python has it.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// python is a value of JSON as Python has it.
func python(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case []any:
		all := make([]string, len(v))
		for i, one := range v {
			all[i] = python(one)
		}
		return "[" + strings.Join(all, ", ") + "]"
	case map[string]any:
		var all []string
		for _, name := range sorted(v) {
			all = append(all, oneLine(name)+": "+python(v[name]))
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	return oneLine(v)
}

func goOf(again browserhook.CreateSessionRequest, steps []any) string {
	var b strings.Builder
	b.WriteString("client, err := browserhook.New(browserhook.Options{})\n")
	fmt.Fprintf(&b, "session, err := client.Sessions.Create(ctx, %s)\n", goValue(reflect.ValueOf(again), ""))
	if len(steps) > 0 {
		b.WriteString("_, err = session.Run(ctx,\n")
		for _, s := range steps {
			fmt.Fprintf(&b, "\tbrowserhook.AnyStep%s,\n", strings.TrimPrefix(goAny(s), "map[string]any"))
		}
		b.WriteString(")\n")
	}
	return b.String()
}

// goValue is one of the client's types as Go has it, with what isn't empty.
func goValue(v reflect.Value, indent string) string {
	name := strings.ReplaceAll(v.Type().String(), "interface {}", "any")
	switch v.Kind() {
	case reflect.Pointer:
		if v.Elem().Kind() == reflect.Struct {
			return "&" + goValue(v.Elem(), indent)
		}
		return "new(" + goValue(v.Elem(), indent) + ")"
	case reflect.Struct:
		var b strings.Builder
		b.WriteString(name + "{\n")
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && !v.Field(i).IsZero() && f.Name != "Raw" {
				fmt.Fprintf(&b, "%s\t%s: %s,\n", indent, f.Name, goValue(v.Field(i), indent+"\t"))
			}
		}
		b.WriteString(indent + "}")
		return b.String()
	case reflect.Slice:
		all := make([]string, v.Len())
		for i := range all {
			all[i] = goValue(v.Index(i), indent)
		}
		return name + "{" + strings.Join(all, ", ") + "}"
	case reflect.Map:
		var all []string
		for _, k := range v.MapKeys() {
			all = append(all, goValue(k, indent)+": "+goValue(v.MapIndex(k), indent))
		}
		slices.Sort(all)
		return name + "{" + strings.Join(all, ", ") + "}"
	case reflect.String:
		return strconv.Quote(v.String())
	}
	return fmt.Sprint(v.Interface())
}

// goAny is a value of JSON as Go has it.
func goAny(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return strconv.Quote(v)
	case []any:
		all := make([]string, len(v))
		for i, one := range v {
			all[i] = goAny(one)
		}
		return "[]any{" + strings.Join(all, ", ") + "}"
	case map[string]any:
		var all []string
		for _, name := range sorted(v) {
			all = append(all, strconv.Quote(name)+": "+goAny(v[name]))
		}
		return "map[string]any{" + strings.Join(all, ", ") + "}"
	}
	return oneLine(v)
}
