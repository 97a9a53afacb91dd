// Package harness runs the real program for the end-to-end tests and the
// benchmarks: the built binary as a process of its own, a client, a receiver
// of webhooks, and a look at what is left on the machine.
package harness

import (
	"bufio"
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Key is the API key of every server that the harness starts.
const Key = "bh_harness00000000000000000000000000"

// Deadline bounds every wait of the harness: past it something is broken.
const Deadline = 60 * time.Second

// built names the server that Binary would build, for all packages of the gate to run the
// same. It isn't called as settings of browserhook's are, which would complain of it.
const built = "SERVER_UNDER_TEST"

var build = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv(built); bin != "" {
		return bin, check(bin)
	}
	dir, err := os.MkdirTemp("", "browserhook-build-")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	bin := filepath.Join(dir, "browserhook")
	args := []string{"build", "-ldflags=-s -w", "-o", bin} // nobody debugs it
	cgo := "CGO_ENABLED=0"
	if Raced {
		// SQLite's engine is C by another name: it has no goroutine, and with the
		// detector in it takes three times as long.
		args = append(args, "-race", "-gcflags=modernc.org/sqlite/lib=-race=false")
		cgo = "CGO_ENABLED=1" // which the detector needs
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "github.com/browserhook/browserhook/cmd/browserhook")...)
	cmd.Env = append(os.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})

// check says whether a server has the race detector as the test has.
func check(bin string) error {
	info, err := buildinfo.ReadFile(bin)
	if err != nil {
		return fmt.Errorf("%s: %w", built, err)
	}
	raced := slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" })
	if raced != Raced { //nolint:staticcheck // Raced is another constant in another build
		return fmt.Errorf("%s: %s has the race detector: %t; the tests have it: %t", built, bin, raced, Raced)
	}
	return nil
}

// Binary builds browserhook once for the test process and names the file: with
// the race detector if the test has it. The caller's TestMain calls RemoveBinary.
func Binary() (string, error) { return build() }

// RemoveBinary removes what Binary built.
func RemoveBinary() {
	if bin, err := build(); err == nil && os.Getenv(built) == "" {
		os.RemoveAll(filepath.Dir(bin))
	}
}

// Server is a browserhook process.
type Server struct {
	URL  string
	Data string

	cmd    *exec.Cmd
	output *tail
	exited chan error
}

// Start runs `browserhook serve` on a free port with the given data folder,
// webhooks and pages allowed to loopback, browsers that end with it unless an argument says
// otherwise, and waits until it listens.
func Start(tb testing.TB, data string, args ...string) *Server {
	tb.Helper()
	s, err := Launch(data, args...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.Kill()
		if tb.Failed() {
			tb.Logf("the server's last lines:\n%s", s.output.String())
		}
	})
	return s
}

// Launch is Start for callers without a test.
func Launch(data string, args ...string) (*Server, error) {
	bin, err := Binary()
	if err != nil {
		return nil, err
	}
	s := &Server{Data: data, output: &tail{}, exited: make(chan error, 1)}
	s.cmd = exec.Command(bin, append([]string{
		"serve", "--listen=127.0.0.1:0", "--data=" + data, "--webhook-allow=127.0.0.0/8,::1/128", "--browser-allow=127.0.0.0/8,::1/128", "--keeper-grace=0", "--node-url=http://127.0.0.1:0",
	}, args...)...)
	s.cmd.Env = append(os.Environ(), "BROWSERHOOK_API_KEY="+Key, "GOTRACEBACK=all")
	if _, ok := besides.Load(filepath.Dir(data)); ok {
		for name, value := range within(filepath.Dir(data)) {
			s.cmd.Env = append(s.cmd.Env, name+"="+value)
		}
	}
	s.cmd.Stderr = s.output
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	listening := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(io.TeeReader(stdout, s.output))
		for lines.Scan() {
			if url := listensAt(lines.Text()); url != "" {
				listening <- url
			}
		}
		s.exited <- s.cmd.Wait()
		close(s.exited)
	}()
	select {
	case s.URL = <-listening:
		return s, nil
	case err := <-s.exited:
		return nil, fmt.Errorf("the server ended at once: %w\n%s", err, s.output.String())
	case <-time.After(Deadline):
		s.Kill()
		return nil, fmt.Errorf("the server does not listen\n%s", s.output.String())
	}
}

// listensAt reads the greeting, for a person or, with log-format json, for a
// program.
func listensAt(line string) string {
	if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "Listening"); ok {
		return strings.TrimSpace(rest)
	}
	var greeting struct{ Msg, URL string }
	if json.Unmarshal([]byte(line), &greeting) == nil && greeting.Msg == "listening" {
		return greeting.URL
	}
	return ""
}

// PID is the server's process id.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Descriptors counts what the server has open beside the store's own files: of
// those, each of its few read connections opens some when it is first needed.
func (s *Server) Descriptors(tb testing.TB) (n int) {
	tb.Helper()
	folder := fmt.Sprintf("/proc/%d/fd", s.PID())
	fds, err := os.ReadDir(folder)
	if err != nil {
		tb.Fatal(err)
	}
	for _, fd := range fds {
		file, err := os.Readlink(filepath.Join(folder, fd.Name()))
		if err == nil && !strings.HasPrefix(file, s.Data) {
			n++
		}
	}
	return n
}

// Output is what the server printed last.
func (s *Server) Output() string { return s.output.String() }

// Kill ends the server as `kill -9` does, and waits until it is gone.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Stop asks the server to end and waits; it returns an error when the server
// takes too long or does not end cleanly.
func (s *Server) Stop() error { return s.Signal(syscall.SIGTERM) }

// Signal is Stop by a signal that asks for the end.
func (s *Server) Signal(signal syscall.Signal) error {
	if err := s.cmd.Process.Signal(signal); err != nil {
		return err
	}
	return s.Ends()
}

// Ends waits until the server ends by itself, cleanly.
func (s *Server) Ends() error {
	select {
	case err := <-s.exited:
		return err
	case <-time.After(Deadline):
		return errors.New("the server does not end")
	}
}

// End is Stop for callers who are done with it: when that fails, the server is
// killed.
func (s *Server) End() error {
	err := s.Stop()
	s.Kill()
	return err
}

// Goroutines ends the server at once and counts those that it had.
func (s *Server) Goroutines() (int, error) {
	if err := s.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return 0, err
	}
	select {
	case <-s.exited:
		return strings.Count("\n"+s.output.String(), "\ngoroutine "), nil
	case <-time.After(Deadline):
		return 0, errors.New("the server does not end")
	}
}

// tail keeps the last MiB of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p)
	if over := t.buf.Len() - 1<<20; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
