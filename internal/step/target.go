package step

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Target is a parsed target, as the injected engine takes it: each part looks
// inside what the one before it found.
type Target struct {
	Frames []FrameRef `json:"-"` // from the main frame inward; none: any frame
	Parts  []Part     `json:"parts"`

	Raw    string `json:"raw,omitempty"`    // as the step has it, for what is said of it
	TestID string `json:"testid,omitempty"` // the session's attribute for test ids
}

// FrameRef says which frame inside the one before it is meant.
type FrameRef struct {
	Name   string  // of the frame, or the id of its element
	URL    *Match  // its address
	Target *Target // its element
}

// Part is one part of a chain.
type Part struct {
	Kind  string    `json:"kind"`
	CSS   []Complex `json:"css,omitempty"`
	Match *Match    `json:"match,omitempty"` // text, full, label, attr, hasText, hasNotText
	Attr  string    `json:"attr,omitempty"`  // attr: which; testid: filled in by the session
	Role  *Role     `json:"role,omitempty"`
	XPath string    `json:"xpath,omitempty"`
	Nth   int       `json:"nth,omitempty"`
	Yes   bool      `json:"yes,omitempty"` // visible
	Of    *Target   `json:"of,omitempty"`  // has, hasNot, and, or, in
}

// Match says which strings are meant.
type Match struct {
	Op   string `json:"op"` // = *= ^= $= |= ~=, or re: a regular expression
	Text string `json:"text"`
	Fold bool   `json:"fold,omitempty"`  // in any case
	Flag string `json:"flags,omitempty"` // of the regular expression
}

// Role is what role= asks for.
type Role struct {
	Role        string            `json:"role"`
	States      map[string]string `json:"states,omitempty"` // checked, disabled, expanded, pressed, selected
	Level       int               `json:"level,omitempty"`
	Name        *Match            `json:"name,omitempty"`
	Description *Match            `json:"description,omitempty"`
	Hidden      bool              `json:"hidden,omitempty"` // those too that nobody is told of
}

// TargetError says where a target can't be read, and why.
type TargetError struct {
	At  int // the character, from 1
	Why string
}

func (e *TargetError) Error() string { return fmt.Sprintf("at %d: %s", e.At, e.Why) }

// text is a target being read.
type text struct {
	s     string
	depth int
}

// maxTargetDepth bounds how targets may be nested in one another.
const maxTargetDepth = 16

func (t *text) wrong(at int, format string, args ...any) error {
	return &TargetError{At: utf8.RuneCountInString(t.s[:min(at, len(t.s))]) + 1, Why: fmt.Sprintf(format, args...)}
}

// ParseTarget reads the text of a target: see the package comment. It can't
// tell whether each name in CSS, each XPath and each regular expression is one;
// the browser does.
func ParseTarget(raw string) (Target, error) { return parseTarget(raw, 0) }

func parseTarget(raw string, depth int) (Target, error) {
	t := &text{raw, depth}
	if !utf8.ValidString(raw) {
		return Target{}, t.wrong(0, "is not valid UTF-8")
	}
	if strings.TrimSpace(raw) == "" {
		return Target{}, t.wrong(0, "is empty")
	}
	if depth > maxTargetDepth {
		return Target{}, t.wrong(0, "is nested deeper than %d", maxTargetDepth)
	}
	var target Target
	capture := -1
	for _, piece := range t.split() {
		part, frame, err := t.part(piece)
		if err != nil {
			return Target{}, err
		}
		switch {
		case frame != nil && len(target.Parts) > 0:
			return Target{}, t.wrong(piece.at, "frame= comes first")
		case frame != nil && depth > 0:
			return Target{}, t.wrong(piece.at, "frame= can't stand inside another target")
		case frame != nil:
			target.Frames = append(target.Frames, *frame)
			continue
		case part.Kind == "enterFrame":
			if len(target.Parts) == 0 || capture >= 0 || depth > 0 {
				return Target{}, t.wrong(piece.at, "needs the frame's element before it")
			}
			target.Frames = append(target.Frames, FrameRef{Target: &Target{Parts: target.Parts}})
			target.Parts = nil
			continue
		}
		if piece.capture {
			if capture >= 0 {
				return Target{}, t.wrong(piece.at, "only one part can have a *")
			}
			capture = len(target.Parts)
		}
		if len(target.Parts) == 0 && needsBefore[part.Kind] {
			return Target{}, t.wrong(piece.at, "%s= needs something before it", piece.name)
		}
		target.Parts = append(target.Parts, part)
	}
	if len(target.Parts) == 0 {
		return Target{}, t.wrong(len(raw), "says no element in the frame")
	}
	if capture >= 0 && capture < len(target.Parts)-1 {
		inside := target.Parts[capture+1:]
		if slices.ContainsFunc(target.Parts, func(p Part) bool { return p.Kind == "nth" }) || needsBefore[inside[0].Kind] {
			return Target{}, t.wrong(0, "a * can't go with nth=, visible= or has=")
		}
		has := Part{Kind: "has", Of: &Target{Parts: slices.Clone(inside)}}
		target.Parts = append(target.Parts[:capture+1:capture+1], has)
	}
	return target, nil
}

