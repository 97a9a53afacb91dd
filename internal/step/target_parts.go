package step

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// piece is one part of a chain as it is written.
type piece struct {
	at      int // where it begins
	name    string
	body    int // where what follows name= begins
	end     int
	capture bool // *name=: this is what is meant, not the last
}

var (
	engineName = regexp.MustCompile(`^[a-zA-Z_0-9\-+:*]+$`)
	textBefore = regexp.MustCompile(`^\s*(?:text|label|placeholder|alt|title|testid|has-text|has-not-text)\s*=.`)
	xpathStart = regexp.MustCompile(`^\(*//`)
)

// split cuts a chain at each >> that no quotes hold and no backslash precedes.
func (t *text) split() (all []piece) {
	if !strings.Contains(t.s, ">>") {
		return []piece{t.piece(0, len(t.s))}
	}
	start, quote := 0, byte(0)
	for i := 0; i < len(t.s); i++ {
		switch c := t.s[i]; {
		case c == '\\' && i+1 < len(t.s):
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			// An apostrophe in text is none: text=Don't.
			if !textBefore.MatchString(t.s[start:i]) {
				quote = c
			}
		case c == '>' && i+1 < len(t.s) && t.s[i+1] == '>':
			all = append(all, t.piece(start, i))
			i++
			start = i + 1
		}
	}
	return append(all, t.piece(start, len(t.s)))
}

// piece says of what kind the part between two places is.
func (t *text) piece(start, end int) piece {
	for start < end && strings.IndexByte(spaces, t.s[start]) >= 0 {
		start++
	}
	for end > start && strings.IndexByte(spaces, t.s[end-1]) >= 0 {
		end--
	}
	s := t.s[start:end]
	p := piece{at: start, body: start, end: end, name: "css"}
	name, _, ok := strings.Cut(s, "=")
	switch trimmed := strings.TrimSpace(name); {
	case ok && engineName.MatchString(trimmed):
		p.name, p.body = trimmed, start+len(name)+1
		p.name, p.capture = strings.CutPrefix(p.name, "*")
	case len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0]:
		p.name = "text"
	case xpathStart.MatchString(s), strings.HasPrefix(s, ".."):
		p.name = "xpath"
	}
	return p
}

const spaces = " \t\n\r\f"

// kinds are the names of parts, with the kind that each is.
var kinds = map[string]string{
	"css": "css", "text": "text", "role": "role", "label": "label", "placeholder": "attr", "alt": "attr", "title": "attr", "testid": "testid",
	"id": "id", "data-testid": "id", "data-test-id": "id", "data-test": "id", "xpath": "xpath", "nth": "nth", "visible": "visible", "frame": "frame",
	"has": "has", "has-not": "hasNot", "has-text": "hasText", "has-not-text": "hasNotText",
	// As Playwright's own tools print them.
	"internal:text": "full", "internal:role": "role", "internal:label": "label", "internal:attr": "attribute", "internal:testid": "testidAttribute",
	"internal:has": "has", "internal:has-not": "hasNot", "internal:has-text": "hasText", "internal:has-not-text": "hasNotText",
	"internal:and": "and", "internal:or": "or", "internal:chain": "in", "internal:control": "control",
}

// part reads one part, or a frame=.
func (t *text) part(p piece) (Part, *FrameRef, error) {
	kind, ok := kinds[p.name]
	if !ok {
		return Part{}, nil, t.wrong(p.at, "%q is none of css, text, role, label, placeholder, alt, title, testid, xpath, nth, visible, has, has-not, has-text, has-not-text, frame", p.name)
	}
	body := t.s[p.body:p.end]
	if strings.Trim(body, spaces) == "" {
		return Part{}, nil, t.wrong(p.end, "has nothing after %s=", p.name)
	}
	part := Part{Kind: kind}
	var err error
	switch kind {
	case "css":
		part.CSS, err = t.css(p.body, p.end)
	case "text":
		part.Match, err = t.textMatch(p)
	case "full", "label", "hasText", "hasNotText":
		part.Match, err = t.match(p)
	case "attr":
		part.Attr = p.name
		part.Match, err = t.match(p)
	case "testid":
		part.Match, err = t.match(p)
		if err == nil && part.Match.Fold { // an id is the whole of it
			part.Match.Op, part.Match.Fold = "=", false
		}
	case "id":
		part.Kind, part.Attr, part.Match = "attr", p.name, &Match{Op: "=", Text: body}
	case "attribute", "testidAttribute":
		part.Kind = map[string]string{"attribute": "attr", "testidAttribute": "testid"}[kind]
		part.Attr, part.Match, err = t.attribute(p)
	case "role":
		part.Role, err = t.role(p, strings.HasPrefix(p.name, "internal:"))
	case "xpath":
		part.XPath = strings.TrimLeft(body, spaces)
	case "nth":
		if part.Nth, err = strconv.Atoi(strings.Trim(body, spaces)); err != nil {
			err = t.wrong(p.body, "%q is not a whole number", body)
		}
	case "visible":
		yes := strings.Trim(body, spaces)
		if part.Yes = yes == "true"; yes != "true" && yes != "false" {
			err = t.wrong(p.body, "%q is neither true nor false", body)
		}
	case "has", "hasNot", "and", "or", "in":
		part.Of, err = t.nested(p)
	case "frame":
		frame, err := t.frame(p)
		return Part{}, frame, err
	case "control":
		if part.Kind = "enterFrame"; body != "enter-frame" {
			err = t.wrong(p.body, "%q is not enter-frame", body)
		}
	}
	return part, nil, err
}

