package e2e

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestOtherPrograms drives a session by programs that aren't Playwright or Puppeteer
// themselves, as docs/connect.md says: each goes to a page, types, clicks, reads what came
// of it and takes a picture.
func TestOtherPrograms(t *testing.T) {
	dir := harness.Isolate(t)
	site, _ := forPrograms(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	type program struct {
		name, folder string
		command      []string
		want         string
	}
	programs := []program{{"chromedp", "chromedp", []string{"go", "run", "."}, "Hello chromedp PNG\n"}}
	for _, b := range harness.Blocks(t, "../../docs/connect.md") {
		switch b.Kind {
		case "go":
			_, line, _ := strings.Cut(b.Text, "\n")
			if line = strings.TrimSpace(strings.Replace(line, "session.ConnectURL", "address", 1)); !strings.Contains(fileText(t, "../chromedp/main.go"), line+"\n") {
				t.Errorf("it doesn't do as the text says: %s", line)
			}
		case "commands":
			for line := range strings.Lines(b.Text) {
				if words := strings.Fields(line); len(words) == 4 && words[0] == "npx" && words[3] == `"$connectUrl"` {
					programs = append(programs, program{words[1], "clients", []string{"node", "mcp.mjs", words[1], words[2]}, "Hello the model PNG\n"})
				}
			}
		}
	}
	if len(programs) != 3 {
		t.Fatalf("the programs are %v", programs)
	}
	for _, tt := range programs {
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
