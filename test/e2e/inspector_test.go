package e2e

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestInspector calls each tool with MCP's own inspector.
func TestInspector(t *testing.T) {
	dir := harness.Isolate(t)
	site, server := modelSite(t), harness.Start(t, filepath.Join(dir, "data"))
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	inspect := func(t *testing.T, args ...string) obj {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "node", append([]string{"node_modules/.bin/mcp-inspector", "--cli",
			"-e", "BROWSERHOOK_KEY=" + harness.Key, "-e", "BROWSERHOOK_URL=" + server.URL, binary, "mcp"}, args...)...)
		cmd.Dir = filepath.Join("..", "clients")
		out, err := cmd.CombinedOutput()
		var got obj
		if err != nil || json.Unmarshal(out, &got) != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return got
	}
	opened := inspect(t, "--method", "tools/call", "--tool-name", "open_session", "--tool-arg", "url="+site, "keep=true")
	content, _ := opened["structuredContent"].(map[string]any)
	id := obj(content).String("sessionId")
	calls := map[string][]string{
		"open_session": {}, "list_sessions": {"limit=1"}, "navigate": {"url=" + site}, "snapshot": {},
		"act": {`steps=[{"action":"click","target":"text=Buy"}]`}, "extract": {"each=li b"}, "screenshot": {}, "tabs": {"do=list"}, "wait": {"target=text=Tea"},
		"files": {}, "logs": {}, "hand_over": {"reason=sign in"}, "close_session": {},
	}
	var names []string
	for _, tool := range inspect(t, "--method", "tools/list").List("tools") {
		names = append(names, tool.String("name"))
	}
	for _, name := range names {
		if name == "close_session" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			args, ok := calls[name]
			if !ok {
				t.Fatal("nobody calls it")
			}
			args = append([]string{"--method", "tools/call", "--tool-name", name, "--tool-arg"}, args...)
			if name != "list_sessions" {
				args = append(args, "sessionId="+id)
			}
			if got := inspect(t, args...); got["isError"] == true || len(got.List("content")) == 0 {
				t.Errorf("%v", got)
			}
		})
	}
	if n := len(inspect(t, "--method", "resources/templates/list").List("resourceTemplates")); n != 4 {
		t.Errorf("%d templates of resources", n)
	}
	if got := inspect(t, "--method", "resources/read", "--uri", "browserhook://sessions/"+id+"/events").List("contents"); len(got) != 1 {
		t.Errorf("the events are %v", got)
	}
	if got := inspect(t, "--method", "tools/call", "--tool-name", "close_session", "--tool-arg", "sessionId="+id); got["isError"] == true {
		t.Errorf("%v", got)
	}
	if len(names) != len(calls) || !slices.Contains(names, "act") {
		t.Errorf("the tools are %q", names)
	}
}
