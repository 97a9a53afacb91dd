package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestQuickStartInEveryLanguage follows docs/quickstart.md as it is printed: it starts the
// server, and runs the program in each language, which says what it found on the page.
func TestQuickStartInEveryLanguage(t *testing.T) {
	dir := harness.Isolate(t)
	bin, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	ports := strings.NewReplacer("8080", port(t))
	shell := harness.StartShell(t, dir, []string{
		"PATH=" + filepath.Dir(bin) + ":" + os.Getenv("PATH"), ports.Replace("BROWSERHOOK_LISTEN=127.0.0.1:8080"),
		"BROWSERHOOK_RECEIVE_LISTEN=127.0.0.1:" + port(t), "BROWSERHOOK_KEEPER_GRACE=0",
	}, "bash", "--norc")
	const document = "../../docs/quickstart.md"
	serve, create, _ := strings.Cut(harness.Walk(t, document, "A server")[0].Text, "\n")
	shell.Type(t, ports.Replace(serve)+"\n")
	shell.See(t, ports.Replace("Listening http://127.0.0.1:8080"))
	shell.Type(t, ports.Replace(create)+"echo \"the key is $BROWSERHOOK_KEY.\"\n")
	shell.See(t, "the key is bh_….")
	_, key, _ := strings.Cut(shell.Output(), "the key is ")
	key, _, _ = strings.Cut(key, ".")
	url := ports.Replace("http://127.0.0.1:8080")
	samples := harness.Walk(t, document, "A program")[1:] // behind what is installed
	if len(samples) != 4 {
		t.Fatalf("the program is there in %d languages", len(samples))
	}
	t.Run("all", func(t *testing.T) {
		quickStart(t, samples, []string{"BROWSERHOOK_URL=" + url, "BROWSERHOOK_KEY=" + key})
	})
	_, open := ask(t, http.MethodGet, url+"/v1/sessions?status=READY", "", http.Header{"Authorization": {"Bearer " + key}})
	if strings.Contains(open, "sessionId") {
		t.Errorf("sessions are left: %s", open)
	}
	hear := harness.Walk(t, document, "Hear of it")
	shell.Type(t, hear[0].Text)
	shell.See(t, url+" sends every event here, by the endpoint we_…")
	shell.Type(t, samples[0].Text)
	for line := range strings.Lines(hear[1].Text) {
		shell.See(t, strings.TrimSpace(line))
	}
}

