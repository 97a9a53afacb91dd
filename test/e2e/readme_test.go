package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// TestReadmeWalk types what the README says in "From nothing to a webhook", as
// it is printed, and waits for what it says is then seen. Only the ports are
// others, since those may be taken here. It is the one test of the static binary
// that users get, even where the others have the race detector's.
func TestReadmeWalk(t *testing.T) {
	dir := harness.Isolate(t)
	ports := strings.NewReplacer("8080", port(t), "9000", port(t))
	blocks := harness.Walk(t, "../../README.md", "From nothing to a webhook")
	if first, rest, _ := strings.Cut(blocks[0].Text, "\n"); first != "make build" {
		t.Fatalf("it begins with %q", first)
	} else {
		blocks[0].Text = rest
	}
	build := exec.CommandContext(t.Context(), "env", "-u", "CGO_ENABLED", "make", "-C", "../..", "build", "BIN="+filepath.Join(dir, "bin"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	shell := harness.StartShell(t, dir, []string{ports.Replace("BROWSERHOOK_LISTEN=127.0.0.1:8080"), ports.Replace("BROWSERHOOK_RECEIVE_LISTEN=127.0.0.1:9000")}, "bash", "--norc")
	var expected []string
	for i, b := range blocks {
		switch b.Kind {
		case "commands":
			if i+1 == len(blocks) || blocks[i+1].Kind != "text" {
				t.Errorf("nothing is said of what is seen after\n%s", b.Text)
			}
			shell.Type(t, ports.Replace(b.Text))
		case "text":
			for line := range strings.Lines(ports.Replace(b.Text)) {
				if line = strings.TrimSpace(line); line != "" {
					expected = append(expected, line)
					shell.See(t, line)
				}
			}
		case "json":
			shell.Type(t, ports.Replace("curl -s http://127.0.0.1:8080/v1/events -H \"Authorization: Bearer $KEY\" -o events.json; echo 'events are read'\n"))
			shell.See(t, "events are read")
			sameMembers(t, filepath.Join(dir, "events.json"), b.Text)
		}
	}
	if len(expected) < 10 {
		t.Errorf("no more than %q was to be seen", expected)
	}
	shell.Type(t, "wait\nexit\n")
	if err := shell.Wait(); err != nil {
		t.Errorf("the shell: %v", err)
	}
	if strings.Contains(shell.Output(), "REFUSED") {
		t.Error("a webhook was refused")
	}
	harness.WaitForNothingLeft(t, dir)
}

// port is one that is free.
func port(t *testing.T) string {
	t.Helper()
	_, p, err := net.SplitHostPort(harness.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sameMembers says that the log has an event of the example's type and action
// whose members are those of the example, in its order.
func sameMembers(t *testing.T, file, example string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var log struct{ Data []json.RawMessage }
	if err := json.Unmarshal(raw, &log); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	want := members(t, []byte(example))
	var found []string
	for _, e := range log.Data {
		got := members(t, e)
		if got == want {
			return
		}
		found = append(found, got)
	}
	t.Errorf("no event is like the example:\n%s\n%s", want, strings.Join(found, "\n"))
}

// members are an object's and its data's, with the values that tell its kind.
func members(t *testing.T, raw []byte) string {
	t.Helper()
	var e struct {
		Data struct{ EventType, Action string }
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	names := []string{e.Data.EventType, e.Data.Action}
	dec := json.NewDecoder(bytes.NewReader(raw))
	var inObject []bool // of each level: an object, not a list
	name := false
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return fmt.Sprint(names)
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			inObject = append(inObject, token == json.Delim('{'))
			name = true
		case json.Delim('}'), json.Delim(']'):
			inObject = inObject[:len(inObject)-1]
			name = true
		default:
			if name && len(inObject) > 0 && inObject[len(inObject)-1] {
				names = append(names, fmt.Sprint(token))
				name = false
			} else {
				name = true
			}
		}
	}
}
