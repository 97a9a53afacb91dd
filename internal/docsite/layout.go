package docsite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"sync"
)

// view is what a page is laid out with.
type view struct {
	Title, Summary, Version string
	Here, File              string // addresses
	Wide                    bool
	Groups                  []navGroup
	Chapters                []*chapter // that are listed beside it
	Previous, Next          *navLink
	Body                    template.HTML
	Style, Script, Theme    string
}

type navGroup struct {
	Name  string
	Links []navLink
}

type navLink struct {
	Title, Address string
	Here, Code     bool // this is the page; its title is a name in a program
	Below          []navLink
}

// Name is the title of something in a program, which a narrow column may break behind an
// underscore, and not elsewhere.
func (l navLink) Name() template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(l.Title), "_", "_<wbr>"))
}

var layout = sync.OnceValues(func() (*template.Template, error) { return template.ParseFS(assets, "assets/*.html") })

// document is a page as it is sent.
func (s *Site) document(b *book, p *page) ([]byte, error) {
	made, err := p.made()
	if err != nil {
		return nil, err
	}
	t, err := layout()
	if err != nil {
		return nil, err
	}
	v := view{
		Title: p.title, Version: s.Version, Here: p.href(), File: p.plain(), Wide: p.wide, Groups: b.navigation(p),
		Body: template.HTML(made.html), Style: asset("site.css"), Script: asset("site.js"), Theme: asset("theme.js"), // made of our own documents
	}
	if p.text != nil {
		own, err := p.text()
		if err != nil {
			return nil, err
		}
		v.Summary = summary(own)
	}
	for i := range made.chapters {
		if c := &made.chapters[i]; c.Level == 2 || c.Level == 3 && !p.wide {
			v.Chapters = append(v.Chapters, c)
		}
	}
	for i, one := range b.all {
		if one != p {
			continue
		}
		if i > 0 {
			v.Previous = &navLink{Title: b.all[i-1].short, Address: b.all[i-1].href()}
		}
		if i < len(b.all)-1 {
			v.Next = &navLink{Title: b.all[i+1].short, Address: b.all[i+1].href()}
		}
	}
	var out bytes.Buffer
	err = t.ExecuteTemplate(&out, "page.html", v)
	return out.Bytes(), err
}

// navigation is every page by its group, those below another only beside that and each
// other.
func (b *book) navigation(here *page) (groups []navGroup) {
	for _, p := range b.all {
		one := navLink{Title: p.short, Address: p.href(), Here: p == here, Code: p.parent != "" && p.file == "" && p.parent != "api"}
		if len(groups) == 0 || groups[len(groups)-1].Name != p.group {
			groups = append(groups, navGroup{Name: p.group})
		}
		links := &groups[len(groups)-1].Links
		switch p.parent {
		case "":
			*links = append(*links, one)
		case here.path, here.parent:
			last := &(*links)[len(*links)-1]
			last.Below = append(last.Below, one)
		}
	}
	return groups
}

var (
	marks    = regexp.MustCompile(`(?m)^(</?div[^>]*>|<!-- .* -->)\n`)
	explicit = regexp.MustCompile(`(?m)^(#+ .*) \{#[a-z0-9_-]+\}$`)
	blank    = regexp.MustCompile(`\n{3,}`)
)

// markdownOf is a page for who reads Markdown: without what only the HTML needs, and with
// the addresses of this server.
func (b *book) markdownOf(p *page) ([]byte, error) {
	source, err := p.text()
	if err != nil {
		return nil, err
	}
	source = blank.ReplaceAllString(explicit.ReplaceAllString(marks.ReplaceAllString(source, ""), "$1"), "\n\n")
	return []byte(source), nil
}

// list is llms.txt: every page with a sentence.
func (s *Site) list(b *book) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("# browserhook\n\n> Real Chromium browsers over HTTP: sessions, steps, a live view, and webhooks that arrive.\n\nEvery page is Markdown at its address and .md. All of them in one: " + s.PublicURL() + Root + "/llms-full.txt. The API's description: " + s.PublicURL() + "/openapi.json\n")
	group := ""
	for _, p := range b.all {
		own, err := p.text()
		if err != nil {
			return nil, err
		}
		if p.group != group {
			group = p.group
			fmt.Fprintf(&out, "\n## %s\n\n", group)
		}
		fmt.Fprintf(&out, "- [%s](%s%s): %s\n", p.title, s.PublicURL(), p.plain(), summary(own))
	}
	return out.Bytes(), nil
}

// whole is all pages, one after the other.
func (b *book) whole() ([]byte, error) {
	var out bytes.Buffer
	for _, p := range b.all {
		own, err := b.markdownOf(p)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%s\n\n", bytes.TrimSpace(own))
	}
	return out.Bytes(), nil
}

// tryView is a form that makes a request.
type tryView struct {
	Method, Path string
	Parameters   []*parameter
	Body         string
}

// tryForm is the form of an operation.
func (b *book) tryForm(id string) string {
	for _, ops := range b.api.operations {
		for _, op := range ops {
			if op.OperationID != id {
				continue
			}
			v := tryView{Method: op.method, Path: op.path}
			for _, p := range op.Parameters {
				if p.In != "header" || p.Name == "Prefer" || p.Name == "Idempotency-Key" {
					v.Parameters = append(v.Parameters, p)
				}
			}
			if op.RequestBody != nil {
				example := op.RequestBody.Content["application/json"].Example
				if len(example) == 0 {
					example = json.RawMessage("{}")
				}
				v.Body = pretty(example)
			}
			t, err := layout()
			var out strings.Builder
			if err == nil {
				err = t.ExecuteTemplate(&out, "try.html", v)
			}
			if err != nil {
				panic(fmt.Errorf("the form of %s: %w", id, err)) // the template is ours
			}
			return out.String()
		}
	}
	return ""
}
