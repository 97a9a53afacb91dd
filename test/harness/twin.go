package harness

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Twin starts the Chromium of one of the server's sessions once more, which have the
// browser shell or chromium, with the same flags but for a port of its own and the
// profile, and returns its address there. end ends it.
func (s *Server) Twin(ctx context.Context, browser, profile string) (address string, end func(), err error) {
	args := s.chromium(browser)
	if args == nil {
		return "", nil, errors.New("no session has a browser")
	}
	for i, arg := range args[1:] {
		switch name, _, _ := strings.Cut(arg, "="); name {
		case "--remote-debugging-pipe":
			args[i+1] = "--remote-debugging-port=0"
		case "--user-data-dir":
			args[i+1] = name + "=" + profile
		}
	}
	// The session's way out is its keeper's.
	args = slices.DeleteFunc(args, func(arg string) bool {
		name, _, _ := strings.Cut(arg, "=")
		return slices.Contains([]string{"--proxy-server", "--proxy-bypass-list", "--host-resolver-rules"}, name)
	})
	if os.Getuid() == 0 {
		args = slices.Insert(args, 1, "--no-sandbox")
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	said, its, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	cmd.Stderr = its
	err = cmd.Start()
	its.Close()
	if err != nil {
		return "", nil, errors.Join(err, said.Close())
	}
	var reading sync.WaitGroup
	end = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		reading.Wait()
		said.Close()
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "DevTools listening on "); ok {
			reading.Go(func() { _, _ = io.Copy(io.Discard, said) })
			return address, end, nil
		}
	}
	end()
	return "", nil, fmt.Errorf("%v does not listen", args)
}

// chromium is the command of such a browser of the server's: a child of a keeper of its.
func (s *Server) chromium(browser string) (args []string) {
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		raw, err := os.ReadFile(filepath.Join(p, "cmdline"))
		// Chromium's is one text, with spaces.
		line := strings.TrimSpace(strings.ReplaceAll(string(raw), "\x00", " "))
		if err != nil || !strings.Contains(line, " --remote-debugging-pipe ") || strings.Contains(line, " --type=") || parent(parent(filepath.Base(p))) != strconv.Itoa(s.PID()) {
			continue
		}
		path, flags, _ := strings.Cut(strings.TrimSuffix(line, " about:blank"), " --")
		if strings.HasSuffix(path, "shell") != (browser == "shell") {
			continue // that waits for a session, or another session's
		}
		args = []string{path}
		for _, flag := range strings.Split(flags, " --") {
			args = append(args, "--"+flag)
		}
		return append(args, "about:blank")
	}
	return nil
}

func parent(pid string) string {
	raw, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(raw)[strings.LastIndexByte(string(raw), ')')+1:])
	return fields[1]
}
