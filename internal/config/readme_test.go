package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var inBackticks = regexp.MustCompile("`([^`]+)`")

func backticked(cell string) []string {
	var found []string
	for _, m := range inBackticks.FindAllStringSubmatch(cell, -1) {
		found = append(found, m[1])
	}
	return found
}

// settingsTable reads the rows below "| setting |": the cells of each.
func settingsTable(t *testing.T, file string) [][]string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(raw), "| setting |")
	if !ok {
		t.Fatalf("%s has no table of settings", file)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var rows [][]string
	for _, line := range strings.Split(table, "\n")[2:] {
		rows = append(rows, strings.Split(strings.Trim(line, "| "), " | "))
	}
	return rows
}

// TestDocumentedSettings holds the tables of settings against the settings that
// there are: in the README all of them, with their defaults, and elsewhere none
// that doesn't exist.
func TestDocumentedSettings(t *testing.T) {
	var cli struct {
		Serve Server `cmd:""`
	}
	p, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for _, f := range p.Model.Children[0].Flags {
		if f.Name != "help" {
			defaults[f.Name] = f.Default
		}
	}
	documented := map[string]bool{}
	for _, row := range settingsTable(t, "../../README.md") {
		if len(row) != 3 || row[1] == "" || row[2] == "" {
			t.Errorf("a row that isn't setting, meaning, default: %q", row)
			continue
		}
		said := backticked(row[2])
		for i, name := range backticked(row[0]) {
			want, ok := defaults[name]
			switch {
			case !ok:
				t.Errorf("README has %s, which is no setting", name)
			case documented[name]:
				t.Errorf("README has %s twice", name)
			case want != "" && (i >= len(said) || said[i] != want):
				t.Errorf("README says that the default of %s is %s; it is %s", name, row[2], want)
			}
			documented[name] = true
		}
	}
	for name := range defaults {
		if !documented[name] {
			t.Errorf("README doesn't have the setting %s", name)
		}
	}
	for _, row := range settingsTable(t, "../../docs/operations.md") {
		names := backticked(row[0])
		if !slices.ContainsFunc(names, func(n string) bool { _, ok := defaults[n]; return ok }) {
			t.Errorf("operations.md has %s, which is no setting", row[0])
		}
	}
}

var (
	told  = regexp.MustCompile("`([a-z-]+)`(?:,| \\() ?(\\d+)(?: (s|days|GiB|MiB)|;| by default)")
	units = map[string]string{"s": "s", "days": "h", "GiB": "GiB", "MiB": "MiB"}
)

// TestDefaultsInTheText: where a document says behind a setting's name what it is by
// default, so it is.
func TestDefaultsInTheText(t *testing.T) {
	all, err := Settings()
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for _, s := range all {
		defaults[s.Name] = s.Default
	}
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, document := range documents {
		raw, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range told.FindAllStringSubmatch(string(raw), -1) {
			want, ok := defaults[m[1]]
			if !ok || want == "" {
				continue // no setting, or one that the machine decides
			}
			n, err := strconv.Atoi(m[2])
			if err != nil {
				t.Fatal(err)
			}
			if m[3] == "days" {
				n *= 24
			}
			if count++; fmt.Sprint(n, units[m[3]]) != want {
				t.Errorf("%s says %s; it is %s", document, m[0], want)
			}
		}
	}
	if count < 5 {
		t.Errorf("only %d defaults are told", count)
	}
}
