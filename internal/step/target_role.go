package step

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// reader reads a part of a target, character by character.
type reader struct {
	t   *text
	at  int
	end int
}

func (r *reader) done() bool { return r.at >= r.end }

func (r *reader) peek() byte {
	if r.done() {
		return 0
	}
	return r.t.s[r.at]
}

func (r *reader) skip() {
	for !r.done() && strings.IndexByte(spaces, r.t.s[r.at]) >= 0 {
		r.at++
	}
}

func (r *reader) take(s string) bool {
	if strings.HasPrefix(r.t.s[r.at:r.end], s) {
		r.at += len(s)
		return true
	}
	return false
}

// word reads as many characters of a name as there are.
func (r *reader) word(more string) string {
	start := r.at
	for !r.done() {
		c, n := utf8.DecodeRuneInString(r.t.s[r.at:r.end])
		if c < 0x80 && !isNameByte(byte(c)) && !strings.ContainsRune(more, c) {
			break
		}
		r.at += n
	}
	return r.t.s[start:r.at]
}

func isNameByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-'
}

// expected says what stands where something else should.
func (r *reader) expected(what string) error {
	if r.done() {
		return r.t.wrong(r.end, "it ends where %s should be", what)
	}
	c, _ := utf8.DecodeRuneInString(r.t.s[r.at:r.end])
	return r.t.wrong(r.at, "%q where %s should be", c, what)
}

// quoted reads a string in quotes: a backslash keeps the next character.
func (r *reader) quoted() (string, error) {
	start, quote := r.at, r.peek()
	for r.at++; !r.done(); r.at++ {
		switch r.t.s[r.at] {
		case '\\':
			r.at++
		case quote:
			r.at++
			return unquote(r.t.s[start:r.at]), nil
		}
	}
	r.at = r.end
	return "", r.t.wrong(start, "the quote isn't closed")
}

// regexp reads /…/flags up to what follows it.
func (r *reader) regexp() (*Match, error) {
	start, class := r.at, false
	for r.at++; !r.done(); r.at++ {
		switch c := r.t.s[r.at]; {
		case c == '\\':
			r.at++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			source := r.t.s[start+1 : r.at]
			if source == "" {
				return nil, r.t.wrong(start, "is an empty regular expression")
			}
			r.at++
			at := r.at
			flags := r.word("")
			return &Match{Op: "re", Text: source, Flag: flags}, r.t.flags(at, flags)
		}
	}
	r.at = r.end
	return nil, r.t.wrong(start, "the regular expression isn't closed")
}

// attribute is one [name="value" i].
type attribute struct {
	at    int
	name  string
	match *Match // nil: [name]
	bare  bool   // the value has no quotes
}

func (r *reader) attribute() (a attribute, err error) {
	r.at++ // [
	r.skip()
	a.at = r.at
	if a.name = r.word(""); a.name == "" {
		return a, r.expected("an attribute's name")
	}
	r.skip()
	if r.take("]") {
		return a, nil
	}
	a.match = &Match{}
	for _, op := range []string{"=", "*=", "^=", "$=", "|=", "~="} {
		if r.take(op) {
			a.match.Op = op
			break
		}
	}
	if a.match.Op == "" {
		return a, r.expected("] or =")
	}
	r.skip()
	switch c := r.peek(); {
	case c == '/' && a.match.Op == "=":
		if a.match, err = r.regexp(); err != nil {
			return a, err
		}
	case c == '"' || c == '\'':
		if a.match.Text, err = r.quoted(); err != nil {
			return a, err
		}
		r.skip()
		a.match.Fold = r.take("i") || r.take("I")
		if !a.match.Fold && !r.take("s") {
			r.take("S")
		}
	default:
		a.bare = true
		if a.match.Text = r.word("+."); a.match.Text == "" {
			return a, r.expected("a value")
		}
	}
	r.skip()
	if !r.take("]") {
		return a, r.expected("] (text with spaces needs quotes)")
	}
	return a, nil
}

// attribute reads internal:attr=[name="value"i], as Playwright's tools print it.
func (t *text) attribute(p piece) (string, *Match, error) {
	r := &reader{t, p.body, p.end}
	if r.peek() != '[' {
		return "", nil, r.expected("[")
	}
	a, err := r.attribute()
	switch {
	case err != nil:
		return "", nil, err
	case !r.done():
		return "", nil, r.expected("the end")
	case a.match == nil || a.match.Op != "=" && a.match.Op != "re":
		return "", nil, t.wrong(a.at, "%s needs a value after =", a.name)
	}
	if a.match.Fold {
		a.match.Op = "*="
	}
	return a.name, a.match, nil
}