// quickStart runs the program's samples.
func quickStart(t *testing.T, samples []harness.Block, environment []string) {
	for _, sample := range samples {
		_, language, _ := strings.Cut(sample.Kind, "tab=")
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			where := t.TempDir()
			write := func(name string) string {
				t.Helper()
				path := filepath.Join(where, name)
				if err := os.WriteFile(path, []byte(sample.Text), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			var command []string
			env := append(os.Environ(), environment...)
			switch language {
			case "curl":
				command = []string{"bash", "-e", write("program.sh")}
			case "TypeScript":
				command = []string{"node", write("program.mjs")} // it needs no types of its own
				buildTypeScript(t, where)
			case "Python":
				command = []string{"/usr/bin/python3", write("program.py")}
				src, err := filepath.Abs("../../sdk/python/src")
				if err != nil {
					t.Fatal(err)
				}
				env = append(env, "PYTHONPATH="+src, "PYTHONDONTWRITEBYTECODE=1")
			case "Go":
				command = []string{"go", "run", write("main.go")}
			default:
				t.Fatal("nobody runs it")
			}
			cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
			cmd.Env = env
			out, err := cmd.CombinedOutput()
			if err != nil || !regexp.MustCompile(`200 "?browserhook\b|"result":"browserhook"`).Match(out) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// buildTypeScript compiles the SDK into a folder, for programs that lie there.
func buildTypeScript(t *testing.T, dir string) {
	t.Helper()
	const sdk = "../../sdk/typescript"
	about, err := os.ReadFile(sdk + "/package.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), about, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "node_modules/typescript/bin/tsc", "--noCheck", "--outDir", filepath.Join(dir, "dist"))
	cmd.Dir = sdk
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// lastOf are the operations that end what others need, in their order.
var lastOf = []string{"/cancel", "/streams/", "/disable", "DELETE", "/drain"}

var request = regexp.MustCompile("(?s)```sh title=Request\n(curl (?:-X (\\w+) )?http://[^/]+(\\S+).*?)\n```")

// TestSamplesOfTheReference runs the request of each operation, as its page prints it, on
// things that are there.
func TestSamplesOfTheReference(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--browser-allow", "127.0.0.0/8", "--max-sessions", "3")
	c := server.Client()
	made := func(path string, body any, id string) string {
		t.Helper()
		o, err := c.Do(t.Context(), http.MethodPost, path, body)
		if err != nil {
			t.Fatal(err)
		}
		if all := o.List("data"); len(all) > 0 {
			o = all[len(all)-1]
		}
		return o.String(id)
	}
	first := func(path, id string) string {
		t.Helper()
		var found string
		if err := harness.Until(t.Context(), func() (bool, error) {
			o, err := c.Do(t.Context(), http.MethodGet, path, nil)
			if err != nil || len(o.List("data")) == 0 {
				return false, err
			}
			found = o.List("data")[0].String(id)
			return true, nil
		}); err != nil {
			t.Fatal(path, err)
		}
		return found
	}
	session := made("/v1/sessions", obj{}, "sessionId")
	ended := made("/v1/sessions", obj{}, "sessionId")
	if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+ended, nil); err != nil {
		t.Fatal(err)
	}
	endpoint := made("/v1/webhook-endpoints", obj{"url": "https://example.com/hooks", "events": []string{"step_failed"}}, "endpointId")
	ids := map[string]string{
		"sessionId": session,
		"stepId": made("/v1/sessions/"+session+"/steps", obj{"steps": []obj{
			{"action": "screenshot"}, {"action": "waitFor", "target": "#never", "timeout": "10m"}, {"action": "reload"},
		}}, "stepId"),
		"streamId":   made("/v1/sessions/"+session+"/streams", obj{"mode": "view"}, "streamId"),
		"endpointId": endpoint,
		"deliveryId": made("/v1/webhook-endpoints/"+endpoint+"/test", nil, "deliveryId"),
		"keyId":      made("/v1/keys", obj{"role": "viewer"}, "keyId"),
		"projectId":  made("/v1/projects", obj{"name": "reference"}, "projectId"),
		"artifactId": first("/v1/sessions/"+session+"/artifacts", "artifactId"),
		"eventId":    first("/v1/events", "id"),
		"nodeId":     first("/v1/nodes", "nodeId"),
	}
	if _, err := c.WaitSession(t.Context(), ended, "CLOSED"); err != nil {
		t.Fatal(err)
	}

	type sample struct{ text, method, path string }
	var samples []sample
	_, list := ask(t, http.MethodGet, server.URL+"/llms.txt", "", nil)
	for _, page := range regexp.MustCompile(`\((\S+/docs/api/\w+\.md)\)`).FindAllStringSubmatch(list, -1) {
		_, text := ask(t, http.MethodGet, page[1], "", nil)
		for _, r := range request.FindAllStringSubmatch(text, -1) {
			samples = append(samples, sample{r[1], r[2], r[3]})
		}
	}
	if len(samples) < 45 {
		t.Fatalf("only %d requests", len(samples))
	}
	rank := func(s sample) int {
		return slices.IndexFunc(lastOf, func(part string) bool { return strings.Contains(s.method+" "+s.path, part) })
	}
	slices.SortStableFunc(samples, func(a, b sample) int { return rank(a) - rank(b) })
	for _, s := range samples {
		if strings.HasSuffix(s.path, "/recording/video") {
			continue // it needs ffmpeg, which not every machine has: TestVideos of internal/recording runs it where there is one
		}
		env := append(os.Environ(), "BROWSERHOOK_KEY="+harness.Key)
		for name, id := range ids {
			if name == "sessionId" && strings.HasSuffix(s.path, "/data") {
				id = ended
			}
			env = append(env, name+"="+id)
		}
		// As it is printed; what is added only shows the status.
		cmd := exec.CommandContext(t.Context(), "bash", "-ec", `curl() { command curl -sS -w '\nstatus %{http_code}' "$@"; }`+"\n"+s.text)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil || !regexp.MustCompile(`status 2\d\d$`).Match(out) {
			t.Errorf("%s %s: %v\n%s\n%s", s.method, s.path, err, s.text, out)
		}
	}
}

// printed are requests as the documents print them: indented, or named before a body.
var printed = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^    (GET|POST|PATCH|DELETE) (/v1/\S+)\n((?:    \s*[{"].*\n)*)`),
	regexp.MustCompile("(?s)`(POST) (/v1/[^`]+)`[^\n]*:\n\n```json\n(.*?)```"),
}

// TestRequestsInTheText makes each request that the documents print, of a session that is
// there.
func TestRequestsInTheText(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	made, err := server.Client().With("Prefer", "wait=30").Do(t.Context(), http.MethodPost, "/v1/sessions", obj{"steps": []obj{{"action": "screenshot"}}})
	if err != nil {
		t.Fatal(err)
	}
	session := made.String("sessionId")
	var artifact string
	if err := harness.Until(t.Context(), func() (bool, error) {
		o, err := server.Client().Do(t.Context(), http.MethodGet, "/v1/sessions/"+session+"/artifacts", nil)
		if err != nil || len(o.List("data")) == 0 {
			return false, err
		}
		artifact = o.List("data")[0].String("artifactId")
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range printed {
			for _, m := range form.FindAllStringSubmatch(string(raw), -1) {
				count++
				path := strings.NewReplacer("{sessionId}", session, "{id}", session, "{artifactId}", artifact).Replace(m[2])
				if status, body := ask(t, m[1], server.URL+path, m[3], http.Header{"Authorization": {"Bearer " + harness.Key}}); status < 200 || status > 299 {
					t.Errorf("%s: %s %s: %d %s", name, m[1], m[2], status, body)
				}
			}
		}
	}
	if count < 5 {
		t.Errorf("only %d requests", count)
	}
}

// TestProgramsOfConnect runs what docs/connect.md prints for Playwright and Puppeteer.
func TestProgramsOfConnect(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	raw, err := os.ReadFile("../../docs/connect.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, ok := strings.Cut(string(raw), "```js\n// Playwright\n")
	program, _, closed := strings.Cut(program, "```")
	playwright, puppeteer, both := strings.Cut(program, "// Puppeteer\n")
	if !ok || !closed || !both {
		t.Fatal("the programs are not there")
	}
	made, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"playwright": `import { chromium } from "playwright-core"; ` + known(made) + playwright + `console.log(await page.evaluate("6 * 7")); await browser.close();`,
		"puppeteer":  `import puppeteer from "puppeteer-core"; ` + known(made) + puppeteer + `console.log(await (await browser.pages())[0].evaluate("6 * 7")); await browser.disconnect();`,
	} {
		cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", text)
		cmd.Dir = "../clients"
		if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "42" {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// known is the session as a program has it.
func known(session harness.Object) string {
	return `const session = { connectUrl: "` + session.String("connectUrl") + "\" };\n"
}
