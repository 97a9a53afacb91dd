package main

import (
	"fmt"
	"strings"
)

// source is Python that is being written.
type source struct{ strings.Builder }

func (s *source) linef(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

const width = 92

// wrap breaks a text into lines of at most some letters, each as far in as its
// paragraph, and what goes on after an argument's name further.
func wrap(text string, width int) (lines []string) {
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := paragraph[:len(paragraph)-len(strings.TrimLeft(paragraph, " "))]
		further := line + line
		first := true
		for _, word := range strings.Fields(paragraph) {
			switch {
			case first:
				first = false
			case len(line)+1+len(word) > width:
				lines = append(lines, line)
				line = further
			default:
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return lines
}

var inDocstring = strings.NewReplacer(`\`, `\\`, `"""`, `\"\"\"`)

// docstring writes one, nothing if there is no text.
func (s *source) docstring(indent, text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	if strings.HasSuffix(text, `"`) {
		text += " "
	}
	lines := wrap(inDocstring.Replace(text), width-len(indent)-3)
	if strings.HasSuffix(text, " ") {
		lines[len(lines)-1] += " "
	}
	if len(lines) == 1 {
		s.linef(`%s"""%s"""`, indent, lines[0])
		return
	}
	s.linef(`%s"""%s`, indent, lines[0])
	for _, line := range lines[1:] {
		s.linef("%s", strings.TrimRight(indent+line, " "))
	}
	s.linef(`%s"""`, indent)
}

// argument is one of a function.
type argument struct {
	name, kind, absent string // absent: what it is when it isn't given; "": it must be
	doc                string
}

// signature writes a function's head; the arguments from keyword on are given by name.
func (s *source) signature(indent, head string, arguments []argument, keyword int, returns string) {
	s.linef("%s%s(", indent, head)
	for i, a := range arguments {
		if i == keyword {
			s.linef("%s    *,", indent)
		}
		if a.kind == "" { // self
			s.linef("%s    %s,", indent, a.name)
			continue
		}
		absent := ""
		if a.absent != "" {
			absent = " = " + a.absent
		}
		s.linef("%s    %s: %s%s,", indent, a.name, a.kind, absent)
	}
	s.linef("%s) -> %s:", indent, returns)
}

// explained is a docstring with a section for the arguments.
func explained(text string, arguments []argument) string {
	var b strings.Builder
	for _, a := range arguments {
		if a.doc != "" {
			fmt.Fprintf(&b, "\n    %s: %s", a.name, strings.ReplaceAll(a.doc, "\n", " "))
		}
	}
	if b.Len() == 0 {
		return text
	}
	return text + "\n\nArgs:" + b.String()
}
