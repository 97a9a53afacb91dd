package e2e

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestOtherPrograms drives a session by programs that aren't Playwright or Puppeteer
// themselves: each goes to a page, types, clicks, reads what came of it and takes a
// picture.
func TestOtherPrograms(t *testing.T) {
	dir := harness.Isolate(t)
	site, _ := forPrograms(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	for _, tt := range []struct {
		name, folder string
		command      []string
		want         string
	}{
		{"chromedp", "chromedp", []string{"go", "run", "."}, "Hello chromedp PNG\n"},
		{"@playwright/mcp", "clients", []string{"node", "mcp.mjs", "@playwright/mcp"}, "Hello the model PNG\n"},
		{"chrome-devtools-mcp", "clients", []string{"node", "mcp.mjs", "chrome-devtools-mcp"}, "Hello the model PNG\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			made, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), tt.command[0], append(tt.command[1:], made.String("connectUrl"), site, dir)...)
			cmd.Dir = filepath.Join("..", tt.folder)
			out, err := cmd.Output()
			if err != nil || string(out) != tt.want {
				t.Errorf("%q, %v, want %q", out, err, tt.want)
			}
			// The session goes on.
			steps, err := server.Client().With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+made.String("sessionId")+"/steps",
				obj{"steps": []obj{{"action": "goto", "url": site + "/page"}}})
			if err != nil || steps.List("data")[0].String("status") != "COMPLETED" {
				t.Errorf("a step afterwards: %v, %v", steps, err)
			}
		})
	}
}
