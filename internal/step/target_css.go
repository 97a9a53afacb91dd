package step

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Complex is a selector such as a > b.c: compounds, each joined to the one
// before it.
type Complex []Compound

// Compound is what one element must be: CSS that the browser knows, and
// functions that only we and Playwright do.
type Compound struct {
	Joint string    `json:"joint,omitempty"` // > + ~, a space, or nothing before the first
	CSS   string    `json:"css,omitempty"`
	Funcs []CSSFunc `json:"funcs,omitempty"`
}

// CSSFunc is one of our functions with its arguments.
type CSSFunc struct {
	Name string    `json:"name"`
	List []Complex `json:"list,omitempty"`
	Text []string  `json:"text,omitempty"`
	N    *float64  `json:"n,omitempty"`
}

// takes is what a function wants.
type takes struct{ list, text, n bool }

// ownFuncs are the functions that we evaluate: Playwright's, and those of CSS
// that take selectors, since these may hold some of Playwright's.
var ownFuncs = map[string]takes{
	"not": {list: true}, "is": {list: true}, "where": {list: true}, "has": {list: true}, "scope": {}, "visible": {},
	"text": {text: true}, "text-is": {text: true}, "text-matches": {text: true}, "has-text": {text: true},
	"nth-match": {list: true, n: true}, "left-of": {list: true, n: true}, "right-of": {list: true, n: true},
	"above": {list: true, n: true}, "below": {list: true, n: true}, "near": {list: true, n: true},
}

// css reads a list of selectors.
func (t *text) css(start, end int) ([]Complex, error) {
	r := &reader{t, start, end}
	list, err := r.list(t.depth)
	if err == nil && !r.done() {
		return nil, r.expected("a selector")
	}
	return list, err
}

