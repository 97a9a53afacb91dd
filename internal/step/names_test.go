package step_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestInjectedNames: the files of the injected engine are one script, in which a function
// that is called like another takes its place without a word.
func TestInjectedNames(t *testing.T) {
	files, err := filepath.Glob("injected/*.js")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	declares, in := regexp.MustCompile(`(?m)^(?:async )?(?:function\*?|const|let|class) (\w+)`), map[string]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range declares.FindAllSubmatch(raw, -1) {
			name := string(found[1])
			if before, twice := in[name]; twice {
				t.Errorf("%s is declared in %s and in %s", name, before, file)
			}
			in[name] = file
		}
	}
}
