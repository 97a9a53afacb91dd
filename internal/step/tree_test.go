package step_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/browser"
	"github.com/browserhook/browserhook/internal/browser/browsertest"
	"github.com/browserhook/browserhook/internal/domain"
	"github.com/browserhook/browserhook/internal/step"
)

// tree compares what we say of a page's elements with what Chromium's
// accessibility tree says of them.
type tree struct {
	*bench
	site *httptest.Server
	body atomic.Value // string: the server's goroutines read it
}

// seenByUs adds to the engine a function that only tests need.
const seenByUs = `
bh.everything = () => knowing(() => JSON.stringify([...roots(document)].flatMap((r) => [...own(r).querySelectorAll("*")]).map((el, i) => {
  own(el).setAttribute("data-i", i);
  return el;
}).map((el, i) => ({ i: String(i), what: describe(el), html: own(el).outerHTML.slice(0, 400),
   bare: !own(el).id && !own(el).textContent.trim() && !own(el).children.length, role: roleOf(el), told: isTold(el), name: nameOf(el) }))));
})()`

func newTree(t *testing.T) *tree {
	t.Helper()
	script := strings.TrimSuffix(step.Script(), "})()") + seenByUs
	l := browsertest.Launcher(t, script, nil)
	tr := &tree{bench: &bench{t: t, page: browsertest.Launch(t, l, domain.SessionOptions{}).Page()}}
	tr.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, tr.body.Load())
	}))
	t.Cleanup(tr.site.Close)
	return tr
}

type element struct {
	I    string `json:"i"`
	What string `json:"what"`
	Role string `json:"role"`
	Name string `json:"name"`
	Told bool   `json:"told"`
	HTML string `json:"html"`
	Bare bool   `json:"bare"` // nothing in it, and no id
}

// compare opens a document and lists the differences.
func (tr *tree) compare(body string) []string {
	tr.body.Store(body)
	tr.do(step.Spec{Action: "goto", URL: tr.site.URL, Timeout: "20s"})
	return tr.differences()
}

func (tr *tree) differences() (all []string) {
	tr.t.Helper()
	call := func(method string, params, result any) {
		tr.t.Helper()
		if err := tr.page.Call(tr.t.Context(), method, params, result); err != nil {
			tr.t.Fatal(err)
		}
	}
	var main browser.Frame
	for end := time.Now().Add(10 * time.Second); main.Context == 0 && time.Now().Before(end); {
		main = tr.page.Main()
	}
	var ours struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
		ExceptionDetails json.RawMessage `json:"exceptionDetails"`
	}
	call("Runtime.evaluate", map[string]any{"expression": "bh.everything()", "contextId": main.Context, "returnByValue": true}, &ours)
	var elements []element
	if err := json.Unmarshal([]byte(ours.Result.Value), &elements); err != nil {
		tr.t.Fatalf("%v: %s", err, ours.ExceptionDetails)
	}
	var doc struct {
		Root node `json:"root"`
	}
	call("DOM.getDocument", map[string]any{"depth": -1, "pierce": true}, &doc)
	numbers := map[int64]string{}
	doc.Root.number(numbers)
	type value struct {
		Value any `json:"value"`
	}
	var ax struct {
		Nodes []struct {
			Ignored bool  `json:"ignored"`
			Role    value `json:"role"`
			Name    value `json:"name"`
			Node    int64 `json:"backendDOMNodeId"`
		} `json:"nodes"`
	}
	call("Accessibility.getFullAXTree", nil, &ax)
	theirs := map[string]element{}
	for _, n := range ax.Nodes {
		if i := numbers[n.Node]; i != "" && !n.Ignored {
			role, _ := n.Role.Value.(string)
			name, _ := n.Name.Value.(string)
			theirs[i] = element{Role: role, Name: strings.Join(strings.Fields(strings.NewReplacer("\u200b", "", "\u00ad", "").Replace(name)), " ")}
		}
	}
	for _, e := range elements {
		their, told := theirs[e.I]
		want, got := ariaRole(their.Role), ""
		if !told {
			want = ""
		}
		if e.Told {
			got = ariaRole(e.Role)
		}
		switch {
		case layout[their.Role]: // it takes the table for none of data
		case want == "" && (e.Role == "rowgroup" || e.Bare && (e.Role == "paragraph" || e.Role == "caption")): // it leaves these out
		case got != want:
			all = append(all, fmt.Sprintf("role: %s is %q (told %v), Chromium's %q (told %v)", e.What, e.Role, e.Told, their.Role, told)+"\n\t"+e.HTML)
		case want != "" && e.Name != their.Name && their.Role != "MathMLMath":
			all = append(all, fmt.Sprintf("name: %s %s is %q, Chromium's %q", e.What, e.Role, e.Name, their.Name)+"\n\t"+e.HTML)
		}
	}
	return all
}

