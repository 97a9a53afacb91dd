// Package docsite is the documents at /docs: those of the folder docs, and what it
// makes of the tables that the server itself works by: the API's description, with
// its operations, steps and events, the codes of errors, the settings and the states.
// Every page is Markdown first. Nothing is made before somebody asks for it.
package docsite

import (
	"cmp"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/browserhook/browserhook/docs"
	"github.com/browserhook/browserhook/examples"
)

// Root is where the documents are.
const Root = "/docs"

// Repository is where what the documents link to and don't hold can be read.
const Repository = "https://github.com/browserhook/browserhook/blob/main/"

// Source is what pages are made of, beside the files.
type Source struct {
	Version     string
	PublicURL   func() string             // with which addresses begin
	Description func() ([]byte, error)    // of the API: OpenAPI 3.1 as JSON
	Problems    []Problem                 // in the order of the page
	Settings    func() ([]Setting, error) // nil: there are none
	// Failed answers when a page can't be made.
	Failed func(w http.ResponseWriter, r *http.Request, err error)
}

// Problem is a code of the API's errors.
type Problem struct {
	Code   string
	Status int
	Says   string // sentences
}

// Setting is one of the server's.
type Setting struct {
	Name, Kind, Default, Says string // Kind is what it takes, such as URL; Default may be empty
}

// ErrorType is the address below the server's that explains a code of the API's errors.
func ErrorType(code string) string { return Root + "/errors#" + code }

// page is one document.
type page struct {
	path     string // below /docs/; empty: /docs itself
	title    string
	short    string // title in the navigation
	group    string // of the navigation
	parent   string // path of the page under which it is listed; empty: in the group itself
	file     string // of the repository; empty: it is made
	wide     bool   // prose and samples side by side
	markdown func() (string, error)

	text func() (string, error)   // markdown, once
	made func() (rendered, error) // as HTML, once
}

// href is the page's address.
func (p *page) href() string {
	if p.path == "" {
		return Root
	}
	return Root + "/" + p.path
}

// plain is the address of its Markdown.
func (p *page) plain() string {
	if p.path == "" {
		return Root + "/index.md"
	}
	return p.href() + ".md"
}

// Site is the documents of one server.
type Site struct {
	Source
	pages func() (*book, error)
}

// New has a site of what source says, when it is asked for.
func New(source Source) *Site {
	s := &Site{Source: source}
	s.pages = sync.OnceValues(s.bind)
	return s
}

// book is all pages, in their order.
type book struct {
	all    []*page
	byPath map[string]*page
	byFile map[string]*page
	api    *description

	answers map[string]func() (*answer, error) // by address
	missing func() (*answer, error)
}

// The groups of the navigation.
const (
	start     = "Start"
	guides    = "Guides"
	concepts  = "Concepts"
	reference = "Reference"
	operate   = "Operate"
)

// place is where a page is.
type place struct{ group, path, short string }

// files are the pages by their group and in order: documents of the folder, and with
// them what is made. Those whose title is long have a short one for the navigation.
var files = []place{
	{start, "index", "Overview"}, {start, "quickstart", ""}, {start, "install", "Install"},
	{concepts, "sessions", "Sessions"}, {concepts, "states", ""},
	{guides, "webhooks", ""}, {guides, "live", ""}, {guides, "dashboard", ""}, {guides, "files", ""}, {guides, "connect", "Playwright and Puppeteer"}, {guides, "mcp", ""}, {guides, "commands", ""}, {guides, "recipes", ""},
	{reference, "api", "API"}, {reference, "steps", "Steps"}, {reference, "events", ""}, {reference, "errors", ""}, {reference, "settings", ""},
	{operate, "operations", "Operations"}, {operate, "benchmarks", ""}, {operate, "architecture", ""},
}

