package people

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/browserhook/browserhook/internal/apiclient"
)

func TestTimesAsPeopleReadThem(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, tt := range []struct{ cell, want string }{
		{when("2026-03-04T05:06:07.000Z"), "0s ago"},
		{when("2026-03-04T05:05:08Z"), "59s ago"},
		{when("2026-03-04T05:05:07Z"), "1m ago"},
		{when("2026-03-04T04:06:07Z"), "1h ago"},
		{when("2026-03-02T05:06:08Z"), "47h ago"},
		{when("2026-03-02T05:06:07Z"), "2d ago"},
		{when("2026-03-04T05:16:07Z"), "in 10m"},
		{when(""), ""},
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
	table.add("s_1", when("2026-03-04T05:06:07Z"), "a\tb\nc\x1b[31m")
	var out strings.Builder
	if err := table.write(&out, "none"); err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), "\n") != 1 || strings.Count(out.String(), "\t") != 2 || strings.Contains(out.String(), "\x1b") || !strings.HasPrefix(out.String(), "s_1\t2026-03-04T05:06:07Z\ta") {
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
		{&apiclient.RefusedError{Status: 401}, 3}, {&apiclient.RefusedError{Status: 403, Code: "forbidden"}, 3},
		{&apiclient.RefusedError{Status: 404, Code: "not_found"}, 4}, {&apiclient.RefusedError{Status: 422, Code: "invalid"}, 5},
		{&apiclient.RefusedError{Status: 409, Code: "conflict"}, 5}, {&apiclient.RefusedError{Status: 429}, 6}, {&apiclient.RefusedError{Status: 503}, 6},
	} {
		got, ok := errors.AsType[*Error](kind(tt.err))
		if !ok || got.ExitCode() != tt.want {
			t.Errorf("%v: %v, want %d", tt.err, got, tt.want)
		}
	}
	if err := kind(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := kind(nil); err != nil {
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
	if _, err := (&Server{}).call(t.Context(), http.MethodGet, "/sessions", nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 2 || keys[1] != "Bearer bh_one" {
		t.Errorf("the keys were %q", keys)
	}
	if _, err := (&Server{URL: "http://127.0.0.1:1"}).call(t.Context(), http.MethodGet, "/sessions", nil, nil, nil); err == nil || !strings.Contains(err.Error(), "there is no API key for http://127.0.0.1:1") {
		t.Errorf("another server: %v", err)
	}
}
