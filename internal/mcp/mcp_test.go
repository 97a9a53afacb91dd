package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/browserhook/browserhook/internal/inprocess"
)

var update = flag.Bool("update", false, "write the tools as they are into testdata")

// api is a handler as the API.
func api(t *testing.T, h http.HandlerFunc) *sdk.ClientSession {
	t.Helper()
	s := New(Config{
		URL: "http://api", Transport: inprocess.Transport(h), Key: "bh_x", Version: "1", Log: slog.New(slog.DiscardHandler),
		End: func(context.Context, string, string) error { return nil },
	})
	here, there := sdk.NewInMemoryTransports()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(context.Background(), here) }()
	c, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(context.Background(), there, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestTools: what a model is told of the tools is a contract, and takes room in every
// conversation. go test ./internal/mcp -run TestTools -update writes it.
func TestTools(t *testing.T) {
	const path, most = "testdata/tools.json", 20 << 10
	c := api(t, http.NotFound)
	list, err := c.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	have, err := json.MarshalIndent(list.Tools, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	have = append(have, '\n')
	if *update {
		if err := os.WriteFile(path, have, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(have, want) {
		t.Errorf("the tools have changed (%v): go test ./internal/mcp -run TestTools -update", err)
	}
	document, err := os.ReadFile("../../docs/mcp.md")
	if err != nil {
		t.Fatal(err)
	}
	var told int
	for _, tool := range list.Tools {
		raw, _ := json.Marshal(tool)
		told += len(raw)
		if tool.Annotations == nil || tool.Annotations.Title == "" || tool.Description == "" {
			t.Errorf("%s isn't described", tool.Name)
		}
		if !strings.Contains(string(document), "\n| `"+tool.Name+"` |") {
			t.Errorf("docs/mcp.md has no row for %s", tool.Name)
		}
		if tool.OutputSchema == nil && tool.Name != "screenshot" && tool.Name != "files" {
			t.Errorf("%s doesn't say what it answers", tool.Name)
		}
	}
	if told > most {
		t.Errorf("the tools take %d bytes of every conversation, more than %d", told, most)
	}
}

// stepping answers as the API does for steps: with what each request is answered.
func stepping(t *testing.T, answer func(n int, r *http.Request) (status int, body string)) *sdk.ClientSession {
	var n atomic.Int64
	return api(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/v1/sessions/browser_1/steps" {
			http.NotFound(w, r)
			return
		}
		status, body := answer(int(n.Add(1)), r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
}

const running, completed = `{"data":[{"stepId":"step_1","action":"waitFor","status":"RUNNING"}]}`, `{"data":[{"stepId":"step_1","action":"waitFor","status":"COMPLETED"}]}`

var waitForIt = &sdk.CallToolParams{Name: "wait", Arguments: map[string]any{"sessionId": "browser_1", "target": "a"}}

// TestStepsOutliveTheServer: what was posted once is waited for under the same key,
// though the server is away for a while.
func TestStepsOutliveTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := map[string]bool{}
		c := stepping(t, func(n int, r *http.Request) (int, string) {
			keys[r.Header.Get("Idempotency-Key")] = true
			switch n {
			case 1:
				return 202, running
			case 2, 3, 4:
				return 503, `{"code":"unavailable","detail":"The server is stopping."}`
			}
			return 200, completed
		})
		res, err := c.CallTool(t.Context(), waitForIt)
		if err != nil || res.IsError || len(keys) != 1 {
			t.Errorf("%+v, %v, %d keys", res, err, len(keys))
		}
		c.Close()
	})
}

// TestAServerThatStopsIsntAskedWithoutEnd: it answers at once, with what there is.
func TestAServerThatStopsIsntAskedWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := stepping(t, func(n int, _ *http.Request) (int, string) {
			if asked = n; n < 20 {
				return 202, running
			}
			return 200, completed
		})
		began := now()
		if res, err := c.CallTool(t.Context(), waitForIt); err != nil || res.IsError {
			t.Errorf("%+v, %v", res, err)
		}
		if took := now() - began; asked != 20 || took < 3 {
			t.Errorf("asked %d times in %ds", asked, took)
		}
		c.Close()
	})
}

// TestAServerThatIsGoneIsGivenUp, and what it refuses is at once.
func TestAServerThatIsGoneIsGivenUp(t *testing.T) {
	for status, most := range map[int]int{503: patience + 1, 429: patience + 1, 403: 1, 401: 1, 404: 1} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			c := stepping(t, func(n int, _ *http.Request) (int, string) {
				asked = n
				return status, `{"code":"surprise","detail":"No."}`
			})
			res, err := c.CallTool(t.Context(), waitForIt)
			if err != nil || !res.IsError || asked != most {
				t.Errorf("%d: asked %d times, not %d: %+v, %v", status, asked, most, res, err)
			}
			c.Close()
		})
	}
}

// TestBounded: a model gets the beginning of a long result, and where the rest is.
func TestBounded(t *testing.T) {
	if got := bounded("s", "step_1", json.RawMessage(`"short"`)); got.text != "short" || string(got.value.(json.RawMessage)) != `"short"` {
		t.Errorf("%+v", got)
	}
	long, _ := json.Marshal(strings.Repeat("é", maxShown))
	got := bounded("s", "step_1", long)
	if len(got.text) > maxShown+200 || !strings.HasSuffix(got.text, "browserhook://sessions/s/steps/step_1)") || strings.ContainsRune(got.text, '\ufffd') {
		t.Errorf("%d bytes: …%s", len(got.text), got.text[len(got.text)-100:])
	}
}

// TestAPanicIsATools: it ends the call, not the server.
func TestAPanicIsATools(t *testing.T) {
	c := api(t, func(http.ResponseWriter, *http.Request) { panic("surprise") })
	res, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: "list_sessions"})
	if err != nil || !res.IsError || strings.Contains(fmt.Sprint(res.Content[0]), "surprise") {
		t.Errorf("%+v, %v", res, err)
	}
}

// now is the time in seconds.
func now() int64 { return time.Now().Unix() }
