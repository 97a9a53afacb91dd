package docsite

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Tables in Markdown. Goldmark's own come with all of its extensions, of which every
// process of the program would pay for the making of expressions when it begins.

// grid is a table, of rows of cells; tag is what each is in HTML.
type grid struct {
	ast.BaseBlock
	tag string
}

var kindGrid = ast.NewNodeKind("Grid")

func (*grid) Kind() ast.NodeKind { return kindGrid }
func (*grid) Dump([]byte, int)   {}
func (*grid) IsRaw() bool        { return false }
func newGrid(tag string) *grid   { return &grid{tag: tag} }

// gridParser makes a table of a paragraph whose second line is one of |---|---|.
type gridParser struct{}

func (gridParser) Transform(p *ast.Paragraph, reader text.Reader, _ parser.Context) {
	lines := p.Lines()
	source := reader.Source()
	if lines.Len() < 2 {
		return
	}
	if second := lines.At(1); !delimits(second.Value(source)) {
		return
	}
	table := newGrid("table")
	if head := row(lines.At(0), source, "th"); head != nil {
		section := newGrid("thead")
		section.AppendChild(section, head)
		table.AppendChild(table, section)
	}
	body := newGrid("tbody")
	for i := 2; i < lines.Len(); i++ {
		if one := row(lines.At(i), source, "td"); one != nil {
			body.AppendChild(body, one)
		}
	}
	table.AppendChild(table, body)
	p.Parent().ReplaceChild(p.Parent(), p, table)
}

func delimits(line []byte) bool {
	line = bytes.TrimSpace(line)
	return bytes.HasPrefix(line, []byte("|-")) && len(bytes.Trim(line, "|-: ")) == 0
}

// row is a line as cells; nil if all of them are empty, as a head that has to be there may be.
func row(line text.Segment, source []byte, tag string) ast.Node {
	all := newGrid("tr")
	empty := true
	at := line.Start
	for end := line.Stop; at < end; {
		stop := bytes.IndexByte(source[at:end], '|')
		if stop < 0 {
			stop = end - at
		}
		cell := text.NewSegment(at, at+stop)
		cell = cell.TrimLeftSpace(source)
		cell = cell.TrimRightSpace(source)
		outside := at == line.Start && cell.IsEmpty() || at+stop == end
		at += stop + 1
		if outside && cell.IsEmpty() {
			continue
		}
		one := newGrid(tag)
		if cell.IsEmpty() {
			one.tag = "td"
		} else {
			one.Lines().Append(cell)
			empty = false
		}
		all.AppendChild(all, one)
	}
	if empty {
		return nil
	}
	return all
}

func renderGrid(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	tag := n.(*grid).tag
	begin, end := "<"+tag+">", "</"+tag+">"
	if tag == "table" { // which may be wider than the page
		begin, end = `<div class="scroll">`+begin, end+"</div>\n"
	}
	if entering {
		_, err := w.WriteString(begin)
		return ast.WalkContinue, err
	}
	_, err := w.WriteString(end)
	return ast.WalkContinue, err
}
