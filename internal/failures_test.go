package internal

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/internal/domain"
)

// told are the ways in which the program names a failure's code: in Go, and in what it
// runs in pages.
var told = []*regexp.Regexp{
	regexp.MustCompile(`domain\.Failure\{Code: "(\w+)"`),
	regexp.MustCompile(`Why: *"(\w+_\w+)"`),
	regexp.MustCompile(`(?m)^(?:const)?\s*[cC]ode[A-Z]?\w*\s*= "(\w+)"`),
	regexp.MustCompile(`f\.Code, f\.Message = "(\w+)"`),
	regexp.MustCompile(`\{"net::\w+", "(\w+)"`),
	regexp.MustCompile(`\bno\("(\w+_\w+)"`),
}

// TestEveryFailureIsExplained: what a step or a session can fail with is in the table that
// the documents have, and the table has nothing else.
func TestEveryFailureIsExplained(t *testing.T) {
	explained := map[string]bool{}
	for _, group := range domain.FailureCodes {
		for _, c := range group.Codes {
			if explained[c.Code] {
				t.Errorf("%s is there twice", c.Code)
			}
			explained[c.Code] = true
		}
	}
	for _, c := range domain.SessionFailureCodes {
		explained[c.Code] = true
	}
	found := map[string]bool{}
	for _, dir := range []string{"step", "step/injected", "browser", "session"} {
		names, err := filepath.Glob(dir + "/*.[gj][os]")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "_test.go") }) {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, way := range told {
				for _, m := range way.FindAllStringSubmatch(string(raw), -1) {
					found[m[1]] = true
					if !explained[m[1]] {
						t.Errorf("%s fails with %s, which internal/domain/failures.go doesn't explain", name, m[1])
					}
				}
			}
		}
	}
	for code := range explained {
		if !found[code] {
			t.Errorf("%s is explained, and nothing fails with it", code)
		}
	}
}