// bind puts the pages together.
func (s *Site) bind() (*book, error) {
	raw, err := s.Description()
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	api, err := readDescription(raw)
	if err != nil {
		return nil, err
	}
	b := &book{byPath: map[string]*page{}, byFile: map[string]*page{}, api: api}
	for _, f := range append(slices.Clone(files), unplaced()...) {
		var pages []*page
		switch f.path {
		case "events":
			pages = eventPages(api)
		case "errors":
			pages = []*page{errorsPage(s.Problems)}
		case "settings":
			pages = []*page{s.settingsPage()}
		case "recipes":
			if pages, err = recipePages(); err != nil {
				return nil, err
			}
		default:
			p, err := filePage(docs.Files, "docs", f.path+".md")
			if err != nil {
				return nil, err
			}
			pages = []*page{p}
			switch f.path {
			case "api":
				pages = append(pages, s.operationPages(api)...)
			case "steps":
				steps := stepPages(api)
				p.markdown = withIndex(p.markdown, steps)
				pages = append(pages, steps...)
			}
		}
		pages[0].short = f.short
		for _, p := range pages {
			p.group, p.short = f.group, cmp.Or(p.short, p.title)
			b.add(p)
		}
	}
	s.answering(b)
	return b, nil
}

// unplaced are the documents of the folder that have no place of their own: they come last.
func unplaced() (more []place) {
	names, _ := fs.Glob(docs.Files, "*.md") // the pattern is a good one
	for _, file := range names {
		name := strings.TrimSuffix(file, ".md")
		if !slices.ContainsFunc(files, func(f place) bool { return f.path == name }) {
			more = append(more, place{group: operate, path: name})
		}
	}
	return more
}

func (b *book) add(p *page) {
	p.text = sync.OnceValues(p.markdown)
	p.made = sync.OnceValues(func() (rendered, error) { return b.render(p) })
	b.all = append(b.all, p)
	b.byPath[p.path] = p
	if p.file != "" {
		b.byFile[p.file] = p
	}
}

// filePage is a document of a folder of the repository.
func filePage(folder fs.FS, at, name string) (*page, error) {
	raw, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, err
	}
	text := string(raw)
	title, _, ok := strings.Cut(strings.TrimPrefix(text, "# "), "\n")
	if !ok || !strings.HasPrefix(text, "# ") {
		return nil, fmt.Errorf("%s/%s has no title", at, name)
	}
	p := &page{path: strings.TrimSuffix(name, ".md"), file: path.Join(at, name), title: title, markdown: func() (string, error) { return text, nil }}
	if p.path == "index" {
		p.path = ""
	}
	return p, nil
}

// recipePages are the texts of the folder examples.
func recipePages() ([]*page, error) {
	first, err := filePage(examples.Files, "examples", "README.md")
	if err != nil {
		return nil, err
	}
	first.path = "recipes"
	pages := []*page{first}
	names, err := fs.Glob(examples.Files, "*/README.md")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		p, err := filePage(examples.Files, "examples", name)
		if err != nil {
			return nil, err
		}
		p.path, p.parent = "recipes/"+path.Dir(name), "recipes"
		pages = append(pages, p)
	}
	return pages, nil
}

// withIndex has a list of pages stand where the file has all of them, for who reads it as
// a file.
func withIndex(file func() (string, error), pages []*page) func() (string, error) {
	return func() (string, error) {
		text, err := file()
		if err != nil {
			return "", err
		}
		const begin, end = "<!-- actions -->\n", "<!-- /actions -->"
		before, rest, ok := strings.Cut(text, begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			return "", fmt.Errorf("docs/steps.md has no %s", begin)
		}
		var list strings.Builder
		for _, p := range pages {
			own, err := p.markdown()
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&list, "- [`%s`](%s): %s\n", p.title, p.href(), summary(own))
		}
		return before + list.String() + after, nil
	}
}

var link = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// summary is the first sentence of a page, as plain text.
func summary(markdown string) string {
	for line := range strings.Lines(markdown) {
		line = strings.TrimSpace(line)
		if line == "" || strings.ContainsRune("#<`|!-", rune(line[0])) {
			continue
		}
		line = strings.NewReplacer("**", "", "`", "").Replace(link.ReplaceAllString(line, "$1"))
		if first, _, ok := strings.Cut(line, ". "); ok {
			return strings.TrimSuffix(first, ".") + "."
		}
		return line
	}
	return ""
}
