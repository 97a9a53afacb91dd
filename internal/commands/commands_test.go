package commands

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	browserhook "github.com/browserhook/browserhook/client"
)

// at is a cell with a time.
func at(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return when(t)
}

func TestTimesAsPeopleReadThem(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, tt := range []struct{ cell, want string }{
		{at("2026-03-04T05:06:07.000Z"), "0s ago"},
		{at("2026-03-04T05:05:08Z"), "59s ago"},
		{at("2026-03-04T05:05:07Z"), "1m ago"},
		{at("2026-03-04T04:06:07Z"), "1h ago"},
		{at("2026-03-02T05:06:08Z"), "47h ago"},
		{at("2026-03-02T05:06:07Z"), "2d ago"},
		{at("2026-03-04T05:16:07Z"), "in 10m"},
		{when(time.Time{}), ""},
		{"2026-03-04T05:06:07Z", "2026-03-04T05:06:07Z"}, // not marked as one
	} {
		if got := shown(tt.cell, now); got != tt.want {
			t.Errorf("%q is %q, want %q", tt.cell, got, tt.want)
		}
	}
}

// TestARowInAPipe is one line, of cells as they came, whatever is in them.
func TestARowInAPipe(t *testing.T) {
	table := &table{head: []string{"ID", "MADE", "URL"}}
	table.add("s_1", at("2026-03-04T05:06:07Z"), "a\tb\nc\x1b[31m")
	var out strings.Builder
	if err := table.write(&out, "none"); err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), "\n") != 1 || strings.Count(out.String(), "\t") != 2 || strings.Contains(out.String(), "\x1b") || !strings.HasPrefix(out.String(), "s_1\t2026-03-04T05:06:07.000Z\ta") {
		t.Errorf("%q", out.String())
	}
}

func TestColumns(t *testing.T) {
	if got, want := padded([]string{"größe", "b", "c"}, []int{6, 3, 9}), "größe   b    c"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{errors.New("no connection"), 6},
		{&browserhook.Error{Status: 401}, 3}, {&browserhook.Error{Status: 403, Code: "forbidden"}, 3},
		{&browserhook.Error{Status: 404, Code: "not_found"}, 4}, {&browserhook.Error{Status: 422, Code: "invalid"}, 5},
		{&browserhook.Error{Status: 409, Code: "conflict"}, 5}, {&browserhook.Error{Status: 429}, 6}, {&browserhook.Error{Status: 503}, 6},
	} {
		got, ok := errors.AsType[*Error](Kind(tt.err))
		if !ok || got.ExitCode() != tt.want {
			t.Errorf("%v: %v, want %d", tt.err, got, tt.want)
		}
	}
	if err := Kind(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := Kind(nil); err != nil {
		t.Error(err)
	}
}

// TestTheKeyOfALogin is kept for its user alone, over what was there, and is sent to no
// other server.
func TestTheKeyOfALogin(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	var keys []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Authorization"))
		_, _ = w.Write([]byte("{}"))
	}))
	defer server.Close()
	file := filepath.Join(dir, "browserhook", "login.yaml")
	if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("url: http://old"), 0o644)); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := (&Login{URL: server.URL, Key: "bh_one"}).Run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "bh_one") {
		t.Errorf("it prints the key: %q", out.String())
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if all, err := os.ReadDir(filepath.Dir(file)); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
	if err := (&SessionList{}).Run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 2 || keys[1] != "Bearer bh_one" {
		t.Errorf("the keys were %q", keys)
	}
	if _, err := (&Server{URL: "http://127.0.0.1:1"}).Client(0); err == nil || !strings.Contains(err.Error(), "there is no API key for http://127.0.0.1:1") {
		t.Errorf("another server: %v", err)
	}
}

// TestWhatBecomesOfTheFirstAddress: a session whose address was not opened isn't what was
// asked for, whatever kept it from that.
func TestWhatBecomesOfTheFirstAddress(t *testing.T) {
	const closed = `{"type":"browser","data":{"eventType":"browser_closed","status":"CLOSED"}}`
	for _, tt := range []struct {
		event, says string
		want        int
	}{
		{`{"type":"step","data":{"eventType":"step_completed","index":0}}`, "", 0},
		{`{"type":"step","data":{"eventType":"step_failed","index":0,"error":{"code":"timeout","message":"slow"}}}`, "slow", exitStep},
		{`{"type":"step","data":{"eventType":"step_canceled","index":0}}`, "canceled", exitStep},
		{closed, "ended", exitRefused},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v1/events" {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"sessionId":"browser_a","status":"READY","url":"http://shop.test/"}`))
				return
			}
			w.Header().Set("Content-Type", "text/event-stream")
			for _, e := range []string{`{"type":"step","data":{"eventType":"step_started","index":0}}`, tt.event, closed} {
				_, _ = fmt.Fprintf(w, "data: %s\n\n", e)
			}
		}))
		var out strings.Builder
		c := &SessionCreate{Address: "http://shop.test/"}
		c.Server = Server{URL: server.URL, Key: "bh_one"}
		err := c.Run(t.Context(), &out)
		server.Close()
		code := 0
		if failed, ok := errors.AsType[*Error](err); ok {
			code = failed.ExitCode()
		}
		if code != tt.want || (err == nil) != (tt.want == 0) || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("after %s: %v, %d", tt.event, err, code)
		}
		if out.String() != "browser_a\n" {
			t.Errorf("after %s it prints %q", tt.event, out.String())
		}
	}
}

// TestProgress is said of what takes long, and is gone afterwards.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := &progress{out: &out, began: time.Now()}
		p.say("at once")
		time.Sleep(2 * time.Second)
		p.say("step %d \x1b[31m", 1)
		p.end()
		if want := "\r\x1b[Kstep 1 "; !strings.HasPrefix(out.String(), want) || !strings.HasSuffix(out.String(), ", 2s\r\x1b[K") || strings.Contains(out.String(), "31m") && strings.Contains(out.String(), "\x1b[31") {
			t.Errorf("%q", out.String())
		}
		(&progress{}).say("to nobody")
		(&progress{}).end()
	})
}
