package step_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// What generated documents are made of: every element of HTML that has a role
// or a name of its own, the attributes that change them, and styles that hide.
var (
	flow = strings.Fields("div p section article aside nav main header footer form fieldset figure ul ol dl table details dialog h1 h2 h3 address blockquote " +
		"menu search hgroup pre hr label output svg")
	phrasing = strings.Fields("span a b button code del dfn em i ins img input input input input input label mark meter progress q s select small strong " +
		"sub sup textarea time br wbr kbd abbr cite svg slot output")
	inputTypes = strings.Fields("text text checkbox radio range number search password file color submit reset button image email tel url hidden")
	roles      = strings.Fields("button link none presentation img heading list checkbox radio switch tab tablist menuitem menu textbox combobox listbox " +
		"group region form navigation article note tooltip tree row cell grid gridcell table rowgroup columnheader rowheader dialog alert status term definition " +
		"math generic strong code caption paragraph figure slider spinbutton progressbar meter separator toolbar searchbox banner main application document bogus")
	styles = []string{"display:none", "visibility:hidden", "visibility:visible", "display:inline-block", "display:block", "display:contents", "display:flex",
		"text-transform:uppercase", "white-space:pre", "float:left", "position:absolute", "opacity:0", "display:inline"}
	words = []string{"Buy", "now ", " the", "soft\u00adhyphen", "  two  spaces ", "a\nb", "zero\u200bwidth", "nb\u00a0sp", "é", "x&amp;y"}
)

func draw(t *rapid.T, from []string, what string) string {
	return rapid.SampledFrom(from).Draw(t, what)
}

func chance(t *rapid.T, in int) bool { return rapid.IntRange(0, in-1).Draw(t, "chance") == 0 }

// generator makes one document.
type generator struct {
	t   *rapid.T
	ids int
}

var documents = rapid.Custom(func(t *rapid.T) string {
	g := &generator{t: t}
	var b strings.Builder
	b.WriteString("<!doctype html><title>t</title><style>.b::before{content:'before'}.a::after{content:'after' / 'alt'}.c::before{content:'\\201C'}</style><body>")
	for range rapid.IntRange(1, 8).Draw(t, "blocks") {
		b.WriteString(g.element(draw(t, flow, "tag"), 0))
	}
	for i := range 3 { // what aria-labelledby means
		fmt.Fprintf(&b, "<p id=l%d%s>%s<b>%s</b></p>", i, draw(t, []string{"", " hidden", ` aria-label="Named"`}, "hidden"), g.text(), g.text())
	}
	return b.String()
})

func (g *generator) text() string { return draw(g.t, words, "words") }

func (g *generator) attributes(tag string) string {
	var b strings.Builder
	add := func(name, value string) { fmt.Fprintf(&b, ` %s="%s"`, name, value) }
	g.ids++
	add("id", fmt.Sprintf("n%d", g.ids))
	t := g.t
	if tag == "slot" {
		return b.String()
	}
	some := func() string { return fmt.Sprintf("n%d", rapid.IntRange(1, 25).Draw(t, "ref")) }
	if takesRole[tag] && chance(t, 3) {
		add("role", draw(t, roles, "role"))
	}
	if chance(t, 12) {
		add("aria-label", draw(t, []string{"", "Label", " spaced label ", "L2"}, "label"))
	}
	if chance(t, 20) {
		add("aria-labelledby", draw(t, []string{"l0", "l1", "l2", "l1 l2", "l9 l0", "l9", "l1 l1", ""}, "by"))
	}
	if chance(t, 20) {
		add("aria-hidden", draw(t, []string{"true", "false", ""}, "hidden"))
	}
	if chance(t, 12) {
		add("title", draw(t, []string{"", "Title", " "}, "title"))
	}
	if !styleless[tag] && chance(t, 10) {
		add("style", draw(t, styles, "style"))
	}
	if chance(t, 14) {
		add("class", draw(t, []string{"a", "b", "c"}, "class"))
	}
	if chance(t, 25) {
		add("tabindex", draw(t, []string{"0", "-1"}, "tabindex"))
	}
	if tag != "option" && chance(t, 60) {
		return b.String() + " hidden"
	}
	if tag == "div" && chance(t, 30) {
		b.WriteString(` contenteditable=""`)
	}
	switch tag {
	case "a":
		if !chance(t, 4) {
			add("href", "#x")
		}
	case "img", "area":
		if !chance(t, 3) {
			add("alt", draw(t, []string{"", "Alt", " "}, "alt"))
		}
	case "input":
		add("type", draw(t, inputTypes, "type"))
		if chance(t, 2) {
			add("value", draw(t, []string{"", "Value", "5"}, "value"))
		}
		if chance(t, 4) {
			add("placeholder", "Place")
		}
		if chance(t, 6) {
			add("alt", "Alt")
		}
	case "label":
		if chance(t, 2) {
			add("for", some())
		}
	case "th":
		if chance(t, 3) {
			add("scope", draw(t, []string{"col", "row", "rowgroup", "colgroup", ""}, "scope"))
		}
	case "td", "tr", "table":
	case "details":
		if chance(t, 2) {
			b.WriteString(" open")
		}
	case "dialog":
		if !chance(t, 3) {
			b.WriteString(" open")
		}
	case "select":
		if chance(t, 3) {
			b.WriteString(draw(t, []string{" multiple", " size=3", " size=1"}, "size"))
		}
	case "meter", "progress":
		add("value", "0.5")
	}
	return b.String()
}

