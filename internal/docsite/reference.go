package docsite

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// operationPages has a page for each part of the API.
func (s *Site) operationPages(api *description) (pages []*page) {
	for _, tag := range api.Tags {
		if len(api.operations[tag.Name]) == 0 {
			continue
		}
		pages = append(pages, &page{
			path: "api/" + tag.Name, title: strings.ToUpper(tag.Name[:1]) + tag.Name[1:], parent: "api", wide: true,
			markdown: func() (string, error) {
				var b strings.Builder
				fmt.Fprintf(&b, "# %s\n\n%s\n", strings.ToUpper(tag.Name[:1])+tag.Name[1:], tag.Description)
				for _, op := range api.operations[tag.Name] {
					s.operation(&b, api, op)
				}
				return b.String(), nil
			},
		})
	}
	return pages
}

// side puts prose and samples beside each other, where there is room.
func side(b *strings.Builder, said, shown func()) {
	b.WriteString("\n<div class=\"beside\">\n<div>\n\n")
	said()
	b.WriteString("\n</div>\n<div class=\"shown\">\n\n")
	shown()
	b.WriteString("\n</div>\n</div>\n")
}

func (s *Site) operation(b *strings.Builder, api *description, op *operation) {
	fmt.Fprintf(b, "\n## %s {#%s}\n", op.Summary, op.OperationID)
	side(b, func() {
		fmt.Fprintf(b, "`%s %s`\n\n%s\n", op.method, op.path, op.Description)
		for _, part := range []struct{ in, title string }{{"path", "Path"}, {"query", "Query"}, {"header", "Headers"}} {
			title := "\n**" + part.title + "**\n\n"
			for _, p := range op.Parameters {
				if p.In != part.in {
					continue
				}
				b.WriteString(title)
				title = ""
				one := *p.Schema
				one.Description = p.Description
				api.member(b, p.Name, &one, p.Required, "")
			}
		}
		if op.RequestBody != nil {
			b.WriteString("\n**Body**\n\n")
			if media, ok := op.RequestBody.Content["application/json"]; ok {
				api.members(b, media.Schema, "")
			}
		}
		s.answers(b, api, op)
	}, func() {
		fmt.Fprintf(b, "```sh title=Request\n%s\n```\n", s.curl(op))
		for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
			for kind, media := range op.Responses[status].Content {
				if kind == "application/json" && len(media.Example) > 0 {
					fmt.Fprintf(b, "\n```json title=%s\n%s\n```\n", status, pretty(media.Example))
				}
			}
		}
		fmt.Fprintf(b, "\n<!-- try %s -->\n", op.OperationID)
	})
}

// answers says what an operation answers with, those statuses first that are no problems.
func (s *Site) answers(b *strings.Builder, api *description, op *operation) {
	b.WriteString("\n**Answers**\n\n")
	var problems []string
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		a := op.Responses[status]
		if a.Ref != "" {
			a = api.Components.Responses[name(a.Ref)]
			if status != "default" {
				problems = append(problems, fmt.Sprintf("- **`%s`** *[problem](%s/errors)*\n  \n  %s\n", status, Root, a.Description))
			}
			continue
		}
		code, _ := strconv.Atoi(status)
		fmt.Fprintf(b, "- **`%s`** *%s*\n  \n  %s\n", status, cmp.Or(http.StatusText(code), status), a.Description)
		if media, ok := a.Content["application/json"]; ok {
			api.members(b, media.Schema, "  ")
		}
		for _, kind := range slices.Sorted(maps.Keys(a.Content)) {
			if kind != "application/json" {
				fmt.Fprintf(b, "\n  As `%s`: %s\n", kind, cmp.Or(a.Content[kind].Schema.Description, "the bytes."))
			}
		}
	}
	b.WriteString("\n<details><summary>What it refuses</summary>\n\n" + strings.Join(problems, "") + "\n</details>\n")
}

var inBraces = regexp.MustCompile(`\{(\w+)\}`)

// curl is the operation as a command, which takes ids from variables.
func (s *Site) curl(op *operation) string {
	lines := []string{"curl"}
	if op.method != http.MethodGet && (op.method != http.MethodPost || op.RequestBody == nil) {
		lines[0] += " -X " + op.method
	}
	lines[0] += " " + s.PublicURL() + inBraces.ReplaceAllString(op.path, "$$$1")
	lines = append(lines, `-H "Authorization: Bearer $BROWSERHOOK_KEY"`)
	if op.RequestBody != nil {
		example := op.RequestBody.Content["application/json"].Example
		if len(example) == 0 {
			example = json.RawMessage("{}")
		}
		lines = append(lines, "-H 'Content-Type: application/json'", "-d '"+strings.ReplaceAll(pretty(example), "'", `'\''`)+"'")
	}
	return strings.Join(lines, " \\\n  ")
}
