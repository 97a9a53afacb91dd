package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// names are the programs to look for in PATH, the first that works wins.
var names = []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chromium-headless-shell"}

// behind are the real programs that distributions hide behind a shell script.
// The script looks at the machine at every start and costs more than Chromium.
var behind = []string{
	"/usr/lib/chromium/chromium", "/usr/lib/chromium-browser/chromium-browser",
	"/usr/lib64/chromium-browser/chromium-browser", "/opt/google/chrome/chrome",
}

// errNoChromium is the answer of find when there is nothing to start.
var errNoChromium = errors.New("no Chromium is installed: install the package chromium, or name one with --chromium")

// find names the program to start, given the setting or "".
func find(setting string) (string, error) {
	if setting != "" {
		return direct(setting), nil
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return direct(path), nil
		}
	}
	for _, path := range behind {
		if executable(path) {
			return path, nil
		}
	}
	return "", errNoChromium
}

// direct follows a link or a distribution's script to the program itself.
func direct(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if !isScript(path) || !strings.HasPrefix(path, "/usr/") && !strings.HasPrefix(path, "/opt/") {
		return path
	}
	for _, real := range behind {
		if executable(real) && !isScript(real) {
			return real
		}
	}
	return path
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func isScript(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [2]byte
	_, err = f.Read(head[:])
	return err == nil && string(head[:]) == "#!"
}

// version asks the program for its name and version.
func version(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	var out bytes.Buffer
	cmd.Stdout = &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	return strings.TrimSpace(out.String()), nil
}

// isShell says whether a program is the headless shell: Chromium's renderer
// without the browser around it. It starts in half the time.
func isShell(path string) bool {
	return strings.Contains(filepath.Base(path), "headless-shell") || strings.Contains(filepath.Base(path), "headless_shell")
}