func (g *generator) element(tag string, depth int) string {
	open := "<" + tag + g.attributes(tag) + ">"
	switch tag {
	case "br", "wbr":
		return "<" + tag + ">"
	case "img", "input", "hr":
		return open
	}
	return open + g.content(tag, depth+1) + "</" + tag + ">"
}

func (g *generator) content(tag string, depth int) string {
	t := g.t
	var b strings.Builder
	times := func(most int) int { return rapid.IntRange(0, most).Draw(t, "times") }
	switch tag {
	case "ul", "ol", "menu":
		for range times(3) {
			b.WriteString(g.element("li", depth))
		}
		return b.String()
	case "dl":
		for range times(2) {
			b.WriteString(g.element("dt", depth) + g.element("dd", depth))
		}
		return b.String()
	case "table":
		if chance(t, 3) {
			b.WriteString(g.element("caption", depth))
		}
		for _, part := range []string{"thead", "tbody", "tbody", "tfoot"} {
			if part == "tbody" || chance(t, 3) {
				b.WriteString(g.element(part, depth))
			}
		}
		return b.String()
	case "thead", "tbody", "tfoot":
		for range 1 + times(1) {
			b.WriteString(g.element("tr", depth))
		}
		return b.String()
	case "tr":
		for range 1 + times(2) {
			b.WriteString(g.element(draw(t, []string{"th", "td", "td"}, "cell"), depth))
		}
		return b.String()
	case "select":
		for range times(3) {
			fmt.Fprintf(&b, "<option%s>%s</option>", g.attributes("option"), g.text())
		}
		return b.String()
	case "meter", "progress":
		return ""
	case "textarea":
		return g.text()
	case "svg":
		if chance(t, 2) {
			b.WriteString("<title>Drawn</title>")
		}
		return b.String() + "<circle r=5></circle>"
	case "details":
		b.WriteString(g.element("summary", depth))
	case "fieldset":
		if !chance(t, 3) {
			b.WriteString(g.element("legend", depth))
		}
	case "figure":
		if !chance(t, 3) {
			b.WriteString(g.element("figcaption", depth))
		}
	}
	if depth > 2 {
		return b.String() + g.text()
	}
	for range times(4) {
		switch {
		case chance(t, 3):
			b.WriteString(g.text())
		case blocks[tag] && chance(t, 3):
			b.WriteString(g.element(draw(t, flow, "tag"), depth))
		default:
			b.WriteString(g.element(draw(t, phrasing, "tag"), depth))
		}
	}
	return b.String()
}

// takesRole are the elements that authors give roles to.
var takesRole = map[string]bool{"div": true, "span": true, "i": true}

// blocks are the elements that may hold others of flow.
var blocks = func() map[string]bool {
	all := map[string]bool{}
	for tag := range strings.FieldsSeq("div section article aside nav main header footer form fieldset figure li dd td th details dialog blockquote figcaption search") {
		all[tag] = true
	}
	return all
}()

// styleless are the elements that lose their sense with another display.
var styleless = map[string]bool{"option": true, "table": true, "thead": true, "tbody": true, "tfoot": true, "tr": true, "td": true, "th": true, "caption": true}
