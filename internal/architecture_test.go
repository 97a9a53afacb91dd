package internal

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentsNameWhatExists holds what is written for contributors to the code: each
// package of the table of imports has a row in the architecture, and what that and
// CONTRIBUTING.md write as code, a path, a file or a name (step.Run, CancelStep), is there.
func TestDocumentsNameWhatExists(t *testing.T) {
	architecture, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	contributing, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(architecture)
	for name := range mayImport {
		last := name[strings.LastIndexByte(name, '/')+1:]
		if name != "internal" && !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, "`"+last+"`") {
			t.Errorf("no row is about %s", name)
		}
	}
	words, files := map[string]bool{}, map[string]bool{}
	word := regexp.MustCompile(`[A-Za-z_]\w*`)
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "bin"):
			return fs.SkipDir
		}
		files[strings.TrimPrefix(filepath.ToSlash(path), "../")], files[d.Name()] = true, true
		if filepath.Ext(path) != ".go" && filepath.Ext(path) != ".sql" {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, w := range word.FindAllString(string(source), -1) {
			words[w] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`^\w+(\.\w+)?$`)
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(text+string(contributing), -1) {
		switch code := m[1]; {
		case files[code]:
		case strings.HasPrefix(code, "internal/"), strings.HasSuffix(code, ".go"):
			t.Errorf("%s: there is no such file or folder", code)
		case name.MatchString(code):
			for _, part := range strings.Split(code, ".") {
				if !words[part] && !files[part] {
					t.Errorf("%s: nothing in the code is called %s", code, part)
				}
			}
		}
	}
}
