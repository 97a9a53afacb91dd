package docsite

import (
	"bytes"
	"fmt"
	"html"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	markup "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// rendered is a page as HTML, with its chapters.
type rendered struct {
	html     string
	chapters []chapter
}

// chapter is a heading, and the text below it.
type chapter struct {
	Level     int
	ID, Title string
	text      strings.Builder
}

// converter makes HTML of Markdown; making one is what costs.
var converter = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithParserOptions(parser.WithParagraphTransformers(util.Prioritized(gridParser{}, 200)), parser.WithAutoHeadingID(), parser.WithHeadingAttribute()),
		goldmark.WithRendererOptions(markup.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(blocks{}, 100))),
	)
})

// render makes a page's HTML.
func (b *book) render(p *page) (rendered, error) {
	source, err := p.text()
	if err != nil {
		return rendered{}, err
	}
	raw := []byte(source)
	doc := converter().Parser().Parse(text.NewReader(raw))
	var r rendered
	err = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			n.Destination = []byte(b.address(p, string(n.Destination)))
		case *ast.Image:
			n.Destination = []byte(Root + "/" + string(n.Destination))
		case *ast.Heading:
			id, _ := n.AttributeString("id")
			idText, _ := id.([]byte)
			r.chapters = append(r.chapters, chapter{Level: n.Level, ID: string(idText), Title: plain(n, raw)})
		case *ast.Paragraph, *ast.TextBlock, *ast.FencedCodeBlock:
			if len(r.chapters) > 0 {
				c := &r.chapters[len(r.chapters)-1]
				c.text.WriteString(plain(n, raw))
				c.text.WriteByte('\n')
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return rendered{}, err
	}
	group(doc, raw)
	var out bytes.Buffer
	if err := converter().Renderer().Render(&out, raw, doc); err != nil {
		return rendered{}, fmt.Errorf("render %s: %w", p.href(), err)
	}
	r.html = tryIt.ReplaceAllStringFunc(out.String(), func(comment string) string {
		return b.tryForm(tryIt.FindStringSubmatch(comment)[1])
	})
	return r, nil
}

var tryIt = regexp.MustCompile(`<!-- try ([a-z-]+) -->`)

// plain is the text of a node.
func plain(n ast.Node, source []byte) string {
	if block, ok := n.(*ast.FencedCodeBlock); ok {
		return string(block.Lines().Value(source))
	}
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// address is where a link of a page leads: other documents are pages, and what else is in
// the repository is read there.
func (b *book) address(p *page, to string) string {
	if strings.Contains(to, "://") || strings.HasPrefix(to, "#") || strings.HasPrefix(to, "/") || strings.HasPrefix(to, "mailto:") {
		return to
	}
	file, fragment, has := strings.Cut(to, "#")
	if has {
		fragment = "#" + fragment
	}
	file = path.Join(path.Dir(p.file), file)
	for _, name := range []string{file, file + "/README.md"} {
		if other := b.byFile[name]; other != nil {
			// What is a chapter of the file, such as an action of steps.md, may have a page here.
			if own := b.byPath[other.path+"/"+strings.TrimPrefix(fragment, "#")]; has && own != nil {
				return own.href()
			}
			return other.href() + fragment
		}
	}
	if file == "api/openapi.yaml" {
		return "/openapi.json"
	}
	return Repository + file + fragment
}

// tabs is several samples of the same, of which one is shown.
type tabs struct{ ast.BaseBlock }

var kindTabs = ast.NewNodeKind("Tabs")

func (*tabs) Kind() ast.NodeKind         { return kindTabs }
func (*tabs) Dump(source []byte, at int) {}

// group puts samples that follow each other, each with a tab's name, into tabs.
func group(doc ast.Node, source []byte) {
	for n := doc.FirstChild(); n != nil; {
		next := n.NextSibling()
		if fence(n, source)["tab"] == "" {
			n = next
			continue
		}
		all := &tabs{}
		doc.InsertBefore(doc, n, all)
		for n != nil && fence(n, source)["tab"] != "" {
			next = n.NextSibling()
			all.AppendChild(all, n)
			n = next
		}
	}
}

// fence is what stands behind the language of a fenced block: name=value.
func fence(n ast.Node, source []byte) map[string]string {
	block, ok := n.(*ast.FencedCodeBlock)
	if !ok || block.Info == nil {
		return nil
	}
	all := map[string]string{}
	for _, word := range strings.Fields(string(block.Info.Segment.Value(source)))[1:] {
		if name, value, ok := strings.Cut(word, "="); ok {
			all[name] = value
		}
	}
	return all
}

// blocks renders what the documents have of their own: samples, tabs, drawn states.
type blocks struct{}

func (blocks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, renderFence)
	r.Register(ast.KindCodeBlock, renderCode)
	r.Register(kindTabs, renderTabs)
	r.Register(kindGrid, renderGrid)
}

func renderFence(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	block := n.(*ast.FencedCodeBlock)
	language := string(block.Language(source))
	info := fence(n, source)
	code := string(block.Lines().Value(source))
	if noun := info["states"]; noun != "" {
		drawing, err := drawStates(noun)
		_, _ = w.WriteString(drawing)
		return ast.WalkSkipChildren, err
	}
	return ast.WalkSkipChildren, sample(w, language, strings.ReplaceAll(info["title"], "_", " "), code)
}

func renderCode(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	return ast.WalkSkipChildren, sample(w, "", "", string(n.Lines().Value(source)))
}

// sample is code with a button to copy it.
func sample(w util.BufWriter, language, title, code string) error {
	_, _ = w.WriteString(`<figure class="sample">`)
	if title != "" {
		fmt.Fprintf(w, `<figcaption>%s</figcaption>`, html.EscapeString(title))
	}
	_, _ = w.WriteString(`<button type="button" class="copy" hidden>Copy</button><pre><code>`)
	if err := highlight(w, language, strings.TrimRight(code, "\n")); err != nil {
		return err
	}
	_, err := w.WriteString("</code></pre></figure>\n")
	return err
}

func renderTabs(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	_, _ = w.WriteString(`<div class="tabs">`)
	for one := n.FirstChild(); one != nil; one = one.NextSibling() {
		block := one.(*ast.FencedCodeBlock)
		fmt.Fprintf(w, `<section data-tab="%[1]s"><p class="tab">%[1]s</p>`, html.EscapeString(fence(one, source)["tab"]))
		if err := sample(w, string(block.Language(source)), "", string(block.Lines().Value(source))); err != nil {
			return ast.WalkStop, err
		}
		_, _ = w.WriteString("</section>")
	}
	_, err := w.WriteString("</div>\n")
	return ast.WalkSkipChildren, err
}