// The states that role= can ask for, with the values that each has.
var states = map[string][]string{
	"checked": {"true", "false", "mixed"}, "pressed": {"true", "false", "mixed"},
	"disabled": {"true", "false"}, "expanded": {"true", "false"}, "selected": {"true", "false"},
}

// stateRoles are the roles that can have a state; those of others can't.
var stateRoles = map[string][]string{
	"checked":  strings.Fields("checkbox menuitemcheckbox menuitemradio option radio switch treeitem"),
	"pressed":  {"button"},
	"selected": strings.Fields("columnheader gridcell option row rowheader tab treeitem"),
	"expanded": strings.Fields("application button checkbox columnheader combobox gridcell group link listbox menuitem menuitemcheckbox menuitemradio row rowheader switch tab treeitem"),
	"level":    strings.Fields("heading listitem row treeitem"),
}

// role reads what follows role=.
func (t *text) role(p piece, internal bool) (*Role, error) {
	r := &reader{t, p.body, p.end}
	r.skip()
	at := r.at
	role := &Role{Role: strings.ToLower(r.word(""))}
	switch {
	case role.Role == "":
		return nil, r.expected("a role such as button")
	case !ariaRoles[role.Role]:
		return nil, t.wrong(at, "%q is not a role of WAI-ARIA", role.Role)
	}
	for r.skip(); r.peek() == '['; r.skip() {
		a, err := r.attribute()
		if err != nil {
			return nil, err
		}
		if err := t.roleAttribute(role, a, internal); err != nil {
			return nil, err
		}
	}
	if !r.done() {
		return nil, r.expected("[ or the end")
	}
	return role, nil
}

func (t *text) roleAttribute(role *Role, a attribute, internal bool) error {
	if can, ok := stateRoles[a.name]; ok && !slices.Contains(can, role.Role) {
		return t.wrong(a.at, "%s is for the roles %s", a.name, strings.Join(can, ", "))
	}
	switch a.name {
	case "name", "description":
		if a.match == nil {
			return t.wrong(a.at, "%s needs a value", a.name)
		}
		if internal && a.match.Fold && a.match.Op == "=" {
			a.match.Op = "*="
		}
		if a.name == "name" {
			role.Name = a.match
		} else {
			role.Description = a.match
		}
		return nil
	case "level":
		level := 0
		if a.match != nil && a.match.Op == "=" {
			level, _ = strconv.Atoi(a.match.Text)
		}
		if level < 1 {
			return t.wrong(a.at, "level needs a number from 1")
		}
		role.Level = level
		return nil
	}
	value := "true"
	if a.match != nil {
		if value = a.match.Text; a.match.Op != "=" {
			return t.wrong(a.at, "%s takes = only", a.name)
		}
	}
	can, ok := states[a.name]
	if a.name == "include-hidden" {
		can, ok = []string{"true", "false"}, true
		role.Hidden = value == "true"
	} else if ok {
		if role.States == nil {
			role.States = map[string]string{}
		}
		role.States[a.name] = value
	}
	switch {
	case !ok:
		return t.wrong(a.at, "%q is none of name, description, level, checked, disabled, expanded, pressed, selected, include-hidden", a.name)
	case !slices.Contains(can, value):
		return t.wrong(a.at, "%s is %s, not %q", a.name, strings.Join(can, ", "), value)
	}
	return nil
}

// ariaRoles are WAI-ARIA's, with those of its modules for graphics and for
// digital publishing.
var ariaRoles = func() map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(`alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox
		comment complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid gridcell group heading
		image img insertion link list listbox listitem log main mark marquee math menu menubar menuitem menuitemcheckbox menuitemradio meter
		navigation none note option paragraph presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search searchbox
		sectionfooter sectionheader separator slider spinbutton status strong subscript suggestion superscript switch tab table tablist tabpanel
		term textbox time timer toolbar tooltip tree treegrid treeitem graphics-document graphics-object graphics-symbol
		doc-abstract doc-acknowledgments doc-afterword doc-appendix doc-backlink doc-biblioentry doc-bibliography doc-biblioref doc-chapter
		doc-colophon doc-conclusion doc-cover doc-credit doc-credits doc-dedication doc-endnote doc-endnotes doc-epigraph doc-epilogue doc-errata
		doc-example doc-footnote doc-foreword doc-glossary doc-glossref doc-index doc-introduction doc-noteref doc-notice doc-pagebreak
		doc-pagefooter doc-pageheader doc-pagelist doc-part doc-preface doc-prologue doc-pullquote doc-qna doc-subtitle doc-tip doc-toc`) {
		all[name] = true
	}
	return all
}()
