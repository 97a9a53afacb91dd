package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// forPeople are the commands that people type by hand.
var forPeople = []string{"login", "session", "step", "events", "endpoints", "deliveries", "artifacts"}

// TestExamplesOfCommands: each command that people type has some in its help, and what
// they say can be typed.
func TestExamplesOfCommands(t *testing.T) {
	seen := 0
	for _, leaf := range parser(t).Model.Leaves(true) {
		words := strings.Fields(leaf.FullPath())
		if len(words) < 2 || !slices.Contains(forPeople, words[1]) {
			continue
		}
		seen++
		_, lines, ok := strings.Cut(leaf.Detail, "Examples:\n\n")
		if !ok {
			t.Errorf("%s has no examples", leaf.FullPath())
		}
		for line := range strings.Lines(lines) {
			for _, args := range typed(line) {
				if _, err := parser(t).Parse(args); err != nil {
					t.Errorf("%s: %q: %v", leaf.FullPath(), args, err)
				}
			}
		}
	}
	if seen < 18 {
		t.Errorf("there are %d commands", seen)
	}
}

func parser(t *testing.T) *kong.Kong {
	t.Helper()
	p, err := kong.New(&cli{}, kong.Name("browserhook"), kong.Vars{"version": ""}, kong.Exit(func(int) { t.Error("it ends") }))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// typed are the command lines of this program in one of a shell.
func typed(line string) (all [][]string) {
	if _, inner, ok := strings.Cut(line, "$("); ok {
		line = strings.TrimSuffix(strings.TrimSpace(inner), ")")
	}
	for part := range strings.SplitSeq(line, " | ") {
		if args := words(part); args[0] == "browserhook" {
			all = append(all, args[1:])
		} else if i := slices.Index(args, "browserhook"); i > 0 && args[0] == "xargs" {
			all = append(all, append(slices.Clone(args[i+1:]), "some_id"))
		}
	}
	return all
}

// words are those that a shell makes of a line.
func words(line string) (all []string) {
	var word strings.Builder
	quoted, some := false, false
	for _, r := range strings.TrimSpace(line) + " " {
		switch {
		case r == '\'':
			quoted, some = !quoted, true
		case r == ' ' && !quoted:
			if some {
				all = append(all, word.String())
			}
			word.Reset()
			some = false
		default:
			word.WriteRune(r)
			some = true
		}
	}
	return all
}

// TestCommandsInTheText: each command line of this program that the documents print, in a
// sample or in a sentence, is one that it takes. Those of recipes are run elsewhere.
func TestCommandsInTheText(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	command := regexp.MustCompile("(?m)(`|^    |\\$\\(|-- )(?:\\./|bin/)?browserhook ([a-z][^`)#&\n|]*)")
	filled := strings.NewReplacer("$BROWSERHOOK_URL", "http://127.0.0.1:8080", "whsec_…", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	for _, document := range append(documents, "../../README.md", "../../examples/README.md", "../../SECURITY.md") {
		raw, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(raw), " --config /etc/browserhook/browserhook.yaml", "") // there is none here
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			count++
			_, err := parser(t).Parse(words(filled.Replace(m[2])))
			// A sentence may name a command without what it needs.
			if e, ok := errors.AsType[*kong.ParseError](err); ok && m[1] == "`" && (strings.HasPrefix(e.Error(), "expected ") || strings.HasPrefix(e.Error(), "missing flags: ")) {
				err = nil
			}
			if err != nil {
				t.Errorf("%s: browserhook %s: %v", document, m[2], err)
			}
		}
	}
	if count < 30 {
		t.Errorf("there are %d", count)
	}
}