// needsBefore are the parts that choose among what the part before found.
var needsBefore = map[string]bool{
	"nth": true, "visible": true, "has": true, "hasNot": true, "hasText": true, "hasNotText": true, "and": true, "or": true, "in": true,
}

// withTestID is the target for a session whose test ids are another attribute.
func (t Target) withTestID(attribute string) Target {
	t.Parts = slices.Clone(t.Parts)
	for i := range t.Parts {
		p := &t.Parts[i]
		if p.Kind == "testid" && p.Attr == "" {
			p.Attr = attribute
		}
		if p.Of != nil {
			of := p.Of.withTestID(attribute)
			p.Of = &of
		}
	}
	t.Frames = slices.Clone(t.Frames)
	for i := range t.Frames {
		if f := &t.Frames[i]; f.Target != nil {
			of := f.Target.withTestID(attribute)
			f.Target = &of
		}
	}
	return t
}

// String is the target as it could have been written.
func (t Target) String() string {
	var all []string
	for _, f := range t.Frames {
		all = append(all, f.String())
	}
	for _, p := range t.Parts {
		all = append(all, p.String())
	}
	return strings.Join(all, " >> ")
}

func (f FrameRef) String() string {
	switch {
	case f.Target != nil:
		return "frame=" + jsonQuoted(f.Target.String())
	case f.URL != nil:
		return "frame=url=" + f.URL.json()
	}
	return "frame=name=" + jsonQuoted(f.Name)
}

func (p Part) String() string {
	switch p.Kind {
	case "css":
		return "css=" + cssList(p.CSS)
	case "text":
		if p.Match.Op == "*=" {
			return "text=" + p.Match.Text
		}
		return "text=" + p.Match.css()
	case "full":
		return "internal:text=" + p.Match.json()
	case "testid":
		if p.Attr != "" {
			return "internal:testid=[" + p.Attr + "=" + p.Match.css() + "]"
		}
		return "testid=" + p.Match.json()
	case "attr":
		return "internal:attr=[" + p.Attr + "=" + p.Match.css() + "]"
	case "label":
		return "label=" + p.Match.json()
	case "hasText":
		return "has-text=" + p.Match.json()
	case "hasNotText":
		return "has-not-text=" + p.Match.json()
	case "role":
		return "role=" + p.Role.String()
	case "xpath":
		return "xpath=" + p.XPath
	case "nth":
		return "nth=" + strconv.Itoa(p.Nth)
	case "visible":
		return "visible=" + strconv.FormatBool(p.Yes)
	}
	return map[string]string{"has": "has", "hasNot": "has-not", "and": "internal:and", "or": "internal:or", "in": "internal:chain"}[p.Kind] + "=" + jsonQuoted(p.Of.String())
}

func (r *Role) String() string {
	s := r.Role
	for _, name := range []string{"checked", "disabled", "expanded", "pressed", "selected"} {
		if v := r.States[name]; v != "" {
			s += "[" + name + "=" + v + "]"
		}
	}
	if r.Level > 0 {
		s += "[level=" + strconv.Itoa(r.Level) + "]"
	}
	attribute := func(name string, m *Match) {
		if m != nil {
			s += "[" + name + strings.Replace(m.Op, "re", "=", 1) + m.css() + "]"
		}
	}
	attribute("name", r.Name)
	attribute("description", r.Description)
	if r.Hidden {
		s += "[include-hidden]"
	}
	return s
}

// css is a match as text= and attributes have it, json as the others do: a
// backslash keeps the next character, or means what it does in JSON.
func (m *Match) css() string  { return m.in(cssQuoted) }
func (m *Match) json() string { return m.in(jsonQuoted) }

func (m *Match) in(quoted func(string) string) string {
	switch {
	case m.Op == "re":
		return "/" + m.Text + "/" + m.Flag
	case m.Fold:
		return quoted(m.Text) + "i"
	}
	return quoted(m.Text)
}

func cssQuoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func jsonQuoted(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(fmt.Sprintf("marshal a string: %v", err)) // strings always can be
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// unquote reads what cssQuoted wrote, in quotes of either kind.
func unquote(s string) string {
	var b strings.Builder
	s = s[1 : len(s)-1]
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// unJSON reads what jsonQuoted wrote, or a string in single quotes.
func unJSON(s string) string {
	var out string
	if json.Unmarshal([]byte(s), &out) == nil {
		return out
	}
	return unquote(s)
}
