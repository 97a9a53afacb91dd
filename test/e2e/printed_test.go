package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// printedSamples says of each sample of the documents which tests run it as it is printed
// or, where that can't be done here, have those read it who read it elsewhere. "*" is any
// chapter.
var printedSamples = []struct {
	document, chapter, kind string
	count                   int
	tests                   []string
}{
	{"README.md", "Try it", "commands", 2, []string{"test/e2e.TestDemo", "test/e2e.TestTargetsInTheText"}},
	{"README.md", "From nothing to a webhook", "commands", 7, []string{"test/e2e.TestReadmeWalk"}},
	{"README.md", "From nothing to a webhook", "text", 7, []string{"test/e2e.TestReadmeWalk"}},
	{"README.md", "From nothing to a webhook", "json", 1, []string{"test/e2e.TestReadmeWalk"}},
	{"bench/peers/README.md", "", "commands", 1, []string{"test/e2e.TestTargetsInTheText"}},
	{"client/README.md", "", "commands", 1, []string{"test/e2e.TestPackagesHaveTheirNames"}},
	{"client/README.md", "", "go", 1, []string{"client.TestReadme"}},
	{"docs/commands.md", "", "sh", 1, []string{"test/e2e.TestPeople"}},
	{"docs/connect.md", "", "js", 1, []string{"test/e2e.TestProgramsOfConnect"}},
	{"docs/connect.md", "", "go", 1, []string{"test/e2e.TestOtherPrograms"}},
	{"docs/connect.md", "", "commands", 1, []string{"test/e2e.TestOtherPrograms"}},
	{"docs/files.md", "Artifacts", "commands", 1, []string{"test/e2e.TestRequestsInTheText"}},
	{"docs/files.md", "Logs", "commands", 1, []string{"test/e2e.TestRequestsInTheText"}},
	{"docs/install.md", "The program", "commands", 5, []string{"test/packages.TestProgramWalk", "cmd/browserhook.TestCommandsInTheText"}},
	{"docs/install.md", "The program", "text", 4, []string{"test/packages.TestProgramWalk"}},
	{"docs/install.md", "The package for Debian and Ubuntu", "commands", 5, []string{"test/packages.TestPackageWalk", "cmd/browserhook.TestCommandsInTheText"}},
	{"docs/install.md", "The package for Debian and Ubuntu", "text", 3, []string{"test/packages.TestPackageWalk"}},
	{"docs/install.md", "The image", "commands", 1, []string{"test/packages.TestContainersAreConfined"}},
	{"docs/install.md", "Kubernetes", "commands", 1, []string{"test/packages.TestChartAsDocumented"}},
	{"docs/install.md", "Kubernetes", "yaml", 1, []string{"test/packages.TestChartAsDocumented"}},
	{"docs/live.md", "Taking control", "json", 1, []string{"internal/step.TestTheTakeoverInTheText"}},
	{"docs/live.md", "Links", "json", 1, []string{"test/e2e.TestRequestsInTheText"}},
	{"docs/live.md", "In a frame", "html", 1, []string{"internal/live.TestAPageWithALivePageInAFrame"}},
	{"docs/mcp.md", "", "json", 2, []string{"test/e2e.TestModels"}},
	{"docs/mcp.md", "A page in a model's words", "", 1, []string{"test/e2e.TestModels"}},
	{"docs/operations.md", "The unit", "commands", 1, []string{"test/packages.TestUnit", "test/packages.TestPackageWalk"}},
	{"docs/operations.md", "Limits", "commands", 1, []string{"test/packages.TestUnit"}},
	{"docs/operations.md", "Watching it", "yaml", 1, []string{"internal/telemetry.TestPrometheusAsDocumented"}},
	{"docs/operations.md", "Watching it", "text trace", 1, []string{"test/e2e.TestTraceOfASession"}},
	{"docs/quickstart.md", "A server", "commands", 1, []string{"test/e2e.TestQuickStartInEveryLanguage"}},
	{"docs/quickstart.md", "A program", "commands", 1, []string{"test/e2e.TestPackagesHaveTheirNames"}},
	{"docs/quickstart.md", "A program", "sh tab=curl", 1, []string{"test/e2e.TestQuickStartInEveryLanguage"}},
	{"docs/quickstart.md", "A program", "ts tab=TypeScript", 1, []string{"test/e2e.TestQuickStartInEveryLanguage"}},
	{"docs/quickstart.md", "A program", "python tab=Python", 1, []string{"test/e2e.TestQuickStartInEveryLanguage"}},
	{"docs/quickstart.md", "A program", "go tab=Go", 1, []string{"test/e2e.TestQuickStartInEveryLanguage"}},
	{"docs/quickstart.md", "Hear of it", "commands", 1, []string{"test/e2e.TestQuickStartInEveryLanguage"}},
	{"docs/quickstart.md", "Hear of it", "text", 1, []string{"test/e2e.TestQuickStartInEveryLanguage"}},
	{"docs/sessions.md", "", "commands", 1, []string{"test/e2e.TestRequestsInTheText"}},
	{"docs/states.md", "A session", "mermaid states=session", 1, []string{"internal/docsite.TestStatesAreDrawnFromTheTables"}},
	{"docs/states.md", "A step", "mermaid states=step", 1, []string{"internal/docsite.TestStatesAreDrawnFromTheTables"}},
	{"docs/states.md", "A delivery", "mermaid states=delivery", 1, []string{"internal/docsite.TestStatesAreDrawnFromTheTables"}},
	{"docs/steps.md", "The actions", "json", 87, []string{"internal/step.TestDocs", "internal/step.TestExamples"}},
	{"docs/webhooks.md", "Verify, in Go", "go", 2, []string{"test/e2e.TestDocumentedReceivers"}},
	{"docs/webhooks.md", "Verify, in Node", "js", 1, []string{"test/e2e.TestDocumentedReceivers"}},
	{"docs/webhooks.md", "Verify, in Python", "python", 1, []string{"test/e2e.TestDocumentedReceivers"}},
	{"docs/webhooks.md", "While you develop", "commands", 3, []string{"cmd/browserhook.TestCommandsInTheText", "test/e2e.TestReceiveRegistersItself", "test/e2e.TestListenForwardsFromTheBeginning"}},
	{"examples/README.md", "First", "commands", 3, []string{"test/examples.TestRecipes", "cmd/browserhook.TestCommandsInTheText", "test/e2e.TestPackagesHaveTheirNames"}},
	{"examples/*/README.md", "Run it", "commands", 17, []string{"test/examples.TestRecipes"}},
	{"examples/*/README.md", "Run it", "text", 16, []string{"test/examples.TestRecipes"}},
	{"examples/*/README.md", "Run it", "json", 1, []string{"test/examples.TestRecipes"}},
	{"sdk/python/README.md", "", "commands", 1, []string{"test/e2e.TestPackagesHaveTheirNames"}},
	{"sdk/python/README.md", "*", "python", 8, []string{"test/sdk/python.TestSDK"}},
	{"sdk/typescript/README.md", "", "commands", 1, []string{"test/e2e.TestPackagesHaveTheirNames"}},
	{"sdk/typescript/README.md", "*", "ts", 6, []string{"test/sdk/typescript.TestPackage"}},
	// Drawings.
	{"docs/architecture.md", "*", "commands", 6, nil},
}