func isQuoted(s string) bool {
	return len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0]
}

// textMatch reads text=: a regular expression, text in quotes, or text.
func (t *text) textMatch(p piece) (*Match, error) {
	body := t.s[p.body:p.end]
	if body[0] == '/' && strings.LastIndexByte(body, '/') > 0 {
		return t.regexp(p.body, p.end)
	}
	m := &Match{Op: "*=", Text: body, Fold: true}
	if isQuoted(body) {
		m = &Match{Op: "=", Text: unquote(body)}
	}
	if fold(m.Text) == "" {
		return nil, t.wrong(p.body, "has nothing after %s=", p.name)
	}
	return m, nil
}

// match reads the text of the other kinds: the same, and "…"i for a part of it
// in any case, as Playwright prints it.
func (t *text) match(p piece) (*Match, error) {
	for p.body < p.end && strings.IndexByte(spaces, t.s[p.body]) >= 0 {
		p.body++
	}
	body := t.s[p.body:p.end]
	if body[0] == '/' && strings.LastIndexByte(body, '/') > 0 {
		return t.regexp(p.body, p.end)
	}
	m := &Match{Op: "*=", Text: body, Fold: true}
	if last := body[len(body)-1]; isQuoted(body) {
		m = &Match{Op: "=", Text: unJSON(body)}
	} else if cut := body[:len(body)-1]; isQuoted(cut) && (last == 'i' || last == 's') {
		m = &Match{Op: "=", Text: unJSON(cut)}
		if last == 'i' {
			m.Op, m.Fold = "*=", true
		}
	}
	if fold(m.Text) == "" {
		return nil, t.wrong(p.body, "has nothing after %s=", p.name)
	}
	return m, nil
}

// fold is text without its extra white space and what isn't seen of it.
func fold(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("\u200b", "", "\u00ad", "").Replace(s)), " ")
}

// regexp reads /…/flags. Whether JavaScript takes it, the browser says.
func (t *text) regexp(start, end int) (*Match, error) {
	last := start + strings.LastIndexByte(t.s[start:end], '/')
	source, flags := t.s[start+1:last], t.s[last+1:end]
	if source == "" {
		return nil, t.wrong(start, "is an empty regular expression")
	}
	if err := t.flags(last+1, flags); err != nil {
		return nil, err
	}
	return &Match{Op: "re", Text: source, Flag: flags}, nil
}

func (t *text) flags(at int, flags string) error {
	for i := range flags {
		if !strings.ContainsRune("dgimsuvy", rune(flags[i])) || strings.IndexByte(flags[:i], flags[i]) >= 0 {
			return t.wrong(at+i, "%q are not the flags of a regular expression; text with slashes needs quotes", flags)
		}
	}
	if strings.Contains(flags, "u") && strings.Contains(flags, "v") {
		return t.wrong(at, "a regular expression can't have both u and v")
	}
	return nil
}

// nested reads the target of has=: in quotes, or all that follows.
func (t *text) nested(p piece) (*Target, error) {
	body := strings.TrimLeft(t.s[p.body:p.end], spaces)
	at := p.end - len(body)
	if isQuoted(body) {
		body = unJSON(body)
	}
	of, err := parseTarget(body, t.depth+1)
	if err != nil {
		return nil, t.wrong(at, "in %s=: %s", p.name, err)
	}
	return &of, nil
}

var frameWord = regexp.MustCompile(`^[\pL\pN_\-]+$`)

// frame reads frame=: a name, an address, or the target of the frame's element.
func (t *text) frame(p piece) (*FrameRef, error) {
	body := strings.TrimLeft(t.s[p.body:p.end], spaces)
	at := p.end - len(body)
	name, rest, _ := strings.Cut(body, "=")
	if name == "name" || name == "url" {
		p.body, p.name = at+len(name)+1, name
		if rest == "" {
			return nil, t.wrong(p.end, "has nothing after frame=%s=", name)
		}
		m, err := t.match(p)
		switch {
		case err != nil:
			return nil, err
		case name == "url":
			if m.Op == "*=" { // the whole of it, with * for anything
				m.Op, m.Fold = "=", false
			}
			return &FrameRef{URL: m}, nil
		case m.Op == "re":
			return nil, t.wrong(p.body, "a frame's name is no regular expression")
		}
		return &FrameRef{Name: m.Text}, nil
	}
	if isQuoted(body) {
		body = unJSON(body)
	}
	switch {
	case strings.Trim(body, spaces) == "":
		return nil, t.wrong(at, "has nothing after frame=")
	case frameWord.MatchString(body) && !slices.Contains([]string{"iframe", "frame"}, body):
		return &FrameRef{Name: body}, nil
	case strings.Contains(body, "://"), strings.HasPrefix(body, "*"):
		return &FrameRef{URL: &Match{Op: "=", Text: body}}, nil
	}
	of, err := parseTarget(body, t.depth+1)
	if err != nil {
		return nil, t.wrong(at, "in frame=: %s", err)
	}
	return &FrameRef{Target: &of}, nil
}
