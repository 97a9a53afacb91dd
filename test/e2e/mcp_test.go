package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/browserhook/browserhook/test/harness"
)

// The tools for language models, over both transports, by the client of MCP's own SDK.

// modelShop is a page with what the tools are about.
const modelShop = `<!doctype html><link rel=icon href="data:,"><title>Shop</title><h1>Tea</h1>
	<label>Name <input id=name></label><button onclick="out.textContent='Bought by '+document.querySelector('#name').value; console.log('bought')">Buy</button>
	<p id=out></p><ul><li><b>Green</b> <i>4.50</i><li><b>Black</b> <i>3.20</i></ul><input type=file id=file>
	<a href="/list.csv" download>List</a><a href="/other" target=_blank>Other</a>`

func modelSite(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/list.csv":
			w.Header().Set("Content-Type", "text/csv")
			fmt.Fprint(w, "tea,price\ngreen,4.50\n")
		case "/other":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>Other</title><p>other`)
		case "/outline":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>Tea shop</title><h1>Tea shop</h1><label>Search <input></label>
				<label>E-mail <input type=email></label><label>Size <select><option>Small<option>Large</select></label><label><input type=checkbox checked>Newsletter</label>
				<ul><li><a href="/tea">Tea</a> 4.50 € <button>Add</button><li><a href="/cup">Cup</a> 12 € <button>Add</button></ul><iframe name=pay srcdoc="<label>Card number <input></label>"></iframe>`)
		case "/form":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<!doctype html><link rel=icon href="data:,"><title>Form</title><label>E-mail <input></label>
				<button onclick="total.textContent=document.querySelector('input').value+': 3.20'">Buy</button><output id=total></output>`)
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, modelShop)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// withHeaders sends requests with more headers.
type withHeaders map[string]string

func (h withHeaders) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range h {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// transports are the ways in which a model reaches the tools, as docs/mcp.md has clients
// configured.
var transports = map[string]func(t *testing.T, server *harness.Server, key string) mcp.Transport{
	"http": func(t *testing.T, server *harness.Server, key string) mcp.Transport {
		t.Helper()
		c := configured(t, server, key, 0)
		if c.Type != "http" {
			t.Fatalf("%+v", c)
		}
		return &mcp.StreamableClientTransport{Endpoint: c.URL, HTTPClient: &http.Client{Transport: withHeaders(c.Headers)}}
	},
	"stdio": func(t *testing.T, server *harness.Server, key string) mcp.Transport {
		t.Helper()
		binary, err := harness.Binary()
		if err != nil {
			t.Fatal(err)
		}
		c := configured(t, server, key, 1)
		if c.Command != "browserhook" {
			t.Fatalf("%+v", c)
		}
		cmd := exec.Command(binary, c.Args...)
		cmd.Env, cmd.Stderr = os.Environ(), os.Stderr
		for name, value := range c.Env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		return &mcp.CommandTransport{Command: cmd}
	},
}

// configuration is what clients are told of a server of tools.
type configuration struct {
	Type, URL    string
	Headers, Env map[string]string
	Command      string
	Args         []string
}

// configured is what docs/mcp.md prints for a client, with a server and a key that there
// are.
func configured(t *testing.T, server *harness.Server, key string, n int) configuration {
	t.Helper()
	text := harness.Blocks(t, "../../docs/mcp.md")[n].Text
	var file struct{ MCPServers map[string]configuration }
	if err := json.Unmarshal([]byte(strings.NewReplacer("https://browsers.example", server.URL, "bh_…", key).Replace(text)), &file); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return file.MCPServers["browserhook"]
}

// model is a client of the tools.
type model struct {
	*mcp.ClientSession
	t        *testing.T
	mu       sync.Mutex
	progress []string
	used     map[string]bool
}

func connectModel(t *testing.T, transport mcp.Transport) *model {
	t.Helper()
	m := &model{t: t, used: map[string]bool{}}
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.progress = append(m.progress, r.Params.Message)
		},
	})
	var err error
	if m.ClientSession, err = client.Connect(t.Context(), transport, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// call uses a tool, and returns the text and the object that it answers.
func (m *model) call(tool string, args obj) (text string, object obj, res *mcp.CallToolResult) {
	m.t.Helper()
	m.used[tool] = true
	p := &mcp.CallToolParams{Name: tool, Arguments: args}
	p.SetProgressToken(tool)
	res, err := m.CallTool(m.t.Context(), p)
	if err != nil {
		m.t.Fatalf("%s: %v", tool, err)
	}
	for _, c := range res.Content {
		if c, ok := c.(*mcp.TextContent); ok {
			text += c.Text + "\n"
		}
	}
	if res.StructuredContent != nil {
		raw, _ := json.Marshal(res.StructuredContent)
		if err := json.Unmarshal(raw, &object); err != nil {
			m.t.Fatalf("%s: %v", tool, err)
		}
	}
	return text, object, res
}

// does is call for what must succeed, with a text that holds what is wanted.
func (m *model) does(tool string, args obj, want ...string) obj {
	m.t.Helper()
	text, object, res := m.call(tool, args)
	if res.IsError {
		m.t.Fatalf("%s %v failed: %s", tool, args, text)
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			m.t.Errorf("%s %v answered, without %q:\n%s", tool, args, w, text)
		}
	}
	return object
}

// fails is call for what must fail, with a text that holds what is wanted.
func (m *model) fails(tool string, args obj, want string) {
	m.t.Helper()
	text, _, res := m.call(tool, args)
	if !res.IsError || !strings.Contains(text, want) {
		m.t.Errorf("%s %v: failed: %t, without %q:\n%s", tool, args, res.IsError, want, text)
	}
}

// TestModels has a model use each tool, over both transports.
func TestModels(t *testing.T) {
	dir := harness.Isolate(t)
	site, server := modelSite(t), harness.Start(t, filepath.Join(dir, "data"))
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := connectModel(t, transport(t, server, harness.Key))
			m.fails("snapshot", obj{}, "no_session")
			id := m.does("open_session", obj{"url": site, "metadata": obj{"for": name}}, "Live: "+server.URL+"/streams?id=", `"Shop"`).String("sessionId")
			m.does("snapshot", obj{}, `- heading "Tea" (level 1)`, `- textbox "Name"`, `- button "Buy"`)
			acted := m.does("act", obj{"snapshot": true, "steps": []obj{
				{"action": "fill", "target": `role=textbox[name="Name"]`, "value": "a model"},
				{"action": "click", "target": `role=button[name="Buy"]`},
				{"action": "extract", "target": "#out"},
			}}, "3 extract completed: Bought by a model", `textbox "Name": a model`)
			if steps := acted.List("steps"); len(steps) != 3 || steps[2]["result"] != "Bought by a model" {
				t.Errorf("act answered %v", acted)
			}
			m.fails("act", obj{"steps": []obj{{"action": "click", "target": "#none", "timeout": "2s"}, {"action": "reload"}}}, "target_not_found")
			m.does("navigate", obj{"url": site + "/outline"})
			if outline, _, _ := m.call("snapshot", obj{}); strings.TrimSpace(outline) != strings.TrimSpace(strings.Replace(harness.Walk(t, "../../docs/mcp.md", "A page in a model's words")[0].Text, "https://shop.example/", site+"/outline", 1)) {
				t.Errorf("docs/mcp.md doesn't show this outline:\n%s", outline)
			}
			m.does("navigate", obj{"do": "back"})
			rows := m.does("extract", obj{"each": "li", "fields": obj{"name": "b", "price": obj{"target": "i", "type": "number"}}}, `"Green"`)["value"]
			if list, ok := rows.([]any); !ok || len(list) != 2 {
				t.Errorf("extract answered %v", rows)
			}
			_, _, picture := m.call("screenshot", obj{})
			if image := imageOf(picture); image == nil || image.MIMEType != "image/jpeg" || len(image.Data) < 500 || picture.StructuredContent != nil {
				t.Errorf("a screenshot has no picture, or something beside it: %+v", picture)
			}
			m.does("tabs", obj{"do": "open", "url": site + "/other"}, "Other")
			m.does("tabs", obj{"do": "close"}, "Shop")
			m.does("tabs", obj{}, `0 `+site+`/ "Shop" (current)`)
			m.does("act", obj{"steps": []obj{{"action": "click", "target": "text=List", "download": true}}}, "list.csv")
			_, _, files := m.call("files", obj{})
			links := linksOf(files)
			i := slices.IndexFunc(links, func(l *mcp.ResourceLink) bool { return l.Name == "list.csv" })
			if i < 0 {
				t.Fatalf("the download is not among %+v", files.Content)
			}
			m.does("files", obj{"artifactId": filepath.Base(links[i].URI)}, "green,4.50")
			m.does("act", obj{"steps": []obj{{"action": "upload", "target": "#file", "files": []obj{{"artifactId": filepath.Base(links[i].URI)}}}}})
			if got := m.reads(links[i].URI); got.Text != "tea,price\ngreen,4.50\n" || !strings.HasPrefix(got.MIMEType, "text/csv") {
				t.Errorf("the resource of a download is %+v", got)
			}
			if got := m.reads("browserhook://sessions/" + id + "/events"); !strings.Contains(got.Text, "browser_ready") || !strings.Contains(got.Text, "step_failed") {
				t.Errorf("the events are %s", got.Text)
			}
			if got := m.reads("browserhook://sessions/" + id); strings.Contains(got.Text, "connectUrl") || !strings.Contains(got.Text, `"READY"`) {
				t.Errorf("the session is %s", got.Text)
			}
			if got := m.reads("browserhook://actions"); !strings.Contains(got.Text, "click target [") {
				t.Errorf("the actions are %s", got.Text)
			}
			m.does("logs", obj{}, "bought")
			m.does("logs", obj{"kind": "request"}, site)
			m.does("navigate", obj{"url": site + "/other", "snapshot": true}, "Other", "- text: other")
			m.does("navigate", obj{"do": "back"}, "Shop")
			m.does("wait", obj{"target": "text=Tea"}, "It is so")
			if v := m.does("wait", obj{"expression": "() => 6 * 7"}, "42")["value"]; v != 42.0 {
				t.Errorf("wait answered %v", v)
			}
			handed := m.does("hand_over", obj{"reason": "sign in", "expiresIn": "1m"}, "sign in")
			if status, _ := ask(t, http.MethodGet, handed.String("link"), "", nil); status != http.StatusOK {
				t.Errorf("the link opens nothing: %d", status)
			}
			done := m.does("hand_over", obj{"reason": "sign in", "until": obj{"target": "text=Tea"}}, "It is done")
			if status, _ := ask(t, http.MethodGet, done.String("link"), "", nil); status == http.StatusOK {
				t.Error("a link that is done with opens still")
			}
			m.does("list_sessions", obj{}, id)
			if closed := m.does("close_session", obj{}); closed.String("sessionId") != id {
				t.Errorf("closed %v", closed)
			}
			m.fails("snapshot", obj{}, "no_session")
			m.fails("snapshot", obj{"sessionId": id}, "ended")
			for tool, err := range m.Tools(t.Context(), nil) {
				if err != nil {
					t.Fatal(err)
				}
				if !m.used[tool.Name] {
					t.Errorf("%s was not used", tool.Name)
				}
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			if !slices.ContainsFunc(m.progress, func(s string) bool { return strings.Contains(s, "A person is needed: sign in "+server.URL) }) {
				t.Errorf("nobody was told of the link: %q", m.progress)
			}
		})
	}
}

func (m *model) reads(uri string) *mcp.ResourceContents {
	m.t.Helper()
	res, err := m.ReadResource(m.t.Context(), &mcp.ReadResourceParams{URI: uri})
	if err != nil {
		m.t.Fatalf("%s: %v", uri, err)
	}
	return res.Contents[0]
}

func imageOf(res *mcp.CallToolResult) *mcp.ImageContent {
	for _, c := range res.Content {
		if image, ok := c.(*mcp.ImageContent); ok {
			return image
		}
	}
	return nil
}

func linksOf(res *mcp.CallToolResult) (links []*mcp.ResourceLink) {
	for _, c := range res.Content {
		if l, ok := c.(*mcp.ResourceLink); ok {
			links = append(links, l)
		}
	}
	return links
}

// TestModelsAreHeldToTheirKeys: a tool does what its key may, in its own project, and an
// MCP session is of one key.
func TestModelsAreHeldToTheirKeys(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	newKey := func(body obj) obj {
		t.Helper()
		made, err := c.Do(t.Context(), http.MethodPost, "/v1/keys", body)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	project, err := c.Do(t.Context(), http.MethodPost, "/v1/projects", obj{"name": "other"})
	if err != nil {
		t.Fatal(err)
	}
	viewer, other := newKey(obj{"role": "viewer"}).String("key"), newKey(obj{"projectId": project.String("projectId")}).String("key")
	made, err := c.Do(t.Context(), http.MethodPost, "/v1/sessions", obj{})
	if err != nil {
		t.Fatal(err)
	}
	id := made.String("sessionId")
	steps, err := c.With("Prefer", "wait=60").Do(t.Context(), http.MethodPost, "/v1/sessions/"+id+"/steps", obj{"steps": []obj{{"action": "screenshot"}}})
	if err != nil {
		t.Fatal(err)
	}
	result, _ := steps.List("data")[0]["result"].(map[string]any)
	artifact := obj(result).String("artifactId")
	act := obj{"sessionId": id, "steps": []obj{{"action": "reload"}}}
	// What each tool is asked of the session, by those who may not.
	asked := map[string]obj{
		"open_session": {"sessionId": id}, "navigate": {"sessionId": id, "do": "reload"}, "snapshot": {"sessionId": id}, "act": act, "extract": {"sessionId": id},
		"screenshot": {"sessionId": id}, "tabs": {"sessionId": id}, "wait": {"sessionId": id, "target": "body"}, "logs": {"sessionId": id},
		"hand_over": {"sessionId": id, "reason": "x"}, "close_session": {"sessionId": id}, "files": {"sessionId": id, "artifactId": artifact},
	}
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := connectModel(t, transport(t, server, other))
			for tool, args := range asked {
				m.fails(tool, args, "not_found")
			}
			if list := m.does("list_sessions", obj{}).List("sessions"); len(list) != 0 {
				t.Errorf("another project's sessions are listed: %v", list)
			}
			for _, uri := range []string{"", "/events", "/artifacts/" + artifact, "/steps/" + steps.List("data")[0].String("stepId")} {
				res, err := m.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "browserhook://sessions/" + id + uri})
				if err == nil && !strings.Contains(res.Contents[0].Text, `"data": []`) {
					t.Errorf("another project's resource %s is %+v", uri, res.Contents[0])
				}
			}
			for _, uri := range []string{"browserhook://sessions/../keys", "browserhook://sessions/%2e%2e/artifacts/x", "browserhook://sessions/x/steps/..", "file:///etc/passwd"} {
				if _, err := m.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri}); err == nil {
					t.Errorf("%s is a resource", uri)
				}
			}
			m = connectModel(t, transport(t, server, viewer))
			m.does("list_sessions", obj{}, id)
			m.does("files", obj{"sessionId": id}, artifact)
			for tool, args := range asked {
				if tool != "files" {
					m.fails(tool, args, "forbidden")
				}
			}
			m.fails("open_session", obj{}, "forbidden")
		})
	}
}

// TestModelsSayWhatIsWrong with what they are given.
func TestModelsSayWhatIsWrong(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	m := connectModel(t, transports["http"](t, server, harness.Key))
	m.does("open_session", obj{})
	many := make([]obj, 101)
	for i := range many {
		many[i] = obj{"action": "reload"}
	}
	for _, tt := range []struct {
		tool string
		args obj
		want string
	}{
		{"act", obj{"steps": []obj{{"action": "clik", "target": "a"}}}, "clik"},
		{"act", obj{"steps": []obj{{"action": "click"}}}, "steps[0].target"},
		{"act", obj{"steps": []obj{{"action": "reload"}, {"action": "click", "target": "a", "url": "x"}}}, "steps[1].url"},
		{"act", obj{"steps": []obj{{"action": "click", "target": "role=button["}}}, "steps[0].target"},
		{"act", obj{"steps": []obj{{"target": "a"}}}, "action"},
		{"act", obj{"steps": []obj{}}, "steps"},
		{"act", obj{"steps": many}, "steps"},
		{"act", obj{"steps": "click"}, "steps"},
		{"act", obj{}, "steps"},
		{"act", obj{"steps": []obj{{"action": "reload"}}, "surprise": true}, "surprise"},
		{"navigate", obj{}, "url"},
		{"navigate", obj{"url": "https://a.example", "do": "back"}, "url"},
		{"navigate", obj{"url": "file:///etc/passwd"}, "url"},
		{"navigate", obj{"do": "sideways"}, "do"},
		{"open_session", obj{"browser": "netscape"}, "browser"},
		{"open_session", obj{"width": -1, "height": 5}, "viewport"},
		{"open_session", obj{"timeout": "forever"}, "timeout"},
		{"open_session", obj{"options": obj{"surprise": 1}}, "surprise"},
		{"open_session", obj{"sessionId": "../keys"}, "not_found"},
		{"snapshot", obj{"sessionId": "browser_nothing"}, "not_found"},
		{"snapshot", obj{"maxLength": 3}, "maxLength"},
		{"snapshot", obj{"from": -1}, "from"},
		{"snapshot", obj{"sessionId": strings.Repeat("x", 1000)}, "not_found"},
		{"files", obj{"artifactId": "art_nothing"}, "not_found"},
		{"files", obj{"artifactId": "../../keys"}, "not_found"},
		{"files", obj{"cursor": "surprise"}, "cursor"},
		{"logs", obj{"limit": 5000}, "limit"},
		{"wait", obj{}, "waitFor needs one of"},
		{"hand_over", obj{}, "reason"},
		{"hand_over", obj{"reason": "x", "expiresIn": "1y"}, "expiresIn"},
		{"list_sessions", obj{"limit": 1000}, "limit"},
	} {
		m.fails(tt.tool, tt.args, tt.want)
	}
	if _, err := m.CallTool(t.Context(), &mcp.CallToolParams{Name: "surprise"}); err == nil {
		t.Error("there is a tool surprise")
	}
	m.does("navigate", obj{"url": "about:blank"}) // and it goes on
}

// TestModelsOverHTTPAreKnown: each request needs the MCP session's own key, and no page
// of another origin may make one.
func TestModelsOverHTTPAreKnown(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"), "--public-url=https://hooks.example", "--cors-origins=https://app.example")
	made, err := server.Client().Do(t.Context(), http.MethodPost, "/v1/keys", obj{})
	if err != nil {
		t.Fatal(err)
	}
	hello := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`
	list := `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`
	headers := func(key string, more ...string) http.Header {
		h := http.Header{"Accept": {"application/json, text/event-stream"}, "Authorization": {"Bearer " + key}}
		for i := 0; i < len(more); i += 2 {
			h.Add(more[i], more[i+1])
		}
		return h
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/mcp", strings.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = headers(harness.Key, "Content-Type", "application/json", "Origin", "https://app.example")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	id := res.Header.Get("Mcp-Session-Id")
	if res.StatusCode != http.StatusOK || id == "" {
		t.Fatalf("%d, MCP session %q", res.StatusCode, id)
	}
	if h := res.Header; h.Get("Access-Control-Allow-Origin") != "https://app.example" || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "Mcp-Session-Id") {
		t.Errorf("a page of a named origin doesn't see its MCP session: %v", h)
	}
	session := []string{"Mcp-Session-Id", id}
	for name, tt := range map[string]struct {
		method, body string
		header       http.Header
		status       int
		says         string
	}{
		"its own key":            {http.MethodPost, list, headers(harness.Key, session...), 200, "open_session"},
		"the server's own page":  {http.MethodPost, hello, headers(harness.Key, "Origin", "https://hooks.example"), 200, "serverInfo"},
		"no key":                 {http.MethodPost, hello, http.Header{"Accept": {"application/json, text/event-stream"}}, 401, `"code":"unauthorized"`},
		"no such key":            {http.MethodPost, hello, headers("bh_nothing00000000000000000000000000"), 401, `"code":"unauthorized"`},
		"another key":            {http.MethodPost, list, headers(made.String("key"), session...), 403, ""},
		"another key's end":      {http.MethodDelete, "", headers(made.String("key"), session...), 403, ""},
		"another origin":         {http.MethodPost, hello, headers(harness.Key, "Origin", "https://evil.example"), 403, `"code":"forbidden"`},
		"the server's address":   {http.MethodPost, hello, headers(harness.Key, "Origin", server.URL), 403, `"code":"forbidden"`},
		"no origin's page":       {http.MethodPost, hello, headers(harness.Key, "Origin", "null"), 403, `"code":"forbidden"`},
		"two origins":            {http.MethodPost, hello, headers(harness.Key, "Origin", "https://hooks.example", "Origin", "https://evil.example"), 403, `"code":"forbidden"`},
		"another origin's GET":   {http.MethodGet, "", headers(harness.Key, "Origin", "https://evil.example", "Mcp-Session-Id", id), 403, `"code":"forbidden"`},
		"no such MCP session":    {http.MethodPost, list, headers(harness.Key, "Mcp-Session-Id", "nothing"), 404, ""},
		"what is no JSON":        {http.MethodPost, "surprise", headers(harness.Key), 400, ""},
		"another method of HTTP": {http.MethodPut, hello, headers(harness.Key), 405, `"code":"method_not_allowed"`},
		"what is too long":       {http.MethodPost, `{"x":"` + strings.Repeat("x", 2<<20) + `"}`, headers(harness.Key), 413, ""},
	} {
		status, body := ask(t, tt.method, server.URL+"/mcp", tt.body, tt.header)
		if status != tt.status || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

// TestModelsSessionsEndWithThem: with the client, its key, or not at all if they are to
// be kept.
func TestModelsSessionsEndWithThem(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	c := server.Client()
	closedFor := func(t *testing.T, id, reason string) {
		t.Helper()
		if s, err := c.WaitSession(t.Context(), id, "CLOSED"); err != nil || s.String("closeReason") != reason {
			t.Errorf("the session is %v, %v", s, err)
		}
	}
	for name, transport := range transports {
		t.Run(name+", the client leaves", func(t *testing.T) {
			t.Parallel()
			m := connectModel(t, transport(t, server, harness.Key))
			kept := m.does("open_session", obj{"keep": true}).String("sessionId")
			first, second := m.does("open_session", obj{}).String("sessionId"), m.does("open_session", obj{}).String("sessionId")
			m.does("open_session", obj{"sessionId": kept})
			if err := m.Close(); err != nil {
				t.Error(err)
			}
			closedFor(t, first, "requested")
			closedFor(t, second, "requested")
			if s, err := c.Do(t.Context(), http.MethodDelete, "/v1/sessions/"+kept, nil); err != nil || s.String("status") != "CLOSING" && s.String("status") != "CLOSED" {
				t.Errorf("the session that was to be kept is %v, %v", s, err)
			}
		})
	}
	t.Run("http, the key is revoked", func(t *testing.T) {
		t.Parallel()
		made, err := c.Do(t.Context(), http.MethodPost, "/v1/keys", obj{})
		if err != nil {
			t.Fatal(err)
		}
		m := connectModel(t, transports["http"](t, server, made.String("key")))
		id := m.does("open_session", obj{}).String("sessionId")
		over := make(chan error, 1)
		go func() {
			res, err := m.CallTool(t.Context(), &mcp.CallToolParams{Name: "wait", Arguments: obj{"target": "#never", "timeout": "5m"}})
			if err == nil && res.IsError {
				err = fmt.Errorf("%+v", res.Content[0])
			}
			over <- err
		}()
		if err := harness.Until(t.Context(), func() (bool, error) {
			steps, err := c.Do(t.Context(), http.MethodGet, "/v1/sessions/"+id+"/steps", nil)
			n := len(steps.List("data"))
			return n > 1 && steps.List("data")[n-1].String("status") == "RUNNING", err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(t.Context(), http.MethodDelete, "/v1/keys/"+made.String("keyId"), nil); err != nil {
			t.Fatal(err)
		}
		closedFor(t, id, "requested")
		select {
		case err := <-over:
			if err == nil {
				t.Error("a tool went on with a key that was revoked")
			}
		case <-time.After(within):
			t.Error("a tool waits on")
		}
		if _, err := m.CallTool(t.Context(), &mcp.CallToolParams{Name: "list_sessions"}); err == nil {
			t.Error("a key that was revoked lists sessions")
		}
	})
}

// TestModelsCancel what they have begun, and hear how far it is.
func TestModelsCancel(t *testing.T) {
	dir := harness.Isolate(t)
	server := harness.Start(t, filepath.Join(dir, "data"))
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := connectModel(t, transport(t, server, harness.Key))
			id := m.does("open_session", obj{}).String("sessionId")
			ctx, cancel := context.WithCancel(t.Context())
			over := make(chan error, 1)
			go func() {
				p := &mcp.CallToolParams{Name: "act", Arguments: obj{"steps": []obj{{"action": "reload"}, {"action": "waitFor", "target": "#never", "timeout": "5m"}, {"action": "reload"}}}}
				p.SetProgressToken("act")
				_, err := m.CallTool(ctx, p)
				over <- err
			}()
			if err := harness.Until(t.Context(), func() (bool, error) {
				m.mu.Lock()
				defer m.mu.Unlock()
				return slices.ContainsFunc(m.progress, func(s string) bool { return strings.HasPrefix(s, "1 of 3 steps done; waitFor") }), nil
			}); err != nil {
				t.Fatalf("%v; heard of %q", err, m.progress)
			}
			cancel()
			if err := <-over; err == nil {
				t.Error("a call that was canceled has an answer")
			}
			if err := harness.Until(t.Context(), func() (bool, error) {
				steps, err := server.Client().Do(t.Context(), http.MethodGet, "/v1/sessions/"+id+"/steps", nil)
				var is []string
				for _, s := range steps.List("data") {
					is = append(is, s.String("status"))
				}
				return slices.Equal(is, []string{"COMPLETED", "COMPLETED", "CANCELED", "CANCELED"}), err
			}); err != nil {
				t.Error(err)
			}
			m.does("navigate", obj{"url": "about:blank"})
		})
	}
}