// documents are all of the repository, by their paths in it.
func documents(t *testing.T) (all []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "*/*.md", "*/*/*.md"} {
		found, err := filepath.Glob("../../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if !strings.Contains(path, "/node_modules/") {
				all = append(all, strings.TrimPrefix(path, "../../"))
			}
		}
	}
	return all
}

// TestEverySampleIsRun: no document has a sample of which nobody says what runs it.
func TestEverySampleIsRun(t *testing.T) {
	found := make([]int, len(printedSamples))
	for _, document := range documents(t) {
		for _, b := range harness.Blocks(t, filepath.Join("../..", document)) {
			i := 0
			for i < len(printedSamples) {
				s := printedSamples[i]
				if here, _ := filepath.Match(s.document, document); here && s.kind == b.Kind && (s.chapter == b.Chapter || s.chapter == "*") {
					break
				}
				i++
			}
			if i == len(printedSamples) {
				t.Errorf("%s: no test is named for a sample (%q) of the chapter %q:\n%s", document, b.Kind, b.Chapter, b.Text)
				continue
			}
			found[i]++
		}
	}
	for i, s := range printedSamples {
		if found[i] != s.count {
			t.Errorf("%s, %q: there are %d samples (%q), and tests named for %d", s.document, s.chapter, found[i], s.kind, s.count)
		}
		for _, test := range s.tests {
			dir, name, _ := strings.Cut(test, ".")
			files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
			if err != nil || !slices.ContainsFunc(files, func(file string) bool { return strings.Contains(fileText(t, file), "\nfunc "+name+"(t *testing.T) {") }) {
				t.Errorf("%s: there is no %s", s.document, test)
			}
		}
	}
}

func fileText(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestTargetsInTheText: each target of make that a document names is there.
func TestTargetsInTheText(t *testing.T) {
	makefile, count := fileText(t, "../../Makefile"), 0
	for _, document := range documents(t) {
		for _, m := range regexp.MustCompile("(?m)(?:`|^    )make ([a-z-]+)").FindAllStringSubmatch(fileText(t, filepath.Join("../..", document)), -1) {
			if count++; !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: there is no make %s", document, m[1])
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d targets are named", count)
	}
}

// TestPackagesHaveTheirNames: what the documents have installed is what the packages are
// called.
func TestPackagesHaveTheirNames(t *testing.T) {
	for _, tt := range []struct{ document, says, file, has string }{
		{"client/README.md", "    go get github.com/browserhook/browserhook/client\n", "go.mod", "module github.com/browserhook/browserhook\n"},
		{"sdk/python/README.md", "    pip install browserhook\n", "sdk/python/pyproject.toml", "name = \"browserhook\"\n"},
		{"sdk/typescript/README.md", "    npm install browserhook\n", "sdk/typescript/package.json", "\"name\": \"browserhook\",\n"},
		{"docs/quickstart.md", "    npm install browserhook\n    pip install browserhook\n    go get github.com/browserhook/browserhook/client\n", "sdk/typescript/package.json", "\"name\": \"browserhook\",\n"},
		{"examples/README.md", "    pip install ../sdk/python\n", "sdk/python/pyproject.toml", "name = \"browserhook\"\n"},
		{"examples/README.md", "(cd ../sdk/typescript && npm ci && npm run build) && npm install\n", "examples/package.json", "\"browserhook\": \"file:../sdk/typescript\""},
	} {
		if !strings.Contains(fileText(t, filepath.Join("../..", tt.document)), tt.says) || !strings.Contains(fileText(t, filepath.Join("../..", tt.file)), tt.has) {
			t.Errorf("%s has %q installed, which %s isn't called", tt.document, tt.says, tt.file)
		}
	}
}
