package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/browserhook/browserhook/test/harness"
)

// catalogue is a page with so many things to buy.
func catalogue(n int) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><meta charset=utf-8><link rel=icon href="data:,"><title>Catalogue</title><h1>Catalogue</h1><nav><a href="/">Home</a> <a href="/basket">Basket</a></nav><ul>`)
	for i := range n {
		fmt.Fprintf(&b, `<li><a href="/tea/%d"><h3>Tea number %d</h3></a><p>From garden %d, <b>%d.50 €</b></p><button onclick="this.textContent='In the basket'">Add tea %d</button></li>`, i, i, i%7, i, i)
	}
	return b.String() + `</ul>`
}

// TestModelsHaveRoom: the tools, and what they answer, take less of a model's context
// than those of the servers that docs/mcp.md compares them with. With -args -write it
// writes there what it measured.
func TestModelsHaveRoom(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, catalogue(100))
	}))
	t.Cleanup(site.Close)
	ours := connectModel(t, transports["http"](t, server, harness.Key))
	id := ours.does("open_session", obj{}).String("sessionId")
	session, err := server.Client().Do(t.Context(), http.MethodGet, "/v1/sessions/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	other := func(name string, args ...string) *model {
		t.Helper()
		cmd := exec.Command("node", append([]string{"node_modules/.bin/" + name}, args...)...)
		cmd.Dir, cmd.Env = filepath.Join("..", "clients"), append(os.Environ(), "CI=1")
		return connectModel(t, &mcp.CommandTransport{Command: cmd})
	}
	playwright := other("playwright-mcp", "--cdp-endpoint", session.String("connectUrl"), "--output-dir", dir)
	devtools := other("chrome-devtools-mcp", "--wsEndpoint", session.String("connectUrl"), "--no-usage-statistics", "--no-performance-crux")
	pages, _, _ := devtools.call("list_pages", obj{})
	page := 0
	if m := regexp.MustCompile(`(?m)^(\d+): `).FindStringSubmatch(pages); m != nil {
		fmt.Sscan(m[1], &page)
	}
	// In the order of the table's columns.
	servers := []struct {
		*model
		goes, looks, clicks func() int
	}{
		{
			ours, func() int { return ours.size("navigate", obj{"url": site.URL}) }, func() int { return ours.size("snapshot", obj{"maxLength": 100_000}) },
			func() int {
				return ours.size("act", obj{"steps": []obj{{"action": "click", "target": `role=button[name="Add tea 7"]`}}})
			},
		},
		{
			playwright, func() int { return playwright.size("browser_navigate", obj{"url": site.URL}) }, func() int { return playwright.size("browser_snapshot", obj{}) },
			func() int {
				return playwright.size("browser_click", obj{"element": "a button", "target": playwright.ref("browser_snapshot", obj{}, `button "Add tea 8"[^\n]*\[ref=(\w+)\]`)})
			},
		},
		{
			devtools, func() int { return devtools.size("navigate_page", obj{"type": "url", "url": site.URL, "pageId": page}) }, func() int { return devtools.size("take_snapshot", obj{"pageId": page}) },
			func() int {
				return devtools.size("click", obj{"uid": devtools.ref("take_snapshot", obj{"pageId": page}, `uid=(\w+) button "Add tea 9"`), "pageId": page})
			},
		},
	}
	rows := []string{"tools, in every conversation", "an address that is opened", "all of a page of 100 things to buy", "a click there"}
	sizes := make([][]int, len(rows))
	for column, s := range servers {
		list, err := s.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		compared(t, column, list.Tools)
		raw, _ := json.Marshal(list.Tools)
		for row, n := range []int{len(raw), s.goes(), s.looks(), s.clicks()} {
			sizes[row] = append(sizes[row], n)
		}
	}
	var table strings.Builder
	for row, says := range rows {
		fmt.Fprintf(&table, "| %s | %d | %d | %d |\n", says, sizes[row][0], sizes[row][1], sizes[row][2])
		if row != 3 && (sizes[row][0] > sizes[row][1] || sizes[row][0] > sizes[row][2]) {
			t.Errorf("%s takes %d bytes, and of the others %v", says, sizes[row][0], sizes[row][1:])
		}
	}
	if t.Logf("measured:\n%s", table.String()); !*write {
		return
	}
	const path, begin, end = "../../docs/mcp.md", "<!-- measured -->\n", "<!-- /measured -->\n"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(raw), begin)
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s has no place for what was measured", path)
	}
	head := "| bytes | browserhook | @playwright/mcp | chrome-devtools-mcp |\n|---|---|---|---|\n"
	if err := os.WriteFile(path, []byte(before+begin+head+table.String()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// compared says that each tool that docs/mcp.md names in a server's column is one of its,
// but for those that it has by an option.
func compared(t *testing.T, column int, tools []*mcp.Tool) {
	t.Helper()
	_, table, ok := strings.Cut(fileText(t, "../../docs/mcp.md"), "\n| | browserhook | @playwright/mcp | chrome-devtools-mcp |\n|---|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	count := 0
	for row := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(row, "| \n"), " | ")
		if len(cells) <= column+1 || strings.Contains(cells[column+1], "(an option)") {
			continue
		}
		for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[column+1], -1) {
			if slices.Contains([]string{"assert", "dialog", "mask", "evaluate"}, m[1]) {
				continue // ours: what a tool takes
			}
			count++
			if !slices.ContainsFunc(tools, func(tool *mcp.Tool) bool { return tool.Name == m[1] }) {
				t.Errorf("docs/mcp.md compares with %s, which isn't there: %s", m[1], row)
			}
		}
	}
	if !ok || count < 8 {
		t.Errorf("the table compares %d tools of server %d", count, column)
	}
}

// size is how many bytes of text a tool answers.
func (m *model) size(tool string, args obj) int {
	m.t.Helper()
	text, _, res := m.call(tool, args)
	if res.IsError {
		m.t.Errorf("%s: %s", tool, text)
	}
	return len(text)
}

// ref is what another server calls an element in a snapshot.
func (m *model) ref(tool string, args obj, pattern string) string {
	m.t.Helper()
	text, _, _ := m.call(tool, args)
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if found == nil {
		m.t.Fatalf("no %s in\n%.500s", pattern, text)
	}
	return found[1]
}