func (r *reader) list(depth int) (all []Complex, err error) {
	for {
		c, err := r.complex(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
		if !r.take(",") {
			return all, nil
		}
	}
}

// blank passes white space and comments, and says whether there was any space.
func (r *reader) blank() (space bool, err error) {
	for {
		before := r.at
		r.skip()
		space = space || r.at > before
		if !r.take("/*") {
			return space, nil
		}
		n := strings.Index(r.t.s[r.at:r.end], "*/")
		if n < 0 {
			return space, r.t.wrong(r.at-2, "the comment isn't closed")
		}
		r.at += n + 2
	}
}

func (r *reader) complex(depth int) (all Complex, err error) {
	if _, err := r.blank(); err != nil {
		return nil, err
	}
	joint := ""
	if strings.IndexByte(">+~", r.peek()) >= 0 && !r.done() {
		// What a relative selector begins with: :has(> a).
		all = Complex{{Funcs: []CSSFunc{{Name: "scope"}}}}
		joint = string(r.peek())
		r.at++
	}
	for {
		if _, err := r.blank(); err != nil {
			return nil, err
		}
		c, err := r.compound(depth)
		if err != nil {
			return nil, err
		}
		c.Joint = joint
		all = append(all, c)
		space, err := r.blank()
		switch {
		case err != nil:
			return nil, err
		case r.done() || r.peek() == ',' || r.peek() == ')':
			return all, nil
		case strings.IndexByte(">+~", r.peek()) >= 0:
			joint = string(r.peek())
			r.at++
		case space:
			joint = " "
		default:
			return nil, r.expected("a selector")
		}
	}
}

// compound reads as much as belongs to one element.
func (r *reader) compound(depth int) (c Compound, err error) {
	first := r.at
	var css strings.Builder
	keep := func(start int) { css.WriteString(r.t.s[start:r.at]) }
	for {
		start := r.at
		switch ch := r.peek(); {
		case r.done():
		case ch == '*' || ch == '|' || r.identAhead():
			if start != first {
				return c, r.t.wrong(start, "a tag's name comes first")
			}
			if err := r.tag(); err != nil {
				return c, err
			}
			keep(start)
			continue
		case ch == '#' || ch == '.':
			r.at++
			if ch == '#' && !r.nameAhead() || ch == '.' && !r.identAhead() {
				return c, r.expected("a name (CSS.escape() writes others)")
			}
			r.ident()
			keep(start)
			continue
		case ch == '[':
			if err := r.cssAttribute(); err != nil {
				return c, err
			}
			keep(start)
			continue
		case ch == ':':
			own, err := r.pseudo(depth)
			if err != nil {
				return c, err
			}
			if own != nil {
				c.Funcs = append(c.Funcs, *own)
			} else {
				keep(start)
			}
			continue
		case strings.HasPrefix(r.t.s[r.at:r.end], "/*"):
			if space, err := r.blank(); err != nil || space {
				r.at = start // it separates
				break
			}
			continue
		}
		break
	}
	if c.CSS = css.String(); c.CSS == "" && c.Funcs == nil {
		return c, r.expected("a selector")
	}
	return c, nil
}

// identAhead says whether an identifier begins here, nameAhead whether a name
// does, which may begin with a digit.
func (r *reader) identAhead() bool {
	s := strings.TrimPrefix(r.t.s[r.at:r.end], "-")
	if strings.HasPrefix(s, "-") && len(s) < r.end-r.at {
		return true // --name
	}
	return s != "" && (s[0] < '0' || s[0] > '9') && s[0] != '-' && startsName(s)
}

func (r *reader) nameAhead() bool { return startsName(r.t.s[r.at:r.end]) }

func startsName(s string) bool {
	return s != "" && (isNameByte(s[0]) || s[0] >= 0x80 || s[0] == '\\' && len(s) > 1 && s[1] != '\n')
}

// ident passes a name with its escapes.
func (r *reader) ident() {
	for r.nameAhead() {
		if r.t.s[r.at] != '\\' {
			r.word("")
			continue
		}
		r.at++
		hex := 0
		for hex < 6 && !r.done() && strings.IndexByte("0123456789abcdefABCDEF", r.peek()) >= 0 {
			r.at++
			hex++
		}
		if hex == 0 {
			_, n := utf8.DecodeRuneInString(r.t.s[r.at:r.end])
			r.at += n
		} else if !r.done() && strings.IndexByte(spaces, r.peek()) >= 0 {
			r.at++ // it ends the number
		}
	}
}

// tag passes *, name, ns|name.
func (r *reader) tag() error {
	if !r.take("*") {
		r.ident()
	}
	if r.peek() == '|' && !strings.HasPrefix(r.t.s[r.at:r.end], "|=") {
		r.at++
		if !r.take("*") {
			if !r.identAhead() {
				return r.expected("a tag's name")
			}
			r.ident()
		}
	}
	return nil
}

// cssAttribute passes [name], [name="value" i].
func (r *reader) cssAttribute() error {
	start := r.at
	r.at++
	if _, err := r.blank(); err != nil {
		return err
	}
	if r.peek() != '*' && r.peek() != '|' && !r.identAhead() {
		return r.expected("an attribute's name")
	}
	if err := r.tag(); err != nil {
		return err
	}
	if _, err := r.blank(); err != nil {
		return err
	}
	if r.take("]") {
		return nil
	}
	if !slices.ContainsFunc([]string{"=", "*=", "^=", "$=", "|=", "~="}, r.take) {
		if r.done() {
			return r.t.wrong(start, "the [ isn't closed")
		}
		return r.expected("] or =")
	}
	if _, err := r.blank(); err != nil {
		return err
	}
	switch c := r.peek(); {
	case c == '"' || c == '\'':
		if err := r.str(); err != nil {
			return err
		}
	case r.identAhead():
		r.ident()
	default:
		return r.expected("a value in quotes")
	}
	if _, err := r.blank(); err != nil {
		return err
	}
	if c := r.peek(); !r.done() && strings.IndexByte("iIsS", c) >= 0 {
		r.at++
		if _, err := r.blank(); err != nil {
			return err
		}
	}
	if !r.take("]") {
		if r.done() {
			return r.t.wrong(start, "the [ isn't closed")
		}
		return r.expected("]")
	}
	return nil
}

// str passes a string of CSS, which no line ends.
func (r *reader) str() error {
	start := r.at
	if _, err := r.quoted(); err != nil {
		return err
	}
	if n := strings.IndexAny(strings.ReplaceAll(r.t.s[start:r.at], "\\\n", "  "), "\n\r\f"); n >= 0 {
		return r.t.wrong(start, "the quote isn't closed on its line")
	}
	return nil
}

// pseudo reads :name or :name(…): one of ours, or what the browser knows.
func (r *reader) pseudo(depth int) (*CSSFunc, error) {
	start := r.at
	r.at++
	if r.peek() == ':' {
		return nil, r.t.wrong(start, "a pseudo-element is no element")
	}
	if !r.identAhead() {
		return nil, r.expected("the name of a pseudo-class")
	}
	name := r.at
	r.ident()
	f := CSSFunc{Name: strings.ToLower(r.t.s[name:r.at])}
	want, own := ownFuncs[f.Name]
	switch open := r.take("("); {
	case !own && open:
		return nil, r.balanced(start)
	case !own:
		return nil, nil
	case open && want == takes{}:
		return nil, r.t.wrong(start, ":%s takes nothing in brackets", f.Name)
	case !open && want != takes{}:
		return nil, r.t.wrong(start, ":%s needs something in brackets", f.Name)
	case !open:
		return &f, nil
	}
	if depth >= maxTargetDepth {
		return nil, r.t.wrong(start, "is nested deeper than %d", maxTargetDepth)
	}
	if err := r.arguments(&f, want, depth+1); err != nil {
		return nil, err
	}
	if !r.take(")") {
		if r.done() {
			return nil, r.t.wrong(start, "the ( isn't closed")
		}
		return nil, r.expected(")")
	}
	return &f, r.t.checkFunc(start, &f)
}

func (r *reader) arguments(f *CSSFunc, want takes, depth int) error {
	for {
		if _, err := r.blank(); err != nil {
			return err
		}
		switch c := r.peek(); {
		case c == '"' || c == '\'':
			if !want.text {
				return r.expected("a selector")
			}
			s, err := r.quoted()
			if err != nil {
				return err
			}
			f.Text = append(f.Text, s)
		case want.text:
			return r.expected("text in quotes")
		case c >= '0' && c <= '9' || c == '-' && !r.identAhead():
			at, s := r.at, r.word(".")
			n, err := strconv.ParseFloat(s, 64)
			if !want.n || err != nil || f.N != nil || f.List == nil {
				return r.t.wrong(at, "%q where a selector should be", s)
			}
			f.N = &n
		default:
			c, err := r.complex(depth)
			if err != nil {
				return err
			}
			if f.N != nil {
				return r.expected(") after the number")
			}
			f.List = append(f.List, c)
		}
		if _, err := r.blank(); err != nil {
			return err
		}
		if !r.take(",") {
			return nil
		}
	}
}

// checkFunc says what is wrong with a function's arguments.
func (t *text) checkFunc(at int, f *CSSFunc) error {
	switch {
	case f.Name == "text-matches" && len(f.Text) == 2:
		return t.flags(at, f.Text[1])
	case len(f.Text) > 1:
		return t.wrong(at, ":%s takes one text", f.Name)
	case f.Name == "nth-match" && (f.N == nil || *f.N < 1 || *f.N != float64(int(*f.N))):
		return t.wrong(at, ":nth-match needs a selector and a number from 1")
	}
	return nil
}

// balanced passes what a function of the browser's has in its brackets.
func (r *reader) balanced(start int) error {
	open := []byte{')'}
	for !r.done() {
		switch c := r.peek(); c {
		case '"', '\'':
			if err := r.str(); err != nil {
				return err
			}
			continue
		case '\\':
			r.at++
		case '(':
			open = append(open, ')')
		case '[':
			open = append(open, ']')
		case ')', ']':
			if c != open[len(open)-1] {
				return r.expected(string(open[len(open)-1]))
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				r.at++
				return nil
			}
		case '{', '}', ';':
			return r.expected(")")
		}
		r.at++
	}
	r.at = r.end
	return r.t.wrong(start, "the ( isn't closed")
}

// cssList writes selectors as css reads them.
func cssList(list []Complex) string {
	all := make([]string, len(list))
	for i, c := range list {
		all[i] = c.String()
	}
	return strings.Join(all, ", ")
}

func (c Complex) String() string {
	var b strings.Builder
	for _, p := range c {
		switch p.Joint {
		case "":
		case " ":
			b.WriteString(" ")
		default:
			b.WriteString(" " + p.Joint + " ")
		}
		b.WriteString(p.CSS)
		for _, f := range p.Funcs {
			b.WriteString(":" + f.Name)
			var args []string
			if f.List != nil {
				args = append(args, cssList(f.List))
			}
			for _, s := range f.Text {
				args = append(args, cssQuoted(s))
			}
			if f.N != nil {
				args = append(args, strconv.FormatFloat(*f.N, 'f', -1, 64))
			}
			if args != nil {
				b.WriteString("(" + strings.Join(args, ", ") + ")")
			}
		}
	}
	return b.String()
}
