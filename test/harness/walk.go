package harness

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Block is a sample of a document: commands, what is shown after them, or a body.
type Block struct {
	Chapter string // what its "## " says; empty: it comes before the first
	Kind    string // "commands", "text", "json", or what else its fence says
	Text    string
}

// Walk reads the blocks of one chapter of a document, in order.
func Walk(tb testing.TB, document, chapter string) []Block {
	tb.Helper()
	blocks := slices.DeleteFunc(Blocks(tb, document), func(b Block) bool { return b.Chapter != chapter })
	if len(blocks) == 0 {
		tb.Fatalf("%s has no samples in a chapter %q", document, chapter)
	}
	return blocks
}

// Blocks are all of a document.
func Blocks(tb testing.TB, document string) []Block {
	tb.Helper()
	raw, err := os.ReadFile(document)
	if err != nil {
		tb.Fatal(err)
	}
	var blocks []Block
	var chapter string
	var at *Block
	begin := func(kind, text string) {
		blocks = append(blocks, Block{chapter, kind, text})
		at = &blocks[len(blocks)-1]
	}
	for line := range strings.Lines(string(raw)) {
		fence, fenced := strings.CutPrefix(line, "```")
		command, indented := strings.CutPrefix(line, "    ")
		heading, headed := strings.CutPrefix(line, "## ")
		switch {
		case fenced && at != nil && at.Kind != "commands":
			at = nil
		case fenced:
			begin(strings.TrimSpace(fence), "")
		case at != nil && at.Kind != "commands":
			at.Text += line
		case indented && at == nil:
			begin("commands", command)
		case indented:
			at.Text += command
		case headed:
			chapter, at = strings.TrimSpace(heading), nil
		default:
			at = nil
		}
	}
	return blocks
}

// Shell is a bash that somebody types into, or the output of another command alone.
type Shell struct {
	cmd   *exec.Cmd
	stdin io.Writer
	mu    sync.Mutex
	seen  bytes.Buffer
}

// Write takes what the shell and its commands print.
func (s *Shell) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.Write(p)
}

// Output is all that it has printed.
func (s *Shell) Output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

// StartShell starts a command that is a shell or leads to one, in a folder, with more in
// its environment. The test's end ends it and its first two jobs.
func StartShell(tb testing.TB, dir string, env []string, command ...string) *Shell {
	tb.Helper()
	// The test's own context ends before the cleanup, which has the shell end what it
	// started.
	s := &Shell{cmd: exec.CommandContext(context.WithoutCancel(tb.Context()), command[0], command[1:]...)}
	s.cmd.Dir = dir
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stdout, s.cmd.Stderr = s, s
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// What it started and could not end, because the test failed. While it waits for
		// a command it reads nothing.
		if tb.Failed() {
			killBelow(s.cmd.Process.Pid)
		}
		s.Type(tb, "kill %2 %1; wait; exit\n")
		_ = s.cmd.Wait()
		if tb.Failed() {
			tb.Logf("seen:\n%s", s.Output())
		}
	})
	s.Type(tb, "set -m\n") // jobs, as in a shell with a person before it
	return s
}

// killBelow kills all that a process has started.
func killBelow(pid int) {
	top := strconv.Itoa(pid)
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		own := filepath.Base(p)
		above := parent(own)
		for above != "" && above != "0" && above != top {
			above = parent(above)
		}
		if n, err := strconv.Atoi(own); err == nil && above == top {
			_ = syscall.Kill(n, syscall.SIGKILL) // it has ended meanwhile
		}
	}
}

// Type types lines.
func (s *Shell) Type(tb testing.TB, lines string) {
	if _, err := io.WriteString(s.stdin, lines); err != nil && !tb.Failed() && s.cmd.ProcessState == nil {
		tb.Error(err)
	}
}

// Wait waits until it has been left.
func (s *Shell) Wait() error { return s.cmd.Wait() }

var space = regexp.MustCompile(`\s+`)

// See waits until a line is there: … stands for anything, and a space for any number of
// them.
func (s *Shell) See(tb testing.TB, line string) {
	tb.Helper()
	s.SeeWithin(tb, line, Deadline)
}

// SeeWithin is See for what takes another time.
func (s *Shell) SeeWithin(tb testing.TB, line string, limit time.Duration) {
	tb.Helper()
	parts := strings.Split(line, "…")
	for i, p := range parts {
		parts[i] = space.ReplaceAllString(regexp.QuoteMeta(p), `\s+`)
	}
	want, err := regexp.Compile(strings.Join(parts, ".*"))
	if err != nil {
		tb.Fatal(err)
	}
	if err := UntilWithin(tb.Context(), limit, func() (bool, error) { return want.MatchString(s.Output()), nil }); err != nil {
		tb.Fatalf("%q is not seen: %v", line, err)
	}
}
