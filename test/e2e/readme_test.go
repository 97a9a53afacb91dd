package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/browserhook/browserhook/test/harness"
)

// block is a part of the README's walk: commands, what is shown after them, or
// a body.
type block struct {
	kind string // "commands", "text" or "json"
	text string
}

// walk reads the blocks of one chapter, in order.
func walk(t *testing.T, chapter string) []block {
	t.Helper()
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(raw), "## "+chapter+"\n")
	text, _, closed := strings.Cut(text, "\n## ")
	if !ok || !closed {
		t.Fatalf("the README has no chapter %q", chapter)
	}
	var blocks []block
	var at *block
	for line := range strings.Lines(text) {
		fence, fenced := strings.CutPrefix(line, "```")
		command, indented := strings.CutPrefix(line, "    ")
		switch {
		case fenced && at != nil && at.kind != "commands":
			at = nil
		case fenced:
			blocks = append(blocks, block{kind: strings.TrimSpace(fence)})
			at = &blocks[len(blocks)-1]
		case at != nil && at.kind != "commands":
			at.text += line
		case indented && at == nil:
			blocks = append(blocks, block{"commands", command})
			at = &blocks[len(blocks)-1]
		case indented:
			at.text += command
		default:
			at = nil
		}
	}
	return blocks
}

// TestReadmeWalk types what the README says in "From nothing to a webhook", as
// it is printed, and waits for what it says is then seen. Only the ports are
// others, since those may be taken here. It is the one test of the static binary
// that users get, even where the others have the race detector's.
func TestReadmeWalk(t *testing.T) {
	dir := harness.Isolate(t)
	ports := strings.NewReplacer("8080", port(t), "9000", port(t))
	blocks := walk(t, "From nothing to a webhook")
	if first, rest, _ := strings.Cut(blocks[0].text, "\n"); first != "make build" {
		t.Fatalf("it begins with %q", first)
	} else {
		blocks[0].text = rest
	}
	build := exec.CommandContext(t.Context(), "env", "-u", "CGO_ENABLED", "make", "-C", "../..", "build", "BIN="+filepath.Join(dir, "bin"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	shell := startShell(t, dir, ports)
	var expected []string
	for i, b := range blocks {
		switch b.kind {
		case "commands":
			if i+1 == len(blocks) || blocks[i+1].kind != "text" {
				t.Errorf("nothing is said of what is seen after\n%s", b.text)
			}
			shell.type_(t, ports.Replace(b.text))
		case "text":
			for line := range strings.Lines(ports.Replace(b.text)) {
				if line = strings.TrimSpace(line); line != "" {
					expected = append(expected, line)
					shell.see(t, line)
				}
			}
		case "json":
			shell.type_(t, ports.Replace("curl -s http://127.0.0.1:8080/v1/events -H \"Authorization: Bearer $KEY\" -o events.json; echo 'events are read'\n"))
			shell.see(t, "events are read")
			sameMembers(t, filepath.Join(dir, "events.json"), b.text)
		}
	}
	if len(expected) < 10 {
		t.Errorf("no more than %q was to be seen", expected)
	}
	shell.type_(t, "wait\nexit\n")
	if err := shell.cmd.Wait(); err != nil {
		t.Errorf("the shell: %v", err)
	}
	if strings.Contains(shell.output(), "REFUSED") {
		t.Error("a webhook was refused")
	}
	harness.WaitForNothingLeft(t, dir)
}

// port is one that is free.
func port(t *testing.T) string {
	t.Helper()
	_, p, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shell is a bash that somebody types into.
type shell struct {
	cmd   *exec.Cmd
	stdin io.Writer
	mu    sync.Mutex
	seen  bytes.Buffer
}

func (s *shell) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.Write(p)
}

func (s *shell) output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

func startShell(t *testing.T, dir string, ports *strings.Replacer) *shell {
	t.Helper()
	// The test's own context ends before the cleanup, which has the shell end what it
	// started.
	s := &shell{cmd: exec.CommandContext(context.WithoutCancel(t.Context()), "bash", "--norc")}
	s.cmd.Dir = dir
	s.cmd.Env = append(os.Environ(), ports.Replace("BROWSERHOOK_LISTEN=127.0.0.1:8080"), ports.Replace("BROWSERHOOK_RECEIVE_LISTEN=127.0.0.1:9000"))
	s.cmd.Stdout, s.cmd.Stderr = s, s
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// What it started and could not end, because the test failed.
		s.type_(t, "kill %2 %1; wait; exit\n")
		_ = s.cmd.Wait()
		if t.Failed() {
			t.Logf("seen:\n%s", s.output())
		}
	})
	s.type_(t, "set -m\n") // jobs, as in a shell with a person before it
	return s
}

func (s *shell) type_(t *testing.T, lines string) {
	if _, err := io.WriteString(s.stdin, lines); err != nil && !t.Failed() && s.cmd.ProcessState == nil {
		t.Error(err)
	}
}

var space = regexp.MustCompile(`\s+`)

// see waits until a line is there: … stands for anything, and a space for any
// number of them.
func (s *shell) see(t *testing.T, line string) {
	t.Helper()
	parts := strings.Split(line, "…")
	for i, p := range parts {
		parts[i] = space.ReplaceAllString(regexp.QuoteMeta(p), `\s+`)
	}
	want, err := regexp.Compile(strings.Join(parts, ".*"))
	if err != nil {
		t.Fatal(err)
	}
	if err := harness.Until(t.Context(), func() (bool, error) { return want.MatchString(s.output()), nil }); err != nil {
		t.Fatalf("%q is not seen: %v", line, err)
	}
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