type node struct {
	Backend     int64    `json:"backendNodeId"`
	Attributes  []string `json:"attributes"`
	Children    []node   `json:"children"`
	ShadowRoots []node   `json:"shadowRoots"`
}

func (n node) number(into map[int64]string) {
	for i := 0; i+1 < len(n.Attributes); i += 2 {
		if n.Attributes[i] == "data-i" {
			into[n.Backend] = n.Attributes[i+1]
		}
	}
	for _, c := range n.Children {
		c.number(into)
	}
	for _, c := range n.ShadowRoots {
		c.number(into)
	}
}

var layout = map[string]bool{"LayoutTable": true, "LayoutTableRow": true, "LayoutTableCell": true}

// ariaRole is Chromium's word for a role as WAI-ARIA has it, or nothing where
// that has none.
func ariaRole(role string) string {
	switch role {
	case "none", "presentation", "generic", "document", "StaticText", "InlineTextBox":
		return ""
	case "image":
		return "img"
	case "Date", "DateTime", "InputTime", "ColorWell":
		return "textbox"
	case "Details":
		return "group"
	case "MathMLMath":
		return "math"
	}
	if role != "" && role[0] >= 'A' && role[0] <= 'Z' {
		return ""
	}
	return role
}

var (
	documentCount = flag.Int("documents", 25, "how many generated documents to compare with the accessibility tree")
	pageCount     = flag.Int("pages", 4, "how many of the packages' pages to compare with it")
	firstDocument = flag.Int("from", 0, "the first of them")
)

// TestRolesAndNames: who is told of an element, its role and its name are what
// Chromium's accessibility tree says, over what HTML-AAM lists and over generated
// documents.
func TestRolesAndNames(t *testing.T) {
	t.Parallel()
	tr := newTree(t)
	raw, err := os.ReadFile("testdata/roles.html")
	if err != nil {
		t.Fatal(err)
	}
	for i, doc := range strings.Split(string(raw), "\n---\n") {
		for _, d := range tr.compare(doc) {
			t.Errorf("document %d: %s", i+1, d)
		}
	}
	for i := *firstDocument; i < *firstDocument+*documentCount; i++ {
		for _, d := range tr.compare(documents.Example(i)) {
			t.Errorf("generated document %d: %s", i, d)
		}
	}
}

// TestRolesAndNamesOfPackagesPages: the same on 20 pages that packages of npm
// and Debian ship.
func TestRolesAndNamesOfPackagesPages(t *testing.T) {
	t.Parallel()
	tr := newTree(t)
	pages := packagePages(t)
	for i := range *pageCount {
		path := pages[i*len(pages)/(*pageCount)]
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tr.compare(string(raw)) {
			t.Errorf("%s: %s", path, d)
		}
	}
}

// packagePages are 20 pages, most of the packages that have any.
func packagePages(t *testing.T) (all []string) {
	t.Helper()
	global, _ := exec.Command("npm", "root", "-g").Output()
	npm := strings.TrimSpace(string(global))
	for _, pattern := range []string{
		npm + "/npm/docs/output/commands/npm-[cde]*.html", npm + "/npm/docs/output/using-npm/*.html",
		"/usr/share/doc/bc/*.html", "/usr/share/doc/time/*.html", "/usr/share/doc/libffi*/html/*.html",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found[:min(len(found), 5)]...)
	}
	more, err := filepath.Glob("/usr/share/doc/*/html/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range more {
		if len(all) < 20 && !slices.Contains(all, path) {
			all = append(all, path)
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d pages: scripts/install-deps test installs packages that have some", len(all))
	}
	return all[:20]
}
